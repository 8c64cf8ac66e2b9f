/*
 * Augmenting paths over classes and places, breadth first, without recursion or allocation.
 *
 * The common case is one subtraction: the place that served a class last has room. Otherwise a path
 * leads from the class over places that are full, whose holders can move on, to one with room: to
 * seats if any can be reached, else to overdraft. A path never empties a place that was full, so
 * the flow over seats stays maximum while overdraft is filled, and the same holds the other way
 * round when units go: what was freed is filled again from whom no place served, then from
 * overdraft.
 */
#include "seat/flow.h"

#include <assert.h>

#define FLOW_PLACES_MAX (2 * FAMILY_LINES_MAX)
#define FLOW_NONE UINT32_MAX

/* One search: places in the order they were met. */
struct flow_search {
    uint32_t queue[FLOW_PLACES_MAX];
    uint32_t by[FLOW_PLACES_MAX]; /* the class through which a place was met */
    uint64_t met[FLOW_PLACES_MAX / 64];
    uint32_t head, tail;
};

static size_t flow_align(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

size_t flow_memory(uint32_t lines, uint32_t classes_max)
{
    return flow_align(sizeof(struct flow)) + flow_align(classes_max * sizeof(struct flow_class)) +
           flow_align((size_t)lines * 2 * 4) + flow_align((size_t)classes_max * lines * 2 * 4);
}

struct flow *flow_create(void *memory, uint32_t lines, uint32_t classes_max)
{
    struct flow *flow = memory;
    char *at = memory;

    assert(lines <= FAMILY_LINES_MAX);
    memset(flow, 0, sizeof(*flow));
    flow->lines = lines;
    flow->classes_max = classes_max;
    at += flow_align(sizeof(struct flow));
    flow->class = (struct flow_class *)(void *)at;
    at += flow_align(classes_max * sizeof(struct flow_class));
    flow->free = (uint32_t *)(void *)at;
    at += flow_align((size_t)lines * 2 * 4);
    flow->served = (uint32_t *)(void *)at;
    memset(flow->free, 0, (size_t)lines * 2 * 4);
    return flow;
}

static uint32_t flow_places(const struct flow *flow)
{
    return 2 * flow->lines;
}

static uint32_t *flow_served(const struct flow *flow, uint32_t class, uint32_t place)
{
    return &flow->served[(size_t) class * flow_places(flow) + place];
}

static bool flow_may_sit(const struct flow *flow, uint32_t class, uint32_t place)
{
    uint32_t line = place < flow->lines ? place : place - flow->lines;

    return flow_lines_has(&flow->class[class].lines, line);
}

uint32_t flow_class_add(struct flow *flow, const struct flow_lines *lines)
{
    uint32_t class = flow->classes;

    assert(class < flow->classes_max);
    flow->classes++;
    flow->class[class] = (struct flow_class){.lines = *lines};
    if (flow->lines > 0)
        memset(flow_served(flow, class, 0), 0, (size_t)flow_places(flow) * 4);
    return class;
}

void flow_clear(struct flow *flow)
{
    if (flow->lines > 0)
        memset(flow->free, 0, (size_t)flow_places(flow) * 4);
    for (uint32_t class = 0; class < flow->classes; class ++) {
        if (flow->lines > 0)
            memset(flow_served(flow, class, 0), 0, (size_t)flow_places(flow) * 4);
        flow->class[class].unserved = flow->class[class].demand;
        flow->class[class].overdraft = 0;
    }
    flow->unserved = flow->demand;
    flow->overdraft = 0;
}

void flow_line(struct flow *flow, uint32_t line, uint32_t seats, uint32_t overdraft)
{
    flow->free[line] = seats;
    flow->free[flow->lines + line] = overdraft;
}

/* Adds (or with `sign` -1 removes) units of a class on a place. */
static void flow_sit(struct flow *flow, uint32_t class, uint32_t place, uint32_t units, int sign)
{
    uint32_t *served = flow_served(flow, class, place);

    *served = sign > 0 ? *served + units : *served - units;
    if (place < flow->lines)
        return;
    flow->class[class].overdraft += sign > 0 ? units : -(uint64_t)units;
    flow->overdraft += sign > 0 ? units : -(uint64_t)units;
}

static void flow_search_begin(struct flow *flow, struct flow_search *search)
{
    memset(search->met, 0, sizeof(search->met));
    search->head = search->tail = 0;
    if (++flow->mark == 0) { /* it has wrapped: no old mark may look like a new one */
        for (uint32_t class = 0; class < flow->classes; class ++)
            flow->class[class].mark = 0;
        flow->mark = 1;
    }
}

static bool flow_search_meet(struct flow_search *search, uint32_t place, uint32_t class)
{
    uint64_t bit = (uint64_t)1 << place % 64;

    if ((search->met[place / 64] & bit) != 0)
        return false;
    search->met[place / 64] |= bit;
    search->by[place] = class;
    search->queue[search->tail++] = place;
    return true;
}

/* Meets all places where `class` may sit; returns one below `places` that has room, or FLOW_NONE.
 */
static uint32_t flow_search_places(struct flow *flow, struct flow_search *search, uint32_t class,
                                   uint32_t places)
{
    for (uint32_t place = 0; place < flow_places(flow); place++) {
        if (!flow_may_sit(flow, class, place) || !flow_search_meet(search, place, class))
            continue;
        if (place < places && flow->free[place] > 0)
            return place;
    }
    return FLOW_NONE;
}

/* A place below `places` with room that units of `class` can reach, or FLOW_NONE. */
static uint32_t flow_search_room(struct flow *flow, struct flow_search *search, uint32_t class,
                                 uint32_t places)
{
    uint32_t found;

    flow_search_begin(flow, search);
    flow->class[class].mark = flow->mark;
    found = flow_search_places(flow, search, class, places);
    while (found == FLOW_NONE && search->head < search->tail) {
        uint32_t place = search->queue[search->head++];

        for (uint32_t next = 0; next < flow->classes && found == FLOW_NONE; next++) {
            if (flow->class[next].mark == flow->mark || *flow_served(flow, next, place) == 0)
                continue;
            flow->class[next].mark = flow->mark;
            flow->class[next].via = place;
            found = flow_search_places(flow, search, next, places);
        }
    }
    return found;
}

/* How many units the path to `found` carries, at most `units`. */
static uint32_t flow_path_width(const struct flow *flow, const struct flow_search *search,
                                uint32_t class, uint32_t found, uint64_t units)
{
    uint32_t width = flow->free[found];

    if (units < width)
        width = (uint32_t)units;
    for (uint32_t mover = search->by[found]; mover != class;
         mover = search->by[flow->class[mover].via]) {
        uint32_t served = *flow_served(flow, mover, flow->class[mover].via);

        width = served < width ? served : width;
    }
    return width;
}

/* Serves units of `class` on places below `places` while a path leads there; returns the rest. */
static uint64_t flow_push(struct flow *flow, uint32_t class, uint64_t units, uint32_t places)
{
    struct flow_search search;

    while (units > 0) {
        uint32_t found = flow_search_room(flow, &search, class, places);
        uint32_t place = found, mover, width;

        if (found == FLOW_NONE)
            return units;
        width = flow_path_width(flow, &search, class, found, units);
        for (mover = search.by[place]; mover != class; mover = search.by[place]) {
            flow_sit(flow, mover, place, width, 1);
            place = flow->class[mover].via;
            flow_sit(flow, mover, place, width, -1);
        }
        flow_sit(flow, class, place, width, 1);
        flow->free[found] -= width;
        flow->class[class].hint = place;
        units -= width;
    }
    return 0;
}

static void flow_serve(struct flow *flow, uint32_t class, uint64_t units)
{
    uint64_t left = flow_push(flow, class, units, flow->lines);

    left = flow_push(flow, class, left, flow_places(flow));
    flow->class[class].unserved += left;
    flow->unserved += left;
}

void flow_solve(struct flow *flow)
{
    for (uint32_t class = 0; class < flow->classes; class ++) {
        uint64_t units = flow->class[class].unserved;

        flow->class[class].unserved = 0;
        flow->unserved -= units;
        flow_serve(flow, class, units);
    }
}

static bool flow_hint_has_room(const struct flow *flow, uint32_t class, uint64_t units)
{
    uint32_t hint = flow->class[class].hint;

    return hint < flow->lines && flow->free[hint] >= units && flow_may_sit(flow, class, hint);
}

void flow_take(struct flow *flow, uint32_t class, uint64_t units)
{
    flow->demand += units;
    flow->class[class].demand += units;
    if (flow_hint_has_room(flow, class, units)) {
        flow->free[flow->class[class].hint] -= (uint32_t)units;
        *flow_served(flow, class, flow->class[class].hint) += (uint32_t)units;
    } else if (flow->class[class].unserved >
               0) { /* no path leads anywhere, or it would be served */
        flow->class[class].unserved += units;
        flow->unserved += units;
    } else {
        flow_serve(flow, class, units);
    }
}

/* Searches backwards from a place with room for units that could come to sit there: of a class that
 * is not served in full (returns true, *ret_class), or on an overdraft (*ret_place). */
static bool flow_search_units(struct flow *flow, struct flow_search *search, uint32_t room,
                              bool from_overdraft, uint32_t *ret_class, uint32_t *ret_place)
{
    flow_search_begin(flow, search);
    flow_search_meet(search, room, FLOW_NONE);
    while (search->head < search->tail) {
        uint32_t place = search->queue[search->head++];

        for (uint32_t class = 0; class < flow->classes; class ++) {
            if (flow->class[class].mark == flow->mark || !flow_may_sit(flow, class, place))
                continue;
            flow->class[class].mark = flow->mark;
            flow->class[class].via = place;
            *ret_class = class;
            *ret_place = FLOW_NONE;
            if (!from_overdraft && flow->class[class].unserved > 0)
                return true;
            for (uint32_t other = 0; other < flow_places(flow); other++) {
                if (*flow_served(flow, class, other) == 0 ||
                    !flow_search_meet(search, other, class))
                    continue;
                *ret_place = other;
                if (from_overdraft && other >= flow->lines)
                    return true;
            }
        }
    }
    return false;
}

/* Moves units along the path that flow_search_units() found; returns how many. */
static uint32_t flow_pull(struct flow *flow, const struct flow_search *search, uint32_t room,
                          uint32_t class, uint32_t source)
{
    uint32_t width = flow->free[room], place;

    if (source != FLOW_NONE && *flow_served(flow, class, source) < width)
        width = *flow_served(flow, class, source);
    if (source == FLOW_NONE && flow->class[class].unserved < width)
        width = (uint32_t)flow->class[class].unserved;
    for (place = flow->class[class].via; place != room;
         place = flow->class[search->by[place]].via) {
        uint32_t served = *flow_served(flow, search->by[place], place);

        width = served < width ? served : width;
    }
    if (source != FLOW_NONE) {
        flow_sit(flow, class, source, width, -1);
        flow->free[source] += width;
    } else {
        flow->class[class].unserved -= width;
        flow->unserved -= width;
    }
    for (place = flow->class[class].via; place != room; place = flow->class[class].via) {
        flow_sit(flow, class, place, width, 1);
        class = search->by[place];
        flow_sit(flow, class, place, width, -1);
    }
    flow_sit(flow, class, room, width, 1);
    flow->free[room] -= width;
    return width;
}

/* Fills what has become free: from whom no place serves, then seats from overdraft. */
static void flow_refill(struct flow *flow, uint32_t room, uint32_t units)
{
    struct flow_search search;
    uint32_t class, place;

    while (units > 0 && flow->unserved > 0 &&
           flow_search_units(flow, &search, room, false, &class, &place))
        units -= flow_pull(flow, &search, room, class, FLOW_NONE);
    while (units > 0 && room < flow->lines && flow->overdraft > 0 &&
           flow_search_units(flow, &search, room, true, &class, &place))
        units -= flow_pull(flow, &search, room, class, place);
}

/* Where a unit of this class leaves first: overdraft before seats. */
static uint32_t flow_leaving_place(const struct flow *flow, uint32_t class)
{
    uint32_t hint = flow->class[class].hint;

    if (flow->class[class].overdraft == 0 &&
        hint<flow->lines && * flow_served(flow, class, hint)> 0)
        return hint;
    for (uint32_t place = flow_places(flow); place > 0; place--) {
        if (*flow_served(flow, class, place - 1) > 0)
            return place - 1;
    }
    return FLOW_NONE;
}

void flow_give(struct flow *flow, uint32_t class, uint64_t units)
{
    struct flow_class *of = &flow->class[class];
    uint64_t unserved = of->unserved < units ? of->unserved : units;

    assert(of->demand >= units);
    flow->demand -= units;
    of->demand -= units;
    flow->unserved -= unserved;
    of->unserved -= unserved;
    for (units -= unserved; units > 0;) {
        uint32_t place = flow_leaving_place(flow, class), width;

        assert(place != FLOW_NONE);
        width = *flow_served(flow, class, place);
        width = units < width ? (uint32_t)units : width;
        flow_sit(flow, class, place, width, -1);
        flow->free[place] += width;
        units -= width;
        if (flow->unserved > 0 || flow->overdraft > 0)
            flow_refill(flow, place, width);
    }
}

bool flow_fits(struct flow *flow, uint32_t class, uint64_t units, bool *ret_overdraft)
{
    uint64_t unserved = flow->unserved, overdraft = flow->overdraft;
    bool fits;

    *ret_overdraft = false;
    if (flow_hint_has_room(flow, class, units))
        return true;
    if (flow->class[class].unserved > 0)
        return false;
    flow_take(flow, class, units);
    fits = flow->unserved == unserved;
    *ret_overdraft = flow->overdraft > overdraft;
    flow_give(flow, class, units);
    assert(flow->unserved == unserved && flow->overdraft == overdraft);
    return fits;
}

/* Sums of one class and of its places; the sums of places are gathered in `used`. */
static const char *flow_check_class(const struct flow *flow, uint32_t class)
{
    const struct flow_class *of = &flow->class[class];
    uint64_t served = 0, overdraft = 0;

    for (uint32_t place = 0; place < flow_places(flow); place++) {
        uint32_t units = *flow_served(flow, class, place);

        if (units > 0 && !flow_may_sit(flow, class, place))
            return "a class sits on a line that does not serve it";
        served += units;
        overdraft += place >= flow->lines ? units : 0;
    }
    if (served + of->unserved != of->demand)
        return "the demand of a class is not what is served and what is not";
    return overdraft == of->overdraft ? NULL : "the overdraft of a class is miscounted";
}

const char *flow_check(struct flow *flow)
{
    struct flow_search search;
    uint64_t demand = 0, unserved = 0, overdraft = 0;

    for (uint32_t class = 0; class < flow->classes; class ++) {
        const char *wrong = flow_check_class(flow, class);

        if (wrong != NULL)
            return wrong;
        demand += flow->class[class].demand;
        unserved += flow->class[class].unserved;
        overdraft += flow->class[class].overdraft;
        if (flow->class[class].unserved > 0 &&
            flow_search_room(flow, &search, class, flow_places(flow)) != FLOW_NONE)
            return "a demand is not served although a place has room for it";
        if (flow->class[class].overdraft > 0 &&
            flow_search_room(flow, &search, class, flow->lines) != FLOW_NONE)
            return "overdraft is used although a seat has room";
    }
    if (demand != flow->demand || unserved != flow->unserved || overdraft != flow->overdraft)
        return "the sums of a family are not those of its classes";
    return NULL;
}

uint64_t flow_reserved_empty(void *memory, const struct seat_reservation *reservations,
                             uint32_t reservations_count, const struct flow_holders *holders,
                             uint32_t holders_count)
{
    struct flow *flow = flow_create(memory, reservations_count, holders_count);
    uint64_t empty = 0;

    for (uint32_t i = 0; i < reservations_count; i++)
        flow_line(flow, i, reservations[i].seats, 0);
    for (uint32_t i = 0; i < holders_count; i++) {
        struct flow_lines lines = {{0}};

        for (uint32_t j = 0; j < reservations_count; j++) {
            if ((reservations[j].groups & holders[i].groups) != 0)
                flow_lines_add(&lines, j);
        }
        flow_take(flow, flow_class_add(flow, &lines), holders[i].count);
    }
    for (uint32_t i = 0; i < reservations_count; i++)
        empty += flow->free[i];
    return empty;
}
