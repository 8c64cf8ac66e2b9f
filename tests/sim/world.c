/*
 * The world of a round: one server, its disk, the network and everybody who talks to it, in virtual
 * time and from one seed. A run is a row of rounds; every round draws its own world (how many
 * clients, how small the pools, which faults how often) and lives a few thousand events.
 */
#include "sim/world.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>

#include "base/clock.h"

/* ---- faults ---- */

static void server_down(struct world *world, const char *why)
{
    enum crash_variant variant =
        world->run->die_at != 0
            ? world->run->variant
            : (enum crash_variant)random_below(&world->faults, CRASH_VARIANTS_COUNT);

    if (world->shell->seats == NULL)
        return;
    trace_say(world, why);
    shell_die(world->shell);
    world->timer_ms = INT64_MAX;
    store_crash(&world->store, variant);
    happen_in(world, HAPPEN_START, random_between(&world->faults, 1, 4000));
}

/* Called by the shell at each store operation. */
static bool world_dies(struct world *world, const char *where)
{
    uint64_t operation = ++world->store_operations;
    struct run *run = world->run;
    bool dies;

    if (run->die_at != 0)
        dies = operation == run->die_at || operation == run->die_again_at;
    else
        dies = !world->is_over && random_hits(&world->faults, world->settings.dies_at_store);
    if (dies && world->run->is_traced)
        printf("%10.3f -- dies %s\n", (double)world->now_ms / 1000, where);
    return dies;
}

static void world_sync_begins(struct world *world)
{
    happen_in(world, HAPPEN_SYNCED, 1 + random_between(&world->faults, 0, world->settings.sync_ms));
}

static void world_timer(struct world *world, struct instant at)
{
    struct happening happening = {.kind = HAPPEN_TIMER, .at_ms = at.ms};

    if (happening.at_ms < world->now_ms)
        happening.at_ms = world->now_ms;
    if (at.ms == INT64_MAX ||
        (world->timer_ms <= happening.at_ms && world->timer_ms > world->now_ms))
        return; /* one comes before it, and asks again */
    world->timer_ms = happening.at_ms;
    heap_push(world, &happening);
}

static void clock_jump(struct world *world)
{
    static const int64_t jumps_s[] = {1,     -1,       30,        -30,       3600,
                                      -3600, 31557600, -31557600, 315576000, -315576000};
    struct random *random = &world->faults;

    if (world->settings.has_huge_jumps && random_below(random, 4) == 0)
        world->utc_shift_s = random_below(random, 2) == 0 ? 4294967296 - UTC_START - 30
                                                          : 2147483648 - UTC_START - 30;
    else if (random_below(random, 3) == 0)
        world->utc_shift_s = 0;
    else
        world->utc_shift_s +=
            jumps_s[random_below(random, world->settings.has_huge_jumps ? 10 : 6)];
    trace_say(world, "the clock jumps");
}

static void fault_again(struct world *world, enum happening_kind kind, uint32_t gap_ms)
{
    if (gap_ms > 0)
        happen_in(world, kind, random_between(&world->faults, 1, 2 * (int64_t)gap_ms));
}

static const struct shell_calls world_calls = {
    .send = world_send,
    .sync_begins = world_sync_begins,
    .timer = world_timer,
    .dies = world_dies,
    .note = world_note,
};

/* ---- a round ---- */

/* Off half of the time, else log-uniform between 2^-2 and 2^-10. */
static uint32_t rate_draw(struct random *random)
{
    uint32_t shift = 2 + random_below(random, 9);

    return random_below(random, 2) == 0 ? 0 : UINT32_MAX >> shift;
}

static uint32_t gap_draw(struct random *random, uint32_t low_ms)
{
    uint32_t shift = random_below(random, 6);

    return random_below(random, 2) == 0 ? 0 : low_ms << shift;
}

static void settings_draw_faults(struct settings *settings, struct random *random)
{
    settings->loses = rate_draw(random);
    settings->repeats = rate_draw(random);
    settings->delays = rate_draw(random);
    settings->abandons = rate_draw(random);
    settings->crashes = gap_draw(random, 3000);
    settings->dies_at_store = rate_draw(random) / 4;
    settings->clock_ms = gap_draw(random, 4000);
    settings->pause_ms = gap_draw(random, 4000);
    settings->disk_ms = gap_draw(random, 8000);
    settings->thief_ms = gap_draw(random, 300);
    settings->has_huge_jumps = random_below(random, 2) == 0;
}

/* Seats of a line: most often about enough for all clients, sometimes few, which is where overhang,
 * cuts and drains are. */
static uint32_t seats_draw(const struct settings *settings, struct random *random)
{
    uint32_t slots = settings->clients * settings->slots;

    if (random_below(random, 4) == 0)
        return 1 + random_below(random, 5);
    return 1 + slots / 4 + random_below(random, 3 + 2 * slots);
}

