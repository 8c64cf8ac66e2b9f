#!/usr/bin/python3
"""licet-signer as it runs (R9.4): what it signs and refuses, its journal, its socket, its caps."""
import os
import shutil
import socket
import struct
import subprocess
import time

from harness import FOLDER, USER, WAIT_SECONDS, Vendor, as_user, increment, new_folder, ok, path_of, program, run
from signing import CAP, CERTIFICATE, CHECKPOINT, FRAME_MAX, INVALID, ITEMS_MAX, LAST, LICENSE, NOT_FOUND, OK, POLICY, \
    RESPONSE, SIGNER, UNSUPPORTED, VOID, Asker, Signer, Silence, checkpoint_payload, instant, item_bytes, \
    license_payload, response_payload


# ---- what it signs

def ssh_keygen_verifies(vendor, payload, block, namespace="license@licet"):
    """Stock ssh-keygen, at the time of issue, against the root alone."""
    folder = new_folder("verify")
    with open(vendor.root, encoding="ascii") as root, open(os.path.join(folder, "allowed"), "w",
                                                           encoding="ascii") as allowed:
        allowed.write(f'licensing@acme cert-authority,namespaces="{namespace}" {root.read()}')
    with open(os.path.join(folder, "block"), "w", encoding="ascii") as file:
        file.write(block)
    issued = payload.split("issued=")[1][:20]
    moment = issued.replace("-", "").replace(":", "").replace("T", "")
    check = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", os.path.join(folder, "allowed"), "-I", "licensing@acme",
                            "-n", namespace, "-s", os.path.join(folder, "block"), f"-Overify-time={moment}"],
                           check=False, capture_output=True, text=True, input=payload)
    return check.returncode == 0


def test_signs():
    with Signer() as signer:
        for act, payload, namespace in ((LICENSE, license_payload(), "license@licet"),
                                        (RESPONSE, response_payload(), "response@licet"),
                                        (CHECKPOINT, checkpoint_payload(118), "checkpoint@licet")):
            status, block = signer.ask(act, payload)
            ok(status == OK and ssh_keygen_verifies(signer.vendor, payload, block, namespace),
               f"R9.2 stock ssh-keygen verifies what the signer signed for {namespace}", block)
        ok(not ssh_keygen_verifies(signer.vendor, license_payload(), signer.ask(LICENSE, license_payload("S-2"))[1]),
           "R9.2 and refuses its signature under another text")


def test_again():
    payload = license_payload()
    with Signer() as signer:
        first = signer.ask(LICENSE, payload)
        ok(first[0] == OK and signer.ask(LICENSE, payload) == first, "R9.4 the same intent again gives the same bytes")
        ok(signer.ask(LICENSE, license_payload(serial="other"))[0] == POLICY,
           "R9.4 another file of one generation is refused")
        signer.stop()
        signer.start()
        ok(signer.ask(LICENSE, payload) == first, "R9.4 also after a restart, from the journal")
        ok(signer.ask(LICENSE, license_payload(serial="other"))[0] == POLICY, "R9.4 and the other one stays refused")
        ok(signer.ask(LAST, "acme S-1") == (OK, "1") and signer.ask(LAST, "acme S-2") == (OK, "0"),
           "R4.6 it tells the last generation of a server")
        ok(signer.ask(LAST, "acme")[0] == INVALID, "a question without a server is refused")


def test_void():
    with Signer() as signer:
        payload = license_payload(generation=3)
        ok(signer.ask(VOID, payload, certificate=bytes(32)) == (OK, ""),
           "R6.8 a generation that was not signed is made void, whatever its certificate")
        ok(signer.ask(VOID, payload) == (OK, ""), "R6.8 twice is once")
        ok(signer.ask(LICENSE, payload)[0] == POLICY, "R6.8 what is void is not signed")
        signer.stop()
        signer.start()
        ok(signer.ask(LICENSE, payload)[0] == POLICY, "R6.8 nor after a restart")
        payload = license_payload(generation=4)
        ok(signer.ask(LICENSE, payload)[0] == OK and signer.ask(VOID, payload)[0] == POLICY,
           "R6.8 what was signed is not made void")


