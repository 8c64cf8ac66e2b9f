"""Who was refused seats, as licetd remembers it: test_denials.py BUILD. TAP."""
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from harness import Server, as_maps, new_id, ok, word_of  # noqa: E402

LICET = harness.LICET
VENDOR = harness.Vendor("acme")
NOTES = b"LGRP\0\1\0\x08"  # a group of notes
NOTES_WAIT_SECONDS = 120  # for what takes five


def denials(server, *arguments):
    """All pages of the list."""
    rows, cursor = [], "0"
    with server.connect() as connection:
        connection.call("AUTH", server.token_of("viewer"))
        while cursor is not None:
            cursor, page = connection.call("DENIALS", "CURSOR", cursor, *arguments)
            rows += as_maps(page)
    return rows


def facts(rows):
    """What does not depend on the time of the test."""
    return sorted((row["feature"], row["user"] or "", row["host"] or "", row["source"] or "", row["code"], row["count"])
                  for row in rows)


def bytes_of(server, suffix=".segment"):
    folder = os.path.join(server.state, "server")
    parts = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(suffix):
            with open(os.path.join(folder, name), "rb") as file:
                parts.append(file.read())
    return b"".join(parts)


def in_files(server, needle, suffix=".segment"):
    return bytes_of(server, suffix).count(needle)


def wait_for_notes(server, more_than=0):
    end = time.monotonic() + NOTES_WAIT_SECONDS
    while in_files(server, NOTES) <= more_than and time.monotonic() < end:
        time.sleep(0.25)  # it reads every segment
    return in_files(server, NOTES) > more_than


def checkout(server, feature, user, *more):
    return server.call("CHECKOUT", feature, new_id(), "USER", user, "HOST", "desk-7", *more)


def refuse_some(server):
    """The only seat is taken; anna is refused it three times, bob something that is not there."""
    granted = checkout(server, "sim", "zoe")
    words = [word_of(checkout(server, "sim", "anna")) for _ in range(3)]
    words.append(word_of(checkout(server, "old_cad", "bob")))
    return granted[1], words


EXPECTED = [("old_cad", "bob", "desk-7", "127.0.0.1", "NOFEATURE", 1), ("sim", "anna", "desk-7", "127.0.0.1", "NOSEAT", 3)]


def test_list():
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        _, words = refuse_some(server)
        ok(words == ["NOSEAT"] * 3 + ["NOFEATURE"] and facts(denials(server)) == EXPECTED,
           "R8.8 DENIALS says who was refused what, from where, why and how often", denials(server))
        row = denials(server, "FEATURE", "sim")
        ok(len(row) == 1 and row[0]["vendor"] == "acme" and row[0]["device"] is None and
           time.time() - 3600 < row[0]["first"] <= row[0]["last"], "R8.8 of one feature, and when first and last", row)
        ok(denials(server, "FEATURE", "none") == [] and denials(server, "VENDOR", "acme", "LIMIT", "1") != [],
           "page by page, and nothing of what nobody asked for")
        ok(word_of(server.call("DENIALS")) == "NOAUTH", "R10.6 who was refused is for viewers")
        metrics = server.get("/metrics").text
        ok("licet_denials_dropped_total 0" in metrics and 'licet_denials_total{code="NOSEAT"} 3' in metrics,
           "/metrics counts them for anybody")
        ok(wait_for_notes(server), "R8.8 notes go to the journal without an end of the server")
        with server.connect() as connection:
            ended = connection.call("CHECKIN", new_id())
            again = checkout(server, "sim", "anna")
        ok(word_of(ended) != "GRANTED" and word_of(again) == "NOSEAT" and facts(denials(server))[1][5] == 4 and
           len(denials(server)) == 2, "an id that nobody knows is no denial", denials(server))
        server.stop()
        server.start()
        ok(facts(denials(server)) == [EXPECTED[0], EXPECTED[1][:5] + (4,)],
           "R8.8 a restart forgets no denial", facts(denials(server)))
    checked = server.act("check")
    ok(checked.returncode == 0, "licetd check finds no flaw", checked.stdout + checked.stderr)


