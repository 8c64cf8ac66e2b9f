#!/usr/bin/python3
"""The seat ledger under attack: races for the last seat, repeated calls, receipts and requests that are forged, replayed or of
another purpose, things of another customer (rows 65 to 76 of README.md). In SQLite, and in PostgreSQL."""
import json
import os
from concurrent.futures import ThreadPoolExecutor

from attack import harness
from branch import Branch
from harness import ok
from sale import Sale

OWNED = 40


class World:
    """A customer with 40 seats and one enrolled license server, and another customer with as much."""

    def __init__(self, sale):
        self.sale, self.entitlement = sale, sale.buy(OWNED)
        self.branch = Branch("lic01")
        self.server = self.enrol(self.branch)
        self.stranger = sale.portal.member(sale.staff, sale.portal.organization(sale.staff, "customer", "Theirs"),
                                           "stranger@x.example", "administrator")[1]

    def enrol(self, branch, **options):
        return self.sale.ask("POST", "/api/requests", {"text": branch.request(("enrol",))}, **options).json["server"]

    def install(self, seats, held=lambda usable: usable):
        issue = self.sale.allocate("lic01", (self.entitlement, seats)).json
        self.branch.install(self.sale.ask("GET", f"/api/issues/{issue['id']}/file").text, held)
        return issue

    def receipt(self, text, **options):
        return self.sale.ask("POST", "/api/receipts", {"text": text}, **{"token": None, **options})

    def seats(self):
        return self.sale.seats(self.entitlement)


def row_65(world):
    """What belongs to another customer is not there, whoever asks for it by its number."""
    sale, number = world.sale, world.server["id"]
    calls = [("POST", f"/api/servers/{number}/{act}", None) for act in ("retire", "cancel-return")] + \
            [("GET", target, None) for target in (f"/api/servers/{number}", f"/api/entitlements/{world.entitlement}", "/api/requests/1")]
    for method, target, body in calls:
        answer = sale.ask(method, target, body, token=world.stranger)
        other = sale.ask(method, target.replace(f"/{number}", "/999999").replace("requests/1", "requests/999999"), body, token=world.stranger)
        ok(answer.status == other.status == 404 and answer.json["detail"] == other.json["detail"],
           f"row 65: another customer's is not there, nor what nobody has: {method} {target}", (str(answer), str(other)))
    theirs = sale.portal.ask("GET", "/api/organizations", token=world.stranger).json["items"][0]["id"]
    target = f"/api/organizations/{theirs}/allocations"
    answers = [sale.ask("POST", target, {"server": server, "lines": [{"entitlement": entitlement, "seats": 1}]}, token=world.stranger)
               for server, entitlement in (("lic01", world.entitlement), ("lic01", 999999), (world.server["number"], world.entitlement))]
    ok([answer.status for answer in answers] == [404] * 3 and answers[0].json["detail"] == answers[1].json["detail"],
       "row 65: nobody allocates another customer's seats, nor to its license server", [str(answer) for answer in answers])
    before = sale.portal.query("SELECT count(*) FROM server")
    ok(before == [(1,)], "row 65: and nothing is left of the attempt", before)
    answer = sale.ask("POST", "/api/requests", {"text": world.branch.request(), "customer": theirs}, token=world.stranger)
    ok(answer.status == 409, "R3.4 a key serves one customer", answer)


def row_37(world):
    """A token that is for reading brings nothing, though the act lets anybody in."""
    sale = world.sale
    token = sale.ask("POST", "/api/tokens", {"name": "reader", "scope": "read", "days": 1}).json["token"]
    for target, text in (("/api/requests", Branch("lic07").request(("enrol",))), ("/api/receipts", "RECEIPT 1")):
        answer = sale.ask("POST", target, {"text": text}, token=token)
        ok(answer.status == 403 and "reading" in answer.json["detail"], f"row 37: a token for reading is refused at {target}", answer)
    body = '{"text": "x", "customer": ' + "[" * 100000 + "]" * 100000 + "}"
    answer = sale.ask("POST", "/api/requests", body, token=None)
    ok(answer.status == 400 and "without others" in answer.json["detail"], "row 33: a body of brackets is not built up", answer)


def row_68(world):
    """Sixteen at once want the last ten seats, each for a server of its own."""
    sale = world.sale
    world.install(OWNED - 10)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: sale.allocate(f"race-{number}", (world.entitlement, 2)), range(16)))
    statuses = sorted(answer.status for answer in answers)
    ok(statuses == [201] * 5 + [409] * 11 and world.seats()["available"] == 0, "row 68: five get them, and nobody else", statuses)
    for row in sale.must("GET", f"/api/organizations/{sale.customer}/servers")["items"]:
        if row["name"].startswith("race"):
            sale.ask("POST", f"/api/servers/{row['id']}/retire")
    ok(world.seats()["available"] == 10, "and they come back", world.seats())


def row_72(world):
    """The same call eight times at once, and after a restart."""
    sale = world.sale
    call = {"server": "lic02", "lines": [{"entitlement": world.entitlement, "seats": 3}]}
    target = f"/api/organizations/{sale.customer}/allocations"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sale.ask("POST", target, call, key="once"), range(8)))
    sale.portal.kill()
    sale.portal.start()
    answers.append(sale.ask("POST", target, call, key="once"))
    ok({(answer.status, answer.json["id"]) for answer in answers} == {(201, answers[0].json["id"])} and
       world.seats()["allocated"] == OWNED - 10 + 3, "row 72: a call that is repeated happens once", [str(answer) for answer in answers])
    answer = sale.ask("POST", target, {**call, "server": "lic03"}, key="once")
    ok(answer.status == 409, "row 72: and its key does nothing else", answer)


