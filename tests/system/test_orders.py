#!/usr/bin/python3
"""licet-portal: what is sold, agreements, and orders. Every answer is held against openapi.json."""
import json
import os
import re

import harness
from harness import ok
from ordering import agreement, catalog, order_form, step
from portal import Portal


class World:
    """Two customers, a partner, and people at them."""

    def __init__(self, portal):
        self.portal, self.staff = portal, portal.setup()
        self.customer, self.other = (portal.organization(self.staff, "customer", name) for name in ("Customer", "Other"))
        self.partner = portal.organization(self.staff, "partner", "Reseller")
        self.administrator, self.viewer, self.stranger, self.seller = (
            portal.member(self.staff, organization, f"{role}@{organization}.example", role)[1] for organization, role in
            ((self.customer, "administrator"), (self.customer, "viewer"), (self.other, "administrator"), (self.partner, "partner")))


def refusals(portal, token, target, good, bad):
    """Each change of a good body is refused with its cause: [(change, status)]."""
    for change, status in bad:
        answer = portal.ask("POST", target, {**good, **change}, token=token)
        ok(answer.status == status and not re.search("[\x00-\x1f\x7f]", answer.json["detail"]),
           f"{target} refuses {str(change)[:60]!r}", answer)


def walk_products(world):
    portal, staff = world.portal, world.staff
    answer = portal.ask("POST", "/api/products", {"name": "Nibbler & Söhne", "is_whole_only": True}, token=staff)
    product = answer.json["id"]
    ok(answer.status == 201 and answer.json == {"id": product, "name": "Nibbler & Söhne", "is_bound_by_name": False,
                                                "is_whole_only": True}, "a product is made", answer)
    answer = portal.ask("POST", "/api/products", {"name": "Nibbler & Söhne"}, token=staff)
    ok(answer.status == 409, "once under a name", answer)
    refusals(portal, staff, "/api/products", {"name": "x"},
             [({"name": ""}, 400), ({"name": "a\nb"}, 400), ({"name": "x" * 161}, 400), ({"is_whole_only": 1}, 400),
              ({"price": 1}, 400), ({"is_bound_by_name": True}, 501)])
    for token in (world.administrator, world.viewer, world.seller):
        items = portal.ask("GET", "/api/products", token=token).json["items"]
        ok([row["id"] for row in items] == [product], "everybody who is signed in sees it", items)
    return product


def walk_editions(world, product):
    portal, staff, target = world.portal, world.staff, f"/api/products/{product}/editions"
    answer = portal.ask("POST", target, {"feature": "nib", "name": "Standard", "rank": 1}, token=staff)
    ok(answer.status == 201 and {name: answer.json[name] for name in ("ttl_s", "drain_s", "grace_s", "borrow_s", "overdraft_percent")}
       == {"ttl_s": 300, "drain_s": 86400, "grace_s": 0, "borrow_s": 0, "overdraft_percent": 0},
       "R1.4 an edition has the defaults of license files", answer)
    policy = {"overdraft_percent": 10, "ttl_s": 10, "drain_s": 0, "grace_s": 259200, "borrow_s": 315360000}
    answer = portal.ask("POST", target, {"feature": "nib_pro", "name": "Pro", "rank": 32, **policy}, token=staff)
    ok(answer.status == 201 and policy.items() <= answer.json.items(), "and may have a policy of its own", answer)
    refusals(portal, staff, target, {"feature": "nib_max", "name": "Max", "rank": 2},
             [({"feature": "nib"}, 409), ({"rank": 1}, 409), ({"feature": "1nib"}, 400), ({"feature": "a-b"}, 400), ({"rank": 0}, 400),
              ({"rank": 33}, 400), ({"rank": "2"}, 400), ({"ttl_s": 9}, 400), ({"ttl_s": 86401}, 400), ({"drain_s": 3601}, 400),
              ({"grace_s": 1800}, 400), ({"grace_s": -3600}, 400), ({"borrow_s": 315363600}, 400), ({"overdraft_percent": 101}, 400),
              ({"rank": 2 ** 64}, 400), ({"rank": 1.5}, 400)])
    items = portal.ask("GET", target, token=world.seller).json["items"]
    ok([row["feature"] for row in items] == ["nib", "nib_pro"], "they are listed, and no refused one is", items)


