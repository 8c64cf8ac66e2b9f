/*
 * The seat ledger (R6.1): where the seats of an entitlement are. A step moves seats from one
 * account to another and leaves a row that says why; no count is ever edited.
 *
 *   OWNED = AVAILABLE + ALLOCATED(server)... + RETURN_PENDING(server)... +
 *           OBSOLETE_PENDING(server)... + EXPIRED + VOID           at every commit, all >= 0
 */
#ifndef LICET_STORE_LEDGER_H
#define LICET_STORE_LEDGER_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

enum account_kind {
    ACCOUNT_OWNED, /* the contra account: it grows by what leaves it */
    ACCOUNT_AVAILABLE,
    ACCOUNT_ALLOCATED,
    ACCOUNT_RETURN_PENDING,
    ACCOUNT_OBSOLETE_PENDING,
    ACCOUNT_EXPIRED,
    ACCOUNT_VOID,
};
#define ACCOUNT_KINDS_COUNT 7

const char *account_kind_name(enum account_kind kind);

struct account {
    enum account_kind kind;
    int64_t server_id; /* 0 where the account belongs to no server */
};

struct transfer {
    int64_t entitlement_id;
    struct account from, to;
    uint32_t seats;               /* 0: nothing happens */
    const char *act;              /* the word of what was done */
    int64_t issue_id, receipt_id; /* that moved them; 0: none */
    struct unix_time at;
};

/* LICET_NO_SEAT where `from` has fewer: no effect, and the sentence says how many it has. The
 * transaction can go on. */
enum status store_ledger_transfer(struct db_transaction *transaction,
                                  const struct transfer *transfer, struct error *error);

/* Seats that a license server is charged (R6.2): of its newest generation, and returned but not free. */
struct charged {
    uint32_t allocated, pending;
};

enum status store_ledger_charged(struct db_transaction *transaction, int64_t entitlement_id,
                                 int64_t server_id, struct charged *ret_charged,
                                 struct error *error);

/* 0 where the account does not exist yet. */
enum status store_ledger_seats(struct db_transaction *transaction, int64_t entitlement_id,
                               struct account account, uint32_t *ret_seats, struct error *error);

/* The entitlements of which the server is charged seats, ascending. LICET_OVER_LIMIT where there
 * are more than `max`. */
enum status store_ledger_list_server(struct db_transaction *transaction, int64_t server_id,
                                     uint32_t max, int64_t *entitlement_ids, uint32_t *ret_count,
                                     struct error *error);

/* How many seats of an entitlement are where, by enum account_kind; those of all servers together. */
enum status store_ledger_sums(struct db_transaction *transaction, int64_t entitlement_id,
                              uint32_t ret_seats[ACCOUNT_KINDS_COUNT], struct error *error);

/* The seats of an entitlement on one server. */
struct server_seats {
    int64_t server_id;
    struct text number, name; /* of the server */
    uint32_t allocated, return_pending;
};

/* The servers that are charged seats of it, by ascending id above `after`. */
enum status store_ledger_list_seats(struct db_transaction *transaction, int64_t entitlement_id,
                                    int64_t after, uint32_t max, struct arena *arena,
                                    struct server_seats *seats, uint32_t *ret_count,
                                    struct error *error);

#endif
