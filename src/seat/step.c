/*
 * seat_step(): one event in, effects out. Leases that have come due go first, so that an event
 * finds the seats that are free by then; then the event itself. What does not fit one set of
 * effects goes on with SEAT_MORE.
 */
#include <assert.h>

#include "seat/state.h"

/* The last second of the year 9999: sums with it stay far below their maximum. */
#define STEP_UTC_MAX (((int64_t)DATE_MAX_DAYS + 1) * 86400 - 1)

/* ---- records */

static struct seat_record *step_record(const struct seats *seats, struct seat_effects *effects,
                                       enum seat_record_kind kind, int64_t utc)
{
    struct seat_record *record = &effects->records[effects->records_count];

    assert(effects->records_count < SEAT_EFFECT_RECORDS_MAX);
    if (effects->records_count == 0)
        effects->first_number = seats->next_number;
    record->kind = kind;
    record->at = utc;
    return record;
}

/* Applies the record just filled in. It cannot fail: it was decided from this very state. */
static uint64_t step_commit(struct seats *seats, struct seat_effects *effects)
{
    uint64_t number = seats->next_number;
    enum status status = seat_apply(seats, number, &effects->records[effects->records_count], NULL);

    assert(status == LICET_OK);
    (void)status;
    effects->records_count++;
    return number;
}

static void step_write_ended(struct seats *seats, struct seat_effects *effects, uint32_t lease,
                             enum seat_record_kind kind, int64_t utc)
{
    struct seat_record *record = step_record(seats, effects, kind, utc);

    record->ended.handle = seats->leases[lease].handle;
    record->ended.id = seats->leases[lease].id;
    record->ended.source = seats->leases[lease].source;
    record->ended.forgets = lease_stale(seats, seats->now_ms);
    step_commit(seats, effects);
}

static void step_write_ending(struct seats *seats, struct seat_effects *effects, uint32_t lease,
                              int64_t end, int64_t utc)
{
    struct seat_record *record = step_record(seats, effects, SEAT_RECORD_ENDING, utc);

    record->ending.handle = seats->leases[lease].handle;
    record->ending.id = seats->leases[lease].id;
    record->ending.end = end;
    step_commit(seats, effects);
}

/* ---- replies */

static struct seat_reply *step_reply(struct seat_effects *effects)
{
    effects->has_reply = true;
    memset(&effects->reply, 0, sizeof(effects->reply));
    return &effects->reply;
}

/* What everybody is told of a lease. It depends on the last record that the reply shows
 * (docs/ARCHITECTURE.md). Whether that is a mark, a cut or a cut that was lifted is not kept with
 * the lease: the last of all these records stands for it, which is never earlier.
 */
static void step_tell(const struct seats *seats, uint32_t lease, struct seat_reply *reply)
{
    const struct lease *of = &seats->leases[lease];
    const struct pool *pool = &seats->pools[seats->cells[of->cell].pool];
    const struct seat_installation *installation = seats_installation(seats, pool->vendor);

    reply->handle = of->handle;
    reply->depends_on = of->handle;
    if (seats->ending_number > of->handle)
        reply->depends_on = seats->ending_number;
    reply->generation = installation == NULL ? 0 : installation->generation;
    reply->count = of->count;
    reply->release = seats->cells[of->cell].release;
    reply->end = of->end;
    reply->flags = of->flags;
}

static uint32_t step_left_ms(const struct seats *seats, uint32_t lease, struct seat_now now)
{
    int64_t left_ms = seats->leases[lease].deadline_ms - now.instant.ms;

    return left_ms < 0 ? 0 : (uint32_t)left_ms;
}

/* What was promised stays: the reply to a renewal may be lost, and its client counts on the one
 * before (R8.5). So a shorter ttl, or a cut, moves no deadline back, and the lease counts beyond
 * the ends that it was admitted past. The wheel looks at a later deadline when the old place comes
 * due.
 */
static void step_prolong(struct seats *seats, uint32_t lease, const struct extension *extension,
                         int64_t deadline_ms)
{
    struct lease *of = &seats->leases[lease];
    uint32_t had = level_of(seats, extension->family, lease);

    if (deadline_ms >= of->deadline_ms) {
        level_set(seats, lease, extension->level);
        of->deadline_ms = deadline_ms;
    } else if (extension->level > had) {
        level_set(seats, lease, extension->level);
    }
}

/* ---- requests */

/* Moves the deadline of a live lease: a renewal, or a re-claim by the same id. */
static void step_extend(struct seats *seats, struct seat_now now, uint32_t lease,
                        struct seat_effects *effects, bool is_reclaim)
{
    struct seat_reply *reply = &effects->reply;
    struct extension extension;
    bool has_new_end;

