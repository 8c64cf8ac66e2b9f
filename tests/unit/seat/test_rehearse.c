/* What a preview is told of a drain (R4.2), against the drain that then takes place. */
#include "seat_test.h"

#define HOLDERS 40

struct told {
    uint64_t handles[HOLDERS];
    uint32_t count;
};

static void see(void *context, const struct seat_lease_view *lease)
{
    struct told *told = context;

    told->handles[told->count++] = lease->handle;
}

static enum status rehearse(struct world *world, const struct seat_line *lines, uint32_t count,
                            struct told *told)
{
    struct seat_installation installation = {
        .vendor = ACME, .generation = world->generation + 1, .lines_count = count};
    struct seat_event event = {.kind = SEAT_INSTALL, .installation = &installation, .lines = lines};
    struct seat_drain_watcher watcher = {see, told};
    const char *wrong;
    enum status status;

    memset(installation.payload_hash, 9, 32);
    told->count = 0;
    status = seat_rehearse(world->seats, world->now, &event, &watcher);
    wrong = seats_check(world->seats);
    if (wrong != NULL)
        ok(false, "the core counts itself right after a rehearsal: %s", wrong);
    return status;
}

static bool told_has(const struct told *told, uint64_t handle)
{
    for (uint32_t i = 0; i < told->count; i++) {
        if (told->handles[i] == handle)
            return true;
    }
    return false;
}

static uint32_t count_told_alive(const struct world *world, const struct told *told)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;
    uint32_t count = 0;

    while (seats_next_lease(world->seats, world->now, ACME, 0, &cursor, &view))
        count += told_has(told, view.handle);
    return count;
}

/* To its end, and a ttl more. */
static void pass_drain(struct world *world, uint32_t holders)
{
    world_keep_alive(world, 1, holders, 3600);
    world_tick(world);
    world_keep_alive(world, 1, holders, 90);
    world_tick(world);
}

static void test_what_is_told(void)
{
    struct seat_line lines[2] = {line_of(LA1, SUITE, 20), line_of(LA2, EDITOR, 20)};
    struct world world;
    struct told told, again;
    uint64_t live;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    lines[0].covers[lines[0].covers_count++] = EDITOR;
    world_install(&world, lines, 2);
    for (uint32_t id = 1; id <= HOLDERS; id++)
        checkout(&world, id, id % 4 == 0 ? SUITE : EDITOR);
    live = world_live(&world);
    ok(live == HOLDERS && rehearse(&world, lines, 2, &told) == LICET_OK && told.count == 0,
       "R4.2 where nothing shrinks no lease is named");
    lines[0].seats = 13;
    lines[1].seats = 15;
    rehearse(&world, lines, 2, &told);
    ok(told.count == HOLDERS - 28, "R4.2 a rehearsal names the leases that would end: %u",
       told.count);
    ok(rehearse(&world, lines, 2, &again) == LICET_OK && again.count == told.count &&
           world_live(&world) == live && world_feature(&world, EDITOR).overhang == 0,
       "R4.2 it changes nothing, and says the same again");
    ok(world_replays(&world), "nor what a restart finds");
    world_install(&world, lines, 2);
    pass_drain(&world, HOLDERS);
    ok(world_live(&world) == 28, "R4.5 as many are gone when the drain is over");
    ok(count_told_alive(&world, &told) == 0, "R4.2 and they are those that were named");
    world_end(&world);
}

/* A rehearsal, or a file that cannot be served, in the middle of a drain. */
static void test_running_drain(void)
{
    static struct seat_line many[FAMILY_LINES_MAX + 1];
    struct seat_line line = line_of(LA1, EDITOR, 3);
    struct world world;
    struct told told;

    for (uint32_t i = 0; i <= FAMILY_LINES_MAX; i++)
        many[i] = line_of(i + 1000, EDITOR, 1);
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        world_begin(&world, (struct seats_options){0});
        world_start(&world);
        world_install(&world, &line, 1);
        for (uint32_t id = 1; id <= 3; id++)
            checkout(&world, id, EDITOR);
        line.seats = 1;
        world_install(&world, &line, 1);
        if (is_refused)
            ok(world_install(&world, many, FAMILY_LINES_MAX + 1).status == LICET_TOO_LARGE,
               "a file that cannot be served is refused");
        else
            ok(rehearse(&world, &line, 1, &told) == LICET_OK && told.count == 2,
               "R4.2 leases that a running drain will end are named too");
        pass_drain(&world, 3);
        ok(world_live(&world) == 1, "R4.5 a drain goes on after %s: %llu left",
           is_refused ? "a refused file" : "a rehearsal", (unsigned long long)world_live(&world));
        world_end(&world);
        line.seats = 3;
    }
}

static void test_refusals(void)
{
    struct seat_line line = line_of(LA1, EDITOR, 3);
    struct world world;
    struct told told;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    ok(rehearse(&world, &line, 1, &told) == LICET_OK && told.count == 0 &&
           seats_installation(world.seats, ACME) == NULL,
       "R4.2 a first file can be rehearsed");
    world.generation = 5;
    world_install(&world, &line, 1);
    world.generation = 3;
    ok(rehearse(&world, &line, 1, &told) == LICET_OLD_GENERATION,
       "R4.1 and is refused where the installation would be");
    world_end(&world);
}

int main(void)
{
    test_what_is_told();
    test_running_drain();
    test_refusals();
    return tap_done();
}
