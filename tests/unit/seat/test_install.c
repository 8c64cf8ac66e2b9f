/* Generations, covers, maintenance dates, overdraft, fewer seats than in use, drains (R1.3, R4.1,
 * R4.3, R4.5, R5.1). */
#include "seat_test.h"

static uint32_t world_held_over(const struct world *world, name_id sn)
{
    struct seat_line line = {0};
    uint64_t cursor = 0;

    while (seats_next_line(world->seats, ACME, &cursor, &line)) {
        if (line.sn == sn)
            return line.held_over;
    }
    return UINT32_MAX;
}

static uint32_t world_marks(const struct world *world)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;
    uint32_t marks = 0;

    while (seats_next_lease(world->seats, world->now, ACME, 0, &cursor, &view))
        marks += view.is_ending;
    return marks;
}

/* Is the lease that was granted under this handle marked? */
static bool world_is_marked(const struct world *world, uint64_t handle)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;

    while (seats_next_lease(world->seats, world->now, ACME, 0, &cursor, &view)) {
        if (view.handle == handle)
            return view.is_ending;
    }
    return false;
}

static void test_generations(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 1);
    uint64_t records;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    ok(world_install_of(&world, ACME, 5, &line, 1).status == LICET_OK, "R4.1 any first generation");
    records = world.records_count;
    ok(world_install_of(&world, ACME, 5, &line, 1).status == LICET_OK &&
           world.records_count == records,
       "R4.1 the same again is installed already and writes nothing");
    ok(world_install_of(&world, ACME, 4, &line, 1).status == LICET_OLD_GENERATION,
       "R4.1 an older generation is refused");
    ok(world_install_of(&world, ACME, 1006, &line, 1).status == LICET_INVALID &&
           world_install_of(&world, ACME, 1005, &line, 1).status == LICET_OK,
       "R4.1 one more than 1000 above is refused");
    ok(world_install_of(&world, OTHER, 1, &line, 1).status == LICET_OK,
       "R3.5 another vendor counts for itself");
    ok(checkout(&world, 1, EDITOR).status == LICET_OK &&
           checkout(&world, 2, EDITOR).status == LICET_NO_SEAT,
       "R1.1 a pool is a vendor's feature: the same name of another adds nothing");
    ok(seats_installation(world.seats, ACME)->generation == 1005 &&
           seats_installation(world.seats, 99) == NULL,
       "what is installed can be asked");
    ok(world_replays(&world), "installations fold");
    world_end(&world);
}

static void test_refused_lines(void)
{
    struct world world;
    static struct seat_line lines[LICENSE_LINES_MAX + 1];

    world_begin(&world, (struct seats_options){.pools_max = 300});
    world_start(&world);
    for (uint32_t i = 0; i <= LICENSE_LINES_MAX; i++)
        lines[i] = line_of(i + 1000, EDITOR, 1);
    world_install(&world, lines, 1);
    checkout(&world, 1, EDITOR);
    ok(world_install(&world, lines, FAMILY_LINES_MAX).status == LICET_OK,
       "R4.3 256 lines a family");
    ok(world_install(&world, lines, FAMILY_LINES_MAX + 1).status == LICET_TOO_LARGE &&
           world.event_records == 0,
       "R4.3 one line more is refused before anything is recorded");
    ok(checkout(&world, 2, EDITOR).generation == 2, "and what was installed serves on");
    ok(world_install(&world, lines, LICENSE_LINES_MAX + 1).status == LICET_TOO_LARGE,
       "a file has 4,096 lines at most");
    for (uint32_t i = 0; i <= LICENSE_LINES_MAX; i++)
        lines[i].feature = 10000 + i;
    ok(world_install(&world, lines, 301).status == LICET_OVER_LIMIT, "more features than places");
    lines[1].sn = lines[0].sn;
    ok(world_install(&world, lines, 2).status == LICET_INVALID, "two lines of one serial number");
    ok(checkin(&world, 1).status == LICET_OK && world_replays(&world), "nothing of it remains");
    world_end(&world);
}

