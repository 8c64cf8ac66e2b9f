/* Every answer: is it true, and does it wait for what it speaks of? */
#include "sim/oracle_state.h"

static void check_depends(struct oracle *oracle, const struct seat_reply *reply, uint64_t number)
{
    if (number > oracle->synced && reply->depends_on < number)
        oracle_blame(oracle, "INV-14 a reply depends on record %llu, it speaks of record %llu",
                     (unsigned long long)reply->depends_on, (unsigned long long)number);
    if (reply->depends_on > oracle->last_number)
        oracle_blame(oracle, "INV-15 a reply depends on record %llu, which was never written",
                     (unsigned long long)reply->depends_on);
}

/* A reply promised `ttl_ms`; the server waits its margin longer (R8.5). It may be lost, so what was
 * promised before still counts. */
static void fact_promise(struct fact *fact, int64_t now_ms, uint32_t ttl_ms)
{
    int64_t promised_ms = now_ms + (int64_t)ttl_ms;
    bool is_first = fact->deadline_max == INT64_MAX;

    if (ttl_ms == 0 || (!is_first && promised_ms < fact->promised_ms))
        return;
    fact->promised_ms = promised_ms;
    fact->deadline_min = promised_ms + LEASE_MARGIN_MS;
    if (is_first || fact->deadline_min > fact->deadline_max)
        fact->deadline_max = fact->deadline_min;
}

uint32_t ttl_cut(uint32_t ttl_s, int64_t end, int64_t utc)
{
    int64_t ttl_ms = (int64_t)ttl_s * 1000;

    if (end != 0 && (end - utc) * 1000 < ttl_ms)
        ttl_ms = end <= utc ? 0 : (end - utc) * 1000;
    return (uint32_t)ttl_ms;
}

/* R4.4: what is promised beyond an end must fit on the lines that go on after it. */
static void check_ends(struct oracle *oracle, const struct oracle_act *act, const struct fact *fact)
{
    const struct version *version = version_of(oracle, fact->vendor);
    uint64_t family = family_of(oracle, version, fact->feature);
    struct seat_now now = act->now;

    if (now.instant.ms + (int64_t)act->reply->ttl_ms <= fact->promised_ms)
        return; /* no more than was promised before */
    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
        const struct line_fact *line = &version->lines[index];
        int64_t end = seating_line_end(&line->line);

        if (line->is_vanished || line->line.state != LINE_ENABLED || end <= now.utc.s ||
            (line_bits(oracle, &line->line) & family) == 0 ||
            act->reply->ttl_ms <= (end - now.utc.s) * 1000)
            continue;
        if (!end_fits(oracle, now, fact, end, -2 * LEASE_MARGIN_MS, false))
            oracle_blame(oracle, "R4.4 lease %llu goes on beyond %lld, where it does not fit",
                         (unsigned long long)fact->granted_number, (long long)end);
    }
}

static void check_granted(struct oracle *oracle, const struct oracle_act *act, struct fact *fact)
{
    const struct seat_reply *reply = act->reply;
    const struct version *version = version_of(oracle, act->event->vendor);
    bool is_new = fact->granted_number >= act->first_number;
    int64_t utc = act->now.utc.s;

    check_depends(oracle, reply, fact_number(fact));
    if (reply->is_reclaim != (fact_number(fact) < act->first_number))
        oracle_blame(oracle,
                     "R8.1 a reply confuses a lease that was written with a re-claimed one");
    if (reply->handle != fact->granted_number || reply->count != fact->count ||
        reply->release != fact->release || reply->end != fact_end(fact) ||
        reply->generation != version->installation.generation)
        oracle_blame(oracle, "R10.3 a reply of lease %llu differs from its record",
                     (unsigned long long)fact->granted_number);
    if (is_new) {
        uint32_t ttl = request_ttl(oracle, fact->vendor, fact->feature, fact->release, utc);
        if (fact->ttl_s != ttl || reply->ttl_ms != ttl_cut(ttl, fact_end(fact), utc))
            oracle_blame(oracle, "R1.4 R4.4 ttl is %u ms, the lines say %u ms", reply->ttl_ms,
                         ttl_cut(ttl, fact_end(fact), utc));
    } else {
        oracle->counts.reclaims++;
    }
    if (reply->ttl_ms > ttl_cut(fact->ttl_s, fact_end(fact), utc) && is_new)
        oracle_blame(oracle, "R4.4 a reply promises %u ms beyond the end", reply->ttl_ms);
    if (!fact_is_marked(fact)) {
        check_ends(oracle, act, fact);
        fact_promise(fact, act->now.instant.ms, reply->ttl_ms);
    } else if (act->now.instant.ms + (int64_t)reply->ttl_ms > fact->deadline_max)
        oracle_blame(oracle, "R4.5 a marked lease was promised more time");
}

