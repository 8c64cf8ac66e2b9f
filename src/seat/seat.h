/*
 * The seat core: who may use a seat, decided from events, one at a time.
 *
 * PURE: no clock, socket, file, malloc or global. One event goes in with its time; effects come
 * out: records to make durable, and a reply that may leave when the record it depends on is synced
 * (docs/ARCHITECTURE.md). Two kinds of state:
 *
 *   held: the fold of the records through seat_apply(); it survives a crash, and
 *   seats_snapshot_next() lists it
 *
 *   soft: deadlines moved by renewals, the flow of each family; it is rebuilt by SEAT_START and is
 * in no record
 *
 * seat_step() decides and applies its own records at once, by the same seat_apply() that replays a
 * journal. Only OPEN and REQUEST are made by the shell, which applies them under the next number.
 *
 * What replies mean, where the rules leave it open:
 *
 *   CHECKOUT  a live id with the same values is re-claimed, with other values MISMATCH; an id that
 *             ended within TOMBSTONE_SECONDS is LEASE_ENDED. A re-claim that may not be prolonged
 * (a drain mark) is still OK, with what is left in ttl_ms. RENEW     LEASE_ENDED for an ended and
 * for an unknown id: ask again with a new one. NO_SEAT with denial.is_ending: a drain mark;
 * EXPIRED: an end has come and nothing serves it now. In both cases the lease lives on until its
 * deadline, ttl_ms away. A renewal counts until the lease is expired, so also within the margin.
 *   CHECKIN   an id that ended within the window is OK again, with its handle; unknown: NOT_FOUND.
 *   END       as CHECKIN, by the handle; its id is then told that an administrator ended it. The
 * seats are free at once, while a client that does not ask goes on until its deadline: so much an
 * administrator can over-use, and the journal shows it.
 *   INSTALL   the same generation again: OK without a record. OLD_GENERATION, CONFLICT (same
 * number, other payload), INVALID (over 1000 above, or a value out of range), TOO_LARGE,
 *             OVER_LIMIT: nothing has changed.
 *
 * Leases that have come due end before the event is looked at, so a request finds the seats that
 * are free by then.
 *
 * Limit: of more than SEAT_ENDS_MAX the rest ends with the next event, whatever it is, and
 * next_timer is already past. Until then a request may be refused for leases whose time is over. To
 * end all of its family first would break the bound on an event's records, for which the shell
 * keeps room. It takes a thousand leases of one millisecond, as one ttl after a restart; the
 * timer then asks for tick after tick at once, and a client that was refused asks again later.
 *
 * Windows, deadlines and drains are measured by the instant; only dates that people signed, and
 * what a restart left of a drain, by UTC.
 *
 * Rules: docs/rules.md 1.3, 1.4, 4, 5.1, 8. Not here yet: other models than concurrent, borrow,
 * linger, queue, burst.
 */
#ifndef LICET_SEAT_SEAT_H
#define LICET_SEAT_SEAT_H

#include "base/limits.h"
#include "base/time.h"

/* Ids of names (names.h). 0 is "none": a request without a device, for example. */
typedef uint32_t name_id;

struct seat_now {
    struct instant instant; /* deadlines */
    struct unix_time utc;   /* dates that people signed */
};

struct lease_id {
    uint8_t bytes[16]; /* chosen by the client; a capability (R8.1): never shown, logged or counted
                          by */
};

/* ---- what is installed */

/* Why a line serves nobody, whatever its dates. Shown by WHY and FEATURES. */
enum line_state {
    LINE_ENABLED = 0,
    LINE_UNKNOWN_FIELD = 1, /* R2.5: needs a newer licetd */
    LINE_NOT_SERVED = 2,    /* R2.5: a field that restricts and is not served yet */
    LINE_NOT_BOUND = 3,     /* R2.4: its binding does not match this server */
    /* Set by the core alone: what a line of an earlier generation was, kept while seats of it are
     * held over (R5.1) or its holders drain (R4.5). It has 0 seats. */
    LINE_FORMER = 4,
};

#define DATE_NONE UINT32_MAX /* maintenance=none: serves every release */

/* What the core needs to know of one INCREMENT line. Times are UTC seconds, already widened as R1.3
 * says. */
struct seat_line {
    name_id sn;
    name_id feature;
    uint32_t seats;
    uint32_t overdraft;
    uint32_t held_over;   /* R5.1: part of the fold; ignored in an event, set in records */
    uint32_t maintenance; /* days since 1970, or DATE_NONE */
    int64_t start;        /* first second, 0: always */
    int64_t expiry;       /* first second after it, 0: permanent */
    int64_t refresh_by;   /* first second after it, 0: never */
    uint32_t ttl_s;
    uint32_t drain_s;
    int64_t drain_end; /* UTC, R4.5: of its family; ignored in an event, set in records */
    enum line_state state;
    uint32_t covers_count;
    name_id covers[LINE_COVERS_MAX]; /* features that this line's seats may serve as well */
};

