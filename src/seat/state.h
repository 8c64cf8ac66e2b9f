/*
 * The tables of the seat core; private to src/seat. One region of memory from the caller, cut once;
 * rows of a table are named by their number, 0 is none.
 *
 *   lease ──▶ cell (pool, release) ──▶ pool (vendor, feature) ──▶ family ──▶ flow
 *                        └── class of the flow ──────────────────────┘
 *
 * Held: leases with their ends and marks, ended ids, installations with rows, counters. Soft:
 * deadlines, wheel, levels, families and flows; they are rebuilt and never recorded.
 */
#ifndef LICET_SEAT_STATE_H
#define LICET_SEAT_STATE_H

#include "seat/flow.h"
#include "seat/seat.h"
#include "seat/table.h"

#define TOMBSTONE_MS ((int64_t)TOMBSTONE_SECONDS * 1000)

enum lease_state {
    LEASE_FREE = 0,
    LEASE_LIVE = 1,
    LEASE_ENDED = 2, /* a tombstone: its id stays ended for TOMBSTONE_SECONDS */
};

/* 104 bytes; with its bucket in the index, 108. A live lease and its tombstone use one place. */
struct lease {
    struct lease_id id;
    uint64_t handle;
    int64_t deadline_ms; /* live: as the client counts it; ended: the instant at which it ended */
    union {
        int64_t end;           /* live: UTC, 0 none (R4.4) */
        uint64_t ended_number; /* ended: of the record that ended it */
    };
    uint64_t at : 40; /* UTC: live: granted; ended: ended */
    uint64_t ttl_s : 18;
    uint64_t flags : 4;
    uint32_t cell;
    name_id user, host, device, source;
    uint32_t count;
    uint32_t next; /* in its bucket */
    uint32_t list_prev,
        list_next; /* live: of its pool in the order of grants; ended: of its source */
    uint32_t wheel_prev,
        wheel_next; /* live: of its place in the wheel; ended: of all, oldest first */
    uint32_t wheel_slot;
    uint16_t
        level; /* how many ends of its family it is admitted past (R4.4), if `stamp` is today's */
    uint16_t stamp;
    uint8_t state;
    uint8_t is_ending; /* R4.5: a drain mark, held */
    uint8_t is_chosen; /* soft: will be marked by the drain at work */
    uint8_t ended_by;  /* ended: enum seat_record_kind */
};

_Static_assert(sizeof(struct lease) <= 112, "at most 128 bytes a lease with its indexes");

struct lease_memo {
    struct lease_id id;
    uint32_t hash;
    bool is_set;
};

/* Leases and ended ids that came from one address. */
struct source {
    uint32_t live;
    uint32_t ended;
    uint32_t ended_first, ended_last;
};

struct cell {
    uint32_t pool;
    uint32_t release;
    uint32_t class;
    uint32_t leases;
    uint64_t units;
    uint32_t next; /* in its bucket, or of the free ones */
};

struct pool {
    name_id vendor, feature; /* feature 0: a free place */
    uint32_t next_of_name;   /* the same name of another vendor; or the next free place */
    uint32_t family;
    uint32_t family_slot; /* its place among the pools of its family */
    uint32_t next_of_family;
    uint32_t parent;      /* while families are built */
    uint32_t first, last; /* its leases, in the order of grants */
    uint32_t leases;
    uint32_t cell; /* the one used last */
    uint64_t units;
    uint32_t rows_named; /* installed lines that have or cover the feature */
    uint32_t rows_own;
    uint32_t rows_disabled;         /* of rows_own */
    enum line_state disabled_state; /* of some disabled line that names it */
    int64_t drain_before; /* while an installation is rehearsed: what R4.5 asks of its old family */
};

/* Pools in the order of (vendor, feature), for those who walk; sorted again when it is stale. */
struct pool_order {
    uint32_t count;
    bool is_fresh;
    uint32_t pools[];
};

/* A cover family: the pools that lines connect, and the flow that serves them. */
struct family {
    uint32_t vendor; /* its place among the vendors */
    uint32_t lines_count;
    uint32_t pools_count;
    uint32_t first_pool;
    uint32_t thresholds_count;
    uint32_t ends_count;
    uint32_t *rows;       /* [lines] of the vendor's rows */
    uint32_t *thresholds; /* distinct maintenance dates, rising */
    int64_t *ends;        /* distinct ends, rising */
    uint32_t *class_of;   /* [pools][thresholds + 1]: class + 1, 0 not yet */
    uint32_t *class_ttl;  /* [classes]: the shortest of the lines that serve it today, 0 none */
    uint64_t *beyond;     /* [classes][ends]: units admitted past each end (R4.4) */
    struct flow *flow;
    int64_t utc;                     /* of the last look at the clock */
    int64_t valid_from, valid_until; /* UTC: between them the same lines serve */
    uint32_t passed;                 /* ends that lie in the past */
    uint32_t base_level;             /* of leases without a level of their own */
    bool has_levels;                 /* some lease has a level of its own */
    bool is_forced; /* leases were admitted past an end without a check, after a restart */
    bool is_draining;
    int64_t drain_end; /* UTC */
    int64_t drain_due_ms;
};