def row_73(world):
    """Seats are given back at the portal while the server goes on with its old file."""
    old = world.branch.receipt()
    smaller = world.sale.allocate("lic01", (world.entitlement, 5)).json
    before = world.seats()
    ok(before["return_pending"] == 25, "row 73: what is returned at the portal is not free", before)
    ok(world.receipt(old).json["is_new"] and world.receipt(world.branch.receipt()).status == 200 and world.seats() == before,
       "row 73: a receipt of the generation before frees nothing", world.seats())
    world.branch.install(world.sale.ask("GET", f"/api/issues/{smaller['id']}/file").text, lambda usable: 20)
    world.receipt(world.branch.receipt())
    ok(world.seats()["return_pending"] == 15, "row 73: nor do seats that somebody there still uses", world.seats())


def row_74(world):
    branch, sale = world.branch, world.sale
    sn = sale.must("GET", f"/api/entitlements/{world.entitlement}")["sn"]
    held = branch.receipt()
    branch.leave(sn, 100)
    good = branch.receipt()
    before = world.seats()
    stranger, unborn = Branch("lic09"), Branch("lic01")
    stranger.head, stranger.generation, stranger.seats = branch.head, branch.generation, branch.seats
    unborn.head, unborn.generation, unborn.seats = branch.head, branch.generation + 1, branch.seats
    unborn.key_path, unborn.key, unborn.counter = branch.key_path, branch.key, 1000
    liar = Branch("lic01")
    liar.head, liar.generation, liar.seats = branch.head, branch.generation, {sn: 0}
    liar.key_path, liar.key, liar.counter = branch.key_path, branch.key, 1000
    greedy = Branch("lic01")
    greedy.head, greedy.generation, greedy.seats, greedy.overhang = branch.head, branch.generation, branch.seats, {sn: 4000000}
    greedy.key_path, greedy.key, greedy.counter = branch.key_path, branch.key, 1000
    forged = [("whose counts were changed", good.replace("seats=5", "seats=0"), {400, 422}),
              ("that is signed by a key that nobody knows", stranger.receipt(), {401}),
              ("of a generation that was never issued", unborn.receipt(), {409}),
              ("with fewer seats than its generation has", liar.receipt(), {409}),
              ("with more held over than is charged", greedy.receipt(), {409}),
              ("under a request's signature", branch.sign(good[:good.index("-----BEGIN")], "request@licet"), {400, 422}),
              ("under a lease's signature", branch.sign(good[:good.index("-----BEGIN")], "lease@licet"), {400, 422}),
              ("without a signature", good[:good.index("-----BEGIN")], {400, 422}),
              ("that is two", good + good, {400, 422}),
              ("of another vendor", branch.sign(good[:good.index("-----BEGIN")].replace("vendor=acme", "vendor=evil"), "receipt@licet"),
               {400, 403, 409, 422})]
    for what, text, statuses in forged:
        answer = world.receipt(text)
        ok(answer.status in statuses and world.seats() == before, f"row 74: a receipt {what} gives nothing back", answer)
    ok(world.receipt(good).json["is_new"] and world.seats()["return_pending"] == 0, "row 74: the server's own does", world.seats())
    after = world.seats()
    ok(not world.receipt(good).json["is_new"] and not world.receipt(held).json["is_new"] and world.seats() == after,
       "row 74: and neither it nor an older one does so again", world.seats())


def row_75(world):
    """A request that is replayed, or of a counter that was used."""
    sale, branch = world.sale, world.branch
    text = branch.request()
    first = sale.ask("POST", "/api/requests", {"text": text}, token=None)
    branch.counter -= 1
    other = sale.ask("POST", "/api/requests", {"text": branch.request(("rename", "name=evil"))}, token=None)
    ok(first.status == 200 and other.status == 409 and sale.ask("POST", "/api/requests", {"text": text}, token=None).json == first.json,
       "R5.2 a counter is used once, and its request answered as it was", other)
    answer = sale.ask("POST", "/api/requests", {"text": branch.sign(text[:text.index("-----BEGIN")], "receipt@licet")}, token=None)
    ok(answer.status in (400, 422), "R9 a receipt's signature makes no request", answer)


def naughty(world):
    """Every text field takes what people paste."""
    with open(os.path.join(harness.ROOT, "tests", "data", "naughty-strings", "blns.json"), encoding="utf-8") as file:
        strings = json.load(file) + ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "C:\\boot.ini", "/dev/null", "' OR 1=1 --", "x" * 70000]
    sale, wrong = world.sale, []
    before = world.seats()
    answers = [sale.ask("POST", f"/api/issues/1/{act}", {"reason": "x" * 257}, token=sale.staff) for act in ("void", "override")]
    ok(all(answer.status == 400 and "reason" in answer.json["detail"] for answer in answers),
       "row 48: a reason that licet-signer would not take is refused", [str(answer) for answer in answers])
    for text in strings:
        for target, body in (("/api/requests", {"text": text}), ("/api/receipts", {"text": text}), ("/api/issues/1/void", {"reason": text}),
                             (f"/api/organizations/{sale.customer}/allocations", {"server": text, "lines": [{"entitlement": 999, "seats": 1}]})):
            answer = sale.ask("POST", target, body, token=sale.staff if "void" in target else sale.administrator)
            if not 400 <= answer.status < 500:
                wrong.append((target, text[:80], str(answer)))
    ok(not wrong and world.seats() == before, "row 48: naughty strings in texts, names and reasons are refused, and do nothing", wrong[:3])


def test_ledger():
    with Sale("--seats-a-line", "1000") as sale:
        world = World(sale)
        sale.portal.listen = "%s:%d" % sale.portal.address
        for row in (row_37, row_65, row_68, row_72, row_73, row_74, row_75, naughty):
            row(world)


harness.run(test_ledger)