def test_times():
    with Signer() as signer:
        ok(signer.ask(LICENSE, license_payload(issued=instant(900)))[0] == POLICY,
           "R9.4 a portal whose clock is 15 minutes ahead gets nothing")
        ok(signer.ask(LICENSE, license_payload(issued=instant(300)))[0] == OK, "R9.4 5 minutes are nothing")
        ok(signer.ask(LICENSE, license_payload(generation=2, issued=instant(-60)))[0] == POLICY,
           "R9.4 a clock that was set back: issued before the last file is refused")
        ok(signer.ask(LICENSE, license_payload("S-2", issued=instant(-8 * 86400)))[0] == POLICY,
           "R9.4 an intent of eight days ago is refused")


def test_certificates():
    """A renewed certificate beside the old one: an intent names the one that it was made for."""
    vendor = Vendor(dates="20260101000000Z:20270101000000Z")
    signer = Signer(vendor=vendor)
    old, old_hash = signer.state + "/issuing-cert.pub", signer.certificate
    kept = signer.state + "/old-cert.pub"
    os.rename(old, kept)
    vendor.certify(dates="20260601000000Z:20360101000000Z")
    signer.take_key()
    signer.options += ["--certificate", kept, "--certificate", old]
    payload = license_payload()
    with signer:
        status, block = signer.ask(LICENSE, payload, certificate=old_hash)
        ok(status == OK and ssh_keygen_verifies(vendor, payload, block), "R9.4 an intent names its certificate by hash")
        ok(signer.ask(LICENSE, payload)[0] == POLICY, "R9.4 the same bytes under another certificate are not the same")
        status, line = signer.ask(CERTIFICATE)
        ok(status == OK and line.split()[1] == open(old, encoding="ascii").read().split()[1],
           "R9.4 it tells which certificate new intents name: the newest that is valid")
        ok(signer.ask(LICENSE, license_payload("S-2"), certificate=b"x" * 32)[0] == NOT_FOUND,
           "R9.4 a certificate that it does not have is refused")


def test_lint():
    """Row 70: one bad item at each place of a batch is refused, and it alone."""
    bad = [license_payload("S-9", lines=[increment(feature="1st")]),
           license_payload("S-9", lines=[increment(maintenance="2190-01-01")]),
           license_payload("S-9", vendor="other"), license_payload("S-9") + "\n", "", "x" * 100,
           license_payload("S-9").replace("seats=3", "seats=03")]
    wrong = []
    with Signer("--files-an-hour", "100000") as signer, signer.asker() as asker:
        for place in range(24):
            items = [signer.item(LICENSE, license_payload(f"S-{place}.{index}")) for index in range(24)]
            items[place] = signer.item(LICENSE, bad[place % len(bad)])
            answers = asker.ask(*items)
            wrong += [(place, index, answer) for index, answer in enumerate(answers)
                      if (answer[0] == OK) == (index == place)]
    ok(not wrong, "row 70: of 24 items the bad one is refused, wherever it stands, and no other", wrong)


def test_unknown():
    with Signer() as signer:
        ok(signer.ask(LICENSE, license_payload(lines=[increment(), "SUPPLEMENT x\n"]))[0] == UNSUPPORTED,
           "R2.5 a line that the signer does not know is refused: it could not count it")
        ok(signer.ask(LICENSE, license_payload(lines=[increment(zone=9)]))[0] == UNSUPPORTED,
           "R2.5 a field that it does not know is refused, too")
        ok(signer.ask(LICENSE, license_payload(lines=[increment(x_po=9)]))[0] == OK,
           "R2.5 x- fields are the vendor's own")


