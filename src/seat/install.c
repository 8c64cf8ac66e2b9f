/*
 * Installing a generation (R4.1, R5.1): the new lines take the place of the old; what a line was is
 * kept as long as seats of it are held over or its holders drain.
 *
 * A line's row is followed by what it was, where that served features that it serves no more. Rows
 * of lines that have vanished come last. LINE records carry every row in full, so a replay computes
 * nothing.
 */
#include <assert.h>

#include "seat/state.h"

#define ROW_TAKEN UINT32_MAX

struct vendor *vendor_find(const struct seats *seats, name_id vendor)
{
    /* A table's rows are not const, whoever looks. */
    struct vendor *vendors = seats->vendors_table;

    for (uint32_t i = 0; i < seats->vendors_count; i++) {
        if (vendors[i].installation.vendor == vendor && vendors[i].is_installed)
            return &vendors[i];
    }
    return NULL;
}

/* ---- held-over counts */

/* Seats that the families of a row lack: the most that may be held over on it. */
static uint64_t install_overhang(const struct seats *seats, const struct vendor *vendor,
                                 uint32_t row, int64_t utc)
{
    struct family *seen[2 * (LINE_COVERS_MAX + 1)];
    name_id sn = vendor->rows[row].sn;
    uint32_t seen_count = 0;
    uint64_t overhang = 0;

    for (; row < vendor->rows_count && vendor->rows[row].sn == sn; row++) {
        const struct seat_line *line = &vendor->rows[row];

        for (uint32_t i = 0; i <= line->covers_count; i++) {
            name_id feature = i == 0 ? line->feature : line->covers[i - 1];
            uint32_t pool = pool_find(seats, vendor->installation.vendor, feature), j = 0;
            struct family *family;

            if (pool == 0)
                continue;
            family = family_at(seats, pool, utc);
            while (j < seen_count && seen[j] != family)
                j++;
            if (j < seen_count)
                continue;
            overhang += family->flow->unserved;
            if (seen_count <
                sizeof(seen) / sizeof(seen[0])) /* else it counts twice: too much is safe */
                seen[seen_count++] = family;
        }
    }
    return overhang;
}

static void install_clamp_row(const struct seats *seats, const struct vendor *vendor, uint32_t row,
                              int64_t utc)
{
    struct seat_line *line = &vendor->rows[row];
    uint64_t overhang = install_overhang(seats, vendor, row, utc);

    if (line->held_over > overhang)
        line->held_over = (uint32_t)overhang;
}

void install_clamp(struct seats *seats, uint32_t vendor, int64_t utc)
{
    struct vendor *of = &seats->vendors[vendor];
    uint32_t kept = 0;

    for (uint32_t i = 0; i < of->held_count; i++) {
        install_clamp_row(seats, of, of->held[i], utc);
        if (of->rows[of->held[i]].held_over > 0)
            of->held[kept++] = of->held[i];
    }
    of->held_count = kept;
}

/* ---- preparing: what the rows will be */

static bool line_is_sound(const struct seats *seats, const struct seat_line *line)
{
    uint32_t names_max = seats->options.names_max;
    bool is_sound = line->sn != 0 && line->sn <= names_max && line->feature != 0 &&
                    line->feature <= names_max && line->seats <= SEATS_MAX &&
                    line->overdraft <= SEATS_MAX && line->ttl_s > 0 &&
                    line->ttl_s <= LEASE_TTL_SECONDS_MAX && line->drain_s <= DURATION_SECONDS_MAX &&
                    line->covers_count <= LINE_COVERS_MAX && line->start >= 0 &&
                    line->expiry >= 0 && line->refresh_by >= 0;

    for (uint32_t i = 0; is_sound && i < line->covers_count; i++)
        is_sound = line->covers[i] != 0 && line->covers[i] <= names_max;
    return is_sound;
}

