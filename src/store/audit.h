/*
 * What the auditor reads beside what the acts read: the keys of all rows of a table in order, one at
 * a time so that a table of any size takes no memory, and rows as they lie there. Nothing is judged
 * here, and nothing written.
 */
#ifndef LICET_STORE_AUDIT_H
#define LICET_STORE_AUDIT_H

#include "store/ledger.h"

enum audit_table {
    AUDIT_ORDER_LINES,
    AUDIT_ENTITLEMENTS,
    AUDIT_SERVERS,
    AUDIT_RECEIPTS,
    AUDIT_EXCHANGES,
};

/* The smallest id above `after`. These three are LICET_NOT_FOUND at the end. */
enum status store_audit_next(struct db_transaction *transaction, enum audit_table table,
                             int64_t after, int64_t *ret_id, struct error *error);
/* The issue of the server's next generation. */
enum status store_audit_next_generation(struct db_transaction *transaction, int64_t server_id,
                                        uint32_t after, int64_t *ret_issue_id, struct error *error);
/* The issue whose leaf is the next in the log; -1: the first. */
enum status store_audit_next_leaf(struct db_transaction *transaction, int64_t after,
                                  int64_t *ret_issue_id, struct error *error);

/* A line of an order beside the entitlement that was made of it. */
struct audit_order_line {
    struct text order_number, order_state;
    uint32_t seats;
    struct text sn; /* data NULL: there is no entitlement */
    bool is_same;   /* the entitlement has the order's customer and the line's edition */
    int64_t owned;
};

enum status store_audit_order_line(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct audit_order_line *ret_line,
                                   struct error *error);

struct audit_account {
    int64_t entitlement_id;
    struct account account;
    uint32_t seats;
};

/* In no order. These three are LICET_OVER_LIMIT where there are more than `max`. */
enum status store_audit_accounts(struct db_transaction *transaction, int64_t entitlement_id,
                                 uint32_t max, struct audit_account *accounts, uint32_t *ret_count,
                                 struct error *error);
/* Those that belong to a server, by entitlement. */
enum status store_audit_server_accounts(struct db_transaction *transaction, int64_t server_id,
                                        uint32_t max, struct audit_account *accounts,
                                        uint32_t *ret_count, struct error *error);

struct audit_step {
    int64_t id;
    struct account from, to;
    uint32_t seats;
};

/* The next `max` rows of its ledger. */
enum status store_audit_steps(struct db_transaction *transaction, int64_t entitlement_id,
                              int64_t after, uint32_t max, struct audit_step *steps,
                              uint32_t *ret_count, struct error *error);

/* The issue log as whoever numbers next finds it. */
enum status store_audit_log(struct db_transaction *transaction, struct arena *arena,
                            int64_t *ret_size, struct text *ret_frontier, struct error *error);

/* data NULL: not written yet. */
struct audit_exchange {
    struct text request, payload, payload_hash, response;
};

enum status store_audit_exchange(struct db_transaction *transaction, int64_t id,
                                 struct arena *arena, struct audit_exchange *ret_exchange,
                                 struct error *error);

#endif
