#!/usr/bin/python3
"""The HTTP side under attack: roles, accounts, paths, browsers, smuggling (rows 37 to 55, 61, 63)."""
import contextlib
import re
import socket
import statistics
import subprocess
import time

import smuggling
from attack import harness
from harness import Answer, ReplyError, Server, Vendor, increment, new_id, ok, request_bytes, word_of

NAMES = ("admin administrator root user guest test licet licetd lmadmin rlm operator manager support service default"
         " license").split()
PASSWORDS = [""] + ("admin administrator password Password1 root licet licetd 123456 12345678 1234 changeme secret rlm"
                    " lmadmin license default letmein").split()
ROUTES = {  # (method, path) -> the least role; design: docs/rules.md 10.6
    ("GET", "/health"): "product", ("GET", "/status"): "product", ("GET", "/metrics"): "product",
    ("GET", "/request"): "administrator", ("GET", "/receipt"): "administrator",
    ("POST", "/license/preview"): "administrator", ("POST", "/license/install"): "administrator",
    ("POST", "/revocations/preview"): "administrator", ("POST", "/revocations/install"): "administrator",
    ("POST", "/leases/end"): "administrator", ("POST", "/names/forget"): "administrator",
    ("POST", "/administrators"): "product", ("POST", "/tokens"): "product"}
COMMANDS = {  # command -> (arguments, the least role)
    "CHECKOUT": (["cad_pro", None], "product"), "RENEW": ([None], "product"), "CHECKIN": ([None], "product"),
    "FEATURES": ([], "product"), "WHY": (["cad_pro"], "product"), "CHAIN": ([], "product"), "HELP": ([], "product"),
    "AUTH": (["x"], "product"), "HELLO": (["2"], "product"), "PING": ([], "product"), "ECHO": (["x"], "product"),
    "SELECT": (["0"], "product"), "QUIT": ([], "product"), "RESET": ([], "product"), "INFO": ([], "product"),
    "CLIENT": (["ID"], "product"), "COMMAND": ([], "product"), "CONFIG": (["GET", "x"], "product"),
    "LEASES": ([], "viewer"), "DENIALS": ([], "viewer"), "END": (["999999"], "administrator")}
RANKS = ["product", "viewer", "administrator"]


def row_37():
    """Every route and every command for every role; and no route or command beside them."""
    with Server(Vendor()) as server:
        server.serve(increment(seats=100))
        tokens = {role: server.token_of(role) for role in RANKS}
        for (method, path), least in ROUTES.items():
            for role in RANKS:
                answer = server.http(method, path, b"x" if method == "POST" else b"", token=tokens[role])
                may = RANKS.index(role) >= RANKS.index(least)
                refused = answer.status == (401 if role == "product" else 403)
                # A body of "x" is no file and no JSON: who is let in is told 400, or 413 where there is to be none.
                let_in = answer.status in (200, 400, 413)
                ok(let_in if may else refused, f"row 37: {role} {'may' if may else 'may not'} {method} {path}", answer)
            others = [verb for verb in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE") if
                      (verb, path) not in ROUTES]
            statuses = {verb: server.http(verb, path, token=tokens["administrator"]).status for verb in others}
            ok(set(statuses.values()) == {405}, f"row 37: {path} has no other method", statuses)
        for name, (arguments, least) in COMMANDS.items():
            for role in RANKS:
                with server.connect() as connection:
                    if tokens[role]:
                        connection.call("AUTH", tokens[role])
                    answer = connection.call(name, *[argument or new_id() for argument in arguments])
                    denied = isinstance(answer, ReplyError) and answer.word in ("NOAUTH", "NOPERM") and name != "AUTH"
                    ok(denied != (RANKS.index(role) >= RANKS.index(least)), f"row 37: {name} as {role}", answer)
        listed = {line.split()[0] for line in server.call("HELP")}
        ok(listed == set(COMMANDS), "row 46: the list of commands is closed", listed ^ set(COMMANDS))
        for command in ("SET", "GET", "DEL", "EVAL", "MODULE", "DEBUG", "SHUTDOWN", "FLUSHALL", "KEYS", "SUBSCRIBE", "MONITOR",
                        "SAVE", "BGREWRITEAOF", "INSTALL", "REREAD", "MOVE", "RENAME", "OPTIONS", "TAKEOVER"):
            answer = server.call(command, "x", "y")
            ok(isinstance(answer, ReplyError) and answer.word == "NOTFOUND", f"row 46: there is no {command}", answer)


