#!/usr/bin/python3
"""licet-portal under attack: every role on every act, accounts, paths, bodies, browsers (rows 37 to 65 of README.md)."""
import hashlib
import json
import os
import re
import secrets
import subprocess
import time

import smuggling
from attack import harness
from harness import PASSWORD, ok, request_bytes
from portal import PORTAL, Portal, routes

# Acts that a person does herself: an API token, whatever it is for, does not.
BY_SESSION = {"session_delete", "password_change", "token_create", "token_delete", "invitation_create"}
NO_ORGANIZATION = "there is no such organisation"


class World:
    """A portal with two customers and a partner, and people in every role. Their sessions are written into the database,
    for signing in by a password costs a seventh of a second."""

    def __init__(self, portal):
        self.portal = portal
        self.staff = portal.setup()
        self.ours, self.theirs = (portal.organization(self.staff, "customer", name) for name in ("Ours", "Theirs"))
        partner = portal.organization(self.staff, "partner", "Reseller")
        self.roles = {"nobody": [], "staff": [(1, "staff")], "administrator": [(self.ours, "administrator")],
                      "viewer": [(self.ours, "viewer")], "stranger": [(self.theirs, "administrator")],
                      "partner": [(partner, "partner")], "mixed": [(self.theirs, "administrator"), (self.ours, "viewer")],
                      "roleless": []}
        self.people = {name: self.person(name) for name in self.roles if name != "nobody"}

    def person(self, name):
        now = int(time.time())
        self.portal.query("INSERT INTO person (email, name, created) VALUES (?, ?, ?)", f"{name}@x.example", name, now)
        person = self.portal.query("SELECT id FROM person WHERE email = ?", f"{name}@x.example")[0][0]
        for organization, role in self.roles[name]:
            self.portal.query("INSERT INTO membership VALUES (?, ?, ?, ?)", person, organization, role, now)
        return person

    def token(self, name, kind):
        """A new token of a person: of a session, or an API token for reading or writing."""
        if name == "nobody":
            return None
        token, now = "licet_" + secrets.token_urlsafe(32), int(time.time())
        digest = hashlib.blake2b(token.encode(), digest_size=32).digest()
        if kind == "session":
            self.portal.query("INSERT INTO session (hash, person_id, kind, created, used, ends) VALUES (?, ?, 'token', ?, ?, ?)",
                              digest, self.people[name], now, now, now + 3600)
        else:
            self.portal.query("INSERT INTO api_token (hash, person_id, name, prefix, scope, created, ends)"
                              " VALUES (?, ?, 'n', ?, ?, ?, ?)", digest, self.people[name], token[:12], kind, now, now + 3600)
        return token

    def expected(self, route, name, kind):
        """The status of a refusal, or "in"."""
        act, method, path, wanted, _ = route
        if "anybody" in wanted:
            return 403 if kind == "read" and method != "GET" else "in"
        if name == "nobody":
            return 401
        mine = {role for _, role in self.roles[name]}
        if not wanted & (mine | {"person"}) or (kind == "read" and method != "GET"):
            return 403
        if act in BY_SESSION and kind != "session":
            return 403
        if "{organization}" in path and "staff" not in mine:
            here = {role for organization, role in self.roles[name] if organization == self.ours}
            if not here:
                return 404
            return "in" if wanted & (here | {"person"}) else 403
        return "in"


def cell(world, route, name, kind):
    act, method, path, _, size = route
    target = re.sub(r"\{\w+\}", "999999", path.replace("{organization}", str(world.ours)))
    answer = world.portal.ask(method, target, {} if size else None, token=world.token(name, kind))
    expected = world.expected(route, name, kind)
    is_foreign = answer.status == 404 and answer.json["detail"] == NO_ORGANIZATION
    # Who is let in asked for what is not there, or with an empty body.
    good = answer.status in (200, 201, 204, 400, 404) and not is_foreign if expected == "in" else \
        is_foreign if expected == 404 else answer.status == expected
    ok(good, f"row 37: {act} as {name} by {kind}: {expected}", answer)


def row_37():
    with Portal() as portal:
        world = World(portal)
        before = portal.query("SELECT count(*) FROM organization"), portal.query("SELECT count(*) FROM membership")
        for route in routes():
            for name in world.roles:
                for kind in ("session", "write", "read") if name != "nobody" else ("nothing",):
                    cell(world, route, name, kind)
        ok(before == (portal.query("SELECT count(*) FROM organization"), portal.query("SELECT count(*) FROM membership")),
           "row 37: and nothing was made or removed by any of it")
        for path in sorted({path for _, _, path, _, _ in routes()}):
            target = re.sub(r"\{\w+\}", "1", path)
            known = {method for _, method, other, _, _ in routes() if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", other), target)}
            statuses = {method: portal.http(method, target, token=world.token("staff", "session")).status for method in
                        ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "MOVE") if
                        method not in known}
            ok(set(statuses.values()) <= {400, 405}, f"row 46: {path} has no other method", statuses)


