#!/usr/bin/python3
"""licet-signer killed before each of its writes, syncs, renames, signatures and answers, and on a disk that fails.

The real program with a library before it that counts calls (fault.c). After each fault the signer is started again as
it is, and asked again for everything, as a portal does: what was answered before is answered with the same bytes, and
nothing has a second content.
"""
import errno
import os
import shutil
import subprocess

from harness import BUILD, FOLDER, WAIT_SECONDS, as_user, ok, program, run
from signing import CERTIFICATE, CHECKPOINT, DISK_FULL, LAST, LICENSE, OK, POLICY, RESPONSE, SIGNER, VOID, Signer, Silence, \
    checkpoint_payload, instant, license_payload, response_payload

FAULT = os.path.join(BUILD, "tests", "system", "libsigner_fault.so")
CALLS_MAX = 200

# One frame after the other: (act, payload) of each item. All of one moment, so that they are the same in every run.
NOW = instant()
FRAMES = [
    [(LICENSE, license_payload("S-1", 1, issued=NOW))],
    [(LICENSE, license_payload("S-2", 1, issued=NOW)), (RESPONSE, response_payload(b"1", "S-2", issued=NOW)),
     (VOID, license_payload("S-3", 1, issued=NOW)), (CHECKPOINT, checkpoint_payload(2, issued=NOW))],
    [(LICENSE, license_payload("S-1", 2, issued=NOW)), (LICENSE, license_payload("S-3", 2, issued=NOW))],
    [(LICENSE, license_payload("S-1", 3, issued=NOW))],
]
# For each item what would be a second content of it; for what was made void, its signature.
ITEMS = [item for frame in FRAMES for item in frame]
RIVALS = {item: rival for item, rival in zip(ITEMS, [
    (LICENSE, license_payload("S-1", 1, "rival-1", issued=NOW)), (LICENSE, license_payload("S-2", 1, "rival-2", issued=NOW)),
    (RESPONSE, response_payload(b"1", "S-2", issued=NOW, status="invalid")),
    (LICENSE, license_payload("S-3", 1, issued=NOW)), (CHECKPOINT, checkpoint_payload(2, b"rival", issued=NOW)),
    (LICENSE, license_payload("S-1", 2, "rival-3", issued=NOW)), (LICENSE, license_payload("S-3", 2, "rival-4", issued=NOW)),
    (LICENSE, license_payload("S-1", 3, "rival-5", issued=NOW))])}


def ask_all(signer, frames):
    """The answers by payload until the signer is gone."""
    answers = {}
    try:
        with signer.asker() as asker:
            for frame in frames:
                items = [signer.item(act, payload) for act, payload in frame]
                for item, answer in zip(frame, asker.ask(*items)):
                    answers[item] = answer
    except (Silence, ConnectionRefusedError):
        pass
    return answers


class Faults:
    """One signer whose state is put back before each fault."""

    def __init__(self):
        self.signer = Signer()
        with self.signer:  # what a start prepares is the journal's own to test
            pass
        self.kept = self.signer.state + ".kept"
        self.copy(self.signer.state, self.kept)

    @staticmethod
    def copy(source, target):
        subprocess.run(["cp", "-a", "--sparse=always", source, target], check=True)

    def reset(self):
        shutil.rmtree(self.signer.state)
        self.copy(self.kept, self.signer.state)

    def start(self, at, **more):
        return self.signer.start({"LD_PRELOAD": program(FAULT), "LICET_FAULT_AT": str(at), **more})


def rivals_signed(signer, items):
    answers = ask_all(signer, [[RIVALS[item]] for item in items])
    return [(item, answer) for item, answer in answers.items() if answer[0] != POLICY]


