#!/usr/bin/python3
"""Row 7: licetd is killed under load, again and again; nothing that it acknowledged is lost, nothing is there twice.

test_kill.py BUILD [KILLS]. Workers check out and in without pause and write down every answer. After each kill the new
process is asked about each: an acknowledged grant is still the same lease, an acknowledged check-in has ended, and the
seats in use are those leases and no other. What was under way at the kill may have happened or not; it is settled by
giving it back, which must then not have been more than what was under way.
"""
import random
import sys
import threading
import time

from attack import harness
from harness import Closed, Server, Vendor, command_bytes, increment, new_id, ok, word_of

KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
WORKERS = 8
PIPELINE = 16
SEATS = 400  # fewer than the workers would hold: refusals and grants race for the last ones


class Worker(threading.Thread):
    """One product: pipelines check-outs and check-ins of its own ids until the connection breaks."""

    def __init__(self, server, seed):
        super().__init__()
        self.server = server
        self.draw = random.Random(seed)
        self.held = {}      # id -> handle: the grant was acknowledged, no check-in was sent
        self.ended = set()  # the check-in was acknowledged
        self.open = set()   # something about this id was sent and not answered
        self.answers = 0
        self.wrong = []

    def run(self):
        try:
            with self.server.connect() as connection:
                while True:
                    self.talk(connection)
        except (Closed, OSError):
            pass

    def talk(self, connection):
        requests = []
        for _ in range(PIPELINE):
            if self.held and self.draw.random() < 0.45:
                lease = self.draw.choice(sorted(self.held))
                requests.append(("CHECKIN", lease, self.held.pop(lease)))
            else:
                requests.append(("CHECKOUT", new_id(), None))
        self.open.update(lease for _, lease, _ in requests)
        connection.send(b"".join(command_bytes(verb, *(["cad_pro"] if verb == "CHECKOUT" else []), lease) for
                                 verb, lease, _ in requests))
        for verb, lease, handle in requests:
            self.settle(verb, lease, handle, connection.read())

    def settle(self, verb, lease, handle, answer):
        self.open.discard(lease)
        self.answers += 1
        if verb == "CHECKOUT" and word_of(answer) == "GRANTED":
            self.held[lease] = answer[1]
        elif verb == "CHECKIN" and answer == ["ENDED", handle]:
            self.ended.add(lease)
        elif word_of(answer) != "NOSEAT":
            self.wrong.append((verb, answer))


def ask(server, requests):
    with server.connect() as connection:
        connection.send(b"".join(command_bytes(*request) for request in requests))
        return [connection.read() for _ in requests]


def in_use(server):
    return server.features()["cad_pro"]["in-use"]


class Tally:
    def __init__(self):
        self.answers = self.lost = self.other = self.revived = self.doubled = self.open = 0
        self.wrong = []


def check(server, workers, tally):
    """Compares what was acknowledged with what is there, then gives everything back."""
    held = {lease: handle for worker in workers for lease, handle in worker.held.items()}
    ended = [lease for worker in workers for lease in worker.ended]
    under_way = [lease for worker in workers for lease in worker.open]
    there = in_use(server)
    tally.doubled += not len(held) <= there <= len(held) + len(under_way)
    tally.doubled += there > SEATS
    for (lease, handle), answer in zip(held.items(), ask(server, [("CHECKOUT", "cad_pro", lease) for lease in held])):
        tally.lost += word_of(answer) != "GRANTED"
        tally.other += word_of(answer) == "GRANTED" and answer[1] != handle
    answers = ask(server, [("CHECKOUT", "cad_pro", lease) for lease in ended])
    tally.revived += sum(word_of(answer) != "ENDED" for answer in answers)
    ask(server, [("CHECKIN", lease) for lease in under_way])
    tally.doubled += in_use(server) != len(held)
    ask(server, [("CHECKIN", lease) for lease in held])
    tally.doubled += in_use(server) != 0
    tally.answers += sum(worker.answers for worker in workers)
    tally.open += len(under_way)
    tally.wrong += [answer for worker in workers for answer in worker.wrong]


def row_7():
    tally, draw = Tally(), random.Random(7)
    server = Server(Vendor(), "--grants-a-second", "100000000", "--leases-of-source", "1000000").start()
    server.serve(increment(seats=SEATS))
    for kill in range(KILLS):
        workers = [Worker(server, f"{kill}.{index}") for index in range(WORKERS)]
        for worker in workers:
            worker.start()
        time.sleep(draw.uniform(0.01, 0.08))
        server.kill()
        for worker in workers:
            worker.join()
        server.start()
        check(server, workers, tally)
    figures = f"{KILLS} kills, {tally.answers} answers, {tally.open} requests under way"
    print(f"# {figures}")
    ok(tally.answers > KILLS * 50 and tally.open > 0, "row 7: licetd was killed under load", figures)
    ok(not tally.wrong, "row 7: under load there is no other answer than grant, end and refusal", tally.wrong[:5])
    ok(tally.lost == 0, "row 7: no acknowledged lease is lost", tally.lost)
    ok(tally.other == 0, "row 7: each is the same lease as before", tally.other)
    ok(tally.revived == 0, "row 7: no acknowledged check-in is undone", tally.revived)
    ok(tally.doubled == 0, "row 7: no seat is held twice, and none by nobody", tally.doubled)
    ok(server.stop() == 0, "row 7: and after all that it stops in order", server.log()[-2000:])


harness.run(row_7)