static bool line_contains(const struct seat_line *line, const struct seat_line *former)
{
    for (uint32_t i = 0; i <= former->covers_count; i++) {
        name_id feature = i == 0 ? former->feature : former->covers[i - 1];
        bool has = feature == line->feature;

        for (uint32_t j = 0; j < line->covers_count && !has; j++)
            has = feature == line->covers[j];
        if (!has)
            return false;
    }
    return true;
}

static void install_stage(struct seats *seats, const struct seat_line *line)
{
    if (seats->staged_count < SEAT_ROWS_MAX)
        seats->staged[seats->staged_count] = *line;
    seats->staged_count++; /* beyond the maximum it only counts, and the installation is refused */
}

static void install_stage_former(struct seats *seats, const struct seat_line *old, int64_t utc,
                                 uint32_t held_over)
{
    struct seat_line former = *old;

    if (old->state != LINE_FORMER)
        former.drain_end = utc + old->drain_s;
    former.state = LINE_FORMER;
    former.seats = former.overdraft = 0;
    former.held_over = held_over;
    install_stage(seats, &former);
}

/* The rows behind an old row of the same line: what it was in still earlier generations. */
static void install_stage_earlier(struct seats *seats, const struct vendor *vendor, uint32_t row,
                                  int64_t utc, uint32_t held_over)
{
    name_id sn = vendor->rows[row].sn;

    for (row++; row < vendor->rows_count && vendor->rows[row].sn == sn; row++) {
        if (held_over > 0 || vendor->rows[row].drain_end > utc)
            install_stage_former(seats, &vendor->rows[row], utc, 0);
    }
}

static uint32_t held_over_now(const struct seat_line *old, uint32_t seats)
{
    uint64_t held_over = old->held_over;

    if (old->seats > seats)
        held_over += old->seats - seats;
    else
        held_over -= held_over < seats - old->seats ? held_over : seats - old->seats;
    return held_over > UINT32_MAX ? UINT32_MAX : (uint32_t)held_over;
}

static void install_stage_line(struct seats *seats, const struct vendor *vendor,
                               const struct seat_line *line, int64_t utc)
{
    struct seat_line staged = *line;
    uint32_t row = seats->row_of_sn[line->sn];

    staged.drain_end = 0;
    staged.held_over = row != 0 ? held_over_now(&vendor->rows[row - 1], line->seats) : 0;
    for (uint32_t i = line->covers_count; i < LINE_COVERS_MAX; i++)
        staged.covers[i] = 0;
    install_stage(seats, &staged);
    seats->row_of_sn[line->sn] = ROW_TAKEN;
    if (row == 0)
        return;
    if (!line_contains(line, &vendor->rows[row - 1]))
        install_stage_former(seats, &vendor->rows[row - 1], utc, 0);
    install_stage_earlier(seats, vendor, row - 1, utc, staged.held_over);
}

static void install_stage_vanished(struct seats *seats, const struct vendor *vendor, uint32_t row,
                                   int64_t utc)
{
    const struct seat_line *old = &vendor->rows[row];
    uint32_t held_over = held_over_now(old, 0);

    if (old->state == LINE_FORMER && held_over == 0 && old->drain_end <= utc)
        return;
    install_stage_former(seats, old, utc, held_over);
    install_stage_earlier(seats, vendor, row, utc, held_over);
}

/* Fills the staged rows. False: two lines have one serial number. */
static bool install_stage_all(struct seats *seats, const struct vendor *vendor,
                              const struct seat_event *event, int64_t utc)
{
    bool is_sound = true;

    seats->staged_count = 0;
    for (uint32_t row = vendor->rows_count; row > 0; row--) /* the first row of a line stays */
        seats->row_of_sn[vendor->rows[row - 1].sn] = row;
    for (uint32_t i = 0; i < event->installation->lines_count && is_sound; i++) {
        is_sound = seats->row_of_sn[event->lines[i].sn] != ROW_TAKEN;
        if (is_sound)
            install_stage_line(seats, vendor, &event->lines[i], utc);
    }
    for (uint32_t row = 0; row < vendor->rows_count && is_sound; row++) {
        if (seats->row_of_sn[vendor->rows[row].sn] == row + 1)
            install_stage_vanished(seats, vendor, row, utc);
    }
    for (uint32_t i = 0; i < event->installation->lines_count; i++)
        seats->row_of_sn[event->lines[i].sn] = 0;
    for (uint32_t row = 0; row < vendor->rows_count; row++)
        seats->row_of_sn[vendor->rows[row].sn] = 0;
    return is_sound;
}