/* Today, whatever the others do: enabled, begun, and neither of its ends reached. */
bool seat_line_serves(const struct seat_line *line, int64_t utc);

struct seat_installation {
    name_id vendor;
    uint32_t generation;
    uint8_t payload_hash[32]; /* R2.6: SHA-256 of the normalised payload */
    int64_t installed_at;     /* UTC; drain counts from here (R4.5) */
    uint32_t lines_count;     /* LICENSE_LINES_MAX at most; in records with the former lines */
};

/* Lines of one vendor, former ones included: two generations of full files, and one more of those
 * that are still held over. */
#define SEAT_ROWS_MAX (3u * LICENSE_LINES_MAX)

/* R4.3: seats set aside for some of the holders of one feature. An argument of the flow; nothing
 * sets it yet. */
struct seat_reservation {
    name_id feature;
    uint32_t seats;
    uint32_t groups; /* bit mask: a holder of any of these groups may sit here */
};

/* ---- events */

enum seat_event_kind {
    SEAT_CHECKOUT, /* or re-claim, by the same id (R8.1) */
    SEAT_RENEW,
    SEAT_CHECKIN,
    SEAT_END,     /* an administrator ends a lease, by its handle (R10.4) */
    SEAT_INSTALL, /* the shell has verified the file and its generation; `installation` and `lines`
                     are set */
    SEAT_TICK,    /* time has come: expiry, ends of lines, ends of drains */
    SEAT_START,   /* after the replay: a new epoch, every lease gets one fresh ttl */
    SEAT_MORE,    /* the effects said `more`: go on with the same event */
};

struct seat_event {
    enum seat_event_kind kind;
    struct lease_id id;
    uint64_t handle; /* SEAT_END: in place of the id, which is shown to nobody (R8.1) */
    name_id vendor;
    name_id feature;
    name_id user, host, device; /* self-declared labels (R1.1) */
    name_id source;             /* the address it came from; caps count by it (R10.4) */
    uint32_t count;             /* 1 to LEASE_COUNT_MAX */
    uint32_t release;           /* days since 1970; 0: any line fits (R1.3) */
    const struct seat_installation *installation; /* SEAT_INSTALL; borrowed until `more` is false */
    const struct seat_line *lines;                /* SEAT_INSTALL; likewise */
};

/* ---- records */

/* R8.8. Numbers are bytes of the journal: never reused. */
enum seat_record_kind {
    SEAT_RECORD_OPEN = 1,  /* a journal begins: server key */
    SEAT_RECORD_EPOCH = 2, /* licetd started with this epoch */
    SEAT_RECORD_INSTALL =
        3, /* a generation begins; its LINEs and INSTALL_END follow in the same group */
    SEAT_RECORD_LINE = 4,
    SEAT_RECORD_INSTALL_END = 5, /* the generation counts from here */
    SEAT_RECORD_GRANT = 6,
    SEAT_RECORD_CHECKIN = 7,
    SEAT_RECORD_EXPIRE = 8,
    SEAT_RECORD_ENDING =
        9, /* a lease will not go on beyond `end` (drain mark R4.5, or a cut on renewal R4.4) */
    SEAT_RECORD_REQUEST = 10, /* a request or receipt with this counter left the server (R5.2) */
    SEAT_RECORD_END = 11,     /* an administrator ended a lease (R10.4) */
};

static inline bool seat_record_is_ended(enum seat_record_kind kind)
{
    return kind == SEAT_RECORD_CHECKIN || kind == SEAT_RECORD_EXPIRE || kind == SEAT_RECORD_END;
}

