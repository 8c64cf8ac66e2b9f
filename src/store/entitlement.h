/* Entitlements: the right bought, with its license code (R6.10). How many seats of it are where
 * says the ledger. */
#ifndef LICET_STORE_ENTITLEMENT_H
#define LICET_STORE_ENTITLEMENT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

enum entitlement_state {
    ENTITLEMENT_ISSUED,
    ENTITLEMENT_ACTIVATED,
    ENTITLEMENT_ON_HOLD,
};

struct entitlement {
    int64_t id;
    int64_t order_line_id;
    int64_t customer_id;
    int64_t edition_id;
    struct text sn;          /* LA-7K2M9-1, in license files */
    struct text code;        /* a secret of its customer */
    struct text maintenance; /* a date, or none */
    struct text expiry;      /* a date, or permanent */
    bool is_whole_only;      /* all its seats go to one license server */
    enum entitlement_state state;
    struct unix_time created;
    struct unix_time activated; /* 0: not yet */
};

/* LICET_CONFLICT where sn, code or order line has one already. */
enum status store_entitlement_insert(struct db_transaction *transaction,
                                     const struct entitlement *entitlement, int64_t *ret_id,
                                     struct error *error);

enum status store_entitlement_get(struct db_transaction *transaction, int64_t id,
                                  struct arena *arena, struct entitlement *ret_entitlement,
                                  struct error *error);
/* Keeps the row until the transaction ends. R6.8: by ascending id, before any server. */
enum status store_entitlement_lock(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct entitlement *ret_entitlement,
                                   struct error *error);
/* The canonical form of a code. */
enum status store_entitlement_find_code(struct db_transaction *transaction, struct text code,
                                        struct arena *arena, struct entitlement *ret_entitlement,
                                        struct error *error);
enum status store_entitlement_find_line(struct db_transaction *transaction, int64_t order_line_id,
                                        struct arena *arena, struct entitlement *ret_entitlement,
                                        struct error *error);
enum status store_entitlement_find_sn(struct db_transaction *transaction, struct text sn,
                                      struct arena *arena, struct entitlement *ret_entitlement,
                                      struct error *error);
/* The customer's, newest first, below `before` (0: from the newest). */
enum status store_entitlement_list(struct db_transaction *transaction, int64_t customer_id,
                                   int64_t before, uint32_t max, struct arena *arena,
                                   struct entitlement *entitlements, uint32_t *ret_count,
                                   struct error *error);

enum status store_entitlement_activate(struct db_transaction *transaction, int64_t id,
                                       struct unix_time now, struct error *error);

/* A word of the database and of answers. */
const char *entitlement_state_name(enum entitlement_state state);

#endif
