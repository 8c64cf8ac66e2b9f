/*
 * A run of the simulator: a row of rounds from one seed. Every round draws its own world (how many
 * clients, how small the pools, which faults how often) and lives a few thousand events in virtual
 * time; the oracle watches. The same seed gives the same run, and the same hash, on every build.
 */
#ifndef LICET_TESTS_SIM_RUN_H
#define LICET_TESTS_SIM_RUN_H

#include <sodium.h>

#include "sim/bugs.h"
#include "sim/oracle.h"
#include "sim/store.h"

struct run {
    uint64_t seed;
    uint64_t events_max;
    uint64_t round_first;
    uint64_t rounds_max; /* 0: no maximum */
    int64_t seconds;     /* 0: until events_max */
    enum bug bug;
    bool is_traced;
    /* Enumerated mode: die at the n-th store operation of a round (0: by chance alone). */
    uint64_t die_at, die_again_at;
    enum crash_variant variant;
    uint32_t round_events;
    crypto_generichash_state hash;
    uint64_t events, rounds, store_operations, acts;
    uint64_t granted, refused; /* new checkouts, as clients heard */
    uint64_t generous;         /* rounds in which a third of them was granted */
    struct oracle_counts counts;
    char violation[1200];
};

struct run run_of(uint64_t seed, enum bug bug);

/* Rounds from run->round_first on, until events_max or `seconds`. False where the oracle found a
 * contradiction: run->violation says which and when. */
bool run_all(struct run *run);

/* One round again and again: dying at each of its store operations, with each thing that a crash
 * can do to what is not synced, and once more in the recovery from it. */
bool run_enumerated(struct run *run, uint64_t round);

void run_hash(struct run *run, char ret_hex[65]); /* ends the hash: once a run */
const char *bug_text(uint32_t bug);

#endif