def test_caps():
    with Signer("--seats-a-line", "100", "--seats-an-hour", "400", "--files-an-hour", "6", "--releases-an-hour",
                "2") as signer:
        line = lambda seats, **more: [increment(seats=seats, **more)]
        ok(signer.ask(LICENSE, license_payload(lines=line(101)))[0] == CAP, "R9.4 a line over the cap is refused")
        ok(signer.ask(LICENSE, license_payload(lines=line(90, overdraft=11)))[0] == CAP, "R9.4 overdraft counts")
        ok(signer.ask(LICENSE, license_payload(lines=line(None, model="uncounted")))[0] == CAP,
           "R9.4 a line without a count is over every cap")
        ok(signer.ask(LICENSE, license_payload(lines=line(101)), reason="PO 4711, anna")[0] == OK,
           "R9.4 staff releases it with a reason")
        ok("cap.released" in signer.log() and "PO 4711, anna" in signer.log(), "R9.4 which the log shows")
        for number in range(2):
            signer.ask(LICENSE, license_payload(f"S-a{number}", lines=line(100)))
        ok(signer.ask(LICENSE, license_payload("S-b", lines=line(100)))[0] == CAP, "R9.4 seats an hour are capped")
        signer.stop()
        signer.start()
        ok(signer.ask(LICENSE, license_payload("S-b", lines=line(100)))[0] == CAP,
           "R9.4 a restart does not begin a new hour")
        for number in range(3):
            signer.ask(LICENSE, license_payload(f"S-c{number}", lines=line(1)))
        ok(signer.ask(LICENSE, license_payload("S-d", lines=line(1)))[0] == CAP, "R9.4 files an hour are capped")
        ok(signer.ask(LICENSE, license_payload("S-d", lines=line(1)), reason="audit")[0] == OK and
           signer.ask(LICENSE, license_payload("S-e", lines=line(1)), reason="audit")[0] == CAP,
           "R9.4 releases are counted as well")
        ok(signer.ask(LICENSE, license_payload("S-f"), reason="a\nb")[0] == INVALID and
           signer.ask(LICENSE, license_payload("S-f"), reason=b"\xff")[0] == INVALID,
           "a reason that would break the log is refused")


# ---- its journal

def refusal(signer, *words):
    answer = signer.run(*words)
    return answer.returncode, answer.stderr


def test_journal_lost():
    signer = Signer(init=False)
    code, text = refusal(signer)
    ok(code == 3 and "journal is missing" in text and "Retire it" in text,
       "R9.4 without its journal it refuses to start and says that the key has to be retired", text)
    signer.init()
    ok(refusal(signer, "init")[0] == 25, "R9.4 a second init is refused")
    with signer:
        signer.ask(LICENSE, license_payload())
    other = Signer(vendor=Vendor())
    shutil.rmtree(other.journal)
    shutil.copytree(signer.journal, other.journal)
    for name in ["", *os.listdir(other.journal)]:
        os.chown(os.path.join(other.journal, name), USER.pw_uid, USER.pw_gid)
    code, text = refusal(other)
    ok(code == 17 and "journal is that of the issuing key" in text,
       "R9.4 with the journal of another key it refuses to start", text)


def segment_of(signer):
    return os.path.join(signer.journal, sorted(name for name in os.listdir(signer.journal) if name.endswith(".segment"))[0])


def used_bytes(path):
    with open(path, "rb") as file:
        return len(file.read().rstrip(b"\0"))


def test_journal_damaged():
    signer = Signer()
    with signer:
        for number in range(3):
            signer.ask(LICENSE, license_payload(f"S-{number}"))
    path, wrong = segment_of(signer), []
    with open(path, "rb") as file:
        whole = file.read()
    for at in range(0, used_bytes(path) - 120, 97):  # the seal at the end, of 112 bytes, holds no record
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(bytes([whole[at] ^ 16]))
        code, text = refusal(signer)
        if code != 26 or "Retire it" not in text:
            wrong.append((at, code, text))
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(whole[at:at + 1])
    ok(not wrong, "R9.4 a bit flipped anywhere in a sealed journal: it refuses to start", wrong[:2])
    with signer:
        ok(signer.ask(LAST, "acme S-2") == (OK, "1"), "and starts again with the bit put back")


