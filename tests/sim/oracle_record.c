/* Every record that the server writes: may it? And what is true after it. */
#include "sim/oracle_state.h"

/* R4.4: nobody is cut where all who last beyond that end would fit. */
static void check_cut_is_due(struct oracle *oracle, struct seat_now now, const struct fact *fact,
                             int64_t end, uint64_t number)
{
    const struct version *version = version_of(oracle, fact->vendor);

    if (!end_is_of_family(oracle, version, family_of(oracle, version, fact->feature), end))
        oracle_blame(oracle, "R4.4 record %llu cuts at %lld, where no line ends",
                     (unsigned long long)number, (long long)end);
    else if (end_fits(oracle, now, fact, end, 2 * LEASE_MARGIN_MS, true))
        oracle_blame(oracle, "R4.4 record %llu cuts at %lld, where all fit",
                     (unsigned long long)number, (long long)end);
}

static void check_grant(struct oracle *oracle, const struct oracle_act *act,
                        const struct seat_record *record, uint64_t number)
{
    const struct seat_event *event = act->event;
    struct fact *fact = fact_find(oracle, record->grant.id);
    int64_t utc = act->now.utc.s;

    if (event->kind != SEAT_CHECKOUT || memcmp(&record->grant.id, &event->id, 16) != 0) {
        oracle_blame(oracle, "INV-16 record %llu grants a lease that nobody asked for",
                     (unsigned long long)number);
        return;
    }
    if (fact != NULL && fact->ended_number == 0)
        oracle_blame(oracle, "INV-16 R8.1 record %llu makes a second lease of one id",
                     (unsigned long long)number);
    else if (fact_is_ended(fact, act->now.instant.ms))
        oracle_blame(oracle, "INV-17 R8.1 record %llu grants an id that has ended",
                     (unsigned long long)number);
    if (record->grant.vendor != event->vendor || record->grant.feature != event->feature ||
        record->grant.user != event->user || record->grant.host != event->host ||
        record->grant.device != event->device || record->grant.source != event->source ||
        record->grant.count != event->count || record->grant.release != event->release ||
        record->grant.handle != number)
        oracle_blame(oracle, "R8.8 record %llu grants something else than was asked for",
                     (unsigned long long)number);
    if (version_of(oracle, event->vendor) == NULL) {
        oracle_blame(oracle, "R4.3 granted without an installed file");
        return;
    }
    if (!request_fits(oracle, event->vendor, event->feature, event->release, event->count, utc,
                      NULL, true))
        oracle_blame(oracle, "INV-13 R4.3 record %llu grants %u seats beyond the policy",
                     (unsigned long long)number, event->count);
    if (source_leases(oracle, event->source) >= oracle->leases_of_source_max)
        oracle_blame(oracle, "INV-25 R10.4 a source holds more leases than its cap");
}

static void apply_grant(struct oracle *oracle, const struct oracle_act *act,
                        const struct seat_record *record, uint64_t number)
{
    struct fact *fact = fact_find(oracle, record->grant.id);

    if (fact != NULL) {
        live_remove(oracle, fact);
        fact_forget(oracle, fact);
    }
    fact = fact_make(oracle, record->grant.id);
    fact->vendor = record->grant.vendor;
    fact->feature = record->grant.feature;
    fact->user = record->grant.user;
    fact->host = record->grant.host;
    fact->device = record->grant.device;
    fact->source = record->grant.source;
    fact->count = record->grant.count;
    fact->release = record->grant.release;
    fact->ttl_s = record->grant.ttl_s;
    fact->flags = record->grant.flags;
    fact->grant_end = record->grant.end;
    fact->granted_at = record->at;
    fact->granted_number = number;
    fact->deadline_min = act->now.instant.ms;
    fact->deadline_max = INT64_MAX; /* the reply sets both */
    live_add(oracle, fact);
    if (fact->grant_end != 0) {
        check_cut_is_due(oracle, act->now, fact, fact->grant_end, number);
        oracle->counts.cuts++;
    }
    oracle->counts.grants++;
}

static void apply_end(struct oracle *oracle, const struct oracle_act *act,
                      const struct seat_record *record, uint64_t number)
{
    struct fact *fact = fact_find(oracle, record->ended.id);

    if (fact == NULL) {
        if (record->kind == SEAT_RECORD_EXPIRE)
            oracle_blame(oracle, "INV-17 record %llu expires a lease that never was",
                         (unsigned long long)number);
        fact = fact_make(oracle, record->ended.id);
    } else if (fact->ended_number != 0 && fact_is_ended(fact, act->now.instant.ms)) {
        oracle_blame(oracle, "INV-17 record %llu ends a lease that has ended",
                     (unsigned long long)number);
        return;
    }
    live_remove(oracle, fact);
    fact->ended_number = number;
    fact->ended_ms = act->now.instant.ms;
    fact->ended_by = record->kind;
    fact->was_told_ended = false;
    oracle->counts.ends++;
    if (fact->granted_number != 0)
        held_over_cap(oracle, fact->vendor, number, record->at);
}

