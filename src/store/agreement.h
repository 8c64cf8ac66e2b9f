/* License programs, and the agreements of customers under them. A customer has at most one that is
 * active; without one nothing is ordered. */
#ifndef LICET_STORE_AGREEMENT_H
#define LICET_STORE_AGREEMENT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

struct program {
    int64_t id;
    struct text name;
};

struct agreement {
    int64_t id;
    int64_t program_id;
    int64_t customer_id;
    struct text customer_number; /* C-4829138; not read by the insert */
    struct text number;          /* R-4829138, the registration number: on every order */
    bool is_active;
    struct unix_time created;
};

/* LICET_CONFLICT where the name is taken. */
enum status store_program_insert(struct db_transaction *transaction, struct text name,
                                 int64_t *ret_id, struct error *error);
/* By ascending id, above `after`. */
enum status store_program_list(struct db_transaction *transaction, int64_t after, uint32_t max,
                               struct arena *arena, struct program *programs, uint32_t *ret_count,
                               struct error *error);

/* An active one. *ret_id is 0 where the number is taken: draw another. LICET_CONFLICT: the customer
 * has an active one, or there is no such program or customer. */
enum status store_agreement_insert(struct db_transaction *transaction,
                                   const struct agreement *agreement, int64_t *ret_id,
                                   struct error *error);
enum status store_agreement_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                                struct agreement *ret_agreement, struct error *error);
/* By both numbers that an order carries: its own and the customer's. */
enum status store_agreement_find(struct db_transaction *transaction, struct text number,
                                 struct text customer_number, struct arena *arena,
                                 struct agreement *ret_agreement, struct error *error);
/* Those of the customer by ascending id, above `after`. */
enum status store_agreement_list(struct db_transaction *transaction, int64_t customer_id,
                                 int64_t after, uint32_t max, struct arena *arena,
                                 struct agreement *agreements, uint32_t *ret_count,
                                 struct error *error);
/* LICET_CONFLICT where it has ended already. */
enum status store_agreement_end(struct db_transaction *transaction, int64_t id,
                                struct error *error);

#endif
