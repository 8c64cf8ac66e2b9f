-- Who is who, and how each proves it.

CREATE TABLE organization (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('vendor', 'customer', 'partner')),
    name TEXT NOT NULL,
    number TEXT NOT NULL UNIQUE
) STRICT;

-- An address is in lower case. Whoever is invited has no password yet.
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE membership (
    person_id INTEGER NOT NULL REFERENCES person,
    organization_id INTEGER NOT NULL REFERENCES organization,
    role TEXT NOT NULL CHECK (role IN ('staff', 'partner', 'administrator', 'viewer')),
    created INTEGER NOT NULL,
    PRIMARY KEY (person_id, organization_id, role)
) STRICT;
CREATE INDEX membership_organization ON membership (organization_id, person_id);

-- Tokens lie here as their hashes.
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    person_id INTEGER NOT NULL REFERENCES person,
    -- a cookie also ends when it is not used
    kind TEXT NOT NULL CHECK (kind IN ('cookie', 'token')),
    created INTEGER NOT NULL,
    used INTEGER NOT NULL,
    ends INTEGER NOT NULL
) STRICT;
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_ends ON session (ends);

CREATE TABLE api_token (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    person_id INTEGER NOT NULL REFERENCES person,
    name TEXT NOT NULL,
    -- its first letters, by which a person knows it again
    prefix TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
    created INTEGER NOT NULL,
    used INTEGER,
    ends INTEGER NOT NULL
) STRICT;
CREATE INDEX api_token_person ON api_token (person_id, id);

-- Opens the portal to the person, or where there is none to whoever sets the portal up. Once.
CREATE TABLE one_time_token (
    hash BLOB PRIMARY KEY,
    person_id INTEGER UNIQUE REFERENCES person,
    ends INTEGER NOT NULL
) STRICT;

-- Wrong passwords in a row, of an address whether or not somebody has it.
CREATE TABLE sign_in_failure (
    email TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_failure_last ON sign_in_failure (last);

-- R6.9. The act stands for method and route; the hash is of path, query and body.
CREATE TABLE idempotency (
    person_id INTEGER NOT NULL REFERENCES person,
    act TEXT NOT NULL,
    key TEXT NOT NULL,
    hash BLOB NOT NULL,
    resource_id INTEGER,
    created INTEGER NOT NULL,
    PRIMARY KEY (person_id, act, key)
) STRICT;
CREATE INDEX idempotency_created ON idempotency (created);
