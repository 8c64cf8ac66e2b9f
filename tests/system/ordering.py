"""A vendor's catalog, agreements and orders, made over HTTP: for tests that need some."""


def catalog(portal, staff, feature="cad"):
    """A product with two editions and a release: its id, and those of the editions."""
    product = portal.ask("POST", "/api/products", {"name": feature.upper()}, token=staff).json["id"]
    editions = [portal.ask("POST", f"/api/products/{product}/editions", {"feature": name, "name": name.title(), "rank": rank},
                           token=staff).json["id"] for rank, name in enumerate((feature, feature + "_pro"), 1)]
    portal.ask("POST", f"/api/products/{product}/releases", {"version": "9.2", "released": "2026-11-24"}, token=staff)
    return product, editions


def agreement(portal, staff, customer, program=None):
    program = program or portal.ask("POST", "/api/programs", {"name": f"Program {customer}"}, token=staff).json["id"]
    return portal.ask("POST", f"/api/organizations/{customer}/agreements", {"program": program}, token=staff).json


def order_form(partner, customer_number, agreement_number, editions):
    return {"partner": partner, "customer_number": customer_number, "agreement_number": agreement_number, "po_number": "PO-17",
            "contact": "orders@customer.example",
            "lines": [{"edition": edition, "seats": 10, "maintenance": "2027-11-24", "expiry": "permanent"} for edition in editions]}


def step(portal, token, order, *acts):
    """The order goes from state to state; the last answer."""
    for act in acts:
        answer = portal.ask("POST", f"/api/orders/{order}/{act}", {"reason": "x"} if act in ("hold", "reject") else {}, token=token)
    return answer