    if (!decide_extension(seats, now, lease, &extension, reply)) {
        step_tell(seats, lease, reply);
        reply->ttl_ms = step_left_ms(seats, lease, now);
        if (is_reclaim) { /* it is the client's until its deadline, and no longer */
            reply->status = reply->ttl_ms > 0 ? LICET_OK : LICET_LEASE_ENDED;
            reply->denial = (struct seat_denial){0};
            reply->is_reclaim = true;
        }
        return;
    }
    has_new_end = extension.end != seats->leases[lease].end;
    if (has_new_end)
        step_write_ending(seats, effects, lease, extension.end == 0 ? INT64_MAX : extension.end,
                          now.utc.s);
    reply->ttl_ms = lease_ttl_ms(now.utc.s, extension.ttl_s, extension.end);
    step_prolong(seats, lease, &extension, now.instant.ms + reply->ttl_ms);
    step_tell(seats, lease, reply);
    reply->is_reclaim = is_reclaim && !has_new_end;
}

static void step_grant(struct seats *seats, struct seat_now now, const struct seat_event *event,
                       const struct grant *grant, struct seat_effects *effects)
{
    struct seat_record *record = step_record(seats, effects, SEAT_RECORD_GRANT, now.utc.s);
    struct seat_reply *reply = &effects->reply;
    uint64_t unserved = grant->family->flow->unserved;
    uint32_t lease;

    record->grant.handle = seats->next_number;
    record->grant.id = event->id;
    record->grant.vendor = event->vendor;
    record->grant.feature = event->feature;
    record->grant.user = event->user;
    record->grant.host = event->host;
    record->grant.device = event->device;
    record->grant.source = event->source;
    record->grant.count = event->count;
    record->grant.release = event->release;
    record->grant.end = grant->admission.cut;
    record->grant.ttl_s = grant->ttl_s;
    record->grant.flags = grant->flags;
    step_commit(seats, effects);
    assert(grant->family->flow->unserved == unserved); /* never beyond the maximum flow */
    lease = seats->pools[grant->pool].last;
    level_set(seats, lease, grant->admission.level);
    reply->ttl_ms = lease_ttl_ms(now.utc.s, grant->ttl_s, grant->admission.cut);
    seats->leases[lease].deadline_ms = now.instant.ms + reply->ttl_ms;
    wheel_add(seats, lease);
    step_tell(seats, lease, reply);
}

static void step_tell_ended(const struct seats *seats, uint32_t lease, struct seat_reply *reply)
{
    reply->handle = seats->leases[lease].handle;
    reply->depends_on = seats->leases[lease].ended_number;
    reply->denial.is_ended_by_administrator =
        reply->status == LICET_LEASE_ENDED && seats->leases[lease].ended_by == SEAT_RECORD_END;
}

static void step_checkout(struct seats *seats, struct seat_now now, const struct seat_event *event,
                          struct seat_effects *effects)
{
    struct seat_reply *reply = step_reply(effects);
    uint32_t lease = lease_find(seats, &event->id);
    struct grant grant;

    if (lease != 0 && seats->leases[lease].state == LEASE_LIVE) {
        if (decide_is_same(seats, lease, event))
            step_extend(seats, now, lease, effects, true);
        else
            reply->status = LICET_MISMATCH; /* Security: and not a word on whose it is (R8.1) */
    } else if (decide_is_tombstone(seats, lease, now.instant.ms)) {
        reply->status = LICET_LEASE_ENDED;
        step_tell_ended(seats, lease, reply);
    } else if (decide_grant(seats, now, event, &grant, reply)) {
        step_grant(seats, now, event, &grant, effects);
    }
}

/* An id that nobody knows is told the same as one that has ended: ask again with a new id. */
static void step_renew(struct seats *seats, struct seat_now now, const struct seat_event *event,
                       struct seat_effects *effects)
{
    struct seat_reply *reply = step_reply(effects);
    uint32_t lease = lease_find(seats, &event->id);

    if (lease != 0 && seats->leases[lease].state == LEASE_LIVE) {
        step_extend(seats, now, lease, effects, false);
        return;
    }
    reply->status = LICET_LEASE_ENDED;
    if (decide_is_tombstone(seats, lease, now.instant.ms))
        step_tell_ended(seats, lease, reply);
}

