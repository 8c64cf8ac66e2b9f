#!/usr/bin/python3
"""32 workers do mixed acts on one portal, each call is sent one to five times at once, and portal and signer are killed at
random: nothing is lost, nothing happens twice, and at no instant can more seats be in use than are owned.

In the environment: LICET_TEST_ACTS, how many acts (before a release 100,000: CONTRIBUTING.md); LICET_TEST_PAUSE, how many of them
from one kill to the next, at most; LICET_TEST_SEED. In SQLite, and in PostgreSQL."""
import json
import os
import random
import secrets
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import harness
from branch import Branch
from harness import ok
from sale import Sale

ACTS = int(os.environ.get("LICET_TEST_ACTS", "256"))
PAUSE = int(os.environ.get("LICET_TEST_PAUSE", "50"))
WORKERS, COPIES, BRANCHES, OWNED = 32, 5, 12, (500, 60)
SEED = int(os.environ.get("LICET_TEST_SEED", "1"))


class Gone(Exception):
    """The portal was killed before it answered."""


class Line:
    """One connection to the portal that stays open."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def read(self):
        line = self.file.readline()
        if not line:
            raise Gone
        size = 0
        while (header := self.file.readline().strip()) != b"":
            if header.lower().startswith(b"content-length:"):
                size = int(header.partition(b":")[2])
        body = self.file.read(size)
        if len(body) != size:
            raise Gone
        return int(line.split()[1]), body.decode()

    def close(self):
        self.file.close()
        self.socket.close()


class Storm:
    def __init__(self, sale):
        self.sale, self.portal = sale, sale.portal
        self.portal.listen = "%s:%d" % self.portal.address
        self.entitlements = [sale.buy(seats, index) for index, seats in enumerate(OWNED)]
        self.sns = [sale.must("GET", f"/api/entitlements/{entitlement}")["sn"] for entitlement in self.entitlements]
        self.branches = []
        self.numbers = []  # ids of the license servers
        self.lock = threading.Lock()
        self.issues = {}  # the key of a call -> the generation that it made
        self.usable_most = [0] * len(OWNED)
        self.complaints, self.answers = [], {}
        self.done = 0  # acts
        lines, dice = [None] * COPIES, random.Random(SEED)
        for index in range(BRANCHES):
            branch = Branch(f"branch-{index:02}")
            branch.lock = threading.Lock()
            answers = self.call(lines, dice, "POST", "/api/requests", {"text": branch.request(("enrol",))})
            self.branches.append(branch)
            self.numbers.append(json.loads(answers[0][1])["server"]["id"])
            if len(set(answers)) != 1 or answers[0][0] != 200:
                self.complain("one request enrols one license server:", answers)

    def complain(self, *what):
        with self.lock:
            self.complaints.append(" ".join(map(str, what))[:600])

    # ---- one call, sent several times

    def send(self, lines, count, data):
        """What comes back of each copy: (status, body), or None."""
        answers = []
        for index in range(count):
            try:
                if lines[index] is None:
                    lines[index] = Line(self.portal.address)
                lines[index].socket.sendall(data)
            except OSError:
                lines[index] = None
        for index in range(count):
            try:
                answers.append(lines[index].read() if lines[index] else None)
            except (OSError, Gone, ValueError, IndexError):
                lines[index].close()
                lines[index] = None
                answers.append(None)
        return answers

    def call(self, lines, dice, method, target, body=None):
        """Until it is answered; the answers of the last round. A time-out or a kill is answered by asking again with the same key."""
        key = secrets.token_hex(8)
        text = json.dumps(body) if body is not None else ""
        data = (f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.sale.administrator}\r\n"
                f"Idempotency-Key: {key}\r\n" + ("Content-Type: application/json\r\n" if text else "") +
                (f"Content-Length: {len(text)}\r\n" if method != "GET" else "") + f"\r\n{text}").encode()
        end = time.monotonic() + 120
        while time.monotonic() < end:
            answers = [answer or (0, "") for answer in self.send(lines, dice.randint(1, COPIES), data)]
            good = [(status, body) for status, body in answers if status not in (0, 408, 429, 503, 504)]
            made = {json.loads(body)["id"] for status, body in good if status == 201}
            if len(made) > 1:
                self.complain("one key made two generations:", key, made)
            if made:
                with self.lock:
                    self.issues[key] = made.pop()
            if len(good) == len(answers):
                with self.lock:
                    for status, _ in good:
                        self.answers[status] = self.answers.get(status, 0) + 1
                if any(status >= 500 for status, _ in good):
                    self.complain(method, target, good)
                return good
            time.sleep(0.02)
        self.complain("never answered:", method, target, body)
        return [(0, "")]

    # ---- acts

    def allocate(self, lines, dice, index):
        chosen = dice.sample(range(len(OWNED)), dice.randint(1, len(OWNED)))
        self.call(lines, dice, "POST", f"/api/organizations/{self.sale.customer}/allocations", {
            "server": self.branches[index].name,
            "lines": [{"entitlement": self.entitlements[which], "seats": dice.randint(0, OWNED[which] // 6)} for which in chosen]})

    def retire(self, lines, dice, index):
        self.call(lines, dice, "POST", f"/api/servers/{self.numbers[index]}/retire")

    def cancel_return(self, lines, dice, index):
        self.call(lines, dice, "POST", f"/api/servers/{self.numbers[index]}/cancel-return")

    def install(self, lines, dice, index):
        """Somebody downloads the newest file there is, and installs it, sooner or later."""
        whole = json.loads(self.call(lines, dice, "GET", f"/api/servers/{self.numbers[index]}")[0][1])
        if whole["issue"] is None or whole["issue"]["state"] != "released":
            return
        status, file = self.call(lines, dice, "GET", f"/api/issues/{whole['issue']['id']}/file")[0]
        if status != 200:
            return self.complain("a released file does not come down:", status, file)
        with self.branches[index].lock, self.lock:
            self.branches[index].install(file, lambda usable: dice.randint(0, usable))
            for which, sn in enumerate(self.sns):
                usable = sum(branch.usable(sn) for branch in self.branches)
                self.usable_most[which] = max(self.usable_most[which], usable)

    def go_home(self, dice, branch):
        with self.lock:
            for sn in self.sns:
                branch.leave(sn, dice.randint(0, branch.usable(sn)))

    def receipt(self, lines, dice, index):
        branch = self.branches[index]
        with branch.lock:
            if branch.head is None:
                return
            self.go_home(dice, branch)
            answers = self.call(lines, dice, "POST", "/api/receipts", {"text": branch.receipt()})
        if any(status != 200 for status, _ in answers):
            self.complain("a receipt is refused:", answers)

    def request(self, lines, dice, index):
        branch = self.branches[index]
        with branch.lock:
            self.go_home(dice, branch)
            answers = self.call(lines, dice, "POST", "/api/requests", {"text": branch.request()})
        responses = {json.loads(body)["response"] for status, body in answers if status == 200}
        if any(status != 200 for status, _ in answers) or len(responses - {None}) > 1:
            self.complain("a request has no response, or two:", answers)

    def work(self, number):
        dice = random.Random(f"{SEED} {number}")
        lines = [None] * COPIES
        acts = [self.allocate] * 12 + [self.install] * 4 + [self.receipt] * 3 + [self.cancel_return] * 2 + [self.request] + [self.retire]
        for _ in range(ACTS // WORKERS):
            dice.choice(acts)(lines, dice, dice.randrange(BRANCHES))
            with self.lock:
                self.done += 1
        for line in lines:
            if line is not None:
                line.close()

    # ---- kills

    def kill(self, works):
        """Portal or signer, again and again, until the workers are done; how often. Both end with the thread that started
        them, so it is the main one."""
        dice, kills = random.Random(SEED), {"portal": 0, "signer": 0}
        done = 0
        while not all(work.done() for work in works):
            time.sleep(0.02)
            if self.done < done:
                continue
            done = self.done + dice.randint(1, PAUSE)
            name, server = dice.choice((("portal", self.portal), ("portal", self.portal), ("signer", self.sale.signer)))
            server.kill()
            time.sleep(dice.uniform(0, 0.2))
            server.start()
            kills[name] += 1
        return kills


def settled(sale):
    """Every generation is released or voided."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if sale.portal.query("SELECT count(*) FROM issue WHERE state NOT IN ('released', 'voided')")[0][0] == 0:
            return True
        time.sleep(0.1)
    return False


