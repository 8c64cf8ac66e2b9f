#!/usr/bin/python3
"""licet at a vendor's portal: every act of openapi.json has words, and orders become seats by typing alone."""
import http.server
import json
import os
import re
import socket
import ssl
import stat
import subprocess
import threading
import time

import harness
import openapi
from harness import LICET, PASSWORD, ok, path_of
from portal import STAFF, Portal
from sale import Sale

DATE = "2027-11-24"


class Person:
    """Somebody who types: her own folder, and no other way than licet."""

    homes = 0

    def __init__(self, portal, **environment):
        Person.homes += 1
        self.home = path_of(f"home-{Person.homes}")
        self.address = "http://%s:%d" % portal.address
        self.more = environment

    def run(self, *arguments, text="", **more):
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("LICET_", "XDG_"))}
        return subprocess.run([LICET, *arguments], env={**environment, "XDG_CONFIG_HOME": self.home, **self.more, **more},
                              input=text, check=False, capture_output=True, text=True, timeout=60, cwd=harness.FOLDER)

    def type(self, line, *arguments, **options):
        """What a command that must succeed says."""
        run = self.run(*line.split(), *arguments, **options)
        if run.returncode != 0 or re.search("[\x00-\x08\x0b-\x1f]", run.stdout):
            raise AssertionError(f"licet {line} {arguments}: {run}")
        return run.stdout

    def ask(self, line, *arguments):
        return json.loads(self.type(line, *arguments, "--json"))

    def come(self, invitation):
        self.type(f"login --portal {self.address} --invitation -", text=f"{invitation}\n{PASSWORD}\n")
        return self

    @property
    def kept(self):
        return os.path.join(self.home, "licet", "portal")


def setup(portal):
    """The first person of the vendor."""
    staff = Person(portal)
    staff.type(f"login --portal {staff.address} --first -", text=f"{portal.init()}\n{STAFF}\nAnna\nAcme\n{PASSWORD}\n")
    return staff


def invited(staff, organization, role, name="Bert"):
    said = staff.type(f"person add {organization} {role}@{organization.lower()}.example --name", name, "--role", role)
    return said.splitlines()[-1]


def number_in(text):
    return re.search(r"\b[A-Z]-[0-9A-Z]{5,7}\b", text).group(0)


class World:
    """A vendor, a customer with an administrator, a partner with somebody who sells, all by typing."""

    def __init__(self, portal):
        self.portal, self.staff = portal, setup(portal)
        self.customer = number_in(self.staff.type("organization create customer", "Søren & Søn"))
        self.partner = number_in(self.staff.type("organization create partner Reseller"))
        self.administrator = Person(portal).come(invited(self.staff, self.customer, "administrator"))
        self.viewer = Person(portal).come(invited(self.staff, self.customer, "viewer"))
        self.seller = Person(portal).come(invited(self.staff, self.partner, "partner"))
        self.staff.type("program create Easy")
        self.agreement = number_in(self.staff.type(f"agreement create {self.customer} Easy"))
        self.staff.type("product create", "Nibbler Pro")
        self.staff.type("edition create", "Nibbler Pro", "nib_pro", "Professional", "--rank", "2", "--drain", "2d", "--ttl", "60s")
        self.staff.type("edition create", "Nibbler Pro", "nib", "Standard", "--rank", "1", "--overdraft", "10")
        self.staff.type("release create", "Nibbler Pro", "9.2", "2026-11-24")

    def place(self, *lines, po="PO-17"):
        return number_in(self.seller.type(f"order place --customer {self.customer} --agreement {self.agreement} --po {po} "
                                          f"--contact orders@c.example", *lines))


# ---- the table

def members_of(operation, path, where):
    found = {parameter["name"] for parameter in map(openapi.resolve, operation.get("parameters", [])) if parameter["in"] == where}
    return found | (set(re.findall(r"{(\w+)}", path)) if where == "path" else set())


