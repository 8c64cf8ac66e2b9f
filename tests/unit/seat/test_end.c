/* Ends of lines (R4.4): nobody lasts beyond an end for whom there is no seat after it. */
#include "seat_test.h"

/* Two seats until 30 s from noon, one that goes on. */
static void world_with_end(struct world *world)
{
    struct seat_line lines[2] = {line_of(LA1, EDITOR, 2), line_of(LA2, EDITOR, 1)};

    lines[0].expiry = NOON + 30;
    world_begin(world, (struct seats_options){0});
    world_start(world);
    world_install(world, lines, 2);
}

static void test_grant(void)
{
    struct world world;
    struct seat_reply first, second, third;

    world_with_end(&world);
    first = checkout(&world, 1, EDITOR);
    second = checkout(&world, 2, EDITOR);
    third = checkout(&world, 3, EDITOR);
    ok(first.ttl_ms == 60000 && first.end == 0,
       "R4.4 who fits on what goes on lasts beyond the end");
    ok(second.ttl_ms == 30000 && second.end == NOON + 30 && third.end == NOON + 30,
       "R4.4 who does not is cut at the end");
    ok(world.records[world.records_count - 1].grant.end == NOON + 30, "R4.4 the record says so");
    ok(checkout(&world, 4, EDITOR).status == LICET_NO_SEAT,
       "R4.3 and today's seats are all in use");
    ok(world_replays(&world), "cuts fold");
    world_pass_ms(&world, 31000);
    world_tick(&world);
    ok(world_live(&world) == 1, "R4.4 the cut leases end with the line");
    ok(checkout(&world, 5, EDITOR).status == LICET_NO_SEAT, "and their seats are gone");
    ok(renew(&world, 1).ttl_ms == 60000, "the other goes on");
    world_end(&world);
}

static void test_renew(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);
    struct seat_reply reply;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.expiry = NOON + 100;
    world_install(&world, &line, 1);
    reply = checkout(&world, 1, EDITOR);
    ok(reply.end == 0 && reply.ttl_ms == 60000, "R4.4 far from the end nothing is cut");
    world_pass_ms(&world, 50000);
    reply = renew(&world, 1);
    ok(reply.status == LICET_OK && reply.end == NOON + 100 && reply.ttl_ms == 50000,
       "R4.4 the renewal that would pass it is");
    ok(world.event_records == 1 && reply.depends_on == world.records_count &&
           world.records[world.records_count - 1].kind == SEAT_RECORD_ENDING,
       "R4.4 with a record that the reply waits for");
    world_pass_ms(&world, 10000);
    reply = renew(&world, 1);
    ok(reply.ttl_ms == 40000 && world.event_records == 0, "R4.4 and again, without another record");
    world_restart(&world, 1000);
    reply = renew(&world, 1);
    ok(reply.ttl_ms == 39000 && reply.end == NOON + 100, "R4.4 a restart keeps the cut");
    line.expiry = 0;
    world_install(&world, &line, 1);
    reply = renew(&world, 1);
    ok(reply.ttl_ms == 60000 && reply.end == 0 && world.event_records == 1,
       "R4.4 a later generation with a later date lifts it, with a record");
    ok(world_replays(&world), "cuts and lifts fold");
    world_end(&world);
}

/* A re-claim may make or lift a cut: that is a record, and whoever is told of it waits for it. */
static void test_reclaim(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);
    struct seat_reply reply;

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.expiry = NOON + 100;
    world_install(&world, &line, 1);
    checkout(&world, 1, EDITOR);
    world_pass_ms(&world, 50000);
    reply = checkout(&world, 1, EDITOR);
    ok(reply.end == NOON + 100 && reply.depends_on == world.records_count && !reply.is_reclaim,
       "R4.4 a re-claim that is cut waits for the record of the cut");
    reply = checkout(&world, 1, EDITOR);
    ok(reply.end == NOON + 100 && reply.depends_on == world.records_count && reply.is_reclaim,
       "R4.4 the next one writes none and waits for the same");
    line.expiry = 0;
    world_install(&world, &line, 1);
    reply = checkout(&world, 1, EDITOR);
    ok(reply.end == 0 && reply.depends_on == world.records_count && !reply.is_reclaim &&
           world.records[world.records_count - 1].kind == SEAT_RECORD_ENDING,
       "R4.4 a re-claim that lifts the cut waits for the record of that");
    ok(renew(&world, 1).depends_on == world.records_count && world.event_records == 0,
       "R4.4 and so does a renewal after it");
    ok(world_replays(&world), "and that folds");
    world_end(&world);
}