def walk_releases(world, product):
    portal, staff, target = world.portal, world.staff, f"/api/products/{product}/releases"
    for version, released in (("9.2", "2026-11-24"), ("9.1", "2025-02-28")):
        answer = portal.ask("POST", target, {"version": version, "released": released}, token=staff)
        ok(answer.status == 201 and answer.json["released"] == released, "a release is made", answer)
    refusals(portal, staff, target, {"version": "9.3", "released": "2026-11-24"},
             [({"version": "9.2"}, 409), ({"released": "2026-02-29"}, 400), ({"released": "yesterday\n"}, 400), ({"released": None}, 400)])
    page = portal.ask("GET", target + "?limit=1", token=world.viewer).json
    rest = portal.ask("GET", f"{target}?limit=1&after={page['next']}", token=world.viewer).json
    ok([row["version"] for row in page["items"] + rest["items"]] == ["9.2", "9.1"] and rest["next"] is None, "pages join", (page, rest))
    for word in ("editions", "releases"):
        body = {"feature": "f", "name": "n", "rank": 1} if word == "editions" else {"version": "1", "released": "2026-11-24"}
        for method, sent in (("GET", None), ("POST", body)):
            answer = portal.ask(method, f"/api/products/999/{word}", sent, token=staff)
            ok(answer.status == 404, f"{word} of no product are not there: {method}", answer)


def walk_agreements(world):
    portal, staff, target = world.portal, world.staff, f"/api/organizations/{world.customer}/agreements"
    program = portal.ask("POST", "/api/programs", {"name": "Easy"}, token=staff)
    ok(program.status == 201 and portal.ask("POST", "/api/programs", {"name": "Easy"}, token=staff).status == 409, "a program", program)
    ok(portal.ask("GET", "/api/programs", token=world.seller).json["items"] == [program.json], "everybody sees the programs")
    first = portal.ask("POST", target, {"program": program.json["id"]}, token=staff, key="a1")
    again = portal.ask("POST", target, {"program": program.json["id"]}, token=staff, key="a1")
    ok(first.status == again.status == 201 and first.json == again.json and first.json["state"] == "active" and
       re.fullmatch(r"R-\d{7}", first.json["number"]), "R6.9 an agreement has a number, and is made once", again)
    answer = portal.ask("POST", target, {"program": program.json["id"]}, token=staff)
    ok(answer.status == 409 and "one at a time" in answer.json["detail"], "a customer has one that is active", answer)
    refusals(portal, staff, f"/api/organizations/{world.partner}/agreements", {"program": program.json["id"]}, [({}, 400)])
    refusals(portal, staff, f"/api/organizations/{world.other}/agreements", {"program": 1},
             [({"program": 999}, 409), ({"program": 0}, 400), ({"program": "1"}, 400), ({"number": "R-1"}, 400)])
    ok(portal.ask("POST", "/api/organizations/999/agreements", {"program": 1}, token=staff).status == 404, "nobody has none")
    for token in (staff, world.administrator, world.viewer):
        items = portal.ask("GET", target, token=token).json["items"]
        ok(items == [first.json], "staff and the customer's people see it", items)
    answer = portal.ask("GET", target, token=world.stranger)
    ok(answer.status == 404 and answer.json["detail"] == "there is no such organisation", "row 65: a stranger does not", answer)
    end = f"/api/agreements/{first.json['id']}/end"
    ok(portal.ask("POST", end, token=world.administrator).status == 403, "the customer does not end it")
    ended, again = portal.ask("POST", end, token=staff, key="e1"), portal.ask("POST", end, token=staff, key="e1")
    ok(ended.status == again.status == 200 and ended.json["state"] == "ended" == again.json["state"], "R6.9 staff ends it, once", again)
    ok(portal.ask("POST", end, token=staff).status == 409 and portal.ask("POST", "/api/agreements/999/end", token=staff).status == 404,
       "and no other time, and no other")
    second = portal.ask("POST", target, {"program": program.json["id"]}, token=staff)
    items = portal.ask("GET", target, token=staff).json["items"]
    ok(second.status == 201 and [row["state"] for row in items] == ["ended", "active"], "then another one begins", items)


def naughty():
    with open(os.path.join(harness.ROOT, "tests", "data", "naughty-strings", "blns.json"), encoding="utf-8") as file:
        return json.load(file)


def test_catalog():
    with Portal() as portal:
        world = World(portal)
        product = walk_products(world)
        walk_editions(world, product)
        walk_releases(world, product)
        walk_agreements(world)


def test_naughty_names():
    with Portal() as portal:
        staff, bad, taken = portal.setup(), [], 0
        product, _ = catalog(portal, staff)
        for text in naughty():
            for target, body, name in (("/api/programs", {"name": text}, "name"), ("/api/products", {"name": text}, "name"),
                                       (f"/api/products/{product}/releases", {"version": text, "released": "2026-11-24"}, "version"),
                                       (f"/api/products/{product}/editions", {"feature": text, "name": text, "rank": 32}, "name")):
                answer = portal.ask("POST", target, body, token=staff)
                taken += answer.status == 201
                bad += [] if answer.status in (400, 409) or (answer.status == 201 and answer.json[name] == text) else [(body, answer)]
        ok(not bad and taken > 900, "rows 48, 57: a name comes back as it went in, or is refused with its cause", (taken, bad[:5]))
        number = agreement(portal, staff, portal.organization(staff, "customer", "C"))["number"]
        ok(portal.query("SELECT number FROM agreement") == [(number,)] and not re.search(r"\bact\.failed\b", portal.log()),
           "row 57: and the tables are as they were", portal.log()[-1500:])


