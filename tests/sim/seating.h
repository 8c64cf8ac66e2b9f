/*
 * Who fits where, the slow way: every seat asked for is one unit, every unit looks for a place by
 * itself, and moves others aside where that helps. It finds the maximum flow of R4.3 for a handful
 * of units and is simple enough to be believed; the core's own flow is judged by it.
 */
#ifndef LICET_TESTS_SIM_SEATING_H
#define LICET_TESTS_SIM_SEATING_H

#include <stdbool.h>

#include "seat/seat.h"

#define SEATING_UNITS_MAX 4096
#define SEATING_LINES_MAX 64

struct seating_line {
    const struct seat_line *line;
    uint64_t capacity;
};

struct seating_unit {
    name_id feature;
    uint32_t release;
    int sits_on; /* index of a line, or -1 */
};

struct seating {
    struct seating_line lines[SEATING_LINES_MAX];
    struct seating_unit units[SEATING_UNITS_MAX];
    uint32_t lines_count, units_count;
};

void seating_clear(struct seating *seating);
/* Adds a line. `with_overdraft`: its capacity is seats + overdraft (R4.3), else seats alone. */
void seating_add_line(struct seating *seating, const struct seat_line *line, bool with_overdraft);
/* Asks for `count` seats and returns how many more units sit now: the growth of the maximum flow.
 */
uint32_t seating_add(struct seating *seating, name_id feature, uint32_t release, uint32_t count);

/* R4.3: may a seat asked as (feature, release) sit on this line at all, whatever the time? */
bool seating_line_fits(const struct seat_line *line, name_id feature, uint32_t release);
/* Is the line enabled, begun and not yet ended at this second? (R1.3: the dates are widened.) */
bool seating_line_serves(const struct seat_line *line, int64_t utc);
/* The first second after its end: the earlier of expiry and refresh-by; 0: never. */
int64_t seating_line_end(const struct seat_line *line);
bool seating_line_covers(const struct seat_line *line, name_id feature);

#endif
