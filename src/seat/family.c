/*
 * Cover families: which pools lines connect, which classes of holders there are, and the flow over
 * them. All of it is soft: built from rows and cells, again at each installation, and looked at
 * anew when a line starts or ends.
 */
#include <assert.h>

#include "seat/state.h"

int64_t line_end(const struct seat_line *line)
{
    int64_t end = line->expiry != 0 ? line->expiry : INT64_MAX;

    return line->refresh_by != 0 && line->refresh_by < end ? line->refresh_by : end;
}

bool seat_line_serves(const struct seat_line *line, int64_t utc)
{
    return line->state == LINE_ENABLED && line->start <= utc && utc < line_end(line);
}

const struct seat_line *family_line(const struct seats *seats, const struct family *family,
                                    uint32_t index)
{
    return &seats->vendors[family->vendor].rows[family->rows[index]];
}

static bool line_has_feature(const struct seat_line *line, name_id feature)
{
    if (line->feature == feature)
        return true;
    for (uint32_t i = 0; i < line->covers_count; i++) {
        if (line->covers[i] == feature)
            return true;
    }
    return false;
}

/* ---- the clock */

static void family_refresh_ttl(const struct seats *seats, struct family *family, uint32_t class)
{
    const struct flow_lines *lines = &family->flow->class[class].lines;
    uint32_t ttl_s = 0;

    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);

        if (flow_lines_has(lines, i) && seat_line_serves(line, family->utc) &&
            (ttl_s == 0 || line->ttl_s < ttl_s))
            ttl_s = line->ttl_s; /* R1.4: the shortest counts */
    }
    family->class_ttl[class] = ttl_s;
}

static void family_narrow(struct family *family, int64_t boundary)
{
    if (boundary <= family->utc && boundary > family->valid_from)
        family->valid_from = boundary;
    if (boundary > family->utc && boundary < family->valid_until)
        family->valid_until = boundary;
}

/* Lines that serve at `utc` give their seats to the flow. */
void family_refresh(const struct seats *seats, struct family *family, int64_t utc)
{
    family->utc = utc;
    family->valid_from = INT64_MIN;
    family->valid_until = INT64_MAX;
    flow_clear(family->flow);
    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);

        family_narrow(family, line->start);
        family_narrow(family, line_end(line));
        if (seat_line_serves(line, utc))
            flow_line(family->flow, i, line->seats, line->overdraft);
    }
    flow_solve(family->flow);
    for (uint32_t class = 0; class < family->flow->classes; class ++)
        family_refresh_ttl(seats, family, class);
    family->passed = 0;
    while (family->passed < family->ends_count && family->ends[family->passed] <= utc)
        family->passed++;
    if (family->passed < family->base_level)
        family->base_level = family->passed;
}

struct family *family_look(const struct seats *seats, struct family *family, int64_t utc)
{
    if (utc < family->valid_from || utc >= family->valid_until)
        family_refresh(seats, family, utc);
    return family;
}

struct family *family_at(const struct seats *seats, uint32_t pool, int64_t utc)
{
    return family_look(seats, &seats->families[seats->pools[pool].family], utc);
}

/* ---- classes */

/* The number of maintenance dates that are too old for the release. */
static uint32_t family_rank(const struct family *family, uint32_t release)
{
    uint32_t rank = 0;

    while (rank < family->thresholds_count && family->thresholds[rank] < release)
        rank++;
    return rank;
}

uint32_t family_class(const struct seats *seats, struct family *family, uint32_t pool,
                      uint32_t release)
{
    uint32_t rank = family_rank(family, release), class;
    size_t slot = (size_t)seats->pools[pool].family_slot * (family->thresholds_count + 1) + rank;
    struct flow_lines lines = {{0}};

    if (family->class_of[slot] != 0)
        return family->class_of[slot] - 1;
    for (uint32_t i = 0; i < family->lines_count; i++) {
        const struct seat_line *line = family_line(seats, family, i);

        if (line->maintenance >= release && line_has_feature(line, seats->pools[pool].feature))
            flow_lines_add(&lines, i);
    }
    class = flow_class_add(family->flow, &lines);
    family->class_of[slot] = class + 1;
    if (family->ends_count > 0)
        memset(&family->beyond[(size_t) class * family->ends_count], 0,
               (size_t)family->ends_count * 8);
    family_refresh_ttl(seats, family, class);
    return class;
}

