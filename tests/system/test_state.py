#!/usr/bin/python3
"""The state folder: key and journal, restarts, a full disk (R7.1, R8, R10.6, R10.7)."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import harness
from harness import Server, Vendor, increment, new_folder, new_id, ok, skip, word_of

FAULT = os.path.join(harness.BUILD, "tests", "system", "libsigner_fault.so")


def ends_refused(server, pattern, name):
    """The server refuses to start, in words."""
    server.spawn()
    try:
        code = server.wait_end()
    except subprocess.TimeoutExpired:
        server.kill()
        code = "it runs"
    ok(code not in (0, "it runs") and code > 0 and re.search(pattern, server.log()), name, f"{code}\n{server.log()}")


def check_first_start():
    with Server(Vendor()) as server:
        path = os.path.join(server.state, "first-token")
        ok(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "R10.6 the first token lies in a file of mode 0600")
        token = server.first_token()
        ok(len(token) >= 22 and token not in server.log(), "R10.6 and is not in the log", server.log())
        key = os.path.join(server.state, "server", "key")
        ok(stat.S_IMODE(os.stat(key).st_mode) == 0o400, "R9.1 the server's key has mode 0400")
        modes = {name: oct(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode))
                 for folder, _, names in os.walk(server.state) for name in names if name != "key.pub"}
        ok(not [name for name, mode in modes.items() if int(mode, 8) & 0o077],
           "no file of the state folder but the public key is open to others", modes)
        server.stop()
        server.start()
        ok(server.first_token() == token, "R10.6 a restart keeps the first token")
        ok(server.post("/administrators", {"token": token, "name": "root", "password": harness.PASSWORD}).status == 200,
           "R10.6 it makes the first administrator")
        ok(not os.path.exists(path), "R10.6 and its file is gone")
        server.token = None
        server.stop()
        server.start()
        ok(not os.path.exists(path), "R10.6 a server with an administrator makes no new one at its start")


def identity_of(server):
    """The key that is born, if it is; what is missing beside it is for the next start to tell."""
    with contextlib.suppress(FileNotFoundError), open(os.path.join(server.state, "server", "key"), "rb") as file:
        return file.read()


def check_birth():
    """R7.1: a first start is killed before each of its writes, syncs and renames until a few after its birth."""
    vendor, at, wrong, births = Vendor(), 0, [], {True: 0, False: 0}
    while births[True] < 5 and at < 200:
        at += 1
        server = Server(vendor)
        server.environment = {"LD_PRELOAD": harness.program(FAULT), "LICET_FAULT_AT": str(at)}
        try:
            server.start()
            wrong.append((at, "it lives"))
        except RuntimeError:
            wrong += [] if server.process.returncode == -signal.SIGKILL else [(at, server.log())]
        server.kill()
        is_born = os.path.exists(os.path.join(server.state, "server"))
        key = identity_of(server)
        births[is_born] += 1
        server.environment = {}
        try:
            server.start()
            is_same = key is None or identity_of(server) == key
            wrong += [] if is_same and is_born == (key is not None) else [(at, "another key", is_born)]
        except RuntimeError as error:
            wrong.append((at, str(error)))
        server.kill()
    ok(not wrong, "R7.1 killed before any call of its first start, a server is born whole at the next one, or was before",
       wrong[:3])
    ok(births[False] > 5 and births[True] == 5, "R7.1 kills fell before the birth and after it", (at, births))


def check_root():
    if os.getuid() != 0:
        skip("R10.7 licetd refuses uid 0", "not root")
        return
    run = subprocess.run([harness.program(harness.LICETD), "--state", harness.path_of("root-state"), "--root",
                          f"acme={Vendor().root}"], check=False, capture_output=True, text=True, timeout=20)
    ok(run.returncode != 0 and "root" in run.stderr and not os.path.exists(harness.path_of("root-state")),
       "R10.7 licetd refuses uid 0", run.stderr)


def check_key_and_journal():
    vendor = Vendor()
    server = Server(vendor).start().serve(increment())
    server.stop()
    folder, kept = os.path.join(server.state, "server"), harness.path_of("kept")
    key = os.path.join(folder, "key")
    shutil.copytree(server.state, kept)
    os.rename(key, key + ".away")
    ends_refused(server, r"key is missing.*move .*server away", "R7.1 a journal without its key is refused, naming the way out")
    os.rename(key + ".away", key)
    for name in os.listdir(folder):
        if not name.startswith("key"):
            move = os.path.join(folder, name)
            shutil.rmtree(move) if os.path.isdir(move) else os.remove(move)
    ends_refused(server, r"journal .* is missing.*move .*server away", "R7.1 a key without its journal is refused, naming the way out")
    other = Server(vendor).start()
    other.stop()
    shutil.rmtree(server.state)
    shutil.copytree(kept, server.state)
    foreign = os.path.join(other.state, "server", "key")
    os.remove(key)
    shutil.copy(foreign, key)
    for root, folders, names in os.walk(server.state):
        for name in [root] + [os.path.join(root, entry) for entry in folders + names]:
            harness.give_away(name)
    ends_refused(server, r"another server key.*move .*server away|journal .* is missing", "R7.1 a journal beside another server's key is refused")


def check_other_root():
    """A wrong line in licetd.conf, and a stored file that somebody touched."""
    server = Server(Vendor()).start().serve(increment())
    server.stop()
    ours, server.vendors = server.vendors, [Vendor()]
    ends_refused(server, r"the installed license file of acme is not accepted: .*not trusted here",
                 "R3.5 a start under another root key names the vendor and the file")
    server.vendors = ours
    path = os.path.join(server.state, "licenses", os.listdir(os.path.join(server.state, "licenses"))[0])
    with open(path, "a", encoding="utf-8") as file:
        file.write("\n\n-- \nlicensing\n")
    ends_refused(server, r"of acme is not accepted: text was added after the signature: \"--",
                 "R2.1 and shows the first line that was added, not an empty one")


def check_damage():
    """A flipped byte in the middle of the journal is not a torn end."""
    server = Server(Vendor()).start().serve(increment(seats=1000))
    with server.connect() as connection:
        for _ in range(200):
            connection.call("CHECKOUT", "cad_pro", new_id(), "USER", "alice")
    server.stop()
    folder = os.path.join(server.state, "server")
    names = [name for name in os.listdir(folder) if not name.startswith(("key", "names"))]
    journals = [os.path.join(root, name) for root, _, files in os.walk(folder) for name in files
                if not name.startswith(("key", "names"))]
    largest = max(journals, key=lambda path: len(open(path, "rb").read().rstrip(b"\0")), default=None)
    ok(largest is not None, "the journal lies in the state folder", names)
    with open(largest, "r+b") as file:
        used = len(file.read().rstrip(b"\0"))
        file.seek(used // 2)
        byte = file.read(1)
        file.seek(used // 2)
        file.write(bytes([byte[0] ^ 0x10]))
    ends_refused(server, r"licetd repair|damaged", "INV-23 a flipped byte in the middle of the journal is refused")
    found = server.act("check")
    ok(found.returncode != 0 and "is damaged at byte" in found.stderr, "licetd check names the damage", found.stderr)
    repaired = server.act("repair")
    ok(repaired.returncode == 0 and "lost: the records" in repaired.stdout, "licetd repair says what is lost",
       repaired.stdout)
    ok(server.act("check").returncode == 0, "and what it keeps is whole")
    server.start()
    ok(server.get("/status").json["epoch"] > 1 + 1, "R7.5 its epoch is above any that the lost records may have begun")
    left = server.features()["cad_pro"]["in-use"]
    ok(0 < left < 200, "the server serves again, with the leases before the damage", left)
    ok(server.act("repair").returncode != 0, "a journal in use is not repaired")
    server.stop()


def check_snapshot():
    """A start reads the newest snapshot and what came after it, and finds the same leases."""
    server = Server(Vendor(), "--snapshot-after", "1000").start().serve(increment(seats=100000))
    held = [new_id() for _ in range(50)]
    with server.connect() as connection:
        handles = [connection.call("CHECKOUT", "cad_pro", lease, "USER", "alice")[1] for lease in held]
        for _ in range(1500):
            lease = new_id()
            connection.call("CHECKOUT", "cad_pro", lease, "USER", "bob")
            connection.call("CHECKIN", lease)
    server.wait_for_log(r"\bsnapshot\.made\b")
    server.kill()
    server.start()
    opened = re.search(r"journal\.opened records=(\d+) snapshot=(\d+)", server.log())
    ok(opened is not None and int(opened.group(2)) > 1000 and int(opened.group(1)) < 3000,
       "a start after a kill reads the snapshot and the records after it", opened and opened.group(0))
    again = [server.call("CHECKOUT", "cad_pro", lease, "USER", "alice")[1] for lease in held]
    ok(again == handles, "INV-22 and finds the same leases", again)
    ok(server.features()["cad_pro"]["in-use"] == 50, "and no others")
    server.stop()


def check_restart():
    server = Server(Vendor()).start().serve(increment(seats=3, ttl="10s"))
    leases = [new_id() for _ in range(3)]
    handles = [server.call("CHECKOUT", "cad_pro", lease, "USER", "alice", "COUNT", 1)[1] for lease in leases]
    server.call("CHECKIN", leases[2])
    epoch = server.get("/status").json["epoch"]
    time.sleep(6)
    server.stop()
    server.start()
    ok(server.get("/status").json["epoch"] == epoch + 1, "R8.8 every start is an epoch")
    ok(server.features()["cad_pro"]["in-use"] == 2, "INV-14 a restart keeps leases, and those that ended stay ended")
    ok(server.call("CHECKOUT", "cad_pro", leases[2], "USER", "alice").word == "ENDED",
       "R8.1 an ended id stays ended over a restart")
    again = server.call("CHECKOUT", "cad_pro", leases[0], "USER", "alice")
    ok(again[1] == handles[0], "R8.1 the same id after a restart is the same lease", again)
    time.sleep(6)
    ok(server.features()["cad_pro"]["in-use"] == 2,
       "INV-18 a lease of 10 s that was 6 s old at the restart is alive 6 s after it: it got a fresh ttl")
    end = time.monotonic() + 12
    while server.features()["cad_pro"]["in-use"] > 0 and time.monotonic() < end:
        time.sleep(0.2)
    ok(server.features()["cad_pro"]["in-use"] == 0, "INV-19 then, without a renewal, it ends")
    server.stop()


def check_vendor_gone():
    """R3.5: who trusts a vendor no more renews none of its leases, and goes on serving the others."""
    acme, beta = Vendor("acme"), Vendor("beta")
    state = new_folder()
    lease, kept = new_id(), new_id()
    with Server([acme, beta], state=state) as server:
        server.serve(increment(), vendor=acme)
        server.serve(increment(), vendor=beta)
        ok(word_of(server.call("CHECKOUT", "cad_pro", lease, "VENDOR", "acme")) == "GRANTED" and
           word_of(server.call("CHECKOUT", "cad_pro", kept, "VENDOR", "beta")) == "GRANTED",
           "two vendors have a lease each")
    with Server(beta, state=state) as server:
        proof = ("NONCE", new_id(), "PROOF", "raw")
        answers = [server.call("RENEW", lease, *proof), server.call("RENEW", lease)]
        ok(all(word_of(answer) == "UNTRUSTED" and "acme" in str(answer) for answer in answers),
           "R3.5 a lease of a vendor that is not configured any more is not renewed", answers)
        ok(word_of(server.call("RENEW", kept)) == "GRANTED", "R3.5 one of the other vendor is")
        ok(word_of(server.call("CHECKIN", lease)) == "ENDED", "and the first can be given back")


def check_stop():
    """A stop in order: what was decided is answered."""
    server = Server(Vendor()).start().serve(increment(seats=10000))
    with server.connect() as connection:
        leases = [new_id() for _ in range(2000)]
        connection.send(b"".join(harness.command_bytes("CHECKOUT", "cad_pro", lease) for lease in leases))
        connection.read()
        ok(server.stop() == 0, "SIGTERM ends licetd with exit code 0", server.log())
        answered = 1
        try:
            while word_of(connection.read()) == "GRANTED":
                answered += 1
        except harness.Closed:
            pass
    server.start()
    in_use = server.features()["cad_pro"]["in-use"]
    ok(in_use >= answered, "INV-14 every lease that was answered before the stop is there after it", (answered, in_use))
    server.stop()


def check_stop_while_signing_in():
    """Passwords that are being hashed when SIGTERM comes, and more that come while it waits for them."""
    server = Server(Vendor()).start()
    server.administrator()
    request = harness.request_bytes("POST", "/tokens", json.dumps({"name": "root", "password": harness.PASSWORD}).encode())
    peers = [socket.create_connection(server.address, harness.WAIT_SECONDS) for _ in range(24)]
    for peer in peers[:12]:
        peer.sendall(request)
    time.sleep(0.05)
    server.process.send_signal(signal.SIGTERM)
    for peer in peers[12:]:
        peer.sendall(request)
    peers[0].close()  # and one that does not wait
    answers = []
    for peer in peers[1:]:
        with peer, peer.makefile("rb") as file, contextlib.suppress(ConnectionResetError):
            answers.append(harness.Answer(file.read()).status)
    ok(server.wait_end() == 0, "SIGTERM ends licetd in order while people sign in", server.log())
    ok(set(answers) <= {0, 200, 429, 502, 503} and 200 in answers, "who came before it is signed in", answers)
    ok(200 not in answers[-4:], "and who comes after it is told to come again", answers)


def check_early_stop():
    """SIGTERM while the first record is on its way to the disk: between the sandbox and the first connection."""
    server = Server(Vendor())
    codes = []
    for _ in range(25):
        server.spawn()
        while "sandbox.entered" not in server.log() and server.is_running():
            pass
        server.process.send_signal(signal.SIGTERM)
        try:
            codes.append(server.wait_end())
        except subprocess.TimeoutExpired:
            codes.append("it runs")
            server.kill()
    ok(set(codes) == {0}, "SIGTERM during the start ends licetd in order", codes)


def check_full_disk():
    """A tmpfs of 48 MiB, filled to its last byte beside a running server."""
    if os.getuid() != 0:
        skip("a full disk", "needs root to mount a small file system")
        return
    folder = harness.new_folder("small")
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=700", "none", folder], check=False,
                           capture_output=True, text=True)
    if mount.returncode != 0:
        skip("a full disk", "mounting a file system is not allowed here")
        return
    try:
        harness.give_away(folder)
        full_disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def full_disk(folder):
    server = Server(Vendor(), "--grants-a-second", "100000000", "--leases-of-source", "8000000", state=folder).start()
    server.serve(increment(seats=1000000))
    leases = [new_id() for _ in range(300)]
    with server.connect() as connection:
        for lease in leases:
            connection.call("CHECKOUT", "cad_pro", lease)
        with open(os.path.join(folder, "filler"), "wb") as file:
            try:
                while True:
                    file.write(b"x" * 65536)
                    file.flush()
            except OSError:
                pass
        words, extra = {}, 0
        end = time.monotonic() + 60
        while "DISKFULL" not in words and time.monotonic() < end:
            connection.send(b"".join(harness.command_bytes("CHECKOUT", "cad_pro", new_id()) for _ in range(500)))
            for _ in range(500):
                word = word_of(connection.read())
                words[word] = words.get(word, 0) + 1
            extra = words.get("GRANTED", 0)
        ok(set(words) == {"GRANTED", "DISKFULL"} or set(words) == {"DISKFULL"},
           "INV-24 on a full disk new checkouts get DISKFULL, and nothing else goes wrong", words)
        renewed = {word_of(connection.call("RENEW", lease)) for lease in leases}
        ok(renewed == {"GRANTED"}, "INV-24 on a full disk renewals go on", renewed)
        claimed = {word_of(connection.call("CHECKOUT", "cad_pro", lease)) for lease in leases}
        ok(claimed == {"GRANTED"}, "R8.1 on a full disk a re-claim, which needs no room, goes on", claimed)
        ended = {word_of(connection.call("CHECKIN", lease)) for lease in leases}
        ok(ended == {"ENDED"}, "INV-24 on a full disk check-ins go on", ended)
        ok(server.get("/health").status == 503, "on a full disk /health is not ok")
        server.kill()
        server.start()
        ok(server.features()["cad_pro"]["in-use"] == extra, "INV-14 a crash on the full disk loses nothing", extra)
        os.remove(os.path.join(folder, "filler"))
    end = time.monotonic() + 10
    while word_of(answer := server.call("CHECKOUT", "cad_pro", new_id())) != "GRANTED" and time.monotonic() < end:
        time.sleep(0.2)
    ok(word_of(answer) == "GRANTED", "when there is room again, checkouts go on by themselves", answer)
    ok(server.get("/health").status == 200, "and /health is ok")
    server.stop()


harness.run(check_first_start, check_birth, check_root, check_key_and_journal, check_other_root, check_damage, check_snapshot,
            check_restart, check_vendor_gone, check_stop, check_stop_while_signing_in, check_early_stop, check_full_disk)