def licet(server, token, *arguments, text=""):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LICET_", "XDG_"))}
    env.update(LICET_SERVER="%s:%d" % server.address, LICET_TOKEN=token, XDG_CONFIG_HOME=harness.FOLDER)
    return subprocess.run([LICET, *arguments], env=env, input=text, check=False, capture_output=True, text=True,
                          timeout=60)


def test_licet():
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        viewer = server.token_of("viewer")
        empty = licet(server, viewer, "denials")
        ok(empty.returncode == 0 and empty.stdout == "nobody was refused a seat\n", "R8.8 licet denials: nobody was refused",
           empty.stdout + empty.stderr)
        refuse_some(server)
        shown = licet(server, viewer, "denials")
        ok(re.search(r"^acme +sim +anna +desk-7 +127\.0\.0\.1 +NOSEAT +3 +20\S+Z +20\S+Z *\n"
                     r"acme +old_cad +bob .* NOFEATURE +1 ", shown.stdout, re.MULTILINE) and
           shown.stdout.startswith("VENDOR "), "R8.8 licet denials: who was refused what, the latest last",
           shown.stdout + shown.stderr)
        ok(licet(server, viewer, "denials", "--feature", "sim").stdout.count("\n") == 2, "of one feature")
        ok(licet(server, viewer, "denials", "more").returncode == 2, "more makes no sense")
        ok(licet(server, "licet_wrong", "denials").returncode == 5, "R10.6 it needs a token")


def forget(server, name, confirm=True, token=None):
    return server.post("/names/forget", {"name": name, "confirm": confirm}, token=token or server.administrator())


def test_forget():
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        refuse_some(server)
        ok(forget(server, "anna", token=server.token_of("viewer")).status == 403, "R10.8 a viewer has nothing forgotten")
        ok(forget(server, "nobody").status == 404, "R10.8 a name that is not here is named so")
        ok(forget(server, "zoe").status == 409 and forget(server, "sim").status == 409 and
           forget(server, "acme").status == 409, "R10.8 what a running lease or a license file names is not forgotten")
        ok(all(server.post("/names/forget", body, token=server.administrator()).status == 400
               for body in ({}, {"name": 1}, {"name": ""}, {"name": "x" * 65}, b"[]", b"x")), "a body that says nothing")
        seen = forget(server, "anna", confirm=False)
        ok(seen.status == 200 and seen.json == {"name": "anna", "forgotten": False, "denials": 1, "remains": []} and
           facts(denials(server)) == EXPECTED, "R10.8 without a confirmation it only says what would be", seen)
        gone = forget(server, "anna")
        nameless = [EXPECTED[0], ("sim", "", "desk-7", "127.0.0.1", "NOSEAT", 3)]
        ok(gone.status == 200 and gone.json["forgotten"] is True and facts(denials(server)) == nameless,
           "R10.8 a forgotten name is no more in DENIALS, and what was counted is", f"{gone} {facts(denials(server))}")
        ok(in_files(server, b"anna", "") == 0 and in_files(server, b"desk-7", "names") == 1,
           "R10.8 nor in any file of the server's folder; others are")
        ok(f'by="root"' in server.log() and "anna" not in server.log(), "R10.8 the log says who did it, and not what")
        ok(forget(server, "anna").status == 404, "again there is nothing")
        server.stop()
        server.start()
        ok(facts(denials(server)) == nameless, "R10.8 it stays forgotten after a restart", facts(denials(server)))
        checkout(server, "sim", "anna")
        ok(facts(denials(server))[1:] == [nameless[1], ("sim", "anna", "desk-7", "127.0.0.1", "NOSEAT", 1)],
           "R10.8 who comes with it again is somebody new", facts(denials(server)))
        server.stop()
        server.start()
        ok(len(denials(server)) == 3 and checkout(server, "sim", "anna"), "also for the next start", denials(server))