static void test_maintenance(void)
{
    struct world world;
    struct seat_line lines[2] = {line_of(LA1, EDITOR, 1), line_of(LA2, EDITOR, 1)};

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    lines[0].maintenance = 20000;
    lines[1].maintenance = 20100;
    world_install(&world, lines, 2);
    ok(checkout_release(&world, 1, EDITOR, 20101).status == LICET_MAINTENANCE,
       "R1.3 a release after every maintenance date is refused");
    ok(checkout_release(&world, 1, EDITOR, 20000).status == LICET_OK,
       "R1.3 the day itself is served");
    ok(checkout_release(&world, 2, EDITOR, 20100).status == LICET_OK,
       "R4.3 an old release moves over for a new one");
    ok(checkout(&world, 3, EDITOR).status == LICET_NO_SEAT, "R1.3 without a date any line fits");
    world_end(&world);
}

static void test_covers(void)
{
    struct world world;
    struct seat_line lines[2] = {line_of(LA1, SUITE, 1), line_of(LA2, EDITOR, 1)};

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    lines[0].covers[lines[0].covers_count++] = EDITOR;
    lines[0].covers[lines[0].covers_count++] = VIEWER;
    world_install(&world, lines, 2);
    ok(checkout(&world, 1, EDITOR).status == LICET_OK &&
           checkout(&world, 2, VIEWER).status == LICET_OK,
       "R4.3 the editor moves to its own line when the viewer needs the suite");
    ok(checkout(&world, 3, SUITE).status == LICET_NO_SEAT, "R4.3 until no assignment is left");
    checkin(&world, 2);
    ok(checkout(&world, 3, SUITE).status == LICET_OK, "R4.3 the suite's own holder");
    ok(world_feature(&world, VIEWER).lines_count == 0 && world_feature(&world, VIEWER).seats == 0,
       "a covered feature has no line of its own");
    ok(world_replays(&world), "covers fold");
    world_end(&world);
}

static void test_overdraft(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);
    struct seat_reply reply;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.overdraft = 1;
    world_install(&world, &line, 1);
    ok(checkout(&world, 1, EDITOR).flags == 0, "R4.3 seats come first");
    reply = checkout_count(&world, 2, EDITOR, 2);
    ok(reply.status == LICET_OK && reply.flags == SEAT_FLAG_OVERDRAFT && reply.count == 2,
       "R4.3 a count of 2 may take a seat and an overdraft, and says so");
    ok(world_feature(&world, EDITOR).overdraft_in_use == 1, "R4.3 overdraft in use is counted");
    checkin(&world, 1);
    ok(world_feature(&world, EDITOR).overdraft_in_use == 0,
       "R4.3 it is demand less what seats alone could serve, whoever sits where");
    ok(checkout_count(&world, 3, EDITOR, 2).status == LICET_NO_SEAT, "R4.3 all of a count or none");
    ok(world_replays(&world), "overdraft folds");
    world_end(&world);
}

static void test_held_over(void)
{
    struct world world;
    struct seat_line lines[2] = {line_of(LA1, EDITOR, 10), line_of(LA2, VIEWER, 5)};

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    world_install(&world, lines, 2);
    for (uint32_t id = 1; id <= 8; id++)
        checkout(&world, id, EDITOR);
    lines[0].seats = 6;
    world_install(&world, lines, 2);
    ok(world_feature(&world, EDITOR).overhang == 2 && world_live(&world) == 8,
       "R4.5 no lease that runs is taken away; what is lacking is the overhang");
    ok(world_held_over(&world, LA1) == 2, "R5.1 4 seats are lost, but only 2 are still in use");
    ok(checkout(&world, 9, EDITOR).status == LICET_NO_SEAT,
       "R4.5 nothing new is granted meanwhile");
    ok(renew(&world, 8).ttl_ms == 60000, "R4.5 renewals go on during the drain");
    checkin(&world, 1);
    ok(world_held_over(&world, LA1) == 1, "R5.1 it never exceeds the overhang");
    ok(world_replays(&world), "held-over counts fold");
    lines[0].seats = 7;
    world_install(&world, lines, 2);
    ok(world_held_over(&world, LA1) == 0 && world_feature(&world, EDITOR).overhang == 0,
       "R5.1 a seat gained lowers it");
    world_install(&world, &lines[1], 1);
    ok(world_held_over(&world, LA1) == 7 && world_feature(&world, EDITOR).overhang == 7,
       "R5.1 a vanished line keeps its row while seats of it are in use");
    ok(checkout(&world, 10, EDITOR).status == LICET_NO_FEATURE, "nobody new on a vanished line");
    ok(world_replays(&world), "vanished lines fold");
    for (uint32_t id = 2; id <= 8; id++)
        checkin(&world, id);
    ok(world_held_over(&world, LA1) == UINT32_MAX, "R5.1 and no longer");
    ok(world_replays(&world), "and fold when they are gone");
    world_end(&world);
}

