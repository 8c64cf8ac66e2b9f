/* A lease's life: checkout, re-claim, renewal, check-in, expiry, restart, caps (R1.4, R8.1, R8.5,
 * R10.4). */
#include "seat_test.h"

static void world_with(struct world *world, uint32_t seats)
{
    struct seat_line line = line_of(LA1, EDITOR, seats);

    world_begin(world, (struct seats_options){0});
    world_start(world);
    world_install(world, &line, 1);
}

static void test_checkout(void)
{
    struct world world;
    struct seat_reply first, second;

    world_with(&world, 1);
    first = checkout(&world, 1, EDITOR);
    ok(first.status == LICET_OK && first.ttl_ms == 60000 && first.generation == 1 &&
           first.count == 1 && !first.is_reclaim,
       "a free seat is granted for the line's ttl");
    ok(first.depends_on == first.handle && first.handle == world.records_count,
       "the reply waits for its GRANT record, whose number is the handle");
    second = checkout(&world, 2, EDITOR);
    ok(second.status == LICET_NO_SEAT && world.event_records == 0,
       "R4.3 a second holder of the one seat is refused, and nothing is recorded");
    ok(second.denial.next_free_ms == 61000 && second.denial.in_use == 1 && second.denial.seats == 1,
       "the refusal says how many there are and when the next is free, margin included");
    ok(checkin(&world, 1).status == LICET_OK, "a check-in ends the lease");
    ok(checkout(&world, 2, EDITOR).status == LICET_OK, "and frees its seat at once");
    ok(world_replays(&world), "the journal folds to the same state, and so does the snapshot");
    world_end(&world);
}

static void test_reclaim(void)
{
    struct world world;
    struct seat_event other = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    struct seat_reply first, again;

    world_with(&world, 3);
    first = checkout(&world, 1, EDITOR);
    world_pass_ms(&world, 5000);
    again = checkout(&world, 1, EDITOR);
    ok(again.status == LICET_OK && again.handle == first.handle && again.is_reclaim &&
           again.ttl_ms == 60000,
       "R8.1 the same id again is the same lease with a fresh deadline");
    ok(world.event_records == 0 && again.depends_on == first.handle && world_live(&world) == 1,
       "R8.1 a re-claim writes no record and depends on the lease's own");
    other.user = BOB;
    ok(world_step(&world, &other).status == LICET_MISMATCH,
       "R8.1 another user with the id is refused");
    other = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    other.host = HOST_B;
    ok(world_step(&world, &other).status == LICET_MISMATCH, "R8.1 and another host");
    other = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    other.device = HOST_B;
    ok(world_step(&world, &other).status == LICET_MISMATCH, "R8.1 and another device");
    other = event_of(SEAT_CHECKOUT, 1, EDITOR, 2);
    ok(world_step(&world, &other).status == LICET_MISMATCH, "R8.1 and another count");
    other = event_of(SEAT_CHECKOUT, 1, VIEWER, 1);
    ok(world_step(&world, &other).status == LICET_MISMATCH, "R8.1 and another feature");
    other = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    other.release = 20000;
    ok(world_step(&world, &other).status == LICET_MISMATCH, "and another release");
    other = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    other.source = SRC_B;
    ok(world_step(&world, &other).status == LICET_OK,
       "another address with the id is the same client");
    world_end(&world);
}

static void test_expiry(void)
{
    struct world world;

    world_with(&world, 1);
    checkout(&world, 1, EDITOR);
    ok(world.effects.next_timer.ms <= world.now.instant.ms + 61000, "a tick is wanted by then");
    world_pass_ms(&world, 60999);
    world_tick(&world);
    ok(world_live(&world) == 1, "R8.5 a millisecond before deadline and margin: still held");
    world_pass_ms(&world, 1);
    world_tick(&world);
    ok(world_live(&world) == 0 && world.records[world.records_count - 1].kind == SEAT_RECORD_EXPIRE,
       "R8.5 at deadline and margin: ended, with a record");
    ok(renew(&world, 1).status == LICET_LEASE_ENDED, "a renewal comes too late");
    checkout(&world, 2, EDITOR);
    world_pass_ms(&world, 61000);
    ok(checkout(&world, 3, EDITOR).status == LICET_OK && world.event_records == 2,
       "a checkout at that very moment finds the seat free without a tick");
    ok(world_replays(&world), "expiry folds");
    world_end(&world);
}

