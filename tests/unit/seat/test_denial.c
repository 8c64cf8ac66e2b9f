/* The sentences of refusals: cause, time, and who can help. */
#include "seat/denial.h"
#include "seat_test.h"

static struct names *names;

/* The names of the tests' numbers, so that sentences read as they will. */
static void names_fill(void)
{
    static const char *const texts[] = {
        "acme", "other", "editor", "viewer", "suite",  "solver", "LA-1",     "LA-2",
        "LA-3", "LA-4",  "alice",  "bob",    "host-a", "host-b", "10.0.0.1", "10.0.0.2"};
    static const uint8_t key[16];
    name_id id;
    bool is_new;

    names = names_create(
        mmap(NULL, names_memory(1000), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        1000, key);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        names_intern(names, text_of(texts[i]), &id, &is_new, NULL);
}

static void says(struct seat_reply reply, enum status status, const char *expected)
{
    char place[512];
    struct buf buf = buf_over(place, sizeof(place) - 1);

    seat_denial_print(&reply, names, &buf);
    place[buf.size] = '\0';
    ok(reply.status == status, "%s is the status", status_word(status));
    tap_is(place, expected, expected);
}

static void test_seats(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);

    world_begin(&world, (struct seats_options){.leases_of_source_max = 2});
    world_start(&world);
    says(checkout(&world, 1, EDITOR), LICET_NO_FILE,
         "no license file is installed; the server's administrator can install it");
    world_install(&world, &line, 1);
    says(checkout(&world, 1, SOLVER), LICET_NO_FEATURE,
         "no installed license file has solver; the license administrator can allocate it to this "
         "server");
    says(
        checkout_count(&world, 1, EDITOR, 3), LICET_NO_SEAT,
        "3 seats were asked for, and there are 2 of editor; the license administrator can allocate "
        "more seats");
    checkout(&world, 1, EDITOR);
    says(checkout_count(&world, 2, EDITOR, 2), LICET_NO_SEAT,
         "fewer seats of editor are free than were asked for; the next is free in 61s");
    world_pass_ms(&world, 25000);
    checkout(&world, 2, EDITOR);
    says(checkout(&world, 3, EDITOR), LICET_OVER_LIMIT,
         "10.0.0.1 holds 2 leases, the maximum; the server's administrator can end some or raise "
         "it");
    world.options.leases_of_source_max = 0;
    world_restart(&world, 0);
    world_pass_ms(&world, 25000);
    says(checkout(&world, 3, EDITOR), LICET_NO_SEAT,
         "every seat of editor is in use; the next is free in 36s");
    checkin(&world, 1);
    says(renew(&world, 1), LICET_LEASE_ENDED, "this lease has ended; ask again with a new id");
    world_end(&world);
}

static void test_lines(void)
{
    struct world world;
    struct seat_line lines[4] = {line_of(LA1, EDITOR, 1), line_of(LA2, VIEWER, 1),
                                 line_of(LA3, SUITE, 1), line_of(LA4, SOLVER, 1)};

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    lines[0].maintenance = 20000;
    lines[1].expiry = NOON - 10;
    lines[2].start = NOON + 10;
    lines[3].state = LINE_UNKNOWN_FIELD;
    world_install(&world, lines, 4);
    says(checkout_release(&world, 1, EDITOR, 20001), LICET_MAINTENANCE,
         "this release is newer than the maintenance date of editor, 2024-10-04; an older release "
         "runs, or the license administrator renews maintenance");
    says(checkout(&world, 1, VIEWER), LICET_EXPIRED,
         "the right to run viewer ended at 2026-11-25T09:59:50Z; the license administrator can "
         "renew it");
    says(checkout(&world, 1, SUITE), LICET_NOT_STARTED,
         "the right to run suite begins at 2026-11-25T10:00:10Z");
    says(checkout(&world, 1, SOLVER), LICET_DISABLED,
         "the license file's line for solver needs a newer licetd; the server's administrator can "
         "install it");
    lines[3].state = LINE_NOT_BOUND;
    world_install(&world, lines, 4);
    says(checkout(&world, 1, SOLVER), LICET_DISABLED,
         "the license file's line for solver is bound to another machine; the license "
         "administrator can allocate it to this one");
    world_end(&world);
}

/* WHY tells what would be told, and changes nothing. */
static void test_why(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 1);
    struct seat_event event = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    struct seat_reply reply;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    world_install(&world, &line, 1);
    seat_why(world.seats, world.now, &event, &reply);
    ok(reply.status == LICET_OK && reply.ttl_ms == 60000 && world_live(&world) == 0,
       "WHY of a free seat says it would be granted, and grants nothing");
    checkout(&world, 2, EDITOR);
    seat_why(world.seats, world.now, &event, &reply);
    says(reply, LICET_NO_SEAT, "every seat of editor is in use; the next is free in 61s");
    ok(seats_check(world.seats) == NULL && world_replays(&world), "WHY leaves the core as it was");
    world_end(&world);
}

int main(void)
{
    names_fill();
    test_seats();
    test_lines();
    test_why();
    return tap_done();
}
