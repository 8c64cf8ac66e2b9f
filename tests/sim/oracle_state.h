/*
 * Inside the oracle: what it knows, shared by its files. Nobody else includes this.
 */
#ifndef LICET_TESTS_SIM_ORACLE_STATE_H
#define LICET_TESTS_SIM_ORACLE_STATE_H

#include "sim/oracle.h"
#include "sim/seating.h"

#define ORACLE_VENDORS_MAX 4
#define ORACLE_FEATURES_MAX 64
#define LIVE_MAX 1024
#define BUCKETS_COUNT 4096
#define ENDINGS_MAX 32 /* a clock that leaps to and fro cuts and lifts */
#define WINDOW_MS (TOMBSTONE_SECONDS * 1000LL)

/* A mark or a cut: which record said it, and until when the lease goes on (0: its deadline). */
struct ending {
    uint64_t number;
    int64_t end;
};

/* All that is known of one lease id. Never granted: granted_number is 0. Held: ended_number is 0.
 */
struct fact {
    struct fact *next; /* of the same bucket */
    struct lease_id id;
    name_id vendor, feature, user, host, device, source;
    uint32_t count, release, ttl_s, flags;
    uint64_t granted_number, ended_number;
    int64_t grant_end; /* as granted */
    int64_t granted_at;
    struct ending endings[ENDINGS_MAX];
    uint32_t endings_count;
    /* It may be expired from `deadline_min` on, and must be at the first tick after `deadline_max`.
     */
    int64_t deadline_min, deadline_max;
    int64_t promised_ms; /* the instant until which a client may count on it */
    int64_t ended_ms;
    enum seat_record_kind ended_by;
    bool was_told_granted, was_told_ended;
    bool is_seen;
};

struct line_fact {
    struct seat_line line;
    bool is_vanished;
    int64_t drain_last; /* UTC: by then every reading of R4.5 has ended the drain */
    int64_t drain_end;  /* UTC, of its family, old and new lines (R4.5) */
};

/* What is installed of one vendor since record `number`. Older ones are kept until that is durable.
 */
struct version {
    struct version *older;
    uint64_t number;
    struct seat_installation installation;
    struct line_fact lines[SEATING_LINES_MAX];
    uint32_t lines_count;
};

struct oracle {
    char violation[1024];
    struct fact *buckets[BUCKETS_COUNT];
    struct fact *live[LIVE_MAX];
    uint32_t live_count;
    name_id vendors[ORACLE_VENDORS_MAX];
    struct version *versions[ORACLE_VENDORS_MAX];
    uint32_t vendors_count;
    name_id features[ORACLE_FEATURES_MAX];
    uint32_t features_count;
    uint64_t last_number, synced;
    uint32_t leases_of_source_max;
    uint64_t steps;
    bool is_shown_ignored;
    bool has_leapt;  /* the UTC clock was set, so drains follow one clock or the other */
    bool has_covers; /* some line covered another feature: families are not single features */
    bool has_clock;
    int64_t clock_ahead_s; /* of UTC before the instant */
    int64_t utc_max;
    struct oracle_counts counts;
    struct seating seating;
};

/* Whether a lease counts in a flow. */
enum holders {
    HOLDERS_ALL,
    HOLDERS_UNMARKED, /* those that drain did not mark */
    HOLDERS_AFTER,    /* those that end after a given end (R4.4) */
};

/* oracle_state.c */

struct fact *fact_find(struct oracle *oracle, struct lease_id id);
struct fact *fact_find_handle(const struct oracle *oracle, uint64_t handle);
struct fact *fact_make(struct oracle *oracle, struct lease_id id);
void fact_forget(struct oracle *oracle, struct fact *fact);
void live_add(struct oracle *oracle, struct fact *fact);
void live_remove(struct oracle *oracle, const struct fact *fact);
int64_t fact_end(const struct fact *fact);
bool fact_is_marked(const struct fact *fact);
/* The last record that a reply about this lease speaks of. */
uint64_t fact_number(const struct fact *fact);
/* R8.1: within the window an ended id stays ended. */
bool fact_is_ended(const struct fact *fact, int64_t now_ms);
/* A restart: ids that are still ended are so for a whole window from now. */
void facts_end_again(struct oracle *oracle, int64_t now_ms);
void facts_prune(struct oracle *oracle, int64_t now_ms);
struct version *version_of(const struct oracle *oracle, name_id vendor);
void version_push(struct oracle *oracle, name_id vendor, struct version *version);
/* Forgets versions that no crash can bring back. */
void versions_prune(struct oracle *oracle);
uint64_t line_bits(struct oracle *oracle, const struct seat_line *line);
/* All features that share seats with `feature`, as bits. */
uint64_t family_of(struct oracle *oracle, const struct version *version, name_id feature);
/* The features of all families that `version` made of those in `family`: NULL made none. */
uint64_t families_before(struct oracle *oracle, const struct version *version, uint64_t family);
bool family_has(struct oracle *oracle, uint64_t family, const struct fact *fact, name_id vendor);
void seating_lines(struct oracle *oracle, const struct version *version, int64_t utc,
                   bool with_overdraft);
/* Seats all live holders of a family but `except`; returns how many seats found no place. */
uint64_t seating_holders(struct oracle *oracle, name_id vendor, uint64_t family,
                         enum holders holders, int64_t end, const struct fact *except);
/* R4.5: demand minus maximum flow of the family. */
uint64_t overhang_of(struct oracle *oracle, const struct version *version, name_id vendor,
                     uint64_t family, int64_t utc, enum holders holders);
/* R4.3: would `count` more seats of this kind find a place now? */
bool request_fits(struct oracle *oracle, name_id vendor, name_id feature, uint32_t release,
                  uint32_t count, int64_t utc, const struct fact *self, bool with_overdraft);
/* Does a line of the family end there? */
bool end_is_of_family(struct oracle *oracle, const struct version *version, uint64_t family,
                      int64_t end);
/* R4.4: would `self` fit on the lines that go on after `end`, with those who last beyond it?
 * `all_must_fit`: and would they all fit? */
bool end_fits(struct oracle *oracle, struct seat_now now, const struct fact *self, int64_t end,
              int64_t slack_ms, bool all_must_fit);
/* R1.4: the shortest ttl of the lines that could back the request now; 0: none could. */
uint32_t request_ttl(const struct oracle *oracle, name_id vendor, name_id feature, uint32_t release,
                     int64_t utc);
/* Has a line of the family come or gone by its dates since it was installed? Then overhang may have
 * grown by itself. */
bool family_dates_passed(struct oracle *oracle, const struct version *version, uint64_t family);
/* UTC: by then every drain of any of its lines has ended. */
int64_t drain_last(const struct version *version);
uint32_t source_leases(const struct oracle *oracle, name_id source);

/* oracle_install.c */

/* R5.1: never above the family's overhang, so it falls when holders leave. */
void held_over_cap(struct oracle *oracle, name_id vendor, uint64_t number, int64_t utc);
const struct line_fact *version_line(const struct version *version, name_id sn);
void version_install(struct oracle *oracle, const struct seat_event *event, uint64_t number,
                     int64_t utc);

/* oracle_record.c */

void apply_record(struct oracle *oracle, const struct oracle_act *act,
                  const struct seat_record *record, uint64_t number);

/* oracle_drain.c */

void check_drain(struct oracle *oracle, const struct oracle_act *act);

/* oracle_reply.c */

uint32_t ttl_cut(uint32_t ttl_s, int64_t end, int64_t utc);
void check_reply(struct oracle *oracle, const struct oracle_act *act, const struct version *before);

#endif
