-- Requests of license servers, and the one response to each (R5).

CREATE TABLE exchange (
    id INTEGER PRIMARY KEY,
    server_id INTEGER NOT NULL REFERENCES server,
    -- the same text again is the same exchange
    request_hash TEXT NOT NULL UNIQUE,
    counter INTEGER NOT NULL,
    request BLOB NOT NULL,
    -- who brought it; none: it authenticated itself
    person_id INTEGER,
    -- the generation that it asked for
    issue_id INTEGER REFERENCES issue,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'written', 'answered')),
    received INTEGER NOT NULL,
    -- from here on: set when the response is written
    file_issue_id INTEGER REFERENCES issue,
    certificate BLOB,
    payload BLOB,
    payload_hash TEXT UNIQUE,
    -- the payload and its block; the file of file_issue_id stands behind them
    response BLOB,
    -- why the signer refuses it
    problem TEXT,
    CHECK (state = 'waiting' OR payload IS NOT NULL),
    CHECK ((state = 'answered') = (response IS NOT NULL))
) STRICT;
CREATE INDEX exchange_open ON exchange (id) WHERE state <> 'answered';
CREATE INDEX exchange_server ON exchange (server_id, counter);

-- What became of each act.
CREATE TABLE exchange_result (
    exchange_id INTEGER NOT NULL REFERENCES exchange,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    sn TEXT NOT NULL,
    seats INTEGER NOT NULL CHECK (seats BETWEEN 0 AND 1000000000),
    PRIMARY KEY (exchange_id, number)
) STRICT, WITHOUT ROWID;
