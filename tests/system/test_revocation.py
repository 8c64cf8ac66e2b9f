"""A stolen issuing key: the vendor's numbered list, made, installed, relayed and believed (R9.3)."""
import os
import subprocess

import harness
from harness import LICET, Server, Vendor, increment, new_id, ok, payload_hash, payload_of, print_line, quote, word_of


def licet(*arguments, server=None, vendor=None):
    environment = dict(os.environ)
    if server:
        environment.update(LICET_SERVER=f"127.0.0.1:{server.address[1]}", LICET_TOKEN=server.administrator())
    if vendor:
        environment.update(LICET_ROOT=vendor.root)
    return subprocess.run([LICET, *arguments], check=False, capture_output=True, text=True, env=environment,
                          stdin=subprocess.DEVNULL, timeout=60)


def revoke(vendor, name, start, previous=None, key=None, root=None, of=None):
    """Makes a list; the answer and its path."""
    path = os.path.join(vendor.folder, name)
    more = ["--previous", previous] if previous else []
    return licet("key", "revoke", "--root", root or os.path.join(vendor.folder, "root"), "--vendor",
                 of or vendor.name, "--from", start, *more, "-o", path,
                 key or os.path.join(vendor.folder, "issuing.pub")), path


def text_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def check_making():
    vendor, other = Vendor(), Vendor("other")
    made, first = revoke(vendor, "list1", "2026-06-01")
    ok(made.returncode == 0 and text_of(first).startswith("REVOCATIONS 1 vendor=acme number=1 issued="),
       "R9.3 licet key revoke makes list 1, signed by the root", made.stderr)
    made, second = revoke(vendor, "list2", "2026-03-01", first, os.path.join(other.folder, "issuing.pub"))
    ok(made.returncode == 0 and " number=2 " in text_of(second) and text_of(second).count("\nREVOKED key=") == 2,
       "R9.3 the next list has the number 2 and keeps the first key", made.stderr)
    made, third = revoke(vendor, "list3", "2026-02-01", second)
    ok(made.returncode == 0 and "2026-06-01" not in text_of(third) and "from=2026-02-01T00:00:00Z" in text_of(third),
       "R9.3 a key can be revoked from an earlier time", made.stderr)
    made, path = revoke(vendor, "list4", "2026-05-01", third)
    ok(made.returncode == 25 and not os.path.exists(path), "R9.3 but not from a later one", made.stderr)
    made, path = revoke(vendor, "list4", "2026-05-01", third, of="other")
    ok(made.returncode == 25 and not os.path.exists(path), "R9.3 a list goes on as one of its own vendor", made.stderr)
    made, path = revoke(vendor, "list4", "2026-01-01", third, root=os.path.join(other.folder, "root"))
    ok(made.returncode == 21 and not os.path.exists(path), "R9.3 a list goes on under its own root", made.stderr)
    made, _ = revoke(vendor, "list1", "2026-01-01")
    ok(made.returncode == 25 and " number=1 " in text_of(first), "R9.3 a list is never overwritten", made.stderr)
    stolen = os.path.join(vendor.folder, "file")
    with open(stolen, "w", encoding="ascii") as file:
        file.write(vendor.sign(vendor.payload("SHA256:" + 42 * "B" + "A", 1, [increment()], issued="2026-07-01T00:00:00Z")))
    good = licet("file", "verify", "--root", vendor.root, stolen)
    bad = licet("file", "verify", "--root", vendor.root, "--revocations", first, stolen)
    ok(good.returncode == 0 and bad.returncode == 22, "R9.3 licet file verify judges by it", bad.stderr)


# ---- lists that nobody here made

def listing(vendor, number, keys=(), key="root", namespace="revocation@licet", name=None,
            issued="2026-11-24T09:00:00Z"):
    """A list as its lines say, signed by stock ssh-keygen with any key in any namespace."""
    text = print_line("REVOCATIONS", "1", f"vendor={name or vendor.name}", f"number={number}", f"issued={issued}")
    text += "".join(print_line("REVOKED", f"key={fingerprint}", f"from={start}") for fingerprint, start in keys)
    return text + harness.ssh_keygen("-Y", "sign", "-q", "-f", os.path.join(vendor.folder, key), "-n", namespace, text=text)


