/*
 * Generations of license files on their way out of the portal (R6.8).
 *
 *   intent ──numbered──▶ numbered ──signed, verified──▶ released
 *      │ no file can be     │ refused by the signer: both stay, with their problem, until
 *      │ made of it         │ staff decide
 *      └──────▶ voided ◀────┘
 *
 * An intent is committed with its ledger rows. Numbering gives it its place in the log and its
 * final bytes; from then on nothing of it changes but its state. Only a released one leaves.
 */
#ifndef LICET_STORE_ISSUE_H
#define LICET_STORE_ISSUE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

enum issue_state {
    ISSUE_INTENT,
    ISSUE_NUMBERED,
    ISSUE_RELEASED,
    ISSUE_VOIDED,
};

const char *issue_state_name(enum issue_state state);

struct issue {
    int64_t id;
    int64_t server_id;
    uint32_t generation;
    struct text serial;
    enum issue_state state;
    struct text act;   /* the word of what made it */
    int64_t person_id; /* who; 0: nobody signed in */
    struct unix_time created;
    struct unix_time issued;  /* from `numbered` on */
    int64_t log_index;        /* its leaf */
    struct text certificate;  /* hash of the certificate that it is signed with (R9.4) */
    struct text payload_hash; /* SHA256:... of its bytes, which are read when they are wanted */
    struct text not_served; /* R2.5: its fields that the license server did not; data NULL: none */
    struct text problem;    /* data NULL: none */
    struct text override;   /* why staff lift the signer's caps for it; data NULL: they do not */
    struct text cancel;     /* why staff want it voided; data NULL: they do not */
    /* What it waits for, which is not released or voided: "staff" (it, or one before it of its server,
     * has a problem), "key" (R3.2), "signer"; empty: for nothing any more. */
    struct text waits_for;
};

/* A line's count. Lines stand by entitlement in ascending order; none has 0. */
struct issue_line {
    int64_t entitlement_id;
    uint32_t seats;
};

/* 0 where there is no such line. */
uint32_t issue_lines_seats(const struct issue_line *lines, uint32_t count, int64_t entitlement_id);

enum status store_issue_insert(struct db_transaction *transaction, const struct issue *issue,
                               const struct issue_line *lines, uint32_t lines_count,
                               int64_t *ret_id, struct error *error);
enum status store_issue_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                            struct issue *ret_issue, struct error *error);
/* The server's highest generation that is not voided; LICET_NOT_FOUND where there is none. */
enum status store_issue_newest(struct db_transaction *transaction, int64_t server_id,
                               struct arena *arena, struct issue *ret_issue, struct error *error);
/* The server's highest released one: the file that it should be running. */
enum status store_issue_newest_released(struct db_transaction *transaction, int64_t server_id,
                                        struct arena *arena, struct issue *ret_issue,
                                        struct error *error);
enum status store_issue_find(struct db_transaction *transaction, int64_t server_id,
                             uint32_t generation, struct arena *arena, struct issue *ret_issue,
                             struct error *error);
/* LICET_OVER_LIMIT where it has more than `max`. */
enum status store_issue_lines(struct db_transaction *transaction, int64_t issue_id, uint32_t max,
                              struct issue_line *lines, uint32_t *ret_count, struct error *error);

/* The most lines that it has of one product. */
enum status store_issue_most_of_product(struct db_transaction *transaction, int64_t issue_id,
                                        uint32_t *ret_count, struct error *error);

/* The oldest `max` of them, by id. Left out is what cannot go on: those with a problem, and all
 * after them of the same server, wait for staff; an intent waits for its server's key (R3.2), but
 * where all that it holds may be bound by name. */
enum status store_issue_list_waiting(struct db_transaction *transaction, enum issue_state state,
                                     uint32_t max, struct arena *arena, struct issue *issues,
                                     uint32_t *ret_count, struct error *error);

/* What staff want voided and is not yet; the oldest `max`. */
enum status store_issue_list_cancelled(struct db_transaction *transaction, uint32_t max,
                                       struct arena *arena, struct issue *issues,
                                       uint32_t *ret_count, struct error *error);
/* The server's generations below `before` (0: from the newest), newest first. */
enum status store_issue_list_server(struct db_transaction *transaction, int64_t server_id,
                                    uint32_t before, uint32_t max, struct arena *arena,
                                    struct issue *issues, uint32_t *ret_count, struct error *error);

/* intent -> numbered, with what the struct says from `issued` to `not_served`, and the exact bytes.
 * These six are LICET_CONFLICT where the state is another. */
enum status store_issue_number(struct db_transaction *transaction, const struct issue *issue,
                               struct text payload, struct error *error);
/* numbered -> released */
enum status store_issue_release(struct db_transaction *transaction, int64_t id, struct text file,
                                struct error *error);
/* It waits for staff; an empty problem lets it go on. */
enum status store_issue_refuse(struct db_transaction *transaction, int64_t id, struct text problem,
                               struct error *error);
/* Staff decide about one that has a problem: the issuing thread does it. */
enum issue_decision {
    ISSUE_OVERRIDE, /* it goes on, and the signer is told why its caps do not count */
    ISSUE_CANCEL,   /* it is voided */
};
enum status store_issue_decide(struct db_transaction *transaction, int64_t id,
                               enum issue_decision decision, struct text reason,
                               struct error *error);
/* It cannot be voided, for it was signed: it goes on to be released. */
enum status store_issue_go_on(struct db_transaction *transaction, int64_t id, struct error *error);
/* The signer does not void it, for another reason: staff decides again. */
enum status store_issue_refuse_void(struct db_transaction *transaction, int64_t id,
                                    struct text problem, struct error *error);
/* intent or numbered -> voided */
enum status store_issue_void(struct db_transaction *transaction, int64_t id, struct text problem,
                             struct error *error);

/* What no issuer has numbered yet of a server is voided: a newer generation says it all. */
enum status store_issue_supersede(struct db_transaction *transaction, int64_t server_id,
                                  struct text problem, struct error *error);

/* R6.2, what a charge is made of: seats that this server may be running of one entitlement; and what
 * its accounts say. */
struct charge {
    uint32_t newest;  /* count of the newest generation */
    uint32_t receipt; /* seats + overhang of the last receipt; 0: none */
    uint32_t issued;  /* the greatest count of the generations after that receipt */
    uint32_t allocated, pending;
};

enum status store_issue_charge(struct db_transaction *transaction, int64_t server_id,
                               int64_t entitlement_id, struct charge *ret_charge,
                               struct error *error);

#endif
