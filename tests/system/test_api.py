#!/usr/bin/python3
"""licet-portal's API: openapi.json beside the list of acts, and every act done well once. Each answer of this and all
other tests of the portal is held against openapi.json; each success that it describes must have been seen, here or in the
test of its tag."""
import concurrent.futures
import re

import harness
import openapi
import ordering
from harness import PASSWORD, ok
from portal import STAFF, Portal, routes

OTHER = "another battery horse"


def references(thing):
    if isinstance(thing, dict):
        yield from ([thing["$ref"]] if "$ref" in thing else [])
        thing = thing.values()
    if not isinstance(thing, (str, int, float, bool, type(None))):
        for part in thing:
            yield from references(part)


def test_document():
    known = {act: (method, path, roles, body) for act, method, path, roles, body in routes()}
    described = {operation["operationId"]: (method, path, operation) for method, path, operation in openapi.operations()}
    ok(set(known) == set(described), "openapi.json describes the acts that there are, and no others", set(known) ^ set(described))
    bad = [reference for reference in references(openapi.DOCUMENT) if not openapi.resolve({"$ref": reference})]
    used = set(references(openapi.DOCUMENT))
    bad += [f"#/components/{kind}/{name}" for kind, things in openapi.DOCUMENT["components"].items() for name in things if
            kind != "securitySchemes" and f"#/components/{kind}/{name}" not in used]
    ok(not bad, "what it refers to is there, and what is there is referred to", bad)
    for act, (method, path, operation) in described.items():
        ours = known.get(act)
        parameters = [openapi.resolve(parameter) for parameter in operation.get("parameters", [])]
        wanted = {("path", name) for name in re.findall(r"\{(\w+)\}", path)}
        # Keys are stored with a hash of the body, so an act that is told a password does without.
        has_key = method != "GET" and "anybody" not in ours[2] and act != "password_change"
        wanted |= {("header", "Idempotency-Key")} if has_key else set()
        given = {(parameter["in"], parameter["name"]) for parameter in parameters if parameter["in"] != "query"}
        ok(ours and ours[:2] == (method, path) and given == wanted and ("requestBody" in operation) == (ours[3] > 0) and
           ("security" in operation) == ("anybody" in ours[2]), f"{act} is described as it is", (ours, given, wanted))


def walk_people(portal, staff):
    customer, partner = portal.organization(staff, "customer", "Müller & Söhne"), portal.organization(staff, "partner", "Reseller")
    answer = portal.ask("GET", f"/api/organizations/{customer}", token=staff)
    ok(answer.json["kind"] == "customer" and re.fullmatch(r"C-\d{7}", answer.json["number"]) and
       answer.json["name"] == "Müller & Söhne", "a customer has a number", answer)
    anna, administrator = portal.member(staff, customer, "Admin@Customer.example", "administrator")
    _, seller = portal.member(staff, partner, "sales@reseller.example", "partner")
    people = portal.ask("GET", f"/api/organizations/{customer}/people", token=administrator).json
    ok([(row["email"], row["role"], row["state"]) for row in people["items"]] ==
       [("admin@customer.example", "administrator", "active")] and people["next"] is None, "its administrator sees its people", people)
    answer = portal.ask("POST", f"/api/organizations/{partner}/people",
                        {"email": "admin@customer.example", "name": "x", "role": "viewer"}, token=staff)
    ok(answer.status == 200 and answer.json["person"] == anna and answer.json["invitation"] is None,
       "who has come before gets another role without an invitation", answer)
    for role, organization in (("staff", customer), ("partner", customer), ("administrator", partner), ("viewer", 1)):
        answer = portal.ask("POST", f"/api/organizations/{organization}/people",
                            {"email": "x@y.example", "name": "x", "role": role}, token=staff)
        ok(answer.status == 400 and "has no" in answer.json["detail"], f"a role belongs to its kind of organisation: {role}", answer)
    ok(portal.query("SELECT count(*) FROM person WHERE email = 'x@y.example'") == [(0,)], "and a refusal makes nobody")
    mine = portal.ask("GET", "/api/organizations", token=administrator).json["items"]
    ok([row["id"] for row in mine] == [customer, partner], "everybody sees the organisations she belongs to", mine)
    for target in (f"/api/organizations/{customer}", f"/api/organizations/{customer}/people", "/api/organizations/1"):
        answer = portal.ask("GET", target, token=seller)
        ok(answer.status == 404 and answer.json["detail"] == "there is no such organisation",
           f"row 65: to a stranger it is not there: {target}", answer)
    answer = portal.ask("DELETE", f"/api/organizations/{partner}/people/{anna}", token=staff)
    ok(answer.status == 204, "a person leaves", answer)
    ok(portal.ask("GET", f"/api/organizations/{partner}", token=administrator).status == 404, "and is a stranger at once")
    answer = portal.ask("DELETE", f"/api/organizations/{customer}/people/{anna}", token=administrator)
    ok(answer.status == 409, "nobody removes herself", answer)
    return anna, administrator