static void test_renew(void)
{
    struct world world;

    world_with(&world, 1);
    checkout(&world, 1, EDITOR);
    for (int i = 0; i < 50; i++) {
        world_pass_ms(&world, 20000);
        renew(&world, 1);
    }
    ok(world_live(&world) == 1 && world.event_records == 0,
       "a lease that is renewed lives on, and renewals write nothing");
    world_pass_ms(&world, 60500);
    ok(renew(&world, 1).status == LICET_OK, "a renewal within the margin still counts");
    ok(renew(&world, 9).status == LICET_LEASE_ENDED,
       "a renewal of an unknown id: ask with a new one");
    world_pass_ms(&world, 60999);
    world_tick(&world);
    ok(world_live(&world) == 1, "no early expiry after a late renewal");
    world_pass_ms(&world, 1);
    world_tick(&world);
    ok(world_live(&world) == 0, "expiry on time after renewals");
    world_end(&world);
}

static void test_ended_id(void)
{
    struct world world;
    struct seat_reply first, again;

    world_with(&world, 2);
    checkout(&world, 1, EDITOR);
    first = checkin(&world, 1);
    again = checkin(&world, 1);
    ok(again.status == LICET_OK && again.handle == first.handle &&
           again.depends_on == first.depends_on && world.event_records == 0,
       "a check-in that comes again is answered as the first was");
    ok(checkout(&world, 1, EDITOR).status == LICET_LEASE_ENDED,
       "R8.1 a late copy of the checkout takes no seat: an ended id stays ended");
    ok(renew(&world, 1).status == LICET_LEASE_ENDED, "R8.1 nor does a renewal bring it back");
    ok(checkin(&world, 7).status == LICET_NOT_FOUND, "a check-in of an unknown id says so");
    world_pass_ms(&world, TOMBSTONE_SECONDS * 1000 - 1);
    ok(checkout(&world, 1, EDITOR).status == LICET_LEASE_ENDED, "R1.4 for the whole window");
    world_pass_ms(&world, 1);
    ok(checkout(&world, 1, EDITOR).status == LICET_OK, "R1.4 and not longer");
    checkin(&world, 1);
    world_restart(&world, 1000);
    ok(checkout(&world, 1, EDITOR).status == LICET_LEASE_ENDED, "R8.1 also after a restart");
    ok(world_replays(&world), "ended ids fold");
    world_end(&world);
}

/* The window is counted by the instant: UTC may leap across it. */
static void test_ended_id_and_clock(void)
{
    struct world world;
    struct seats_totals totals;

    world_with(&world, 9);
    for (uint32_t id = 1; id <= 9; id++)
        checkout(&world, id, EDITOR);
    checkin(&world, 1);
    checkin(&world, 2);
    world.now.utc.s += 3600;
    for (uint32_t id = 3; id <= 5; id++)
        checkin(&world, id);
    ok(checkout(&world, 1, EDITOR).status == LICET_LEASE_ENDED &&
           checkout(&world, 2, EDITOR).status == LICET_LEASE_ENDED,
       "R8.1 a clock that leaps ahead does not bring an ended id back");
    world_restart(&world, 0);
    world.now.instant.ms += TOMBSTONE_SECONDS * 1000 - 1;
    renew(&world, 6);
    checkin(&world, 6);
    ok(checkout(&world, 1, EDITOR).status == LICET_LEASE_ENDED,
       "R8.1 after a restart it is ended for a whole window again");
    world.now.instant.ms += 1;
    world.now.utc.s -= 7200;
    checkout(&world, 21, EDITOR);
    checkout(&world, 22, EDITOR);
    checkin(&world, 21);
    checkin(&world, 22);
    seats_totals(world.seats, &totals);
    ok(totals.tombstones < 12 && world.records[world.records_count - 1].ended.forgets == 2,
       "R8.1 after its window it is forgotten, though the clock was set back");
    ok(world_replays(&world), "which the records say, so it folds");
    world_end(&world);
}

