#!/usr/bin/python3
"""License servers at licet-portal over HTTP: they are enrolled, seats are allocated to them and come back by their receipts.
The texts are those of real licetd processes, the files of a real licet-signer. In SQLite, and in PostgreSQL."""
import signal
import subprocess
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import harness
import openapi
from harness import Connection, Server, new_id, ok
from sale import Sale


def enrol(sale, london):
    text = london.get("/request", token=london.administrator()).text
    answer = sale.ask("POST", "/api/requests", {"text": text}, token=None)
    ok(answer.status == 401 and "license administrator" in answer.json["detail"],
       "R3.3 the first request of a key counts only when a license administrator brings it", answer)
    ok(sale.ask("POST", "/api/requests", {"text": text, "customer": sale.partner}).status == 404,
       "for a customer that he administers")
    first = sale.ask("POST", "/api/requests", {"text": text, "customer": sale.customer})
    again = sale.ask("POST", "/api/requests", {"text": text}, token=None)
    ok(first.status == 200 and first.json["waits_for"] is None and "RESPONSE 1 vendor=acme" in first.json["response"] and
       first.json["server"]["key"] == london.key, "R5 a request is answered by a signed response", first)
    ok(again.status == 200 and again.json == first.json, "R5.2 the same text again has the same response, whoever brings it", again)
    shown = sale.ask("GET", f"/api/requests/{first.json['id']}")
    ok(shown.status == 200 and shown.json == first.json, "and is shown to its administrators", shown)
    ok(sale.ask("GET", f"/api/requests/{first.json['id']}", token=sale.seller).status == 403 and
       sale.ask("GET", "/api/requests/999").status == 404, "R3.4 and to nobody else")
    empty = london.install(first.json["response"], confirm=False)
    ok(empty.status >= 400 and "nothing to install" in empty.text, "a response without a file says so at the license server", empty)
    spoiled = sale.ask("POST", "/api/requests", {"text": text.replace("london", "londom")}, token=None)
    ok(spoiled.status == 422, "a text that was changed on its way is refused", spoiled)
    return first.json["server"]


def allocate(sale, london, server, entitlement):
    answer = sale.allocate(server["number"].lower(), (entitlement, 300), key="first")
    again = sale.allocate(server["number"].lower(), (entitlement, 300), key="first")
    ok(answer.status == 201 and answer.json["state"] == "released" and answer.json["act"] == "allocate" and
       answer.json["lines"] == [{"entitlement": entitlement, "seats": 300}], "R6.8 allocating answers with a generation and its file", answer)
    ok(again.status == 201 and again.text == answer.text, "R6.9 and once, however often it is asked under a key", again)
    ok(sale.allocate("london-lic01.example.com", (entitlement, 300)).status == 409, "R1.2 its host name, full, is the same server")
    sale.install(london, answer.json["id"])
    answer = sale.allocate("london-lic01", (entitlement, 501))
    ok(answer.status == 409 and "200" in answer.json["detail"], "R6.1 nobody gets more than is owned, and is told what is left", answer)
    for lines, why in (([], "no line"), ([(entitlement, 1), (entitlement, 2)], "one twice"), ([(entitlement, -1)], "less than nothing"),
                       ([(entitlement, 10 ** 10)], "more than a line has"), ([(0, 1)], "no entitlement")):
        ok(sale.allocate("london-lic01", *lines).status == 400, f"refused: {why}")
    for name in ("", "a b", "x" * 65, "S-ZZZZZ"):
        answer = sale.allocate(name, (entitlement, 1))
        ok(answer.status == (404 if name == "S-ZZZZZ" else 400), f"no license server: {name!r:.20}", answer)
    foreign = sale.allocate("london-lic01", (999999, 1))
    ok(foreign.status == 404 and foreign.json["detail"] == "there is no such entitlement", "row 65: nor an entitlement that is not there", foreign)