def test_journal_torn():
    """A power cut while a record is written: it was never signed, so its end may be cut."""
    signer = Signer()
    signer.start()
    first = license_payload()
    block = signer.ask(LICENSE, first)
    size = used_bytes(segment_of(signer))
    signer.ask(LICENSE, license_payload(generation=2))
    signer.kill()
    path = segment_of(signer)
    with open(path, "r+b") as file:
        file.seek(size + 60)
        file.write(bytes(used_bytes(path) - size - 60))
    with signer:
        ok("cut=0" not in signer.log().rsplit("journal.opened", 1)[1], "a torn last record is cut at start")
        ok(signer.ask(LICENSE, first) == block and signer.ask(LAST, "acme S-1") == (OK, "1"),
           "and everything before it holds")


def test_journal_used():
    with Signer() as signer:
        code, text = refusal(signer)
        ok(code == 25, "a second signer on one journal is refused", text)
        ok(signer.ask(LICENSE, license_payload())[0] == OK, "and the first one goes on")


def test_show():
    signer = Signer()
    with signer:
        signer.ask(LICENSE, license_payload(), reason="not needed")
        signer.ask(VOID, license_payload("S-2"))
    lines = signer.run("show").stdout.splitlines()
    ok(len(lines) == 3 and " open " in lines[0] and " license vendor=acme server=S-1 number=1 seats=3" in lines[1] and
       " void " in lines[2] and "reason" not in lines[1], "licet-signer show prints what was signed and made void",
       "\n".join(lines))


# ---- its door

def test_key_file():
    signer = Signer()
    os.chmod(signer.state + "/issuing", 0o440)
    code, text = refusal(signer)
    ok(code == 4 and "can be read by others" in text, "R9.1 a key that others may read is refused", text)
    os.chmod(signer.state + "/issuing", 0o400)
    shutil.copy(Vendor().folder + "/issuing-cert.pub", signer.state + "/issuing-cert.pub")
    code, text = refusal(signer)
    ok(code == 17, "R9.1 a certificate of another key is refused", text)


def test_root():
    if os.getuid() != 0:
        return
    signer = Signer()
    answer = subprocess.run([program(SIGNER), "--state", signer.state], check=False, capture_output=True, text=True,
                            timeout=WAIT_SECONDS, cwd=FOLDER)
    ok(answer.returncode == 4 and "does not run as root" in answer.stderr, "R10.7 it refuses to be root")


ASK_AS = """
import os, sys
sys.path[:0] = {path!r}
from signing import Asker, Silence, item_bytes
os.setuid({uid})
try:
    print(Asker({socket!r}).ask(item_bytes(6, bytes(32)))[0][0])
except Silence:
    print("silence")
except PermissionError:
    print("closed")
"""


def ask_as(signer, uid):
    import sys
    text = ASK_AS.format(path=[path for path in sys.path if path], uid=uid, socket=signer.path)
    return subprocess.run(["/usr/bin/python3", "-c", text], check=False, capture_output=True, text=True,
                          timeout=WAIT_SECONDS).stdout.strip()


def test_wrong_user():
    if os.getuid() != 0:
        return
    place = new_folder("run")
    os.chmod(place, 0o755)
    for client, asker, answer, name in (
            (USER.pw_name, 54321, "closed", "the socket's mode keeps other users out"),
            (54321, 54322, "silence", "a user that is not its client gets no answer"),
            (54321, 0, "silence", "nor does root, by this door"),
            (54321, 54321, "0", "its client is answered")):
        signer = Signer(client=client)
        signer.path = os.path.join(place, "socket")
        signer.options += ["--socket", signer.path]
        with signer:
            ok(ask_as(signer, asker) == answer, f"R9.4 {name}", ask_as(signer, asker))
            ok(("key.not_separated" in signer.log()) == (client == USER.pw_name),
               "R9.4 the log says whether the key is separated")


