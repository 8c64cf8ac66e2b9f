#!/usr/bin/python3
"""Who may come into licet-portal, and how: setup, sign-in, sign-out, passwords, acting once."""
import concurrent.futures
import os
import time

import harness
from harness import PASSWORD, licet, ok
from portal import STAFF, Portal, portal_run

OTHER = "another battery horse"
COOKIE = "__Host-licet="


def test_setup():
    with Portal() as portal:
        body = {"token": "licet_" + "A" * 43, "organization": "Acme", "email": STAFF, "name": "Anna", "password": PASSWORD}
        ok(portal.ask("POST", "/api/setup", body).status == 401, "row 40: nobody sets the portal up without its token")
        first = portal.init()
        body["token"] = portal.init()
        answer = portal.ask("POST", "/api/setup", {**body, "token": first})
        ok(answer.status == 401, "row 40: a new one-time token replaces the one before", answer)
        answer = portal.ask("POST", "/api/setup", {**body, "password": "short"})
        ok(answer.status == 400 and "12" in answer.json["detail"], "row 41: a short password is refused", answer)
        ok(portal.ask("POST", "/api/setup", {**body, "colour": "blue"}).status == 400, "a member that is not understood is refused")
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda _: portal.ask("POST", "/api/setup", body), range(6)))
        good = [answer for answer in answers if answer.status == 200]
        ok(len(good) == 1 and {answer.status for answer in answers} == {200, 401},
           "row 40: of six at once with the one-time token one is taken", [str(answer) for answer in answers])
        token = good[0].json["token"]
        who = portal.ask("GET", "/api/session", token=token).json
        ok(who["person"]["email"] == STAFF and [(entry["kind"], entry["name"], entry["role"]) for entry in who["memberships"]] ==
           [("vendor", "Acme", "staff")], "she is staff of the vendor", who)
        run = portal_run("init", "--database", portal.database)
        ok(run.returncode == 25 and "set up" in run.stderr, "there is no second setup", run)
        ok(token not in portal.log() and PASSWORD not in portal.log() and "person=1" not in token,
           "row 60: neither token nor password is in the log", portal.log())
        with open(portal.database.removeprefix("sqlite:"), "rb") as file, \
                open(portal.database.removeprefix("sqlite:") + "-wal", "rb") as log:
            stored = file.read() + log.read()
        ok(token.encode() not in stored and PASSWORD.encode() not in stored and b"$argon2id$" in stored,
           "row 42: of tokens and passwords the database has hashes")


def test_sign_in():
    with Portal() as portal:
        portal.setup()
        answer = portal.sign_in()
        ok(answer.status == 200 and answer.json["token"].startswith("licet_") and len(answer.json["token"]) == 49,
           "R11 a password is given for a token", answer)
        token = answer.json["token"]
        ok(portal.sign_in("ANNA@Acme.Example").status == 200, "an address is the same in capital letters")
        ok(portal.ask("GET", "/api/session", token=token).status == 200, "the token says who asks")
        for bad in ("licet_" + "B" * 43, token[:-1], "x", "licet_"):
            answer = portal.ask("GET", "/api/session", token=bad)
            ok(answer.status == 401 and answer.json["code"] == "NOAUTH", "row 42: a token that was not given says nothing", answer)
        ok(portal.ask("GET", "/api/session").status == 401, "without one nobody is signed in")
        ok(portal.ask("GET", f"/api/session?token={token}").status == 401, "row 42: a token counts in its header alone")
        answer = portal.ask("DELETE", "/api/session", token=token)
        ok(answer.status == 204, "signing out", answer)
        ok(portal.ask("GET", "/api/session", token=token).status == 401, "row 64: ends the session")


