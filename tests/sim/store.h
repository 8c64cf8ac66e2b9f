/*
 * The simulated disk under the server's log: groups of encoded records, each with a checksum over
 * the whole group; what is not synced may be lost, kept or torn by a crash. A snapshot replaces the
 * groups before it. Not the real journal: only what the seat core is promised by one.
 */
#ifndef LICET_TESTS_SIM_STORE_H
#define LICET_TESTS_SIM_STORE_H

#include "seat/seat.h"
#include "sim/bugs.h"
#include "sim/random.h"

struct store {
    uint8_t *log; /* groups, one after the other */
    size_t log_size, log_synced, log_capacity;
    uint8_t *snapshot; /* one group of records that fold to the state up to snapshot_number */
    size_t snapshot_size, snapshot_capacity;
    uint64_t snapshot_number;
    uint64_t syncs;
    enum bug bug;
    struct random bugs; /* the bugs' own dice: they must not disturb the other streams */
};

/* What a crash leaves of the unsynced bytes. */
enum crash_variant {
    CRASH_LOSES,
    CRASH_KEEPS,
    CRASH_TEARS_1, /* keeps so many bytes: within the frame's head */
    CRASH_TEARS_8,
    CRASH_TEARS_HALF, /* in mid record */
    CRASH_TEARS_LAST, /* all but the last byte */
    CRASH_VARIANTS_COUNT,
};

void store_init(struct store *store, enum bug bug, uint64_t seed);
void store_finish(struct store *store);
void store_append(struct store *store, uint64_t first_number, const struct seat_record *records,
                  uint32_t count);
void store_sync(struct store *store);
void store_crash(struct store *store, enum crash_variant variant);
/* Folds snapshot and log into an empty core; cuts an unfinished last group. */
enum status store_recover(struct store *store, struct seats *seats, struct error *error);
/* Writes a snapshot of what is synced, made by `scratch`, an empty core; the log starts anew. */
enum status store_snapshot(struct store *store, struct seats *scratch, struct error *error);

#endif