def closes(signer, data):
    """The connection ends without an answer, and the signer goes on."""
    with signer.asker() as asker:
        asker.send(data)
        try:
            asker.answers()
            return False
        except Silence:
            return signer.ask(CERTIFICATE)[0] == OK


def test_frames():
    frame = lambda data: struct.pack(">I", len(data)) + data
    with Signer() as signer:
        item = signer.item(LICENSE, license_payload())
        for data, name in ((struct.pack(">I", FRAME_MAX + 1), "a frame over the limit"),
                           (b"\xff\xff\xff\xff", "a frame of 4 GiB"),
                           (frame(item[:-1]), "an item that is cut"),
                           (frame(item + item[:38]), "a second item that is cut in its head"),
                           (frame(struct.pack(">B32sHI", 2, bytes(32), 0, 0xffffffff)), "a payload of 4 GiB"),
                           (frame(struct.pack(">B32sHI", 2, bytes(32), 0xffff, 0xffffffff)), "sizes that wrap"),
                           (frame(item_bytes(6, bytes(32)) * (ITEMS_MAX + 1)), "more items than fit"),
                           (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "a browser")):
            ok(closes(signer, data), f"{name}: the connection ends, the signer goes on")
        ok(signer.ask(LAST, "acme S-1") == (OK, "0"), "and nothing of it was journalled")
        for act in (0, 1, 8, 255):
            ok(signer.ask(act, license_payload())[0] == UNSUPPORTED, f"an act {act} is not known")
        with signer.asker() as asker:
            ok(asker.ask() == [] and len(asker.ask(*[signer.item(CERTIFICATE)] * ITEMS_MAX)) == ITEMS_MAX,
               "a frame may have no item, and as many as the limit says")
            asker.send(frame(signer.item(LAST, "acme S-1")) * 3)
            ok([asker.answers() for _ in range(3)] == [[(OK, "0")]] * 3, "frames may be sent ahead of their answers")
            for byte in frame(signer.item(LAST, "acme S-1")):
                asker.send(bytes([byte]))
            ok(asker.answers() == [(OK, "0")], "a frame may come byte by byte")


def test_many_connections():
    with Signer() as signer:
        askers = [signer.asker() for _ in range(8)]
        for asker in askers:
            asker.ask(signer.item(CERTIFICATE))
        with signer.asker() as ninth:
            try:
                ninth.ask(signer.item(CERTIFICATE))
                ok(False, "a ninth connection is refused")
            except Silence:
                ok(True, "a ninth connection is refused")
        askers.pop().socket.close()
        time.sleep(0.05)
        ok(signer.ask(CERTIFICATE)[0] == OK, "a place that is free again is given away")
        askers[0].send(struct.pack(">I", 1000) + b"x")
        ok(askers[1].ask(signer.item(CERTIFICATE))[0][0] == OK, "a frame that never ends keeps nobody waiting")


def test_largest():
    line = increment(sn="L-{}")
    lines = [line.replace("{}", str(number)) for number in range(4000)]
    with Signer("--seats-an-hour", "1000000") as signer:
        status, text = signer.ask(LICENSE, license_payload(lines=lines))
        ok(status == OK, "a file of 4,000 lines is signed", text)


run(test_signs, test_again, test_void, test_times, test_certificates, test_lint, test_unknown, test_caps,
    test_journal_lost, test_journal_damaged, test_journal_torn, test_journal_used, test_show, test_key_file, test_root,
    test_wrong_user, test_frames, test_many_connections, test_largest)