def row_38():
    """A viewer makes nobody, and a token carries no more than its role."""
    with Server(Vendor()) as server:
        server.administrator()
        viewer = server.token_of("viewer")
        for body in ({"name": "root", "password": "another password"}, {"name": "mallory", "password": "another password"},
                     {"token": viewer, "name": "mallory", "password": "another password"},
                     {"token": "", "name": "root", "password": "another password"}):
            answer = server.post("/administrators", body, token=viewer)
            ok(answer.status in (400, 401, 403), "row 38: a viewer makes no administrator and changes no password", answer)
        answer = server.post("/tokens", {"name": "root", "password": harness.PASSWORD, "role": "owner"})
        ok(answer.status == 400, "row 38: there is no role above administrator", answer)
        for forged in (viewer[:-1], viewer + "A", viewer.upper(), "licet_", "", " ", viewer[::-1], "A" * 5000,
                       "licet_" + "A" * 43):
            answer = server.get("/request", token=forged or None)
            ok(answer.status in (400, 401, 413, 431), "row 42: a token that was not given opens nothing", answer)
        answer = server.get("/request", headers=[("Cookie", f"token={server.token}; session={server.token}")])
        ok(answer.status == 401, "row 42: a token counts in its header alone, so no page can send it", answer)
        answer = server.get(f"/request?token={server.token}&access_token={server.token}")
        ok(answer.status == 401, "row 42: and not in a target, which proxies log", answer)
        answer = server.get("/request", headers=[("Authorization", f"Basic {server.token}")])
        ok(answer.status == 401, "row 42: and not under another scheme", answer)


def row_39():
    """No account and no word works before the first administrator is made, and then only his."""
    with Server(Vendor()) as server:
        first = server.first_token()
        count, granted = 0, []
        for name in NAMES:
            for password in PASSWORDS[:6]:
                answer = server.post("/tokens", {"name": name, "password": password})
                count += 1
                granted += [(name, password)] if answer.status == 200 or "token\"" in answer.text else []
        ok(not granted, f"row 39: {count} common pairs open nothing on a fresh server", granted)
        for token in PASSWORDS + NAMES + ["0" * len(first), first[:-1], first + "x", first.lower()]:
            answer = server.post("/administrators", {"token": token, "name": "root", "password": harness.PASSWORD})
            granted += [token] if answer.status not in (400, 401, 403) and token != first else []
        ok(not granted, "row 40: without the one-time token nobody becomes an administrator", granted)
        for target in ("/request", "/receipt"):
            ok(server.get(target, token=first).status == 401, f"row 41: the one-time token itself opens no {target}")
        answer = server.post("/administrators", {"token": first, "name": "root", "password": "short"})
        ok(answer.status == 400, "row 41: a short password is refused", answer)
        answer = server.post("/administrators", {"token": first, "name": "root", "password": ""})
        ok(answer.status == 400, "row 41: so is an empty one", answer)
        answer = server.post("/administrators", {"token": first, "name": "root", "password": harness.PASSWORD})
        ok(answer.status == 200 and len(answer.json["token"]) >= 43, "R10.6 the one-time token makes the first administrator",
           answer)
        again = server.post("/administrators", {"token": first, "name": "second", "password": harness.PASSWORD})
        ok(again.status in (401, 403), "R10.6 it works once", again)
        tokens = {server.post("/tokens", {"name": "root", "password": harness.PASSWORD}).json["token"] for _ in range(4)}
        ok(len(tokens) == 4 and min(map(len, tokens)) >= 43, "row 42: tokens are 256 bits, each another")
        strings = subprocess.run(["strings", "-n", "6", harness.LICETD], check=False, capture_output=True, text=True)
        bad = [line for line in strings.stdout.split("\n") if re.search(r"\$argon2id?\$v|licet_[A-Za-z0-9_-]{43}", line)]
        ok(not bad, "row 39: no password's hash and no token lies in the program", bad)


def row_40():
    """Two at once with the one-time token: one becomes the administrator."""
    with Server(Vendor()) as server:
        first = server.first_token()
        peers = []
        for index in range(4):
            peer = socket.create_connection(server.address, 20)
            body = harness.json.dumps({"token": first, "name": f"root{index}", "password": harness.PASSWORD}).encode()
            peer.sendall(request_bytes("POST", "/administrators", body))
            peers.append(peer)
        statuses = []
        for peer in peers:
            data = b""
            while part := peer.recv(65536):
                data += part
            statuses.append(Answer(data).status)
            peer.close()
        ok(statuses.count(200) == 1, "row 40: of four at once with the one-time token one is taken", statuses)