def row_65():
    """Things of others by their ids."""
    with Portal() as portal:
        world = World(portal)
        token, victim = world.token("administrator", "session"), world.token("viewer", "read")
        number = portal.query("SELECT max(id) FROM api_token")[0][0]
        answer = portal.ask("DELETE", f"/api/tokens/{number}", token=token)
        ok(answer.status == 404 and portal.ask("GET", "/api/session", token=victim).status == 200,
           "row 65: another person's API token is not there", answer)
        for row in portal.ask("GET", "/api/tokens", token=world.token("staff", "session")).json["items"]:
            ok(row["id"] != number, "row 65: and is not in the list of anybody else")
        key = secrets.token_hex(8)
        mine = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "Mine"}, token=world.staff, key=key)
        other = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "Mine"},
                           token=world.token("staff", "session"), key=key)
        ok(mine.status == other.status == 201 and mine.json["id"] != other.json["id"],
           "R6.9 another person's key tells nothing of what was made under it", other)
        removed = portal.ask("DELETE", f"/api/organizations/{world.ours}/people/{world.people['administrator']}", token=world.staff)
        answer = portal.ask("GET", f"/api/organizations/{world.ours}", token=token)
        ok(removed.status == 204 and answer.status == 404, "row 65: who has left is a stranger with the same token", answer)


def row_39():
    with Portal() as portal:
        granted = []
        for email in ("admin@localhost", "root@localhost", "admin@acme.example", "licet@licet"):
            for password in ("admin", "password", "licet", "changeme", "123456"):
                answer = portal.sign_in(email, password)
                granted += [(email, password)] if answer.status not in (400, 401, 429) else []
        for token in ("", "admin", "licet_", "licet_" + "A" * 43):
            for target in ("/api/setup", "/api/invitation"):
                answer = portal.ask("POST", target, {"token": token, "organization": "E", "email": "e@e.example", "name": "E",
                                                     "password": PASSWORD} if target == "/api/setup" else
                                    {"token": token, "password": PASSWORD})
                granted += [(target, token)] if answer.status not in (400, 401) else []
        ok(not granted and portal.query("SELECT count(*) FROM person") == [(0,)],
           "row 39: no account and no word opens a fresh portal", granted)
        strings = subprocess.run(["strings", "-n", "6", PORTAL], check=False, capture_output=True, text=True)
        bad = [line for line in strings.stdout.split("\n") if re.search(r"\$argon2id?\$v|licet_[A-Za-z0-9_-]{43}", line)]
        ok(not bad, "row 39: no password's hash and no token lies in the program", bad)


def naughty():
    with open(os.path.join(harness.ROOT, "tests", "data", "naughty-strings", "blns.json"), encoding="utf-8") as file:
        return json.load(file)


INJECTIONS = ["' OR '1'='1", "1; DROP TABLE person; --", "\" OR \"\"=\"", "') UNION SELECT password_hash FROM person --",
              "1' AND sleep(9)--", "$1", "?", "%s%n%x", "${jndi:ldap://127.0.0.1/}", "\\'; SELECT pg_sleep(9); --", "0x31", "1e1", "١"]


def row_48():
    """Every naughty string as a name: taken and given back as it is, or refused."""
    with Portal() as portal:
        staff, bad, taken = portal.setup(), [], 0
        for text in naughty() + INJECTIONS + ["x" * 320, "x" * 321, "ä" * 160, "\u202e" * 10]:
            answer = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": text}, token=staff)
            if answer.status == 201:
                taken += 1
                again = portal.ask("GET", answer.headers["location"], token=staff)
                bad += [] if again.json["name"] == answer.json["name"] == text else [(text, again.text)]
            elif answer.status != 400:
                bad += [(text, str(answer))]
        ok(not bad and taken > 400, "rows 48, 57: a name comes back as it went in, or is refused with its cause", bad[:5])
        for text in INJECTIONS + naughty()[:60]:
            word = harness.quote(text.encode().hex()) if "\x00" in text else "".join(f"%{byte:02x}" for byte in text.encode())
            targets = [f"/api/organizations/{word}", f"/api/organizations?after={word}", f"/api/organizations?limit={word}",
                       f"/api/organizations/1/people/{word}"]
            for target in targets if text and not re.fullmatch("[0-9]+", text) else []:
                answer = portal.ask("DELETE" if target.endswith("people/" + word) else "GET", target, token=staff)
                bad += [] if 400 <= answer.status < 500 else [(target, str(answer))]
            answer = portal.sign_in(text, text)
            bad += [] if answer.status in (400, 401, 429) else [(text, str(answer))]
        ok(not bad, "rows 48, 57: an id that is none is not there", bad[:5])
        ok(portal.query("SELECT count(*) FROM person") == [(1,)] and not re.search(r"\bact\.failed\b", portal.log()),
           "row 57: and the tables are as they were", portal.log()[-1500:])


