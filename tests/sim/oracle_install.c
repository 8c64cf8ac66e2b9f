/* Generations and held-over counts (R4.1, R5.1). */
#include "sim/oracle_state.h"

#include <assert.h>

static void version_copy(struct oracle *oracle, name_id vendor, uint64_t number)
{
    struct version *version = version_of(oracle, vendor);
    struct version *copy;

    if (version == NULL || version->number == number)
        return;
    copy = malloc(sizeof(*copy));
    assert(copy != NULL);
    *copy = *version;
    copy->number = number;
    version_push(oracle, vendor, copy);
}

void held_over_cap(struct oracle *oracle, name_id vendor, uint64_t number, int64_t utc)
{
    struct version *version = version_of(oracle, vendor);

    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
        struct seat_line *line = &version->lines[index].line;
        uint64_t overhang;

        if (line->held_over == 0)
            continue;
        overhang = overhang_of(oracle, version, vendor, family_of(oracle, version, line->feature),
                               utc, HOLDERS_ALL);
        if (overhang >= line->held_over)
            continue;
        version_copy(oracle, vendor, number);
        version = version_of(oracle, vendor);
        version->lines[index].line.held_over = (uint32_t)overhang;
    }
}

const struct line_fact *version_line(const struct version *version, name_id sn)
{
    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++)
        if (version->lines[index].line.sn == sn)
            return &version->lines[index];
    return NULL;
}

/* Raised by every seat the line loses, lowered by every seat it gains. */
static uint32_t held_over_of(const struct line_fact *old, uint32_t seats)
{
    int64_t held_over = 0;

    if (old != NULL)
        held_over = (int64_t)old->line.held_over +
                    (old->is_vanished ? 0 : (int64_t)old->line.seats) - (int64_t)seats;
    return held_over < 0 ? 0 : (uint32_t)held_over;
}

static void version_add_vanished(struct version *version, const struct version *old, int64_t utc)
{
    for (uint32_t index = 0; old != NULL && index < old->lines_count; index++) {
        const struct line_fact *line = &old->lines[index];
        struct line_fact vanished = *line;

        if (version_line(version, line->line.sn) != NULL)
            continue;
        vanished.line.held_over = held_over_of(line, 0);
        vanished.is_vanished = true;
        if (vanished.line.held_over > 0 || !line->is_vanished || vanished.drain_last > utc)
            version->lines[version->lines_count++] = vanished; /* some may still hold its seats */
    }
}

/* The latest end of drain among the lines of a family that are, or were until now, served. */
static int64_t drain_end_of(struct oracle *oracle, const struct version *version, uint64_t family,
                            bool with_disabled, int64_t utc)
{
    int64_t end = 0;

    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
        const struct line_fact *line = &version->lines[index];

        if (!line->is_vanished && (line_bits(oracle, &line->line) & family) != 0 &&
            (with_disabled || line->line.state == LINE_ENABLED) && utc + line->line.drain_s > end)
            end = utc + line->line.drain_s;
    }
    return end;
}

/* R4.5: the longest drain of the family's old and new lines, from installation; where the family
 * has no line left, from the installation that took the last one. */
static void version_set_drains(struct oracle *oracle, struct version *version,
                               const struct version *old, int64_t utc)
{
    for (uint32_t index = 0; index < version->lines_count; index++) {
        struct line_fact *line = &version->lines[index];
        uint64_t family = family_of(oracle, version, line->line.feature);
        int64_t end = drain_end_of(oracle, version, family, false, utc);
        int64_t old_end =
            drain_end_of(oracle, old, families_before(oracle, old, family), true, utc);

        if (old_end > end)
            end = old_end;
        line->drain_last = end > line->drain_end ? end : line->drain_end;
        if (line->drain_last < drain_last(old))
            line->drain_last = drain_last(old); /* an earlier drain may still be at work */
        if (utc + (int64_t)line->line.drain_s > line->drain_last)
            line->drain_last = utc + line->line.drain_s;
        if (end != 0)
            line->drain_end = end;
        oracle->has_covers = oracle->has_covers || line->line.covers_count > 0;
    }
}

void version_install(struct oracle *oracle, const struct seat_event *event, uint64_t number,
                     int64_t utc)
{
    const struct version *old = version_of(oracle, event->installation->vendor);
    struct version *version = calloc(1, sizeof(*version));

    assert(version != NULL);
    version->number = number;
    version->installation = *event->installation;
    for (uint32_t index = 0; index < event->installation->lines_count; index++) {
        struct line_fact *line = &version->lines[version->lines_count++];

        line->line = event->lines[index];
        line->line.held_over =
            held_over_of(version_line(old, line->line.sn), event->lines[index].seats);
    }
    version_add_vanished(version, old, utc);
    version_set_drains(oracle, version, old, utc);
    version_push(oracle, event->installation->vendor, version);
    held_over_cap(oracle, event->installation->vendor, number, utc);
    oracle->counts.installs++;
}