/* A row carries the end of its family's drain; a disabled or former one, of all families that it had
 * a part in: families are built from rows alone, after a restart, too. */
static void install_lengthen_drain(const struct seats *seats, const struct vendor *vendor,
                                   struct seat_line *line)
{
    for (uint32_t i = 0; i <= line->covers_count; i++) {
        name_id feature = i == 0 ? line->feature : line->covers[i - 1];
        uint32_t pool = pool_find(seats, vendor->installation.vendor, feature);
        int64_t drain_end = seats->families[seats->pools[pool].family].drain_end;

        if (pool != 0 && drain_end > line->drain_end)
            line->drain_end = drain_end;
    }
}

/* The pool of a line's own feature (index 0) or of one that it covers; 0: nothing names it any more. */
static uint32_t line_pool(const struct seats *seats, const struct vendor *vendor,
                          const struct seat_line *line, uint32_t index)
{
    return pool_find(seats, vendor->installation.vendor,
                     index == 0 ? line->feature : line->covers[index - 1]);
}

/* Each pool takes along the longest drain of the family that it is in now, before families are built
 * anew: the holders of the whole old family shared its lines. */
static void install_note_drains(struct seats *seats, const struct vendor *vendor, int64_t utc)
{
    for (uint32_t i = 1; i <= seats->families_count; i++)
        seats->families[i].drain_end = 0;
    for (uint32_t row = 0; row < vendor->rows_count; row++) {
        const struct seat_line *line = &vendor->rows[row];

        for (uint32_t i = 0; line->state != LINE_FORMER && i <= line->covers_count; i++) {
            uint32_t pool = line_pool(seats, vendor, line, i);
            struct family *family = &seats->families[seats->pools[pool].family];

            if (pool != 0 && utc + line->drain_s > family->drain_end)
                family->drain_end = utc + line->drain_s;
        }
    }
    for (uint32_t pool = 1; pool <= seats->pools_used; pool++) {
        bool is_ours = seats->pools[pool].vendor == vendor->installation.vendor;

        seats->pools[pool].drain_before =
            is_ours ? seats->families[seats->pools[pool].family].drain_end : 0;
    }
}

/* R4.5: the longest drain of the old and the new lines of each family, from installation. */
static void install_set_drains(struct seats *seats, const struct vendor *vendor, int64_t utc)
{
    for (uint32_t i = 1; i <= seats->families_count; i++)
        seats->families[i].drain_end = 0;
    for (uint32_t pool = 1; pool <= seats->pools_used; pool++) {
        struct family *family = &seats->families[seats->pools[pool].family];

        if (seats->pools[pool].drain_before > family->drain_end)
            family->drain_end = seats->pools[pool].drain_before;
    }
    for (uint32_t row = 0; row < vendor->rows_count; row++) {
        struct seat_line *line = &vendor->rows[row];

        if (line->state != LINE_FORMER)
            line->drain_end = utc + line->drain_s;
        for (uint32_t i = 0; line->state == LINE_ENABLED && i <= line->covers_count; i++) {
            uint32_t pool = line_pool(seats, vendor, line, i);
            struct family *family = &seats->families[seats->pools[pool].family];

            if (pool != 0 && line->drain_end > family->drain_end)
                family->drain_end = line->drain_end;
        }
    }
    for (uint32_t row = 0; row < vendor->rows_count; row++)
        install_lengthen_drain(seats, vendor, &vendor->rows[row]);
}