def test_forget_new():
    """The name is forgotten before anything made it durable."""
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        server.call("CHECKOUT", "sim", new_id())
        token, names = server.administrator(), [f"new-{number}" for number in range(8)]
        forgotten = []
        for name in names:
            checkout(server, "sim", name)
            forgotten.append(forget(server, name, token=token).status)
        checkout(server, "sim", "old")
        server.stop()
        ok(forgotten == [200] * len(names) and server.process.returncode == 0,
           "R10.8 a name is forgotten as soon as it is known", f"{forgotten} {server.log()}")
        server.start()
        rows = facts(denials(server))
        ok([row[1] for row in rows] == [""] * len(names) + ["old"] and in_files(server, b"new-", "names") == 0,
           "R10.8 its id stays its own", rows)


def test_forget_address():
    """An address is a name, too, and a connection knows its own."""
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1), harness.increment("cad", 9, "L-2"))
        with server.connect() as connection:
            lease = new_id()
            connection.call("CHECKOUT", "sim", lease, "USER", "zoe")
            ok(forget(server, "127.0.0.1").status == 409, "R10.8 the address of a running lease is not forgotten")
            connection.call("CHECKIN", lease)
            ok(forget(server, "127.0.0.1").status == 200, "R10.8 when it has ended the address can be")
            granted = connection.call("CHECKOUT", "cad", new_id(), "USER", "zoe")
            connection.call("AUTH", server.token_of("viewer"))
            _, rows = connection.call("LEASES")
            ok(word_of(granted) == "GRANTED" and as_maps(rows)[0]["source"] == "127.0.0.1",
               "R10.8 a connection from there goes on, as somebody new", rows)


def test_forget_remains():
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        server.call("CHECKOUT", "sim", new_id())
        checkout(server, "sim", "root")
        with open(os.path.join(server.state, "server", "names.damaged-1"), "wb") as file:
            file.write(b"root")
        remains = forget(server, "root").json["remains"]
        ok(len(remains) == 2 and "administrators" in remains[0] and "names.damaged-1" in remains[1],
           "R10.8 what is not touched is said", remains)


def test_forget_kill():
    """Each round has one name forgotten, and the server killed at some moment of it."""
    rounds, wrong, answered = 25, [], 0
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        refuse_some(server)
        for number in range(rounds):
            checkout(server, "sim", f"person-{number}")
        wait_for_notes(server)
        server.stop()
        server.start()
        for number in range(rounds):
            name, answers = f"person-{number}", []
            token = server.administrator()
            asking = threading.Thread(target=lambda: answers.append(forget(server, name, token=token)))
            asking.start()
            time.sleep(number * 0.0006)
            server.kill()
            asking.join()
            is_told = bool(answers) and answers[0].status == 200
            answered += is_told
            server.start()
            left = in_files(server, len(name).to_bytes(4, "big") + name.encode(), "names")
            if is_told and left != 0:
                wrong.append(name)
        rows = facts(denials(server))
        ok(not wrong, f"R10.8 what was answered as forgotten stays so, after {answered} of {rounds} kills", wrong)
        ok(len(rows) == 2 + rounds and rows[0] == EXPECTED[0] and EXPECTED[1] in rows,
           "R10.8 and no kill costs another name, or a row", rows)
    ok(server.act("check").returncode == 0, "licetd check finds no flaw")


def test_forget_licet():
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        refuse_some(server)
        token = server.administrator()
        asked = licet(server, token, "forget", "anna")
        ok(asked.returncode == 2 and "--yes" in asked.stderr and facts(denials(server)) == EXPECTED,
           "R10.8 licet forget without a person to ask forgets nothing", asked.stdout + asked.stderr)
        done = licet(server, token, "forget", "--yes", "anna")
        ok(done.returncode == 0 and "is forgotten" in done.stdout and facts(denials(server))[1][1] == "",
           "R10.8 licet forget --yes does it", done.stdout + done.stderr)
        ok(licet(server, token, "forget", "--yes", "anna").returncode == 3, "once")
        ok(licet(server, server.token_of("viewer"), "forget", "--yes", "bob").returncode == 4, "R10.8 for administrators")
        ok(licet(server, token, "forget").returncode == 2 and licet(server, token, "forget", "a", "b").returncode == 2,
           "it takes one name")