/* ---- building */

static uint32_t pool_root(struct seats *seats, uint32_t pool)
{
    struct pool *pools = seats->pools;

    while (pools[pool].parent != pool) {
        pools[pool].parent = pools[pools[pool].parent].parent;
        pool = pools[pool].parent;
    }
    return pool;
}

static void pools_forget_rows(struct seats *seats)
{
    for (uint32_t pool = 1; pool <= seats->pools_used; pool++) {
        struct pool *of = &seats->pools[pool];

        of->parent = pool;
        of->family = 0;
        of->next_of_family = 0;
        of->rows_named = of->rows_own = of->rows_disabled = 0;
        of->disabled_state = LINE_ENABLED;
    }
}

/* The pool of a feature that an installed line names. */
static uint32_t pool_name_row(struct seats *seats, name_id vendor, name_id feature,
                              const struct seat_line *line)
{
    uint32_t pool = pool_get(seats, vendor, feature);

    if (pool == 0)
        return 0;
    seats->pools[pool].rows_named++;
    seats->pools[pool].rows_own += feature == line->feature;
    if (line->state != LINE_ENABLED) {
        seats->pools[pool].rows_disabled += feature == line->feature;
        seats->pools[pool].disabled_state = line->state;
    }
    return pool;
}

static bool families_join_row(struct seats *seats, name_id vendor, const struct seat_line *line)
{
    uint32_t own = pool_name_row(seats, vendor, line->feature, line), covered;

    for (uint32_t i = 0; i < line->covers_count && own != 0; i++) {
        covered = pool_name_row(seats, vendor, line->covers[i], line);
        if (covered == 0)
            return false;
        if (line->state == LINE_ENABLED)
            seats->pools[pool_root(seats, covered)].parent = pool_root(seats, own);
    }
    return own != 0;
}

static bool families_join(struct seats *seats)
{
    for (uint32_t i = 0; i < seats->vendors_count; i++) {
        const struct vendor *vendor = &seats->vendors[i];

        for (uint32_t row = 0; row < vendor->rows_count; row++) {
            if (vendor->rows[row].state != LINE_FORMER &&
                !families_join_row(seats, vendor->installation.vendor, &vendor->rows[row]))
                return false;
        }
    }
    return true;
}

/* The place of a vendor, or VENDORS_MAX. */
static uint32_t family_vendor(const struct seats *seats, name_id vendor)
{
    for (uint32_t i = 0; i < seats->vendors_count; i++) {
        if (seats->vendors[i].installation.vendor == vendor)
            return i;
    }
    return VENDORS_MAX;
}

/* Pools with neither lines nor leases go; the others find their family. */
static void families_number(struct seats *seats)
{
    seats->families_count = 0;
    for (uint32_t pool = 1; pool <= seats->pools_used; pool++) {
        const struct pool *of = &seats->pools[pool];

        if (of->feature != 0 && of->rows_named == 0 && of->leases == 0)
            pool_free(seats, pool);
    }
    for (uint32_t pool = 1; pool <= seats->pools_used; pool++) {
        struct pool *of = &seats->pools[pool], *root = &seats->pools[pool_root(seats, pool)];
        struct family *family;

        if (of->feature == 0)
            continue;
        if (root->family == 0) {
            root->family = ++seats->families_count;
            seats->families[root->family] =
                (struct family){.vendor = family_vendor(seats, of->vendor)};
        }
        family = &seats->families[root->family];
        of->family = root->family;
        of->family_slot = family->pools_count++;
        of->next_of_family = family->first_pool;
        family->first_pool = pool;
    }
}

