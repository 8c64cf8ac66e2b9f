#!/usr/bin/python3
"""Seats at licet-portal, as customers and staff see them over HTTP: entitlements and their license codes, license servers,
generations and their files, made by a real licet-signer. In SQLite, and in PostgreSQL."""
import time

import harness
import openapi
from harness import ok
from portal import Portal
from signing import Signer

# Their check letters fit (src/license/code.h). Nobody has the second one.
CODE, NOBODYS = "00000-00000-00000-00000-00000", "11111-11111-11111-11111-11A26"


def sell(portal, customer, seats=500):
    """What a fulfilled order of one line leaves behind: entitlement 1, with all of its seats available."""
    for sql in ("INSERT INTO program (name) VALUES ('Easy')",
                f"INSERT INTO agreement (program_id, customer_id, number, state, created) VALUES (1, {customer}, 'R-1', 'active', 1)",
                "INSERT INTO product (name, is_bound_by_name, is_whole_only) VALUES ('Cad', 0, 0)",
                "INSERT INTO edition (product_id, feature, name, rank, overdraft_percent, ttl_s, drain_s, grace_s, borrow_s)"
                " VALUES (1, 'cad', 'Pro', 1, 0, 300, 86400, 0, 0)",
                "INSERT INTO orders (number, partner_id, customer_id, agreement_id, po_number, contact, state, created, changed)"
                f" VALUES ('O-7K2M9', 1, {customer}, 1, 'PO', 'a@b.example', 'fulfilled', 1, 1)",
                f"INSERT INTO order_line (order_id, edition_id, seats, maintenance, expiry) VALUES (1, 1, {seats}, 'none', 'permanent')",
                "INSERT INTO entitlement (order_line_id, customer_id, edition_id, sn, code, maintenance, expiry, state, created)"
                f" VALUES (1, {customer}, 1, 'LA-7K2M9-1', '{CODE}', 'none', 'permanent', 'issued', 1)",
                f"INSERT INTO account (entitlement_id, kind, server_id, seats) VALUES (1, 'OWNED', 0, {seats}),"
                f" (1, 'AVAILABLE', 0, {seats})",
                "INSERT INTO ledger (entitlement_id, from_kind, from_server, to_kind, to_server, seats, act, at)"
                f" VALUES (1, 'OWNED', 0, 'AVAILABLE', 0, {seats}, 'fulfil', 1)"):
        portal.query(sql)


def give(portal, server, generation, seats, key=None):
    """A license server whose newest generation has these seats; the issuing thread finds it."""
    word = f"'{key}'" if key else "NULL"
    for sql in (f"INSERT INTO server (number, customer_id, name, short_name, public_key, generation, created)"
                f" VALUES ('S-0000{server}', 2, 'lic0{server}', 'lic0{server}', {word}, {generation}, 1)",
                f"UPDATE account SET seats = seats - {seats} WHERE entitlement_id = 1 AND kind = 'AVAILABLE'",
                f"INSERT INTO account (entitlement_id, kind, server_id, seats) VALUES (1, 'ALLOCATED', {server}, {seats})",
                "INSERT INTO ledger (entitlement_id, from_kind, from_server, to_kind, to_server, seats, act, at)"
                f" VALUES (1, 'AVAILABLE', 0, 'ALLOCATED', {server}, {seats}, 'allocate', 1)",
                "INSERT INTO issue (server_id, generation, serial, state, act, created, problem)"
                f" VALUES ({server}, {generation}, 'L-{server}', 'intent', 'allocate', 1, 'it has no lines yet')",
                f"INSERT INTO issue_line (issue_id, entitlement_id, seats) VALUES ({server}, 1, {seats})",
                f"UPDATE issue SET problem = NULL WHERE id = {server}"):
        portal.query(sql)


