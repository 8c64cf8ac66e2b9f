/* What a crash may take and what it may not; and what the server shows when it is looked at. */
#include "sim/oracle_state.h"

/* Takes back what stood in records after `number`: the store lost them. */
static void fact_take_back(struct oracle *oracle, struct fact *fact, uint64_t number)
{
    if (fact->ended_number > number) {
        if (fact->was_told_ended)
            oracle_blame(oracle, "INV-14 record %llu ended a lease, a client knows it, it is lost",
                         (unsigned long long)fact->ended_number);
        fact->ended_number = 0;
        if (fact->granted_number != 0)
            live_add(oracle, fact);
    }
    while (fact->endings_count > 0 && fact->endings[fact->endings_count - 1].number > number)
        fact->endings_count--;
    if (fact->granted_number > number) {
        if (fact->was_told_granted)
            oracle_blame(oracle, "INV-14 lease %llu was granted, a client knows it, it is lost",
                         (unsigned long long)fact->granted_number);
        live_remove(oracle, fact);
        fact_forget(oracle, fact);
    } else if (fact->granted_number == 0 && fact->ended_number == 0) {
        fact_forget(oracle, fact);
    }
}

static void oracle_take_back(struct oracle *oracle, uint64_t number)
{
    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        for (struct fact *fact = oracle->buckets[bucket], *next; fact != NULL; fact = next) {
            next = fact->next;
            fact_take_back(oracle, fact, number);
        }
    for (uint32_t index = 0; index < oracle->vendors_count; index++)
        while (oracle->versions[index] != NULL && oracle->versions[index]->number > number) {
            struct version *lost = oracle->versions[index];

            oracle->versions[index] = lost->older;
            free(lost);
        }
    oracle->last_number = number;
}

static void compare_grant(struct oracle *oracle, const struct seat_record *record)
{
    struct fact *fact = fact_find(oracle, record->grant.id);

    if (fact == NULL || fact->granted_number == 0) {
        oracle_blame(oracle, "INV-22 the recovered state has a lease %llu that was never granted",
                     (unsigned long long)record->grant.handle);
        return;
    }
    if (fact->ended_number != 0) {
        oracle_blame(oracle, "INV-17 INV-22 lease %llu has ended and is back after a crash",
                     (unsigned long long)record->grant.handle);
        return;
    }
    fact->is_seen = true;
    if (fact->granted_number != record->grant.handle || fact->vendor != record->grant.vendor ||
        fact->feature != record->grant.feature || fact->user != record->grant.user ||
        fact->host != record->grant.host || fact->device != record->grant.device ||
        fact->source != record->grant.source || fact->count != record->grant.count ||
        fact->release != record->grant.release || fact->ttl_s != record->grant.ttl_s ||
        fact->flags != record->grant.flags)
        oracle_blame(oracle, "INV-22 lease %llu has other values after a crash",
                     (unsigned long long)fact->granted_number);
}

static void compare_tombstone(struct oracle *oracle, const struct seat_record *record)
{
    struct fact *fact = fact_find(oracle, record->ended.id);

    if (fact == NULL)
        return; /* long ago */
    if (fact->ended_number == 0)
        oracle_blame(oracle, "INV-22 lease %llu is held and has ended after a crash",
                     (unsigned long long)fact->granted_number);
    else if (fact->ended_by != record->kind)
        oracle_blame(oracle, "R10.4 INV-22 record %llu ended a lease in another way after a crash",
                     (unsigned long long)fact->ended_number);
    fact->is_seen = true;
}

/* Which leases and ended ids the recovered state knows. */
static void compare_leases(struct oracle *oracle, const struct seats *seats, int64_t now_ms)
{
    struct seat_record record;
    uint64_t cursor = 0;

    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        for (struct fact *fact = oracle->buckets[bucket]; fact != NULL; fact = fact->next)
            fact->is_seen = false;
    while (seats_snapshot_next(seats, &cursor, &record)) {
        if (record.kind == SEAT_RECORD_GRANT)
            compare_grant(oracle, &record);
        if (seat_record_is_ended(record.kind))
            compare_tombstone(oracle, &record);
    }
    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        for (struct fact *fact = oracle->buckets[bucket]; fact != NULL; fact = fact->next) {
            if (fact->is_seen)
                continue;
            if (fact->ended_number == 0)
                oracle_blame(oracle, "INV-14 INV-22 lease %llu is gone after a crash",
                             (unsigned long long)fact->granted_number);
            else if (fact_is_ended(fact, now_ms))
                oracle_blame(oracle, "INV-17 INV-22 an ended id is forgotten after a crash");
        }
}