static void *families_take(struct seats *seats, size_t count, size_t size)
{
    size_t wanted;
    void *taken = seats->flow_region + seats->flow_used;

    if (__builtin_mul_overflow(count, size, &wanted) || wanted > SEAT_FLOW_BYTES - seats->flow_used)
        return NULL;
    seats->flow_used += (wanted + 63) & ~(size_t)63;
    if (seats->flow_used > SEAT_FLOW_BYTES)
        return NULL;
    return taken;
}

static struct family *family_of_line(const struct seats *seats, const struct vendor *vendor,
                                     const struct seat_line *line)
{
    uint32_t pool = pool_find(seats, vendor->installation.vendor, line->feature);

    return &seats->families[seats->pools[pool].family];
}

static bool families_count_lines(struct seats *seats)
{
    for (uint32_t i = 0; i < seats->vendors_count; i++) {
        const struct vendor *vendor = &seats->vendors[i];

        for (uint32_t row = 0; row < vendor->rows_count; row++) {
            struct family *family;

            if (vendor->rows[row].state != LINE_ENABLED)
                continue;
            family = family_of_line(seats, vendor, &vendor->rows[row]);
            if (++family->lines_count > FAMILY_LINES_MAX)
                return false;
        }
    }
    return true;
}

static bool families_take_lines(struct seats *seats)
{
    for (uint32_t i = 1; i <= seats->families_count; i++) {
        struct family *family = &seats->families[i];

        family->rows = families_take(seats, family->lines_count, sizeof(*family->rows));
        family->thresholds = families_take(seats, family->lines_count, sizeof(*family->thresholds));
        family->ends = families_take(seats, family->lines_count, sizeof(*family->ends));
        if (family->ends == NULL)
            return false;
        family->lines_count = 0;
    }
    return true;
}

static void family_add_threshold(struct family *family, uint32_t maintenance)
{
    uint32_t at = family_rank(family, maintenance);

    if (at < family->thresholds_count && family->thresholds[at] == maintenance)
        return;
    memmove(&family->thresholds[at + 1], &family->thresholds[at],
            (family->thresholds_count - at) * sizeof(*family->thresholds));
    family->thresholds[at] = maintenance;
    family->thresholds_count++;
}

static void family_add_end(struct family *family, int64_t end)
{
    uint32_t at = 0;

    while (at < family->ends_count && family->ends[at] < end)
        at++;
    if (end == INT64_MAX || (at < family->ends_count && family->ends[at] == end))
        return;
    memmove(&family->ends[at + 1], &family->ends[at],
            (family->ends_count - at) * sizeof(*family->ends));
    family->ends[at] = end;
    family->ends_count++;
}

static void families_add_lines(struct seats *seats)
{
    for (uint32_t i = 0; i < seats->vendors_count; i++) {
        const struct vendor *vendor = &seats->vendors[i];

        for (uint32_t row = 0; row < vendor->rows_count; row++) {
            const struct seat_line *line = &vendor->rows[row];
            struct family *family;

            if (line->state != LINE_ENABLED)
                continue;
            family = family_of_line(seats, vendor, line);
            family->rows[family->lines_count++] = row;
            family_add_threshold(family, line->maintenance);
            family_add_end(family, line_end(line));
        }
    }
}

/* Room for every class there can be, so that no request finds none. What is not used is not
 * touched. */
static bool family_take_flow(struct seats *seats, struct family *family)
{
    size_t classes = (size_t)family->pools_count * (family->thresholds_count + 1);
    void *memory;

    family->class_of = families_take(seats, classes, sizeof(*family->class_of));
    family->class_ttl = families_take(seats, classes, sizeof(*family->class_ttl));
    family->beyond = families_take(seats, classes * family->ends_count, sizeof(*family->beyond));
    memory = families_take(seats, 1, flow_memory(family->lines_count, (uint32_t)classes));
    if (family->class_of == NULL || family->class_ttl == NULL || family->beyond == NULL ||
        memory == NULL)
        return false;
    memset(family->class_of, 0, classes * sizeof(*family->class_of));
    family->flow = flow_create(memory, family->lines_count, (uint32_t)classes);
    return true;
}