TRAVERSALS = ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%252f..%252fetc/passwd", "/etc/passwd",
              "..\\..\\etc\\passwd", "%c0%ae%c0%ae/etc/passwd", "file:///etc/passwd", "....//....//etc/passwd", "..;/..;/etc/passwd",
              "%00/etc/passwd", "portal.db", "./portal.db", "portal.db-wal", "~root/.bashrc", "%2e", "."]


def row_44():
    with Portal() as portal:
        staff, bad = portal.setup(), []
        for word in TRAVERSALS:
            for target in (f"/{word}", f"/health/{word}", f"/api/{word}", f"/api/organizations/{word}", f"/api/tokens/{word}",
                           f"/api/organizations/1/people/{word}", f"/api/people/{word}/invitation", f"/api/session?file={word}"):
                for method in ("GET", "POST", "DELETE"):
                    if (method, target.partition("?")[0]) in (("GET", "/api/session"), ("DELETE", "/api/session")):
                        continue
                    answer = portal.http(method, target, token=staff)
                    bad += [(method, target, str(answer))] if answer.status < 400 or answer.status >= 500 or \
                        "root:" in answer.text or "SQLite" in answer.text else []
        ok(not bad, "row 44: no parameter reaches a file", bad[:5])


def row_50():
    with Portal() as portal:
        staff, bad = portal.setup(), []
        for inject in ("%0d%0aSet-Cookie:%20a=b", "%0aX-Injected:1", "%0d%0a%0d%0abody", "%e5%98%8a%e5%98%8dX-Injected:1"):
            for target in (f"/{inject}", f"/api/organizations/{inject}", f"/api/organizations?after={inject}"):
                raw = portal.raw_http(request_bytes("GET", target, headers=[("Authorization", f"Bearer {staff}")]))
                head = raw.partition(b"\r\n\r\n")[0].lower()
                bad += [(target, raw)] if b"\nset-cookie" in head or b"\nx-injected" in head or raw.count(b"HTTP/1.1 ") > 1 else []
        ok(not bad, "row 50: nothing of a request becomes a header of the answer", bad[:3])
        for text in ("a\r\n2026-11-24T00:00:00Z info fake=line", "a\x1b[31m", "a\nb", "a\x7f", "a\u0085b", "a\u009b31m"):
            for body in ({"kind": "customer", "name": text}, {"kind": text, "name": "x"}, {text: "x"}):
                answer = portal.ask("POST", "/api/organizations", body, token=staff, key=f"k{secrets.token_hex(4)}")
                bad += [] if answer.status == 400 and not re.search("[\x00-\x1f\x7f-\x9f]", answer.json["detail"]) else [
                    (body, str(answer))]
            portal.sign_in(text + "@x.example", text)
        ok(not bad, "row 50: a control character is refused, and not repeated", bad[:3])
        ok("fake" not in portal.log() and "\x1b" not in portal.log(), "row 50: nor in the log", portal.log()[-1500:])