def give_back(sale, london, server, entitlement):
    smaller = sale.allocate(server["number"], (entitlement, 100))
    ok(smaller.status == 201 and smaller.json["act"] == "return" and sale.seats(entitlement)["return_pending"] == 200 and
       sale.seats(entitlement)["available"] == 200, "R6.2 what is returned is not free before its receipt", smaller)
    target, newest = f"/api/organizations/{sale.customer}/allocations", smaller.json["generation"]
    body = {"server": server["number"], "lines": [{"entitlement": entitlement, "seats": 90}]}
    late = sale.ask("POST", target, {**body, "after": newest - 1})
    ok(late.status == 409 and f"generation {newest - 1}" in late.json["detail"] and sale.seats(entitlement)["allocated"] == 100,
       "counts that were thought out for an older generation change nothing", late)
    undone = sale.ask("POST", f"/api/servers/{server['id']}/cancel-return", key="undo")
    ok(undone.status == 201 and undone.json["lines"] == [{"entitlement": entitlement, "seats": 300}] and
       undone.text == sale.ask("POST", f"/api/servers/{server['id']}/cancel-return", key="undo").text and
       sale.seats(entitlement)["return_pending"] == 0, "R6.3 a return is cancelled while it is pending", undone)
    ok(sale.ask("POST", f"/api/servers/{server['id']}/cancel-return").status == 409, "and nothing is cancelled where nothing is returned")
    with Connection(london.address) as product:
        for _ in range(2):
            product.call("CHECKOUT", "cad", new_id())
        last = sale.ask("POST", f"/api/servers/{server['id']}/retire")
        ok(last.status == 201 and last.json["act"] == "retire" and last.json["lines"] == [] and
           sale.ask("POST", f"/api/servers/{server['id']}/retire").status == 409, "R4.2 a server is retired by a generation with no lines", last)
        sale.install(london, last.json["id"])
        text = london.get("/receipt", token=london.administrator()).text
        taken, again = (sale.ask("POST", "/api/receipts", {"text": text}, token=None) for _ in range(2))
        seats = sale.seats(entitlement)
        ok(taken.status == 200 and taken.json["is_new"] and seats["available"] == 498 and seats["return_pending"] == 2,
           "R5.1 its receipt frees what nobody uses any more", (taken, seats))
        ok(again.status == 200 and again.json["is_new"] is False and sale.seats(entitlement) == seats, "R5.1 and once", again)
        back = sale.ask("POST", f"/api/servers/{server['id']}/cancel-return")
        ok(back.status == 201 and back.json["lines"] == [{"entitlement": entitlement, "seats": 2}],
           "R6.3 what somebody still uses can be given back", back)


def by_name(sale, entitlement):
    """R3.2: a name reserves, a key serves."""
    held = sale.allocate("tokyo-lic01", (entitlement, 50))
    ok(held.status == 201 and held.json["state"] == "intent" and held.json["waits_for"] == "key" and
       sale.seats(entitlement)["allocated"] == 52, "R3.2 seats for a bare host name are held, and the file waits", held)
    fewer = sale.allocate("tokyo-lic01", (entitlement, 20))
    ok(fewer.json["waits_for"] == "key" and sale.seats(entitlement)["return_pending"] == 0 and
       sale.ask("GET", f"/api/issues/{held.json['id']}").json["state"] == "voided",
       "R3.2 what nobody can have a file of is returned at once", fewer)
    ok(sale.ask("POST", f"/api/servers/{fewer.json['server']}/retire").status == 201 and sale.seats(entitlement)["allocated"] == 2,
       "R3.2 and all of it")
    sale.allocate("tokyo-lic01", (entitlement, 30))
    with Server(sale.signer.vendor, name="tokyo-lic01.example.com") as tokyo:
        answer = sale.bring(tokyo)
        ok(answer.status == 200 and answer.json["server"]["id"] == fewer.json["server"] and "seats=30" in answer.json["response"],
           "R3.2 the server's request gets the key known and brings the file home", answer)
        tokyo.install(answer.json["response"], confirm=False)
        ok(tokyo.features()["cad"]["seats"] == 30, "which it serves", tokyo.features())
        later = sale.bring(tokyo)
        first, last = (sale.must("GET", f"/api/requests/{request.json['id']}") for request in (answer, later))
        ok(not answer.json["confirmed"] and first["confirmed"] and not last["confirmed"],
           "R5.2 a response is confirmed by the next request, which names it", (first, last))


