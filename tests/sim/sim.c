/* The simulator's command: one run, all planted bugs, or one round dying everywhere. */
#include <getopt.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/parse.h"
#include "sim/run.h"

#define BUG_EVENTS_MAX 20000000

struct options {
    uint64_t seed, events, round, rounds;
    uint32_t seconds, bug;
    bool has_round, is_traced, is_all_bugs, is_enumerated;
};

static int usage(void)
{
    fprintf(stderr, "usage: sim [--seed N] [--events N] [--seconds N] [--bug N] [--round N]\n"
                    "           [--trace] [--all-bugs] [--enumerate]\n");
    return 2;
}

static void run_print(const struct run *run)
{
    const struct oracle_counts *counts = &run->counts;

    printf("seed %" PRIu64 ": %" PRIu64 " events, %" PRIu64 " rounds, %" PRIu64 " acts\n",
           run->seed, run->events, run->rounds, run->acts);
    printf("  clients were granted %" PRIu64 " and refused %" PRIu64 "; %" PRIu64
           " rounds granted a third\n",
           run->granted, run->refused, run->generous);
    printf("  %" PRIu64 " grants, %" PRIu64 " re-claims, %" PRIu64 " refusals, %" PRIu64
           " expiries, %" PRIu64 " cuts, %" PRIu64 " drains\n",
           counts->grants, counts->reclaims, counts->refusals, counts->expiries, counts->cuts,
           counts->drains);
    printf("  %" PRIu64 " installations, %" PRIu64 " recoveries, %" PRIu64 " looks, %" PRIu64
           " seats held over\n",
           counts->installs, counts->crashes, counts->looks, counts->held_over);
}

static void run_print_failure(const struct run *run)
{
    printf("FOUND after %" PRIu64 " events: %s\n", run->events, run->violation);
    printf("again: sim --seed %" PRIu64 " --bug %u --round %" PRIu64 " --trace\n", run->seed,
           (unsigned)run->bug, run->round_first + run->rounds - 1);
}

static int sim_run(const struct options *options)
{
    struct run run = run_of(options->seed, (enum bug)options->bug);
    char hex[65];
    bool holds;

    if (options->events > 0)
        run.events_max = options->events;
    else if (options->seconds == 0)
        run.events_max = 1000000;
    run.seconds = options->seconds;
    run.round_first = options->round;
    run.is_traced = options->is_traced;
    run.rounds_max = options->has_round ? 1 : 0;
    holds = run_all(&run);
    run_print(&run);
    if (!holds) {
        run_print_failure(&run);
        return 1;
    }
    run_hash(&run, hex);
    printf("  hash %s\n", hex);
    return 0;
}

static int sim_all_bugs(const struct options *options)
{
    int missed = 0;

    printf("bug  events to find  found by\n");
    for (uint32_t bug = 1; bug <= BUG_LAST; bug++) {
        struct run run = run_of(options->seed, (enum bug)bug);

        run.events_max = BUG_EVENTS_MAX;
        if (run_all(&run)) {
            printf("%3u  %14s  %s\n", bug, "NOT FOUND", bug_text(bug));
            missed++;
        } else {
            printf("%3u  %14" PRIu64 "  %s\n     %s\n", bug, run.events, bug_text(bug),
                   run.violation);
        }
    }
    printf("%u of %u bugs found\n", (unsigned)BUG_LAST - (unsigned)missed, (unsigned)BUG_LAST);
    return missed == 0 ? 0 : 1;
}

static int sim_enumerate(const struct options *options)
{
    struct run run = run_of(options->seed, (enum bug)options->bug);

    run.round_events = 400;
    if (!run_enumerated(&run, options->round)) {
        printf("FOUND: %s\n", run.violation);
        return 1;
    }
    run_print(&run);
    printf("  %" PRIu64 " store operations, each in every way\n", run.store_operations);
    return 0;
}

static bool option_read(int letter, const char *value, struct options *options)
{
    struct text text = text_of(value);

    switch (letter) {
    case 's':
        return parse_u64(text, 0, UINT32_MAX, &options->seed, NULL) == LICET_OK;
    case 'e':
        return parse_u64(text, 1, UINT64_MAX, &options->events, NULL) == LICET_OK;
    case 't':
        return parse_u32(text, 1, 1000000, &options->seconds, NULL) == LICET_OK;
    case 'b':
        return parse_u32(text, 0, BUG_LAST, &options->bug, NULL) == LICET_OK;
    case 'r':
        options->has_round = true;
        return parse_u64(text, 0, UINT32_MAX, &options->round, NULL) == LICET_OK;
    case 'T':
        options->is_traced = true;
        return true;
    case 'a':
        options->is_all_bugs = true;
        return true;
    case 'n':
        options->is_enumerated = true;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"seed", required_argument, NULL, 's'},
        {"events", required_argument, NULL, 'e'},
        {"seconds", required_argument, NULL, 't'},
        {"bug", required_argument, NULL, 'b'},
        {"round", required_argument, NULL, 'r'},
        {"trace", no_argument, NULL, 'T'},
        {"all-bugs", no_argument, NULL, 'a'},
        {"enumerate", no_argument, NULL, 'n'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.seed = 1};
    int letter;

    if (sodium_init() < 0)
        return 1;
    while ((letter = getopt_long(argc, argv, "", longs, NULL)) != -1)
        if (!option_read(letter, optarg, &options))
            return usage();
    if (optind != argc)
        return usage();
    if (options.is_all_bugs)
        return sim_all_bugs(&options);
    if (options.is_enumerated)
        return sim_enumerate(&options);
    return sim_run(&options);
}