static void test_refresh_by(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 1);

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.expiry = NOON + 1000;
    line.refresh_by = NOON + 20;
    world_install(&world, &line, 1);
    ok(checkout(&world, 1, EDITOR).end == NOON + 20, "R2.4 refresh-by is an end like expiry");
    world_pass_ms(&world, 21000);
    ok(checkout(&world, 2, EDITOR).status == LICET_EXPIRED, "R2.4 after it nothing is granted");
    world_end(&world);
}

/* One seat of each: a line that begins as the other ends hands its holder over. */
static void test_start(void)
{
    struct world world;
    struct seat_line lines[2] = {line_of(LA1, EDITOR, 1), line_of(LA2, EDITOR, 1)};

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    lines[0].expiry = NOON + 30;
    lines[1].start = NOON + 30;
    world_install(&world, lines, 2);
    ok(checkout(&world, 1, EDITOR).end == 0,
       "R4.4 a line that serves from that end on keeps the holder");
    ok(checkout(&world, 2, EDITOR).status == LICET_NO_SEAT, "R1.3 before its start it has no seat");
    world_pass_ms(&world, 30000);
    ok(renew(&world, 1).ttl_ms == 60000 && world_feature(&world, EDITOR).seats == 1,
       "R1.3 at its first second it serves");
    world_end(&world);
}

/* After a restart nobody knows who was promised time beyond the end: all are counted there. */
static void test_restart(void)
{
    struct world world;

    world_with_end(&world);
    checkout(&world, 1, EDITOR);
    world_restart(&world, 0);
    ok(checkout(&world, 2, EDITOR).end == NOON + 30,
       "R4.4 after a restart a seat beyond the end is not promised a second time");
    ok(renew(&world, 1).end == 0, "R4.4 who had it keeps it");
    ok(seats_check(world.seats) == NULL && world_replays(&world), "and it counts right");
    world_end(&world);
}

/* An installation that brings an end near for those who are promised more. */
static void test_installed_end(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    world_install(&world, &line, 1);
    checkout(&world, 1, EDITOR);
    checkout(&world, 2, EDITOR);
    line.expiry = NOON + 30;
    world_install(&world, &line, 1);
    ok(renew(&world, 1).end == NOON + 30, "R4.4 an end that came with a generation cuts renewals");
    world_pass_ms(&world, 31001);
    world_tick(&world);
    ok(world_live(&world) == 2,
       "R4.5 a lease that runs is not taken away, nor what it was promised before it was cut");
    ok(renew(&world, 2).status == LICET_EXPIRED,
       "R4.4 but it is not renewed where nothing serves it");
    world_pass_ms(&world, 30000);
    world_tick(&world);
    ok(world_live(&world) == 0, "and ends at its deadline");
    world_end(&world);
}

/* Whoever came while the clock was wrong lasts beyond an end that nobody expected. */
static void test_leap_ahead(void)
{
    struct world world;

    world_with_end(&world);
    checkout(&world, 1, EDITOR);
    ok(checkout(&world, 2, EDITOR).end == NOON + 30, "R4.4 a lease is cut for want of a seat");
    world.now.utc.s -= 3600;
    checkin(&world, 1);
    ok(checkout(&world, 3, EDITOR).end == 0, "R4.4 with the clock set back the end is far away");
    world.now.utc.s += 3600;
    ok(renew(&world, 2).end == NOON + 30,
       "R4.4 set right again, whoever came meanwhile counts beyond the end: the cut stays");
    ok(checkout(&world, 4, EDITOR).end == NOON + 30, "R4.4 also for who is new");
    ok(seats_check(world.seats) == NULL && world_replays(&world), "and that folds");
    world_end(&world);
}