static void settings_draw(struct settings *settings, struct random *random)
{
    settings->clients = 1 + random_below(random, CLIENTS_MAX);
    settings->slots = 1 + random_below(random, SLOTS_MAX);
    settings->features = 1 + random_below(random, FEATURES_COUNT);
    settings->vendors = random_below(random, 3) == 0 ? 2 : 1;
    settings->lines = 2 + random_below(random, SERIALS_COUNT - 1);
    settings->seats_max = seats_draw(settings, random);
    settings->ttl_s_max = LEASE_TTL_SECONDS_MIN + random_below(random, 30);
    settings->drain_s_max = 1 + random_below(random, 60);
    settings->think_ms = 200u << random_below(random, 5);
    settings->patience_ms = 500u << random_below(random, 5); /* of who was refused */
    settings->timeout_ms = 500u << random_below(random, 4);
    settings->delay_ms = 1 + random_below(random, 200);
    settings->sync_ms = random_below(random, 30);
    settings->operator_ms = 3000u << random_below(random, 5);
    settings->snapshot_records = 4u << random_below(random, 8);
    settings->source_cap =
        random_below(random, 3) == 0 ? 1 + random_below(random, 2 * SLOTS_MAX) : 1000;
    settings->counts_max = random_below(random, 2) == 0 ? 1 : 1 + random_below(random, 3);
    settings->has_dates = random_below(random, 2) == 0;
    settings->has_covers = random_below(random, 2) == 0;
    settings->has_maintenance = random_below(random, 2) == 0;
    settings->has_overdraft = random_below(random, 2) == 0;
    settings->has_disabled = random_below(random, 2) == 0;
    settings_draw_faults(settings, random);
}

static void world_begin(struct world *world)
{
    for (uint32_t client = 0; client < world->settings.clients; client++)
        for (uint32_t slot = 0; slot < world->settings.slots; slot++)
            slot_rest(world, client, slot);
    happen_in(world, HAPPEN_START, 0);
    happen_in(world, HAPPEN_OPERATOR, 10);
    fault_again(world, HAPPEN_THIEF, world->settings.thief_ms);
    fault_again(world, HAPPEN_CRASH, world->settings.crashes);
    fault_again(world, HAPPEN_CLOCK, world->settings.clock_ms);
    fault_again(world, HAPPEN_PAUSE, world->settings.pause_ms);
    fault_again(world, HAPPEN_DISK, world->settings.disk_ms);
}

static struct world *world_create(struct run *run, uint64_t round)
{
    struct world *world = calloc(1, sizeof(*world));
    uint64_t seed = run->seed * 1000003u + round;
    struct random swarm = random_of(seed, 0);
    struct seats_options options = {.leases_max = 8192, .pools_max = 256, .names_max = 512};

    assert(world != NULL);
    world->run = run;
    world->workload = random_of(seed, 1);
    world->network = random_of(seed, 2);
    world->faults = random_of(seed, 3);
    world->ids = random_of(seed, 4);
    settings_draw(&world->settings, &swarm);
    if (run->die_at != 0)
        world->settings.crashes = 0; /* it dies where it is told to */
    world->now_ms = 1000000;
    world->timer_ms = INT64_MAX;
    options.leases_of_source_max = world->settings.source_cap;
    world->oracle = oracle_create(world->settings.source_cap);
    assert(world->oracle != NULL);
    /* These bugs hide in what is shown too: only what the server does may give them away. */
    if (run->bug == BUG_SEATS_OFF_BY_ONE || run->bug == BUG_COVERS_IGNORED ||
        run->bug == BUG_MAINTENANCE_STRICT || run->bug == BUG_END_NOT_CUT ||
        run->bug == BUG_OVERDRAFT_IGNORED || run->bug == BUG_DISABLED_SERVED ||
        run->bug == BUG_NOT_BEGUN_SERVED)
        oracle_ignore_shown(world->oracle);
    store_init(&world->store, run->bug, seed);
    world->shell =
        shell_create(world, &world_calls, world->oracle, &world->store, run->bug, seed, &options);
    world_begin(world);
    return world;
}

static void world_destroy(struct world *world)
{
    shell_destroy(world->shell);
    store_finish(&world->store);
    oracle_destroy(world->oracle);
    free(world);
}

static bool world_is_paused(struct world *world, struct happening *happening)
{
    if (world->now_ms >= world->paused_until_ms)
        return false;
    happening->at_ms = world->paused_until_ms; /* it waits in the socket */
    heap_push(world, happening);
    return true;
}