/* The seats of a suite that loses its cover are still in use by those who sat there under it. */
static void test_lost_cover(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, SUITE, 4);

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.covers[line.covers_count++] = EDITOR;
    world_install(&world, &line, 1);
    for (uint32_t id = 1; id <= 4; id++)
        checkout(&world, id, EDITOR);
    line.covers_count = 0;
    line.seats = 1;
    world_install(&world, &line, 1);
    ok(world_feature(&world, EDITOR).overhang == 4 && world_held_over(&world, LA1) == 3,
       "R5.1 seats lost with a cover stay held over while its holders run");
    world_keep_alive(&world, 1, 4, 600);
    ok(world_live(&world) == 4, "R4.5 they drain as the old line says");
    ok(world_replays(&world), "lost covers fold");
    world_restart(&world, 0);
    world_keep_alive(&world, 1, 4, 3100);
    world_tick(&world);
    ok(world_marks(&world) == 4, "R4.5 also after a restart");
    world_end(&world);
}

static void test_drain(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 4);
    struct seat_reply replies[5], reply;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.drain_s = 600;
    world_install(&world, &line, 1);
    for (uint32_t id = 1; id <= 4; id++)
        replies[id] = checkout(&world, id, EDITOR);
    line.seats = 2;
    line.drain_s = 60;
    world_install(&world, &line, 1);
    world_keep_alive(&world, 1, 4, 570);
    world_tick(&world);
    ok(world_marks(&world) == 0, "R4.5 the longer drain of the old and the new line counts");
    world_keep_alive(&world, 1, 4, 30);
    world_tick(&world);
    ok(world_marks(&world) == 2 && world_is_marked(&world, replies[3].handle) &&
           world_is_marked(&world, replies[4].handle),
       "R4.5 at its end the newest that are too many are marked, one record each");
    reply = renew(&world, 4);
    ok(reply.status == LICET_NO_SEAT && reply.denial.is_ending && reply.ttl_ms == 60000,
       "R4.5 who is marked is not renewed, and told how long it has");
    ok(renew(&world, 1).status == LICET_OK, "R4.5 only these");
    ok(checkout(&world, 4, EDITOR).ttl_ms == 60000, "R8.1 a re-claim is still its own");
    ok(world_replays(&world), "marks fold");
    world_restart(&world, 0);
    world_tick(&world);
    ok(world_marks(&world) == 2 && renew(&world, 4).status == LICET_NO_SEAT,
       "R4.5 a restart keeps the marks and makes no more");
    world_keep_alive(&world, 1, 2, 90);
    world_tick(&world);
    ok(world_live(&world) == 2 && world_feature(&world, EDITOR).overhang == 0,
       "R4.5 then the rest fits");
    world_end(&world);
}