/* R4.3: the flags of a new lease say whether it needed overdraft. */
static void check_overdraft_flag(struct oracle *oracle, const struct oracle_act *act,
                                 const struct fact *fact)
{
    bool needs = !request_fits(oracle, fact->vendor, fact->feature, fact->release, fact->count,
                               act->now.utc.s, fact, false);

    if (needs != ((act->reply->flags & SEAT_FLAG_OVERDRAFT) != 0))
        oracle_blame(oracle, "R4.3 lease %llu %s overdraft, its flags say otherwise",
                     (unsigned long long)fact->granted_number, needs ? "uses" : "does not use");
}

/* An id that has ended: the reply waits for the record, and says whether an administrator did it
 * (R10.4). */
static void check_told_ended(struct oracle *oracle, const struct seat_reply *reply,
                             const struct fact *fact)
{
    check_depends(oracle, reply, fact->ended_number);
    if (reply->denial.is_ended_by_administrator != (fact->ended_by == SEAT_RECORD_END))
        oracle_blame(oracle, "R10.4 a reply is wrong about who ended lease %llu",
                     (unsigned long long)fact->granted_number);
}

static bool is_same_request(const struct fact *fact, const struct seat_event *event)
{
    return fact->vendor == event->vendor && fact->feature == event->feature &&
           fact->user == event->user && fact->host == event->host &&
           fact->device == event->device && fact->count == event->count;
}

/* Could this reason be true? Which of several true reasons is named is the server's choice. */
static bool reason_holds(struct oracle *oracle, const struct oracle_act *act)
{
    const struct version *version = version_of(oracle, act->event->vendor);
    int64_t utc = act->now.utc.s;
    bool has_file = version != NULL && version->installation.lines_count > 0;
    bool has_feature = false, has_disabled = false, has_expired = false, has_future = false;
    bool has_short = false, has_serving = false;

    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
        const struct seat_line *line = &version->lines[index].line;
        int64_t end = seating_line_end(line);

        if (version->lines[index].is_vanished || !seating_line_covers(line, act->event->feature))
            continue;
        has_feature = true;
        has_disabled = has_disabled || line->state != LINE_ENABLED;
        if (line->state != LINE_ENABLED)
            continue;
        has_expired = has_expired || (end != 0 && end <= utc);
        has_future = has_future || line->start > utc;
        has_short = has_short || !seating_line_fits(line, act->event->feature, act->event->release);
        has_serving =
            has_serving || (seating_line_serves(line, utc) &&
                            seating_line_fits(line, act->event->feature, act->event->release));
    }
    if (act->reply->status == LICET_NO_FILE)
        return !has_file;
    if (act->reply->status == LICET_NO_FEATURE)
        return !has_feature;
    if (act->reply->status == LICET_DISABLED)
        return has_disabled && !has_serving;
    if (act->reply->status == LICET_EXPIRED)
        return has_expired && !has_serving;
    if (act->reply->status == LICET_NOT_STARTED)
        return has_future && !has_serving;
    if (act->reply->status == LICET_MAINTENANCE)
        return has_short && !has_serving;
    if (act->reply->status == LICET_NO_SEAT)
        return has_serving;
    if (act->reply->status == LICET_OVER_LIMIT)
        return source_leases(oracle, act->event->source) >= oracle->leases_of_source_max;
    return false;
}