def row_51():
    with Portal() as portal:
        staff = portal.setup()
        portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "<script>alert(1)</script>"}, token=staff)
        for target in ("/health", "/api/session", "/api/organizations", "/nothing", "/%3Cscript%3Ealert(1)%3C/script%3E"):
            headers = portal.ask("GET", target, token=staff).headers
            ok(headers.get("x-content-type-options") == "nosniff" and "json" in headers["content-type"] and
               "default-src 'none'" in headers.get("content-security-policy", "") and headers["cache-control"] == "no-store",
               f"row 51: {target} is nothing that a browser would run or keep", headers)
        for value in ("cross-site", "same-site", "CROSS-SITE", "cross-site, same-origin", "whatever"):
            answer = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "x"}, token=staff,
                                headers=[("Sec-Fetch-Site", value)])
            ok(answer.status == 403, f"row 52: Sec-Fetch-Site: {value} is refused", answer)
        for value in ("https://evil.example", "null", "file://", f"http://127.0.0.1.evil.example:{portal.address[1]}"):
            answer = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "x"}, token=staff,
                                headers=[("Origin", value)])
            ok(answer.status == 403 and "access-control-allow-origin" not in answer.headers, f"row 52: Origin {value} is refused")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
                     "text/plain; application/json", "application/jsonx"):
            answer = portal.http("POST", "/api/organizations", '{"kind": "customer", "name": "x"}',
                                 [("Content-Type", kind), ("Idempotency-Key", "k")], token=staff)
            ok(answer.status == 400, f"row 52: what a form can send is no JSON: {kind or 'nothing'}", answer)
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.", "", "0.0.0.0", "localhost:80:80", "[::1"):
            status = portal.http("GET", "/health", headers=[("Host", host)]).status
            ok(400 <= status < 500, f"row 53: Host: {host or 'nothing'} is refused", status)
        ok(portal.query("SELECT count(*) FROM organization WHERE name = 'x'") == [(0,)], "row 52: and nothing came of any of it")


def row_54():
    with Portal() as portal:
        answers = {}
        for act, method, path, _, size in routes():
            target = re.sub(r"\{\w+\}", "1", path)
            answers[act] = portal.ask(method, target, {"token": "x", "password": "y" * 12} if size else None)
        answers["nothing"] = portal.ask("GET", "/nothing")
        folder = os.path.dirname(portal.database.removeprefix("sqlite:"))
        bad = {act: str(answer) for act, answer in answers.items() if folder in answer.text or "server" in answer.headers or
               str(portal.pid) in re.findall(r"\d+", answer.text) or
               re.search(r"libmicrohttpd|sqlite|postgres|/usr/|\.c:\d|0\.1\.0", answer.text, re.IGNORECASE)}
        ok(not bad, "row 54: no version, path, process number or library is told to a stranger", bad)
        portal.setup()
        portal.query("ALTER TABLE organization RENAME TO elsewhere")
        token = portal.sign_in().json["token"]
        answer = portal.ask("GET", "/api/organizations", token=token)
        ok(answer.status >= 500 and "organization" not in answer.text.lower() and answer.headers["x-request-id"] in answer.text,
           "row 54: a fault of ours is told by its number alone", answer)
        ok(f"request={answer.headers['x-request-id']}" in portal.log() and "no such table" in portal.log(),
           "row 54: under which the log has the cause", portal.log()[-800:])


def row_55():
    with Portal("--workers", "2") as portal:
        staff, bad = portal.setup(), []
        bodies = [b"\x00", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe{\x00}\x00", b"{}" * 1000, b"[" * 4000, b'{"name":' * 500,
                  b'{"name":"a","name":"b","kind":"customer"}', b'{"name":"a\\u0000b","kind":"customer"}',
                  b'{"name":"\xc3\x28","kind":"customer"}', b'{"name":"\\ud800","kind":"customer"}', b'{"name":{},"kind":[]}',
                  b'{"name":' + b"[" * 1500 + b"]" * 1500 + b"}", b'{"name":1e999,"kind":"customer"}', b"name=x&kind=customer"]
        folder = os.path.join(harness.ROOT, "tests", "data", "json-test-suite", "test_parsing")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                bodies.append(file.read())
        for body in bodies:
            answer = portal.ask("POST", "/api/organizations", body, token=staff)
            bad += [] if answer.status == (400 if len(body) <= 16384 else 413) else [(body[:60], str(answer))]
        ok(not bad and len(bodies) > 318, "rows 30, 55: what is no such object is refused with its cause", bad[:5])
        for act, method, path, _, size in routes():
            if size == 0:
                continue
            answer = portal.http(method, re.sub(r"\{\w+\}", "1", path), b"x" * (size + 1),
                                 [("Content-Type", "application/json"), ("Idempotency-Key", "k")], token=staff)
            ok(answer.status == 413, f"row 55: {act} takes no more than {size} bytes", answer)
        before = portal.memory_kib()
        for head in (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                     b"GET /" + b"a" * 200000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + b";" * 30000 + b"\r\n\r\n",
                     b"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + b"__Host-licet=;" * 1500 + b"\r\n\r\n",
                     b"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + b"a" * 20000 + b"\r\n\r\n",
                     b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
                     (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 300):
            portal.raw_http(head, timeout=1)
        ok(portal.ask("GET", "/health").status == 200 and portal.memory_kib() - before < 32 * 1024,
           "row 55: large heads and endless bodies leave it serving, and no larger", portal.memory_kib() - before)


def row_61():
    with Portal() as portal:
        smuggling.row_61(portal, b"/api/session", b"/health")


def row_3():
    with Portal() as portal:
        for task in os.listdir(f"/proc/{portal.pid}/task"):
            with open(f"/proc/{portal.pid}/task/{task}/status", encoding="ascii") as file:
                status = file.read()
            ok(re.search(r"Seccomp:\s+2", status) and re.search(r"NoNewPrivs:\s+1", status),
               "row 3: each thread of the portal is under the filter and gains no privileges", status)


harness.run(row_3, row_37, row_39, row_44, row_48, row_50, row_51, row_54, row_55, row_61, row_65)