struct vendor {
    struct seat_installation installation;
    struct seat_line
        *rows; /* the installed lines, each followed by what it was; then vanished ones */
    uint32_t rows_count;
    uint32_t *held; /* rows with seats held over */
    uint32_t held_count;
    bool is_installed;
};

#define WHEEL_LEVELS 4
#define WHEEL_SLOTS (256 + 65536 + 256 + 65536)
#define WHEEL_WORDS (WHEEL_SLOTS / 64)

/* Leases by the millisecond at which they end. One that is renewed keeps its place until that
 * comes. */
struct wheel {
    int64_t now_ms;
    int64_t next_ms; /* nothing comes due before it */
    uint64_t used[WHEEL_WORDS];
    uint32_t slots[WHEEL_SLOTS];
};

enum step_stage {
    STEP_IDLE = 0,
    STEP_EXPIRE,
    STEP_REQUEST,
    STEP_LINES, /* the records of an installation are being written */
    STEP_MARKS, /* the drain marks of a family */
};

struct seats {
    /* as created */
    struct seats_options options; /* with the defaults in place */
    /* held */
    uint64_t next_number;
    uint64_t epoch;
    uint64_t request_counter;
    uint8_t response_hash[32];
    uint8_t server_key[32];
    int64_t open_at, epoch_at, request_at;
    struct vendor vendors[VENDORS_MAX];
    struct vendor *vendors_table; /* the same, for those who only look */
    uint32_t vendors_count;
    uint64_t ending_number; /* of the last ENDING record */
    /* leases */
    struct lease *leases;
    uint32_t *lease_buckets;
    struct table lease_table;
    struct lease_memo *lease_memo;
    uint32_t leases_used, lease_free;
    uint32_t live_count, ended_count;
    uint32_t ended_first, ended_last;
    struct source *sources;
    struct wheel *wheel;
    /* pools and cells */
    struct pool *pools;
    uint32_t pools_used, pool_free, pools_count;
    uint32_t *pool_of_name;
    struct pool_order *pool_order;
    uint32_t *row_of_sn;
    struct cell *cells;
    uint32_t *cell_buckets;
    struct table cell_table;
    uint32_t cells_used, cell_free;
    /* families */
    struct family *families;
    uint32_t families_count;
    char *flow_region, *scratch;
    size_t flow_used;
    int64_t utc;      /* of the last event */
    int64_t ahead_ms; /* of UTC before the instant: the least since levels were forced */
    uint16_t stamp;
    bool is_open;    /* held */
    bool is_staging; /* an installation is in the making */
    bool is_started;
    /* that installation */
    struct seat_line *staged;
    struct seat_installation staged_installation;
    uint32_t staged_count;
    /* the event at work */
    struct seat_event event;
    enum step_stage stage;
    uint32_t ends_left; /* of SEAT_ENDS_MAX */
    uint32_t emit_next; /* row to be recorded next */
    uint32_t emit_count;
    uint32_t drain_family; /* being marked */
    uint32_t drain_pool, drain_lease;
    int64_t now_ms;
    int64_t drain_next_ms; /* no drain ends before it */
};

/* Addresses and sizes of what is touched as tables grow: 256 MiB of flows serve 65,536 pools with a
 * line and a dozen dates each (about 2 KiB), or one family of 256 lines with 50,000 classes. */
#define SEAT_FLOW_BYTES ((size_t)256 << 20)

/* ---- lease.c: places, index, sources, ended ids */
uint32_t lease_find(const struct seats *seats, const struct lease_id *id);
/* The lease or ended id with this handle, or 0. Limit: a walk over all places, 0.1 s of the server's
 * time at 5,000,000 leases; who may ask for it is an administrator, and an index would cost every
 * lease. */
uint32_t lease_find_handle(const struct seats *seats, uint64_t handle);
/* A free place, taking the oldest ended id's where all are used; 0: all are live. */
uint32_t lease_place(struct seats *seats);
void lease_index(struct seats *seats, uint32_t lease);
void lease_end(struct seats *seats, uint32_t lease);    /* links it among the ended, caps applied */
void lease_forget(struct seats *seats, uint32_t lease); /* of an ended one */
/* How many of the oldest ended ids have had their window, SEAT_FORGETS_MAX at most. The records
 * carry it: their own time is UTC, which leaps, and a window is counted by the instant (R8.1). */
uint32_t lease_stale(const struct seats *seats, int64_t now_ms);

/* ---- wheel.c */
void wheel_start(struct seats *seats, int64_t now_ms);
void wheel_add(struct seats *seats, uint32_t lease);
void wheel_remove(struct seats *seats, uint32_t lease);
/* A lease that has come due at `now_ms`, taken out of the wheel; 0: none. */
uint32_t wheel_pop(struct seats *seats, int64_t now_ms);

