/* The world of a round, shared by the files that make it go on: world*.c. */
#ifndef LICET_TESTS_SIM_WORLD_H
#define LICET_TESTS_SIM_WORLD_H

#include "sim/random.h"
#include "sim/run.h"
#include "sim/seating.h"
#include "sim/shell.h"
#include "sim/store.h"

#include "sim/seating.h"
#include "sim/shell.h"
#include "sim/store.h"

#define CLIENTS_MAX 16
#define SLOTS_MAX 4
#define FEATURES_COUNT 6
#define VENDORS_COUNT 2
#define SERIALS_COUNT 7
#define PAST_MAX 64
#define REFUSALS_MAX 5
#define HEAP_MAX 16384
#define OPERATOR_CONNECTION 60
#define THIEF_CONNECTION 61
#define UTC_START 1795500000 /* 24 November 2026 */
#define FIRST_VENDOR 1
#define FIRST_FEATURE 10
#define FIRST_USER 20
#define FIRST_HOST 70
#define FIRST_DEVICE 130
#define FIRST_SOURCE 190
#define FIRST_SERIAL 220
#define MAINTENANCE_DAY 20000

/* ---- what happens when ---- */

enum happening_kind {
    HAPPEN_CLIENT,  /* a client's slot wakes up */
    HAPPEN_REQUEST, /* a message reaches the server */
    HAPPEN_REPLY,   /* a message reaches a client */
    HAPPEN_TIMER,
    HAPPEN_SYNCED,
    HAPPEN_OPERATOR,
    HAPPEN_THIEF,
    HAPPEN_CRASH,
    HAPPEN_START,
    HAPPEN_CLOCK,
    HAPPEN_PAUSE,
    HAPPEN_DISK,
};

struct happening {
    int64_t at_ms;
    uint64_t sequence;
    enum happening_kind kind;
    uint32_t client, slot;
    uint64_t token;
    struct request request;
    struct seat_reply reply;
};

enum slot_state {
    SLOT_IDLE,
    SLOT_ASKING,
    SLOT_HELD,
    SLOT_RETURNING,
};

/* One lease of one client, as liblicet would carry it. */
struct slot {
    enum slot_state state;
    struct seat_event request; /* the checkout; its id is the lease's */
    uint64_t token;            /* of the request whose answer is awaited */
    uint32_t tries;
    uint32_t refusals; /* since the last grant */
    int64_t sent_ms;
    int64_t valid_until_ms; /* counted from sending (R8.5) */
    uint32_t ttl_ms;
};

/* Rates are hits in 2^32; 0: off. Times in ms. */
struct settings {
    uint32_t clients, slots, features, vendors, lines, seats_max;
    uint32_t ttl_s_max, drain_s_max, think_ms, patience_ms, timeout_ms;
    uint32_t delay_ms, sync_ms;
    uint32_t loses, repeats, delays, crashes, dies_at_store, abandons;
    uint32_t clock_ms, pause_ms, disk_ms, operator_ms, thief_ms; /* mean gap; 0: off */
    uint32_t snapshot_records, source_cap, counts_max;
    bool has_dates, has_covers, has_maintenance, has_overdraft, has_disabled, has_huge_jumps;
};

struct world {
    struct run *run;
    struct settings settings;
    struct random workload, network, faults, ids;
    struct happening heap[HEAP_MAX];
    uint32_t heap_count;
    uint64_t sequence, tokens;
    int64_t now_ms, utc_shift_s;
    int64_t paused_until_ms;
    int64_t timer_ms; /* of the earliest timer in the heap */
    uint32_t ticks_at_once;
    int64_t ticked_ms;
    struct shell *shell;
    struct oracle *oracle;
    struct store store;
    struct slot slots[CLIENTS_MAX][SLOTS_MAX];
    struct seat_event past[PAST_MAX]; /* what the thief has overheard */
    uint32_t past_count;
    struct seat_installation files[VENDORS_COUNT]; /* the newest file of each vendor */
    struct seat_line lines[VENDORS_COUNT][SEATING_LINES_MAX];
    struct seat_installation old_files[VENDORS_COUNT];
    struct seat_line old_lines[VENDORS_COUNT][SEATING_LINES_MAX];
    uint64_t store_operations;
    uint64_t granted, refused; /* new checkouts, as clients heard */
    bool is_over;              /* clients are dead, faults have stopped */
};

static inline struct seat_now world_now(const struct world *world)
{
    int64_t utc = UTC_START + world->now_ms / 1000 + world->utc_shift_s;

    return (struct seat_now){{world->now_ms}, {utc}};
}

/* ---- the heap (world_heap.c) ---- */

void heap_push(struct world *world, struct happening *happening);
struct happening heap_pop(struct world *world);
void happen_in(struct world *world, enum happening_kind kind, int64_t delay_ms);
void slot_wake_in(struct world *world, uint32_t client, uint32_t slot, int64_t delay_ms);

/* ---- hash and trace (world_trace.c) ---- */

void hash_u64(struct run *run, uint64_t value);
void world_note(struct world *world, const struct oracle_act *act);
void trace_say(const struct world *world, const char *what);

/* ---- clients, their network, and a thief (world_clients.c) ---- */

void world_send(struct world *world, const struct request *request, const struct seat_reply *reply);
void slot_rest(struct world *world, uint32_t client, uint32_t number);
void client_wake(struct world *world, const struct happening *happening);
void client_reply(struct world *world, const struct happening *happening);
void thief_act(struct world *world);

/* ---- license files and their operator (world_files.c) ---- */

int64_t operator_gap_ms(struct world *world);
bool operator_act(struct world *world);

#endif