def test_numbers():
    """A handle is the number of its record."""
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1), harness.increment("cad", 9, "L-2"))
        first, _ = refuse_some(server)
        wait_for_notes(server)
        second = checkout(server, "cad", "zoe")
        ok(second[1] == first + 1, "R8.8 notes take no number of the journal's records", f"{first} {second}")


def test_kill():
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        refuse_some(server)
        ok(wait_for_notes(server), "notes are on disk")
        server.kill()
        server.start()
        ok(facts(denials(server)) == EXPECTED, "R8.8 noted denials survive kill -9", denials(server))
        for _ in range(10):
            checkout(server, "sim", "carl")
            server.kill()
            server.start()
        survived = facts(denials(server))
        ok([row for row in survived if row[1] != "carl"] == EXPECTED,
           "a kill at any moment costs at most what was not noted yet", survived)
        ok(word_of(checkout(server, "sim", "zoe")) == "NOSEAT", "and no seat is lost or won by it")


def test_counts():
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        refuse_some(server)
        server.stop()
        server.options = ["--denials", "counts"]
        server.start()
        nameless = [("old_cad", "", "", "", "NOFEATURE", 1), ("sim", "", "", "", "NOSEAT", 3)]
        ok(facts(denials(server)) == nameless, "R10.8 denials=counts shows no names, also of old notes", denials(server))
        checkout(server, "sim", "quite-new-person")
        ok(facts(denials(server))[1] == ("sim", "", "", "", "NOSEAT", 4), "R10.8 and counts on", denials(server))
        server.stop()
        ok(in_files(server, b"quite-new-person", "names") == 0 and in_files(server, b"anna", "names") == 1,
           "R10.8 denials=counts leaves no new name behind")


def test_snapshot():
    with Server(VENDOR, "--snapshot-after", "1000") as server:
        server.serve(harness.increment("sim", 1), harness.increment("cad", 100000, "L-2"))
        refuse_some(server)
        wait_for_notes(server)
        with server.connect() as connection:
            for _ in range(1500):
                lease = new_id()
                connection.send(harness.command_bytes("CHECKOUT", "cad", lease) +
                                harness.command_bytes("CHECKIN", lease))
            words = {word_of(connection.read()) for _ in range(3000)}
        server.wait_for_log(r"snapshot\.made")
        server.stop()
        server.start()
        used = re.search(r"journal\.opened.*snapshot=(\d+)", server.log())
        ok(words == {"GRANTED", "ENDED"} and used and int(used.group(1)) > 0 and facts(denials(server)) == EXPECTED,
           "R8.8 a start from a snapshot knows the denials before it", denials(server))


def test_flood():
    asked = 30000
    with Server(VENDOR) as server:
        server.serve(harness.increment("sim", 1))
        with server.connect() as connection:
            connection.call("CHECKOUT", "sim", new_id())
            for start in range(0, asked, 1000):
                for number in range(start, start + 1000):
                    connection.send(harness.command_bytes("CHECKOUT", "sim", new_id(), "USER", f"nobody-{number}"))
                words = {word_of(connection.read()) for _ in range(1000)}
        rows = denials(server, "LIMIT", "1000")
        named = [row for row in rows if row["user"] is not None]
        ok(words == {"NOSEAT"} and len(rows) <= 4096 and sum(row["count"] for row in rows) >= asked - 4096,
           "R8.8 a flood of names is a bounded list that counts them all", f"{words} {len(rows)}")
        ok(0 < len(named) <= 4096, "R10.8 and leaves a bounded number of names behind", len(named))
        wait_for_notes(server)
        sizes = [int.from_bytes(group[:4], "big") for group in bytes_of(server).split(NOTES)[1:]]
        ok(sizes and max(sizes) <= 16 * (4 + 53), "R8.8 notes come 16 at a time", sizes)
        server.stop()
        ok(in_files(server, b"nobody-", "names") <= 4096, "R10.8 also on the disk")
        server.start()
        ok(len(denials(server, "LIMIT", "1000")) == len(rows), "R8.8 an orderly stop notes them all")


harness.run(test_list, test_licet, test_numbers, test_kill, test_counts, test_snapshot, test_flood, test_forget,
            test_forget_new, test_forget_address, test_forget_remains, test_forget_kill, test_forget_licet)
