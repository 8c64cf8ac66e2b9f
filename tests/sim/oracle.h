/*
 * The judge of the simulation, written from docs/rules.md alone. It stands at the door of the
 * server: it sees each event with its time, what the server announced (records and replies), which
 * replies left, which syncs were reported, and each crash. From this it keeps, for every lease id,
 * whether it was never granted, is held, or has ended, and whether a client was told so; everything
 * is recounted from plain arrays when it is needed.
 *
 * It never repairs what it sees: the first contradiction is kept as a sentence and ends the run.
 */
#ifndef LICET_TESTS_SIM_ORACLE_H
#define LICET_TESTS_SIM_ORACLE_H

#include "seat/seat.h"

struct oracle;

/* What the server said and did in answer to one event, over all calls that `more` asked for. */
struct oracle_act {
    struct seat_now now;
    const struct seat_event *event;
    const struct seat_record *records;
    uint32_t records_count;
    uint64_t first_number;
    const struct seat_reply *reply; /* NULL: the event has none */
    bool wants_tick;                /* it has more to do at once */
    bool was_disk_full;             /* the shell refused it before the core saw it */
};

struct oracle *oracle_create(uint32_t leases_of_source_max);
void oracle_destroy(struct oracle *oracle);
/* Judge by deeds alone: lines and sums that the server shows are not compared. */
void oracle_ignore_shown(struct oracle *oracle);

void oracle_step(struct oracle *oracle, const struct oracle_act *act);
/* The reply to `id` left the process, and the log was durable up to `synced` then (INV-14, 15). */
void oracle_reply_left(struct oracle *oracle, enum seat_event_kind kind, struct lease_id id,
                       const struct seat_reply *reply, uint64_t synced);
/* The store said that everything up to `number` is durable. */
void oracle_synced(struct oracle *oracle, uint64_t number);
/* The server died and the fold of what the store still has is `seats`, before SEAT_START. */
void oracle_recovered(struct oracle *oracle, const struct seats *seats);
/* Compares what the server shows with what it must hold (INV-13, 22). Slow: not on every event. */
void oracle_look(struct oracle *oracle, const struct seats *seats, struct seat_now now);

/* The first contradiction, or NULL. */
const char *oracle_violation(const struct oracle *oracle);
void oracle_blame(struct oracle *oracle, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

struct oracle_counts {
    uint64_t grants, reclaims, refusals, expiries, ends, cuts, drains, installs, crashes, looks;
    uint64_t held_over;
};
struct oracle_counts oracle_counts(const struct oracle *oracle);

#endif
