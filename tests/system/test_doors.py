#!/usr/bin/python3
"""The one port and who may come through it (R10.1 to R10.6)."""
import os
import re
import socket
import time

import harness
from harness import Connection, ReplyError, Server, Vendor, as_maps, command_bytes, increment, new_id, ok, skip, word_of


def reach(address, port, data=command_bytes("PING")):
    """What a caller from another address than loopback is told; b"" where the door is shut."""
    try:
        return harness.http_exchange((address, port), data, timeout=2, source=address)
    except OSError:
        return b""


def check_allow():
    address = harness.own_address()
    if address is None:
        skip("R10.4 the networks of allow= and no others are let in", "this machine has only loopback addresses")
        return
    with Server(Vendor()) as server:
        ok(reach(address, server.address[1]) == b"", "R10.4 without listen= nothing listens but loopback")
    with Server(Vendor(), listen="0.0.0.0:0") as server:
        port = server.address[1]
        ok(reach("127.0.0.1", port).startswith(b"+PONG"), "R10.4 loopback is always let in")
        ok(reach(address, port) == b"", "R10.4 without allow= nobody else is let in")
        ok(reach(address, port, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n") == b"",
           "R10.4 nor over HTTP, health included")
    network = address.rpartition(".")[0] + ".0/24"
    with Server(Vendor(), "--allow", network, "--host", address, listen="0.0.0.0:0") as server:
        check_stranger(server.serve(increment()), address)
    with Server(Vendor(), "--allow", "198.51.100.0/24", listen="0.0.0.0:0") as server:
        ok(reach(address, server.address[1]) == b"", "R10.4 a network that is not named is not let in")


def check_stranger(server, address):
    """Somebody of an allowed network, without TLS: a product, and nothing more (R10.5)."""
    away = (address, server.address[1])
    token = server.administrator()
    with Connection(away, source=address) as connection:
        ok(connection.call("PING") == "PONG", "R10.4 a named network is let in")
        ok(word_of(connection.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED", "R10.4 its products need no secret")
        answer = connection.call("AUTH", token)
        ok(isinstance(answer, ReplyError) and answer.word == "NOPERM",
           "R10.5 without TLS a token is refused away from loopback", answer)
        ok(isinstance(connection.call("HELLO", "3", "AUTH", "x", token), ReplyError), "R10.5 in HELLO too")
        ok(isinstance(connection.call("LEASES"), ReplyError), "R10.6 and names stay hidden")

    def ask(method, target, body=b"", headers=()):
        return harness.Answer(harness.http_exchange(away, harness.request_bytes(
            method, target, body, [("Host", address), *headers]), source=address))

    ok(ask("GET", "/health").status == 200, "R10.6 health is told to an allowed network")
    answer = ask("GET", "/request", headers=[("Authorization", f"Bearer {token}")])
    ok(answer.status == 403, "R10.5 a Bearer token is refused away from loopback", answer)
    answer = ask("POST", "/tokens", b'{"name":"root","password":"' + harness.PASSWORD.encode() + b'"}')
    ok(answer.status == 403, "R10.5 signing in is refused away from loopback", answer)


def check_sources():
    """R10.4: caps count by source address; loopback has many."""
    with Server(Vendor(), "--leases-of-source", "5") as server:
        server.serve(increment(seats=100))
        leases = [new_id() for _ in range(6)]
        with server.connect(source="127.0.0.2") as one, server.connect(source="127.0.0.3") as two:
            words = [word_of(one.call("CHECKOUT", "cad_pro", lease)) for lease in leases]
            ok(words == ["GRANTED"] * 5 + ["OVERLIMIT"], "R10.4 one source has at most so many live leases", words)
            ok(word_of(one.call("CHECKOUT", "cad_pro", leases[0])) == "GRANTED", "R10.4 a re-claim at the limit is granted")
            ok(word_of(one.call("RENEW", leases[0])) == "GRANTED", "R10.4 so is a renewal")
            ok(word_of(two.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED", "R10.4 another source is not touched")
            one.call("CHECKIN", leases[0])
            ok(word_of(one.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED", "R10.4 a check-in makes room again")


def check_split():
    """R10.1: the first byte decides, once."""
    with Server(Vendor()) as server:
        for size in (1, 2, 5):
            with server.connect() as connection:
                for index in range(0, len(command_bytes("PING")), size):
                    connection.send(command_bytes("PING")[index:index + size])
                    time.sleep(0.005)
                ok(connection.read() == "PONG", f"R10.1 RESP in parts of {size} bytes is understood")
        data = harness.request_bytes("GET", "/health")
        with socket.create_connection(server.address, 20) as peer:
            for byte in data:
                peer.sendall(bytes([byte]))
            ok(b" 200 " in peer.recv(4096), "R10.1 HTTP byte by byte is understood")
        with server.connect() as connection:
            connection.call("PING")
            connection.send(data)
            rest = connection.read_all()
            ok(rest is not None and not rest.startswith(b"HTTP/"), "R10.1 a RESP connection never becomes HTTP", rest)
        answer = server.raw_http(harness.request_bytes("GET", "/health") + command_bytes("PING"))
        ok(b"+PONG" not in answer, "R10.1 an HTTP connection never becomes RESP", answer)
        for opening in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),):
            ok(server.raw_http(opening, timeout=15) == b"", "R10.1 TLS, which comes later, is closed without a word")


def check_pages():
    """R10.2: LEASES and FEATURES come in pages."""
    vendor = Vendor()
    with Server(vendor, "--grants-a-second", "1000000") as server:
        server.serve(*[increment(f"feature_{index}", sn=f"L-{index}", seats=20) for index in range(300)])
        with server.connect() as connection:
            leases = [(f"feature_{index % 300}", new_id()) for index in range(1200)]
            connection.send(b"".join(command_bytes("CHECKOUT", feature, lease, "USER", f"user-{index}") for
                                     index, (feature, lease) in enumerate(leases)))
            ok({word_of(connection.read()) for _ in leases} == {"GRANTED"}, "1,200 leases are taken")
            features = walk(connection, "FEATURES")
            ok(len(features) == 300 and len({row["feature"] for row in features}) == 300,
               "R10.2 the pages of FEATURES give each feature once", len(features))
            answer = connection.call("LEASES")
            ok(isinstance(answer, ReplyError) and answer.word == "NOAUTH", "R10.6 LEASES needs the viewer role", answer)
            ok(connection.call("AUTH", server.token_of("viewer")) == "OK", "R10.6 AUTH takes a viewer's token")
            rows = walk(connection, "LEASES", "LIMIT", "100")
            ok(len({row["handle"] for row in rows}) == 1200 and {row["user"] for row in rows} ==
               {f"user-{index}" for index in range(1200)}, "R10.2 the pages of LEASES give each lease once", len(rows))
            rows = walk(connection, "LEASES", "FEATURE", "feature_7")
            ok(len(rows) == 4 and {row["feature"] for row in rows} == {"feature_7"}, "LEASES FEATURE shows one feature", rows[:6])
            ok(walk(connection, "LEASES", "VENDOR", "nobody") == [], "LEASES of an unknown vendor are none")
            for bad in (("CURSOR", "x"), ("CURSOR", "-1"), ("LIMIT", "0"), ("LIMIT", "99999999"), ("LIMIT",), ("WHAT", "1")):
                answer = connection.call("LEASES", *bad)
                ok(isinstance(answer, ReplyError) and answer.word == "INVALID", f"LEASES {' '.join(bad)} is refused", answer)
            ok(len(connection.call("LEASES", "CURSOR", "18446744073709551615")) == 2, "a cursor of nowhere ends the list")


def walk(connection, *command):
    rows, cursor = [], "0"
    for _ in range(1000):
        cursor, page = connection.call(*command, "CURSOR", cursor)
        rows += as_maps(page)
        if cursor is None:
            return rows
    raise AssertionError("the pages have no end")


def check_secrets():
    """R8.1: an id is a capability; R10.6: names are for viewers."""
    vendor = Vendor()
    with Server(vendor) as server:
        server.serve(increment(seats=2))
        leases = [new_id(), new_id()]
        for index, lease in enumerate(leases):
            server.call("CHECKOUT", "cad_pro", lease, "USER", f"usercanary{index}", "HOST", f"hostcanary{index}")
        viewer, texts = server.token_of("viewer"), {}
        with server.connect() as connection:
            for command in (["WHY", "cad_pro"], ["CHECKOUT", "cad_pro", new_id()], ["FEATURES"], ["LEASES"], ["DENIALS"], ["CHAIN"],
                            ["HELP"], ["INFO"], ["CLIENT", "LIST"], ["CLIENT", "INFO"], ["RENEW", new_id()],
                            ["CHECKIN", new_id()]):
                texts[" ".join(command[:2])] = str(connection.call(*command))
            names = {name for name, text in texts.items() if "canary" in text}
            ok(not names, "R10.6 without a role no answer has the name of a user or host", names)
            connection.call("AUTH", viewer)
            texts["LEASES of a viewer"] = str(connection.call("LEASES"))
            texts["WHY of a viewer"] = str(connection.call("WHY", "cad_pro"))
            ok("usercanary0" in texts["LEASES of a viewer"], "R10.6 a viewer sees who holds seats", texts)
        for target in ("/health", "/status", "/metrics"):
            texts[target] = server.get(target).text
        ok(not [name for name in ("/health", "/status", "/metrics") if "canary" in texts[name]],
           "R10.6 health, status and metrics have no name of a user or host")
        for target in ("/request", "/receipt"):
            texts[target] = server.get(target, token=server.administrator()).text
        texts["log"] = server.log()
        shown = {name for name, text in texts.items() if any(lease in text.lower() for lease in leases)}
        ok(not shown, "R8.1 no answer, text or log line shows a lease id", shown)
        secrets = [server.token, viewer, harness.PASSWORD]
        shown = {name for name, text in texts.items() if any(secret in text for secret in secrets)}
        ok(not shown, "R10.6 no answer, text or log line shows a token or password", shown)
        stored = "".join(open(os.path.join(root, name), errors="replace").read() for root, _, names in
                         os.walk(server.state) for name in names if not name.endswith(".lic"))
        ok(not any(secret in stored for secret in secrets), "R10.6 tokens and passwords are stored as hashes only")


def check_metrics():
    with Server(Vendor()) as server:
        server.serve(increment(seats=7), increment("sim", 1, "L-2", "none", "2027-01-31"))
        server.call("CHECKOUT", "cad_pro", new_id())
        server.call("CHECKOUT", "sim", new_id(), "COUNT", "2")
        server.call("CHECKOUT", "nothing", new_id())
        text = server.get("/metrics").text
        ok('licet_feature_seats{vendor="acme",feature="cad_pro"} 7\n' in text, "/metrics has the seats of a feature", text)
        ok('licet_feature_seats_in_use{vendor="acme",feature="cad_pro"} 1\n' in text, "/metrics has its seats in use")
        ok('licet_generation{vendor="acme"} 1\n' in text, "/metrics has the installed generation", text)
        ends = re.findall(r'^licet_feature_(\w+)_seconds{vendor="acme",feature="(\w+)"} (\d+)$', text, re.MULTILINE)
        # 2027-11-25T00:00:00Z; 2027-02-01T12:00:00Z, for a day is over when it is over everywhere on earth (R1.3)
        ok(sorted(ends) == [("end", "sim", "1801483200"), ("maintenance", "cad_pro", "1827100800")],
           "/metrics has the end of what ends, and of maintenance", ends)
        denials = dict(re.findall(r'^licet_denials_total{code="(\w+)"} (\d+)$', text, re.MULTILINE))
        ok(denials["NOSEAT"] == denials["NOFEATURE"] == "1" and denials["EXPIRED"] == "0",
           "/metrics counts refusals by their code", denials)
        typed = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
        named = set(re.findall(r"^(\w+)(?:\{[^}]*\})? \d+(?:\.\d+)?$", text, re.MULTILINE))
        ok(typed == named, "/metrics types every series", typed ^ named)
        bad = [line for line in text.split("\n") if line and not re.fullmatch(
            r'# (HELP|TYPE) \S+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? \d+(\.\d+)?', line)]
        ok(not bad, "/metrics is Prometheus text", bad)


def check_lease_rules():
    """R8.1, R10.3 on the wire."""
    with Server(Vendor()) as server, server.connect() as connection:
        server.serve(increment(seats=3))
        lease = new_id()
        demand = ["cad_pro", lease, "COUNT", "2", "USER", "alice", "HOST", "ws-1", "DEVICE", "d-1"]
        granted = connection.call("CHECKOUT", *demand)
        ok(granted[0] == "GRANTED" and granted[2:] == [300000, 1, 0, None],
           "R10.3 a grant is GRANTED, handle, ttl in ms, generation, flags, null", granted)
        ok(server.call("CHECKOUT", *demand) == granted, "R8.1 the same id on another connection is the same lease")
        ok(server.call("CHECKOUT", "cad_pro", lease.upper(), *demand[2:]) == granted,
           "R8.1 an id in upper case is the same id")
        for name, index, value in (("feature", 0, "sim"), ("count", 3, "1"), ("user", 5, "bob"), ("host", 7, "ws-2"),
                                   ("device", 9, "d-2")):
            other = demand[:index] + [value] + demand[index + 1:]
            answer = connection.call("CHECKOUT", *other)
            ok(word_of(answer) in ("MISMATCH", "NOFEATURE") and (name == "feature" or answer.word == "MISMATCH"),
               f"R8.1 a re-claim with another {name} is refused", answer)
        ok(word_of(connection.call("CHECKOUT", *demand[:4])) == "MISMATCH", "R8.1 so is one that leaves the names out")
        answer = connection.call("CHECKOUT", "cad_pro", new_id(), "COUNT", "2")
        ok(answer.word == "NOSEAT" and len(str(answer)) > 20, "a denial explains itself", answer)
        why = connection.call("WHY", "cad_pro", "COUNT", "2")
        ok(why[:2] == ["REFUSE", "NOSEAT"] and why[3:6] == [3, 2, 0] and 0 < why[6] <= 301,
           "R10.3 WHY answers with verdict, code, sentence, seats, in use, overhang, seconds", why)
        why = connection.call("WHY", "cad_pro")
        ok(why[:2] == ["GRANT", "OK"] and why[3] > why[4] and why[6] is None, "R10.3 WHY says when there is a seat, and counts then, too", why)
        why = connection.call("WHY", "cad_pro", "COUNT", "1000")
        ok(why[1] == "NOSEAT" and "1000 seats were asked for, and there are" in why[2] and why[6] is None,
           "R10.3 and that waiting does not help whoever wants more seats than there are", why)
        ok(connection.call("RENEW", lease)[:2] == ["GRANTED", granted[1]], "R10.3 RENEW answers as CHECKOUT does")
        ok(connection.call("CHECKIN", lease) == ["ENDED", granted[1]], "R10.3 CHECKIN answers ENDED and the handle")
        ok(word_of(connection.call("RENEW", lease)) == "ENDED", "INV-17 an ended lease is not renewed")
        ok(word_of(connection.call("CHECKOUT", *demand)) == "ENDED", "INV-17 nor claimed again")
        ok(word_of(connection.call("CHECKIN", lease)) == "ENDED", "INV-16 a repeated check-in is told that it ended")
        for bad in ("", "x" * 32, "0" * 31, "0" * 33, "0" * 1000):
            answer = connection.call("CHECKOUT", "cad_pro", bad)
            ok(word_of(answer) == "INVALID", f"R8.1 an id of {len(bad)} {bad[:1] or 'no'} bytes is refused", answer)


def check_idle():
    """A product that is silent between two heartbeats is not cut off; one that never speaks is."""
    with Server(Vendor()) as server:
        with server.connect() as idle, server.connect(timeout=20) as silent, server.connect() as half:
            idle.call("PING")
            half.send(b"*2\r\n$4\r\nEC")
            start = time.monotonic()
            ok(silent.is_closed_by_peer() and time.monotonic() - start < 15,
               "row 12: who says nothing at the door is sent away within 15 s")
            ok(idle.call("PING") == "PONG", "row 12: a connection between two commands is left alone")
            ok(server.call("PING") == "PONG", "row 12: a half-sent command hinders nobody else")
            timers = {timer_of(server.address[1], peer.socket.getsockname()[1]) for peer in (idle, half)}
            ok(timers == {"02"}, "row 12: the kernel asks a silent peer whether it is still there", timers)


def timer_of(port, peer_port):
    """The kernel's timer of the server's end of a connection: 02 is keepalive."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file]
    return next((row[5].partition(":")[0] for row in rows if row[1].endswith(f":{port:04X}") and
                 row[2].endswith(f":{peer_port:04X}")), "none")


harness.run(check_allow, check_sources, check_split, check_pages, check_secrets, check_metrics, check_lease_rules,
            check_idle)