static void check_refused_checkout(struct oracle *oracle, const struct oracle_act *act)
{
    const struct seat_event *event = act->event;

    oracle->counts.refusals++;
    if (event->count == 0) {
        if (act->reply->status != LICET_INVALID)
            oracle_blame(oracle, "R8.1 a checkout of no seats is %s",
                         status_word(act->reply->status));
        return;
    }
    if (source_leases(oracle, event->source) < oracle->leases_of_source_max &&
        request_fits(oracle, event->vendor, event->feature, event->release, event->count,
                     act->now.utc.s, NULL, true))
        oracle_blame(oracle, "R4.3 refused with %s, but %u seats of feature %u could be served",
                     status_word(act->reply->status), event->count, event->feature);
    else if (!reason_holds(oracle, act))
        oracle_blame(oracle, "R10.3 refused with %s, which is not true",
                     status_word(act->reply->status));
}

/* May the server refuse to renew this lease? Only where drain marked it, or where an end has come
 * and not everybody has a seat now (R4.4). */
static bool may_refuse_renewal(struct oracle *oracle, const struct oracle_act *act,
                               const struct fact *fact)
{
    const struct version *version = version_of(oracle, fact->vendor);
    uint64_t family = family_of(oracle, version, fact->feature);

    if (fact_is_marked(fact))
        return true;
    return family_dates_passed(oracle, version, family) &&
           overhang_of(oracle, version, fact->vendor, family, act->now.utc.s, HOLDERS_ALL) > 0;
}

static void check_checkout(struct oracle *oracle, const struct oracle_act *act)
{
    const struct seat_event *event = act->event;
    struct fact *fact = fact_find(oracle, event->id);
    enum status status = act->reply->status;

    if (fact_is_ended(fact, act->now.instant.ms)) {
        if (status != LICET_LEASE_ENDED && status != LICET_INVALID)
            oracle_blame(oracle, "INV-17 R8.1 an ended id is answered with %s",
                         status_word(status));
        else if (status == LICET_LEASE_ENDED)
            check_told_ended(oracle, act->reply, fact);
        return;
    }
    if (fact == NULL || fact->ended_number != 0) {
        if (status == LICET_OK)
            oracle_blame(oracle, "INV-16 a checkout is granted without a record");
        else if (fact == NULL || status != LICET_LEASE_ENDED) /* after the window: either */
            check_refused_checkout(oracle, act);
        return;
    }
    if (!is_same_request(fact, event)) {
        if (status != LICET_MISMATCH && status != LICET_INVALID)
            oracle_blame(oracle, "R8.1 a re-claim with other values is answered with %s",
                         status_word(status));
        return;
    }
    if (fact->release != event->release && status == LICET_MISMATCH)
        return; /* R8.1 does not name the release */
    if (status != LICET_OK) {
        if (!may_refuse_renewal(oracle, act, fact))
            oracle_blame(oracle, "INV-18 R8.1 a re-claim of a held lease is answered with %s",
                         status_word(status));
        return;
    }
    if (fact->granted_number >= act->first_number)
        check_overdraft_flag(oracle, act, fact);
    check_granted(oracle, act, fact);
}

static void check_renewed(struct oracle *oracle, const struct oracle_act *act, struct fact *fact)
{
    const struct seat_reply *reply = act->reply;
    int64_t now_ms = act->now.instant.ms, utc = act->now.utc.s;

    check_depends(oracle, reply, fact_number(fact));
    if (reply->handle != fact->granted_number || reply->end != fact_end(fact))
        oracle_blame(oracle, "R10.3 a renewal of lease %llu differs from its records",
                     (unsigned long long)fact->granted_number);
    if (fact_is_marked(fact)) {
        if (now_ms + (int64_t)reply->ttl_ms > fact->deadline_max)
            oracle_blame(oracle, "R4.5 a lease marked by drain was renewed");
        return;
    }
    if (reply->ttl_ms > ttl_cut(UINT32_MAX / 1000, fact_end(fact), utc))
        oracle_blame(oracle, "R4.4 a renewal promises %u ms, beyond the end", reply->ttl_ms);
    check_ends(oracle, act, fact);
    fact_promise(fact, now_ms, reply->ttl_ms);
}