/* Whom the end of each drain of this vendor finds without a seat. */
static void install_show_drains(struct seats *seats, const struct vendor *vendor,
                                struct seat_now now, const struct seat_drain_watcher *watcher)
{
    struct seat_lease_view view;
    uint32_t lease;

    for (uint32_t i = 1; i <= seats->families_count; i++) {
        const struct family *family = &seats->families[i];

        if (&seats->vendors[family->vendor] != vendor || !drain_choose(seats, i, family->drain_end))
            continue;
        while ((lease = drain_next(seats)) != 0) {
            lease_view(seats, now, lease, &view);
            watcher->see(watcher->context, &view);
        }
    }
}

/* Builds the families as they will be, to learn whether they can be and what will be held over. The
 * records that follow bring the same rows in. */
static enum status install_rehearse(struct seats *seats, struct vendor *vendor, struct seat_now now,
                                    const struct seat_drain_watcher *watcher, struct error *error)
{
    int64_t utc = now.utc.s;
    struct seat_line *old_rows = vendor->rows;
    uint32_t old_count = vendor->rows_count;
    enum status status;

    install_note_drains(seats, vendor, utc);
    vendor->rows = seats->staged;
    vendor->rows_count = seats->staged_count;
    status = families_build(seats, utc, error);
    if (status == LICET_OK) {
        for (uint32_t row = 0; row < vendor->rows_count; row++) {
            if (vendor->rows[row].held_over > 0)
                install_clamp_row(seats, vendor, row, utc);
        }
        install_set_drains(seats, vendor, utc);
        if (watcher != NULL)
            install_show_drains(seats, vendor, now, watcher);
    }
    vendor->rows = old_rows;
    vendor->rows_count = old_count;
    return status;
}

static enum status install_check(const struct seats *seats, const struct vendor *vendor,
                                 const struct seat_event *event, bool *ret_is_known,
                                 struct error *error)
{
    const struct seat_installation *now = &vendor->installation, *new = event->installation;

    if (vendor->is_installed && new->generation == now->generation) {
        *ret_is_known = memcmp(new->payload_hash, now->payload_hash, 32) == 0;
        if (*ret_is_known)
            return LICET_OK;
        return error_set(error, LICET_CONFLICT, "generation %u is installed with other contents",
                         now->generation);
    }
    if (vendor->is_installed && new->generation < now->generation)
        return error_set(error, LICET_OLD_GENERATION,
                         "generation %u is older than the installed %u, which contains every "
                         "change made before it",
                         new->generation, now->generation);
    if (vendor->is_installed && new->generation - now->generation > GENERATION_STEP_MAX)
        return error_set(error, LICET_INVALID, "generation %u is too far above the installed %u",
                         new->generation, now->generation);
    if (new->lines_count > LICENSE_LINES_MAX)
        return error_set(error, LICET_TOO_LARGE, "more than %d lines", LICENSE_LINES_MAX);
    for (uint32_t i = 0; i < new->lines_count; i++) {
        if (!line_is_sound(seats, &event->lines[i]) || event->lines[i].state > LINE_NOT_BOUND)
            return error_set(error, LICET_INVALID, "line %u has a value out of its range", i + 1);
    }
    return LICET_OK;
}

/* Back to what is installed, which has been built before. */
static void install_rebuild(struct seats *seats, struct seat_now now)
{
    enum status status = families_build(seats, now.utc.s, NULL);

    assert(status == LICET_OK);
    (void)status;
    levels_force(seats, now);
    drain_schedule(seats, now);
}

static enum status install_try(struct seats *seats, struct seat_now now,
                               const struct seat_event *event,
                               const struct seat_drain_watcher *watcher, bool *ret_is_known,
                               struct error *error)
{
    struct vendor *vendor = vendor_find(seats, event->installation->vendor);
    bool is_first = vendor == NULL;
    enum status status;