def at_once(sale, entitlement):
    """Eight calls of eight people."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: sale.allocate("osaka-lic01", (entitlement, number)), range(1, 9)))
    servers = {answer.json["server"] for answer in answers if answer.status == 201}
    ok(all(answer.status == 201 for answer in answers) and len(servers) == 1 and
       sorted(answer.json["generation"] for answer in answers) == list(range(1, 9)),
       "R3.2 a new host name that comes eight times at once is one license server", [str(answer) for answer in answers])
    sale.ask("POST", f"/api/servers/{servers.pop()}/retire")


def whole(sale, server):
    """A product that is not divided."""
    entitlement = sale.buy(10, 2)
    answer = sale.allocate("suite-lic01", (entitlement, 9))
    ok(answer.status == 409 and "all its 10 seats" in answer.json["detail"], "a product that is allocated whole is not divided", answer)
    answer = sale.allocate("suite-lic01", (entitlement, 10))
    ok(answer.status == 201 and sale.allocate("suite-lic02", (entitlement, 10)).status == 409, "all its seats go to one license server", answer)
    ok(sale.allocate("suite-lic01", (entitlement, 3)).status == 409, "and none of them comes back alone")
    ok(sale.allocate("suite-lic01", (entitlement, 0)).status == 201 and sale.seats(entitlement)["available"] == 10, "and all come back")
    answer = sale.allocate(server["number"], (entitlement, 10))
    ok(answer.status == 201 and answer.json["state"] == "released" and answer.json["not_served"] == "borrow",
       "R2.5 the portal tells which fields a license server does not serve, by its request", answer)
    answer = sale.allocate(server["number"], (entitlement, 0))
    ok(answer.status == 201 and answer.json["not_served"] is None, "R2.5 and nothing where it serves all of its file", answer)


def started_twice(sale, server, entitlement):
    """Somebody starts the portal once more where it runs already."""
    portal = sale.portal
    portal.listen = "%s:%d" % portal.address
    twin = subprocess.run(portal.command(), check=False, capture_output=True, text=True, timeout=60)
    answer = sale.allocate(server["number"], (entitlement, 29))
    ok(twin.returncode != 0 and "in use" in twin.stderr and answer.status == 201 and answer.json["state"] == "released",
       "R6.8 a portal that is started twice does not stop the first from issuing", (twin.stderr, answer))


def signer_away(sale, server, entitlement):
    """The signer hangs while twelve calls wait for their files: three of four workers wait with them."""
    process = sale.signer.process
    process.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(12) as pool:
            calls = [pool.submit(sale.allocate, server["number"], (entitlement, 30 + number)) for number in range(12)]
            done = wait(calls, return_when=FIRST_COMPLETED).done
            first, health = done.pop().result(), sale.ask("GET", "/health", token=None)
            ok(first.status == 201 and first.json["waits_for"] == "signer" and health.status == 200 and
               not all(call.done() for call in calls), "whoever finds enough others waiting is not let wait, and the rest is served", first)
            process.send_signal(signal.SIGCONT)
        answers = [call.result() for call in calls]
        ok(all(answer.status == 201 for answer in answers) and any(answer.json["state"] == "released" for answer in answers),
           "when the signer is back, the others have their files", [str(answer) for answer in answers])
    finally:
        process.send_signal(signal.SIGCONT)


def test_servers():
    with Sale(workers=4) as sale, Server(sale.signer.vendor) as london:
        entitlement = sale.buy(500)
        server = enrol(sale, london)
        allocate(sale, london, server, entitlement)
        give_back(sale, london, server, entitlement)
        by_name(sale, entitlement)
        at_once(sale, entitlement)
        whole(sale, server)
        started_twice(sale, server, entitlement)
        signer_away(sale, server, entitlement)
        answers = [sale.ask("POST", f"/api/servers/{number}/{act}", token=sale.seller) for number in (server["id"], 999999)
                   for act in ("retire", "cancel-return")]
        ok({answer.status for answer in answers} == {403}, "a partner changes no license server", [str(answer) for answer in answers])
    left = openapi.unanswered("servers")
    ok(not left, "every success that openapi.json describes of license servers was answered", left)


harness.run(test_servers)
