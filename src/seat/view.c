/* What may be looked at: leases, features, lines. */
#include <assert.h>

#include "seat/state.h"

#define VIEW_END UINT64_MAX

/* ---- the order of pools */

static bool pool_is_before(const struct seats *seats, uint32_t left, uint32_t right)
{
    const struct pool *a = &seats->pools[left], *b = &seats->pools[right];

    return a->vendor != b->vendor ? a->vendor < b->vendor : a->feature < b->feature;
}

static void pool_sift(const struct seats *seats, uint32_t *pools, uint32_t at, uint32_t count)
{
    uint32_t pool = pools[at];

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child + 1 < count && pool_is_before(seats, pools[child], pools[child + 1]))
            child++;
        if (child >= count || !pool_is_before(seats, pool, pools[child]))
            break;
        pools[at] = pools[child];
        at = child;
    }
    pools[at] = pool;
}

const struct pool_order *pool_order(const struct seats *seats)
{
    struct pool_order *order = seats->pool_order;

    if (order->is_fresh)
        return order;
    order->count = 0;
    for (uint32_t pool = 1; pool <= seats->pools_used; pool++) {
        if (seats->pools[pool].feature != 0)
            order->pools[order->count++] = pool;
    }
    for (uint32_t at = order->count / 2; at > 0; at--)
        pool_sift(seats, order->pools, at - 1, order->count);
    for (uint32_t left = order->count; left > 1; left--) {
        uint32_t last = order->pools[left - 1];

        order->pools[left - 1] = order->pools[0];
        order->pools[0] = last;
        pool_sift(seats, order->pools, 0, left - 1);
    }
    order->is_fresh = true;
    return order;
}

/* ---- leases */

void lease_view(const struct seats *seats, struct seat_now now, uint32_t lease,
                struct seat_lease_view *view)
{
    const struct lease *of = &seats->leases[lease];
    const struct cell *cell = &seats->cells[of->cell];

    *view = (struct seat_lease_view){
        .handle = of->handle,
        .vendor = seats->pools[cell->pool].vendor,
        .feature = seats->pools[cell->pool].feature,
        .user = of->user,
        .host = of->host,
        .device = of->device,
        .source = of->source,
        .count = of->count,
        .release = cell->release,
        .granted_at = (int64_t)of->at,
        .end = of->end,
        .left_ms = of->deadline_ms - now.instant.ms,
        .flags = of->flags,
        .is_ending = of->is_ending != 0,
    };
}

/* All leases: by place. What is granted or ends between two calls is seen or not; no other is
 * missed. */
static enum seat_walk lease_walk_all(const struct seats *seats, name_id vendor, uint64_t *cursor,
                                     uint32_t *places, uint32_t *ret_lease)
{
    while (*cursor < seats->leases_used) {
        const struct lease *of;

        if (*places == 0)
            return SEAT_WALK_PAUSE;
        --*places;
        *ret_lease = (uint32_t)++ * cursor;
        of = &seats->leases[*ret_lease];
        if (of->state == LEASE_LIVE &&
            (vendor == 0 || seats->pools[seats->cells[of->cell].pool].vendor == vendor))
            return SEAT_WALK_ROW;
    }
    return SEAT_WALK_END;
}

/* Place 24 bits, handle 40 bits: where the walk goes on, and the least handle that was not shown.
 */
static uint64_t lease_cursor(uint32_t lease, uint64_t handle)
{
    return lease == 0 ? VIEW_END : (uint64_t)lease << 40 | (handle & 0xffffffffffu);
}

/* Where to go on: at the cursor's lease, or from the first on where it has ended. */
static uint32_t lease_walk_from(const struct seats *seats, uint32_t pool, uint64_t cursor)
{
    uint32_t lease = (uint32_t)(cursor >> 40);
    const struct lease *of = &seats->leases[lease];

    if (lease == 0 || lease > seats->leases_used || of->state != LEASE_LIVE ||
        of->handle > (cursor & 0xffffffffffu) || seats->cells[of->cell].pool != pool)
        return seats->pools[pool].first;
    return lease;
}

