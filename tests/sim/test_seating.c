/* The oracle's own flow, on cases small enough to see. */
#include "sim/seating.h"

#include "tap.h"

static struct seating seating;

static void moves_aside(void)
{
    struct seat_line old = {.feature = 1, .seats = 1, .maintenance = 10};
    struct seat_line new = {.feature = 1, .seats = 1, .maintenance = 20};

    seating_clear(&seating);
    seating_add_line(&seating, &new, true);
    seating_add_line(&seating, &old, true);
    ok(seating_add(&seating, 1, 5, 1) == 1, "R4.3 an old release sits on the newer line");
    ok(seating_add(&seating, 1, 15, 1) == 1, "R4.3 and moves aside for a newer one");
    ok(seating_add(&seating, 1, 5, 1) == 0, "R4.3 two seats hold two");
}

static void covers_chain(void)
{
    struct seat_line low = {.feature = 1, .seats = 1, .maintenance = DATE_NONE};
    struct seat_line middle = {
        .feature = 2, .seats = 1, .maintenance = DATE_NONE, .covers_count = 1, .covers = {1}};
    struct seat_line high = {.feature = 3,
                             .seats = 1,
                             .overdraft = 1,
                             .maintenance = DATE_NONE,
                             .covers_count = 1,
                             .covers = {2}};

    seating_clear(&seating);
    seating_add_line(&seating, &middle, false);
    seating_add_line(&seating, &low, false);
    seating_add_line(&seating, &high, false);
    ok(seating_add(&seating, 1, 0, 1) == 1 && seating_add(&seating, 2, 0, 1) == 1,
       "R4.3 each of two editions sits");
    ok(seating_add(&seating, 2, 0, 1) == 1, "R4.3 the third moves up the chain");
    ok(seating_add(&seating, 1, 0, 1) == 0, "R4.3 covers is not inherited");
    seating_clear(&seating);
    seating_add_line(&seating, &high, true);
    ok(seating_add(&seating, 3, 0, 3) == 2, "R4.3 capacity is seats and overdraft");
}

static void dates(void)
{
    struct seat_line line = {.start = 100, .expiry = 300, .refresh_by = 200};

    ok(!seating_line_serves(&line, 99) && seating_line_serves(&line, 100) &&
           seating_line_serves(&line, 199) && !seating_line_serves(&line, 200),
       "R4.4 a line serves from its start to the earlier of its ends");
    line.state = LINE_NOT_SERVED;
    ok(!seating_line_serves(&line, 150), "R2.5 a disabled line serves nobody");
}

int main(void)
{
    moves_aside();
    covers_chain();
    dates();
    return tap_done();
}