    *ret_is_known = false;
    if (event->installation->vendor == 0 || event->installation->vendor > seats->options.names_max)
        return error_set(error, LICET_INVALID, "the license file names no vendor");
    if (is_first) {
        if (seats->vendors_count == VENDORS_MAX)
            return error_set(error, LICET_OVER_LIMIT, "%d vendors are installed, the maximum",
                             VENDORS_MAX);
        vendor = &seats->vendors[seats->vendors_count];
        vendor->installation.vendor = event->installation->vendor;
    }
    status = install_check(seats, vendor, event, ret_is_known, error);
    if (status != LICET_OK || *ret_is_known)
        return status;
    if (!install_stage_all(seats, vendor, event, now.utc.s))
        return error_set(error, LICET_INVALID, "two lines have the same serial number");
    if (seats->staged_count > SEAT_ROWS_MAX)
        return error_set(error, LICET_TOO_LARGE, "too many lines are still held over");
    seats->vendors_count += is_first;
    status = install_rehearse(seats, vendor, now, watcher, error);
    seats->vendors_count -= is_first;
    if (status != LICET_OK || watcher != NULL)
        install_rebuild(seats, now);
    return status;
}

enum status install_prepare(struct seats *seats, struct seat_now now,
                            const struct seat_event *event, bool *ret_is_known, struct error *error)
{
    return install_try(seats, now, event, NULL, ret_is_known, error);
}

enum status seat_rehearse(struct seats *seats, struct seat_now now, const struct seat_event *event,
                          const struct seat_drain_watcher *watcher)
{
    bool is_known;

    assert(seats->is_started && seats->stage == STEP_IDLE);
    return install_try(seats, now, event, watcher, &is_known, NULL);
}

/* ---- applying */

enum status install_apply_begin(struct seats *seats, const struct seat_record *record,
                                struct error *error)
{
    const struct vendor *vendor = vendor_find(seats, record->install.vendor);

    if (record->install.vendor == 0 || record->install.vendor > seats->options.names_max ||
        record->install.lines_count > SEAT_ROWS_MAX ||
        (vendor == NULL && seats->vendors_count == VENDORS_MAX))
        return error_set(error, LICET_DAMAGED, "an installation in the journal cannot be");
    if (vendor != NULL && record->install.generation <= vendor->installation.generation)
        return error_set(error, LICET_DAMAGED, "the journal installs generation %u after %u",
                         record->install.generation, vendor->installation.generation);
    seats->staged_installation = record->install;
    seats->staged_count = 0;
    seats->is_staging = true;
    return LICET_OK;
}

enum status install_apply_line(struct seats *seats, const struct seat_record *record,
                               struct error *error)
{
    if (!seats->is_staging || seats->staged_count == seats->staged_installation.lines_count ||
        !line_is_sound(seats, &record->line))
        return error_set(error, LICET_DAMAGED, "a line in the journal belongs to no installation");
    seats->staged[seats->staged_count++] = record->line;
    return LICET_OK;
}

enum status install_apply_end(struct seats *seats, const struct seat_record *record,
                              struct error *error)
{
    struct vendor *vendor = vendor_find(seats, seats->staged_installation.vendor);

    if (!seats->is_staging || seats->staged_count != seats->staged_installation.lines_count)
        return error_set(error, LICET_DAMAGED, "an installation in the journal has no such end");
    if (vendor == NULL)
        vendor = &seats->vendors[seats->vendors_count++];
    seats->is_staging = false;
    memcpy(vendor->rows, seats->staged, (size_t)seats->staged_count * sizeof(*vendor->rows));
    vendor->rows_count = seats->staged_count;
    vendor->installation = seats->staged_installation;
    vendor->is_installed = true;
    vendor->held_count = 0;
    for (uint32_t row = 0; row < vendor->rows_count; row++) {
        if (vendor->rows[row].held_over > 0)
            vendor->held[vendor->held_count++] = row;
    }
    if (families_build(seats, record->at, error) != LICET_OK)
        return LICET_DAMAGED;
    return LICET_OK;
}
