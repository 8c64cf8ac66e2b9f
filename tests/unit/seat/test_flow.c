/*
 * The assignment against brute force: every instance of three lines and three classes of holders
 * within small counts, in every order of coming and one of leaving (R4.3).
 */
#include "seat/flow.h"
#include "tap.h"

enum {
    LINES = 3,
    CLASSES = 3,
    UNITS_MAX = 6
};

struct instance {
    uint32_t seats[LINES], overdraft[LINES];
    uint32_t masks[CLASSES];
};

/* The most units that can be served: all integral assignments are tried, class by class, line by
 * line. */
static uint32_t brute_line(const uint32_t masks[], const uint32_t demand[], uint32_t rooms[],
                           uint32_t class, uint32_t line, uint32_t left);

static uint32_t brute_class(const uint32_t masks[], const uint32_t demand[], uint32_t rooms[],
                            uint32_t class)
{
    return class == CLASSES ? 0 : brute_line(masks, demand, rooms, class, 0, demand[class]);
}

static uint32_t brute_line(const uint32_t masks[], const uint32_t demand[], uint32_t rooms[],
                           uint32_t class, uint32_t line, uint32_t left)
{
    uint32_t best = 0;

    if (line == LINES)
        return brute_class(masks, demand, rooms, class + 1);
    for (uint32_t units = 0; units <= left && units <= rooms[line]; units++) {
        uint32_t served;

        if (units > 0 && (masks[class] >> line & 1) == 0)
            break;
        rooms[line] -= units;
        served = units + brute_line(masks, demand, rooms, class, line + 1, left - units);
        rooms[line] += units;
        best = served > best ? served : best;
    }
    return best;
}

/* The same by the theorem of Hall and Ore: fast enough for every instance; test_theorem() holds it
 * against the assignments. */
static uint32_t cut(const uint32_t masks[], const uint32_t demand[], const uint32_t rooms[])
{
    uint32_t best = UINT32_MAX;

    for (uint32_t set = 0; set < 1u << CLASSES; set++) {
        uint32_t value = 0, mask = 0;

        for (uint32_t class = 0; class < CLASSES; class ++) {
            if ((set >> class & 1) != 0)
                mask |= masks[class];
            else
                value += demand[class];
        }
        for (uint32_t line = 0; line < LINES; line++)
            value += (mask >> line & 1) != 0 ? rooms[line] : 0;
        best = value < best ? value : best;
    }
    return best;
}

static uint32_t rooms_code(uint32_t code, uint32_t rooms[LINES], uint32_t base)
{
    for (uint32_t line = 0; line < LINES; line++) {
        rooms[line] = code % base;
        code /= base;
    }
    return code;
}

static void test_theorem(void)
{
    uint32_t wrong = 0, tried = 0;

    for (uint32_t code = 0; code < 27 * 512; code++) {
        uint32_t rooms[LINES], masks[CLASSES];
        uint32_t rest = rooms_code(code, rooms, 3);

        for (uint32_t class = 0; class < CLASSES; class ++)
            masks[class] = rest >> 3 * class & 7;
        for (uint32_t d = 0; d < 64; d++) {
            uint32_t demand[CLASSES] = {d & 3, d >> 2 & 3, d >> 4 & 3};

            if (demand[0] + demand[1] + demand[2] > 5)
                continue;
            wrong += brute_class(masks, demand, rooms, 0) != cut(masks, demand, rooms);
            tried++;
        }
    }
    ok(wrong == 0, "all integral assignments of %u instances agree with the theorem", tried);
}

static char flow_place[65536];

static struct flow *flow_of(const struct instance *instance)
{
    struct flow *flow = flow_create(flow_place, LINES, CLASSES);

    for (uint32_t line = 0; line < LINES; line++)
        flow_line(flow, line, instance->seats[line], instance->overdraft[line]);
    for (uint32_t class = 0; class < CLASSES; class ++)
        flow_class_add(flow, &(struct flow_lines){{instance->masks[class]}});
    return flow;
}

