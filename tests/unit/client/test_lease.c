/* A lease in the good and in the bad days: grants, renewals, lost connections, refusals, ends. */
#include "world.h"

#include "tap.h"

/* Ticks as a product does, until the clock has moved on. */
static licet_status run_for(struct world *world, licet *client, int64_t ms, licet_error *error)
{
    int64_t until = world->now_ms + ms;
    licet_status status = LICET_OK;

    while (world->now_ms < until && status == LICET_OK) {
        uint32_t wait_ms = licet_wait_ms(client);
        int64_t left = until - world->now_ms;

        world->now_ms += wait_ms < left ? wait_ms : left;
        status = licet_tick(client, error);
    }
    return status;
}

/* Works in slices of its own, and ticks only where it is asked to: examples/product.c. */
static licet_status work_for(struct world *world, licet *client, int64_t ms, licet_error *error)
{
    int64_t until = world->now_ms + ms;
    licet_status status = LICET_OK;

    while (world->now_ms < until && status == LICET_OK) {
        world->now_ms += 100;
        if (licet_wait_ms(client) == 0)
            status = licet_tick(client, error);
    }
    return status;
}

static void test_a_product_that_asks_when_to_tick(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease lease;
    licet_error error = {0};

    licet_checkout(client, "cad_pro", NULL, 1, &lease, &error);
    world->delay_until = world->now_ms + 20500;
    ok(work_for(world, client, 120000, &error) == LICET_OK &&
           world_info(client, lease).renewals >= 5,
       "an answer that comes a moment later is read, though licet_wait_ms() is asked all the time");
    world->is_silent = true;
    ok(work_for(world, client, 60000, &error) == LICET_LEASE_LOST &&
           strstr(error.text, "did not answer") != NULL,
       "and silence is named as the cause (%s)", error.text);
    licet_close(client);
    world_destroy(world);
}

static void test_a_seat_is_held(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease lease = 0;
    licet_error error = {0};
    licet_lease_info info;

    ok(licet_wait_ms(client) == UINT32_MAX, "a handle without leases wants nothing");
    if (!ok(licet_checkout(client, "cad_pro", "2026-11-24", 2, &lease, &error) == LICET_OK,
            "a seat is taken with nothing but a root key"))
        printf("# %s\n", error.text);
    info = world_info(client, lease);
    ok(info.state == LICET_STATE_HELD && info.count == 2 && info.generation == 4 &&
           strcmp(info.feature, "cad_pro") == 0 && strcmp(info.vendor, "acme") == 0 &&
           strcmp(info.release, "2026-11-24") == 0 && strcmp(info.user, "ada") == 0,
       "and the lease says what was signed");
    ok(info.left_ms > 59000 && info.left_ms <= 60000, "R8.5 it counts from the sending");
    ok(world->chains == 1 && world->checkouts == 1, "with one CHAIN and one CHECKOUT");
    ok(licet_wait_ms(client) > 19000 && licet_wait_ms(client) <= 20000,
       "it wants to renew after a third of the ttl");
    ok(run_for(world, client, 601000, &error) == LICET_OK &&
           world_info(client, lease).renewals >= 29,
       "ten minutes later it has been renewed every twenty seconds");
    ok(world->renews <= 31 && world->connects == 1, "on one connection, and no more often");
    ok(licet_checkout(client, "cad_std", NULL, 1, &lease, &error) == LICET_OK,
       "a feature that a line covers is granted too");
    ok(licet_checkin(client, lease, &error) == LICET_OK && world->checkins == 1,
       "a seat is given back");
    ok(licet_lease_get(client, lease, &info, &error) == LICET_NOT_FOUND &&
           licet_checkin(client, lease, &error) == LICET_NOT_FOUND,
       "and its number is stale from then on");
    licet_close(client);
    world_destroy(world);
}

