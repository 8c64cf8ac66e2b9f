-- What licet-portal does for one more seat on one license server, in one call: the anchor of bench/allocations. The same
-- locks in the same order, the same rows in the same tables; the checks that write nothing are left out.
CREATE FUNCTION bench_allocate(server_name TEXT, which_entitlement BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    place server%ROWTYPE;
    had BIGINT;
    new_issue BIGINT;
    person BIGINT := (SELECT min(id) FROM person);
BEGIN
    SELECT * INTO place FROM server WHERE short_name = server_name
        AND customer_id = (SELECT customer_id FROM entitlement WHERE id = which_entitlement);
    INSERT INTO idempotency (person_id, act, key, hash, created)
        VALUES (person, 'bench', server_name || '-' || txid_current(), '\x00', 1);
    PERFORM FROM entitlement WHERE id = which_entitlement FOR NO KEY UPDATE;
    SELECT * INTO place FROM server WHERE id = place.id FOR NO KEY UPDATE;
    SELECT seats INTO had FROM account WHERE entitlement_id = which_entitlement AND kind = 'ALLOCATED' AND server_id = place.id;
    INSERT INTO issue (server_id, generation, serial, state, act, person_id, created)
        VALUES (place.id, place.generation + 1, server_name || '.' || place.generation + 1, 'intent', 'allocate', person, 1)
        RETURNING id INTO new_issue;
    INSERT INTO issue_line (issue_id, entitlement_id, seats) VALUES (new_issue, which_entitlement, had + 1);
    UPDATE server SET generation = place.generation + 1 WHERE id = place.id;
    UPDATE account SET seats = seats - 1 WHERE entitlement_id = which_entitlement AND kind = 'AVAILABLE' AND server_id = 0
        AND seats >= 1;
    INSERT INTO account (entitlement_id, kind, server_id, seats) VALUES (which_entitlement, 'ALLOCATED', place.id, 1)
        ON CONFLICT (entitlement_id, kind, server_id) DO UPDATE SET seats = account.seats + excluded.seats;
    INSERT INTO ledger (entitlement_id, from_kind, from_server, to_kind, to_server, seats, act, issue_id, at)
        VALUES (which_entitlement, 'AVAILABLE', 0, 'ALLOCATED', place.id, 1, 'allocate', new_issue, 1);
    UPDATE idempotency SET resource_id = new_issue
        WHERE person_id = person AND act = 'bench' AND key = server_name || '-' || txid_current();
    RETURN new_issue;
END $$;