def row_43():
    with Server(Vendor()) as server:
        server.administrator()
        answers, seconds = {}, {"known": [], "unknown": []}
        for _ in range(7):
            for kind, name in (("known", "root"), ("unknown", "nobody-of-this-name")):
                start = time.monotonic()
                answer = server.post("/tokens", {"name": name, "password": "a wrong password"})
                seconds[kind].append(time.monotonic() - start)
                headers = {key: value for key, value in answer.headers.items() if key != "date"}
                answers[kind] = (answer.status, headers, answer.body)
        ok(answers["known"] == answers["unknown"] and answers["known"][0] == 401,
           "row 43: a wrong password and an unknown name are answered alike", answers)
        known, unknown = (statistics.median(seconds[kind]) for kind in ("known", "unknown"))
        ok(0.5 < known / unknown < 2, "row 43: and take as long", f"{known:.3f} s and {unknown:.3f} s")


TRAVERSALS = ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%252f..%252fetc/passwd",
              "..\\..\\etc\\passwd", "%c0%ae%c0%ae/etc/passwd", "/etc/passwd", "file:///etc/passwd", "....//....//etc/passwd",
              "..;/..;/etc/passwd", "%00/etc/passwd", "administrators", "./administrators", "first-token", "server/key",
              "../administrators", "~root/.bashrc", "con", "licenses/"]


def row_44():
    with Server(Vendor()) as server:
        token = server.administrator()
        with open(f"{server.state}/administrators", encoding="ascii") as file:
            secret = file.read().split()[2]
        bad = []
        for word in TRAVERSALS:
            targets = [f"/{word}", f"/health/{word}", f"/license/{word}", f"/license/install?hash={word}",
                       f"/license/preview?file={word}", f"/request?vendor={word}", f"/receipt?vendor={word}&file={word}",
                       f"/status?path={word}", f"/metrics?log={word}"]
            for target in targets:
                for method in ("GET", "POST"):
                    answer = server.http(method, target, b"x" if method == "POST" else b"", token=token)
                    found = "root:x:" in answer.text or secret in answer.text or "OPENSSH PRIVATE" in answer.text
                    ordinary = answer.status == 200 and target.startswith(("/status?", "/metrics?", "/request?", "/receipt?"))
                    bad += [(method, target, str(answer))] if found or answer.status >= 500 or (
                        answer.status < 400 and not ordinary) else []
            for arguments in (["CHECKOUT", word, new_id()], ["CHECKOUT", "cad_pro", word], ["CHAIN", "VENDOR", word],
                              ["FEATURES", "VENDOR", word], ["FEATURES", "CURSOR", word], ["HELP", word], ["AUTH", word],
                              ["WHY", "cad_pro", "RELEASE", word], ["CONFIG", "GET", word], ["CONFIG", "SET", "dir", word]):
                answer = str(server.call(*arguments))
                bad += [(arguments, answer)] if "root:x:" in answer or secret in answer or "OPENSSH PRIVATE" in answer else []
        ok(not bad, "row 44: no parameter of any route or command reaches a file", bad[:5])


def row_50():
    with Server(Vendor()) as server:
        token, bad = server.administrator(), []
        for inject in ("%0d%0aSet-Cookie:%20a=b", "%0aX-Injected:1", "%0d%0a%0d%0abody", "%e5%98%8a%e5%98%8dX-Injected:1",
                       "a%0d%0aContent-Length:%200"):
            for target in (f"/{inject}", f"/status?x={inject}", f"/request?vendor={inject}", f"/license/install?hash={inject}"):
                raw = server.raw_http(request_bytes("GET", target, headers=[("Authorization", f"Bearer {token}")]))
                head = raw.partition(b"\r\n\r\n")[0].lower()
                bad += [(target, raw)] if b"\nset-cookie" in head or b"\nx-injected" in head or raw.count(b"HTTP/1.1 ") > 1 \
                    else []
        for header in ("X-Request-Id", "Origin", "Referer", "Host"):
            raw = server.raw_http(request_bytes("GET", "/status", headers=[(header, "127.0.0.1\rX-Injected: 1")]))
            bad += [(header, raw)] if b"x-injected" in raw.partition(b"\r\n\r\n")[0].lower() else []
        ok(not bad, "row 50: nothing of a request becomes a header of the answer", bad[:3])
        server.post("/tokens", {"name": "x\r\n2026 error fake=line\n\x1b[31m", "password": "y" * 12})
        server.post("/tokens", {"name": "tab\tquote\"back\\", "password": "y" * 12})
        server.call("CHECKOUT", "a\r\nfake event=1", new_id(), "USER", "\x1b[2J\n")
        ok("fake" not in server.log() and "\x1b" not in server.log(), "row 50: nor a line of the log", server.log())