struct seat_record {
    enum seat_record_kind kind;
    int64_t at; /* UTC seconds of the decision */
    union {
        struct {
            uint8_t server_key[32];
        } open;
        struct {
            uint64_t epoch;
        } epoch;
        struct seat_installation install;
        struct seat_line line;
        struct {
            uint64_t
                handle; /* this record's own number when first written; what users see of a lease */
            struct lease_id id;
            name_id vendor, feature, user, host, device, source;
            uint32_t count;
            uint32_t release;
            int64_t end;    /* absolute end in UTC (R4.4), 0: goes on while it is renewed */
            uint32_t ttl_s; /* what the reply promised: a re-claim promises the same */
            uint32_t flags; /* SEAT_FLAG_... */
        } grant;
        struct {
            uint64_t handle;
            struct lease_id
                id; /* also of a lease that this fold does not know: then only the id stays ended */
            name_id source;
            uint32_t forgets; /* so many of the oldest ended ids are forgotten with it:
                                 SEAT_FORGETS_MAX at most, 0 in a snapshot */
        } ended;              /* CHECKIN, EXPIRE, END */
        struct {
            uint64_t handle;
            struct lease_id id;
            int64_t end; /* 0: at its deadline, it is not renewed any more (drain mark);
                            INT64_MAX: an earlier cut is lifted, by a later generation */
        } ending;
        struct {
            uint64_t counter;
            uint8_t response_hash[32]; /* of the last response accepted; zero: none yet */
        } request;
    };
};

/* More than the one id that comes, so that a backlog melts. */
#define SEAT_FORGETS_MAX 2u

#define SEAT_FLAG_OVERDRAFT 1u /* R8.2, the leaf's flags */
#define SEAT_FLAG_BORROW 2u
#define SEAT_FLAG_BURST 4u
#define SEAT_FLAG_GRACE 8u

/* The largest encoded record: a LINE with all its covers (record.h gives the layout). */
#define SEAT_RECORD_BYTES_MAX 256

/* ---- effects */

/* Why a request was refused and what would have helped. All counts are of the cover family. */
struct seat_denial {
    name_id feature;
    uint64_t seats;       /* of lines that could serve it today, overdraft included */
    uint64_t in_use;      /* demand of the family */
    uint64_t overhang;    /* R4.5 */
    uint32_t asked;       /* seats of the request */
    int64_t next_free_ms; /* until the next lease ends if nobody renews; -1: unknown, or no help */
    uint32_t maintenance; /* the latest maintenance date there is, where that is what refused */
    int64_t since;        /* UTC of the end or start that refused, 0: none */
    bool is_refresh_by;   /* that end is the line's refresh-by */
    enum line_state line_state; /* where only disabled lines have the feature */
    uint32_t limit;             /* LICET_OVER_LIMIT: the maximum that is reached ... */
    name_id limit_source;       /* ... of this source, 0: of the whole server */
    bool is_ending; /* a renewal of a lease with a drain mark (R4.5): it ends in reply.ttl_ms */
    bool is_ended_by_administrator; /* LICET_LEASE_ENDED: R10.4 */
};

struct seat_reply {
    enum status status;
    uint64_t handle;     /* of a granted or ended lease */
    uint64_t depends_on; /* the number of the record that must be synced before this reply leaves;
                            0: none */
    uint32_t generation;
    uint32_t count, release;
    uint32_t ttl_ms; /* from the request's arrival; already cut at `end` */
    int64_t end;     /* absolute end in UTC, 0: none (R4.4) */
    uint32_t flags;
    bool is_reclaim;           /* of a live lease, without a new record */
    struct seat_denial denial; /* where status is a refusal of a seat; seat_why() always counts */
};

#define SEAT_EFFECT_RECORDS_MAX 16

/* Records of all calls of one event: an installation is the largest, with INSTALL and INSTALL_END;
 * an event that ends or marks leases stops at SEAT_ENDS_MAX and wants its next tick at once. */
#define SEAT_ENDS_MAX 1024u
#define SEAT_EVENT_RECORDS_MAX (SEAT_ROWS_MAX + SEAT_ENDS_MAX + 2u)

struct seat_effects {
    struct seat_record
        records[SEAT_EFFECT_RECORDS_MAX]; /* in this order, the first is number `first_number` */
    uint32_t records_count;
    uint64_t first_number;
    bool has_reply;
    struct seat_reply reply;
    bool more;                 /* call again with SEAT_MORE before any other event */
    struct instant next_timer; /* when SEAT_TICK is wanted next; INT64_MAX: never */
};

/* ---- the core */

struct seats;

/* Maxima of one server; the defaults of limits.h where 0. Each is a refusal (LICET_OVER_LIMIT),
 * never a crash. */
struct seats_options {
    uint32_t leases_max; /* places of live and of ended leases together */
    uint32_t pools_max;
    uint32_t leases_of_source_max; /* R10.4 */
    uint32_t names_max;            /* the highest id of a name that may come */
    uint8_t hash_key[16]; /* of the index by lease id: random, so that nobody can choose ids
                             that meet in one chain; nothing else depends on it */
};

/* Bytes of address space that seats_create() wants. Only what is used is touched, so the shell maps
 * it unreserved. */