static bool lines_equal(const struct seat_line *left, const struct seat_line *right)
{
    return left->sn == right->sn && left->feature == right->feature &&
           left->seats == right->seats && left->overdraft == right->overdraft &&
           left->maintenance == right->maintenance && left->start == right->start &&
           left->expiry == right->expiry && left->refresh_by == right->refresh_by &&
           left->ttl_s == right->ttl_s && left->drain_s == right->drain_s &&
           left->state == right->state && left->covers_count == right->covers_count &&
           memcmp(left->covers, right->covers, left->covers_count * sizeof(left->covers[0])) == 0;
}

/* What is installed, as seats_next_line() shows it: INV-11, R5.1. */
static void compare_lines(struct oracle *oracle, const struct seats *seats, name_id vendor)
{
    const struct version *version = version_of(oracle, vendor);
    const struct seat_installation *shown = seats_installation(seats, vendor);
    uint32_t expected = 0, count = 0;
    struct seat_line line;
    uint64_t cursor = 0;

    if (oracle->is_shown_ignored)
        return;
    if ((shown == NULL) != (version == NULL) ||
        (shown != NULL && (shown->generation != version->installation.generation ||
                           shown->installed_at != version->installation.installed_at ||
                           memcmp(shown->payload_hash, version->installation.payload_hash, 32)))) {
        oracle_blame(oracle, "INV-11 INV-12 generation %u is installed, %u should be",
                     shown == NULL ? 0 : shown->generation,
                     version == NULL ? 0 : version->installation.generation);
        return;
    }
    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++)
        if (!version->lines[index].is_vanished || version->lines[index].line.held_over > 0)
            expected++;
    while (seats_next_line(seats, vendor, &cursor, &line)) {
        const struct line_fact *fact = version_line(version, line.sn);

        if (line.state == LINE_FORMER && line.held_over == 0)
            continue; /* kept for its drain */
        count++;
        if (fact == NULL || fact->is_vanished != (line.state == LINE_FORMER)) {
            if (!oracle->has_covers)
                oracle_blame(oracle, "R5.1 line %u is shown and should be gone", line.sn);
        } else if (line.held_over != fact->line.held_over && !oracle->has_covers)
            oracle_blame(oracle, "R5.1 line %u is held over by %u, should be %u", line.sn,
                         line.held_over, fact->line.held_over);
        else if (!fact->is_vanished && !lines_equal(&line, &fact->line))
            oracle_blame(oracle, "INV-12 line %u differs from the installed file", line.sn);
        else
            oracle->counts.held_over += line.held_over;
    }
    if (shown != NULL && count != expected && !oracle->has_covers)
        oracle_blame(oracle, "R5.1 %u lines are shown, %u should be", count, expected);
}

static int64_t oracle_latest_ms(const struct oracle *oracle)
{
    int64_t latest = 0;

    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        for (const struct fact *fact = oracle->buckets[bucket]; fact != NULL; fact = fact->next)
            if (fact->ended_number != 0 && fact->ended_ms > latest)
                latest = fact->ended_ms;
    return latest;
}

void oracle_recovered(struct oracle *oracle, const struct seats *seats)
{
    struct seats_totals totals;
    uint64_t number;

    seats_totals(seats, &totals);
    number = totals.next_number - 1;
    oracle->counts.crashes++;
    if (number > oracle->last_number)
        oracle_blame(oracle, "INV-23 record %llu came out of the store, %llu went in",
                     (unsigned long long)number, (unsigned long long)oracle->last_number);
    if (number < oracle->synced)
        oracle_blame(oracle, "INV-14 records after %llu are lost, the store had synced %llu",
                     (unsigned long long)number, (unsigned long long)oracle->synced);
    oracle_take_back(oracle, number);
    compare_leases(oracle, seats, oracle_latest_ms(oracle));
    for (uint32_t index = 0; index < oracle->vendors_count; index++)
        compare_lines(oracle, seats, oracle->vendors[index]);
}

