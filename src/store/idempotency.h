/* Calls that were made, so that asking again makes nothing again (R6.9). */
#ifndef LICET_STORE_IDEMPOTENCY_H
#define LICET_STORE_IDEMPOTENCY_H

#include "base/status.h"
#include "base/text.h"
#include "base/time.h"

struct db_transaction;

struct idempotency {
    int64_t person_id;
    struct text act;
    struct text key;
    struct text hash; /* of what was asked */
};

/* Takes the key, and waits where a transaction that has taken it is not decided yet. *ret_is_new
 * false: the call was made, and *ret_resource_id is what came of it. LICET_CONFLICT where something
 * else was asked under this key. */
enum status store_idempotency_take(struct db_transaction *transaction,
                                   const struct idempotency *idempotency, struct unix_time now,
                                   bool *ret_is_new, int64_t *ret_resource_id, struct error *error);
/* 0: nothing that has an id. */
enum status store_idempotency_set(struct db_transaction *transaction,
                                  const struct idempotency *idempotency, int64_t resource_id,
                                  struct error *error);

#endif