def fingerprint(vendor, name="issuing"):
    return harness.ssh_keygen("-l", "-f", os.path.join(vendor.folder, f"{name}.pub")).split()[1]


def stolen(vendor, start="2026-01-01T00:00:00Z"):
    """A REVOKED line for the key that signs the files of the tests."""
    return fingerprint(vendor), start


def preview(server, text):
    return server.post("/revocations/preview", text, token=server.administrator())


def install(server, text, confirm=True):
    target = "/revocations/install" + ("?hash=" + quote(payload_hash(text)) if confirm else "")
    return server.post(target, text, token=server.administrator())


def code_of(answer):
    return answer.json.get("code") if answer.status != 200 else "OK"


def relayed(server):
    chain = server.call("CHAIN")
    return chain[2] if len(chain) == 3 else None


# ---- licetd

def check_installing():
    vendor = Vendor()
    with Server(vendor) as server:
        server.serve(increment())
        ok(len(server.call("CHAIN")) == 2, "R9.3 CHAIN has two items where no list is installed")
        first = listing(vendor, 3, [("SHA256:" + 42 * "B" + "A", "2026-01-01T00:00:00Z")])
        shown = preview(server, first)
        ok(shown.status == 200 and shown.json["number"] == 3 and shown.json["hash"] == payload_hash(first)
           and len(shown.json["keys"]) == 1 and not shown.json["revokes_file"] and relayed(server) is None,
           "R9.3 a preview says what a list revokes, and changes nothing", shown)
        answer = server.post("/revocations/install?hash=" + quote(payload_hash(first)), listing(vendor, 4),
                             token=server.administrator())
        ok(code_of(answer) == "CONFLICT" and relayed(server) is None, "R9.3 another list than the confirmed one is refused", answer)
        answer = install(server, first)
        ok(answer.status == 200 and relayed(server) == first, "R9.3 what was confirmed is relayed byte for byte", answer)
        answer = install(server, first)
        ok(answer.status == 200 and answer.json["already_installed"], "R9.3 the same list again changes nothing", answer)
        ok(code_of(install(server, listing(vendor, 3))) == "CONFLICT", "R9.3 another list of the same number is refused")
        ok("revocations.conflict" in server.log(), "R9.3 with an alarm")
        answer = install(server, listing(vendor, 2))
        ok(code_of(answer) == "OLDGENERATION" and relayed(server) == first, "R9.3 an older list is refused", answer)
        second = listing(vendor, 5, issued="2026-11-24T10:00:00Z")
        ok(install(server, second, confirm=False).status == 200 and relayed(server) == second,
           "R9.3 the highest number wins, also unattended where it touches no installed file")
        ok(len(server.call("CHAIN", "VENDOR", "acme")) == 3 and server.get("/status").json["vendors"][0]["revocations"] == {
            "number": 5, "issued": "2026-11-24T10:00:00Z", "keys": 0}, "R9.3 /status shows which list is installed")
        ok("licet_revocations_number{vendor=\"acme\"} 5" in server.get("/metrics").text, "R9.3 and so does /metrics")
        server.stop()
        server.start()
        ok(relayed(server) == second and code_of(install(server, first)) == "OLDGENERATION", "R9.3 it is there after a restart")


