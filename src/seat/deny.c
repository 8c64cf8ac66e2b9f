/* Why a request was refused, and what would have helped. */
#include <assert.h>

#include "seat/state.h"

#define DENY_LOOKS_MAX 64 /* leases that are looked at for the one that ends next */

/*
 * Milliseconds until the next lease of the family ends if nobody renews, or -1.
 * Limit: in a family of more than DENY_LOOKS_MAX leases it is that of the oldest ones: a bound from
 * above.
 */
static int64_t deny_next_free_ms(const struct seats *seats, const struct family *family,
                                 int64_t now_ms)
{
    int64_t soonest_ms = INT64_MAX;
    uint32_t looks = DENY_LOOKS_MAX;

    for (uint32_t pool = family->first_pool; pool != 0 && looks > 0;
         pool = seats->pools[pool].next_of_family, looks--) {
        for (uint32_t lease = seats->pools[pool].first; lease != 0 && looks > 0;
             lease = seats->leases[lease].list_next, looks--) {
            if (seats->leases[lease].deadline_ms < soonest_ms)
                soonest_ms = seats->leases[lease].deadline_ms;
        }
    }
    if (soonest_ms == INT64_MAX)
        return -1;
    soonest_ms += LEASE_MARGIN_MS - now_ms;
    return soonest_ms < 0 ? 0 : soonest_ms;
}

/* Gathers what the lines say; `reply` ends with the reason that is nearest to a grant. */
static void deny_look(const struct seats *seats, const struct family *family,
                      const struct flow_lines *lines, int64_t utc, const struct seat_event *event,
                      struct seat_reply *reply)
{
    struct seat_denial *denial = &reply->denial;
    int64_t first_start = INT64_MAX, last_end = 0;
    bool serves = false, is_refresh_by = false;

    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);

        if (!flow_lines_has(lines, i))
            continue;
        if (line->start > utc && line->start < first_start)
            first_start = line->start;
        if (line_end(line) <= utc && line_end(line) > last_end) {
            last_end = line_end(line);
            is_refresh_by = last_end == line->refresh_by && last_end != line->expiry;
        }
        if (!seat_line_serves(line, utc))
            continue;
        serves = true;
        if (line->maintenance > denial->maintenance)
            denial->maintenance = line->maintenance;
        if (line->maintenance >= event->release)
            denial->seats += (uint64_t)line->seats + line->overdraft;
    }
    reply->status = LICET_NO_SEAT;
    if (serves && denial->maintenance < event->release) {
        reply->status = LICET_MAINTENANCE;
    } else if (!serves && first_start != INT64_MAX) {
        reply->status = LICET_NOT_STARTED;
        denial->since = first_start;
    } else if (!serves) {
        reply->status = LICET_EXPIRED;
        denial->since = last_end;
        denial->is_refresh_by = is_refresh_by;
    }
    if (reply->status != LICET_MAINTENANCE)
        denial->maintenance = 0;
}

void deny(const struct seats *seats, struct seat_now now, const struct seat_event *event,
          uint32_t pool, struct seat_reply *reply)
{
    const struct vendor *vendor = vendor_find(seats, event->vendor);
    const struct flow_lines *lines;
    struct family *family;

    reply->denial =
        (struct seat_denial){.feature = event->feature, .asked = event->count, .next_free_ms = -1};
    reply->status = LICET_NO_FEATURE;
    if (vendor == NULL)
        reply->status = LICET_NO_FILE;
    if (vendor == NULL || pool == 0 || seats->pools[pool].rows_named == 0)
        return;
    family = family_at(seats, pool, now.utc.s);
    reply->denial.in_use = family->flow->demand;
    reply->denial.overhang = family->flow->unserved;
    lines = &family->flow->class[family_class(seats, family, pool, 0)].lines;
    deny_look(seats, family, lines, now.utc.s, event, reply);
    if (memcmp(lines, &(struct flow_lines){{0}}, sizeof(*lines)) == 0) {
        reply->status = LICET_DISABLED;
        reply->denial.line_state = seats->pools[pool].disabled_state;
    }
    if (reply->status == LICET_NO_SEAT && event->count <= reply->denial.seats)
        reply->denial.next_free_ms = deny_next_free_ms(seats, family, now.instant.ms);
}
