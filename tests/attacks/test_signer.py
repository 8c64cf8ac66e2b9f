#!/usr/bin/python3
"""A portal that was taken over asks the signer for whatever it likes."""
import random

import attack  # noqa: F401  (finds the harness)
from harness import increment, ok, run
from signing import CAP, CHECKPOINT, LICENSE, OK, RESPONSE, VOID, Signer, checkpoint_payload, instant, license_payload, \
    response_payload

ASKED = 1000


def wishes(chance, issued):
    """What must never be signed once generation 5 of S-1 is: name, item."""
    while True:
        yield "an older generation", (LICENSE, license_payload("S-1", chance.randrange(1, 5), f"n{chance.random()}"))
        yield "a second content", (LICENSE, license_payload("S-1", 5, issued=issued, lines=[increment(seats=chance.randrange(4, 99))]))
        yield "a step too far", (LICENSE, license_payload("S-1", chance.randrange(1006, 2**31 - 1)))
        yield "another vendor", (LICENSE, license_payload("S-1", 6, vendor=f"v{chance.randrange(999)}"))
        yield "a later year", (LICENSE, license_payload("S-1", 6, issued=f"20{chance.randrange(28, 99)}-01-01T00:00:00Z"))
        yield "an earlier year", (LICENSE, license_payload("S-1", 6, issued=f"20{chance.randrange(10, 26)}-01-01T00:00:00Z"))
        yield "too many seats", (LICENSE, license_payload("S-2", 1, lines=[increment(seats=chance.randrange(1001, 10**9))]))
        yield "uncounted seats", (LICENSE, license_payload("S-2", 1, lines=[increment(seats=None, model="uncounted")]))
        yield "a second response", (RESPONSE, response_payload(b"once", status=f"other{chance.randrange(999)}"))
        yield "a second root", (CHECKPOINT, checkpoint_payload(7, str(chance.random()).encode()))
        yield "a shorter log", (CHECKPOINT, checkpoint_payload(chance.randrange(7)))
        yield "a lease", (LICENSE, chance.choice(["", "lease", response_payload(b"x"), checkpoint_payload(9)]))
        yield "a void of what is signed", (VOID, license_payload("S-1", 5, issued=issued))
        yield "another act", (chance.choice([0, 1, 8, 99, 255]), license_payload("S-1", 6))


def test_rogue_portal():
    chance, issued, signed = random.Random(75), instant(), []
    with Signer("--seats-a-line", "1000", "--files-an-hour", "100000") as signer, signer.asker() as asker:
        good = [signer.item(LICENSE, license_payload("S-1", 5, issued=issued)),
                signer.item(RESPONSE, response_payload(b"once", issued=issued)),
                signer.item(CHECKPOINT, checkpoint_payload(7, issued=issued))]
        first = asker.ask(*good)
        ok([status for status, _ in first] == [OK] * 3, "row 75: what an honest portal asks for is signed", first)
        source = wishes(chance, issued)
        asked = [next(source) for _ in range(ASKED)]
        for start in range(0, ASKED, 100):
            part = asked[start:start + 100]
            answers = asker.ask(*[signer.item(act, payload) for _, (act, payload) in part])
            signed += [name for (name, _), (status, _) in zip(part, answers) if status == OK]
        ok(not signed, f"row 75: of {ASKED} things that a portal which was taken over asks for, none is signed", signed)
        ok(asker.ask(*good) == first, "row 75: and what was signed before gets the same bytes as ever")


def test_releases():
    """Reasons are the portal's own words: a thousand of them release no more than the cap of releases."""
    with Signer("--seats-a-line", "10", "--files-an-hour", "100000", "--releases-an-hour", "3") as signer, \
            signer.asker() as asker:
        answers = []
        for start in range(0, ASKED, 100):
            answers += asker.ask(*[signer.item(LICENSE, license_payload(f"S-{number}", lines=[increment(seats=99)]),
                                               "a fine reason") for number in range(start, start + 100)])
        ok([status for status, _ in answers].count(OK) == 3 and all(status in (OK, CAP) for status, _ in answers),
           f"row 75: of {ASKED} files over a cap, each with a reason, three are signed in an hour")


run(test_rogue_portal, test_releases)
