/*
 * The simulated shell around the seat core, as licetd has one: it hands events to the core, batches
 * the records of a loop turn, has them synced, and only then lets the replies go, each connection's
 * in order. The oracle stands beside it and sees both sides. Planted bugs live here.
 */
#ifndef LICET_TESTS_SIM_SHELL_H
#define LICET_TESTS_SIM_SHELL_H

#include "seat/seat.h"
#include "sim/oracle.h"
#include "sim/store.h"

#define SHELL_WAITING_MAX 4096
#define SHELL_BATCH_MAX 65536
#define SHELL_CONNECTIONS_MAX 64

/* A request as it travels: the event, and whom to answer. */
struct request {
    struct seat_event event;
    uint32_t connection;
    uint64_t token; /* the client's, to know its answer again */
};

struct waiting {
    struct request request;
    struct seat_reply reply;
    uint64_t order; /* of arrival, within its connection */
};

struct world;

/* What the shell needs from around it. */
struct shell_calls {
    /* A reply leaves for the network. */
    void (*send)(struct world *world, const struct request *request,
                 const struct seat_reply *reply);
    void (*sync_begins)(struct world *world);
    void (*timer)(struct world *world, struct instant at);
    /* A store operation is about to happen: true where the machine dies right here. */
    bool (*dies)(struct world *world, const char *where);
    /* Bytes for the run hash and the trace. */
    void (*note)(struct world *world, const struct oracle_act *act);
};

struct shell {
    struct world *world;
    const struct shell_calls *calls;
    struct oracle *oracle;
    struct store *store;
    enum bug bug;
    struct random bugs;
    int64_t bug_instant_ms; /* what a server that lives by UTC takes for the time */
    struct seats_options options;
    void *memory, *scratch;
    size_t memory_size;
    struct seats *seats; /* NULL: the server is down */
    bool is_disk_full;
    struct instant timer_at;
    struct seat_record batch[SHELL_BATCH_MAX]; /* not yet written */
    uint32_t batch_count;
    uint64_t batch_first, last_number, syncing_number, synced_number;
    bool is_syncing;
    struct waiting waiting[SHELL_WAITING_MAX];
    uint32_t waiting_count;
    uint64_t orders, sent_orders[SHELL_CONNECTIONS_MAX];
    uint64_t records_since_snapshot;
    uint8_t dump[32]; /* hash of the held state when the server died, and after which record */
    uint64_t dump_number;
};

struct shell *shell_create(struct world *world, const struct shell_calls *calls,
                           struct oracle *oracle, struct store *store, enum bug bug, uint64_t seed,
                           const struct seats_options *options);
void shell_destroy(struct shell *shell);

/* False where the server died on the way, in recovery or in a store operation. */
bool shell_start(struct shell *shell, struct seat_now now);
bool shell_request(struct shell *shell, struct seat_now now, const struct request *request);
bool shell_tick(struct shell *shell, struct seat_now now);
bool shell_synced(struct shell *shell);
/* Writes what waits and begins a sync, unless one is under way. */
bool shell_flush(struct shell *shell);
bool shell_snapshot(struct shell *shell);
/* The process dies: nothing in memory is left. */
void shell_die(struct shell *shell);

#endif