static void check_renew(struct oracle *oracle, const struct oracle_act *act)
{
    struct fact *fact = fact_find(oracle, act->event->id);
    enum status status = act->reply->status;

    if (fact == NULL || fact->ended_number != 0) {
        if (status != LICET_LEASE_ENDED && status != LICET_NOT_FOUND)
            oracle_blame(oracle, "INV-17 a renewal of a lease that is not held is answered with %s",
                         status_word(status));
        else if (fact != NULL && status == LICET_LEASE_ENDED &&
                 fact_is_ended(fact, act->now.instant.ms))
            check_told_ended(oracle, act->reply, fact);
        return;
    }
    if (status == LICET_OK)
        check_renewed(oracle, act, fact);
    else if (!may_refuse_renewal(oracle, act, fact))
        oracle_blame(oracle, "INV-18 R4.5 a renewal of lease %llu is refused with %s",
                     (unsigned long long)fact->granted_number, status_word(status));
}

static void check_ended_reply(struct oracle *oracle, const struct oracle_act *act,
                              const struct fact *fact)
{
    if (act->reply->status != LICET_OK) {
        if (fact != NULL && fact->ended_number == 0)
            oracle_blame(oracle, "R8.1 a held lease cannot be returned: %s",
                         status_word(act->reply->status));
        return;
    }
    if (fact == NULL || fact->ended_number == 0)
        oracle_blame(oracle, "INV-17 a return is acknowledged, but nothing ended");
    else if (fact_is_ended(fact, act->now.instant.ms))
        check_depends(oracle, act->reply, fact->ended_number);
}

/* R4.1. `before` is what was installed when the event came. */
static void check_install(struct oracle *oracle, const struct oracle_act *act,
                          const struct version *before)
{
    const struct seat_installation *asked = act->event->installation;
    const struct version *after = version_of(oracle, asked->vendor);
    enum status status = act->reply->status;
    bool is_greater = before == NULL || asked->generation > before->installation.generation;
    bool is_same = before != NULL && asked->generation == before->installation.generation &&
                   memcmp(asked->payload_hash, before->installation.payload_hash, 32) == 0;

    if (after != before && !is_greater)
        oracle_blame(oracle, "INV-11 R4.1 generation %u replaces %u", asked->generation,
                     before->installation.generation);
    if (is_same && status != LICET_OK)
        oracle_blame(oracle, "R4.1 the same file again is answered with %s", status_word(status));
    if (!is_greater && !is_same && status == LICET_OK)
        oracle_blame(oracle, "INV-11 R4.1 an older generation is accepted");
    if (is_greater && status != LICET_OK &&
        (before == NULL || asked->generation <= before->installation.generation + 1000))
        oracle_blame(oracle, "R4.1 a greater generation is answered with %s", status_word(status));
    if (is_greater && status == LICET_OK && after == before)
        oracle_blame(oracle, "R4.1 an accepted generation left no record");
    if (status == LICET_OK && after != NULL)
        check_depends(oracle, act->reply, after != before ? after->number : 0);
}

void check_reply(struct oracle *oracle, const struct oracle_act *act, const struct version *before)
{
    switch (act->event->kind) {
    case SEAT_CHECKOUT:
        check_checkout(oracle, act);
        break;
    case SEAT_RENEW:
        check_renew(oracle, act);
        break;
    case SEAT_CHECKIN:
        check_ended_reply(oracle, act, fact_find(oracle, act->event->id));
        break;
    case SEAT_END:
        check_ended_reply(oracle, act, fact_find_handle(oracle, act->event->handle));
        break;
    case SEAT_INSTALL:
        check_install(oracle, act, before);
        break;
    case SEAT_TICK:
    case SEAT_START:
    case SEAT_MORE:
        break;
    }
}