static void test_a_cut_connection(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease lease;
    uint8_t id[16];
    licet_error error;

    licet_checkout(client, "cad_pro", NULL, 1, &lease, &error);
    memcpy(id, world->last_id, sizeof(id));
    world->is_connected = false;
    ok(licet_tick(client, &error) == LICET_OK &&
           world_info(client, lease).state == LICET_STATE_RECONNECTING,
       "a lost connection does not lose the lease");
    run_for(world, client, 2000, &error);
    ok(world->checkouts == 2 && memcmp(id, world->last_id, 16) == 0 && world->renews == 0,
       "R8.1 it is claimed again by the same id");
    ok(world_info(client, lease).state == LICET_STATE_HELD, "and held as before");
    world->is_connected = false;
    world->is_down = true;
    ok(run_for(world, client, 50000, &error) == LICET_OK, "a server that is away is waited for");
    ok(world_info(client, lease).left_ms > 0 &&
           strstr(world_info(client, lease).text, "nobody is at home") != NULL,
       "the lease says what is wrong");
    world->is_down = false;
    ok(run_for(world, client, 9000, &error) == LICET_OK &&
           world_info(client, lease).state == LICET_STATE_HELD,
       "and goes on when it is back before the end");
    world->is_connected = false;
    world->is_black_hole = true;
    ok(run_for(world, client, 61000, &error) == LICET_LEASE_LOST,
       "R8.5 when the end passes the lease is lost");
    ok(strstr(error.text, "cad_pro") != NULL && strstr(error.text, "does not answer") != NULL,
       "with a sentence that says which and why");
    ok(world_info(client, lease).state == LICET_STATE_LOST, "it stays lost until it is checked in");
    world->is_black_hole = false;
    ok(run_for(world, client, 30000, &error) == LICET_LEASE_LOST && world->renews == 0 &&
           world->checkouts == 3,
       "R8.1 an id that has ended is never asked for again");
    ok(licet_checkin(client, lease, &error) == LICET_OK && licet_tick(client, &error) == LICET_OK,
       "the product lets go of it");
    licet_close(client);
    world_destroy(world);
}

static void test_refusals(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease lease = 77;
    licet_error error;

    world->denial = LICET_NO_SEAT;
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_NO_SEAT &&
           strstr(error.text, "in use") != NULL && lease == 77,
       "a refusal is the server's number and sentence, and leaves the result alone");
    ok(licet_wait_ms(client) == UINT32_MAX && world->checkins == 0, "nothing is left behind");
    world->denial = LICET_OK;
    licet_checkout(client, "cad_pro", NULL, 1, &lease, &error);
    world->denial = LICET_DISK_FULL;
    ok(run_for(world, client, 30000, &error) == LICET_OK && world->renews > 1,
       "a refused renewal is tried again");
    ok(world_info(client, lease).reason == LICET_DISK_FULL, "and says why meanwhile");
    world->denial = LICET_LEASE_ENDED;
    ok(run_for(world, client, 10000, &error) == LICET_LEASE_LOST &&
           world_info(client, lease).reason == LICET_LEASE_ENDED,
       "a lease that the server has ended is lost at once");
    licet_close(client);
    world_destroy(world);
}

static void test_silence(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    int64_t before = world->now_ms;
    licet_lease lease = 0;
    licet_error error;

    world->is_silent = true;
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_TIMEOUT && lease == 0,
       "a server that says nothing is a time-out");
    ok(world->now_ms - before >= 1000 && world->now_ms - before < 1200,
       "after timeout_ms, not later");
    ok(world->connects == 2 && world->checkouts == 2,
       "in the middle of which another connection was tried, for the same id");
    world->is_silent = world->is_connected = false;
    run_for(world, client, 20000, &error);
    ok(world->checkins == 1, "the seat that the server may have given is given back");
    ok(licet_wait_ms(client) == UINT32_MAX, "and then there is nothing to do");
    world->is_down = true;
    world->is_connected = false;
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_UNREACHABLE &&
           strstr(error.text, "nobody is at home") != NULL,
       "a server that is not there is named so");
    for (int round = 0; round < 20; round++)
        licet_checkout(client, "cad_pro", NULL, 1, &lease, &error);
    ok(error.status == LICET_UNREACHABLE, "however often it is tried");
    licet_close(client);
    world_destroy(world);
}