def walk_pages(portal, staff):
    for index in range(5):
        portal.organization(staff, "customer", f"Customer {index}")
    found, after, pages = [], 0, 0
    while after is not None:
        page = portal.ask("GET", f"/api/organizations?after={after}&limit=3", token=staff).json
        found, after, pages = found + [row["id"] for row in page["items"]], page["next"], pages + 1
    ok(len(found) == len(set(found)) == 8 and pages == 3, "pages join without a gap", found)
    for query in ("limit=0", "limit=101", "limit=x", "after=-1", "after=9223372036854775808", "limit=1%00"):
        ok(portal.ask("GET", "/api/organizations?" + query, token=staff).status == 400, f"a page is asked for in numbers: {query}")
    customer = found[-1]
    for index in range(3):
        for role in ("viewer", "administrator"):
            portal.ask("POST", f"/api/organizations/{customer}/people",
                       {"email": f"p{index}@c.example", "name": "P", "role": role}, token=staff)
    first = portal.ask("GET", f"/api/organizations/{customer}/people?limit=1", token=staff).json
    second = portal.ask("GET", f"/api/organizations/{customer}/people?limit=100&after={first['next']}", token=staff).json
    ok([row["role"] for row in first["items"]] == ["administrator", "viewer"] and len(second["items"]) == 4 and
       second["next"] is None, "a page ends with all roles of a person", (first, second))


def walk_tokens(portal, staff):
    made = portal.ask("POST", "/api/tokens", {"name": "build", "scope": "read", "days": 30}, token=staff, key="k1")
    again = portal.ask("POST", "/api/tokens", {"name": "build", "scope": "read", "days": 30}, token=staff, key="k1")
    token = made.json["token"]
    ok(made.status == again.status == 201 and made.json["id"] == again.json["id"] and again.json["token"] is None and
       made.headers["location"] == f"/api/tokens/{made.json['id']}", "R6.9 asked again, one token is made, and told once", again)
    answer = portal.ask("POST", "/api/tokens", {"name": "other", "scope": "read", "days": 30}, token=staff, key="k1")
    ok(answer.status == 409 and "Idempotency-Key" in answer.json["detail"], "R6.9 a key with another body is refused", answer)
    who = portal.ask("GET", "/api/session", token=token)
    ok(who.json["scope"] == "read" and who.json["person"]["email"] == STAFF, "it speaks for its person", who)
    answer = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "x"}, token=token)
    ok(answer.status == 403 and "reading" in answer.json["detail"], "one for reading changes nothing", answer)
    write = portal.ask("POST", "/api/tokens", {"name": "deploy", "scope": "write", "days": 1}, token=staff).json
    answer = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "By a program"}, token=write["token"])
    ok(answer.status == 201, "one for writing does", answer)
    for method, target, body in (("POST", "/api/tokens", {"name": "n", "scope": "write", "days": 1}),
                                 ("DELETE", f"/api/tokens/{made.json['id']}", None), ("DELETE", "/api/session", None),
                                 ("POST", "/api/password", {"current": PASSWORD, "password": OTHER}),
                                 ("POST", "/api/people/1/invitation", None),
                                 ("POST", "/api/organizations/1/people", {"email": "e@v.example", "name": "E", "role": "staff"})):
        answer = portal.ask(method, target, body, token=write["token"])
        ok(answer.status == 403 and "API token" in answer.json["detail"], f"but makes nothing that outlives it: {method} {target}",
           answer)
    listed = portal.ask("GET", "/api/tokens", token=staff).json["items"]
    ok([row["name"] for row in listed] == ["deploy", "build"] and listed[1]["used"] is not None and
       listed[1]["prefix"] == token[:12] and token not in str(listed), "they are listed by their first letters", listed)
    answer = portal.ask("DELETE", f"/api/tokens/{made.json['id']}", token=staff)
    ok(answer.status == 204 and portal.ask("GET", "/api/session", token=token).status == 401, "a revoked one opens nothing", answer)
    portal.query("UPDATE api_token SET ends = created")
    ok(portal.ask("GET", "/api/session", token=write["token"]).status == 401, "nor does one whose days are over")
    for index in range(40):
        answer = portal.ask("POST", "/api/tokens", {"name": f"n{index}", "scope": "read", "days": 1}, token=staff)
    ok(answer.status == 429 and len(portal.ask("GET", "/api/tokens", token=staff).json["items"]) == 32, "there are at most 32", answer)