def row_51():
    with Server(Vendor()) as server:
        for target in ("/health", "/status", "/nothing", "/license/preview", "/%3Cscript%3Ealert(1)%3C/script%3E"):
            answer = server.get(target)
            headers = answer.headers
            ok(headers.get("x-content-type-options") == "nosniff" and "html" not in headers.get("content-type", "") and
               "default-src 'none'" in headers.get("content-security-policy", "") and
               headers.get("cache-control") == "no-store", f"row 51: {target} is nothing that a browser would run", headers)


def row_52():
    """A page of another origin cannot make its visitor's browser act here."""
    with Server(Vendor(), "--host", "licenses.example.com") as server:
        token = server.administrator()
        port = server.address[1]

        def post(*headers):
            return server.post("/license/preview", b"x", token=token, headers=headers).status

        host = ("Host", f"127.0.0.1:{port}")
        for value in ("cross-site", "same-site", "CROSS-SITE", "", "cross-site, same-origin", "whatever"):
            status = post(host, ("Sec-Fetch-Site", value))
            ok(status == 403 or value == "" and status in (400, 403), f"row 52: Sec-Fetch-Site: {value or 'nothing'} is refused",
               status)
        for value in ("https://evil.example", "http://evil.example", "null", f"http://127.0.0.1:{port + 1}",
                      f"http://127.0.0.1.evil.example:{port}", f"http://127.0.0.1:{port}.evil.example",
                      f"http://evil.example/127.0.0.1:{port}", f"http://127.0.0.1:{port}@evil.example", "file://",
                      f"http://localhost:{port}"):
            ok(post(host, ("Origin", value)) == 403, f"row 52: Origin: {value.replace(str(port), 'PORT').replace(str(port + 1), 'OTHER')} is refused")
        ok(post(host, ("Sec-Fetch-Site", "same-origin"), ("Origin", f"http://127.0.0.1:{port}")) == 400,
           "row 52: a page of its own is let in")
        ok(post(host, ("Origin", f"http://127.0.0.1:{port}")) == 400, "row 52: an old browser's too")
        ok(post(host) == 400, "row 52: a program, which sends neither, is let in")
        ok(post(host, ("Origin", f"http://127.0.0.1:{port}"), ("Sec-Fetch-Site", "cross-site")) == 403,
           "row 52: the stricter of two headers counts")
        answer = server.get("/status", headers=[("Origin", "https://evil.example")])
        ok("access-control-allow-origin" not in answer.headers, "row 52: nobody else's page may read an answer", answer.headers)
        answer = server.http("OPTIONS", "/license/install", headers=[("Origin", "https://evil.example"),
                                                                     ("Access-Control-Request-Method", "POST")])
        ok(answer.status >= 400 and "access-control-allow-origin" not in answer.headers, "row 52: no preflight is granted",
           answer)
        raw = server.raw_http(request_bytes("GET", "/", headers=[("Upgrade", "websocket"), ("Connection", "Upgrade")]))
        ok(b" 101 " not in raw, "row 52: there is no WebSocket", raw)


def row_53():
    with Server(Vendor(), "--host", "licenses.example.com") as server:
        port = server.address[1]
        for host in ("127.0.0.1", f"127.0.0.1:{port}", "localhost", f"LOCALHOST:{port}", "[::1]", f"[::1]:{port}",
                     "london-lic01", "licenses.example.com", f"Licenses.Example.com:{port}"):
            ok(server.get("/status", headers=[("Host", host)]).status == 200,
               f"row 53: Host: {host.replace(str(port), 'PORT')} is one of its names")
        for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:127.0.0.1", "localhost.", "localhost.evil.example",
                     "", "0.0.0.0", "127.0.0.2", "[::1", "[::1].evil.example", "localhost@evil.example", "xn--localhost",
                     "localhost, evil.example", "127.1", "2130706433", "licenses.example.com.evil.example", "[::1]x", "localhost:x",
                     "localhost:80:80"):
            status = server.get("/status", headers=[("Host", host)]).status
            ok(400 <= status < 500, f"row 53: Host: {host or 'nothing'} is refused", status)