def complaint(signer, before):
    """What is wrong after a fault; `before` are the answers that came before it."""
    if not signer.start():
        return "it does not start again"
    forgotten = rivals_signed(signer, before)
    after = ask_all(signer, FRAMES)
    second = rivals_signed(signer, ITEMS)
    last = signer.ask(LAST, "acme S-1")
    signer.stop()
    if forgotten:
        return f"it has forgotten what it answered: {forgotten}"
    if list(after) != ITEMS or any(answer[0] != OK for answer in after.values()):
        return f"not everything is signed when it is asked for again: {after}"
    if any(after[item] != answer for item, answer in before.items()):
        return "an answer is not the one that was given before"
    if second:
        return f"something has a second content: {second}"
    return None if last == (OK, "3") else f"the last generation is {last}"


def test_killed():
    """Until a run is over before its fault comes."""
    faults, wrong = Faults(), []
    for at in range(1, CALLS_MAX):
        faults.reset()
        before = ask_all(faults.signer, FRAMES) if faults.start(at) else {}
        code = faults.signer.stop()
        why = complaint(faults.signer, before)
        if why:
            wrong.append((at, why))
        if code == 0:
            break
    ok(code == 0 and at > 15, f"killed before each of {at - 1} writes, syncs, signatures and answers of a life")
    ok(not wrong, "row 71, R9.4 killed anywhere and started again: the same bytes, and never two files of one generation", wrong)


def test_disk_fails():
    """A disk that fails, or is full: no answer that is not on it, and the next start reads what is."""
    faults, wrong, at, is_over = Faults(), [], 0, 0
    while is_over < 2 and at < CALLS_MAX:  # with either of the two
        at += 1
        number = (errno.EIO, errno.ENOSPC)[at % 2]
        faults.reset()
        before = ask_all(faults.signer, FRAMES) if faults.start(at, LICET_FAULT_ERRNO=str(number)) else {}
        answered = {item: answer for item, answer in before.items() if answer[0] == OK}
        strange = [answer for answer in before.values() if answer[0] not in (OK, DISK_FULL)]
        is_over = is_over + 1 if faults.signer.stop() == 0 else 0
        why = complaint(faults.signer, answered)
        if why or strange:
            wrong.append((errno.errorcode[number], at, why, strange))
    ok(10 < at < CALLS_MAX, f"the disk failed at each of {at - 2} calls of a life")
    ok(not wrong, "INV-24 a disk that fails: nothing is answered that is not durable", wrong[:4])


def test_disk_full():
    """No room for what comes is no reason to be silent about what is there."""
    signer, at = Signer(), 1
    while not signer.start({"LD_PRELOAD": program(FAULT), "LICET_FAULT_AT": str(at),
                            "LICET_FAULT_ERRNO": str(errno.ENOSPC)}) and at < 10:
        at += 1  # the first calls make the end of the journal sure
    ok(at < 10 and "disk.full" in signer.log(), "INV-24 it starts on a disk that is full, and says so")
    ok(signer.ask(CERTIFICATE)[0] == OK, "and answers what needs no room")
    signer.kill()


def test_init_killed():
    """An init that was killed leaves no journal, or a whole one."""
    wrong = []
    signer = Signer(init=False)
    for at in range(1, CALLS_MAX):
        for name in ("journal", "journal.unborn"):
            shutil.rmtree(os.path.join(signer.state, name), ignore_errors=True)
        code = subprocess.run(as_user(program(SIGNER), "init", *signer.options, "--state", signer.state), check=False,
                              capture_output=True, cwd=FOLDER, timeout=WAIT_SECONDS,
                              env={**os.environ, "LD_PRELOAD": program(FAULT), "LICET_FAULT_AT": str(at)}).returncode
        if os.path.exists(signer.journal):
            if not signer.start() or signer.ask(LICENSE, license_payload())[0] != OK:
                wrong.append((at, "the journal is not whole"))
            signer.stop()
        elif code == 0:
            wrong.append((at, "no journal was made"))
        if code == 0:
            break
    ok(code == 0 and at > 5, f"init killed before each of its {at - 1} writes and syncs")
    ok(not wrong, "R9.4 there is never a journal without its first record", wrong)


run(test_killed, test_disk_fails, test_disk_full, test_init_killed)
