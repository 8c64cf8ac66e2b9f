/*
 * The charge rule (R6.2): a server is charged, of each entitlement, the most seats that it may
 * still be running. The newest generation's count is ALLOCATED; what is charged above it is
 * RETURN_PENDING, and comes free when the charge falls.
 *
 *   charge = max(seats + overhang of its last receipt, the count of each later generation)
 *
 * Whatever happened (a generation issued or voided, a receipt), the two accounts are moved to where
 * the rule wants them; nothing else ever changes them.
 */
#ifndef LICET_PORTAL_ALLOCATION_CHARGE_H
#define LICET_PORTAL_ALLOCATION_CHARGE_H

#include "store/issue.h"
#include "store/ledger.h"
#include "store/server.h"

/* Where the rule wants them. */
struct charged charge_wanted(const struct charge *charge);
/* The same for one more generation, of `newest` seats: what was charged stays charged. */
struct charged charge_wanted_next(struct charged has, uint32_t newest);

/* The moves from `has` to `wants`, in this order; a count of 0 is no move. */
#define CHARGE_MOVES_MAX 4
struct charge_move {
    enum account_kind from, to;
    uint32_t seats;
};
void charge_plan(struct charged has, struct charged wants,
                 struct charge_move moves[CHARGE_MOVES_MAX]);

/* Why the accounts move, for the ledger. */
struct charge_cause {
    const char *act;
    int64_t issue_id, receipt_id;
    struct unix_time now;
};

/* Moves them. The entitlement and the server are locked. LICET_NO_SEAT: too few are available; the
 * sentence says how many. */
enum status charge_settle(struct db_transaction *transaction, int64_t server_id,
                          int64_t entitlement_id, const struct charge_cause *cause,
                          struct error *error);

/* The same behind a generation that adds to those before it, from what the accounts had: however many
 * there are since the last receipt, none is looked at again. */
enum status charge_settle_next(struct db_transaction *transaction, int64_t server_id,
                               int64_t entitlement_id, struct charged has, uint32_t newest,
                               const struct charge_cause *cause, struct error *error);

/* What a server is charged of. */
struct charged_list {
    int64_t *entitlement_ids; /* ascending */
    uint32_t count;
};

/* Locks all of it, then the server (R6.8). On PostgreSQL another act may add an entitlement between
 * the list and the locks; it settled that one itself, under the server's lock. */
enum status charge_lock(struct db_transaction *transaction, int64_t server_id, struct arena *arena,
                        struct server *ret_server, struct charged_list *ret_list,
                        struct error *error);
enum status charge_settle_all(struct db_transaction *transaction, int64_t server_id,
                              const struct charged_list *list, const struct charge_cause *cause,
                              struct error *error);

#endif