def body_of(operation):
    """(all members, those that must be there)"""
    if "requestBody" not in operation:
        return set(), set()
    schema = openapi.resolve(operation["requestBody"]["content"]["application/json"]["schema"])
    return set(schema["properties"]), set(schema.get("required", []))


def in_mdoc(line):
    """A line of licet help as the manual page has it."""
    for pattern, text in ((r"SN=SEATS", "Ar sn=seats"), (r"\[([^]]*)\]", r"Op \1"), (r"(^|\s)-", r"\1Fl "), (r"\|", " | "),
                          (r"\b[A-Z]+\b", lambda match: "Ar " + match.group(0).lower())):
        line = re.sub(pattern, text, line)
    return line


def test_table():
    lines = subprocess.run([LICET, "help", "operations"], check=True, capture_output=True, text=True).stdout.splitlines()
    rows = {row[0]: row for row in (line.split(" ", 4) for line in lines)}
    described = {operation["operationId"]: (method, path, operation) for method, path, operation in openapi.operations()}
    ok(set(rows) == set(described), "every act of openapi.json can be typed, and no other",
       (set(described) - set(rows), set(rows) - set(described)))
    wrong = [row for row in rows.values() if row[0] in described and tuple(row[1:3]) != described[row[0]][:2]]
    ok(not wrong, "with its method and path", wrong)
    wrong = []
    for name, method, path, members, command in rows.values():
        operation = described[name][2]
        typed = set(members.split(",")) - {"-"}
        allowed, required = body_of(operation)
        known = allowed | members_of(operation, path, "query") | members_of(operation, path, "path")
        if members == "-" and (not required and not re.search("{", path)) or command.split()[0] in ("login", "password", "download", "exchange"):
            continue
        missing = (required | members_of(operation, path, "path")) - typed
        if typed - known - {"organization"} or missing:
            wrong.append((name, typed - known, missing))
    ok(not wrong, "its words are members that openapi.json describes, and all that it must have are there", wrong)
    for name, noun in ((row[0], row[4].split()[0]) for row in rows.values()):
        helped = subprocess.run([LICET, "help", noun], check=False, capture_output=True, text=True)
        ok(noun == "login" or (helped.returncode == 0 and f"licet {rows[name][4]}" in helped.stdout), f"licet help {noun}: {name}", helped)
    with open(os.path.join(harness.ROOT, "man", "licet-portal-acts.1"), encoding="utf-8") as file:
        page = file.read().splitlines()
    helped = subprocess.run([LICET, "help", "portal"], check=True, capture_output=True, text=True).stdout
    typed = re.findall(r"^  licet (.*)$", helped, re.MULTILINE)
    lost = [line for line in typed if ".It Cm " + in_mdoc(line) not in page]
    ok(len(typed) > 40 and not lost, "licet-portal-acts(1) has every one of them, as licet help shows it",
       [(line, in_mdoc(line)) for line in lost])


# ---- signing in