/* A wall clock that leaps does not end a drain; a restart takes up what is left of it. */
static void test_drain_clock(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    world_install(&world, &line, 1);
    checkout(&world, 1, EDITOR);
    checkout(&world, 2, EDITOR);
    line.seats = 1;
    world_install(&world, &line, 1);
    world.now.utc.s += 10 * 365 * DAY;
    world_tick(&world);
    ok(world_marks(&world) == 0, "R4.5 a clock set ahead ends no drain early");
    world.now.utc.s -= 10 * 365 * DAY;
    world_keep_alive(&world, 1, 2, 1800);
    world_restart(&world, 0);
    world_keep_alive(&world, 1, 2, 1770);
    world_tick(&world);
    ok(world_marks(&world) == 0, "R4.5 a restart does not shorten it");
    world_keep_alive(&world, 1, 2, 30);
    world_tick(&world);
    ok(world_marks(&world) == 1, "R4.5 nor make it longer");
    world_end(&world);
}

/* R4.2: a generation without lines retires the server; R2.5: a line that is disabled serves nobody
 * new. */
static void test_nothing_left(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);
    struct seat_reply lease;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.drain_s = 600;
    world_install(&world, &line, 1);
    lease = checkout(&world, 1, EDITOR);
    line.state = LINE_UNKNOWN_FIELD;
    line.drain_s = 60;
    world_install(&world, &line, 1);
    ok(checkout(&world, 2, EDITOR).status == LICET_DISABLED,
       "R2.5 a disabled line serves nobody new");
    world_restart(&world, 0);
    world_keep_alive(&world, 1, 1, 570);
    world_tick(&world);
    ok(!world_is_marked(&world, lease.handle),
       "R4.5 its holders drain as long as it was told before");
    world_keep_alive(&world, 1, 1, 30);
    world_tick(&world);
    ok(world_is_marked(&world, lease.handle), "R4.5 and no longer");
    ok(checkout(&world, 1, EDITOR).status == LICET_OK, "R8.1 a re-claim until the deadline");
    world_pass_ms(&world, 60500);
    ok(checkout(&world, 1, EDITOR).status == LICET_LEASE_ENDED, "and not within the margin");
    world_install(&world, NULL, 0);
    ok(world_feature(&world, EDITOR).overhang == 1 && world_held_over(&world, LA1) == 1,
       "R4.2 R5.1 after retiring, the seat still in use is held over");
    world_pass_ms(&world, 500);
    world_tick(&world);
    ok(world_live(&world) == 0 && world_held_over(&world, LA1) == UINT32_MAX,
       "R4.2 and with the last lease everything is free");
    ok(checkout(&world, 3, EDITOR).status == LICET_NO_FEATURE, "there is nothing to hold");
    ok(world_replays(&world), "retirement folds");
    world_end(&world);
}

/* Mixed counts: 5 seats less one; a lease of 1 is enough, and the newest such. */
static void test_drain_counts(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 6);
    struct seat_reply replies[5];

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    world_install(&world, &line, 1);
    replies[1] = checkout_count(&world, 1, EDITOR, 3);
    replies[2] = checkout_count(&world, 2, EDITOR, 1);
    replies[3] = checkout_count(&world, 3, EDITOR, 1);
    replies[4] = checkout_count(&world, 4, EDITOR, 1);
    line.seats = 5;
    world_install(&world, &line, 1);
    world_keep_alive(&world, 1, 4, 3600);
    world_tick(&world);
    ok(world_marks(&world) == 1 && world_is_marked(&world, replies[4].handle),
       "R4.5 one leaves, and it is the newest whose leaving is enough");
    line.seats = 3;
    world_install(&world, &line, 1);
    world_keep_alive(&world, 1, 3, 3600);
    world_tick(&world);
    ok(world_marks(&world) == 1 && world_is_marked(&world, replies[1].handle),
       "R4.5 the fewest: one of three seats rather than two of one");
    world_end(&world);
}

/* Holders of two kinds: whoever could sit on what is left is not marked for another's lack. */
static void test_drain_classes(void)
{
    struct world world;
    struct seat_line lines[2] = {line_of(LA1, EDITOR, 3), line_of(LA2, EDITOR, 3)};
    struct seat_reply old_one, new_one;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    lines[0].maintenance = 20000;
    lines[1].maintenance = 20100;
    world_install(&world, lines, 2);
    new_one = checkout_release(&world, 1, EDITOR, 20050);
    old_one = checkout_release(&world, 2, EDITOR, 19000);
    lines[0].seats = 1;
    lines[1].seats = 0;
    world_install(&world, lines, 2);
    world_keep_alive(&world, 1, 2, 3600);
    world_tick(&world);
    ok(world_is_marked(&world, new_one.handle) && !world_is_marked(&world, old_one.handle),
       "R4.5 the older lease leaves where only its leaving lets the rest fit");
    world_end(&world);
}