def test_cookie():
    with Portal() as portal:
        portal.setup()
        answer = portal.ask("POST", "/api/session", {"email": STAFF, "password": PASSWORD, "cookie": True})
        cookie = answer.headers.get("set-cookie", "")
        ok(answer.status == 200 and answer.json["token"] is None and cookie.startswith(COOKIE + "licet_"),
           "a browser's session is in a cookie and nowhere else", answer.headers)
        ok(all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/")) and "Domain" not in cookie,
           "row 42: which no script and no other site can read or send", cookie)
        pair = cookie.split(";")[0]
        ok(portal.ask("GET", "/api/session", headers=[("Cookie", f"a=b; {pair}; c=d")]).status == 200, "it says who asks")
        secret = pair.removeprefix(COOKIE)
        ok(portal.ask("GET", "/api/session", token=secret).status == 401, "and is no token for a header")
        token = portal.sign_in().json["token"]
        ok(portal.ask("GET", "/api/session", headers=[("Cookie", COOKIE + token)]).status == 401, "nor is a token a cookie")
        again = portal.ask("POST", "/api/session", {"email": STAFF, "password": PASSWORD, "cookie": True},
                           headers=[("Cookie", pair)])
        ok(again.headers["set-cookie"].split(";")[0] != pair, "row 64: signing in makes another session", again.headers)
        for origin, expected in ((("Sec-Fetch-Site", "cross-site"), 403), (("Origin", "https://evil.example.com"), 403),
                                 (("Sec-Fetch-Site", "same-origin"), 204)):
            answer = portal.ask("DELETE", "/api/session", headers=[("Cookie", pair), origin])
            ok(answer.status == expected, f"row 52: a page of another origin does not act here: {origin}", answer)
        plain = portal.http("POST", "/api/session", f'{{"email": "{STAFF}", "password": "{PASSWORD}"}}',
                            [("Content-Type", "text/plain")])
        ok(plain.status == 400 and "application/json" in plain.json["detail"], "row 52: a form cannot be sent as JSON", plain)


def test_names():
    """Whether somebody has an address is not to be found out."""
    with Portal() as portal:
        portal.setup()
        answers = {}

        def told(email):
            answer = portal.sign_in(email, "a wrong password")
            headers = {key: value for key, value in answer.headers.items() if key not in ("date", "x-request-id", "retry-after")}
            return answer.status, headers, answer.json["code"]

        for email in (STAFF, "nobody@acme.example"):
            answers[email] = [told(email) for _ in range(5)]
        portal.query("UPDATE sign_in_failure SET last = last + 500")
        for email in answers:
            answers[email] += [told(email), told(email)]
        first, second = answers.values()
        ok(first == second, "row 43: a wrong password and an unknown address are answered alike", answers)
        ok([entry[0] for entry in first] == [401] * 5 + [429] * 2, "row 63: after five in a row there is a wait", first)
        answer = portal.sign_in()
        ok(answer.status == 429 and 1 <= int(answer.headers["retry-after"]) <= 900, "row 63: for the right one, too", answer)
        portal.query("UPDATE sign_in_failure SET last = last - 1500")
        ok(portal.sign_in().status == 200, "row 63: and it ends")
        ok(portal.sign_in(password="a wrong password").status == 401 and portal.sign_in().status == 200,
           "row 63: the right password clears the count")


def test_load():
    """40 sign in at once: none is hung, no more than two are hashed."""
    with Portal() as portal:
        token = portal.setup()
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            pending = [pool.submit(portal.sign_in) for _ in range(40)]
            ok(portal.ask("GET", "/api/session", token=token).status == 200, "row 63: others are answered meanwhile")
            statuses = [entry.result().status for entry in pending]
        ok(set(statuses) <= {200, 429, 503} and statuses.count(200) >= 2, "row 63: who cannot be heard is told to come again",
           statuses)
        ok(portal.memory_kib("VmHWM") < 400 * 1024, "row 63: and it costs no more memory than two hashes and the rest",
           portal.memory_kib("VmHWM"))


def test_password():
    with Portal() as portal:
        first, second = portal.setup(), portal.sign_in().json["token"]
        answer = portal.ask("POST", "/api/password", {"current": OTHER, "password": OTHER}, token=second)
        ok(answer.status == 401, "row 37: a session without the password changes none", answer)
        answers = [portal.ask("POST", "/api/password", {"current": PASSWORD, "password": OTHER}, token=second) for _ in range(2)]
        ok([answer.status for answer in answers] == [204, 204], "a password is changed, and asked again it is so already", answers)
        ok(portal.query("SELECT count(*) FROM idempotency") == [(0,)], "row 42: no hash that is quick to make keeps it")
        answer = portal.ask("POST", "/api/password", {"current": "neither the old", "password": "nor the new one"}, token=second)
        ok(answer.status == 401, "with neither it is refused", answer)
        ok(portal.sign_in().status == 401 and portal.sign_in(password=OTHER).status == 200, "and counts from then on")
        ok(portal.ask("GET", "/api/session", token=first).status == 401 and
           portal.ask("GET", "/api/session", token=second).status == 200, "row 64: other sessions of the person end")


