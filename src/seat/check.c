/* Everything that is counted, counted again from the leases. Slow, and only for tests. */
#include <assert.h>

#include "seat/state.h"

struct check_sums {
    uint64_t *units;  /* by cell */
    uint32_t *leases; /* by cell */
    uint32_t live, ended;
};

static const char *check_place(const struct seats *seats, uint32_t lease, struct check_sums *sums)
{
    const struct lease *of = &seats->leases[lease];

    if (of->state == LEASE_FREE)
        return NULL;
    if (lease_find(seats, &of->id) != lease)
        return "the index does not find a lease by its id";
    if (of->state == LEASE_ENDED) {
        sums->ended++;
        return NULL;
    }
    sums->live++;
    sums->units[of->cell] += of->count;
    sums->leases[of->cell]++;
    if (of->cell == 0 || of->cell > seats->cells_used || seats->cells[of->cell].pool == 0)
        return "a lease lies in no pool";
    return NULL;
}

/* A lease must lie in the list of its slot, and its slot must come no later than it is due. */
static const char *check_wheel(const struct seats *seats)
{
    const struct wheel *wheel = seats->wheel;
    uint32_t found = 0;

    for (uint32_t slot = 0; slot < WHEEL_SLOTS; slot++) {
        uint32_t before = 0;

        if (slot % 64 == 0 && wheel->used[slot / 64] == 0) {
            slot += 63; /* whoever lies there all the same is missed in the sum */
            continue;
        }
        if ((wheel->slots[slot] != 0) != ((wheel->used[slot / 64] >> slot % 64 & 1) != 0))
            return "a slot of the wheel is marked wrongly";
        for (uint32_t lease = wheel->slots[slot]; lease != 0;
             lease = seats->leases[lease].wheel_next) {
            const struct lease *of = &seats->leases[lease];

            if (of->state != LEASE_LIVE || of->wheel_slot != slot || of->wheel_prev != before)
                return "the wheel holds what is not there";
            before = lease;
            found++;
        }
    }
    return found == seats->live_count ? NULL : "a lease is not in the wheel";
}

static const char *check_pool(const struct seats *seats, uint32_t pool)
{
    const struct pool *of = &seats->pools[pool];
    uint64_t units = 0, handle = 0;
    uint32_t leases = 0;

    if (of->feature == 0)
        return NULL;
    if (pool_find(seats, of->vendor, of->feature) != pool)
        return "a pool is not found by its name";
    if (of->family == 0 || of->family > seats->families_count)
        return "a pool has no family";
    for (uint32_t lease = of->first; lease != 0; lease = seats->leases[lease].list_next) {
        if (seats->cells[seats->leases[lease].cell].pool != pool ||
            seats->leases[lease].handle <= handle)
            return "the leases of a pool are not in the order of their grants";
        handle = seats->leases[lease].handle;
        units += seats->leases[lease].count;
        leases++;
    }
    return units == of->units && leases == of->leases ? NULL : "the sum of a pool is wrong";
}

static const char *check_cells(const struct seats *seats, const struct check_sums *sums)
{
    for (uint32_t i = 1; i <= seats->cells_used; i++) {
        const struct cell *cell = &seats->cells[i];

        if (cell->units != sums->units[i] || cell->leases != sums->leases[i])
            return "the sum of a cell is wrong";
        if (cell->pool != 0 && cell->leases == 0 && seats->pools[cell->pool].cell != i)
            return "an empty cell is kept by nobody";
    }
    return NULL;
}

/* The second way to count seats: pools against classes, served units against what lines have. */
static const char *check_family(const struct seats *seats, struct family *family)
{
    uint64_t units = 0, places = 0;

    for (uint32_t pool = family->first_pool; pool != 0; pool = seats->pools[pool].next_of_family)
        units += seats->pools[pool].units;
    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);

        if (seat_line_serves(line, family->utc))
            places += (uint64_t)line->seats + line->overdraft;
    }
    if (units != family->flow->demand)
        return "the demand of a family is not the sum of its pools";
    if (family->flow->demand - family->flow->unserved > places)
        return "more seats are served than there are";
    return flow_check(family->flow);
}

static const char *check_levels(const struct seats *seats, const struct family *family)
{
    for (uint32_t end = 0; end < family->ends_count; end++) {
        uint64_t units = 0, beyond = 0;

        for (uint32_t class = 0; class < family->flow->classes; class ++)
            beyond += family->beyond[(size_t) class * family->ends_count + end];
        for (uint32_t pool = family->first_pool; pool != 0;
             pool = seats->pools[pool].next_of_family) {
            for (uint32_t lease = seats->pools[pool].first; lease != 0;
                 lease = seats->leases[lease].list_next) {
                if (seats->leases[lease].stamp == seats->stamp && seats->leases[lease].level > end)
                    units += seats->leases[lease].count;
            }
        }
        if (units != beyond)
            return "the units admitted past an end are miscounted";
    }
    return NULL;
}

static const char *check_leases(const struct seats *seats, struct check_sums *sums)
{
    size_t cells = (size_t)seats->cells_used + 1;
    const char *wrong = NULL;

    sums->units = (uint64_t *)(void *)seats->scratch;
    sums->leases = (uint32_t *)(void *)(seats->scratch + cells * sizeof(uint64_t));
    memset(seats->scratch, 0, cells * (sizeof(uint64_t) + sizeof(uint32_t)));
    for (uint32_t lease = 1; lease <= seats->leases_used && wrong == NULL; lease++)
        wrong = check_place(seats, lease, sums);
    if (wrong != NULL)
        return wrong;
    if (sums->live != seats->live_count || sums->ended != seats->ended_count)
        return "the count of leases is wrong";
    return check_cells(seats, sums);
}

const char *seats_check(const struct seats *seats)
{
    struct check_sums sums = {0};
    const char *wrong = check_leases(seats, &sums);

    for (uint32_t pool = 1; pool <= seats->pools_used && wrong == NULL; pool++)
        wrong = check_pool(seats, pool);
    for (uint32_t i = 1; i <= seats->families_count && wrong == NULL; i++) {
        wrong = check_family(seats, &seats->families[i]);
        if (wrong == NULL)
            wrong = check_levels(seats, &seats->families[i]);
    }
    if (wrong == NULL && seats->is_started)
        wrong = check_wheel(seats);
    return wrong;
}