static bool flow_is_right(struct flow *flow, const struct instance *instance,
                          const uint32_t demand[CLASSES])
{
    uint32_t all[LINES], total = demand[0] + demand[1] + demand[2], served, seated;

    for (uint32_t line = 0; line < LINES; line++)
        all[line] = instance->seats[line] + instance->overdraft[line];
    served = cut(instance->masks, demand, all);
    seated = cut(instance->masks, demand, instance->seats);
    return flow->demand == total && flow->unserved == total - served &&
           flow->overdraft == served - seated && flow_check(flow) == NULL;
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

/* Comes and goes at random within UNITS_MAX, checked at each step; then all leave. */
static uint32_t instance_run(const struct instance *instance, uint32_t *seed)
{
    struct flow *flow = flow_of(instance);
    uint32_t demand[CLASSES] = {0}, total = 0, wrong = 0;

    for (uint32_t step = 0; step < 14; step++) {
        uint32_t class = random_next(seed) % CLASSES, units = 1 + random_next(seed) % 3;
        bool is_taking = random_next(seed) % 5 < 3, uses_overdraft, fits;
        uint64_t unserved = flow->unserved, overdraft = flow->overdraft;

        if (is_taking && total + units <= UNITS_MAX) {
            fits = flow_fits(flow, class, units, &uses_overdraft);
            wrong += !flow_is_right(flow, instance, demand);
            flow_take(flow, class, units);
            demand[class] += units;
            total += units;
            wrong += fits != (flow->unserved == unserved) ||
                     (fits && uses_overdraft != (flow->overdraft > overdraft));
        } else if (!is_taking && demand[class] >= units) {
            flow_give(flow, class, units);
            demand[class] -= units;
            total -= units;
        }
        wrong += !flow_is_right(flow, instance, demand);
    }
    for (uint32_t class = 0; class < CLASSES; class ++)
        flow_give(flow, class, demand[class]);
    return wrong + (flow->demand != 0) + (flow_check(flow) != NULL);
}

static void test_every_instance(void)
{
    uint32_t wrong = 0, tried = 0, seed = 1;

    for (uint32_t code = 0; code < 27 * 8 * 512; code++) {
        struct instance instance;
        uint32_t rest = rooms_code(code, instance.seats, 3);

        rest = rooms_code(rest, instance.overdraft, 2);
        for (uint32_t class = 0; class < CLASSES; class ++)
            instance.masks[class] = rest >> 3 * class & 7;
        wrong += instance_run(&instance, &seed);
        tried++;
    }
    ok(wrong == 0, "R4.3 of %u instances, none is assigned worse than by the best assignment",
       tried);
}

/* From scratch, as after a line's start or end, it comes to the same. */
static void test_solve(void)
{
    uint32_t wrong = 0;

    for (uint32_t code = 0; code < 27 * 512; code++) {
        struct instance instance = {.overdraft = {1, 0, 1}};
        uint32_t rest = rooms_code(code, instance.seats, 3), demand[CLASSES] = {3, 2, 1};
        struct flow *flow;

        for (uint32_t class = 0; class < CLASSES; class ++)
            instance.masks[class] = rest >> 3 * class & 7;
        flow = flow_of(&instance);
        for (uint32_t class = 0; class < CLASSES; class ++)
            flow_take(flow, class, demand[class]);
        flow_clear(flow);
        wrong += flow->unserved != 6;
        for (uint32_t line = 0; line < LINES; line++)
            flow_line(flow, line, instance.seats[line], instance.overdraft[line]);
        flow_solve(flow);
        wrong += !flow_is_right(flow, &instance, demand);
    }
    ok(wrong == 0, "R4.3 a flow solved anew is as good as one kept");
}

/* All ways for holders to sit in reserved seats, tried; three reservations and three kinds of
 * holders. */
static void test_reservations(void)
{
    uint32_t wrong = 0, tried = 0;

    for (uint32_t code = 0; code < 27 * 512; code++) {
        struct seat_reservation reservations[LINES];
        struct flow_holders holders[CLASSES];
        uint32_t rooms[LINES], masks[CLASSES], demand[CLASSES] = {1, 2, 1}, total = 0;
        uint32_t rest = rooms_code(code, rooms, 3);

        for (uint32_t i = 0; i < LINES; i++) {
            reservations[i] = (struct seat_reservation){1, rooms[i], 1u << i};
            total += rooms[i];
        }
        for (uint32_t i = 0; i < CLASSES; i++) {
            masks[i] = rest >> 3 * i & 7;
            holders[i] = (struct flow_holders){masks[i], demand[i]};
        }
        wrong += flow_reserved_empty(flow_place, reservations, LINES, holders, CLASSES) !=
                 total - brute_class(masks, demand, rooms, 0);
        tried++;
    }
    ok(wrong == 0,
       "R4.3 as many holders as possible sit in reserved seats (%u instances); the empty ones "
       "demand",
       tried);
}

/* An empty reserved seat holds back a stranger, and lets in whom it is for. */
static void test_reservation_in_flow(void)
{
    struct instance instance = {.seats = {2, 0, 0}, .masks = {1, 1, 1}};
    struct seat_reservation reservation = {.feature = 3, .seats = 1, .groups = 4};
    struct flow_holders holders[2] = {{0, 1}, {4, 1}};
    static char reserved_place[4096];
    struct flow *flow = flow_of(&instance);
    bool uses_overdraft;

    flow_take(flow, 2, flow_reserved_empty(reserved_place, &reservation, 1, holders, 0));
    ok(flow_fits(flow, 0, 1, &uses_overdraft),
       "R4.3 a stranger takes the seat that is not reserved");
    flow_take(flow, 0, 1);
    ok(!flow_fits(flow, 0, 1, &uses_overdraft), "R4.3 and not the one that is");
    flow_give(flow, 2, 1 - flow_reserved_empty(reserved_place, &reservation, 1, holders, 2));
    ok(flow_fits(flow, 1, 1, &uses_overdraft), "R4.3 whom it is for takes it");
}

/* The largest family: every line its own date and every class its own set of lines. */
static void test_largest(void)
{
    enum {
        LARGE = FAMILY_LINES_MAX
    };
    static char large_place[4 << 20];
    struct flow *flow = flow_create(large_place, LARGE, LARGE);
    bool uses_overdraft;

    for (uint32_t i = 0; i < LARGE; i++) {
        struct flow_lines lines = {{0}};

        for (uint32_t line = i; line < LARGE; line++)
            flow_lines_add(&lines, line);
        flow_class_add(flow, &lines);
        flow_line(flow, i, 1, 0);
    }
    for (uint32_t i = 0; i < LARGE; i++)
        flow_take(flow, i % 2 == 0 ? i / 2 : LARGE / 2 + i / 2, 1);
    ok(flow->unserved == 0 && flow_check(flow) == NULL,
       "R4.3 %d holders find %d lines although the wrong ones were free first", LARGE, LARGE);
    ok(!flow_fits(flow, 0, 1, &uses_overdraft), "R4.3 and nobody finds one more");
    flow_give(flow, LARGE - 1, 1);
    ok(flow->unserved == 0 && flow_fits(flow, 0, 1, &uses_overdraft),
       "R4.3 the one that left at the far end makes room at the near one");
}

int main(void)
{
    test_theorem();
    test_every_instance();
    test_solve();
    test_reservations();
    test_reservation_in_flow();
    test_largest();
    return tap_done();
}