static void test_a_new_generation(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease lease;
    licet_error error;

    licet_checkout(client, "cad_pro", NULL, 4, &lease, &error);
    world_serve(world, &world->keys, "acme", 5,
                "INCREMENT cad_pro sn=A-1 seats=2 maintenance=2027-11-24 expiry=permanent "
                "drain=1h ttl=60s");
    ok(run_for(world, client, 25000, &error) == LICET_OK && world->chains == 2 &&
           world_info(client, lease).generation == 5,
       "a renewal under a new file fetches it, and is verified with it");
    ok(world_info(client, lease).state == LICET_STATE_HELD,
       "R4.5 a file with fewer seats takes none away at once");
    world_serve(
        world, &world->keys, "acme", 6,
        "INCREMENT other sn=B-1 seats=2 maintenance=none expiry=permanent drain=2h ttl=60s");
    ok(run_for(world, client, 7100000, &error) == LICET_OK &&
           world_info(client, lease).generation == 6,
       "R4.5 nor does one without its line, while it drains");
    ok(run_for(world, client, 200000, &error) == LICET_LEASE_LOST,
       "R4.5 but no longer than the longest drain of both files");
    licet_close(client);
    world_destroy(world);
}

static void test_many(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease leases[8], one;
    licet_error error;
    bool is_ok = true;

    for (int index = 0; index < 8; index++)
        is_ok = is_ok && licet_checkout(client, "cad_pro", NULL, 1, &leases[index], &error) == 0;
    ok(is_ok && leases[0] != leases[7], "eight leases in one handle");
    ok(licet_checkout(client, "cad_pro", NULL, 1, &one, &error) == LICET_OVER_LIMIT,
       "a ninth is refused by the handle");
    ok(run_for(world, client, 300000, &error) == LICET_OK && world->renews >= 8 * 14,
       "all are renewed");
    for (int index = 0; index < 8; index++)
        is_ok = is_ok && licet_checkin(client, leases[index], &error) == LICET_OK;
    ok(is_ok && licet_wait_ms(client) == UINT32_MAX, "and given back");
    ok(licet_checkout(client, "cad_pro", NULL, 1, &one, &error) == LICET_OK && one != leases[0],
       "a place that is used again has another number");
    licet_close(client);
    world_destroy(world);
}

/* A place is given to a new lease while the answer to the last one is still on its way. */
static void test_a_late_answer(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_lease lease;
    licet_error error;

    client->leases_count = 1;
    world->delay_until = world->now_ms + 1060;
    ok(licet_checkout(client, "cad_pro", NULL, 1, &lease, &error) == LICET_TIMEOUT,
       "an answer that is too late is a time-out");
    ok(licet_checkout(client, "cad_std", NULL, 1, &lease, &error) == LICET_OK &&
           strcmp(world_info(client, lease).feature, "cad_std") == 0 && world->connects == 2,
       "and is not taken for the answer to the next question");
    licet_close(client);
    world_destroy(world);
}

static void test_why(void)
{
    struct world *world = world_create();
    licet *client = world_open(world, NULL);
    licet_reason reason;
    licet_error error;

    licet_reason_init(&reason, sizeof(reason));
    ok(licet_why(client, "cad_pro", NULL, 1, &reason, &error) == LICET_OK &&
           reason.status == LICET_NO_SEAT && reason.seats == 10 && reason.next_free_s == 36,
       "WHY is asked and understood");
    ok(world->chains == 0, "without fetching the license file");
    world->is_silent = true;
    ok(licet_why(client, "cad_pro", NULL, 1, &reason, &error) == LICET_TIMEOUT, "or times out");
    licet_close(client);
    world_destroy(world);
}

int main(void)
{
    test_a_seat_is_held();
    test_a_product_that_asks_when_to_tick();
    test_a_cut_connection();
    test_refusals();
    test_silence();
    test_a_new_generation();
    test_many();
    test_a_late_answer();
    test_why();
    return tap_done();
}
