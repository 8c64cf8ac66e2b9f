"""A vendor that sells: a licet-portal with its licet-signer and a mail folder, a customer, and what it has bought, all of it
by the acts of people. In SQLite, or where tests/tools/with-postgresql started the test in PostgreSQL."""
import glob
import os
import re
import time

import harness
from ordering import agreement, catalog
from portal import Portal
from signing import Signer

SITE = "https://licensing.acme.example"


class Sale:
    """As a context it serves until the end."""

    def __init__(self, *signer_options, workers=32, **portal_options):
        self.signer = Signer(*signer_options, client=harness.USER.pw_name)
        self.portal = Portal("--vendor", "acme", "--root", self.signer.vendor.root, "--signer", self.signer.path, "--mail-from",
                             "licensing@acme.example", "--site", SITE, "--workers", str(workers), **portal_options)
        self.mail = os.path.join(self.portal.state, "mail")
        os.mkdir(self.mail)
        harness.give_away(self.mail)
        self.portal.options = [*self.portal.options, "--mail", "file:" + self.mail]

    def __enter__(self):
        self.signer.__enter__()
        self.portal.start()
        self.open()
        return self

    def __exit__(self, *error):
        self.portal.__exit__(*error)
        self.signer.__exit__(*error)

    def open(self):
        """The people, the catalog, an agreement."""
        portal = self.portal
        self.staff = portal.setup()
        self.customer, self.partner = (portal.organization(self.staff, kind, kind.title()) for kind in ("customer", "partner"))
        self.administrator, self.seller = (
            portal.member(self.staff, organization, f"{role}@x.example", role)[1] for organization, role in
            ((self.customer, "administrator"), (self.partner, "partner")))
        self.editions = catalog(portal, self.staff)[1] + [self.whole_edition()]
        self.number = portal.ask("GET", f"/api/organizations/{self.customer}", token=self.staff).json["number"]
        self.agreement = agreement(portal, self.staff, self.customer)["number"]

    def whole_edition(self):
        """Of a product whose entitlements are allocated whole, and whose seats may be borrowed."""
        product = self.portal.ask("POST", "/api/products", {"name": "Suite", "is_whole_only": True}, token=self.staff).json["id"]
        return self.portal.ask("POST", f"/api/products/{product}/editions", {"feature": "suite", "name": "Suite", "rank": 1, "borrow_s": 172800},
                               token=self.staff).json["id"]

    def order(self, seats, edition=0):
        """A fulfilled order: the license code that its mail brings."""
        form = {"partner": self.partner, "customer_number": self.number, "agreement_number": self.agreement, "po_number": "PO-17",
                "contact": "orders@customer.example",
                "lines": [{"edition": self.editions[edition], "seats": seats, "maintenance": "2027-11-24", "expiry": "permanent"}]}
        before = set(self.mails())
        order = self.must("POST", "/api/orders", form, token=self.seller)["id"]
        self.must("POST", f"/api/orders/{order}/submit", {}, token=self.seller)
        for act in ("approve", "fulfil"):
            self.must("POST", f"/api/orders/{order}/{act}", {}, token=self.staff)
        end = time.monotonic() + harness.WAIT_SECONDS
        while set(self.mails()) == before and time.monotonic() < end:
            time.sleep(0.02)
        with open((set(self.mails()) - before).pop(), encoding="utf-8") as mail:
            return re.search(re.escape(SITE) + r"/activate#([0-9A-Z-]+)", mail.read()).group(1)

    def mails(self):
        return glob.glob(os.path.join(self.mail, "*.eml"))

    def buy(self, seats, edition=0):
        """An activated entitlement: its id."""
        return self.must("POST", "/api/entitlements/activate", {"code": self.order(seats, edition)}, token=self.administrator)["id"]

    def ask(self, method, target, body=None, **options):
        """As the customer's license administrator."""
        return self.portal.ask(method, target, body, **{"token": self.administrator, **options})

    def must(self, method, target, body=None, **options):
        answer = self.ask(method, target, body, **options)
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {target}: {answer}")
        return answer.json

    def allocate(self, server, *lines, **options):
        """Lines are (entitlement, seats)."""
        return self.ask("POST", f"/api/organizations/{self.customer}/allocations",
                        {"server": server, "lines": [{"entitlement": entitlement, "seats": seats} for entitlement, seats in lines]},
                        **options)

    def seats(self, entitlement):
        """owned, available, allocated, return_pending."""
        return self.must("GET", f"/api/entitlements/{entitlement}")["seats"]

    def bring(self, server, **options):
        """Carries the request of a licetd to the portal."""
        text = server.get("/request", token=server.administrator()).text
        return self.ask("POST", "/api/requests", {"text": text}, **options)

    def bring_receipt(self, server, **options):
        text = server.get("/receipt", token=server.administrator()).text
        return self.ask("POST", "/api/receipts", {"text": text}, **options)

    def install(self, server, issue):
        """Carries the file of a generation to a licetd."""
        file = self.ask("GET", f"/api/issues/{issue}/file")
        if file.status != 200 or server.install(file.text).status != 200:
            raise RuntimeError(f"generation {issue} is not installed: {file}\n{server.log()}")
