/*
 * Everything at once, from a seed: requests, renewals, installations of other lines, time, clocks
 * that leap, restarts. After each event the core counts itself again; often the journal and the
 * snapshot are folded.
 */
#include "seat_test.h"

enum {
    IDS = 60,
    EVENTS = 4000,
    SEEDS = 12
};

static uint32_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static uint32_t random_below(uint64_t *seed, uint32_t limit)
{
    return random_next(seed) % limit;
}

static struct seat_line soak_line(const struct world *world, name_id sn, uint64_t *seed)
{
    struct seat_line line = line_of(sn, EDITOR + random_below(seed, 4), random_below(seed, 8));
    int64_t utc = world->now.utc.s;

    line.overdraft = random_below(seed, 3) == 0 ? random_below(seed, 3) : 0;
    line.maintenance = random_below(seed, 3) == 0 ? DATE_NONE : 20000 + 50 * random_below(seed, 3);
    line.ttl_s = 10 + 20 * random_below(seed, 3);
    line.drain_s = 30 * random_below(seed, 5);
    if (random_below(seed, 3) == 0)
        line.expiry = utc - 50 + random_below(seed, 300);
    if (random_below(seed, 5) == 0)
        line.refresh_by = utc + random_below(seed, 300);
    if (random_below(seed, 5) == 0)
        line.start = utc - 50 + random_below(seed, 200);
    if (random_below(seed, 10) == 0)
        line.state = LINE_UNKNOWN_FIELD;
    while (random_below(seed, 2) == 0 && line.covers_count < 3)
        line.covers[line.covers_count++] = EDITOR + random_below(seed, 4);
    return line;
}

static void soak_install(struct world *world, uint64_t *seed)
{
    struct seat_line lines[4];
    uint32_t count = 0;

    for (uint32_t i = 0; i < 4; i++) {
        if (random_below(seed, 5) > 0)
            lines[count++] = soak_line(world, LA1 + i, seed);
    }
    if (world_install(world, lines, count).status != LICET_OK)
        ok(false, "an installation is accepted");
}

static void soak_checkout(struct world *world, uint64_t *seed)
{
    uint32_t number = random_below(seed, IDS);
    /* Most ids ask for one thing all their life; that their holders change their minds is tried
     * too. */
    struct seat_event event =
        event_of(SEAT_CHECKOUT, number + 1, EDITOR + (number + (random_below(seed, 20) == 0)) % 4,
                 1 + number % 3);

    event.release = number % 5 == 0 ? 0 : 19980 + 30 * (number % 5);
    event.source = number % 2 == 0 ? SRC_A : SRC_B;
    world_step(world, &event);
}

static void soak_time(struct world *world, uint64_t *seed)
{
    uint32_t kind = random_below(seed, 40);

    world_pass_ms(world, random_below(seed, kind == 0 ? 700000 : 9000));
    if (kind == 1)
        world->now.utc.s += (int64_t)random_below(seed, 10 * 365) * DAY;
    else if (kind == 2 && world->now.utc.s > NOON)
        world->now.utc.s = NOON + random_below(seed, 1000);
    else if (kind == 3)
        world->now.utc.s -= random_below(seed, 500);
    world_tick(world);
}

static void soak_event(struct world *world, uint64_t *seed)
{
    uint32_t kind = random_below(seed, 100);

    if (kind < 35)
        soak_checkout(world, seed);
    else if (kind < 60)
        renew(world, 1 + random_below(seed, IDS));
    else if (kind < 75)
        checkin(world, 1 + random_below(seed, IDS));
    else if (kind < 97)
        soak_time(world, seed);
    else if (kind < 99)
        soak_install(world, seed);
    else
        world_restart(world, random_below(seed, 100000));
}

static void soak(uint64_t seed)
{
    struct world world;
    uint32_t wrong = 0;

    world_begin(&world, (struct seats_options){.leases_max = 48, .names_max = 1000});
    world_start(&world);
    for (uint32_t event = 0; event < EVENTS; event++) {
        soak_event(&world, &seed);
        if (event % 50 == 0)
            wrong += !world_replays(&world);
    }
    ok(wrong == 0 && tap_failures == 0, "%d events, %d records: it counts and folds", EVENTS,
       (int)world.records_count);
    world_end(&world);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        soak(seed);
    return tap_done();
}
