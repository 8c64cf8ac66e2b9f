#!/usr/bin/python3
"""The RESP door under attack: lengths, memory, floods, other protocols."""
import contextlib
import json
import os
import re
import socket
import threading
import time

from attack import harness
from harness import Closed, ReplyError, Server, Vendor, command_bytes, increment, new_id, ok, word_of

ARGUMENTS, BYTES = 20, 1024  # before AUTH (R10.2)


def start(*options, seats=1000):
    return Server(Vendor(), "--grants-a-second", "1000000", *options).start().serve(increment(seats=seats))


def is_refused(server, data):
    """At most one error reply, then the end; and the server serves others."""
    with server.connect(timeout=3) as connection:
        with contextlib.suppress(OSError):
            connection.send(data)
        rest = connection.read_all()
    return rest is not None and (rest == b"" or rest.startswith(b"-") and rest.count(b"\r\n") == 1), rest


def row_2():
    lengths = [b"-1", b"-0", b"+1", b"00", b"01", b" 1", b"1 ", b"0x1", b"1e1", b"", b"x", b"1.0", b"\xef\xbc\x91",
               b"2147483647", b"2147483648", b"4294967295", b"4294967296", b"4294967297", b"9223372036854775807",
               b"9223372036854775808", b"18446744073709551615", b"18446744073709551616", b"1" * 40]
    with start() as server:
        for field, before, after, more in (("count", b"*", b"$4\r\nPING\r\n", [b"0", b"%d" % (ARGUMENTS + 1)]),
                                           ("size", b"*1\r\n$", b"PING\r\n", [b"%d" % (BYTES + 1)])):
            bad = []
            for length in lengths + more:
                refused, rest = is_refused(server, before + length + b"\r\n" + after + b"X" * 64)
                if not refused:
                    bad.append((length, rest))
            ok(not bad, f"row 2: every {field} that is no number within its limit is refused", bad)
        most = command_bytes("ECHO", "x" * BYTES)
        ok(server.raw_http(most, timeout=1).endswith(b"x" * BYTES + b"\r\n"), "row 2: an argument of the limit is taken")
        with server.connect() as connection:
            answer = connection.call("CHECKOUT", "cad_pro", *["x"] * (ARGUMENTS - 2))
            ok(word_of(answer) == "INVALID" and connection.call("PING") == "PONG",
               "row 2: a command of the most arguments is read", answer)
        endings = [b"*1\n$4\nPING\n", b"*1\r$4\rPING\r", b"*1\r\n$4\r\nPINGxx", b"*1\r\n$4\r\nPING\n\n", b"*1\r\n:4\r\n",
                   b"*1\r\n*1\r\n$4\r\nPING\r\n", b"*1\r\n+PING\r\n", b"*1\r\n$-1\r\n", b"**1\r\n", b"*\r\n", b"*1\r\n\r\n",
                   b"*2\r\n$4\r\nECHO\r\n$1\r\nxy\r\n"]
        bad = [(data, rest) for data in endings for refused, rest in [is_refused(server, data + b"x" * 100)] if
               not refused]
        ok(not bad, "row 2: other line ends and other types are refused", bad)
        counts = ["0", "-1", "1000000001", "2147483648", "4294967297", "18446744073709551617", "1x", "", " 1", "+1"]
        with server.connect() as connection:
            answers = {count: word_of(connection.call("CHECKOUT", "cad_pro", new_id(), "COUNT", count)) for count in counts}
            ok(set(answers.values()) == {"INVALID"}, "row 5: a count outside of 1 to 1,000,000,000 is refused", answers)
            answer = connection.call("CHECKOUT", "cad_pro", new_id(), "COUNT", "1000000000")
            ok(answer.word == "NOSEAT", "row 5: the largest count is only too many", answer)
        ok(server.features()["cad_pro"]["in-use"] == 0, "row 5: none of them took a seat")


