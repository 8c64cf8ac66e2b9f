-- What is sold, to whom, and on what terms.

CREATE TABLE program (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE agreement (
    id INTEGER PRIMARY KEY,
    program_id INTEGER NOT NULL REFERENCES program,
    customer_id INTEGER NOT NULL REFERENCES organization,
    number TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('active', 'ended')),
    created INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX agreement_active ON agreement (customer_id) WHERE state = 'active';

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- what its policy allows: a file by a bare host name, and parts of an entitlement
    is_bound_by_name INTEGER NOT NULL CHECK (is_bound_by_name IN (0, 1)),
    is_whole_only INTEGER NOT NULL CHECK (is_whole_only IN (0, 1))
) STRICT;

-- Higher ranks serve the features of lower ones (covers=).
CREATE TABLE edition (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES product,
    feature TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    rank INTEGER NOT NULL CHECK (rank BETWEEN 1 AND 32),
    overdraft_percent INTEGER NOT NULL CHECK (overdraft_percent BETWEEN 0 AND 100),
    ttl_s INTEGER NOT NULL,
    drain_s INTEGER NOT NULL,
    grace_s INTEGER NOT NULL,
    borrow_s INTEGER NOT NULL,
    UNIQUE (product_id, rank)
) STRICT;

CREATE TABLE release (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES product,
    version TEXT NOT NULL,
    released TEXT NOT NULL,
    UNIQUE (product_id, version)
) STRICT;

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    partner_id INTEGER NOT NULL REFERENCES organization,
    customer_id INTEGER NOT NULL REFERENCES organization,
    agreement_id INTEGER NOT NULL REFERENCES agreement,
    po_number TEXT NOT NULL,
    contact TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('draft', 'submitted', 'on_hold', 'approved', 'fulfilled', 'rejected', 'cancelled')),
    reason TEXT,
    created INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_customer ON orders (customer_id, id);
CREATE INDEX orders_partner ON orders (partner_id, id);

CREATE TABLE order_line (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders,
    edition_id INTEGER NOT NULL REFERENCES edition,
    seats INTEGER NOT NULL CHECK (seats BETWEEN 1 AND 1000000000),
    maintenance TEXT NOT NULL,
    expiry TEXT NOT NULL
) STRICT;
CREATE INDEX order_line_order ON order_line (order_id, id);

CREATE TABLE entitlement (
    id INTEGER PRIMARY KEY,
    order_line_id INTEGER NOT NULL UNIQUE REFERENCES order_line,
    customer_id INTEGER NOT NULL REFERENCES organization,
    edition_id INTEGER NOT NULL REFERENCES edition,
    sn TEXT NOT NULL UNIQUE,
    code TEXT NOT NULL UNIQUE,
    maintenance TEXT NOT NULL,
    expiry TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('issued', 'activated', 'on_hold')),
    created INTEGER NOT NULL,
    activated INTEGER
) STRICT;
CREATE INDEX entitlement_customer ON entitlement (customer_id, id);

-- Mail about an order. Its text is made when it is sent.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('order_confirmation')),
    recipient TEXT NOT NULL,
    order_id INTEGER NOT NULL REFERENCES orders,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,
    problem TEXT,
    created INTEGER NOT NULL,
    sent INTEGER
) STRICT;
CREATE INDEX outbox_due ON outbox (due) WHERE state = 'waiting';
CREATE INDEX outbox_order ON outbox (order_id, id);