def walk_activation(portal, staff, people):
    def activate(who, code, **options):
        return portal.ask("POST", "/api/entitlements/activate", {"code": code}, token=people[who], **options)

    answers = [activate("stranger", CODE), activate("administrator", NOBODYS)]
    ok({answer.status for answer in answers} == {404} and len({answer.text for answer in answers}) == 1,
       "R6.10 a code that nobody has and another customer's are answered alike", [str(answer) for answer in answers])
    ok(activate("administrator", CODE[:-1] + "1").status == 400, "R6.10 a mistyped one is noticed")
    ok(activate("viewer", CODE).status == 403, "a viewer redeems nothing")
    first, again = (activate("administrator", CODE.replace("-", " ").replace("0", "o"), key="k") for _ in range(2))
    ok(first.status == 200 and first.json["state"] == "activated" and first.json["seats"]["available"] == 500 and
       first.text == again.text, "R6.9, R6.10 a license administrator redeems it as he types it, once", first)
    statuses = [activate("stranger", NOBODYS).status for _ in range(4)]
    portal.query("UPDATE sign_in_failure SET last = last + 3600")  # the first wait is over in a second
    answer = activate("stranger", CODE)
    ok(statuses == [404] * 4 and answer.status == 429 and int(answer.headers["retry-after"]) > 0,
       "R6.10 after five wrong ones the next has to wait", (statuses, str(answer)))
    ok(activate("administrator", CODE).status == 200, "and nobody else has")
    ok(portal.ask("GET", "/api/entitlements/1", token=staff).json["code"] is None, "R6.10 staff is not told the code")


def walk_entitlements(portal, people):
    page = portal.ask("GET", "/api/organizations/2/entitlements", token=people["administrator"]).json
    seats = page["items"][0]["seats"]
    ok(seats["owned"] == 500 and seats["available"] == 485 and seats["allocated"] == 15 and page["items"][0]["code"] == CODE and
       page["next"] is None, "R6.1 OWNED is what the accounts add up to", page)
    page = portal.ask("GET", "/api/organizations/2/entitlements", token=people["viewer"]).json
    ok(page["items"][0]["code"] is None, "R6.10 a viewer is not told the code", page)
    whole = portal.ask("GET", "/api/entitlements/1?limit=1", token=people["viewer"]).json["servers"]
    rest = portal.ask("GET", f"/api/entitlements/1?after={whole['next']}", token=people["viewer"]).json["servers"]
    rows = [(row["number"], row["allocated"], row["return_pending"]) for row in whole["items"] + rest["items"]]
    ok(rows == [("S-00001", 10, 0), ("S-00002", 5, 0)] and rest["next"] is None, "its seats are shown by server, in pages", rows)


def walk_servers(portal, people):
    me = people["administrator"]
    end = time.monotonic() + harness.WAIT_SECONDS
    while portal.ask("GET", "/api/issues/1", token=me).json["state"] != "released" and time.monotonic() < end:
        time.sleep(0.05)
    shown = portal.ask("GET", "/api/servers/1", token=me).json
    ok(shown["server"]["key"].startswith("SHA256:") and shown["issue"]["state"] == "released" and
       shown["issue"]["waits_for"] is None and shown["issue"]["lines"] == [{"entitlement": 1, "seats": 10}] and
       shown["receipt"] is None, "R6.8 a server is shown with its newest generation", shown)
    portal.query("INSERT INTO receipt (server_id, generation, epoch, counter, hash, text, received)"
                 " VALUES (1, 1, 1, 7, 'h', ?, 9)", b"RECEIPT")
    portal.query("INSERT INTO receipt_line (receipt_id, entitlement_id, seats, overhang, until) VALUES (1, 1, 10, 2, 60)")
    portal.query("UPDATE server SET receipt_id = 1 WHERE id = 1")
    receipt = portal.ask("GET", "/api/servers/1", token=me).json["receipt"]
    ok(receipt["counter"] == 7 and receipt["lines"] == [{"entitlement": 1, "sn": "LA-7K2M9-1", "seats": 10, "overhang": 2,
                                                         "until": "1970-01-01T00:01:00Z"}], "R5.1 and what its receipt said", receipt)
    portal.query("UPDATE server SET receipt_id = NULL WHERE id = 1")
    portal.query("DELETE FROM receipt_line")
    portal.query("DELETE FROM receipt")
    held = portal.ask("GET", "/api/servers/2", token=me).json
    ok(held["server"]["key"] is None and held["issue"]["state"] == "intent" and held["issue"]["waits_for"] == "key",
       "R3.2 a name reserves: the file waits for the key", held)
    servers = portal.ask("GET", "/api/organizations/2/servers?limit=1", token=me).json
    ok([row["id"] for row in servers["items"]] == [2] and servers["next"] == 2, "the newest is the first", servers)
    issues = portal.ask("GET", "/api/servers/1/issues", token=me).json
    ok([row["generation"] for row in issues["items"]] == [1] and
       portal.ask("GET", "/api/servers/1/issues?before=1", token=me).json["items"] == [], "and so with generations", issues)
    file = portal.ask("GET", "/api/issues/1/file", token=me)
    ok(file.headers["content-disposition"] == 'attachment; filename="S-00001-generation-1.lic"' and
       "INCREMENT cad sn=LA-7K2M9-1 seats=10" in file.text and "BEGIN SSH SIGNATURE" in file.text, "R6.8 and its file comes down", file)
    answer = portal.ask("GET", "/api/issues/2/file", token=me)
    ok(answer.status == 404 and "no license file yet" in answer.json["detail"], "which is not there before it is released", answer)
    ok(portal.ask("GET", "/api/issues/1/file", token=people["viewer"]).status == 403, "R3.4 the file is for administrators")