def row_4():
    """Replies are built of what the request may see: nothing of other clients' requests comes back."""
    marks = ["canary%02dcanary" % index for index in range(40)]
    with start() as server:
        for mark in marks:  # put into the server's memory in every way a stranger has
            with server.connect() as connection:
                connection.call("CHECKOUT", "cad_pro", new_id(), "USER", mark, "HOST", mark, "DEVICE", mark)
                connection.call("ECHO", mark * 8)
                connection.call("AUTH", mark * 3)
                connection.call(mark)
                connection.send(b"*3\r\n$1024\r\n" + mark.encode() * 70)
            server.post("/tokens", {"name": mark, "password": mark})
            server.post("/license/preview", mark * 100, token=mark)
        seen = []
        with server.connect() as connection:
            for command in ([["WHY", "cad_pro"], ["FEATURES"], ["HELP"], ["CHAIN"], ["INFO"], ["COMMAND"], ["LEASES"],
                             ["HELLO", "3"], ["ECHO", ""], ["PING", ""], ["CLIENT", "GETNAME"], ["CLIENT", "ID"],
                             ["CLIENT", "LIST"], ["CONFIG", "GET", "*"], ["NOSUCH"], ["CHECKOUT"], ["RENEW", new_id()],
                             ["CHECKIN", new_id()], ["AUTH", "x"], ["CHECKOUT", "x" * 64, new_id()]] +
                            [["CHECKOUT", "cad_pro", new_id(), "NONCE", new_id(), "PROOF", "raw"]] * 50):
                answer = repr(connection.call(*command))
                seen += [(command, answer)] if "canary" in answer else []
        for target in ("/health", "/status", "/metrics", "/nothing", "/license/preview", "/request"):
            for method in ("GET", "POST", "HEAD", "PUT"):
                answer = server.raw_http(harness.request_bytes(method, target))
                seen += [(method, target, answer)] if b"canary" in answer else []
        ok(not seen, "row 4: no reply carries bytes of another client's request", seen)