/* ---- pool.c */
uint32_t pool_find(const struct seats *seats, name_id vendor, name_id feature);
uint32_t pool_get(struct seats *seats, name_id vendor, name_id feature); /* 0: pools_max */
void pool_free(struct seats *seats, uint32_t pool);
void pool_append(struct seats *seats, uint32_t pool, uint32_t lease);
void pool_remove(struct seats *seats, uint32_t pool, uint32_t lease);
/* As family_class(), most often from the cell that a grant touches anyway. */
uint32_t pool_class(const struct seats *seats, uint32_t pool, uint32_t release);
uint32_t cell_get(struct seats *seats, uint32_t pool, uint32_t release);
void cell_drop(struct seats *seats, uint32_t cell);

/* ---- family.c */
/* Builds families and flows of all vendors from their rows. LICET_TOO_LARGE or LICET_OVER_LIMIT
 * leaves them unusable: the caller builds again from rows that fit. */
enum status families_build(struct seats *seats, int64_t utc, struct error *error);
/* The family of a new pool that no line names: it has holders and no seat. False: no room. */
bool family_add_orphan(struct seats *seats, uint32_t pool, int64_t utc);
struct family *family_look(const struct seats *seats, struct family *family, int64_t utc);
struct family *family_at(const struct seats *seats, uint32_t pool, int64_t utc);
void family_refresh(const struct seats *seats, struct family *family, int64_t utc);
uint32_t family_class(const struct seats *seats, struct family *family, uint32_t pool,
                      uint32_t release);
int64_t line_end(const struct seat_line *line); /* INT64_MAX: never */
const struct seat_line *family_line(const struct seats *seats, const struct family *family,
                                    uint32_t index);

/* ---- level.c: ends, R4.4 */
struct admission {
    uint32_t level;  /* ends it is admitted past */
    int64_t cut;     /* UTC, 0: none */
    bool is_refused; /* it does not fit on what goes on after an end that has passed */
    int64_t since;   /* that end */
};
/* How far beyond the family's ends `units` of `class` may last if they are granted `ttl_s` now.
 * `lease` is renewed, or 0. */
struct admission level_admit(const struct seats *seats, struct family *family, uint32_t class,
                             uint32_t units, uint32_t lease, int64_t utc, uint32_t ttl_s);
void level_set(const struct seats *seats, uint32_t lease, uint32_t level);
void level_clear(const struct seats *seats, uint32_t lease);
uint32_t level_of(const struct seats *seats, const struct family *family, uint32_t lease);
/* After a restart, an installation or a leap of UTC: whoever may have been promised time beyond an
 * end that is to come counts there. */
void levels_force(struct seats *seats, struct seat_now now);
/* Ends are in UTC, deadlines by the instant: where UTC leaps, an end that nobody reached is near,
 * or one that had come is to come again, and levels_force() counts anew. */
void levels_follow(struct seats *seats, struct seat_now now);

/* ---- install.c */
enum status install_prepare(struct seats *seats, struct seat_now now,
                            const struct seat_event *event, bool *ret_is_known,
                            struct error *error);
enum status install_apply_begin(struct seats *seats, const struct seat_record *record,
                                struct error *error);
enum status install_apply_line(struct seats *seats, const struct seat_record *record,
                               struct error *error);
enum status install_apply_end(struct seats *seats, const struct seat_record *record,
                              struct error *error);
struct vendor *vendor_find(const struct seats *seats, name_id vendor);
/* R5.1: held-over counts of the vendor never exceed what the families still lack at `utc`. */
void install_clamp(struct seats *seats, uint32_t vendor, int64_t utc);

/* ---- view.c */
void lease_view(const struct seats *seats, struct seat_now now, uint32_t lease,
                struct seat_lease_view *view);

/* ---- drain.c */
/* Chooses whom to mark (R4.5); false: nobody. */
bool drain_choose(struct seats *seats, uint32_t family, int64_t utc);
/* The next chosen lease, or 0 when all are marked. */
uint32_t drain_next(struct seats *seats);
void drain_schedule(struct seats *seats, struct seat_now now);

/* ---- decide.c */
struct grant {
    uint32_t pool;
    struct family *family;
    uint32_t ttl_s;
    uint32_t flags;
    struct admission admission;
};
/* Whether a checkout that is no re-claim would be granted; else `reply` says why not. */
bool decide_grant(const struct seats *seats, struct seat_now now, const struct seat_event *event,
                  struct grant *ret_grant, struct seat_reply *reply);
struct extension {
    struct family *family;
    uint32_t ttl_s;
    int64_t end; /* UTC, 0: none */
    uint32_t level;
};
/* Whether a live lease would be renewed; else `reply` says why not. */
bool decide_extension(const struct seats *seats, struct seat_now now, uint32_t lease,
                      struct extension *ret_extension, struct seat_reply *reply);
bool decide_is_same(const struct seats *seats, uint32_t lease, const struct seat_event *event);
bool decide_is_tombstone(const struct seats *seats, uint32_t lease, int64_t now_ms);
uint32_t lease_ttl_ms(int64_t utc, uint32_t ttl_s, int64_t end);

/* ---- view.c */
/* The order of pools, sorted where it was stale. */
const struct pool_order *pool_order(const struct seats *seats);

/* ---- deny.c */
void deny(const struct seats *seats, struct seat_now now, const struct seat_event *event,
          uint32_t pool, struct seat_reply *reply);

#endif
