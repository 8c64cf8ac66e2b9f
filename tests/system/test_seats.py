"""Seats held by real programs from a real license server: test_seats.py LICET LICETD PRODUCT. TAP.

The good days and the cut cables of `licet run` and the example product; the administrator's commands.
"""
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from licensing import Site, Wire  # noqa: E402
from tap import done, ok  # noqa: E402

LICET, LICETD, PRODUCT = map(os.path.abspath, sys.argv[1:4])
LINES = """\
INCREMENT cad_pro sn=A-1 seats=10 maintenance=2027-11-24 expiry=permanent covers=cad_std ttl=60s
INCREMENT old sn=A-2 seats=1 maintenance=2020-01-01 expiry=permanent
INCREMENT pool sn=A-3 seats=10 maintenance=none expiry=permanent ttl=10s
"""
CUTS = 200


def wait_for(condition, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def start_run(site, port, *arguments):
    return subprocess.Popen([LICET, "run", *arguments], env=site.environment(port), stderr=subprocess.PIPE, text=True)


def test_administrator(site):
    site.start()
    first = site.sign()
    refused = site.run("install", "--yes", first)
    ok(refused.returncode == 5 and "LICET_TOKEN" in refused.stderr, "R10.6 without a token nothing is installed",
       refused.stderr)
    site.make_administrator()
    asked = site.run("install", first, stdin=subprocess.DEVNULL)
    hash_text = re.search(r"SHA256:\S+", asked.stdout).group(0)
    ok(asked.returncode == 2 and "generation 1" in asked.stdout and "cad_pro" in asked.stdout,
       "R4.2 a file is shown before it is installed, and not without somebody's word", asked.stdout + asked.stderr)
    ok(site.status()["vendors"][0]["generation"] is None, "nothing was installed by that")
    wrong = site.run("install", "--confirm", "SHA256:" + "A" * 43, first)
    ok(wrong.returncode == 25, "R4.2 a word for another file is none", wrong.stderr)
    done_ = site.run("install", "--confirm", hash_text, first)
    ok(done_.returncode == 0 and "generation 1 is installed" in done_.stdout, "R4.2 with its hash it is installed",
       done_.stdout + done_.stderr)
    again = site.run("install", "--yes", first)
    ok(again.returncode == 0 and "already" in again.stdout, "R4.1 the same file again changes nothing", again.stderr)
    ok(re.search(r"\n\nRECEIPT 1 (?s:.*)\n-----BEGIN SSH SIGNATURE-----", again.stdout), "R4.1 and its receipt is printed again",
       again.stdout)
    site.must("install", "--yes", site.sign())
    old = site.run("install", "--yes", first)
    ok(old.returncode == 24 and "older" in old.stderr, "R4.1 an older generation is refused", old.stderr)
    token, site.token = site.token, None
    path = site.path("licet/token")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(token + "\n")
    os.chmod(path, 0o644)
    env = dict(site.environment(), XDG_CONFIG_HOME=site.folder)
    request = subprocess.run([LICET, "request"], env=env, check=False, capture_output=True, text=True)
    ok(request.returncode == 4 and "chmod" in request.stderr, "a token that others can read is refused",
       request.stderr)
    os.chmod(path, 0o600)
    request = subprocess.run([LICET, "request"], env=env, check=False, capture_output=True, text=True)
    ok(request.returncode == 0 and "REQUEST 1 " in request.stdout and "BEGIN SSH SIGNATURE" in request.stdout,
       "the server's request is printed, signed", request.stderr)
    site.token = token
    receipt = site.run("receipt")
    ok(receipt.returncode == 0 and "RECEIPT 1 " in receipt.stdout and "generation=2" in receipt.stdout,
       "so is its receipt", receipt.stderr)


def test_looking(site):
    status = site.run("status")
    ok(status.returncode == 0 and re.search(r"cad_pro +10 +0", status.stdout) and "generation 2" in status.stdout,
       "licet status shows features and counts", status.stdout + status.stderr)
    ok('"features"' in site.run("status", "--json").stdout, "or what the server said")
    why = site.run("why", "cad_pro")
    ok(why.returncode == 0, "licet why: a seat is free", why.stderr)
    why = site.run("why", "--release", "2026-11-24", "old")
    ok(why.returncode == 16 and "2020-01-01" in why.stdout + why.stderr,
       "R1.3 licet why: the release is newer than the maintenance date, which it names", why.stdout + why.stderr)
    why = site.run("why", "--count", "2", "old")
    ok(why.returncode == 12, "licet why: more seats than there are", why.stdout + why.stderr)
    ok(site.run("why", "nothing").returncode == 13, "licet why: no such feature")
    away = dict(site.environment(), LICET_SERVER="127.0.0.1:1")
    for command in (["status"], ["why", "cad_pro"], ["run", "cad_pro", "--", "true"]):
        result = subprocess.run([LICET, *command], env=away, check=False, capture_output=True, text=True)
        ok(result.returncode == (125 if command[0] == "run" else 9) and "127.0.0.1:1" in result.stderr,
           f"licet {command[0]}: a server that is not there is named", result.stderr)


def test_run(site):
    result = site.run("run", "cad_pro", "--", "sh", "-c", "echo out; exit 7")
    ok(result.returncode == 7 and result.stdout == "out\n", "licet run returns the command's code", result.stderr)
    ok(site.run("run", "cad_pro", "--", "sh", "-c", "kill -KILL $$").returncode == 137,
       "or 128 and the signal that ended it")
    ok(site.run("run", "cad_pro", "--", "no-such-command").returncode == 127, "127: there is no such command")
    ok(site.run("run", "cad_pro", "--", "/").returncode == 126, "126: it cannot be started")
    none = site.run("run", "--release", "2026-11-24", "old", "--", "touch", site.path("touched"))
    ok(none.returncode == 125 and "licet run: MAINTENANCE:" in none.stderr and not os.path.exists(site.path("touched")),
       "125: there is no seat, and the command is not started", none.stderr)
    ok(site.run("run", "cad_pro").returncode == 125, "125: there is no command")
    held = start_run(site, None, "cad_pro", "--count", "4", "--", "sleep", "60")
    ok(wait_for(lambda: site.in_use("cad_pro") == 4), "the seats are held while it runs")
    full = site.run("run", "--count", "7", "cad_pro", "--", "true")
    ok(full.returncode == 125 and "NOSEAT" in full.stderr, "nobody gets seats that are held", full.stderr)
    held.send_signal(signal.SIGTERM)
    ok(held.wait(timeout=10) == 128 + signal.SIGTERM, "a signal is passed on to the command")
    ok(site.in_use("cad_pro") == 0, "and the seats are given back")
    held = start_run(site, None, "cad_pro", "--", "sh", "-c", f"echo $$ > {site.path('pid')}; exec sleep 60")
    wait_for(lambda: os.path.exists(site.path("pid")) and os.path.getsize(site.path("pid")) > 0)
    with open(site.path("pid"), encoding="ascii") as file:
        pid = int(file.read())
    held.kill()
    held.wait()
    ok(wait_for(lambda: not os.path.exists(f"/proc/{pid}") or "State:\tZ" in open(f"/proc/{pid}/status").read()),
       "a command does not outlive a licet that is killed")


def test_product(site):
    result = subprocess.run([PRODUCT, "cad_std", "1"], env=site.environment(), check=False, capture_output=True,
                            text=True, timeout=60)
    ok(result.returncode == 0 and "holding cad_std" in result.stdout and "of acme, generation 2" in result.stdout,
       "the example product holds a seat that another line covers", result.stdout + result.stderr)
    result = subprocess.run([PRODUCT, "old", "1"], env=site.environment(), check=False, capture_output=True, text=True)
    ok(result.returncode == 15 and "no seat" in result.stderr, "and says why it does not get one", result.stderr)
    env = dict(site.environment(), LICET_ROOT=site.path("issuing.pub"))
    before = site.in_use("cad_pro")
    result = subprocess.run([PRODUCT, "cad_pro", "1"], env=env, check=False, capture_output=True, text=True)
    ok(result.returncode == 20, "INV-29 a product with another root does not take the seat", result.stderr)
    ok(site.in_use("cad_pro") == before, "and keeps it from nobody", (before, site.in_use("cad_pro")))


def test_cuts(site):
    wire = Wire(site.port)
    held = start_run(site, wire.port, "pool", "--", "sleep", "600")
    ok(wait_for(lambda: site.in_use("pool") == 1), "a seat is held over a cable")
    wrong = slow = 0
    for _ in range(CUTS):
        seen = wire.accepted
        wire.cut()
        wrong += site.in_use("pool") != 1
        wire.mend()
        slow += not wait_for(lambda: wire.accepted > seen)  # pylint: disable=cell-var-from-loop
        wrong += site.in_use("pool") != 1
    ok(slow == 0, f"R8.1 the cable is cut {CUTS} times, and each time the product comes back", slow)
    ok(wrong == 0, "R8.1 one seat is held all the time, never two", wrong)
    ok(held.poll() is None, "and the command never noticed")
    site.stop(signal.SIGKILL)
    site.start()
    ok(wait_for(lambda: site.in_use("pool") == 1) and held.poll() is None,
       "a license server that is killed and started again still has it")
    time.sleep(12)
    ok(held.poll() is None and site.in_use("pool") == 1, "and renews it, a ttl later")
    held.terminate()
    held.wait(timeout=20)
    ok(wait_for(lambda: site.in_use("pool") == 0), "the seat comes back when the command ends")
    wire.close()


def test_loss(site):
    wire = Wire(site.port)
    polite = start_run(site, wire.port, "pool", "--grace", "20", "--", "sleep", "600")
    stubborn = start_run(site, wire.port, "pool", "--grace", "1", "--", "sh", "-c",
                         "trap '' TERM; while :; do sleep 0.2; done")
    ok(wait_for(lambda: site.in_use("pool") == 2), "two seats are held over a cable")
    wire.cut()
    begin = time.monotonic()
    code = polite.wait(timeout=30)
    seconds = time.monotonic() - begin
    said = polite.stderr.read()
    ok(code == 124, "R8.5 124: the lease is lost, and the command was asked to stop", f"{code}: {said}")
    ok(5 < seconds < 25, "at the end of its lease, neither sooner nor much later", seconds)
    ok("licet run: LOST:" in said, "with a line that says so", said)
    ok(stubborn.wait(timeout=30) == 124, "a command that will not stop is made to")
    ok(wait_for(lambda: site.in_use("pool") == 0), "the server frees the seats by time")
    wire.close()


def main():
    site = Site(LICET, LICETD, LINES)
    try:
        for test in (test_administrator, test_looking, test_run, test_product, test_cuts, test_loss):
            test(site)
    finally:
        site.close()
    done()


main()