/* CHECKIN and END. One that comes again is answered as the first was. */
static void step_end(struct seats *seats, struct seat_now now, uint32_t lease,
                     enum seat_record_kind kind, struct seat_effects *effects)
{
    struct seat_reply *reply = step_reply(effects);

    reply->status = LICET_NOT_FOUND;
    if (lease != 0 && seats->leases[lease].state == LEASE_LIVE) {
        step_tell(seats, lease, reply);
        step_write_ended(seats, effects, lease, kind, now.utc.s);
    } else if (!decide_is_tombstone(seats, lease, now.instant.ms)) {
        return;
    }
    reply->status = LICET_OK;
    step_tell_ended(seats, lease, reply);
}

/* ---- installation */

static void step_install(struct seats *seats, struct seat_now now, const struct seat_event *event,
                         struct seat_effects *effects)
{
    struct seat_reply *reply = step_reply(effects);
    struct seat_record *record;
    bool is_known;

    reply->status = install_prepare(seats, now, event, &is_known, NULL);
    reply->generation = event->installation->generation;
    reply->depends_on =
        seats->next_number - 1; /* what it was compared with may not be synced yet */
    if (reply->status != LICET_OK || is_known)
        return;
    effects->has_reply = false; /* it comes with the last of the records */
    seats->emit_next = 0;
    seats->emit_count = seats->staged_count;
    record = step_record(seats, effects, SEAT_RECORD_INSTALL, now.utc.s);
    record->install = *event->installation;
    record->install.installed_at = record->at;
    record->install.lines_count = seats->emit_count;
    step_commit(seats, effects);
    seats->stage = STEP_LINES;
}

static void step_lines(struct seats *seats, struct seat_now now, struct seat_effects *effects)
{
    struct seat_reply *reply;

    while (seats->emit_next < seats->emit_count &&
           effects->records_count < SEAT_EFFECT_RECORDS_MAX) {
        struct seat_record *record = step_record(seats, effects, SEAT_RECORD_LINE, now.utc.s);

        record->line = seats->staged[seats->emit_next++];
        step_commit(seats, effects);
    }
    effects->more = effects->records_count == SEAT_EFFECT_RECORDS_MAX;
    if (effects->more)
        return;
    step_record(seats, effects, SEAT_RECORD_INSTALL_END, now.utc.s);
    reply = step_reply(effects);
    reply->generation = seats->staged_installation.generation;
    reply->depends_on = step_commit(seats, effects);
    levels_force(seats, now);
    drain_schedule(seats, now);
    seats->stage = STEP_IDLE;
}

/* ---- time */

/* Ends what has come due; true when there is time for the event itself. */
static bool step_expire(struct seats *seats, struct seat_now now, struct seat_effects *effects)
{
    while (seats->ends_left > 0) {
        uint32_t lease;

        if (effects->records_count == SEAT_EFFECT_RECORDS_MAX - 2) { /* the event may write two */
            effects->more = seats->wheel->next_ms <= now.instant.ms;
            return !effects->more;
        }
        lease = wheel_pop(seats, now.instant.ms);
        if (lease == 0)
            return true;
        wheel_add(seats, lease); /* seat_apply() takes it out, as it does with any that ends */
        step_write_ended(seats, effects, lease, SEAT_RECORD_EXPIRE, now.utc.s);
        seats->ends_left--;
    }
    return true;
}

/* The next family whose drain has ended and leaves somebody to be marked; false: none. */
static bool step_find_drain(struct seats *seats, struct seat_now now)
{
    seats->drain_next_ms = INT64_MAX;
    for (uint32_t i = 1; i <= seats->families_count; i++) {
        struct family *family = &seats->families[i];

        if (!family->is_draining)
            continue;
        if (family->drain_due_ms <= now.instant.ms) {
            family->is_draining = false;
            if (drain_choose(seats, i, now.utc.s)) {
                seats->drain_family = i;
                seats->drain_next_ms = now.instant.ms; /* there may be others */
                return true;
            }
        } else if (family->drain_due_ms < seats->drain_next_ms) {
            seats->drain_next_ms = family->drain_due_ms;
        }
    }
    return false;
}

/* Marks the chosen of one family after another, while there is room in the effects and in the
 * event. */
static void step_marks(struct seats *seats, struct seat_now now, struct seat_effects *effects)
{
    do {
        uint32_t lease;

        while (effects->records_count < SEAT_EFFECT_RECORDS_MAX && seats->ends_left > 0 &&
               (lease = drain_next(seats)) != 0) {
            step_write_ending(seats, effects, lease, 0, now.utc.s);
            seats->ends_left--;
        }
        effects->more = effects->records_count == SEAT_EFFECT_RECORDS_MAX && seats->ends_left > 0;
        if (effects->more)
            return;
        if (seats->ends_left == 0) { /* the next tick chooses among who is left */
            seats->families[seats->drain_family].is_draining = true;
            break;
        }
    } while (step_find_drain(seats, now));
    seats->stage = STEP_IDLE;
}