static void test_restart(void)
{
    struct world world;
    struct seats_totals totals;

    world_with(&world, 2);
    checkout(&world, 1, EDITOR);
    checkout(&world, 2, EDITOR);
    checkin(&world, 2);
    world_restart(&world, 3600000);
    seats_totals(world.seats, &totals);
    ok(totals.epoch == 2 && totals.leases == 1, "a restart is an epoch, and leases outlive it");
    world_pass_ms(&world, 60999);
    world_tick(&world);
    ok(world_live(&world) == 1, "after a restart every lease has one fresh ttl");
    ok(checkout(&world, 1, EDITOR).is_reclaim, "and is re-claimed by its id");
    world_pass_ms(&world, 61000);
    world_tick(&world);
    ok(world_live(&world) == 0, "which ends like any other");
    ok(world_replays(&world), "it all folds");
    world_end(&world);
}

static void test_caps(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 100);
    struct seat_event event;
    struct seat_reply reply;

    world_begin(&world, (struct seats_options){.leases_max = 6, .leases_of_source_max = 4});
    world_start(&world);
    world_install(&world, &line, 1);
    for (uint32_t id = 1; id <= 4; id++)
        checkout(&world, id, EDITOR);
    reply = checkout(&world, 5, EDITOR);
    ok(reply.status == LICET_OVER_LIMIT && reply.denial.limit == 4 &&
           reply.denial.limit_source == SRC_A,
       "R10.4 one source holds no more than its share");
    for (uint32_t id = 6; id <= 7; id++) {
        event = event_of(SEAT_CHECKOUT, id, EDITOR, 1);
        event.source = SRC_B;
        ok(world_step(&world, &event).status == LICET_OK, "another source is not hindered by it");
    }
    event = event_of(SEAT_CHECKOUT, 8, EDITOR, 1);
    event.source = SRC_B;
    reply = world_step(&world, &event);
    ok(reply.status == LICET_OVER_LIMIT && reply.denial.limit == 6 &&
           reply.denial.limit_source == 0,
       "the server's own maximum is a refusal as well");
    checkin(&world, 1);
    ok(world_step(&world, &event).status == LICET_OK,
       "where all places are used, the oldest ended id gives its own");
    ok(checkin(&world, 1).status == LICET_NOT_FOUND, "and is forgotten before its time");
    ok(world_replays(&world), "places that are used again fold");
    world_end(&world);
}

static void test_bad_requests(void)
{
    struct world world;
    struct seat_event event = event_of(SEAT_CHECKOUT, 1, EDITOR, 0);

    world_with(&world, 1);
    ok(world_step(&world, &event).status == LICET_INVALID, "a count of 0 is refused");
    event.count = LEASE_COUNT_MAX + 1;
    ok(world_step(&world, &event).status == LICET_INVALID, "and one beyond the largest");
    event.count = LEASE_COUNT_MAX;
    ok(world_step(&world, &event).status == LICET_NO_SEAT, "the largest is only not there");
    event = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    event.user = 100001;
    ok(world_step(&world, &event).status == LICET_INVALID, "an id of a name beyond all is refused");
    event = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    event.release = DATE_MAX_DAYS + 1;
    ok(world_step(&world, &event).status == LICET_INVALID, "and a release after the year 9999");
    ok(checkout(&world, 1, SOLVER).status == LICET_NO_FEATURE, "R1.1 a feature that no line names");
    event = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);
    event.vendor = OTHER;
    ok(world_step(&world, &event).status == LICET_NO_FILE, "a vendor without a file");
    world_end(&world);
}