def check_attacks():
    vendor, other = Vendor(), Vendor("other")
    name = "V" + 63 * "v"
    long = Vendor(name)
    with Server([vendor, other, long]) as server:
        server.serve(increment())
        good = listing(vendor, 1, [stolen(other)])
        attacks = [
            ("one of a vendor that is not trusted", listing(vendor, 1, name="nobody"), "UNTRUSTED"),
            ("one of another vendor's root", listing(other, 1, name="acme"), "UNTRUSTED"),
            ("one signed by the issuing key", listing(vendor, 1, key="issuing"), "UNTRUSTED"),
            ("one signed by the issuing key with its certificate", listing(vendor, 1, key="issuing-cert.pub"), "UNTRUSTED"),
            ("one signed as a license file", listing(vendor, 1, namespace="license@licet"), "UNTRUSTED"),
            ("one signed for another program", listing(vendor, 1, namespace="file"), "UNTRUSTED"),
            ("number 0", listing(vendor, 0), "INVALID"),
            ("one without a signature", payload_of(good), "INVALID"),
            ("one with a line behind its signature", good + "REVOKED\n", "INVALID"),
            ("one with a line of another list", good.replace("\nREVOKED", "\nREVOKED key=" + fingerprint(vendor) +
                                                             " \\\n    from=2026-01-01T00:00:00Z\nREVOKED", 1), "BADSIGNATURE"),
            ("a license file", vendor.license(server, 2, increment()), "INVALID"),
            ("nothing", "", "INVALID"),
        ]
        for title, text, code in attacks:
            answers = [preview(server, text), install(server, text), install(server, text, confirm=False)]
            ok({code_of(answer) for answer in answers} == {code}, f"R9.3 {title} is refused", [str(answer) for answer in answers])
        flips = [good[:at] + chr(ord(good[at]) ^ 1) + good[at + 1:] for at in range(len(good))]
        taken = [at for at, text in enumerate(flips) if preview(server, text).status == 200]
        ok(taken == [], "R9.3 a list with any one bit changed is refused", taken)
        ok(relayed(server) is None and code_of(install(server, good)) == "OK", "R9.3 and the good one is taken")
        ok(len(server.call("CHAIN", "VENDOR", "acme")) == 3, "R9.3 it is relayed to products of its vendor")
        answer = install(server, listing(long, 1))
        ok(answer.status == 200, "R9.3 a list of the vendor with the longest name is taken", answer)
        many = listing(vendor, 2, [("SHA256:" + 42 * "B" + "A", "2026-01-01T00:00:00Z")] * 150)
        large = preview(server, many)
        ok(len(many) < 16384 and large.status == 200, "R9.3 a list of 150 keys has room", large)
        for size in (16384, 16385):
            answer = preview(server, many + "\n" * (size - len(many)))
            ok(answer.status == (200 if size == 16384 else 413), f"R9.3 a list of {size} bytes", answer)
        answer = server.post("/revocations/install", good, token=server.token_of("viewer"))
        ok(answer.status == 403, "R9.3 a viewer installs no list", answer)


def check_installed_file():
    """The vendor revokes the key that signed what is installed."""
    vendor = Vendor()
    with Server(vendor) as server:
        file = vendor.license(server, 1, increment(), issued="2026-11-20T00:00:00Z")
        server.install(file)
        lease = new_id()
        ok(word_of(server.call("CHECKOUT", "cad_pro", lease)) == "GRANTED", "a seat is in use")
        later = listing(vendor, 1, [stolen(vendor, "2026-11-21T00:00:00Z")])
        ok(not preview(server, later).json["revokes_file"] and install(server, later).status == 200,
           "R9.3 a key revoked from a later time leaves the file as it is")
        ok(code_of(server.install(vendor.license(server, 2, increment()))) == "REVOKED",
           "R9.3 but a file issued after that time is refused")
        gone = listing(vendor, 2, [stolen(vendor)])
        ok(preview(server, gone).json["revokes_file"], "R9.3 the preview says that the list revokes the installed file's key")
        answer = install(server, gone, confirm=False)
        ok(code_of(answer) == "SHRINKS" and relayed(server) == later, "R9.3 unattended, such a list is refused", answer)
        ok(install(server, gone).status == 200 and relayed(server) == gone, "R9.3 confirmed, it is installed")
        ok(word_of(server.call("RENEW", lease)) == "GRANTED" and word_of(server.call("CHECKOUT", "cad_pro", new_id())) == "GRANTED",
           "R9.3 the installed file is served on")

        def is_shown():
            status = server.get("/status").json["vendors"][0]
            return (status["revoked"] and "licet_license_revoked{vendor=\"acme\"} 1" in server.get("/metrics").text
                    and "license.revoked vendor=acme generation=1 list=2" in server.log())

        ok(is_shown(), "R9.3 and shown as revoked: status, metrics and log", server.log())
        new = vendor.license(server, 2, increment(seats=5), issued="2026-11-20T00:00:00Z")
        answers = [server.post("/license/preview", new, token=server.administrator()), server.install(new),
                   server.install(new, confirm=False)]
        ok([code_of(answer) for answer in answers] == ["REVOKED"] * 3,
           "R9.3 a new file of that key is refused: previewed, confirmed, unattended", [str(answer) for answer in answers])
        answer = server.install(file)
        ok(answer.status == 200 and answer.json["already_installed"], "R4.1 the installed one is still installed already", answer)
        server.stop()
        server.start()
        ok(is_shown() and word_of(server.call("CHECKOUT", "cad_pro", lease)) == "GRANTED", "R9.3 all that after a restart too")
        os.remove(os.path.join(vendor.folder, "issuing"))
        harness.ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "issuing", "-f", os.path.join(vendor.folder, "issuing"))
        vendor.certify()
        answer = server.install(vendor.license(server, 2, increment()))
        ok(answer.status == 200 and not server.get("/status").json["vendors"][0]["revoked"],
           "R9.3 a file of the vendor's new key is taken, and nothing is shown any more", answer)


