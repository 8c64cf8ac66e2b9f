#!/usr/bin/python3
"""License files over HTTP: preview, install, refuse (R2, R3, R4); the texts that go to the vendor (R5)."""
import os
import re
import signal
import socket
import subprocess
import time

import harness
from harness import LICET, Server, Vendor, increment, new_id, ok, payload_hash, print_line, quote, word_of


def preview(server, file):
    return server.post("/license/preview", file, token=server.administrator())


def refused(server, file, status, pattern, name):
    """Preview and install say the same, and nothing changes."""
    before = server.get("/status").json["vendors"]
    answers = [preview(server, file), server.install(file), server.install(file, confirm=False)]
    ok(all(answer.status == status and re.search(pattern, answer.json["detail"]) for answer in answers) and
       server.get("/status").json["vendors"] == before, name, "\n".join(map(str, answers)))


def check_installation():
    vendor = Vendor()
    with Server(vendor) as server:
        first = vendor.license(server, 5, increment(seats=2))
        shown = preview(server, first)
        ok(shown.status == 200 and shown.json["hash"] == payload_hash(first), "R2.6 the preview names the payload's hash",
           shown)
        ok(shown.json["changes"][0]["seats_then"] == 2 and not shown.json["shrinks"],
           "R4.2 the preview compares line by line", shown)
        ok(word_of(server.call("CHECKOUT", "cad_pro", new_id())) in ("NOFILE", "NOFEATURE"),
           "R4.2 a preview changes nothing")
        other = vendor.license(server, 5, increment(seats=9))
        wrong = server.post("/license/install?hash=" + quote(payload_hash(other)), first, token=server.administrator())
        ok(wrong.status == 409 and "preview" in wrong.json["detail"],
           "R4.2 a confirmation that names another hash is refused", wrong)
        ok(server.install(first).status == 200, "R4.2 the previewed file is installed by its hash")
        ok(word_of(server.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED", "an installed file serves seats")
        again = server.install(first)
        ok(again.status == 200 and again.json["already_installed"] is True,
           "R4.1 the same file again is answered: already installed", again)
        receipt = again.json["receipt"]
        ok(receipt.startswith("RECEIPT 1 ") and " generation=5 " in receipt.replace("\\\n   ", "") and
           stock_verifies(receipt, signers_of(server), "receipt@licet"), "R4.1 with its receipt, signed", receipt)
        refused(server, other, 409, "generation 5", "R4.1 the same number with other content is refused")
        ok("license.conflict" in server.log(), "R4.1 and raises an alarm in the log")
        refused(server, vendor.license(server, 4, increment(seats=9)), 409,
                "generation 4 is older than the installed 5, which contains every change made before it",
                "R4.1 an older generation is refused, in these words")
        refused(server, vendor.license(server, 1006, increment(seats=9)), 400, "1000", "R4.1 a jump of 1,001 is refused")
        ok(server.install(vendor.license(server, 1005, increment(seats=9))).status == 200, "R4.1 one of 1,000 is taken")


def at_once(server, *requests):
    """The answers to requests that a paused server finds waiting, all of them, when it goes on."""
    peers = [socket.create_connection(server.address, harness.WAIT_SECONDS) for _ in requests]
    os.kill(server.pid, signal.SIGSTOP)
    for peer, request in zip(peers, requests):
        peer.sendall(request)
    os.kill(server.pid, signal.SIGCONT)
    answers = []
    for peer in peers:
        with peer, peer.makefile("rb") as file:
            answers.append(harness.Answer(file.read()))
    return answers


def check_quick_installations():
    """Each installation forgets the file that it replaced, and no other, however soon the next one comes."""
    vendor = Vendor()
    with Server(vendor) as server:
        server.serve(increment(seats=1))
        bearer = [("Authorization", f"Bearer {server.administrator()}")]
        generation, answers = 1, []
        while generation < 40 and [answer.status for answer in answers] != [200, 200]:
            files = [vendor.license(server, generation + step, increment(seats=generation + step)) for step in (1, 2)]
            answers = at_once(server, *(harness.request_bytes("POST", "/license/install", file.encode(), bearer)
                                        for file in files))
            generation += 2
        ok([answer.status for answer in answers] == [200, 200], "two files are installed by one commit", answers)
        kept = os.listdir(os.path.join(server.state, "licenses"))
        ok(len(kept) == 1, "the files that they replaced are gone, the last one is there", kept)
        server.kill()
        server.start()
        ok(server.get("/status").json["vendors"][0]["generation"] == generation, "and it is what a restart serves")


def check_shrinking():
    """R4.2: what an unattended installation may not do."""
    vendor = Vendor()
    base = {"seats": 5, "maintenance": "2027-01-01", "expiry": "2027-06-30", "covers": ["cad_std", "cad_view"],
            "overdraft": 2}
    smaller = {
        "fewer seats": {"seats": 4},
        "an earlier expiry": {"expiry": "2027-06-29"},
        "an earlier maintenance date": {"maintenance": "2026-12-31"},
        "a cover fewer": {"covers": ["cad_std"]},
        "less overdraft": {"overdraft": 1},
        "an end where there was none": {"refresh_by": "2027-05-01"},
        "a later start": {"start": "2026-12-24"},
        "a field that needs a newer licetd": {"frobnicate": "1"},
        "a restriction that is not served": {"dup": "U"},
    }
    with Server(vendor) as server:
        fields = ("start", "refresh_by", "covers", "overdraft", "dup", "frobnicate")

        def line(**changes):
            values = {**base, **changes}
            ordered = {key: values.pop(key) for key in fields if key in values}
            return increment(**values, **ordered)

        server.serve(line())
        for name, change in smaller.items():
            file = vendor.license(server, 2, line(**change))
            shown, answer = preview(server, file), server.install(file, confirm=False)
            ok(shown.status == 200 and shown.json["shrinks"] is True and answer.status == 409 and
               answer.json["code"] == "SHRINKS", f"R4.2 unattended, {name} is refused", f"{shown}\n{answer}")
        file = vendor.license(server, 2, line(sn="L-9"))
        ok(server.install(file, confirm=False).status == 409, "R4.2 unattended, a vanished line is refused")
        file = vendor.license(server, 2, line(), customer="C-2")
        ok(server.install(file, confirm=False).status == 409, "R3.4 unattended, another customer is refused")
        ok(preview(server, file).json["warnings"], "R3.4 and the preview says that the customer changes")
        file = vendor.license(server, 2, line(seats=6, expiry="permanent"), increment("sim", sn="L-2"))
        ok(server.install(file, confirm=False).status == 200, "R4.2 unattended, growth is installed")
        file = vendor.license(server, 3)
        ok(server.install(file).status == 200, "R4.2 a generation without lines retires the server, confirmed")
        ok(word_of(server.call("CHECKOUT", "cad_pro", new_id())) == "NOFEATURE", "R4.2 and then nothing is served")


def check_dates():
    """R4.2: the preview counts the seats that will be served, and says why a line serves nobody."""
    vendor = Vendor()
    with Server(vendor) as server:
        server.serve(increment("over", seats=1), increment("soon", sn="L-2", seats=1))
        file = vendor.license(server, 2, increment("over", seats=3, expiry="2025-01-01"), increment("soon", sn="L-2", seats=3, start="2099-01-01"),
                              increment("late", sn="L-3", seats=3, refresh_by="2025-01-01"), increment("odd", sn="L-4", seats=3, exipry="x"))
        changes = {change["feature"]: change for change in preview(server, file).json["changes"]}
        told = [(feature, change["change"], change["seats_now"], change["seats_then"], change.get("remark")) for feature, change in changes.items()]
        ok(sorted(told) == [("late", "new", 0, 0, "has ended: refresh-by=2025-01-01"),
                            ("odd", "new", 0, 0, "needs a newer licetd, which knows exipry=x"),
                            ("over", "shrinks", 1, 0, "has ended: expiry=2025-01-01"),
                            ("soon", "shrinks", 1, 0, "has not begun: start=2099-01-01")],
           "R4.2 what has ended, has not begun or is not understood is 0 seats, with the reason", told)
        server.install(vendor.license(server, 3, increment("over", seats=3, maintenance="none", expiry="2025-01-01"),
                                      increment("over", sn="L-2", seats=3, maintenance="2027-11-24")))
        row = server.features()["over"]
        ok(row["seats"] == 3 and row["maintenance"] == "2027-11-24", "a line that has ended maintains nothing", row)


def check_order():
    """R4.2: a line is found by its sn, wherever it stands, and among those that it begins."""
    vendor, count = Vendor(), 60
    with Server(vendor) as server:
        old = [increment(f"feature_{index}", sn=f"L-{index}", seats=index + 1) for index in range(count)]
        new = [increment(f"feature_{index}", sn=f"L-{index}", seats=index + 2) for index in range(1, count + 1)]
        server.install(vendor.license(server, 1, *old))
        changes = preview(server, vendor.license(server, 2, *reversed(new))).json["changes"]
        seats = {change["sn"]: (change["seats_now"], change["seats_then"]) for change in changes}
        want = {f"L-{index}": (index + 1, index + 2) for index in range(1, count)}
        want.update({"L-0": (1, 0), f"L-{count}": (0, count + 2)})
        ok(len(changes) == count + 1 and seats == want, "R4.2 lines are compared by their sn, in whatever order they stand",
           changes)


def check_forward():
    vendor = Vendor()
    with Server(vendor) as server:
        server.serve(increment(), increment("sim", sn="L-2", frobnicate="1"), increment("old", sn="L-3", x_note="hi"),
                     print_line("FUTURE", "thing", "a=b"), increment("suite", sn="L-4", dup="U"),
                     increment("lent", sn="L-5", burst="3d"))
        words = {feature: word_of(server.call("CHECKOUT", feature, new_id())) for feature in
                 ("cad_pro", "sim", "old", "suite", "lent")}
        ok(words["cad_pro"] == "GRANTED", "R2.5 a line beside one of the future serves", words)
        ok(words["sim"] == "DISABLED", "R2.5 an unknown field disables its line only", words)
        ok(words["old"] == "GRANTED", "R2.5 an x- field is ignored", words)
        ok(words["suite"] == "DISABLED", "R2.5 a restriction that is not served disables its line", words)
        ok(words["lent"] == "GRANTED", "R2.5 a permission that is not served is ignored", words)
        sentence = str(server.call("CHECKOUT", "sim", new_id()))
        ok("newer licetd" in sentence, "R2.5 the refusal says: needs a newer licetd", sentence)
        chain = server.call("CHAIN")[0]
        ok("FUTURE thing a=b\n" in chain, "R2.5 what is not understood is kept byte for byte", chain)


def check_reading():
    vendor = Vendor()
    with Server(vendor) as server:
        file = vendor.license(server, 1, increment(covers=["cad_std", "cad_view", "cad_print", "cad_export"]))
        refused(server, file.replace("seats=3", "seats=4"), 422, r"\S", "R2.6 a changed file is refused")
        refused(server, harness.payload_of(file), 400, r"\S", "R2.6 a file without its signature is refused")
        twice = file + file[file.index(harness.ARMOR):]
        refused(server, twice, 400, r"\S", "R2.6 a file with two signatures is refused")
        joined = file.replace("\\\n    ", "")
        answer = preview(server, joined)
        ok(answer.status in (400, 422), "R2.6 a file whose wrapped lines were joined is refused", answer)
        wide = vendor.sign(harness.payload_of(file).replace("\\\n    ", ""))
        answer = preview(server, wide)
        ok(answer.status == 400, "R2.6 what does not print as it was read is refused, though it is signed", answer)
        mailed = file.replace("\n", " \t\r\n") + "\r\n \r\n"
        answer = server.install(mailed)
        ok(answer.status in (200, 409), "a mailed file is judged by its normal form")
        answer = server.post("/license/install?hash=" + quote(payload_hash(file)), mailed, token=server.administrator())
        ok(answer.status == 200 and answer.json["hash"] == payload_hash(file) and answer.json["warnings"],
           "R2.6 carriage returns and trailing blanks are put right, and said", answer)
        for namespace in ("lease@licet", "receipt@licet", "request@licet", "response@licet", "license"):
            signed = vendor.sign(vendor.payload(server.key, 2, [increment()]), namespace)
            refused(server, signed, 422, r"\S", f"R9 a license file signed for {namespace} is refused")


def check_trust():
    vendor, stranger, other = Vendor(), Vendor(), Vendor("globex")
    with Server([vendor, other]) as server:
        lines = [increment()]
        refused(server, stranger.license(server, 1, *lines), 422, r"\S", "R3.5 a file of another root key is refused")
        other.name = "acme"
        refused(server, other.license(server, 1, *lines), 422, r"\S",
                "R3.5 a vendor that is trusted here does not sign for another")
        other.name = "globex"
        server.serve(*lines)
        ok(server.install(other.license(server, 7, increment("cad_pro", seats=1))).status == 200,
           "R3.5 two vendors have each a file of their own")
        answer = server.call("CHECKOUT", "cad_pro", new_id())
        ok(word_of(answer) == "INVALID" and "VENDOR" in str(answer), "R10.3 with two vendors a request must name one",
           answer)
        words = [word_of(server.call("CHECKOUT", "cad_pro", new_id(), "VENDOR", "globex")) for _ in range(2)]
        ok(words == ["GRANTED", "NOSEAT"], "R3.5 a feature of one name is counted by vendor", words)
        late = Vendor(dates="20200101000000Z:20210101000000Z")
    with Server(late) as server:
        refused(server, late.license(server, 1, *lines), 422, r"\S",
                "R9 a certificate that was not valid at the issue date is refused")
        ok(server.install(late.license(server, 1, *lines, issued="2020-06-01T00:00:00Z")).status == 200,
           "R9 an old file is judged by the key that was valid when it was issued")
        late.certify(principal="licensing@globex")
        refused(server, late.license(server, 2, *lines), 422, r"\S",
                "R9 a certificate for another vendor's name is refused")


def check_server_names():
    vendor = Vendor()
    with Server(vendor, name="london-lic01") as server, Server(vendor, name="tokyo-lic01") as tokyo:
        refused(server, vendor.license(tokyo, 1, increment(), server="tokyo-lic01"), 422,
                "tokyo-lic01.*london-lic01|london-lic01.*tokyo-lic01",
                "R3.2 a file of another server's key is refused, and both names are said")
        payload = vendor.payload(server.key, 1, [increment()], server="LONDON-LIC01.example.com")
        ok(server.install(vendor.sign(payload)).status == 200,
           "R1.2 names compare without case and short against full")


def check_texts():
    """R5: what licetd signs is verified by stock ssh-keygen, each text under its own namespace alone."""
    vendor = Vendor()
    with Server(vendor) as server:
        empty = server.get("/receipt", token=server.administrator())
        ok(empty.status == 409 and empty.json["code"] == "NOFILE", "R5 without a file there is nothing to confirm", empty)
        first = server.get("/request", token=server.administrator()).text.replace("\\\n    ", "")
        ok(first.startswith("REQUEST 1 vendor=acme name=london-lic01 key=SHA256:"), "R5 a first request can be made",
           first)
        server.serve(increment(seats=3), increment("sim", sn="L-2", seats=2))
        texts = {kind: server.get("/" + kind, token=server.administrator()).text for kind in ("request", "receipt")}
        signers = signers_of(server)
        for kind, text in texts.items():
            for namespace in ("request", "receipt", "lease", "license", "usage"):
                good = stock_verifies(text, signers, namespace + "@licet")
                ok(good == (kind == namespace),
                   f"R5 stock ssh-keygen {'accepts' if kind == namespace else 'refuses'} a {kind} as {namespace}@licet")
        ok(not stock_verifies(texts["receipt"].replace("seats=3", "seats=2"), signers, "receipt@licet"),
           "R5 stock ssh-keygen refuses a changed receipt")
        check_text_values(server, vendor, texts)


def response_of(vendor, file, server="S-1", named=None, namespace="response@licet"):
    """What a portal answers: a signed text, and the file behind it."""
    issued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    payload = print_line("RESPONSE", "1", f"vendor={vendor.name}", f"server={server}", "request=SHA256:" + "A" * 42 + "E",
                         f"issued={issued}", f"file={named or payload_hash(file)}")
    return vendor.sign(payload, namespace) + "\n" + file


def check_responses():
    """R5.2: every request names the last response that was accepted, and nothing else does."""
    vendor, other = Vendor(), Vendor("other")
    with Server([vendor, other]) as server:
        def named(of=vendor):
            text = server.get("/request?vendor=" + of.name, token=server.administrator()).text.replace("\\\n   ", "")
            found = re.search(r" response=(\S+)", text)
            return found and found.group(1)

        def bring(text, file):
            return server.post("/license/install?hash=" + quote(payload_hash(file)), text, token=server.administrator())

        ok(named() is None, "R5.2 before the first response a request names none", named())
        first, second = (vendor.license(server, number, increment(seats=number + 4)) for number in (1, 2))
        response = response_of(vendor, first)
        shown = server.post("/license/preview", response, token=server.administrator())
        ok(shown.status == 200 and shown.json["hash"] == payload_hash(first) and named() is None,
           "R5.2 a preview of a response shows its file, and accepts nothing", shown)
        answer = bring(response, first)
        ok(answer.status == 200 and named() == payload_hash(response),
           "R5.2 a response that was installed is named by the next request", f"{answer}\n{named()}")
        ok(named(other) is None, "R5.2 and not by one to another vendor")
        bad = {
            "with a changed head": response_of(vendor, second).replace("server=S-1", "server=S-2"),
            "signed as a file": response_of(vendor, second, namespace="license@licet"),
            "that names another file": response_of(vendor, second, named=payload_hash(first)),
            "for another server": response_of(vendor, second, server="S-9"),
            "of another vendor's key": response_of(other, second).replace("vendor=other", "vendor=acme"),
            "without a file": response_of(vendor, second).split("\n\n")[0] + "\n",
        }
        for name, text in bad.items():
            answer = bring(text, second)
            ok(answer.status in (400, 403, 409, 422) and named() == payload_hash(response) and
               server.get("/status").json["vendors"][0]["generation"] == 1, f"R5.2 a response {name} is refused", answer)
        server.kill()
        server.start()
        ok(named() == payload_hash(response), "R5.2 it is named after a kill, too", named())
        bring(second, second)
        ok(named() == payload_hash(response), "R5.2 a file that comes alone changes nothing of it", named())
        again = response_of(vendor, second)
        ok(bring(again, second).json["already_installed"] and named() == payload_hash(again),
           "R5.2 a response whose file is installed already is accepted", named())


def check_text_values(server, vendor, texts):
    receipt = texts["receipt"].replace("\\\n    ", "")
    ok("LINE L-1 seats=3\n" in receipt and "LINE L-2 seats=2\n" in receipt, "R5.1 a receipt has a row for each line",
       receipt)
    counters = [int(re.search(r"counter=(\d+)", text).group(1)) for text in texts.values()]
    ok(counters[1] == counters[0] + 1, "R5.2 each text raises the counter", counters)
    leases = [new_id() for _ in range(3)]
    for lease in leases:
        server.call("CHECKOUT", "cad_pro", lease, "USER", "alice-canary", "HOST", "host-canary")
    server.install(vendor.license(server, 2, increment(seats=1)))
    receipt = server.get("/receipt", token=server.administrator()).text.replace("\\\n    ", "")
    ok("generation=2" in receipt and re.search(r"LINE L-1 seats=1 overhang=2 until=\S+Z\n", receipt),
       "R5.1 seats that were taken away and are in use are overhang, with the latest end", receipt)
    ok("L-2" not in receipt, "R5.1 a vanished line without overhang is not named", receipt)
    ok("canary" not in receipt, "R5 a receipt carries no names of users or hosts", receipt)
    ok([word_of(server.call("RENEW", lease)) for lease in leases] == ["GRANTED"] * 3,
       "R4.5 no running lease is taken away at once")
    ok(word_of(server.call("CHECKOUT", "cad_pro", new_id())) == "NOSEAT", "R4.5 and nobody new is let in")
    for lease in leases[:2]:
        server.call("CHECKIN", lease)
    receipt = server.get("/receipt", token=server.administrator()).text.replace("\\\n    ", "")
    ok("overhang" not in receipt, "R5.1 when they are given back the receipt frees them", receipt)


def signers_of(server):
    """What stock ssh-keygen wants to know of this server's key."""
    path = harness.path_of("signers")
    with open(path, "w", encoding="ascii") as file, open(os.path.join(server.state, "server", "key.pub"),
                                                         encoding="ascii") as key:
        file.write("server " + key.read())
    return path


def stock_verifies(text, signers, namespace):
    payload, block = text[:text.index(harness.ARMOR)], text[text.index(harness.ARMOR):]
    path = harness.path_of("block")
    with open(path, "w", encoding="ascii") as file:
        file.write(block)
    run = subprocess.run(["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "server", "-n", namespace, "-s", path],
                         check=False, capture_output=True, text=True, input=payload)
    return run.returncode == 0


def check_ends():
    """R1.3, R4.4: dates of lines, seen from outside."""
    vendor = Vendor()
    day = 86400

    def date(days):
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * day))

    with Server(vendor) as server:
        server.serve(increment("past", sn="L-1", expiry=date(-3)), increment("future", sn="L-2", start=date(3)),
                     increment("stale", sn="L-3", refresh_by=date(-3)), increment("dated", sn="L-4",
                                                                                   maintenance="2026-06-30"),
                     increment("free", sn="L-5", maintenance="none"), increment("later", sn="L-6", frobnicate="1"))

        def word(feature, *more):
            return word_of(server.call("CHECKOUT", feature, new_id(), *more))

        ok(word("past") == "EXPIRED", "R1.3 a line that ended serves nobody", word("past"))
        ok(word("stale") == "EXPIRED", "R4.4 refresh-by is an end like expiry", word("stale"))
        ok(word("future") == "NOTSTARTED", "R1.3 a line that has not begun serves nobody", word("future"))
        why = {args: server.call("WHY", *args.split()) for args in
               ("past", "stale", "future", "dated RELEASE 2026-07-01", "free COUNT 4", "nothing", "later", "free")}
        ok([row[7] for row in why.values()] == ["expiry", "refresh-by", "start", "maintenance", "seats", "feature", None, None],
           "R10.3 WHY names the rule that refused, if any", why)
        ok("newer license file" in why["stale"][2] and "newer license file" not in why["past"][2],
           "R4.4 and says what helps a line past its refresh-by", why)
        ok(word("dated", "RELEASE", "2026-06-30") == "GRANTED", "R1.3 a release of the maintenance date itself is served")
        ok(word("dated", "RELEASE", "2026-07-01") == "MAINTENANCE", "R1.3 one of the day after is not")
        ok(word("dated") == "GRANTED", "R1.3 a request without a release date fits any line")
        ok(word("free", "RELEASE", "2099-01-01") == "GRANTED", "R1.3 maintenance=none serves every release")


def check_licet_tool():
    """What the vendor's hand tool makes, keys and certificate included, licetd takes."""
    folder = harness.new_folder("tool")
    os.chmod(folder, 0o755)
    root, issuing, draft, out = (os.path.join(folder, name) for name in ("root", "issuing", "draft", "file.lic"))

    def licet(*arguments):
        run = subprocess.run([LICET, *arguments], check=False, capture_output=True, text=True)
        return run.returncode == 0 or run.stdout + run.stderr

    made = [licet("key", "root", "-f", root), licet("key", "issuing", "-f", issuing),
            licet("key", "certify", "--root", root, "--vendor", "acme", "--from", "2026-01-01", "--to", "2036-01-01",
                  issuing + ".pub")]
    ok(made == [True] * 3, "R9.1 licet makes a root key, an issuing key and its certificate", made)
    vendor = Vendor()
    vendor.root = root + ".pub"
    with Server(vendor) as server:
        with open(draft, "w", encoding="ascii") as file:
            file.write(vendor.payload(server.key, 1, [increment(seats=2)]))
        signed = licet("file", "sign", "-k", issuing, "-c", issuing + "-cert.pub", "-o", out, draft)
        ok(signed is True, "R9.1 licet file sign signs a draft", signed)
        with open(out, encoding="ascii") as file:
            text = file.read()
        answer = server.install(text)
        ok(answer.status == 200 and word_of(server.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED",
           "R9.1 and licetd serves the file", answer)


harness.run(check_licet_tool, check_installation, check_quick_installations, check_shrinking,
            check_dates, check_order, check_forward, check_reading, check_trust, check_server_names, check_texts, check_responses,
            check_ends)
