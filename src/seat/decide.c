/* What a request would be told: shared by seat_step() and seat_why(). Nothing held changes here. */
#include <assert.h>

#include "seat/state.h"

/* R4.4: the end cuts the ttl; a lease whose end has passed gets nothing. */
uint32_t lease_ttl_ms(int64_t utc, uint32_t ttl_s, int64_t end)
{
    if (end != 0 && end <= utc)
        return 0;
    if (end != 0 && end - utc < ttl_s)
        ttl_s = (uint32_t)(end - utc);
    return ttl_s * 1000;
}

bool decide_is_tombstone(const struct seats *seats, uint32_t lease, int64_t now_ms)
{
    return lease != 0 && seats->leases[lease].state == LEASE_ENDED &&
           now_ms - seats->leases[lease].deadline_ms < TOMBSTONE_MS;
}

/* R8.1: the same id is the same lease only for the same request. */
bool decide_is_same(const struct seats *seats, uint32_t lease, const struct seat_event *event)
{
    const struct lease *of = &seats->leases[lease];
    const struct cell *cell = &seats->cells[of->cell];
    const struct pool *pool = &seats->pools[cell->pool];

    return pool->vendor == event->vendor && pool->feature == event->feature &&
           of->user == event->user && of->host == event->host && of->device == event->device &&
           of->count == event->count && cell->release == event->release;
}

static bool decide_is_sound(const struct seats *seats, const struct seat_event *event)
{
    uint32_t names_max = seats->options.names_max;

    return event->count > 0 && event->count <= LEASE_COUNT_MAX && event->release <= DATE_MAX_DAYS &&
           event->vendor <= names_max && event->feature <= names_max && event->user <= names_max &&
           event->host <= names_max && event->device <= names_max && event->source <= names_max;
}

/* R10.4 and the places there are. Source 0 is the server's own doing and is not capped. */
static bool decide_has_place(const struct seats *seats, const struct seat_event *event,
                             struct seat_reply *reply)
{
    const struct seats_options *options = &seats->options;

    reply->denial = (struct seat_denial){.feature = event->feature, .next_free_ms = -1};
    if (event->source != 0 && seats->sources[event->source].live >= options->leases_of_source_max) {
        reply->denial.limit = options->leases_of_source_max;
        reply->denial.limit_source = event->source;
    } else if (seats->live_count >= options->leases_max) {
        reply->denial.limit = options->leases_max;
    } else {
        return true;
    }
    reply->status = LICET_OVER_LIMIT;
    return false;
}

bool decide_grant(const struct seats *seats, struct seat_now now, const struct seat_event *event,
                  struct grant *ret_grant, struct seat_reply *reply)
{
    struct grant *grant = ret_grant;
    bool uses_overdraft;
    uint32_t class;

    reply->status = LICET_INVALID;
    if (!decide_is_sound(seats, event))
        return false;
    grant->pool = pool_find(seats, event->vendor, event->feature);
    if (grant->pool == 0 || seats->pools[grant->pool].rows_named == 0) {
        deny(seats, now, event, grant->pool, reply);
        return false;
    }
    if (!decide_has_place(seats, event, reply))
        return false;
    grant->family = family_at(seats, grant->pool, now.utc.s);
    class = pool_class(seats, grant->pool, event->release);
    if (!flow_fits(grant->family->flow, class, event->count, &uses_overdraft)) {
        deny(seats, now, event, grant->pool, reply);
        return false;
    }
    grant->ttl_s = grant->family->class_ttl[class];
    grant->flags = uses_overdraft ? SEAT_FLAG_OVERDRAFT : 0;
    grant->admission =
        level_admit(seats, grant->family, class, event->count, 0, now.utc.s, grant->ttl_s);
    reply->status = LICET_OK;
    return true;
}

static bool decide_refuse(const struct seats *seats, uint32_t lease, struct seat_reply *reply,
                          enum status status, int64_t since)
{
    const struct cell *cell = &seats->cells[seats->leases[lease].cell];
    const struct family *family = &seats->families[seats->pools[cell->pool].family];

    reply->status = status;
    reply->denial = (struct seat_denial){
        .feature = seats->pools[cell->pool].feature,
        .in_use = family->flow->demand,
        .seats = family->flow->demand - family->flow->unserved,
        .overhang = family->flow->unserved,
        .next_free_ms = -1,
        .since = since,
        .is_ending = seats->leases[lease].is_ending != 0,
    };
    return false;
}

bool decide_extension(const struct seats *seats, struct seat_now now, uint32_t lease,
                      struct extension *ret_extension, struct seat_reply *reply)
{
    const struct lease *of = &seats->leases[lease];
    const struct cell *cell = &seats->cells[of->cell];
    struct family *family = family_at(seats, cell->pool, now.utc.s);
    uint32_t ttl_s = family->class_ttl[cell->class];
    struct admission admission;

    if (of->is_ending)
        return decide_refuse(seats, lease, reply, LICET_NO_SEAT, 0);
    if (ttl_s == 0)
        ttl_s = (uint32_t)of->ttl_s; /* nothing serves it any more, but its drain has not ended */
    admission = level_admit(seats, family, cell->class, of->count, lease, now.utc.s, ttl_s);
    if (admission.is_refused)
        return decide_refuse(seats, lease, reply, LICET_EXPIRED, admission.since);
    ret_extension->family = family;
    ret_extension->ttl_s = ttl_s;
    ret_extension->level = admission.level;
    ret_extension->end = admission.cut;
    /* A cut stays while the renewal does not reach it; beyond it, what fits today decides. */
    if (admission.cut == 0 && of->end != 0 && now.utc.s + ttl_s <= of->end)
        ret_extension->end = of->end;
    reply->status = LICET_OK;
    return true;
}

/* What a refusal would count. */
static void why_count(const struct seats *seats, struct seat_now now,
                      const struct seat_event *event, struct seat_reply *reply)
{
    struct seat_reply refusal = {.status = LICET_NO_SEAT};

    deny(seats, now, event, pool_find(seats, event->vendor, event->feature), &refusal);
    reply->denial = refusal.denial;
    reply->denial.next_free_ms = -1;
}

/* A live lease's own id asks about its renewal, any other about a new lease. */
void seat_why(const struct seats *seats, struct seat_now now, const struct seat_event *event,
              struct seat_reply *reply)
{
    uint32_t lease = lease_find(seats, &event->id);
    struct extension extension;
    struct grant grant;

    memset(reply, 0, sizeof(*reply));
    if (lease != 0 && seats->leases[lease].state == LEASE_LIVE) {
        if (event->kind == SEAT_CHECKOUT && !decide_is_same(seats, lease, event)) {
            reply->status = LICET_MISMATCH;
        } else if (decide_extension(seats, now, lease, &extension, reply)) {
            reply->end = extension.end;
            reply->ttl_ms = lease_ttl_ms(now.utc.s, extension.ttl_s, extension.end);
        }
    } else if (decide_is_tombstone(seats, lease, now.instant.ms)) {
        reply->status = LICET_LEASE_ENDED;
        reply->denial.is_ended_by_administrator = seats->leases[lease].ended_by == SEAT_RECORD_END;
    } else if (decide_grant(seats, now, event, &grant, reply)) {
        reply->end = grant.admission.cut;
        reply->flags = grant.flags;
        reply->count = event->count;
        reply->release = event->release;
        reply->ttl_ms = lease_ttl_ms(now.utc.s, grant.ttl_s, grant.admission.cut);
    }
    if (reply->status == LICET_OK)
        why_count(seats, now, event, reply);
}
