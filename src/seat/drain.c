/*
 * The end of a drain (R4.5): who is not renewed any more, where a family has fewer seats than are
 * held.
 *
 * Leases are kept from the smallest count to the largest, and among equal counts from the oldest
 * on, as long as those kept fit; who does not fit is marked. Where every lease counts one this is
 * exact (sets of holders that fit form a matroid, and the greedy choice is its best base): the
 * fewest leave, and the newest among such sets. With mixed counts in one class the fewest leave;
 * then marked leases are exchanged for newer ones one by one where that still fits, up to
 * DRAIN_EXCHANGES_MAX trials, so the set may miss the newest. With mixed counts over several
 * classes the choice is good, not proved best.
 *
 * Limit: this looks at every lease of the family once (about 50 ns each), at the end of a drain and
 * never else.
 */
#include <assert.h>

#include "seat/state.h"

#define DRAIN_COUNTS_MAX                                                                           \
    64 /* distinct counts that are told apart; larger ones go by age together */
#define DRAIN_EXCHANGES_MAX 4096

/* Leases of all pools of a family by age: a heap of the oldest that each pool has left. */
struct drain_walk {
    uint32_t *heap;
    uint32_t count;
};

static bool drain_is_older(const struct seats *seats, uint32_t left, uint32_t right)
{
    return seats->leases[left].handle < seats->leases[right].handle;
}

static void drain_sink(const struct seats *seats, struct drain_walk *walk, uint32_t at)
{
    uint32_t lease = walk->heap[at];

    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child + 1 < walk->count &&
            drain_is_older(seats, walk->heap[child + 1], walk->heap[child]))
            child++;
        if (child >= walk->count || !drain_is_older(seats, walk->heap[child], lease))
            break;
        walk->heap[at] = walk->heap[child];
        at = child;
    }
    walk->heap[at] = lease;
}

static struct drain_walk drain_walk_begin(const struct seats *seats, const struct family *family)
{
    struct drain_walk walk = {.heap = (uint32_t *)(void *)(seats->scratch + SEAT_FLOW_BYTES)};

    for (uint32_t pool = family->first_pool; pool != 0; pool = seats->pools[pool].next_of_family) {
        if (seats->pools[pool].first != 0)
            walk.heap[walk.count++] = seats->pools[pool].first;
    }
    for (uint32_t at = walk.count / 2; at > 0; at--)
        drain_sink(seats, &walk, at - 1);
    return walk;
}

static uint32_t drain_walk_next(const struct seats *seats, struct drain_walk *walk)
{
    uint32_t lease;

    if (walk->count == 0)
        return 0;
    lease = walk->heap[0];
    walk->heap[0] = seats->leases[lease].list_next;
    if (walk->heap[0] == 0)
        walk->heap[0] = walk->heap[--walk->count];
    if (walk->count > 0)
        drain_sink(seats, walk, 0);
    return lease;
}

/* The flow that those who are kept fill: the lines that serve now, and no demand yet. */
static struct flow *drain_flow(const struct seats *seats, const struct family *family)
{
    struct flow *flow = flow_create(seats->scratch, family->lines_count, family->flow->classes);

    for (uint32_t i = 0; i < family->flow->classes; i++)
        flow_class_add(flow, &family->flow->class[i].lines);
    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);

        if (seat_line_serves(line, family->utc))
            flow_line(flow, i, line->seats, line->overdraft);
    }
    return flow;
}

static uint32_t drain_class(const struct seats *seats, uint32_t lease)
{
    return seats->cells[seats->leases[lease].cell].class;
}

/* Keeps leases whose count lies in (above, up_to], oldest first; returns the next larger count, 0:
 * none. */
static uint32_t drain_keep(struct seats *seats, const struct family *family, struct flow *flow,
                           uint32_t above, uint32_t up_to, uint32_t *ret_chosen)
{
    struct drain_walk walk = drain_walk_begin(seats, family);
    uint32_t larger = 0, lease;
    bool uses_overdraft;

    while ((lease = drain_walk_next(seats, &walk)) != 0) {
        struct lease *of = &seats->leases[lease];

        if (of->is_ending || of->count <= above)
            continue;
        if (of->count > up_to) {
            if (larger == 0 || of->count < larger)
                larger = of->count;
            continue;
        }
        of->is_chosen = !flow_fits(flow, drain_class(seats, lease), of->count, &uses_overdraft);
        if (of->is_chosen)
            ++*ret_chosen;
        else
            flow_take(flow, drain_class(seats, lease), of->count);
    }
    return larger;
}