def row_8():
    """One bad client and 1,000 good ones."""
    bad_openings = [b"*1\r\n$536870912\r\n", b"*99999999\r\n", b"*1\r\n$4\r\nPI\x00G\r\n", b"\x00" * 4096,
                    b"*3\r\n$8\r\nCHECKOUT\r\n$7\r\ncad_pro\r\n$32\r\n" + b"\xff" * 32 + b"\r\n", b"*1\r\n$4\r\nQUIT\r\n",
                    command_bytes("CHECKOUT", "\xff\xfe" * 30, new_id()), b"*", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01"]
    harness.raise_fd_limit()
    with start(seats=2000) as server:
        stop, rounds = threading.Event(), [0]

        def be_bad():
            while not stop.is_set():
                for data in bad_openings:
                    with contextlib.suppress(OSError), socket.create_connection(server.address, 5) as peer:
                        peer.sendall(data)
                        if rounds[0] % 2:
                            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # leaves by a reset
                rounds[0] += 1

        thread = threading.Thread(target=be_bad)
        thread.start()
        good, failures = [server.connect() for _ in range(1000)], []
        try:
            for verb, wanted in (("CHECKOUT", "GRANTED"), ("RENEW", "GRANTED"), ("CHECKIN", "ENDED")):
                ids = [getattr(connection, "lease", None) or new_id() for connection in good]
                for connection, lease in zip(good, ids):
                    connection.lease = lease
                    connection.send(command_bytes(verb, *(["cad_pro"] if verb == "CHECKOUT" else []), lease))
                for connection in good:
                    try:
                        answer = connection.read()
                    except (Closed, OSError) as error:
                        answer = repr(error)
                    failures += [] if word_of(answer) == wanted else [answer]
        finally:
            stop.set()
            thread.join()
            for connection in good:
                connection.close()
        ok(not failures and rounds[0] > 1, f"row 8: 1,000 good clients see no error of a bad one's",
           f"{len(failures)} failures, {rounds[0]} rounds: {failures[:3]}")
        ok(server.is_running(), "row 8: and the server lives", server.log()[-2000:])


def row_9():
    """10,000 strangers declare more than they send."""
    limit = harness.raise_fd_limit()
    with start() as server:
        held, before = [], server.memory_kib()
        openings = [b"*1\r\n$536870912\r\n", b"*20\r\n$1024\r\n", b"*20\r\n$1024\r\nx", b"*2147483647\r\n$536870912\r\n"]
        count = min(10000, limit - 500)
        try:
            for index in range(count):
                peer = socket.create_connection(server.address, 20)
                peer.sendall(openings[index % len(openings)])
                held.append(peer)
            time.sleep(0.5)
            grown = server.memory_kib() - before
            ok(grown < 64 * 1024, "row 9: 10,000 strangers that declare 512 MB make it grow by less than 64 MiB",
               f"{count} connections, {grown} KiB")
            ok(server.call("PING") == "PONG", "row 9: and the next client is served")
        finally:
            for peer in held:
                peer.close()
        refused, rest = is_refused(server, command_bytes(*["x"] * (ARGUMENTS + 1)))
        ok(refused and rest.startswith(b"-"), "row 9: before AUTH a command has at most 20 arguments", rest)
        with server.connect() as connection:
            connection.call("AUTH", server.administrator())
            answer = connection.call("ECHO", "x" * (BYTES + 1))
            ok(answer == "x" * (BYTES + 1), "row 9: after AUTH an argument may be longer", answer)


def row_10():
    with start() as server:
        before = server.memory_kib("VmHWM")
        with server.connect(timeout=10) as connection:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            data, sent, closed = command_bytes("HELP") * 200, 0, False
            end = time.monotonic() + 20
            while not closed and time.monotonic() < end:
                try:
                    connection.socket.settimeout(2)
                    sent += connection.socket.send(data)
                except socket.timeout:
                    break
                except OSError:
                    closed = True
            grown = server.memory_kib("VmHWM") - before
            ok(grown < 16 * 1024, "row 10: a client that does not read makes it grow by a few MiB at most", f"{grown} KiB")
        ok(closed or "cause=" in server.log(), "row 10: and is closed at the cap of 2 MiB", f"{sent} bytes sent")
        with start() as other, other.connect() as connection:
            connection.send(command_bytes("HELP") * 300)
            answers = [connection.read() for _ in range(300)]
            ok(len(answers) == 300, "row 10: one that reads gets all of its replies")
        ok(server.call("PING") == "PONG", "row 10: others are served")


def row_10_halves():
    """A read that ends between two commands is rare: something is nearly always held back."""
    megabytes, command = 200, command_bytes("ECHO", "x" * 1000)
    half = len(command) // 2
    block = (command[half:] + command[:half]) * 100
    with start() as server, server.connect(timeout=30) as connection:
        before, missing = server.memory_kib("VmHWM"), 0
        connection.send(command[:half])
        for _ in range(megabytes * 1000000 // len(block)):
            connection.send(block)
            missing += 100
            while missing > 0 and (data := connection.socket.recv(1 << 20)):
                missing -= data.count(b"$")
        grown = server.memory_kib("VmHWM") - before
        ok(grown < 16 * 1024, f"row 10: {megabytes} MB in halves of commands make it grow by a few MiB at most",
           f"{grown} KiB")
        ok(missing == 0, "row 10: and every whole one is answered", missing)


OPENINGS = {
    "GET": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "POST": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s",
    "POST without Host": b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s",
    "PUT": b"PUT /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s",
    "OPTIONS": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s",
    "an unknown method": b"LEASES / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s",
    "a method that begins like RESP": b"*1 /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s",
    "a method of one star": b"* /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s",
    "a method *3": b"*3 / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s",
    "CONNECT": b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n",
    "TLS 1.2": b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(range(200)),
    "SSLv2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(20),
    "SMTP": b"EHLO mail.example.com\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n",
    "FTP": b"USER anonymous\r\nPASS x\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2\r\n",
    "an inline command": b"PING\r\n",
    "an empty line": b"\r\n",
    "a NUL": b"\x00" * 64,
    "memcached": b"set x 0 0 5\r\nhello\r\n",
    "PostgreSQL": b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
    "the vendor daemon's protocol": b"\x2f\x00\x01\x02" + b"A" * 100,
}


def row_11():
    """Other protocols, with commands in their bodies."""
    with start() as server:
        for name, opening in OPENINGS.items():
            lease = new_id()
            inner = command_bytes("CHECKOUT", "cad_pro", lease) * 3
            data = opening % (len(inner), inner) if b"%s" in opening else opening + inner
            answer = server.raw_http(data, timeout=2)
            ok(b"GRANTED" not in answer and b"+PONG" not in answer, f"row 11: {name} reaches no command", answer)
        ok(server.features()["cad_pro"]["in-use"] == 0, "row 11: and no seat was taken", server.features())
        with server.connect(timeout=3) as connection:
            connection.send(b"*1\r\n$4\r\nPING\r\n*1 /x HTTP/1.1\r\n\r\n" + command_bytes("CHECKOUT", "cad_pro", new_id()))
            rest = connection.read_all()
            ok(rest is not None and rest.startswith(b"+PONG\r\n-") and b"GRANTED" not in rest,
               "R10.2 after a protocol error nothing is resynchronised", rest)


def row_14():
    """Whoever knows all but the id changes nothing."""
    with start(seats=1) as server:
        lease = new_id()
        names = ["USER", "alice", "HOST", "ws-1", "DEVICE", "d-1"]
        handle = server.call("CHECKOUT", "cad_pro", lease, *names)[1]
        near = [lease[:-1] + ("0" if lease[-1] != "0" else "1"), ("0" if lease[0] != "0" else "1") + lease[1:],
                lease[::-1], "0" * 32, "f" * 32, "%032x" % handle]
        with server.connect() as connection:
            for thief in near:
                connection.call("RENEW", thief)
                connection.call("CHECKIN", thief)
                answer = connection.call("CHECKOUT", "cad_pro", thief, *names)
                ok(word_of(answer) in ("NOSEAT", "ENDED"), "row 14: the same names with another id get no seat", answer)
            for word in (str(handle), "0", "*", "alice", ""):
                answers = [word_of(connection.call(verb, word)) for verb in ("RENEW", "CHECKIN")]
                ok(answers == ["INVALID"] * 2, f"row 14: a lease is not named by \"{word}\"", answers)
        again = server.call("CHECKOUT", "cad_pro", lease, *names)
        ok(word_of(again) == "GRANTED" and again[1] == handle, "row 14: the holder's lease is untouched", again)


def row_17():
    """A flood of one source is told OVERLIMIT; a neighbour does not notice."""
    with start("--grants-a-second", "50", seats=100000) as server:
        stop, words = threading.Event(), {}

        def flood():
            with server.connect(source="127.0.0.66") as connection:
                while not stop.is_set():
                    connection.send(b"".join(command_bytes("CHECKOUT", "cad_pro", new_id()) for _ in range(200)))
                    for _ in range(200):
                        word = word_of(connection.read())
                        words[word] = words.get(word, 0) + 1

        thread, begin, slowest = threading.Thread(target=flood), time.monotonic(), 0.0
        thread.start()
        try:
            answers = set()
            with server.connect() as connection:
                for _ in range(40):
                    start_of_call, lease = time.monotonic(), new_id()
                    answers.add(word_of(connection.call("CHECKOUT", "cad_pro", lease)))
                    answers.add(word_of(connection.call("CHECKIN", lease)))
                    slowest = max(slowest, time.monotonic() - start_of_call)
                    time.sleep(0.04)
        finally:
            stop.set()
            thread.join()
        seconds = time.monotonic() - begin
        ok(words.get("OVERLIMIT", 0) > 0, "row 17: a flood of checkouts is told OVERLIMIT", words)
        ok(set(words) <= {"GRANTED", "OVERLIMIT"} and words.get("GRANTED", 0) <= 50 * (seconds + 2),
           "R10.4 one source gets its grants a second and no more", f"{words} in {seconds} s")
        ok(answers == {"GRANTED", "ENDED"}, "row 17: a neighbour's requests are all granted", answers)
        ok(slowest < 1, "row 17: within a second each", slowest)


def row_8_random():
    """Mutated commands from a fixed seed: the server lives, and each is answered or closed."""
    import random  # noqa: PLC0415
    draw = random.Random(20261124)
    seeds = [command_bytes("CHECKOUT", "cad_pro", new_id(), "COUNT", "1", "USER", "alice", "NONCE", new_id(), "PROOF", "text"),
             command_bytes("WHY", "cad_pro", "RELEASE", "2026-11-24"), command_bytes("FEATURES", "CURSOR", "0"),
             command_bytes("HELLO", "3", "AUTH", "a", "b", "SETNAME", "x"), command_bytes("LEASES"),
             command_bytes("CLIENT", "SETINFO", "LIB-NAME", "x"), command_bytes("CHAIN", "VENDOR", "acme")]
    with start() as server:
        before = server.memory_kib()
        for _ in range(1500):
            data = bytearray(draw.choice(seeds))
            for _ in range(draw.randint(1, 4)):
                place = draw.randrange(1, len(data))
                data[place:place + draw.randint(0, 2)] = bytes(draw.randrange(256) for _ in range(draw.randint(0, 3)))
            with contextlib.suppress(OSError), socket.create_connection(server.address, 5) as peer:
                peer.sendall(b"*" + bytes(data[1:]))
                if draw.random() < 0.2:
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(65536):
                        pass
        ok(server.is_running() and server.call("PING") == "PONG", "row 8: 1,500 mutated commands leave it alive",
           server.log()[-2000:])
        grown = server.memory_kib() - before
        ok(grown < 16 * 1024, "row 8: and no larger", f"{grown} KiB")


def is_plain(answer):
    """Text that a terminal may be given: UTF-8 without control characters."""
    return not isinstance(answer, ReplyError) or not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", str(answer))


def row_36():
    """The big list of naughty strings as every name; R1.1 says which of them are names."""
    with open(os.path.join(harness.ROOT, "tests", "data", "naughty-strings", "blns.json"), encoding="utf-8") as file:
        strings = json.load(file)
    with start(seats=100000) as server, server.connect() as connection:
        bad, odd_replies, taken = [], [], 0
        for text in strings:
            data = text.encode("utf-8", errors="surrogatepass")[:BYTES]
            for option in ("USER", "HOST", "DEVICE"):
                answer = connection.call("CHECKOUT", "cad_pro", new_id(), option, data)
                bad += [] if word_of(answer) in ("GRANTED", "INVALID") else [(option, text, answer)]
                is_odd = not 1 <= len(data) <= 64 or re.search(r"[\s\x00-\x1f\x7f]", text)
                bad += [(option, text, answer)] if is_odd and word_of(answer) != "INVALID" else []
                taken += word_of(answer) == "GRANTED"
                odd_replies += [] if is_plain(answer) else [answer]
            for command in (["CHECKOUT", data, new_id()], ["CHECKOUT", "cad_pro", data], ["WHY", data], ["HELP", data],
                            ["CHAIN", "VENDOR", data], ["FEATURES", "FEATURE", data], ["AUTH", data], [data or b"x"]):
                answer = connection.call(*command)
                is_fine = isinstance(answer, ReplyError) or command[0] in ("FEATURES", "WHY") or not data
                bad += [] if is_fine else [(command, answer)]
                odd_replies += [] if is_plain(answer) else [answer]
            bad += [("ECHO", text)] if connection.call("ECHO", data) != data.decode(errors="surrogateescape") else []
        ok(not bad, "row 36: naughty strings are names by R1.1 or refused, in every field", bad[:5])
        ok(not odd_replies, "row 36: a refusal quotes no control character and no half of a character", odd_replies[:5])
        ok(taken > 300, "row 36: and most of them are good names", taken)
        connection.call("AUTH", server.token_of("viewer"))
        cursor, users = "0", 0
        while cursor is not None:
            cursor, rows = connection.call("LEASES", "CURSOR", cursor)
            users += len(rows)
        ok(users == taken, "row 36: LEASES shows them all", (users, taken))
        # With a token: without one FEATURES has used up what a source may ask for in a second.
        viewer = server.token_of("viewer")
        answers = [server.get(path, token=viewer) for path in ("/status", "/metrics")]
        ok([answer.status for answer in answers] == [200, 200], "row 36: so do status and metrics", answers)


harness.run(row_2, row_4, row_8, row_8_random, row_9, row_10, row_10_halves, row_11, row_14, row_17, row_36)