def placed(world):
    """A form that is good, and an order that was placed with it."""
    _, editions = catalog(world.portal, world.staff)
    made = agreement(world.portal, world.staff, world.customer)
    form = order_form(world.partner, made["customer_number"], made["number"], editions)
    first = world.portal.ask("POST", "/api/orders", form, token=world.seller, key="o1")
    again = world.portal.ask("POST", "/api/orders", form, token=world.seller, key="o1")
    ok(first.status == again.status == 201 and first.json == again.json and first.json["state"] == "draft" and
       [line["seats"] for line in first.json["lines"]] == [10, 10], "R6.9 a partner places a draft, once", again)
    return form, first.json["id"]


def walk_placing(world, form):
    portal, line = world.portal, form["lines"][0]
    def of_line(**change):
        return {"lines": [{**line, **change}]}
    refusals(portal, world.seller, "/api/orders", form,
             [({"customer_number": "C-1"}, 400), ({"agreement_number": "R-1234567\x00"}, 400), ({"contact": "nobody"}, 400),
              ({"contact": "a@b.example\r\nBcc: c@d.example"}, 400), ({"po_number": ""}, 400), ({"po_number": "a\x1b"}, 400),
              ({"lines": []}, 400), ({"lines": [line] * 101}, 400), ({"lines": {"0": line}}, 400), ({"lines": [1]}, 400),
              (of_line(seats=0), 400), (of_line(seats=1000000001), 400), (of_line(seats=2 ** 32 + 1), 400), (of_line(edition="1"), 400),
              (of_line(edition=999), 404), (of_line(price=1), 400), (of_line(maintenance="never\n"), 400),
              (of_line(expiry="none"), 400), ({"state": "approved"}, 400), ({"partner": world.customer}, 404)])
    answer = portal.ask("POST", "/api/orders", {**form, **of_line(expiry="2025-01-01")}, token=world.seller)
    ok(answer.status == 400 and "would end on 2025-01-01, and today is" in answer.json["detail"],
       "nobody orders seats that have ended already", answer)
    answer = portal.ask("POST", "/api/orders", {**form, "partner": 1}, token=world.staff)
    ok(answer.status == 400, "the vendor does not place orders with itself", answer)
    answer = portal.ask("POST", "/api/orders", {**form, "partner": world.customer}, token=world.staff)
    ok(answer.status == 201, "staff places one for a customer that buys directly", answer)
    return answer.json["id"]


def walk_seeing(world, order, direct):
    portal = world.portal
    for token, seen in ((world.staff, [direct, order]), (world.seller, [order]), (world.administrator, [direct, order]),
                        (world.viewer, [direct, order]), (world.stranger, [])):
        items = portal.ask("GET", "/api/orders", token=token).json["items"]
        ok([row["id"] for row in items] == seen, "row 65: an order is seen by who placed it, its customer and staff", items)
        for query in (f"customer={world.customer}", f"partner={world.partner}", "po_number=PO-17"):
            items = portal.ask("GET", "/api/orders?" + query, token=token).json["items"]
            wanted = [number for number in seen if number == order or not query.startswith("partner")]
            ok([row["id"] for row in items] == wanted, f"row 65: and whatever is asked for no other: {query}", items)
        answer = portal.ask("GET", f"/api/orders/{order}", token=token)
        ok(answer.status == (200 if seen else 404), "row 65: one by its id", answer)
    page = portal.ask("GET", "/api/orders?limit=1", token=world.staff).json
    rest = portal.ask("GET", f"/api/orders?limit=1&before={page['next']}", token=world.staff).json
    ok([row["id"] for row in page["items"] + rest["items"]] == [direct, order] and rest["next"] is None, "pages join", rest)
    ok(portal.ask("GET", "/api/orders?po_number=PO-18", token=world.staff).json["items"] == [], "another purchase order has none")
    for act in ("submit", "cancel", "mail"):
        body = None if act == "mail" else {}
        for token, status in ((world.administrator, 403), (world.stranger, 403)):
            answer = portal.ask("POST", f"/api/orders/{order}/{act}", body, token=token)
            ok(answer.status == status, f"row 65: customers do not {act}", answer)
        answer = portal.ask("POST", f"/api/orders/{direct}/{act}", body, token=world.seller)
        ok(answer.status == 404 and answer.json["detail"] == "there is no such order", f"row 65: nor does another partner: {act}", answer)
    for act in ("hold", "resume", "approve", "reject", "fulfil"):
        ok(step(portal, world.seller, order, act).status == 403, f"row 65: a partner does not {act}")