def test_login():
    with Portal() as portal, harness.Server(harness.Vendor()) as server:
        staff = Person(portal, LICET_SERVER="%s:%d" % server.address)
        run = staff.run("order", "list")
        ok(run.returncode == 2 and "licet login --portal" in run.stderr, "without a portal it is said how one is named", run)
        run = staff.run("order", "list", LICET_PORTAL=staff.address)
        ok(run.returncode == 5 and staff.address in run.stderr, "without a token how one is got", run)
        staff.type(f"login --portal {staff.address} --first -", text=f"{portal.init()}\n{STAFF}\nAnna\nAcme\n{PASSWORD}\n")
        ok(stat.S_IMODE(os.stat(staff.kept).st_mode) == 0o600, "the token is kept for nobody else")
        run = staff.run("login", "--first", os.path.join(server.state, "first-token"), "--name", "ada", text=PASSWORD + "\n")
        ok(run.returncode == 0 and sorted(os.listdir(os.path.dirname(staff.kept))) == ["portal", "token"],
           "R10.6 the license server's token lies beside it", run)
        ok(staff.run("leases").returncode == 0 and "Anna" in staff.type("whoami"), "and each goes to its own")
        run = staff.run("whoami", LICET_PORTAL="http://127.0.0.1:1")
        ok(run.returncode == 5, "R11 a kept token goes to no other portal than the one that gave it", run)
        with open(staff.kept, encoding="ascii") as file:
            token = file.read().split()[1]
        other = Person(portal, LICET_PORTAL=staff.address, LICET_TOKEN=token)
        ok("Anna" in other.type("whoami"), "LICET_PORTAL and LICET_TOKEN do without a file")
        for word in ("licet_" + "A" * 43, token[:-1], "x"):
            run = other.run("whoami", LICET_TOKEN=word)
            ok(run.returncode == 5 and word not in run.stderr, "a wrong token is refused", run)
        run = other.run("whoami", LICET_TOKEN="x\r\nHost: y")
        ok(run.returncode == 2, "and one that would end its line", run)
        os.chmod(staff.kept, 0o640)
        run = staff.run("whoami")
        ok(run.returncode == 4 and "chmod" in run.stderr, "a token that others can read is refused", run)
        os.chmod(staff.kept, 0o600)
        run = staff.run("password", text=f"{PASSWORD}\nanother long phrase\n")
        ok(run.returncode == 0 and portal.sign_in(password="another long phrase").status == 200, "licet password changes it", run)
        ok("signed out" in staff.type("logout") and not os.path.exists(staff.kept) and
           portal.ask("GET", "/api/session", token=token).status == 401, "licet logout ends the session, and forgets the token")
        run = staff.run("login", "--portal", staff.address, "--name", STAFF, text="wrong password\n")
        ok(run.returncode == 5 and not os.path.exists(staff.kept), "a wrong password keeps nothing", run)


def test_addresses():
    with Portal() as portal:
        person = Person(portal)
        for address in ("http://192.0.2.1:7390", "http://portal.acme.example", "http://127.0.0.1.acme.example", "http://[2001:db8::1]"):
            run = person.run("login", "--portal", address, text=PASSWORD)
            ok(run.returncode == 4 and "encrypts" in run.stderr, f"R11 no password goes to {address}", run)
        for address in ("", "x", "127.0.0.1:7390", "ftp://127.0.0.1", "file:///etc/passwd", "http://anna:secret@127.0.0.1", "http://127.0.0.1/api",
                        "http://127.0.0.1?x", "http://127.0.0.1#x", "https://", "http://127.0.0.1:99999", "http://127.0.0.1\r\nX: y"):
            run = person.run("whoami", LICET_PORTAL=address, LICET_TOKEN="x")
            ok(run.returncode == 2, f"{address!r} is no address", run)
        run = person.run("portal", LICET_PORTAL="http://127.0.0.1:1")
        ok(run.returncode == 9 and "http://127.0.0.1:1" in run.stderr, "a portal that is not there is named", run)
        ok("is well" in person.type("portal", LICET_PORTAL=person.address), "one that is there needs no token for its health")


