/*
 * The exact assignment of one cover family (R4.3): demands of classes against the seats of lines,
 * as a maximum flow that is kept while demands come and go.
 *
 * A line has two places: its seats and its overdraft. A class is a set of lines on which its
 * holders may sit; its demand is counted in units, each on any line of the set. Three things hold
 * after every call, and flow_check() proves them:
 *
 *   - no further unit could be served by any rearrangement: `unserved` is as small as it can be
 *   - of the units that are served, as many as can be sit on seats: `overdraft` is as small as it
 * can be, so it is demand less the flow over seats alone, less what is unserved
 *   - no line serves more than it has
 *
 * Which unit sits where is nobody's business: no decision and no record depends on it.
 */
#ifndef LICET_SEAT_FLOW_H
#define LICET_SEAT_FLOW_H

#include "base/limits.h"
#include "seat/seat.h"

#define FLOW_LINE_WORDS (FAMILY_LINES_MAX / 64)

struct flow_lines {
    uint64_t words[FLOW_LINE_WORDS]; /* a bit a line */
};

static inline void flow_lines_add(struct flow_lines *lines, uint32_t line)
{
    lines->words[line / 64] |= (uint64_t)1 << line % 64;
}

static inline bool flow_lines_has(const struct flow_lines *lines, uint32_t line)
{
    return (lines->words[line / 64] >> line % 64 & 1) != 0;
}

struct flow_class {
    struct flow_lines lines;
    uint64_t demand;
    uint64_t unserved;
    uint64_t overdraft; /* of its units, on overdraft */
    uint32_t hint;      /* the place that served it last */
    uint32_t mark;      /* of the search that met it last */
    uint32_t via;       /* the place through which that search met it */
};

struct flow {
    uint32_t lines;
    uint32_t classes;
    uint32_t classes_max;
    uint32_t mark;
    uint64_t demand;
    uint64_t unserved;
    uint64_t overdraft;
    struct flow_class *class;
    uint32_t *free;   /* [2 x lines]: seats first, then overdrafts */
    uint32_t *served; /* [classes][2 x lines] */
};

/* Bytes of a flow, a multiple of 64. */
size_t flow_memory(uint32_t lines, uint32_t classes_max);
/* `memory` need not be zeroed. No line has a seat yet. */
struct flow *flow_create(void *memory, uint32_t lines, uint32_t classes_max);

/* A class without demand. There must be room: see classes_max. */
uint32_t flow_class_add(struct flow *flow, const struct flow_lines *lines);

/* Forgets all seats; demands stay. Then flow_line() for each line that serves, then flow_solve().
 */
void flow_clear(struct flow *flow);
void flow_line(struct flow *flow, uint32_t line, uint32_t seats, uint32_t overdraft);
void flow_solve(struct flow *flow);

/* Adds units to the demand of a class, or takes them away. */
void flow_take(struct flow *flow, uint32_t class, uint64_t units);
void flow_give(struct flow *flow, uint32_t class, uint64_t units);

/* Would all of these units be served? The flow is as it was, but for who sits where.
 * `ret_overdraft`: would some use be made of overdraft that is not made now? */
bool flow_fits(struct flow *flow, uint32_t class, uint64_t units, bool *ret_overdraft);

/* NULL, or what does not hold. Slow: for tests and the simulator. */
const char *flow_check(struct flow *flow);

/*
 * R4.3 reservations: how many units of demand the empty reserved seats of one feature are. As many
 * of its holders as possible sit in reservations; each seat still empty then demands one seat on a
 * line of the feature. `holders` are counts of holders by the groups that they belong to.
 */
struct flow_holders {
    uint32_t groups;
    uint32_t count;
};
/* `memory` has flow_memory(reservations_count, holders_count) bytes; FAMILY_LINES_MAX reservations
 * at most. */
uint64_t flow_reserved_empty(void *memory, const struct seat_reservation *reservations,
                             uint32_t reservations_count, const struct flow_holders *holders,
                             uint32_t holders_count);

#endif
