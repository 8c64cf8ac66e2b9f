#!/usr/bin/python3
"""licet-portal killed before its writes, syncs and sends while it allocates seats and makes the license file: between
any two steps of issuing (R6.8). After each kill it is started again and asked again under the same key. In SQLite, and in
PostgreSQL, where its steps are the statements that it sends."""
import os

import harness
from harness import ok, program
from sale import Sale

FAULT = os.path.join(harness.BUILD, "tests", "system", "libsigner_fault.so")
CALLS_MAX = 600
# A start alone takes a dozen calls, on PostgreSQL dozens of statements. LICET_TEST_STRIDE=1 kills before every one.
STRIDE = int(os.environ.get("LICET_TEST_STRIDE", "5" if os.environ.get("LICET_TEST_POSTGRESQL") else "2"))


def start(portal, at):
    """Whether it served before the kill."""
    portal.environment = {"LD_PRELOAD": program(FAULT), "LICET_FAULT_AT": str(at)} if at else {}
    try:
        portal.start()
    except RuntimeError:
        portal.wait_end()
        return False
    return True


class Steps:
    def __init__(self, sale):
        self.sale, self.entitlement, self.seats = sale, sale.buy(1000), 0
        self.kills = self.starts = 0
        self.before = {}  # what was answered before: it never changes

    def allocate(self, key):
        """The answer, or None where the portal was killed before it answered; a closed connection reads as status 0."""
        try:
            answer = self.sale.allocate("lic01", (self.entitlement, self.seats), key=key)
        except (OSError, AssertionError):
            return None
        return answer if answer.status else None

    def complaint(self, at):
        """What is wrong after a kill before call number `at`; empty: nothing."""
        portal = self.sale.portal
        if not start(portal, at):
            self.starts += 1
            return "" if start(portal, 0) and portal.stop() == 0 else "it does not start again"
        self.seats = 1 + self.seats % 900
        answer = self.allocate(f"step-{at}")
        is_killed = answer is None or portal.process.poll() is not None
        self.kills += is_killed
        portal.kill()
        start(portal, 0)
        again = self.allocate(f"step-{at}")
        whole = again.json if again else {}
        shown = self.sale.ask("GET", f"/api/issues/{whole['id']}/file") if again and again.status == 201 else None
        seats = self.sale.seats(self.entitlement)
        portal.stop()
        if shown is None or shown.status != 200 or whole["state"] != "released" or f"seats={self.seats}" not in shown.text:
            return f"asked again it is answered {again}, and the file is {shown}"
        if answer is not None and answer.json["id"] != whole["id"]:
            return f"one key made two generations: {answer.json} and {whole}"
        if whole["generation"] != self.before.get("generation", 0) + 1:
            return f"generation {whole['generation']} follows {self.before}"
        if seats["allocated"] != self.seats or seats["owned"] != 1000 or sum(seats.values()) != 2000:
            return f"the ledger has {seats} for {self.seats}"
        self.before = whole
        return "" if is_killed else "the end"


def test_steps():
    with Sale("--seats-a-line", "1000", "--files-an-hour", "1000000", "--seats-an-hour", "1000000000") as sale:
        with open(sale.signer.vendor.root, encoding="ascii") as root:
            key = " ".join(root.read().split()[:2])
        steps = Steps(sale)
        sale.portal.query("INSERT INTO server (number, customer_id, name, short_name, public_key, generation, created)"
                          f" VALUES ('S-00001', {sale.customer}, 'lic01', 'lic01', '{key}', 0, 1)")
        sale.portal.stop()
        complaints = []
        for at in range(1, CALLS_MAX, STRIDE):
            complaint = steps.complaint(at)
            if complaint:
                complaints.append(f"before call {at}: {complaint}")
            if complaints:
                break
        ok(complaints[-1:] and complaints[-1].endswith("the end") and steps.kills >= 8,
           f"R6.8 killed before {steps.kills} steps of issuing, and {steps.starts} of its start: every act has its file, none has two",
           complaints)
        sale.portal.start()


harness.run(test_steps)
