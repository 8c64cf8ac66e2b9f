/*
 * What `make test` asks of the simulator in a few seconds: some seeds hold, one round holds dying
 * at every store operation, the oracle finds every planted bug, and the run is the same on every
 * build. `sim --seconds N` explores further. EXPECTED-HASH EVENTS: so many events of each seed; 0:
 * the run's hash and nothing else.
 */
#include <inttypes.h>

#include "base/file.h"
#include "base/parse.h"
#include "sim/run.h"
#include "tap.h"

#define SEEDS_COUNT 12
#define HASH_SEED 2026
#define HASH_EVENTS 30000
#define ENUMERATED_ROUNDS 5
#define ENUMERATED_EVENTS 250
#define BUG_EVENTS_MAX 20000000
/* The rarest planted bug needs 138,933 events: whoever asks for fewer is not here for bugs. */
#define BUG_EVENTS_WANTED 140000
#define HASH_FILE_BYTES_MAX 4096

static void explain(const struct run *run)
{
    printf("#   %s\n#   again: sim --seed %" PRIu64 " --bug %u --events %" PRIu64 "\n",
           run->violation, run->seed, (unsigned)run->bug, run->events + 1);
}

static void seeds_hold(uint64_t events)
{
    for (uint64_t seed = 1; seed <= SEEDS_COUNT; seed++) {
        struct run run = run_of(seed, BUG_NONE);

        run.events_max = events;
        if (!ok(run_all(&run), "INV-11..25 seed %" PRIu64 " holds over %" PRIu64 " events", seed,
                events))
            explain(&run);
        ok(run.counts.grants > 0 && run.counts.expiries > 0 && run.counts.crashes > 0,
           "seed %" PRIu64 " granted %" PRIu64 ", expired %" PRIu64 ", recovered %" PRIu64 " times",
           seed, run.counts.grants, run.counts.expiries, run.counts.crashes);
    }
}

static void dying_everywhere(uint64_t rounds)
{
    for (uint64_t round = 0; round < rounds; round++) {
        struct run run = run_of(1, BUG_NONE);

        run.round_events = ENUMERATED_EVENTS;
        if (!ok(run_enumerated(&run, round) && run.store_operations > 10,
                "INV-14 round %" PRIu64 " holds, dying at each of its store operations in every "
                "way",
                round))
            explain(&run);
        printf("#   %" PRIu64 " store operations, %" PRIu64 " lives\n", run.store_operations,
               run.rounds);
    }
}

static void bugs_are_found(void)
{
    for (uint32_t bug = 1; bug <= BUG_LAST; bug++) {
        struct run run = run_of(1, (enum bug)bug);
        bool holds;

        run.events_max = BUG_EVENTS_MAX;
        holds = run_all(&run);
        if (ok(!holds, "bug %u is found: %s", bug, bug_text(bug)))
            printf("#   after %" PRIu64 " events: %.120s\n", run.events, run.violation);
    }
}

/* The stored hash changes when the core or the simulator does, and only then: on purpose. */
static void hash_is_stored(const char *path)
{
    struct run run = run_of(HASH_SEED, BUG_NONE);
    struct text text, expected;
    struct error error;
    char hex[65];

    run.events_max = HASH_EVENTS;
    ok(run_all(&run), "seed %u holds over %u events", HASH_SEED, HASH_EVENTS);
    run_hash(&run, hex);
    if (!ok(file_read(path, HASH_FILE_BYTES_MAX, &text, &error) == LICET_OK, "a hash is stored"))
        return;
    expected = text_head(text, text_find(text, '\n'));
    if (!ok(text_is(expected, hex), "the run is the same on every build"))
        printf("#   got      %s\n#   expected %.*s\n"
               "#   after a deliberate change of core or simulator, store the new one\n",
               hex, TEXT_ARGS(expected));
    free((char *)(uintptr_t)text.data);
}

int main(int argc, char **argv)
{
    uint64_t events;

    if (sodium_init() < 0 || argc != 3 ||
        parse_u64(text_of(argv[2]), 0, UINT32_MAX, &events, NULL) != LICET_OK)
        return 1;
    hash_is_stored(argv[1]);
    if (events == 0)
        return tap_done();
    seeds_hold(events);
    /* Under sanitizers each of its lives is dear, and takes the same paths. */
    dying_everywhere(events >= BUG_EVENTS_WANTED ? ENUMERATED_ROUNDS : 1);
    if (events >= BUG_EVENTS_WANTED)
        bugs_are_found();
    return tap_done();
}
