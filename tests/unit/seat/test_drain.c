/*
 * Whom the end of a drain marks, against brute force over all sets of leases (R4.5): the fewest
 * whose leaving lets the rest fit, and among such sets the newest. Exact where every lease counts
 * one; with mixed counts the test says how near it comes.
 */
#include "seat_test.h"

enum {
    LINES = 3,
    HOLDERS = 7
};

struct holder {
    name_id feature;
    uint32_t release;
    uint32_t count;
    uint64_t handle;
};

struct model {
    struct seat_line lines[LINES];
    struct holder holders[HOLDERS];
};

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static bool model_may_sit(const struct seat_line *line, const struct holder *holder)
{
    bool has = line->feature == holder->feature;

    for (uint32_t i = 0; i < line->covers_count; i++)
        has |= line->covers[i] == holder->feature;
    return has && line->maintenance >= holder->release;
}

/* Do all holders outside of `gone` fit? Every unit is tried on every line. */
static bool model_fits(const struct model *model, uint32_t gone, uint32_t index, uint32_t unit,
                       uint32_t rooms[LINES])
{
    if (index == HOLDERS)
        return true;
    if ((gone >> index & 1) != 0 || unit == model->holders[index].count)
        return model_fits(model, gone, index + 1, 0, rooms);
    for (uint32_t line = 0; line < LINES; line++) {
        bool fits;

        if (rooms[line] == 0 || !model_may_sit(&model->lines[line], &model->holders[index]))
            continue;
        rooms[line]--;
        fits = model_fits(model, gone, index, unit + 1, rooms);
        rooms[line]++;
        if (fits)
            return true;
    }
    return false;
}

/* The best set as a mask: holders are numbered by age, so among equals the greater mask is newer.
 */
static uint32_t model_best(const struct model *model)
{
    uint32_t best = (1u << HOLDERS) - 1;
    uint32_t rooms[LINES];

    for (uint32_t line = 0; line < LINES; line++)
        rooms[line] = model->lines[line].seats + model->lines[line].overdraft;
    for (uint32_t gone = 0; gone < 1u << HOLDERS; gone++) {
        int fewer = __builtin_popcount(gone) - __builtin_popcount(best);

        if ((fewer < 0 || (fewer == 0 && gone > best)) && model_fits(model, gone, 0, 0, rooms))
            best = gone;
    }
    return best;
}

static struct model model_of(uint32_t *seed, uint32_t count_max)
{
    static const name_id features[] = {SUITE, EDITOR, VIEWER};
    struct model model = {0};

    for (uint32_t i = 0; i < LINES; i++) {
        model.lines[i] = line_of(LA1 + i, features[i], 100);
        model.lines[i].maintenance = 20000 + 100 * (random_next(seed) % 3);
        model.lines[i].drain_s = 30;
    }
    model.lines[2].maintenance = DATE_NONE;
    for (uint32_t i = 1; i < LINES; i++) {
        if (random_next(seed) % 2 == 0)
            model.lines[0].covers[model.lines[0].covers_count++] = features[i];
    }
    if (random_next(seed) % 2 == 0)
        model.lines[1].covers[model.lines[1].covers_count++] = VIEWER;
    for (uint32_t i = 0; i < HOLDERS; i++)
        model.holders[i] = (struct holder){.feature = features[random_next(seed) % 3],
                                           .release = 19950 + 100 * (random_next(seed) % 3),
                                           .count = 1 + random_next(seed) % count_max};
    return model;
}

static void model_check_out(struct model *model, struct world *world)
{
    for (uint32_t i = 0; i < HOLDERS; i++) {
        struct holder *holder = &model->holders[i];
        struct seat_event event = event_of(SEAT_CHECKOUT, i + 1, holder->feature, holder->count);
        struct seat_reply reply;

        event.release = holder->release;
        reply = world_step(world, &event);
        holder->handle = reply.handle;
        if (reply.status != LICET_OK)
            holder->count = 0; /* no line is new enough: it holds nothing and lacks nothing */
    }
}

static uint32_t model_marked(const struct model *model, const struct world *world)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;
    uint32_t marked = 0;

    while (seats_next_lease(world->seats, world->now, ACME, 0, &cursor, &view)) {
        for (uint32_t i = 0; i < HOLDERS; i++) {
            if (view.is_ending && model->holders[i].count > 0 &&
                model->holders[i].handle == view.handle)
                marked |= 1u << i;
        }
    }
    return marked;
}

/* Marks of one instance, and what they should be. */
static uint32_t model_run(uint32_t *seed, uint32_t count_max, uint32_t *ret_best, bool *ret_fits)
{
    struct model model = model_of(seed, count_max);
    uint32_t rooms[LINES], marked;
    struct world world;

    world_begin(&world, (struct seats_options){.names_max = 1000, .leases_max = 100});
    world_start(&world);
    world_install(&world, model.lines, LINES);
    model_check_out(&model, &world);
    for (uint32_t i = 0; i < LINES; i++) {
        model.lines[i].seats = random_next(seed) % 4;
        model.lines[i].overdraft = random_next(seed) % 2;
        rooms[i] = model.lines[i].seats + model.lines[i].overdraft;
    }
    world_install(&world, model.lines, LINES);
    world_pass_ms(&world, 30000);
    world_tick(&world);
    marked = model_marked(&model, &world);
    *ret_best = model_best(&model);
    *ret_fits = model_fits(&model, marked, 0, 0, rooms);
    world_end(&world);
    return marked;
}

static void test_counts_of_one(void)
{
    uint32_t wrong = 0, seed = 3, best;
    bool fits;

    for (uint32_t i = 0; i < 2000; i++)
        wrong += model_run(&seed, 1, &best, &fits) != best || !fits;
    ok(wrong == 0,
       "R4.5 of 2000 drains of single seats each marks the fewest, and the newest such");
}

static void test_mixed_counts(void)
{
    uint32_t unfit = 0, more = 0, older = 0, seed = 5, best;
    bool fits;

    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t marked = model_run(&seed, 3, &best, &fits);

        unfit += !fits;
        more += __builtin_popcount(marked) > __builtin_popcount(best);
        older += __builtin_popcount(marked) == __builtin_popcount(best) && marked != best;
    }
    ok(unfit == 0, "R4.5 with mixed counts the rest always fits");
    ok(more <= 40 && older <= 200,
       "R4.5 of 2000 drains of mixed counts, %u mark more than the fewest, %u as few but older "
       "ones",
       more, older);
}

int main(void)
{
    test_counts_of_one();
    test_mixed_counts();
    return tap_done();
}
