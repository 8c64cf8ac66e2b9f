/*
 * Whole cores against brute force: every installation of three lines within small counts, with
 * covers, maintenance dates, overdraft and an end within the ttl; holders of up to two seats each
 * come and go, and every decision is compared with all integral assignments (R4.3, R4.4).
 */
#include "seat_test.h"

enum {
    LINES = 3,
    HOLDERS = 6,
    END = 30
};

struct holder {
    uint32_t id; /* 0: none */
    name_id feature;
    uint32_t release;
    uint32_t count;
    bool is_beyond; /* it was promised time after the end */
};

struct model {
    struct seat_line lines[LINES];
    struct holder holders[HOLDERS];
};

static bool model_may_sit(const struct seat_line *line, const struct holder *holder)
{
    bool has = line->feature == holder->feature;

    for (uint32_t i = 0; i < line->covers_count; i++)
        has |= line->covers[i] == holder->feature;
    return has && line->maintenance >= holder->release;
}

/* The most units of holders from `index` on that can sit, unit by unit on every line. */
static uint32_t model_best(const struct model *model, uint32_t index, uint32_t unit,
                           uint32_t rooms[LINES], bool beyond)
{
    const struct holder *holder = &model->holders[index];
    uint32_t best;

    if (index == HOLDERS)
        return 0;
    if (holder->id == 0 || unit == holder->count || (beyond && !holder->is_beyond))
        return model_best(model, index + 1, 0, rooms, beyond);
    best = model_best(model, index, unit + 1, rooms, beyond);
    for (uint32_t line = 0; line < LINES; line++) {
        uint32_t served;

        if (rooms[line] == 0 || !model_may_sit(&model->lines[line], holder))
            continue;
        rooms[line]--;
        served = 1 + model_best(model, index, unit + 1, rooms, beyond);
        rooms[line]++;
        best = served > best ? served : best;
    }
    return best;
}

static uint32_t model_flow(const struct model *model, bool beyond)
{
    uint32_t rooms[LINES];

    for (uint32_t line = 0; line < LINES; line++) {
        rooms[line] = model->lines[line].seats + model->lines[line].overdraft;
        if (beyond && model->lines[line].expiry != 0)
            rooms[line] = 0;
    }
    return model_best(model, 0, 0, rooms, beyond);
}

static struct model model_of(uint32_t code)
{
    static const name_id features[LINES] = {SUITE, EDITOR, VIEWER};
    struct model model = {0};

    for (uint32_t i = 0; i < LINES; i++) {
        struct seat_line *line = &model.lines[i];

        *line = line_of(LA1 + i, features[i], 1 + (code & 1));
        line->maintenance = (code >> 1 & 1) != 0 ? 20000 : 20100;
        line->expiry = (code >> 2 & 1) != 0 ? NOON + END : 0;
        line->overdraft = i == 1 ? code >> 3 & 1 : 0;
        code >>= i == 1 ? 4 : 3;
    }
    for (uint32_t i = 1; i < LINES; i++) {
        if ((code >> (i - 1) & 1) != 0)
            model.lines[0].covers[model.lines[0].covers_count++] = features[i];
    }
    return model;
}

static uint32_t random_next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static struct seat_reply model_ask(struct world *world, const struct holder *holder)
{
    struct seat_event event = event_of(SEAT_CHECKOUT, holder->id, holder->feature, holder->count);

    event.release = holder->release;
    return world_step(world, &event);
}

/* One more holder, or none: what the core says must be what the assignments say. */
static uint32_t model_come(struct model *model, struct world *world, uint32_t place, uint32_t id,
                           bool has_end, uint32_t *seed)
{
    static const name_id features[] = {SUITE, EDITOR, VIEWER};
    static const uint32_t releases[] = {0, 20000, 20050};
    struct holder *holder = &model->holders[place];
    uint32_t now = model_flow(model, false), beyond = model_flow(model, true);
    struct seat_reply reply;
    bool fits, fits_beyond;

    *holder = (struct holder){.id = id,
                              .feature = features[random_next(seed) % 3],
                              .release = releases[random_next(seed) % 3],
                              .count = 1 + random_next(seed) % 2,
                              .is_beyond = true};
    fits = model_flow(model, false) == now + holder->count;
    fits_beyond = model_flow(model, true) == beyond + holder->count;
    reply = model_ask(world, holder);
    holder->is_beyond = fits_beyond;
    if (!fits)
        holder->id = 0;
    if ((reply.status == LICET_OK) != fits)
        return 1;
    return fits && (reply.end == 0) != (fits_beyond || !has_end);
}

static uint32_t model_run(uint32_t code, uint32_t *seed)
{
    struct model model = model_of(code);
    struct world world;
    uint32_t wrong = 0;
    bool has_end = model.lines[0].expiry + model.lines[1].expiry + model.lines[2].expiry != 0;

    world_begin(&world, (struct seats_options){.names_max = 1000, .leases_max = 100});
    world_start(&world);
    wrong += world_install(&world, model.lines, LINES).status != LICET_OK;
    for (uint32_t id = 1; id <= 16; id++) {
        uint32_t place = random_next(seed) % HOLDERS;

        if (model.holders[place].id == 0) {
            wrong += model_come(&model, &world, place, id, has_end, seed);
        } else {
            wrong += checkin(&world, model.holders[place].id).status != LICET_OK;
            model.holders[place].id = 0;
        }
    }
    wrong += !world_replays(&world);
    world_end(&world);
    return wrong;
}

int main(void)
{
    uint32_t wrong = 0, seed = 7, tried = 0;

    for (uint32_t code = 0; code < 1u << 12; code++) {
        wrong += model_run(code, &seed);
        tried++;
    }
    ok(wrong == 0, "R4.3 R4.4 in %u installations every decision is that of the best assignment",
       tried);
    return tap_done();
}