/* Leases of one pool: in the order of their grants, which is that of their handles. */
static enum seat_walk lease_walk_pool(const struct seats *seats, uint32_t pool, uint64_t *cursor,
                                      uint32_t *places, uint32_t *ret_lease)
{
    uint64_t handle = *cursor & 0xffffffffffu;
    uint32_t lease;

    if (*cursor == VIEW_END || pool == 0)
        return SEAT_WALK_END;
    lease = lease_walk_from(seats, pool, *cursor);
    for (; lease != 0; lease = seats->leases[lease].list_next) {
        uint32_t next = seats->leases[lease].list_next;

        if (*places == 0) {
            *cursor = lease_cursor(lease, handle);
            return SEAT_WALK_PAUSE;
        }
        --*places;
        if (seats->leases[lease].handle < handle)
            continue;
        *cursor = lease_cursor(next, seats->leases[next].handle);
        *ret_lease = lease;
        return SEAT_WALK_ROW;
    }
    return SEAT_WALK_END;
}

bool seats_find_lease(const struct seats *seats, struct seat_now now, const struct lease_id *id,
                      struct seat_lease_view *ret_view)
{
    uint32_t lease = lease_find(seats, id);

    if (lease == 0 || seats->leases[lease].state != LEASE_LIVE)
        return false;
    lease_view(seats, now, lease, ret_view);
    return true;
}

enum seat_walk seats_walk_leases(const struct seats *seats, struct seat_now now, name_id vendor,
                                 name_id feature, uint64_t *cursor, uint32_t *places,
                                 struct seat_lease_view *ret_view)
{
    enum seat_walk walk;
    uint32_t lease = 0;

    if (feature > seats->options.names_max)
        return SEAT_WALK_END;
    walk = feature == 0
               ? lease_walk_all(seats, vendor, cursor, places, &lease)
               : lease_walk_pool(seats, pool_find(seats, vendor, feature), cursor, places, &lease);
    if (walk == SEAT_WALK_ROW)
        lease_view(seats, now, lease, ret_view);
    return walk;
}

bool seats_next_lease(const struct seats *seats, struct seat_now now, name_id vendor,
                      name_id feature, uint64_t *cursor, struct seat_lease_view *ret_view)
{
    uint32_t places = UINT32_MAX; /* more than there can be */

    return seats_walk_leases(seats, now, vendor, feature, cursor, &places, ret_view) ==
           SEAT_WALK_ROW;
}

/* ---- features */

static void feature_view_lines(const struct seats *seats, const struct family *family,
                               struct seat_now now, struct seat_feature_view *view)
{
    int64_t last_end = 0;
    bool is_over = true; /* all lines so far have ended: what they maintained is of no use */

    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);
        bool has_ended = line_end(line) <= now.utc.s;

        if (line->feature != view->feature)
            continue;
        if (line_end(line) > last_end)
            last_end = line_end(line);
        if (is_over && !has_ended)
            view->maintenance = 0;
        is_over = is_over && has_ended;
        if (has_ended == is_over && line->maintenance > view->maintenance)
            view->maintenance = line->maintenance;
        if (!seat_line_serves(line, now.utc.s))
            continue;
        view->seats += line->seats;
        view->overdraft += line->overdraft;
    }
    view->ends = last_end == INT64_MAX ? 0 : last_end;
}

static void feature_view(const struct seats *seats, struct seat_now now, uint32_t pool,
                         struct seat_feature_view *view)
{
    const struct pool *of = &seats->pools[pool];
    const struct family *family = family_at(seats, pool, now.utc.s);

    *view = (struct seat_feature_view){
        .vendor = of->vendor,
        .feature = of->feature,
        .in_use = of->units,
        .overdraft_in_use = family->flow->overdraft,
        .overhang = family->flow->unserved,
        .lines_count = of->rows_own,
        .lines_disabled = of->rows_disabled,
    };
    feature_view_lines(seats, family, now, view);
}

/* The cursor is the (vendor, feature) shown last. */
bool seats_next_feature(const struct seats *seats, struct seat_now now, uint64_t *cursor,
                        struct seat_feature_view *ret_view)
{
    const struct pool_order *order = pool_order(seats);
    uint32_t low = 0, high = order->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct pool *pool = &seats->pools[order->pools[middle]];

        if (((uint64_t)pool->vendor << 32 | pool->feature) <= *cursor)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == order->count)
        return false;
    feature_view(seats, now, order->pools[low], ret_view);
    *cursor = (uint64_t)ret_view->vendor << 32 | ret_view->feature;
    return true;
}

/* ---- lines */

bool seats_next_line(const struct seats *seats, name_id vendor, uint64_t *cursor,
                     struct seat_line *ret_line)
{
    const struct vendor *of = vendor_find(seats, vendor);

    while (of != NULL && *cursor < of->rows_count) {
        const struct seat_line *line = &of->rows[(*cursor)++];

        if (line->state == LINE_FORMER && line->held_over == 0)
            continue;
        *ret_line = *line;
        return true;
    }
    return false;
}