def walk_decisions(portal, staff, people, key):
    """The signer's cap is 12 seats a line."""
    for server, act, state in ((3, "override", "released"), (4, "void", "voided")):
        other = "B" if key[-1 - server] == "A" else "A"
        give(portal, server, 1, 20, key=key[:-1 - server] + other + key[-server:])
        end = time.monotonic() + harness.WAIT_SECONDS
        shown = {}
        while shown.get("waits_for") != "staff" and time.monotonic() < end:
            shown = portal.ask("GET", f"/api/issues/{server}", token=people["viewer"]).json
            time.sleep(0.05)
        ok(shown["waits_for"] == "staff" and "20" in shown["problem"], "R6.8 what the signer refuses waits, visible, for staff", shown)
        call = ("POST", f"/api/issues/{server}/{act}", {"reason": "a large customer"})
        ok(portal.ask(*call, token=people["administrator"]).status == 403, "a customer decides nothing")
        first, again = (portal.ask(*call, token=staff, key=f"k{server}") for _ in range(2))
        ok(first.status == 200 and first.json["state"] == state and first.text == again.text, f"R6.8, R6.9 staff does: {act}", first)
        ok(portal.ask(*call, token=staff).status == 409, "and once")
    answer = portal.ask("POST", "/api/issues/999999/void", {"reason": "r"}, token=staff)
    ok(answer.status == 404, "of what is not there nothing is decided", answer)


def walk_strangers(portal, people):
    for target in ("/api/entitlements/%d", "/api/servers/%d", "/api/servers/%d/issues", "/api/issues/%d", "/api/issues/%d/file"):
        answers = [portal.ask("GET", target % number, token=people["stranger"]) for number in (1, 999999)]
        ok({answer.status for answer in answers} == {404} and len({answer.text for answer in answers}) == 1,
           f"row 65: to a stranger another's is not there, in the same words: {target}", [str(answer) for answer in answers])
    for target in ("entitlements", "servers"):
        ok(portal.ask("GET", f"/api/organizations/2/{target}", token=people["stranger"]).status == 404, f"row 65: nor its {target}")


def test_walk():
    with Signer("--seats-a-line", "12", client=harness.USER.pw_name) as signer, open(signer.vendor.root, encoding="ascii") as root, \
            Portal("--vendor", "acme", "--root", signer.vendor.root, "--signer", signer.path) as portal:
        staff = portal.setup()
        ours, theirs = (portal.organization(staff, "customer", name) for name in ("Ours", "Theirs"))
        people = {name: portal.member(staff, organization, f"{name}@c.example", role)[1] for name, organization, role in
                  (("administrator", ours, "administrator"), ("viewer", ours, "viewer"), ("stranger", theirs, "administrator"))}
        sell(portal, ours)
        walk_activation(portal, staff, people)
        key = " ".join(root.read().split()[:2])
        give(portal, 1, 1, 10, key=key)
        give(portal, 2, 1, 5)
        walk_entitlements(portal, people)
        walk_servers(portal, people)
        walk_decisions(portal, staff, people, key)
        walk_strangers(portal, people)
    left = openapi.unanswered("seats")
    ok(not left, "every success that openapi.json describes of seats was answered", left)


harness.run(test_walk)