static uint32_t look_leases(struct oracle *oracle, const struct seats *seats, struct seat_now now,
                            name_id vendor)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;
    uint32_t count = 0;

    while (seats_next_lease(seats, now, vendor, 0, &cursor, &view)) {
        /* what is shown is what the client counts, without the server's margin (R8.5) */
        int64_t left_at = now.instant.ms + view.left_ms + LEASE_MARGIN_MS;
        const struct fact *fact = NULL;

        for (uint32_t index = 0; index < oracle->live_count; index++)
            if (oracle->live[index]->granted_number == view.handle)
                fact = oracle->live[index];
        count++;
        if (fact == NULL)
            oracle_blame(oracle, "INV-13 lease %llu is listed and not held",
                         (unsigned long long)view.handle);
        else if (view.feature != fact->feature || view.user != fact->user ||
                 view.host != fact->host || view.device != fact->device ||
                 view.count != fact->count || view.release != fact->release ||
                 view.end != fact_end(fact))
            oracle_blame(oracle, "INV-13 lease %llu is listed with other values",
                         (unsigned long long)view.handle);
        else if (view.left_ms <= 0 && now.instant.ms + LEASE_MARGIN_MS >= fact->deadline_min)
            continue; /* its time has passed, and the tick has not come */
        else if (left_at < fact->deadline_min || left_at > fact->deadline_max)
            oracle_blame(oracle, "INV-18 lease %llu has %lld ms left, should have %lld",
                         (unsigned long long)view.handle, (long long)view.left_ms,
                         (long long)(fact->deadline_max - now.instant.ms));
    }
    return count;
}

static void look_features(struct oracle *oracle, const struct seats *seats, struct seat_now now)
{
    struct seat_feature_view view;
    uint64_t cursor = 0;

    while (seats_next_feature(seats, now, &cursor, &view)) {
        const struct version *version = version_of(oracle, view.vendor);
        uint64_t family = family_of(oracle, version, view.feature);
        uint64_t in_use = 0, demand = 0, overhang, without;

        for (uint32_t index = 0; index < oracle->live_count; index++) {
            const struct fact *fact = oracle->live[index];

            if (family_has(oracle, family, fact, view.vendor))
                demand += fact->count;
            if (fact->vendor == view.vendor && fact->feature == view.feature)
                in_use += fact->count;
        }
        overhang = overhang_of(oracle, version, view.vendor, family, now.utc.s, HOLDERS_ALL);
        seating_lines(oracle, version, now.utc.s, false);
        without = seating_holders(oracle, view.vendor, family, HOLDERS_ALL, 0, NULL);
        if (view.in_use != in_use)
            oracle_blame(oracle, "INV-13 feature %u shows %llu in use, %llu are", view.feature,
                         (unsigned long long)view.in_use, (unsigned long long)in_use);
        if (view.overhang != overhang)
            oracle_blame(oracle, "R4.5 feature %u shows an overhang of %llu, it is %llu",
                         view.feature, (unsigned long long)view.overhang,
                         (unsigned long long)overhang);
        if (view.overdraft_in_use != without - overhang)
            oracle_blame(oracle,
                         "R4.3 feature %u shows %llu of its overdraft in use, it is %llu of %llu",
                         view.feature, (unsigned long long)view.overdraft_in_use,
                         (unsigned long long)(without - overhang), (unsigned long long)demand);
    }
}

void oracle_look(struct oracle *oracle, const struct seats *seats, struct seat_now now)
{
    struct seats_totals totals;
    uint32_t count = 0;

    oracle->counts.looks++;
    for (uint32_t index = 0; index < oracle->vendors_count; index++) {
        count += look_leases(oracle, seats, now, oracle->vendors[index]);
        compare_lines(oracle, seats, oracle->vendors[index]);
    }
    if (count != oracle->live_count)
        oracle_blame(oracle, "INV-13 %u leases are listed, %u are held", count, oracle->live_count);
    seats_totals(seats, &totals);
    if (totals.leases != oracle->live_count)
        oracle_blame(oracle, "INV-13 the server counts %llu leases, %u are held",
                     (unsigned long long)totals.leases, oracle->live_count);
    if (!oracle->is_shown_ignored)
        look_features(oracle, seats, now);
}