static void step_tick(struct seats *seats, struct seat_now now, struct seat_effects *effects)
{
    if (seats->drain_next_ms > now.instant.ms || !step_find_drain(seats, now))
        return;
    seats->stage = STEP_MARKS;
    step_marks(seats, now, effects);
}

/* After a replay, or before the first event: nothing soft is known, so every lease gets one fresh
 * ttl, but not beyond an end that is recorded. */
static void step_begin(struct seats *seats, struct seat_now now)
{
    enum status status = families_build(seats, now.utc.s, NULL);

    assert(status == LICET_OK);
    (void)status;
    wheel_start(seats, now.instant.ms);
    for (uint32_t lease = 1; lease <= seats->leases_used; lease++) {
        struct lease *of = &seats->leases[lease];

        if (of->state == LEASE_FREE)
            continue;
        of->deadline_ms = now.instant.ms; /* an ended id stays ended for a whole window from here */
        if (of->state == LEASE_ENDED)
            continue;
        of->deadline_ms += lease_ttl_ms(now.utc.s, (uint32_t)of->ttl_s, of->end);
        wheel_add(seats, lease);
    }
    seats->is_started = true;
    levels_force(seats, now);
    drain_schedule(seats, now);
}

static void step_start(struct seats *seats, struct seat_now now, struct seat_effects *effects)
{
    struct seat_record *record = step_record(seats, effects, SEAT_RECORD_EPOCH, now.utc.s);

    record->epoch.epoch = seats->epoch + 1;
    step_commit(seats, effects);
}

/* ---- the event */

static void step_event(struct seats *seats, struct seat_now now, const struct seat_event *event,
                       struct seat_effects *effects)
{
    seats->stage = STEP_IDLE;
    switch (event->kind) {
    case SEAT_CHECKOUT:
        step_checkout(seats, now, event, effects);
        return;
    case SEAT_RENEW:
        step_renew(seats, now, event, effects);
        return;
    case SEAT_CHECKIN:
        step_end(seats, now, lease_find(seats, &event->id), SEAT_RECORD_CHECKIN, effects);
        return;
    case SEAT_END:
        step_end(seats, now, lease_find_handle(seats, event->handle), SEAT_RECORD_END, effects);
        return;
    case SEAT_INSTALL:
        step_install(seats, now, event, effects);
        if (seats->stage == STEP_LINES)
            step_lines(seats, now, effects);
        return;
    case SEAT_TICK:
        step_tick(seats, now, effects);
        return;
    case SEAT_START:
        step_start(seats, now, effects);
        return;
    case SEAT_MORE:
        return;
    }
}

static void step_go_on(struct seats *seats, struct seat_now now, const struct seat_event *event,
                       struct seat_effects *effects)
{
    if (seats->stage == STEP_LINES)
        step_lines(seats, now, effects);
    else if (seats->stage == STEP_MARKS)
        step_marks(seats, now, effects);
    else if (seats->stage == STEP_EXPIRE && step_expire(seats, now, effects))
        step_event(seats, now, event, effects);
}

void seat_step(struct seats *seats, struct seat_now now, const struct seat_event *event,
               struct seat_effects *effects)
{
    effects->records_count = 0;
    effects->first_number = seats->next_number;
    effects->has_reply = effects->more = false;
    if (now.instant.ms < seats->now_ms)
        now.instant.ms = seats->now_ms; /* this clock never goes back */
    seats->now_ms = now.instant.ms;
    now.utc.s = now.utc.s < 0 ? 0 : now.utc.s > STEP_UTC_MAX ? STEP_UTC_MAX : now.utc.s;
    if (!seats->is_started)
        step_begin(seats, now);
    else
        levels_follow(seats, now);
    if (event->kind != SEAT_MORE) {
        assert(seats->stage == STEP_IDLE);
        seats->stage = STEP_EXPIRE;
        seats->ends_left = SEAT_ENDS_MAX;
        step_go_on(seats, now, event, effects);
        if (effects->more)
            seats->event = *event;
    } else {
        step_go_on(seats, now, &seats->event, effects);
    }
    effects->next_timer.ms =
        seats->wheel->next_ms < seats->drain_next_ms ? seats->wheel->next_ms : seats->drain_next_ms;
}