def test_storm():
    with Sale("--seats-a-line", "1000", "--files-an-hour", "1000000", "--seats-an-hour", "1000000000") as sale:
        storm = Storm(sale)
        with ThreadPoolExecutor(WORKERS) as pool:
            works = [pool.submit(storm.work, number) for number in range(WORKERS)]
            kills = storm.kill(works)
            for work in works:
                work.result()
        print(f"# {ACTS} acts, answers {storm.answers}, kills {kills}", flush=True)
        ok(not storm.complaints, f"{ACTS} acts of {WORKERS} workers, sent one to {COPIES} times at once, were all answered, each with one answer",
           storm.complaints[:10])
        ok(storm.answers.get(201, 0) > ACTS // 8 and all(kills.values()), "seats were sold meanwhile, and both were killed", (storm.answers, kills))
        ok(settled(sale), "every generation has its file")
        made = sale.portal.query("SELECT count(*) FROM issue")[0][0]
        ok(made == len(set(storm.issues.values())) == len(storm.issues), "R6.9 INV-7 every act that was answered happened once, and no other did",
           (made, len(storm.issues)))
        ok(all(most <= owned for most, owned in zip(storm.usable_most, OWNED)), "INV-1 at no instant could more be in use than is owned",
           storm.usable_most)
        for entitlement, owned in zip(storm.entitlements, OWNED):
            seats = sale.seats(entitlement)
            ok(seats["owned"] == owned == sum(count for name, count in seats.items() if name != "owned"), "R6.1 and every sum holds", seats)
        gaps = sale.portal.query("SELECT count(*) FROM (SELECT server_id FROM issue GROUP BY server_id HAVING count(*) <> max(generation)) AS gap")
        ok(gaps == [(0,)], "R4.6 INV-9 no server's generations have a gap", gaps)


harness.run(test_storm)