def walk_steps(world, order, direct):
    portal, staff = world.portal, world.staff
    answer = portal.ask("POST", f"/api/orders/{order}/mail", token=world.seller)
    ok(answer.status == 409, "a draft has no confirmation", answer)
    ok(step(portal, staff, order, "approve").status == 409, "nor is it approved")
    ok(step(portal, world.seller, order, "submit").json["state"] == "submitted", "its partner submits it")
    answer = portal.ask("POST", f"/api/orders/{order}/hold", {}, token=staff)
    ok(answer.status == 400 and "reason" in answer.json["detail"], "a hold needs a reason", answer)
    answer = step(portal, staff, order, "hold")
    ok(answer.json["state"] == "on_hold" and answer.json["reason"] == "x", "which is told", answer)
    answer = step(portal, staff, order, "resume", "approve")
    ok(answer.json["state"] == "approved" and answer.json["reason"] is None, "until it goes on", answer)
    first, again = (portal.ask("POST", f"/api/orders/{order}/fulfil", {}, token=staff, key="f1") for _ in range(2))
    codes = [code for code, in portal.query("SELECT code FROM entitlement")]
    ok(first.status == again.status == 200 and first.json["state"] == "fulfilled" and len(codes) == 2,
       "R6.9 staff fulfils it, once: an entitlement of each line", again)
    ok([mail["state"] for mail in first.json["mails"]] == ["waiting"] and not any(code in first.text for code in codes),
       "its mail is shown, and no license code", first)
    mail = f"/api/orders/{order}/mail"
    ok(portal.ask("POST", mail, token=world.seller).status == 409, "a mail that waits is not doubled")
    portal.query("UPDATE outbox SET state = 'failed', problem = 'mx.vendor.example says no'")
    answer = portal.ask("POST", mail, token=world.seller)
    ok(answer.status == 200 and [row["state"] for row in answer.json["mails"]] == ["waiting", "failed"] and
       "mx.vendor" not in answer.text, "one that failed is sent again, and the partner learns no machine's name", answer)
    ok("mx.vendor" in portal.ask("GET", f"/api/orders/{order}", token=staff).text, "staff learns the cause")
    portal.query("UPDATE outbox SET problem = 'mx.vendor.example is down', attempts = 1 WHERE state = 'waiting'")
    mails = {token: portal.ask("GET", f"/api/orders/{order}", token=token).json["mails"][0] for token in (staff, world.seller)}
    ok(mails[staff]["state"] == "waiting" and mails[staff]["problem"] == "mx.vendor.example is down" and
       mails[world.seller]["problem"] == "it could not be sent: the vendor's staff sees why",
       "the last failure of a mail that still waits is told, and the partner learns that there was one", mails)
    portal.query("UPDATE outbox SET state = 'sent', sent = created")
    statuses = []
    for _ in range(9):
        statuses.append(portal.ask("POST", mail, token=world.seller).status)
        portal.query("UPDATE outbox SET state = 'sent', sent = created WHERE state = 'waiting'")
    ok(statuses == [200] * 8 + [429], "R11 ten mails a day to an address that nobody has verified", statuses)
    portal.query("UPDATE outbox SET created = created - 86400")
    ok(portal.ask("POST", mail, token=world.seller).status == 200, "R11 and the next one a day later")
    ok(step(portal, staff, direct, "submit", "reject").json["state"] == "rejected", "another one is rejected")
    ok(step(portal, staff, 999, "submit").status == 404, "and none is none")


def test_orders():
    with Portal() as portal:
        world = World(portal)
        form, order = placed(world)
        direct = walk_placing(world, form)
        walk_seeing(world, order, direct)
        walk_steps(world, order, direct)
        bad = []
        for text in naughty():
            answer = portal.ask("POST", "/api/orders", {**form, "po_number": text}, token=world.seller)
            bad += [] if answer.status == 400 or (answer.status == 201 and answer.json["po_number"] == text) else [(text, answer)]
            answer = portal.ask("POST", "/api/orders", {**form, "customer_number": text, "lines": [text]}, token=world.seller)
            bad += [] if answer.status == 400 else [(text, answer)]
        ok(not bad and not re.search(r"\bact\.failed\b", portal.log()), "rows 48, 57: odd texts come back as they are or are refused",
           bad[:3])
        last = step(portal, world.seller, portal.query("SELECT max(id) FROM orders")[0][0], "cancel")
        ok(last.json["state"] == "cancelled", "a partner cancels its own", last)


harness.run(test_catalog, test_naughty_names, test_orders)