static void test_large_drain(void)
{
    enum {
        COUNT = 3000
    };
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, COUNT);

    world_begin(&world, (struct seats_options){0});
    world.is_checked = false;
    world_start(&world);
    line.ttl_s = LEASE_TTL_SECONDS_MAX;
    line.drain_s = 60;
    world_install(&world, &line, 1);
    for (uint32_t id = 1; id <= COUNT; id++)
        checkout(&world, id, EDITOR);
    line.seats = 500;
    world_install(&world, &line, 1);
    world_pass_ms(&world, 60000);
    for (int ticks = 0; ticks < 3; ticks++)
        world_tick(&world);
    ok(world_marks(&world) == 2500, "R4.5 2,500 marks come in events of bounded size");
    ok(world_is_marked(&world, world.records_count) == false && seats_check(world.seats) == NULL &&
           world_replays(&world),
       "and fold");
    world_end(&world);
}

/* Several families drain at one moment, each with as many marks as one set of effects holds. */
static void test_drains_together(void)
{
    struct world world;
    struct seat_line lines[3] = {line_of(LA1, EDITOR, 40), line_of(LA2, VIEWER, 40),
                                 line_of(LA3, SOLVER, 40)};

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    for (uint32_t i = 0; i < 3; i++)
        lines[i].ttl_s = 86400;
    world_install(&world, lines, 3);
    for (uint32_t id = 1; id <= 120; id++)
        checkout(&world, id, EDITOR + (id % 3 == 2 ? 3 : id % 3));
    for (uint32_t i = 0; i < 3; i++)
        lines[i].seats = 24;
    world_install(&world, lines, 3);
    world_pass_ms(&world, 3600 * 1000);
    world_tick(&world);
    ok(world_marks(&world) == 48, "R4.5 three families with 16 marks each in one tick");
    ok(world.effects.next_timer.ms > world.now.instant.ms && world_replays(&world),
       "and no tick is wanted at once");
    world_end(&world);
}

static void test_damage(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 5);
    struct seat_record record;
    void *memory;
    struct seats *seats;
    struct error error;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    world_install(&world, &line, 1);
    checkout(&world, 1, EDITOR);
    checkin(&world, 1);
    seats = world_replay(&world, &memory);
    record = world.records[world.records_count - 1];
    ok(seat_apply(seats, world.records_count + 1, &record, &error) == LICET_DAMAGED,
       "a journal that ends a lease twice is not ours");
    ok(seat_apply(seats, world.records_count, &record, &error) == LICET_DAMAGED,
       "nor is one whose numbers do not rise");
    record = world.records[0];
    ok(seat_apply(seats, world.records_count + 1, &record, &error) == LICET_DAMAGED,
       "nor one whose epoch does not");
    record = world.records[2];
    ok(record.kind == SEAT_RECORD_LINE &&
           seat_apply(seats, world.records_count + 1, &record, &error) == LICET_DAMAGED,
       "nor one with a line outside an installation");
    record.kind = (enum seat_record_kind)99;
    ok(seat_apply(seats, world.records_count + 1, &record, &error) == LICET_DAMAGED,
       "a kind that is not known needs a newer licetd");
    ok(seats_are_equal(seats, world.seats), "what is refused changes nothing");
    munmap(memory, seats_memory(&world.options));
    world_end(&world);
}

int main(void)
{
    test_generations();
    test_refused_lines();
    test_maintenance();
    test_covers();
    test_overdraft();
    test_held_over();
    test_lost_cover();
    test_drain();
    test_drain_clock();
    test_nothing_left();
    test_drain_counts();
    test_drain_classes();
    test_drains_together();
    test_large_drain();
    test_damage();
    return tap_done();
}
