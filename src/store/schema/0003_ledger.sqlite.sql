-- Whose seats are where (R6), and what was issued for them (R6.8).

CREATE TABLE server (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES organization,
    name TEXT NOT NULL,
    -- R1.2: lower case, `-` for `_`, and the part before the first dot, for finding candidates
    short_name TEXT NOT NULL,
    -- none: the name is reserved and waits for its key (R3.2)
    public_key TEXT UNIQUE,
    generation INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 4294967295),
    receipt_id INTEGER,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX server_name ON server (customer_id, short_name);

-- OWNED is the contra account: it says what all the others of its entitlement add up to (R6.1).
-- server_id is 0 for the accounts that belong to no server.
CREATE TABLE account (
    entitlement_id INTEGER NOT NULL REFERENCES entitlement,
    kind TEXT NOT NULL CHECK (kind IN ('OWNED', 'AVAILABLE', 'ALLOCATED', 'RETURN_PENDING',
        'OBSOLETE_PENDING', 'EXPIRED', 'VOID')),
    server_id INTEGER NOT NULL,
    seats INTEGER NOT NULL CHECK (seats BETWEEN 0 AND 1000000000),
    PRIMARY KEY (entitlement_id, kind, server_id),
    CHECK ((server_id > 0) = (kind IN ('ALLOCATED', 'RETURN_PENDING', 'OBSOLETE_PENDING')))
) STRICT, WITHOUT ROWID;

CREATE INDEX account_server ON account (server_id) WHERE server_id > 0;

CREATE TABLE issue (
    id INTEGER PRIMARY KEY,
    server_id INTEGER NOT NULL REFERENCES server,
    generation INTEGER NOT NULL,
    serial TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('intent', 'numbered', 'released', 'voided')),
    act TEXT NOT NULL,
    person_id INTEGER,
    created INTEGER NOT NULL,
    -- from here on: set when it is numbered
    issued INTEGER,
    log_index INTEGER UNIQUE,
    certificate BLOB,
    payload BLOB,
    payload_hash TEXT UNIQUE,
    -- the payload and its block, once released
    file BLOB,
    -- why no file can be made of it, or the signer refuses it, until staff decide; why it was voided
    problem TEXT,
    -- what staff decided: why the signer's caps are lifted for it; why it shall be voided
    override TEXT,
    cancel TEXT,
    UNIQUE (server_id, generation),
    CHECK (state IN ('intent', 'voided') OR payload IS NOT NULL),
    CHECK ((state = 'released') = (file IS NOT NULL))
) STRICT;
CREATE INDEX issue_waiting ON issue (id) WHERE state IN ('intent', 'numbered');
CREATE INDEX issue_cancel ON issue (id) WHERE cancel IS NOT NULL;
CREATE INDEX issue_problem ON issue (server_id, id) WHERE problem IS NOT NULL AND state IN ('intent', 'numbered');

-- The counts of a whole generation.
CREATE TABLE issue_line (
    issue_id INTEGER NOT NULL REFERENCES issue,
    entitlement_id INTEGER NOT NULL REFERENCES entitlement,
    seats INTEGER NOT NULL CHECK (seats BETWEEN 1 AND 1000000000),
    PRIMARY KEY (issue_id, entitlement_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    id INTEGER PRIMARY KEY,
    server_id INTEGER NOT NULL REFERENCES server,
    generation INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    text BLOB NOT NULL,
    received INTEGER NOT NULL
) STRICT;

CREATE TABLE receipt_line (
    receipt_id INTEGER NOT NULL REFERENCES receipt,
    entitlement_id INTEGER NOT NULL REFERENCES entitlement,
    seats INTEGER NOT NULL,
    overhang INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (receipt_id, entitlement_id)
) STRICT, WITHOUT ROWID;

-- A row for every step: never changed, never removed.
CREATE TABLE ledger (
    id INTEGER PRIMARY KEY,
    entitlement_id INTEGER NOT NULL REFERENCES entitlement,
    from_kind TEXT NOT NULL,
    from_server INTEGER NOT NULL,
    to_kind TEXT NOT NULL,
    to_server INTEGER NOT NULL,
    seats INTEGER NOT NULL CHECK (seats > 0),
    act TEXT NOT NULL,
    -- the generation that moved them, or the receipt
    issue_id INTEGER REFERENCES issue,
    receipt_id INTEGER REFERENCES receipt,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX ledger_entitlement ON ledger (entitlement_id, id);

-- One row: the vendor's issue log, and the fence of whoever numbers and signs (R6.8).
CREATE TABLE issuer (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    fence INTEGER NOT NULL,
    log_size INTEGER NOT NULL,
    log_frontier BLOB NOT NULL
) STRICT;
INSERT INTO issuer (id, fence, log_size, log_frontier) VALUES (1, 0, 0, x'');
