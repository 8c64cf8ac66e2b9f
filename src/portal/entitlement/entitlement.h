/*
 * Entitlements: made of the lines of a fulfilled order, opened for allocation by their license
 * code.
 */
#ifndef LICET_PORTAL_ENTITLEMENT_H
#define LICET_PORTAL_ENTITLEMENT_H

#include "store/entitlement.h"
#include "store/order.h"

/* The entitlement of line `index` (from 1) of a fulfilled order, with all of its seats available.
 * O-7K2M9 makes LA-7K2M9-1, LA-7K2M9-2 ... */
enum status entitlement_make(struct db_transaction *transaction, const struct order *order,
                             const struct order_line *line, uint32_t index, struct unix_time now,
                             struct error *error);

/*
 * R6.10: a license administrator of the order's customer redeems a license code, as he typed it.
 * An entitlement that is activated already stays as it is, for its own customer; everybody else is
 * told the same (LICET_NOT_FOUND) of a code that nobody has and of one that is another customer's.
 * `customer_ids`: the customers for which the person is a license administrator.
 */
enum status entitlement_activate(struct db_transaction *transaction, struct text code,
                                 const int64_t *customer_ids, size_t customers_count,
                                 struct unix_time now, struct arena *arena,
                                 struct entitlement *ret_entitlement, struct error *error);

#endif