/* The newest lease older than `before` that is kept, is newer than `chosen` and may go in its
 * stead; 0: none. */
static uint32_t drain_find_newer(struct seats *seats, const struct family *family,
                                 struct flow *flow, uint32_t chosen, uint32_t *trials)
{
    uint32_t best = 0;
    bool uses_overdraft;

    for (uint32_t pool = family->first_pool; pool != 0; pool = seats->pools[pool].next_of_family) {
        for (uint32_t lease = seats->pools[pool].last; lease != 0 && *trials > 0;
             lease = seats->leases[lease].list_prev) {
            const struct lease *kept = &seats->leases[lease];
            bool fits;

            if (kept->handle < seats->leases[chosen].handle ||
                (best != 0 && drain_is_older(seats, lease, best)))
                break;
            if (kept->is_chosen || kept->is_ending)
                continue;
            --*trials;
            flow_give(flow, drain_class(seats, lease), kept->count);
            fits = flow_fits(flow, drain_class(seats, chosen), seats->leases[chosen].count,
                             &uses_overdraft);
            flow_take(flow, drain_class(seats, lease), kept->count);
            if (fits)
                best = lease;
        }
    }
    return best;
}

static void drain_exchange(struct seats *seats, const struct family *family, struct flow *flow)
{
    struct drain_walk walk = drain_walk_begin(seats, family);
    uint32_t trials = DRAIN_EXCHANGES_MAX, chosen;

    while (trials > 0 && (chosen = drain_walk_next(seats, &walk)) != 0) {
        uint32_t newer;

        if (!seats->leases[chosen].is_chosen)
            continue;
        newer = drain_find_newer(seats, family, flow, chosen, &trials);
        if (newer == 0)
            continue;
        flow_give(flow, drain_class(seats, newer), seats->leases[newer].count);
        flow_take(flow, drain_class(seats, chosen), seats->leases[chosen].count);
        seats->leases[newer].is_chosen = 1;
        seats->leases[chosen].is_chosen = 0;
    }
}

bool drain_choose(struct seats *seats, uint32_t index, int64_t utc)
{
    struct family *family = &seats->families[index];
    uint32_t above = 0, up_to = 1, chosen = 0;
    struct flow *flow;

    family_look(seats, family, utc);
    if (family->flow->unserved == 0)
        return false;
    flow = drain_flow(seats, family);
    for (int passes = 0; up_to != 0; passes++) {
        uint32_t larger = drain_keep(seats, family, flow, above, up_to, &chosen);

        above = up_to;
        up_to = passes < DRAIN_COUNTS_MAX || larger == 0 ? larger : UINT32_MAX;
    }
    if (chosen > 0 && above > 1)
        drain_exchange(seats, family, flow);
    seats->drain_pool = family->first_pool;
    seats->drain_lease = seats->pools[seats->drain_pool].last;
    return chosen > 0;
}

uint32_t drain_next(struct seats *seats)
{
    while (seats->drain_pool != 0) {
        while (seats->drain_lease != 0) {
            uint32_t lease = seats->drain_lease;

            seats->drain_lease = seats->leases[lease].list_prev;
            if (seats->leases[lease].is_chosen && !seats->leases[lease].is_ending)
                return lease;
        }
        seats->drain_pool = seats->pools[seats->drain_pool].next_of_family;
        seats->drain_lease = seats->drain_pool == 0 ? 0 : seats->pools[seats->drain_pool].last;
    }
    return 0;
}

/* A drain is timed by the clock that does not leap; only what a restart left of it is taken from
 * UTC. */
void drain_schedule(struct seats *seats, struct seat_now now)
{
    seats->drain_next_ms = INT64_MAX;
    for (uint32_t i = 1; i <= seats->families_count; i++) {
        struct family *family = &seats->families[i];
        int64_t left_s = family->drain_end - now.utc.s;

        if (left_s < 0)
            left_s = 0;
        if (left_s > DURATION_SECONDS_MAX)
            left_s = DURATION_SECONDS_MAX;
        family->drain_due_ms = now.instant.ms + left_s * 1000;
        family->is_draining = true;
        if (family->drain_due_ms < seats->drain_next_ms)
            seats->drain_next_ms = family->drain_due_ms;
    }
}
