#!/usr/bin/python3
"""Every text of every act takes what people paste (rows 44 and 48 of README.md): it is refused, and then nothing is changed
(INV-8), or it is kept as it came."""
import contextlib
import hashlib
import json
import os
import sqlite3
from urllib.parse import quote

from attack import harness
from harness import ok
from portal import PASSWORD
from sale import Sale

TRAVERSALS = ["../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "....//....//etc/passwd", "%2e%2e/%2e%2e/etc/passwd",
              "..\\..\\windows\\win.ini", "/etc/passwd%00.json", "file:///etc/passwd", "1/../2", "1%00", "0x1", "1e0", "+1", "-1",
              "99999999999999999999", "NaN", "' OR 1=1 --", "1;DROP TABLE issue"]
# What changes with every call that somebody signed in makes, or that a stranger tries.
UNLISTED = ("session", "sign_in_failure")


def strings():
    with open(os.path.join(harness.ROOT, "tests", "data", "naughty-strings", "blns.json"), encoding="utf-8") as file:
        return json.load(file) + TRAVERSALS + ["x" * 70000, "\ud800", "a\x00b", " ", "\u202etxt.exe"]


def fields(sale, order):
    """(target, whose token, a good body, a text in it, the same in a good answer): every act that takes one."""
    staff, customer, product = sale.staff, f"/api/organizations/{sale.customer}", sale.must("GET", "/api/products")["items"][0]["id"]
    form = {"partner": sale.partner, "customer_number": sale.number, "agreement_number": sale.agreement, "po_number": "PO-1",
            "contact": "a@b.example", "lines": [{"edition": sale.editions[0], "seats": 1, "maintenance": "none", "expiry": "permanent"}]}
    person = {"email": "new@x.example", "name": "New", "role": "viewer"}
    edition, release = {"feature": "other", "name": "Other", "rank": 9}, {"version": "1", "released": "2026-11-24"}
    line = [{"entitlement": 1, "seats": 1}]
    bodies = [
        ("/api/setup", None, {"token": "x", "organization": "O", "email": "a@b.example", "name": "N", "password": PASSWORD}, {}),
        ("/api/session", None, {"email": "a@b.example", "password": PASSWORD}, {}),
        ("/api/invitation", None, {"token": "x", "password": PASSWORD}, {}),
        ("/api/password", staff, {"old": PASSWORD, "new": PASSWORD}, {}),
        ("/api/tokens", staff, {"name": "t", "scope": "read", "days": 1}, {"name": "name"}),
        ("/api/organizations", staff, {"kind": "customer", "name": "N"}, {"name": "name"}),
        (f"{customer}/people", staff, person, {}),
        ("/api/programs", staff, {"name": "P"}, {"name": "name"}),
        ("/api/products", staff, {"name": "P"}, {"name": "name"}),
        (f"/api/products/{product}/editions", staff, edition, {"name": "name", "feature": "feature"}),
        (f"/api/products/{product}/releases", staff, release, {"version": "version"}),
        ("/api/orders", sale.seller, form, {"po_number": "po_number", "contact": "contact"}),
        (f"/api/orders/{order}/hold", staff, {"reason": "r"}, {"reason": "reason"}),
        (f"/api/orders/{order}/resume", staff, {"reason": "r"}, {}),
        (f"/api/orders/{order}/cancel", sale.seller, {"reason": "r"}, {}),
        (f"/api/orders/{order}/reject", staff, {"reason": "r"}, {}),
        ("/api/entitlements/activate", sale.administrator, {"code": "x"}, {}),
        (f"{customer}/allocations", sale.administrator, {"server": "s", "lines": line}, {}),
        ("/api/issues/1/void", staff, {"reason": "r"}, {}), ("/api/issues/1/override", staff, {"reason": "r"}, {}),
        ("/api/requests", sale.administrator, {"text": "t"}, {}), ("/api/receipts", None, {"text": "t"}, {})]
    return [(target, token, body, name, answered.get(name)) for target, token, body, answered in bodies for name, value in body.items()
            if isinstance(value, str)]


def contents(sale):
    """A hash of all that the database holds."""
    found = hashlib.sha256()
    with contextlib.closing(sqlite3.connect(sale.portal.database.removeprefix("sqlite:"), timeout=harness.WAIT_SECONDS)) as database:
        for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            if name not in UNLISTED:
                found.update(repr((name, database.execute(f"SELECT * FROM {name}").fetchall())).encode())
    return found.digest()


def ask(sale, target, token, body):
    # Lone surrogates go out as their escape: bytes that are no UTF-8 are another row's.
    return sale.ask("POST", target, json.dumps(body), token=token)


def row_48(sale, order):
    """Each text meets every eleventh of the strings, and all strings are used."""
    words, wrong, changed, count = strings(), [], [], 0
    before = contents(sale)
    for index, (target, token, body, name, answered) in enumerate(fields(sale, order)):
        for word in words[index % 11::11]:
            answer = ask(sale, target, token, {**body, name: word})
            count += 1
            if 400 <= answer.status < 500:
                after = contents(sale)
                changed += [(target, name, word[:60], str(answer)[:300])] if after != before else []
                before = after
            elif answer.status >= 500 or (answered and answer.json[answered] != word):
                wrong.append((target, name, word[:60], str(answer)[:300]))
            else:
                before = contents(sale)
    ok(not wrong, f"row 48: {count} naughty strings in every text of every act are refused or kept as they came", wrong[:4])
    ok(not changed, "INV-8 and what is refused changes nothing", changed[:4])


def row_44(sale):
    """In the place of every number of every path."""
    paths = {path for _, path in harness_paths()}
    before, wrong = contents(sale), []
    for path in sorted(paths):
        for word in TRAVERSALS:
            target = path.split("{")[0] + quote(word, safe="/%+-") + path.partition("}")[2].split("{")[0]
            for method in ("GET", "POST", "DELETE"):
                answer = sale.portal.http(method, target, b"{}" if method == "POST" else b"", token=sale.staff)
                wrong += [(method, target, str(answer)[:200])] if not 400 <= answer.status < 500 or "root:" in answer.text else []
    ok(not wrong, "row 44: no parameter of a path reaches a file", wrong[:4])
    ok(contents(sale) == before, "INV-8 and none of them changes anything")


def harness_paths():
    with open(os.path.join(harness.ROOT, "src", "portal", "openapi.json"), encoding="utf-8") as file:
        for path, methods in json.load(file)["paths"].items():
            if "{" in path:
                yield from ((method, path) for method in methods)


def test_fields():
    with Sale() as sale:
        entitlement = sale.buy(10)
        sale.allocate("lic01", (entitlement, 1))
        order = sale.must("GET", "/api/orders", token=sale.seller)["items"][0]["id"]
        row_48(sale, order)
        row_44(sale)


harness.run(test_fields)