def row_54():
    with Server(Vendor()) as server:
        answer = server.get("/health")
        ok(answer.json == {"ok": True}, "row 54: health says ok and no more", answer)
        answers = {target: server.get(target) for target in ("/health", "/status", "/metrics", "/nothing", "/tokens", "/request",
                                                             "/license/install", "/administrators")}
        answers.update({f"POST {target}": server.post(target, b"{}") for target in ("/tokens", "/administrators", "/request")})
        bad = {target: str(answer) for target, answer in answers.items() if server.state in answer.text or
               str(server.pid) in re.findall(r"\d+", answer.text) or re.search(r"libuv|libmicrohttpd|/usr/|\.c:\d", answer.text)}
        ok(not bad, "row 54: no path, process number or library is told to a stranger", bad)
        ok(all("server" not in answer.headers for answer in answers.values()), "row 54: no Server header")


def row_55():
    """Malformed, slow and endless requests."""
    with Server(Vendor()) as server:
        token = server.administrator()
        before = server.memory_kib()
        bodies = [b"", b"\x00", b"{", b"[]", b"null", b"\xff\xfe{\x00}\x00", b"{}" * 1000, b"[" * 4000, b'{"name":' * 500,
                  b'{"name":"root","name":"root","password":"x"}', b'{"name":1,"password":2}', b'{"name":"' + b"x" * 3000 +
                  b'","password":"y"}', b'{"name":"a\\u0000b","password":"cccccccccccc"}', b"--x\r\nContent-Disposition: form-data",
                  b"name=root&password=x"]
        bad = []
        for target in ("/tokens", "/administrators", "/license/preview", "/license/install"):
            for body in bodies:
                answer = server.post(target, body, token=token)
                bad += [] if 400 <= answer.status < 500 else [(target, body[:40], str(answer))]
        ok(not bad, "row 55: a malformed body is refused with its cause", bad[:5])
        answer = server.post("/tokens", b"x" * 4097)
        ok(answer.status == 413, "row 55: credentials have at most 4 KiB", answer)
        heads = [b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                 b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 200000 + b"\r\n\r\n",
                 b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET " + b"/" * 70000,
                 b"GET /health HTTP/1.1\r\n" + b"\r\n" * 5, b"GET  /health  HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                 b"G" * 100000, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + b";" * 30000 + b"\r\n\r\n",
                 b"GET /health?" + b"a=b&" * 20000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                 b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"]
        for head in heads:
            server.raw_http(head, timeout=1)
        ok(server.is_running() and server.get("/health").status == 200, "row 55: large and broken heads leave it serving",
           server.log()[-2000:])
        slow = []
        for _ in range(200):
            peer = socket.create_connection(server.address, 20)
            peer.sendall(b"POST /tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n{")
            slow.append(peer)
        with server.connect() as connection:
            ok(connection.call("PING") == "PONG", "row 55: 200 bodies that never end do not keep a product waiting")
        ok(server.get("/health").status == 200, "row 55: nor the next request over HTTP")
        for peer in slow:
            peer.close()
        grown = server.memory_kib() - before
        ok(grown < 96 * 1024, "row 55: memory stays within bounds", f"{grown} KiB")


def row_61():
    with Server(Vendor()) as server:
        smuggling.row_61(server, b"/tokens", b"/metrics")


def row_63():
    """Guessing is slow and bounded, and holds up nobody else."""
    with Server(Vendor()) as server:
        server.administrator()
        peers = []
        for index in range(60):
            peer = socket.create_connection(server.address, 20)
            body = harness.json.dumps({"name": "root", "password": f"guess number {index}"}).encode()
            peer.sendall(request_bytes("POST", "/tokens", body))
            peers.append(peer)
        start = time.monotonic()
        with server.connect() as connection:
            pong = connection.call("PING")
        waited = time.monotonic() - start
        ok(pong == "PONG" and waited < 1, "row 63: 60 guesses at once do not keep a product waiting", f"{waited:.2f} s")
        statuses = []
        for peer in peers:
            data = b""
            with contextlib.suppress(ConnectionResetError):
                while part := peer.recv(65536):
                    data += part
            statuses.append(Answer(data).status)
            peer.close()
        ok(set(statuses) == {401, 429}, "row 63: beyond a queue they are told 429", {s: statuses.count(s) for s in statuses})
        answer = server.post("/tokens", {"name": "root", "password": harness.PASSWORD})
        ok(answer.status == 200, "row 63: after them the administrator signs in", answer)
        ok(word_of(server.call("PING")) == "PONG", "row 63: and the server lives")


harness.run(row_37, row_38, row_39, row_40, row_43, row_44, row_50, row_51, row_52, row_53, row_54, row_55, row_61, row_63)