/* INV-20: the wall clock ends nothing early and gives nothing. */
static void test_clock(void)
{
    struct world world;

    world_with(&world, 1);
    checkout(&world, 1, EDITOR);
    world.now.utc.s += (int64_t)10 * 365 * DAY;
    world_tick(&world);
    ok(world_live(&world) == 1 && renew(&world, 1).status == LICET_OK,
       "a wall clock set ahead ten years ends no lease");
    world.now.utc.s -= (int64_t)20 * 365 * DAY;
    ok(renew(&world, 1).status == LICET_OK, "nor does one set back twenty");
    world.now.instant.ms += 61000;
    world_tick(&world);
    ok(world_live(&world) == 0, "and a lease ends by the other clock on time");
    world.now.utc.s = 4294967296 + 5; /* 2106 */
    ok(checkout(&world, 2, EDITOR).status == LICET_OK, "a lease is granted in 2106");
    ok(world_replays(&world), "and times beyond 2038 and 2106 fold");
    world_end(&world);
}

static void test_many(void)
{
    enum {
        COUNT = 20000
    };
    struct world world;
    uint32_t wrong = 0;

    world_with(&world, COUNT);
    world.is_checked = false;
    for (uint32_t id = 1; id <= COUNT; id++) {
        wrong += checkout(&world, id, EDITOR).status != LICET_OK;
        if (id % 8 == 0)
            world_pass_ms(&world, 1);
    }
    ok(wrong == 0 && checkout(&world, COUNT + 1, EDITOR).status == LICET_NO_SEAT,
       "exactly as many as there are seats");
    ok(seats_check(world.seats) == NULL, "the core counts itself right");
    for (uint32_t id = 2; id <= COUNT; id += 2)
        wrong += checkin(&world, id).status != LICET_OK;
    world_pass_ms(&world, 61000);
    while (world_live(&world) > 0) {
        world_tick(&world);
        if (world.event_records > SEAT_EVENT_RECORDS_MAX)
            wrong++;
    }
    ok(wrong == 0 && seats_check(world.seats) == NULL,
       "all of them end at once, in events of bounded size");
    ok(world_replays(&world), "and fold");
    world_end(&world);
}

/* A source that comes and goes as fast as it can forgets its own ended ids, never another's. */
static void test_ended_ids_of_source(void)
{
    struct world world;
    struct seats_totals totals;
    struct seat_event other = event_of(SEAT_CHECKOUT, 1, EDITOR, 1);

    world_with(&world, 1);
    world.is_checked = false;
    other.source = SRC_B;
    world_step(&world, &other);
    checkin(&world, 1);
    for (uint32_t id = 2; id <= TOMBSTONES_OF_SOURCE_MAX + 11; id++) {
        checkout(&world, id, EDITOR);
        checkin(&world, id);
    }
    seats_totals(world.seats, &totals);
    ok(totals.tombstones == TOMBSTONES_OF_SOURCE_MAX + 1,
       "R8.1 ended ids of one source are capped");
    ok(checkout(&world, 11, EDITOR).status == LICET_OK && checkin(&world, 11).status == LICET_OK,
       "R8.1 its oldest are forgotten first");
    ok(world_step(&world, &other).status == LICET_LEASE_ENDED, "R8.1 another's never");
    ok(seats_check(world.seats) == NULL && world_replays(&world), "and that folds");
    world_end(&world);
}

int main(void)
{
    test_checkout();
    test_reclaim();
    test_expiry();
    test_renew();
    test_ended_id();
    test_ended_id_and_clock();
    test_restart();
    test_caps();
    test_bad_requests();
    test_clock();
    test_many();
    test_ended_ids_of_source();
    return tap_done();
}