static void check_expire(struct oracle *oracle, const struct oracle_act *act,
                         const struct seat_record *record, uint64_t number)
{
    const struct fact *fact = fact_find(oracle, record->ended.id);

    if (fact != NULL && fact->ended_number == 0 && act->now.instant.ms < fact->deadline_min)
        oracle_blame(oracle, "INV-18 INV-20 record %llu expires a lease %lld ms early",
                     (unsigned long long)number,
                     (long long)(fact->deadline_min - act->now.instant.ms));
    oracle->counts.expiries++;
}

static void check_checkin(struct oracle *oracle, const struct oracle_act *act,
                          const struct seat_record *record, uint64_t number)
{
    if (act->event->kind != SEAT_CHECKIN || memcmp(&record->ended.id, &act->event->id, 16) != 0)
        oracle_blame(oracle, "INV-18 record %llu checks in a lease that nobody returned",
                     (unsigned long long)number);
}

/* R10.4: only the lease that the administrator named. */
static void check_end(struct oracle *oracle, const struct oracle_act *act,
                      const struct seat_record *record, uint64_t number)
{
    const struct fact *fact = fact_find(oracle, record->ended.id);

    if (act->event->kind != SEAT_END || fact == NULL || fact->ended_number != 0 ||
        fact->granted_number != act->event->handle)
        oracle_blame(oracle, "R10.4 record %llu ends a lease that no administrator named",
                     (unsigned long long)number);
}

/* A cut (R4.4) is judged here; marks of a drain are judged together, in check_drain(). */
static void check_ending(struct oracle *oracle, const struct oracle_act *act,
                         const struct seat_record *record, uint64_t number)
{
    const struct fact *fact = fact_find(oracle, record->ending.id);

    if (fact == NULL || fact->ended_number != 0) {
        oracle_blame(oracle, "INV-17 record %llu marks a lease that is not held",
                     (unsigned long long)number);
        return;
    }
    if (record->ending.end == 0) {
        if (fact_is_marked(fact))
            oracle_blame(oracle, "R4.5 record %llu marks a lease twice",
                         (unsigned long long)number);
        return;
    }
    if (record->ending.end == INT64_MAX)
        return; /* lifted: whether it fits is judged by what the reply promises */
    check_cut_is_due(oracle, act->now, fact, record->ending.end, number);
    oracle->counts.cuts++;
}

static void apply_ending(struct oracle *oracle, const struct seat_record *record, uint64_t number)
{
    struct fact *fact = fact_find(oracle, record->ending.id);

    if (fact == NULL)
        return;
    if (fact->endings_count == ENDINGS_MAX) {
        oracle_blame(oracle, "R4.5 a lease was marked %u times", ENDINGS_MAX + 1);
        return;
    }
    fact->endings[fact->endings_count++] = (struct ending){number, record->ending.end};
}

void apply_record(struct oracle *oracle, const struct oracle_act *act,
                  const struct seat_record *record, uint64_t number)
{
    switch (record->kind) {
    case SEAT_RECORD_GRANT:
        check_grant(oracle, act, record, number);
        apply_grant(oracle, act, record, number);
        break;
    case SEAT_RECORD_CHECKIN:
        check_checkin(oracle, act, record, number);
        apply_end(oracle, act, record, number);
        break;
    case SEAT_RECORD_END:
        check_end(oracle, act, record, number);
        apply_end(oracle, act, record, number);
        break;
    case SEAT_RECORD_EXPIRE:
        check_expire(oracle, act, record, number);
        apply_end(oracle, act, record, number);
        break;
    case SEAT_RECORD_ENDING:
        check_ending(oracle, act, record, number);
        apply_ending(oracle, record, number);
        break;
    case SEAT_RECORD_INSTALL_END:
        if (act->event->kind == SEAT_INSTALL)
            version_install(oracle, act->event, number, act->now.utc.s);
        else
            oracle_blame(oracle, "R4.1 a generation appeared that nobody installed");
        break;
    case SEAT_RECORD_OPEN:
    case SEAT_RECORD_EPOCH:
    case SEAT_RECORD_INSTALL:
    case SEAT_RECORD_LINE:
    case SEAT_RECORD_REQUEST:
        break;
    }
}