static bool timer_happening(struct world *world)
{
    world->timer_ms = INT64_MAX;
    world->ticks_at_once = world->ticked_ms == world->now_ms ? world->ticks_at_once + 1 : 0;
    world->ticked_ms = world->now_ms;
    if (world->ticks_at_once > 1000)
        oracle_blame(world->oracle, "INV-25 the server wants ticks for ever, without a pause");
    if (world->shell->timer_at.ms <= world->now_ms)
        return shell_tick(world->shell, world_now(world));
    world_timer(world, world->shell->timer_at);
    return true;
}

static void server_happening(struct world *world, struct happening *happening)
{
    bool lives = true;

    if (world->shell->seats == NULL || world_is_paused(world, happening))
        return;
    if (happening->kind == HAPPEN_REQUEST)
        lives = shell_request(world->shell, world_now(world), &happening->request);
    else if (happening->kind == HAPPEN_SYNCED)
        lives = !world->shell->is_syncing || shell_synced(world->shell);
    else
        lives = timer_happening(world);
    if (lives && world->shell->records_since_snapshot > world->settings.snapshot_records)
        lives = shell_snapshot(world->shell);
    if (!lives)
        server_down(world, "died at a store operation");
}

static void server_start(struct world *world)
{
    if (world->shell->seats != NULL)
        return;
    if (!shell_start(world->shell, world_now(world))) {
        if (world->shell->seats == NULL)
            happen_in(world, HAPPEN_START, 100);
        else
            server_down(world, "died while it started");
    }
}

static void operator_happening(struct world *world)
{
    happen_in(world, HAPPEN_OPERATOR, operator_gap_ms(world));
    if (world->shell->seats == NULL || world->now_ms < world->paused_until_ms || world->is_over)
        return;
    if (!operator_act(world))
        server_down(world, "died while it installed");
}

static void clock_happening(struct world *world)
{
    fault_again(world, HAPPEN_CLOCK, world->settings.clock_ms);
    if (world->is_over)
        return;
    clock_jump(world);
    /* The system tells a server of a jump (TFD_TIMER_CANCEL_ON_SET): dates may have come. */
    if (world->shell->seats != NULL && !shell_tick(world->shell, world_now(world)))
        server_down(world, "died at a store operation");
}

static void disk_happening(struct world *world)
{
    world->shell->is_disk_full = !world->shell->is_disk_full && !world->is_over;
    trace_say(world, world->shell->is_disk_full ? "the disk is full" : "the disk has room");
    if (world->shell->is_disk_full)
        happen_in(world, HAPPEN_DISK, random_between(&world->faults, 1, 5000));
    else
        fault_again(world, HAPPEN_DISK, world->settings.disk_ms);
    if (!world->shell->is_disk_full && world->shell->seats != NULL &&
        !shell_tick(world->shell, world_now(world)))
        server_down(world, "died at a store operation");
}

static void world_happen(struct world *world, struct happening *happening)
{
    switch (happening->kind) {
    case HAPPEN_CLIENT:
        client_wake(world, happening);
        break;
    case HAPPEN_REQUEST:
    case HAPPEN_TIMER:
    case HAPPEN_SYNCED:
        server_happening(world, happening);
        break;
    case HAPPEN_REPLY:
        client_reply(world, happening);
        break;
    case HAPPEN_OPERATOR:
        operator_happening(world);
        break;
    case HAPPEN_THIEF:
        fault_again(world, HAPPEN_THIEF, world->settings.thief_ms);
        if (!world->is_over)
            thief_act(world);
        break;
    case HAPPEN_CRASH:
        fault_again(world, HAPPEN_CRASH, world->settings.crashes);
        if (!world->is_over)
            server_down(world, "the machine dies");
        break;
    case HAPPEN_START:
        server_start(world);
        break;
    case HAPPEN_CLOCK:
        clock_happening(world);
        break;
    case HAPPEN_PAUSE:
        fault_again(world, HAPPEN_PAUSE, world->settings.pause_ms);
        if (!world->is_over)
            world->paused_until_ms = world->now_ms + random_between(&world->faults, 1, 20000);
        break;
    case HAPPEN_DISK:
        disk_happening(world);
        break;
    }
}

static bool world_live(struct world *world, uint64_t events)
{
    struct run *run = world->run;

    for (uint64_t event = 0; event < events && world->heap_count > 0; event++) {
        struct happening happening = heap_pop(world);

        world->now_ms = happening.at_ms;
        run->events++;
        hash_u64(run, (uint64_t)happening.kind);
        hash_u64(run, (uint64_t)happening.at_ms);
        world_happen(world, &happening);
        if (event % 64 == 0 && world->shell->seats != NULL)
            oracle_look(world->oracle, world->shell->seats, world_now(world));
        if (oracle_violation(world->oracle) != NULL)
            return false;
        if (run->events >= run->events_max)
            return true;
    }
    return true;
}

/* All faults stop and the clients are gone: within a ttl and a tick every seat is free (INV-19);
 * two ttls, where a last planned death gives all of them a fresh one. */