/* An end that has come is to come again: whoever lasts beyond it then takes a seat there. */
static void test_leap_back(void)
{
    struct world world;

    world_with_end(&world);
    world.now.utc.s = NOON + 35;
    checkout(&world, 1, EDITOR);
    world.now.utc.s = NOON;
    ok(checkout(&world, 2, EDITOR).end == NOON + 30,
       "R4.4 a seat that is held beyond an end is not promised again when the clock goes back");
    ok(renew(&world, 1).end == 0, "R4.4 who holds it keeps it");
    ok(seats_check(world.seats) == NULL && world_replays(&world), "and that folds");
    world_end(&world);
}

/* Whoever no longer lasts beyond the end, because the clock went back, cuts nobody. */
static void test_leap_frees(void)
{
    struct world world;

    world_with_end(&world);
    checkout(&world, 1, EDITOR);
    world.now.utc.s -= 60;
    world_pass_ms(&world, 45000);
    ok(checkout(&world, 2, EDITOR).end == 0,
       "R4.4 nobody is cut for a holder who ends before the end now");
    ok(renew(&world, 1).end == NOON + 30, "R4.4 who is renewed later is");
    ok(seats_check(world.seats) == NULL && world_replays(&world), "and that folds");
    world_end(&world);
}

/* Who is renewed after an end is judged by what serves now, not by what served at the end. */
static void test_started_since(void)
{
    struct world world;
    struct seat_line lines[2] = {line_of(LA1, EDITOR, 1), line_of(LA2, EDITOR, 1)};

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    lines[0].expiry = NOON + 30;
    lines[1].start = NOON + 40;
    world_install(&world, lines, 2);
    checkout(&world, 1, EDITOR);
    world_pass_ms(&world, 5000);
    world.now.utc.s = NOON + 30;
    world_tick(&world);
    ok(renew(&world, 1).status == LICET_EXPIRED, "R4.4 nothing serves between the two lines");
    world.now.utc.s = NOON + 45;
    ok(renew(&world, 1).status == LICET_OK, "R4.4 a line that has started since keeps the holder");
    ok(checkout(&world, 2, EDITOR).status == LICET_NO_SEAT, "R4.3 and has no other seat");
    ok(world_replays(&world), "and that folds");
    world_end(&world);
}

/* The reply to a renewal may be lost: its client counts on the one before. */
static void test_shorter_ttl(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 1);

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    world_install(&world, &line, 1);
    checkout(&world, 1, EDITOR);
    line.ttl_s = 20;
    world_install(&world, &line, 1);
    ok(renew(&world, 1).ttl_ms == 20000, "R1.4 a renewal promises the ttl of the new generation");
    world_pass_ms(&world, 60999);
    ok(checkout(&world, 2, EDITOR).status == LICET_NO_SEAT,
       "R8.5 the seat is kept for what was promised before");
    world_pass_ms(&world, 1);
    ok(checkout(&world, 2, EDITOR).status == LICET_OK, "R8.5 and not longer");
    ok(world_replays(&world), "and that folds");
    world_end(&world);
}

/* INV-20 again, with dates: what is served follows the clock it is given; leases follow theirs. */
static void test_clock(void)
{
    struct world world;
    struct seat_line line = line_of(LA1, EDITOR, 2);

    world_begin(&world, (struct seats_options){0});
    world_start(&world);
    line.expiry = NOON + 365 * DAY;
    world_install(&world, &line, 1);
    checkout(&world, 1, EDITOR);
    world.now.utc.s += (int64_t)3 * 365 * DAY;
    ok(checkout(&world, 2, EDITOR).status == LICET_EXPIRED,
       "a clock beyond the expiry grants nothing");
    ok(renew(&world, 1).status == LICET_EXPIRED, "and renews nothing");
    world.now.instant.ms += 50000;
    world_tick(&world);
    ok(world_live(&world) == 1, "but ends nothing early");
    world.now.utc.s -= (int64_t)3 * 365 * DAY;
    ok(renew(&world, 1).status == LICET_OK, "set right again, it goes on");
    ok(checkout(&world, 2, EDITOR).status == LICET_OK && seats_check(world.seats) == NULL,
       "for new ones too");
    ok(world_replays(&world), "leaps fold");
    world_end(&world);
}

int main(void)
{
    test_grant();
    test_renew();
    test_reclaim();
    test_refresh_by();
    test_start();
    test_restart();
    test_installed_end();
    test_leap_ahead();
    test_leap_back();
    test_leap_frees();
    test_started_since();
    test_shorter_ttl();
    test_clock();
    return tap_done();
}