def check_crashes():
    vendor = Vendor()
    server = Server(vendor).start().serve(increment())
    first, second = listing(vendor, 1), listing(vendor, 2, [stolen(vendor)])
    install(server, first)
    preview(server, second)
    server.kill()
    server.start()
    ok(relayed(server) == first, "R9.3 killed between preview and installation: the list before it")
    install(server, second)
    server.kill()
    server.start()
    ok(relayed(server) == second, "R9.3 killed after the answer: the new list")
    server.stop()
    path = os.path.join(server.state, "revocations", "acme")
    for title, text in (("a damaged list", second.replace("number=2", "number=1")), ("an empty one", ""),
                        ("one larger than any", second + 16384 * "\n"), ("one of another root", listing(Vendor(), 9)),
                        ("one of another name", listing(vendor, 9, name="other"))):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        server.spawn()
        ok(server.wait_end() > 0 and "revocations/acme" in server.log(),
           f"R9.3 {title} in the state folder: licetd says so and does not start", server.log())
    os.remove(path)
    server.start()
    ok(relayed(server) is None and install(server, second).status == 200, "R9.3 moved away, it starts, and takes the list again")
    server.stop()


def check_people():
    """licet install, status, run: what an administrator and a product see of it."""
    vendor = Vendor()
    with Server(vendor) as server:
        server.serve(increment())
        made, path = revoke(vendor, "list", "2026-01-01")
        ran = licet("run", "cad_pro", "--", "true", server=server, vendor=vendor)
        ok(ran.returncode == 0, "a product runs", ran.stderr)
        asked = licet("install", path, server=server)
        ok(made.returncode == 0 and asked.returncode == 2 and "revocation list 1" in asked.stdout and
           fingerprint(vendor) in asked.stdout and "products that learn of the list refuse it" in asked.stdout and
           "nobody is here to ask" in asked.stderr, "R9.3 licet install shows a list before it asks", asked.stdout + asked.stderr)
        wrong = licet("install", "--confirm", "SHA256:" + 42 * "B" + "A", path, server=server)
        ok(wrong.returncode == 25, "R9.3 and installs only the one that is confirmed", wrong.stderr)
        done = licet("install", "--confirm", payload_hash(text_of(path)), path, server=server)
        ok(done.returncode == 0 and "revocation list 1 is installed" in done.stdout and relayed(server) == text_of(path),
           "R9.3 confirmed, the list is installed", done.stdout + done.stderr)
        again = licet("install", path, server=server)
        ok(again.returncode == 0 and "installed already" in again.stdout, "R9.3 once more: nothing to do", again.stdout)
        shown = licet("status", server=server)
        ok("revocation list 1" in shown.stdout and "is revoked" in shown.stdout, "R9.3 licet status shows list and file", shown.stdout)
        ran = licet("run", "cad_pro", "--", "true", server=server, vendor=vendor)
        ok(ran.returncode == 125 and "list 1" in ran.stderr, "R9.3 a product that learns of the list refuses the file", ran.stderr)


harness.run(check_making, check_installing, check_attacks, check_installed_file, check_crashes, check_people)