size_t seats_memory(const struct seats_options *options);
/* `memory` is zeroed, aligned to a page, and stays the caller's; there is nothing to destroy. */
struct seats *seats_create(void *memory, const struct seats_options *options);

/* One event in, effects out. `effects` need not be cleared. The shell has made sure of room for the
 * records. */
void seat_step(struct seats *seats, struct seat_now now, const struct seat_event *event,
               struct seat_effects *effects);

/* Folds one record of a journal or snapshot. LICET_DAMAGED where it contradicts the state: the
 * journal is not ours. Numbers rise from 1. Records of a snapshot have number 0, but its last,
 * which has the number of the last record that the snapshot stands for. */
enum status seat_apply(struct seats *seats, uint64_t number, const struct seat_record *record,
                       struct error *error);

/* What a request would be told now, without an effect. */
void seat_why(const struct seats *seats, struct seat_now now, const struct seat_event *event,
              struct seat_reply *reply);

/* ---- looking */

struct seat_lease_view {
    uint64_t handle;
    name_id vendor, feature, user, host, device, source;
    uint32_t count, release;
    int64_t granted_at; /* UTC */
    int64_t end;
    int64_t left_ms; /* until its deadline */
    uint32_t flags;
    bool is_ending;
};

struct seat_feature_view {
    name_id vendor, feature;
    uint64_t seats; /* of lines of this very feature that serve today, without overdraft */
    uint64_t overdraft;
    uint64_t in_use;           /* seats held by requests that name this feature */
    uint64_t overdraft_in_use; /* of its cover family (R4.3) */
    uint64_t overhang;         /* of its cover family */
    uint32_t lines_count, lines_disabled;
    uint32_t
        maintenance; /* latest; DATE_NONE where a line serves every release; 0: no enabled line */
    int64_t ends;    /* first second after the last line's end, 0: never */
};

/* The live lease of this id; false where there is none. For whoever knows the id (R8.1). */
bool seats_find_lease(const struct seats *seats, struct seat_now now, const struct lease_id *id,
                      struct seat_lease_view *ret_view);

struct seat_drain_watcher {
    void (*see)(void *context, const struct seat_lease_view *lease);
    void *context;
};
/* R4.2: shows the leases that the drain begun by this SEAT_INSTALL would end, if all who run now
 * stayed until then, one feature after another. Those that are marked already are not shown. Returns
 * what the installation would answer. What is held stays as it is; drains and ends are judged anew,
 * so the caller gives a SEAT_TICK soon. */
enum status seat_rehearse(struct seats *seats, struct seat_now now, const struct seat_event *event,
                          const struct seat_drain_watcher *watcher);

enum seat_walk {
    SEAT_WALK_END,
    SEAT_WALK_ROW,
    SEAT_WALK_PAUSE, /* so many places were looked at; the cursor goes on from here */
};

/* Walks in a stable order: *cursor starts at 0 and is opaque. `feature` 0: all. Leases of one
 * vendor may lie far between those of others, so a call looks at *places places at most, and takes
 * those that it looked at from them. */
enum seat_walk seats_walk_leases(const struct seats *seats, struct seat_now now, name_id vendor,
                                 name_id feature, uint64_t *cursor, uint32_t *places,
                                 struct seat_lease_view *ret_view);
/* The same without a pause: false at the end. */
bool seats_next_lease(const struct seats *seats, struct seat_now now, name_id vendor,
                      name_id feature, uint64_t *cursor, struct seat_lease_view *ret_view);
bool seats_next_feature(const struct seats *seats, struct seat_now now, uint64_t *cursor,
                        struct seat_feature_view *ret_view);
/* Installed lines with their held-over counts, also vanished ones that still have some (R5.1). */
bool seats_next_line(const struct seats *seats, name_id vendor, uint64_t *cursor,
                     struct seat_line *ret_line);
/* NULL: nothing of this vendor is installed. Borrowed until the next SEAT_INSTALL. */
const struct seat_installation *seats_installation(const struct seats *seats, name_id vendor);

struct seats_totals {
    uint64_t leases, pools, tombstones, next_number, epoch, memory_used;
    uint64_t request_counter;
};
void seats_totals(const struct seats *seats, struct seats_totals *ret_totals);

/* The held state as records that fold to it, in a canonical order: a snapshot, and the dump that
 * tests compare. *cursor starts at 0; false at the end. */
bool seats_snapshot_next(const struct seats *seats, uint64_t *cursor,
                         struct seat_record *ret_record);

/* NULL, or a sentence on what does not hold: everything is counted again another way. Slow: for
 * tests and the simulator. */
const char *seats_check(const struct seats *seats);

#endif