def test_certificate():
    """R11: what nobody vouches for gets no token."""
    key, certificate = path_of("tls.key"), path_of("tls.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    heard = []

    def serve(listener):
        peer, _ = listener.accept()
        try:
            with context.wrap_socket(peer, server_side=True) as wrapped:
                heard.append(wrapped.recv(1024))
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as listener, Portal() as portal:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        run = Person(portal).run("whoami", LICET_PORTAL="https://localhost:%d" % listener.getsockname()[1], LICET_TOKEN="licet_secret")
        thread.join()
        ok(run.returncode == 21 and "certificate" in run.stderr and not any(heard), "R11 a certificate that nobody vouches for ends it",
           (run, heard))
        front = Front(portal, context=context)
        person = Person(front, LICET_PORTAL_CA=certificate)
        person.address = "https://localhost:%d" % front.address[1]
        portal.setup()
        person.type(f"login --portal {person.address} --name {STAFF}", text=PASSWORD + "\n")
        ok("Anna" in person.type("whoami"), "over TLS that somebody vouches for one signs in")


# ---- from an order to seats

def walk_order(world):
    seller, staff = world.seller, world.staff
    order = world.place(f"nib_pro:10:{DATE}", f"nib:5:none:{DATE}")
    lines = seller.ask("order show", order)["lines"]
    ok([(line["seats"], line["maintenance"], line["expiry"]) for line in lines] == [(10, DATE, "permanent"), (5, "none", DATE)],
       "a partner places an order by feature, seats and dates", lines)
    ok(f"order {order} is submitted" in seller.type(f"order submit {order}"), "and submits it by its number")
    ok("is on_hold: which site?" in staff.type(f"order hold {order} --reason", "which site?"), "staff holds it with a question")
    for word in ("resume", "approve", "fulfil"):
        said = staff.type(f"order {word} {order.lower()}")
    ok(f"order {order} is fulfilled" in said, "staff leads it to its end", said)
    run = staff.run("order", "approve", order)
    ok(run.returncode == 25 and order in run.stderr + order, "what is done is not done again", run)
    shown = seller.type(f"order show {order}")
    ok(re.search(r"state: +fulfilled", shown) and re.search(r"ID +EDITION +SEATS", shown) and "orders@c.example" in shown,
       "an order is shown with lines and mails", shown)
    listed = seller.type("order list")
    ok(re.search(r"NUMBER +STATE", listed) and f"{order}  fulfilled" in listed, "and in the list", listed)
    ok(order in seller.type("order list --po PO-17") and "none" in seller.type("order list --po PO-18") and
       order in staff.type(f"order list --customer {world.customer} --partner {world.partner}"), "which can be asked for some")
    second = world.place(f"nib:1:{DATE}")
    ok("is cancelled" in seller.type(f"order cancel {second}"), "a partner cancels its own")


def walk_codes(world):
    administrator = world.administrator
    items = administrator.ask("entitlement list")["items"]
    codes = {item["sn"]: item["code"] for item in items}
    ok(len(codes) == 2 and all(codes.values()), "the license administrator sees his license codes", items)
    (first, code), (second, typed) = codes.items()
    ok(f"{first} is activated: 10 seats of nib_pro, 10 of them available" in administrator.type("activate", code) or
       f"{first} is activated: 5 seats of nib" in administrator.type("activate", code), "and redeems one as an argument")
    ok(f"{second} is activated" in administrator.type("activate", text=typed.lower().replace("-", " ") + "\n"),
       "another one where he is asked for it, as he types it")
    run = world.viewer.run("activate", code)
    ok(run.returncode == 4, "a viewer does not", run)
    run = administrator.run("activate", "11111-11111-11111-11111-11A26")
    ok(run.returncode == 3, "a code that nobody has is not there", run)
    ok(re.search(r"owned: +10\b|owned: +5\b", administrator.type(f"entitlement show {first}")), "an entitlement is shown by its number")
    ok(first in world.staff.type(f"entitlement list --customer {world.customer}"), "staff says whose")
    run = world.staff.run("entitlement", "list")
    ok(run.returncode == 2 and "which" in run.stderr, "and is asked where it does not", run)
    ok("none" in administrator.type("server list"), "there is no license server yet")


def walk_people(world):
    staff = world.staff
    said = staff.type("token create build --days 30 --scope write")
    ok(re.search(r"\nlicet_[\w-]{43}\n", said), "a token for a program is told once", said)
    ok("build" in staff.type("token list") and "revoked" in staff.type("token delete build") and
       "none" in staff.type("token list"), "listed, and revoked by its name")
    email = f"viewer@{world.customer.lower()}.example"
    ok(email in staff.type(f"person list {world.customer}"), "people are listed")
    ok("licet_" in staff.type(f"person invite {email} --in {world.customer}"), "one is invited again by her address")
    staff.type(f"person remove {world.customer} {email}")
    ok(email not in staff.type(f"person list {world.customer}") and world.viewer.run("order", "list").returncode in (0, 4),
       "and loses her roles")
    ok("ended" in staff.type(f"agreement end {world.agreement} --customer {world.customer}"), "an agreement is ended by its number")
    ok("Søren & Søn" in world.administrator.type("organization list") and
       world.customer in staff.type("organization show", "søren & søn".replace("s", "S", 1)), "an organisation is found by its name")
    listed = staff.type("edition list", "Nibbler Pro")
    ok("172800" in listed and "nib_pro" in listed, "times may have a unit", listed)
    ok("9.2" in staff.type("release list", "Nibbler Pro") and "Easy" in staff.type("program list") and
       "Nibbler Pro" in staff.type("product list") and world.agreement in staff.type(f"agreement list --customer {world.customer}"),
       "and so is what is sold")


def test_orders():
    with Portal() as portal:
        world = World(portal)
        walk_order(world)
        walk_codes(world)
        walk_people(world)
        walk_misuse(world)


# ---- license servers

def enrol(administrator, stranger):
    with open(path_of("request.txt"), "w", encoding="utf-8") as file:
        file.write(administrator.type("request"))
    run = stranger.run("exchange", "request.txt")
    ok(run.returncode == 5 and "license administrator" in run.stderr, "R3.3 not everybody brings the first request", run)
    administrator.type("exchange request.txt -o response.txt")
    with open(path_of("response.txt"), encoding="utf-8") as file:
        response = file.read()
    ok(response.startswith("RESPONSE 1 vendor=acme"), "R5 licet exchange brings it, and takes the response home", response)
    ok(stranger.type("exchange request.txt") == response, "R5.2 the same text again has the same response, whoever brings it")
    with open(path_of("spoiled.txt"), "w", encoding="utf-8") as file:
        file.write(administrator.type("request").replace("london", "londom"))
    ok(administrator.run("exchange", "spoiled.txt").returncode == 20, "a text that was changed on its way is refused")
    run = administrator.run("exchange", "-", text="an order\n")
    ok(run.returncode == 2 and "licet request" in run.stderr, "and what is none is named", run)


def allocate(administrator, serial):
    said = administrator.type(f"allocate london-lic01 {serial}=300")
    ok(": released" in said and "waits" not in said, "R6.8 seats are allocated by number and host name", said)
    number = number_in(administrator.type("server list"))
    said = administrator.type(f"download {number} -o acme.lic")
    ok("licet install acme.lic" in said and "generation" in administrator.type("install --yes acme.lic"), "a file comes down, and is installed",
       said)
    administrator.type(f"download {number} -o acme.lic")
    with open(path_of("acme.lic"), "r+", encoding="utf-8") as file:
        file.write("mine")
    run = administrator.run("download", number, "-o", "acme.lic")
    ok(run.returncode == 25 and "--force" in run.stderr, "a file of other content is not written over", run)
    with open(path_of("acme.lic"), encoding="utf-8") as file:
        ok(file.read().startswith("mine"), "and stays as it is")
    administrator.type(f"download {number}:1 -o acme.lic --force")
    ok(administrator.type(f"download {number} -o -").startswith("# Licet license file"), "standard output takes one, too")
    run = administrator.run("allocate", number, f"{serial}=501")
    ok(run.returncode in (12, 25) and "200" in run.stderr, "R6.1 nobody gets more than is owned, and is told what is left", run)
    for word in (serial, f"{serial}=", f"{serial}=-1", "=5", f"{serial}=1x", "LA-00000-9=1"):
        run = administrator.run("allocate", number, word)
        ok(run.returncode == (3 if word == "LA-00000-9=1" else 2), f"{word} is no count of seats", run)
    return number


def give_back(administrator, london, number, serial):
    administrator.type(f"allocate {number} {serial}=350")
    with open(path_of("request.txt"), "w", encoding="utf-8") as file:
        file.write(administrator.type("request"))
    administrator.type("exchange request.txt -o response.txt --force")
    ok("is installed" in administrator.type("install --yes response.txt") and london.features()["cad"]["seats"] == 350,
       "R5 a response brings the newest license file, which licet install takes")
    run = administrator.run("return", number, f"{serial}=50")
    ok(run.returncode == 2 and "350 -> 300" in run.stdout and "--yes" in run.stderr and
       administrator.ask(f"server show {number}")["issue"]["lines"][0]["seats"] == 350, "a return is shown before it is done", run)
    run = administrator.run("return", number, f"{serial}=351", "--yes")
    ok(run.returncode == 2 and "350" in run.stderr, "and not more than there is", run)
    said = administrator.type(f"return london-lic01 {serial}=50 --yes")
    ok("350 -> 300" in said and ": released" in said and
       administrator.ask(f"entitlement show {serial}")["seats"]["return_pending"] == 50, "R6.2 a return waits for its receipt", said)
    listed = administrator.type("entitlement list").splitlines()
    ok(re.search(r"ALLOCATED +RETURN PENDING", listed[0]) and re.search(r" 300 +50 ", listed[1]),
       "the list shows the seats that are on their way back", listed)
    ok(": released" in administrator.type(f"cancel-return {number}") and
       administrator.ask(f"entitlement show {serial}")["seats"]["return_pending"] == 0, "R6.3 and is cancelled meanwhile")
    ok("without seats: released" in administrator.type(f"retire {number}"), "R4.2 a license server is retired")
    administrator.type(f"download {number} -o last.lic")
    administrator.type("install --yes last.lic")
    receipt = administrator.type("receipt")
    ok(f"the receipt of {number} (london-lic01) is taken" in administrator.type("exchange -", text=receipt) and
       "changes nothing" in administrator.type("exchange -", text=receipt), "R5.1 its receipt is brought, and counts once")
    ok(administrator.ask(f"entitlement show {serial}")["seats"]["available"] == 500, "R5.1 and all seats are there again")
    for line, word in (("issue list " + number, "released"), (f"issue show {number}:1", "state:"), (f"server show {number}", "receipt:"),
                       ("exchange show 1", "results:"), (f"entitlement show {serial}", "servers:")):
        ok(word in administrator.type(line), f"licet {line.split()[0]} {line.split()[1]} shows {word}")
    said = administrator.type(f"allocate tokyo {serial}=5")
    ok("waits for the key" in said and administrator.run("download", "tokyo").returncode == 25, "R3.2 a name reserves, and has no file yet", said)


def test_servers():
    with Sale() as sale, harness.Server(sale.signer.vendor) as london:
        administrator = Person(sale.portal, LICET_SERVER="%s:%d" % london.address)
        stranger = Person(sale.portal, LICET_PORTAL=administrator.address)
        administrator.type(f"login --portal {administrator.address} --name administrator@x.example", text=PASSWORD + "\n")
        administrator.type("login --first", os.path.join(london.state, "first-token"), "--name", "ada", text=PASSWORD + "\n")
        administrator.type("activate", sale.order(500))
        serial = administrator.ask("entitlement list")["items"][0]["sn"]
        enrol(administrator, stranger)
        number = allocate(administrator, serial)
        give_back(administrator, london, number, serial)


# ---- what is typed wrongly

def walk_misuse(world):
    staff = world.staff
    for line, what in (("order place --customer C-1", "--agreement NUMBER is missing"), ("order show", "ORDER is missing"),
                       ("order show O-11111 O-22222", "one word too many"), ("order list --colour red", "no option"),
                       ("order list --po", "lacks its value"), ("order hold O-1", "--reason TEXT is missing"),
                       ("release create 1 9.3 tomorrow", "must be a day"), ("edition create 1 f n --rank two", "must be a number"),
                       ("edition create 1 f n --rank 1 --ttl 5m", "s, h or d"),
                       ("edition create 1 f n --rank 1 --ttl 20", "--ttl must be a number and s, h or d after it"), ("token create x --days -1", "must be a number")):
        run = staff.run(*line.split())
        ok(run.returncode == 2 and what in run.stderr and run.stdout == "", f"licet {line}: {what}", run)
    for line in ("nib:0:none", "nib:1", "nib", ":::", "nib:1:none:never", "nib:1:2027-02-30", "nib:1:none:permanent:x", "nib:x:none", "n" * 300):
        run = world.seller.run("order", "place", "--customer", "C-1", "--agreement", "R-1", "--po", "1", "--contact", "a@b.example", line)
        ok(run.returncode == 2 and "LINE is EDITION" in run.stderr, f"{line[:20]} is no line", run)
    for line, code in (("order show O-00000", 3), ("order show 999", 3), ("organization show C-0000000", 3), ("edition list nothing", 3),
                       ("issue show S-00000:1", 2), (f"issue show S-00000:1 --customer {world.customer}", 3), ("issue show x", 2), ("agreement end R-1", 2),
                       ("download 999", 3), ("download", 2), ("exchange", 2), ("return S-1", 2), ("download 1 -o", 2), ("orders list", 2), ("order", 2), ("order pay 1", 2), ("order show 99999999999999999999", 3)):
        run = staff.run(*line.split())
        ok(run.returncode == code and len(run.stderr) > 20, f"licet {line} ends with {code}", run)
    bad = []
    with open(os.path.join(harness.ROOT, "tests", "data", "naughty-strings", "blns.json"), encoding="utf-8") as file:
        naughty = [text for text in json.load(file) if "\0" not in text]
    for text in naughty[::12]:
        for line, position in (("order show", True), ("program create", True), ("order list --po", False)):
            run = staff.run(*line.split(), *(["--"] if position else []), text)
            seen = re.search("[\x00-\x08\x0b-\x1f\x7f]", run.stdout + run.stderr)
            bad += [(line, text, run)] if seen or run.returncode not in (0, 2, 3, 25) else []
    ok(not bad, "rows 48, 57: odd texts are refused or kept, and none steers the terminal", bad[:3])


class Hostile(http.server.BaseHTTPRequestHandler):
    """Answers whatever is asked with all that could steer a terminal."""

    STEERING = "".join(map(chr, [*range(1, 32), *range(0x7f, 0xa0)])) + "[2J]0;x"

    def answer(self, status=200):
        text = self.STEERING
        row = {"id": 1, "number": text, "state": text, text: text, "nested": {text: text, "rows": [{text: text}]}, "text": "a" + text}
        body = json.dumps({**row, "items": [row], "next": None, "code": "CONFLICT" + text, "detail": "no" + text}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(409 if self.path.endswith("/cancel") else 200)

    def log_message(self, *_):
        pass


def test_hostile():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {**os.environ, "LICET_PORTAL": "http://127.0.0.1:%d" % server.server_address[1], "LICET_TOKEN": "licet_token"}
    for line in ("order list", "whoami", "order show 1", "order approve 1", "order cancel 1", "issue list 1", "program list --json", "order show x",
                 "download 1", "return 1 1=1"):
        run = subprocess.run([LICET, *line.split()], check=False, capture_output=True, env=environment)
        said = (run.stdout + run.stderr).decode()
        ok(len(said) > 5 and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", said) or ("--json" in line and "\x1b" not in said),
           f"licet {line} shows nothing of a portal's that could steer a terminal", repr(said))
    server.shutdown()
    server.server_close()


class Waiting(http.server.BaseHTTPRequestHandler):
    """A portal whose signer never answers."""

    def do_GET(self):
        body = json.dumps({"id": 7, "server": 1, "generation": 10, "state": "numbered", "waits_for": "signer", "problem": None}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Waiter:
    """Whoever downloads there: half a minute, in which other tests run."""

    def begin(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Waiting)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        environment = {**os.environ, "LICET_PORTAL": "http://127.0.0.1:%d" % self.server.server_address[1], "LICET_TOKEN": "licet_token"}
        self.process = subprocess.Popen([LICET, "download", "7"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        begun = time.monotonic()
        said = self.process.stderr.readline()
        ok(said == "licet: generation 10 waits for the vendor's signer ...\n" and time.monotonic() - begun < 10,
           "whoever waits for the signer is told at once", said)

    def end(self):
        out, error = self.process.communicate(timeout=60)
        ok(self.process.returncode == 25 and out == "" and error.startswith("licet: generation 10 still waits for the vendor's signer") and
           "ask the vendor" in error, "and at the end for what it still waits, and whom to ask", (out, error))
        self.server.shutdown()
        self.server.server_close()


def test_pages():
    with Portal() as portal:
        staff = setup(portal)
        token = portal.sign_in().json["token"]
        for number in range(205):
            portal.ask("POST", "/api/programs", {"name": f"Program {number}"}, token=token)
        items = staff.ask("program list")["items"]
        ok([item["name"] for item in items] == [f"Program {number}" for number in range(205)], "a list is all of its pages", len(items))
        customer = number_in(staff.type("organization create customer C"))
        ok("is active" in staff.type(f"agreement create {customer}", "Program 204"), "and a name is found on the last of them")
        staff.type("organization create customer Twice")
        staff.type("organization create partner Twice")
        run = staff.run("organization", "show", "twice")
        ok(run.returncode == 25 and "several" in run.stderr, "a name that two have is neither's", run)


# ---- answers that are lost

class Front:
    """Stands before a portal, and loses the first answers to what changes something; with a `context` it speaks TLS."""

    def __init__(self, portal, losses=0, context=None):
        self.target, self.losses, self.keys, self.context = portal.address, losses, [], context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with self.context.wrap_socket(peer, server_side=True) if self.context else peer as peer:
                sent = peer.recv(65536)
                answer = harness.http_exchange(self.target, sent.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                self.keys += re.findall(rb"Idempotency-Key: (\S+)", sent)
                if b"Idempotency-Key" in sent and self.losses > 0:
                    self.losses -= 1
                else:
                    peer.sendall(answer)


def test_lost():
    with Portal() as portal:
        staff = setup(portal)
        token = portal.sign_in().json["token"]
        cutter = Front(portal, 2)
        person = Person(cutter, LICET_PORTAL="http://%s:%d" % cutter.address, LICET_TOKEN=token)
        run = person.run("program", "create", "Once")
        ok(run.returncode == 0 and "asking again" in run.stderr and len(cutter.keys) == 3 and len(set(cutter.keys)) == 1,
           "R6.9 an act whose answer is lost is asked for again under the same key, which is told", (run, cutter.keys))
        ok(staff.type("program list").count("Once") == 1, "R6.9 and has happened once")
        cutter.losses = 99
        run = person.run("program", "create", "Twice")
        key = re.search(r"--key (\w+)", run.stderr)
        ok(run.returncode == 9 and key is not None and len(cutter.keys) == 3 + 4, "it ends some time, and says how it goes on", run)
        cutter.losses = 0
        run = person.run("program", "create", "Twice", "--key", key.group(1))
        ok(run.returncode == 0 and staff.type("program list").count("Twice") == 1, "R6.9 by the key, which it was done under", run)
        cutter.losses = 1
        run = person.run("token", "create", "x")
        ok(run.returncode == 0 and "was lost" in run.stderr and "licet_" not in run.stdout, "R6.9 a secret is not told twice", run)


WAITER = Waiter()
harness.run(test_table, WAITER.begin, test_login, test_addresses, test_certificate, test_orders, test_servers, test_hostile, test_pages, test_lost,
            WAITER.end)
