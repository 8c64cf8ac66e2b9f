/*
 * Ends (R4.4): for every end E of a family, all holders that last beyond E must fit on the lines
 * that serve at E.
 *
 * In normal times no end lies within a ttl of now, and nothing is done. When one does, holders are
 * counted beyond it as they are admitted, and each admission is proved by a flow from scratch over
 * the lines that serve then: a handful of classes, once for each lease and end.
 */
#include <assert.h>

#include "seat/state.h"

uint32_t level_of(const struct seats *seats, const struct family *family, uint32_t lease)
{
    const struct lease *of = &seats->leases[lease];

    return of->stamp == seats->stamp ? of->level : family->base_level;
}

static struct family *level_family(const struct seats *seats, uint32_t lease)
{
    const struct cell *cell = &seats->cells[seats->leases[lease].cell];

    return &seats->families[seats->pools[cell->pool].family];
}

static void level_count(const struct seats *seats, uint32_t lease, int sign)
{
    const struct lease *of = &seats->leases[lease];
    const struct family *family = level_family(seats, lease);
    uint32_t class = seats->cells[of->cell].class;

    for (uint32_t end = 0; end < of->level; end++) {
        uint64_t *beyond = &family->beyond[(size_t) class * family->ends_count + end];

        *beyond = sign > 0 ? *beyond + of->count : *beyond - of->count;
    }
}

void level_clear(const struct seats *seats, uint32_t lease)
{
    struct lease *of = &seats->leases[lease];

    if (of->stamp == seats->stamp)
        level_count(seats, lease, -1);
    of->stamp = 0;
}

void level_set(const struct seats *seats, uint32_t lease, uint32_t level)
{
    struct lease *of = &seats->leases[lease];
    struct family *family = level_family(seats, lease);

    level_clear(seats, lease);
    if (level == family->base_level)
        return; /* as all are that have no level of their own */
    family->has_levels = true;
    of->level = (uint16_t)level;
    of->stamp = seats->stamp;
    level_count(seats, lease, 1);
}

/* Do all that are admitted past an end, and `units` more of `class`, fit on what serves at `utc`?
 */
static bool level_fits(const struct seats *seats, const struct family *family, uint32_t end,
                       int64_t utc, uint32_t class, uint32_t units)
{
    struct flow *flow = flow_create(seats->scratch, family->lines_count, family->flow->classes);

    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);

        if (seat_line_serves(line, utc))
            flow_line(flow, i, line->seats, line->overdraft);
    }
    for (uint32_t i = 0; i < family->flow->classes; i++) {
        uint64_t demand = family->beyond[(size_t)i * family->ends_count + end];

        demand += i == class ? units : 0;
        if (demand > 0)
            flow_take(flow, flow_class_add(flow, &family->flow->class[i].lines), demand);
        if (flow->unserved > 0)
            return false;
    }
    return true;
}

/* An end has come, and its holder was not admitted past it, or was without a check: where not
 * everybody has a seat, only what serves now may hold it, together with all who were admitted. That
 * may be more than served at the end: other lines may have started since. */
static bool level_is_left_over(const struct seats *seats, struct family *family, uint32_t class,
                               uint32_t units, uint32_t had)
{
    if (family->passed <= family->base_level || (had >= family->passed && !family->is_forced))
        return false; /* no end has come since the lines were installed, or it was checked */
    if (family->flow->unserved > 0 &&
        !level_fits(seats, family, family->passed - 1, family->utc, class, units))
        return true;
    if (family->is_forced &&
        (family->passed == family->ends_count ||
         family->ends[family->passed] >= family->utc + 2 * (int64_t)LEASE_TTL_SECONDS_MAX))
        family->is_forced = false; /* all who were counted unchecked fit, and no end is near */
    return false;
}

struct admission level_admit(const struct seats *seats, struct family *family, uint32_t class,
                             uint32_t units, uint32_t lease, int64_t utc, uint32_t ttl_s)
{
    uint32_t had = lease != 0 ? level_of(seats, family, lease) : family->passed;
    struct admission admission = {.level = had > family->passed ? had : family->passed};

    if (family->ends_count == 0)
        return admission;
    if (lease != 0 &&
        level_is_left_over(seats, family, class, had < family->passed ? units : 0, had)) {
        admission.is_refused = true;
        admission.since = family->ends[family->passed - 1];
        return admission;
    }
    for (uint32_t end = family->passed; end < family->ends_count && family->ends[end] < utc + ttl_s;
         end++) {
        bool is_counted = lease != 0 && had > end;

        if (is_counted && !family->is_forced)
            continue;
        if (!level_fits(seats, family, end, family->ends[end], class, is_counted ? 0 : units)) {
            admission.level = end;
            admission.cut = family->ends[end];
            return admission;
        }
        if (admission.level < end + 1)
            admission.level = end + 1;
    }
    return admission;
}

/* How many ends of its family a lease outlasts by its deadline. Beyond an end that has come it is
 * judged when it is renewed: it keeps a level below. */
static void level_force(struct seats *seats, struct family *family, uint32_t lease,
                        struct seat_now now)
{
    int64_t left_ms = seats->leases[lease].deadline_ms - now.instant.ms;
    int64_t lasts_until = now.utc.s + (left_ms + 999) / 1000;
    uint32_t had = level_of(seats, family, lease), level = family->passed;

    while (level < family->ends_count && family->ends[level] < lasts_until)
        level++;
    if (level == family->passed && had < level)
        level = had;
    if (level != had)
        level_set(seats, lease, level);
    family->has_levels |= level != family->base_level;
    family->is_forced |=
        level > family->passed; /* what was proved for another time proves nothing */
}

static bool level_is_near(const struct family *family, int64_t utc)
{
    return family->passed < family->ends_count &&
           family->ends[family->passed] < utc + LEASE_TTL_SECONDS_MAX;
}

void levels_force(struct seats *seats, struct seat_now now)
{
    seats->ahead_ms = now.utc.s * 1000 - now.instant.ms;
    seats->utc = now.utc.s;
    for (uint32_t i = 1; i <= seats->families_count; i++) {
        struct family *family = family_look(seats, &seats->families[i], now.utc.s);

        if (!family->has_levels && !level_is_near(family, now.utc.s))
            continue;
        family->has_levels = false;
        for (uint32_t pool = family->first_pool; pool != 0;
             pool = seats->pools[pool].next_of_family) {
            for (uint32_t lease = seats->pools[pool].first; lease != 0;
                 lease = seats->leases[lease].list_next)
                level_force(seats, family, lease, now);
        }
    }
}

/* Time in whole seconds hides up to one of them. */
#define LEVELS_LEAP_MS 1000

void levels_follow(struct seats *seats, struct seat_now now)
{
    int64_t ahead_ms = now.utc.s * 1000 - now.instant.ms;

    if (now.utc.s < seats->utc || ahead_ms > seats->ahead_ms + LEVELS_LEAP_MS)
        levels_force(seats, now);
    seats->utc = now.utc.s;
    if (ahead_ms < seats->ahead_ms)
        seats->ahead_ms = ahead_ms;
}