def walk_invitation(portal, staff, person, session):
    mine = portal.ask("POST", "/api/tokens", {"name": "n", "scope": "read", "days": 1}, token=session).json["token"]
    lost = portal.ask("POST", f"/api/people/{person}/invitation", token=staff).json["invitation"]
    found = portal.ask("POST", f"/api/people/{person}/invitation", token=staff).json["invitation"]
    ok(portal.ask("POST", "/api/invitation", {"token": lost, "password": OTHER}).status == 401, "an invitation replaces the one before")
    ok(portal.ask("GET", "/api/session", token=session).status == 200, "until it is used all goes on")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: portal.ask("POST", "/api/invitation", {"token": found, "password": OTHER}).status,
                                   range(4)))
    ok(statuses == [200, 401, 401, 401], "it is used once", statuses)
    ok(portal.ask("GET", "/api/session", token=session).status == 401 and portal.ask("GET", "/api/session", token=mine).status == 401,
       "row 64: and what opened the portal before opens it no more")
    ok(portal.sign_in("admin@customer.example", OTHER).status == 200, "the new password counts")
    setup = {"token": portal.ask("POST", f"/api/people/{person}/invitation", token=staff).json["invitation"], "organization": "E",
             "email": "e@v.example", "name": "E", "password": PASSWORD}
    ok(portal.ask("POST", "/api/setup", setup).status == 401, "an invitation makes no staff")
    ok(portal.ask("POST", "/api/people/999/invitation", token=staff).status == 404, "nobody is not invited")


def walk_orders(portal, staff):
    customer = portal.organization(staff, "customer", "Buyer")
    product, editions = ordering.catalog(portal, staff)
    agreement = ordering.agreement(portal, staff, customer)
    partner = portal.organization(staff, "partner", "Seller")
    form = ordering.order_form(partner, agreement["customer_number"], agreement["number"], editions)
    orders = [portal.ask("POST", "/api/orders", form, token=staff).json["id"] for _ in range(3)]
    for order, acts in zip(orders, (("submit", "hold", "resume", "approve", "fulfil"), ("submit", "reject"), ("cancel",))):
        ok(ordering.step(portal, staff, order, *acts).status == 200, f"an order goes its way: {acts}")
    portal.query("UPDATE outbox SET state = 'failed'")
    ok(portal.ask("POST", f"/api/orders/{orders[0]}/mail", token=staff).status == 200, "and its mail goes again")
    ok(portal.ask("GET", f"/api/orders/{orders[0]}", token=staff).json["state"] == "fulfilled", "and is looked at")
    for target in ("programs", "orders", "products", f"products/{product}/editions", f"products/{product}/releases",
                   f"organizations/{customer}/agreements"):
        items = portal.ask("GET", "/api/" + target, token=staff).json["items"]
        ok(items, f"it is listed: {target}", items)
    ok(portal.ask("POST", f"/api/agreements/{agreement['id']}/end", token=staff).status == 200, "an agreement ends")


def test_walk():
    with Portal() as portal:
        staff = portal.setup()
        person, session = walk_people(portal, staff)
        walk_pages(portal, staff)
        walk_tokens(portal, staff)
        walk_orders(portal, staff)
        walk_invitation(portal, staff, person, session)
        portal.ask("GET", "/health")
        portal.sign_in()
        ok(portal.ask("POST", "/api/password", {"current": PASSWORD, "password": OTHER}, token=staff).status == 204, "her password")
        ok(portal.ask("DELETE", "/api/session", token=staff).status == 204, "and her leave")
    left = openapi.unanswered(None)
    ok(not left, "every success that openapi.json describes was answered", left)


def test_same_call():
    """INV: 1 to 5 equal calls in parallel make one thing."""
    with Portal() as portal:
        staff = portal.setup()
        for count in range(1, 6):
            body = {"kind": "customer", "name": f"Customer {count}"}
            with concurrent.futures.ThreadPoolExecutor(count) as pool:
                answers = list(pool.map(lambda _: portal.ask("POST", "/api/organizations", body, token=staff, key=f"k{count}"),
                                        range(count)))
            ok({answer.status for answer in answers} == {201} and len({answer.text for answer in answers}) == 1 and
               portal.query("SELECT count(*) FROM organization WHERE name = ?", body["name"]) == [(1,)],
               f"R6.9 the same call {count} times at once makes one thing", [str(answer) for answer in answers])
        for key in ("", "a b", "x" * 65, "ä\x01"):
            answer = portal.ask("POST", "/api/organizations", {"kind": "customer", "name": "x"}, token=staff,
                                key="", headers=[("Idempotency-Key", key)] if key else [])
            ok(answer.status == 400 and portal.query("SELECT count(*) FROM organization WHERE name = 'x'") == [(0,)],
               f"R6.9 without a proper key nothing happens: {key!r}", answer)


harness.run(test_document, test_walk, test_same_call)