def test_login():
    """licet login --portal signs in where --portal says."""
    home = harness.path_of("home")
    with Portal() as portal:
        token = harness.path_of("setup-token")
        with open(token, "w", encoding="ascii") as file:
            file.write(portal.init() + "\n")
        run = licet(portal, home, "login", "--portal", "http://%s:%d" % portal.address, "--first", token, text=f"{STAFF}\nAnna\nAcme\n{PASSWORD}\n")
        ok(run.returncode == 0 and "Anna is signed in until" in run.stdout, "licet login --first sets a portal up", run)

        def kept():
            with open(os.path.join(home, "licet", "portal"), encoding="ascii") as file:
                return file.read().split()[1]

        first = kept()
        who = portal.ask("GET", "/api/session", token=first)
        ok(who.json["person"]["email"] == STAFF and first not in run.stdout, "and keeps the token for later commands", who)
        run = licet(portal, home, "login", "--portal", "http://%s:%d" % portal.address, "--name", STAFF, text=PASSWORD + "\n")
        ok(run.returncode == 0 and kept() != first and portal.ask("GET", "/api/session", token=kept()).status == 200,
           "licet login gets another", run)
        run = licet(portal, home, "login", "--portal", "http://%s:%d" % portal.address, "--name", STAFF, text="not the password\n")
        ok(run.returncode == 5 and "password is wrong" in run.stderr, "a refusal is said in the portal's words", run)
        customer = portal.organization(first, "customer", "Customer")
        invited = portal.ask("POST", f"/api/organizations/{customer}/people",
                             {"email": "bert@c.example", "name": "Bert", "role": "viewer"}, token=first).json
        run = licet(portal, home, "login", "--portal", "http://%s:%d" % portal.address, "--invitation", "-", text=f"{invited['invitation']}\n{OTHER}\n")
        ok(run.returncode == 0 and "Bert is signed in" in run.stdout, "licet login --invitation comes in", run)
        for options in (("--role", "viewer"), ("--days", "3"), ("--first", token, "--invitation", token)):
            run = licet(portal, home, "login", "--portal", "http://%s:%d" % portal.address, "--name", STAFF, *options, text=PASSWORD + "\n")
            ok(run.returncode == 2, f"licet login {options[0]} makes no sense on a portal", run)
    with harness.Server(harness.Vendor()) as server:
        run = licet(server, home, "login", "--invitation", "-", text="x\n")
        ok(run.returncode == 2 and "invitations" in run.stderr, "nor an invitation on a license server", run)


def test_ends():
    """Sessions end by time."""
    with Portal() as portal:
        token = portal.setup()
        cookie = portal.ask("POST", "/api/session", {"email": STAFF, "password": PASSWORD, "cookie": True}).headers[
            "set-cookie"].split(";")[0]
        headers = [("Cookie", cookie)]
        portal.query("UPDATE session SET used = used - 1000")
        ok(portal.ask("GET", "/api/session", headers=headers).status == 200, "a cookie that is used within half an hour goes on")
        used = portal.query("SELECT max(used) - max(created) FROM session WHERE kind = 'cookie'")[0][0]
        portal.query("UPDATE session SET used = used - 1801")
        ok(used >= 0, "and its use is written", used)
        ok(portal.ask("GET", "/api/session", headers=headers).status == 401, "left alone it ends")
        ok(portal.ask("GET", "/api/session", token=token).status == 200, "a program's token does not")
        portal.query("UPDATE session SET ends = created")
        ok(portal.ask("GET", "/api/session", token=token).status == 401, "but for all there is an end")
        portal.stop()
        portal.start()
        portal.sign_in()
        end = time.monotonic() + harness.WAIT_SECONDS
        while portal.query("SELECT count(*) FROM session") != [(1,)] and time.monotonic() < end:
            time.sleep(0.02)
        ok(portal.query("SELECT count(*) FROM session") == [(1,)], "and what has ended is swept away")


def test_addresses():
    """R11: on a plain wire nobody signs in."""
    address = harness.own_address()
    if address is None:
        harness.skip("R11 on a plain wire nobody signs in", "this machine has no other address")
        return
    portal = Portal("--host", address)
    portal.listen = address + ":0"
    with portal:
        answer = portal.sign_in()
        ok(answer.status == 403 and "TLS" in answer.json["detail"], "R11 on a plain wire nobody signs in", answer)
        answer = portal.ask("GET", "/api/session", token="licet_" + "A" * 43)
        ok(answer.status == 403, "R11 and no token is looked at", answer)
        ok(portal.ask("GET", "/health").status == 200, "though it says that it is well")


harness.run(test_setup, test_sign_in, test_cookie, test_names, test_load, test_password, test_login, test_ends,
            test_addresses)