static bool world_end(struct world *world)
{
    int64_t until_ms = world->now_ms + (int64_t)(world->settings.ttl_s_max * 2 + 60) * 1000;
    struct seats_totals totals;

    world->is_over = true;
    if (world->shell->is_disk_full)
        disk_happening(world);
    while (world->heap_count > 0 && world->heap[0].at_ms <= until_ms)
        if (!world_live(world, 1))
            return false;
    if (world->shell->seats == NULL)
        return true; /* only where a round was cut short by its number of events */
    seats_totals(world->shell->seats, &totals);
    if (totals.leases > 0)
        oracle_blame(world->oracle, "INV-19 %llu leases are held a ttl after all clients died",
                     (unsigned long long)totals.leases);
    return oracle_violation(world->oracle) == NULL;
}

static void counts_add(struct oracle_counts *sum, struct oracle_counts counts)
{
    sum->grants += counts.grants;
    sum->reclaims += counts.reclaims;
    sum->refusals += counts.refusals;
    sum->expiries += counts.expiries;
    sum->ends += counts.ends;
    sum->cuts += counts.cuts;
    sum->drains += counts.drains;
    sum->installs += counts.installs;
    sum->crashes += counts.crashes;
    sum->looks += counts.looks;
    sum->held_over += counts.held_over;
}

/* False where the oracle found a contradiction; run->violation says which. */
static bool run_round(struct run *run, uint64_t round)
{
    struct world *world = world_create(run, round);
    bool holds = world_live(world, run->round_events);

    if (holds && run->events < run->events_max)
        holds = world_end(world);
    if (!holds)
        snprintf(run->violation, sizeof(run->violation), "round %" PRIu64 " at %.3f s: %s", round,
                 (double)world->now_ms / 1000, oracle_violation(world->oracle));
    run->rounds++;
    run->store_operations = world->store_operations;
    counts_add(&run->counts, oracle_counts(world->oracle));
    run->generous += 2 * world->granted >= world->refused;
    run->granted += world->granted;
    run->refused += world->refused;
    world_destroy(world);
    return holds;
}

struct run run_of(uint64_t seed, enum bug bug)
{
    struct run run = {.seed = seed, .bug = bug, .events_max = UINT64_MAX, .round_events = 3000};

    crypto_generichash_init(&run.hash, NULL, 0, 32);
    return run;
}

bool run_all(struct run *run)
{
    struct instant start = clock_instant();

    for (uint64_t round = run->round_first; run->events < run->events_max; round++) {
        if (!run_round(run, round))
            return false;
        if (run->rounds_max > 0 && run->rounds >= run->rounds_max)
            break;
        if (run->seconds > 0 && clock_instant().ms - start.ms >= run->seconds * 1000)
            break;
    }
    return true;
}

/* One round that dies at `operation`, and again at `again` where that is not 0. */
static bool run_dying(struct run *sum, uint64_t round, uint64_t operation, uint64_t again,
                      enum crash_variant variant)
{
    struct run run = run_of(sum->seed, sum->bug);
    bool holds;

    run.round_events = sum->round_events;
    run.is_traced = sum->is_traced;
    run.die_at = operation;
    run.die_again_at = again;
    run.variant = variant;
    holds = run_round(&run, round);
    sum->events += run.events;
    sum->rounds++;
    sum->store_operations = run.store_operations;
    counts_add(&sum->counts, run.counts);
    if (!holds)
        snprintf(sum->violation, sizeof(sum->violation),
                 "dying at store operation %" PRIu64 " (then %" PRIu64 "), variant %u: %.800s",
                 operation, again, (unsigned)variant, run.violation);
    return holds;
}

bool run_enumerated(struct run *run, uint64_t round)
{
    uint64_t operations;

    if (!run_dying(run, round, UINT64_MAX, 0, CRASH_LOSES))
        return false;
    operations = run->store_operations;
    for (uint64_t operation = 1; operation <= operations; operation++) {
        for (uint32_t variant = 0; variant < CRASH_VARIANTS_COUNT; variant++)
            if (!run_dying(run, round, operation, 0, (enum crash_variant)variant))
                return false;
        if (!run_dying(run, round, operation, operation + 1, CRASH_TEARS_HALF))
            return false; /* and again at the first store operation of the recovery */
    }
    run->store_operations = operations;
    return true;
}

void run_hash(struct run *run, char ret_hex[65])
{
    uint8_t hash[32];

    crypto_generichash_final(&run->hash, hash, sizeof(hash));
    sodium_bin2hex(ret_hex, 65, hash, sizeof(hash));
}

const char *bug_text(uint32_t bug)
{
    static const char *const texts[] = {
#define BUG(number, name, text) [number] = text,
#include "sim/bugs.def"
#undef BUG
    };

    return bug == 0 || bug > BUG_LAST ? "none" : texts[bug];
}
