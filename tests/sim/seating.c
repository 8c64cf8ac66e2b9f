#include "sim/seating.h"

#include <assert.h>

bool seating_line_covers(const struct seat_line *line, name_id feature)
{
    if (line->feature == feature)
        return true;
    for (uint32_t index = 0; index < line->covers_count; index++)
        if (line->covers[index] == feature)
            return true;
    return false;
}

bool seating_line_fits(const struct seat_line *line, name_id feature, uint32_t release)
{
    if (!seating_line_covers(line, feature))
        return false;
    return release == 0 || line->maintenance == DATE_NONE || line->maintenance >= release;
}

int64_t seating_line_end(const struct seat_line *line)
{
    if (line->expiry == 0)
        return line->refresh_by;
    if (line->refresh_by == 0)
        return line->expiry;
    return line->expiry < line->refresh_by ? line->expiry : line->refresh_by;
}

bool seating_line_serves(const struct seat_line *line, int64_t utc)
{
    int64_t end = seating_line_end(line);

    return line->state == LINE_ENABLED && line->start <= utc && (end == 0 || utc < end);
}

void seating_clear(struct seating *seating)
{
    seating->lines_count = 0;
    seating->units_count = 0;
}

void seating_add_line(struct seating *seating, const struct seat_line *line, bool with_overdraft)
{
    assert(seating->lines_count < SEATING_LINES_MAX);
    seating->lines[seating->lines_count++] =
        (struct seating_line){line, (uint64_t)line->seats + (with_overdraft ? line->overdraft : 0)};
}

static uint64_t seating_used(const struct seating *seating, int line)
{
    uint64_t used = 0;

    for (uint32_t index = 0; index < seating->units_count; index++)
        if (seating->units[index].sits_on == line)
            used++;
    return used;
}

/* Seats one unit, moving others where needed; `is_tried` marks lines that this search has seen. */
static bool seating_place(struct seating *seating, uint32_t unit, bool *is_tried)
{
    for (int line = 0; line < (int)seating->lines_count; line++) {
        if (is_tried[line] ||
            !seating_line_fits(seating->lines[line].line, seating->units[unit].feature,
                               seating->units[unit].release))
            continue;
        is_tried[line] = true;
        if (seating_used(seating, line) < seating->lines[line].capacity) {
            seating->units[unit].sits_on = line;
            return true;
        }
        for (uint32_t other = 0; other < seating->units_count; other++) {
            if (seating->units[other].sits_on != line || other == unit)
                continue;
            if (seating_place(seating, other, is_tried)) {
                seating->units[unit].sits_on = line;
                return true;
            }
        }
    }
    return false;
}

uint32_t seating_add(struct seating *seating, name_id feature, uint32_t release, uint32_t count)
{
    uint32_t growth = 0;

    for (uint32_t index = 0; index < count; index++) {
        bool is_tried[SEATING_LINES_MAX] = {false};
        uint32_t unit = seating->units_count++;

        assert(unit < SEATING_UNITS_MAX);
        seating->units[unit] = (struct seating_unit){feature, release, -1};
        if (!seating_place(seating, unit, is_tried)) {
            seating->units_count--; /* a unit that found no place never finds one later */
            break;
        }
        growth++;
    }
    return growth;
}
