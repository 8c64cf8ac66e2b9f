CREATE TABLE organization (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('vendor', 'customer', 'partner')),
    name TEXT NOT NULL,
    number TEXT NOT NULL UNIQUE
) STRICT;