/* A line's drain holds for every family that it or its covers belong to (R4.5). */
static void families_set_drains(struct seats *seats)
{
    for (uint32_t i = 0; i < seats->vendors_count; i++) {
        const struct vendor *vendor = &seats->vendors[i];

        for (uint32_t row = 0; row < vendor->rows_count; row++) {
            const struct seat_line *line = &vendor->rows[row];

            for (uint32_t j = 0; j <= line->covers_count; j++) {
                name_id feature = j == 0 ? line->feature : line->covers[j - 1];
                uint32_t pool = pool_find(seats, vendor->installation.vendor, feature);
                struct family *family = &seats->families[seats->pools[pool].family];

                if (pool != 0 && line->drain_end > family->drain_end)
                    family->drain_end = line->drain_end;
            }
        }
    }
}

bool family_add_orphan(struct seats *seats, uint32_t pool, int64_t utc)
{
    struct family *family = &seats->families[seats->families_count + 1];
    name_id vendor = seats->pools[pool].vendor;

    *family = (struct family){.vendor = family_vendor(seats, vendor), .pools_count = 1};
    family->first_pool = pool;
    if (!family_take_flow(seats, family))
        return false;
    seats->pools[pool].family = ++seats->families_count;
    family_refresh(seats, family, utc);
    families_set_drains(seats);
    seats->pool_order->is_fresh = false;
    return true;
}

static void families_set_demands(struct seats *seats)
{
    for (uint32_t i = 1; i <= seats->cells_used; i++) {
        struct cell *cell = &seats->cells[i];
        struct family *family = &seats->families[seats->pools[cell->pool].family];

        if (cell->pool == 0)
            continue;
        cell->class = family_class(seats, family, cell->pool, cell->release);
        family->flow->class[cell->class].demand += cell->units;
        family->flow->demand += cell->units;
    }
}

/* Levels of the families before mean nothing now. */
static void families_stamp(struct seats *seats)
{
    if (++seats->stamp != 0)
        return;
    seats->stamp = 1;
    for (uint32_t lease = 1; lease <= seats->leases_used; lease++)
        seats->leases[lease].stamp = 0;
}

enum status families_build(struct seats *seats, int64_t utc, struct error *error)
{
    families_stamp(seats);
    seats->flow_used = 0;
    seats->pool_order->is_fresh = false;
    pools_forget_rows(seats);
    if (!families_join(seats))
        return error_set(error, LICET_OVER_LIMIT,
                         "the license files name more than %u features; this license server's "
                         "administrator can raise its maximum",
                         seats->options.pools_max);
    families_number(seats);
    if (!families_count_lines(seats))
        return error_set(error, LICET_TOO_LARGE,
                         "more than %d lines serve one another's features through covers; "
                         "the vendor can join lines of equal dates",
                         FAMILY_LINES_MAX);
    if (!families_take_lines(seats))
        return error_set(error, LICET_TOO_LARGE, "the license files have too many lines");
    families_add_lines(seats);
    for (uint32_t i = 1; i <= seats->families_count; i++) {
        if (!family_take_flow(seats, &seats->families[i]))
            return error_set(error, LICET_TOO_LARGE,
                             "the lines have too many covers with too many dates; "
                             "the vendor can join lines of equal dates");
    }
    families_set_drains(seats);
    families_set_demands(seats);
    for (uint32_t i = 1; i <= seats->families_count; i++) {
        struct family *family = &seats->families[i];

        family_refresh(seats, family, utc);
        family->base_level = family->passed;
    }
    return LICET_OK;
}
