#!/usr/bin/python3
"""The whole thread: 500 seats are ordered, 300 and 200 of them allocated to two license servers that have never met the
portal; the first is shrunk while all of its seats are in use, its receipt is carried by hand, and what it frees goes to the
second. Crowds of products take every seat that they get, all the time. In SQLite, and in PostgreSQL."""
import random
import threading

import harness
from harness import LICET, Server, environment, new_id, ok, word_of
from sale import Sale

OWNED = 500


class Held:
    """Leases that products know to be theirs: counted after the grant arrives, given up before the check-in leaves."""

    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.most = self.grants = 0

    def add(self, count):
        with self.lock:
            self.now += count
            self.most = max(self.most, self.now)
            self.grants += max(count, 0)


class Crowd(threading.Thread):
    """Products of one license server that together want `wanted` seats, whatever there are."""

    def __init__(self, server, held, seed):
        super().__init__(daemon=True)
        self.server, self.held, self.random = server, held, random.Random(seed)
        self.wanted, self.ids, self.is_ending = OWNED, [], False
        self.failure, self.refused = None, set()
        self.start()

    def checkout(self, connection):
        lease = new_id()
        reply = connection.call("CHECKOUT", "cad", lease)
        if word_of(reply) != "GRANTED":
            self.refused.add(word_of(reply))
            return False
        self.held.add(1)
        self.ids.append(lease)
        return True

    def checkin(self, connection):
        lease = self.ids.pop(self.random.randrange(len(self.ids)))
        self.held.add(-1)
        connection.call("CHECKIN", lease)

    def run(self):
        try:
            with self.server.connect() as connection:
                while not self.is_ending:
                    if len(self.ids) > self.wanted:
                        self.checkin(connection)
                    elif len(self.ids) < self.wanted and self.checkout(connection):
                        continue
                    elif self.ids and self.wanted == OWNED and self.random.random() < 0.05:
                        self.checkin(connection)  # somebody goes home, and somebody else may have the seat
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def reaches(self, count):
        """Until it holds so many."""
        return wait_until(lambda: len(self.ids) == count or self.failure) and self.failure is None

    def end(self):
        self.is_ending = True
        self.join(harness.WAIT_SECONDS)


def wait_until(question):
    event = threading.Event()
    for _ in range(harness.WAIT_SECONDS * 100):
        if question():
            return True
        event.wait(0.01)
    return False


def open_servers(sale, entitlement, london, tokyo):
    """A request from each, by which it is enrolled; seats for both; the files."""
    numbers = [sale.bring(server, key="").json["server"]["number"] for server in (london, tokyo)]
    for server, number, seats in ((london, numbers[0], 300), (tokyo, numbers[1], 200)):
        answer = sale.allocate(number, (entitlement, seats))
        ok(answer.status == 201 and answer.json["state"] == "released", f"{seats} seats are allocated to {number}", answer)
        sale.install(server, answer.json["id"])
    ok(sale.allocate(numbers[1], (entitlement, 201)).status == 409, "R6.1 and not one more")
    return numbers


def shrink(sale, entitlement, london, tokyo, numbers, crowds, held):
    answer = sale.allocate(numbers[0], (entitlement, 100))
    ok(answer.json["act"] == "return" and sale.allocate(numbers[1], (entitlement, 201)).status == 409,
       "R6.2 what London gives back is nobody's before its receipt", answer)
    sale.install(london, answer.json["id"])
    crowds[0].wanted = 150
    ok(crowds[0].reaches(150) and london.features()["cad"]["in-use"] == 150, "R4.5 whoever works in London goes on working",
       crowds[0].failure)
    taken = sale.bring_receipt(london, token=None)
    ok(taken.json["is_new"] and sale.seats(entitlement) == {"owned": 500, "available": 150, "allocated": 300, "return_pending": 50,
                                                           "obsolete_pending": 0, "expired": 0, "void": 0},
       "R5.1, R6.2 its receipt, carried by hand, frees what nobody there uses", sale.seats(entitlement))
    ok(sale.allocate(numbers[1], (entitlement, 351)).status == 409, "R6.1 and no seat more")
    answer = sale.allocate(numbers[1], (entitlement, 350))
    sale.install(tokyo, answer.json["id"])
    ok(wait_until(lambda: held.now == OWNED), "Tokyo has the freed seats: 500 are in use", (len(crowds[1].ids), crowds[1].failure))
    crowds[0].wanted = 100
    ok(crowds[0].reaches(100), "the rest of London goes home")
    sale.bring_receipt(london, token=None)
    answer = sale.allocate(numbers[1], (entitlement, 400))
    sale.install(tokyo, answer.json["id"])
    ok(wait_until(lambda: held.now == OWNED), "and Tokyo has these too", (len(crowds[1].ids), crowds[1].failure))


def verified(sale, tokyo):
    """A product that knows the vendor's root key and nothing else."""
    with open(sale.signer.vendor.root, encoding="ascii") as root:
        env = environment(tokyo, harness.path_of("home"), LICET_ROOT=root.name)
    run = harness.subprocess.run([LICET, "run", "cad", "--", "true"], env=env, check=False, capture_output=True, text=True,
                                 timeout=60)
    ok(run.returncode == 0, "R9 licet run holds one of these seats, with its chain verified from the vendor's root", run.stderr)


def test_thread():
    with Sale("--seats-a-line", "1000") as sale, Server(sale.signer.vendor, name="london-lic01") as london, \
            Server(sale.signer.vendor, name="tokyo-lic01") as tokyo:
        entitlement = sale.buy(OWNED)
        numbers = open_servers(sale, entitlement, london, tokyo)
        held = Held()
        crowds = [Crowd(server, held, seed) for seed, server in enumerate((london, tokyo))]
        ok(wait_until(lambda: held.now == OWNED), "500 seats are in use", held.now)
        shrink(sale, entitlement, london, tokyo, numbers, crowds, held)
        crowds[1].wanted = 399
        ok(crowds[1].reaches(399), "one user leaves")
        verified(sale, tokyo)
        for crowd in crowds:
            crowd.end()
        ok({"NOSEAT"} == crowds[0].refused | crowds[1].refused, "nobody was refused for another reason", crowds[0].refused)
        ok(held.most == OWNED and not any(crowd.failure for crowd in crowds),
           f"at no instant were more than {OWNED} seats held, in {held.grants} grants", (held.most, [crowd.failure for crowd in crowds]))
        seats = sale.seats(entitlement)
        ok(seats["allocated"] == OWNED and seats["available"] == seats["return_pending"] == 0, "R6.1 the ledger says the same", seats)


harness.run(test_thread)
