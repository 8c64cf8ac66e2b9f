/*
 * Orders: what a partner asks for, for a customer under its agreement. portal/order says who may
 * do what, and in which state.
 */
#ifndef LICET_STORE_ORDER_H
#define LICET_STORE_ORDER_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

enum order_state {
    ORDER_DRAFT,
    ORDER_SUBMITTED,
    ORDER_ON_HOLD,
    ORDER_APPROVED,
    ORDER_FULFILLED,
    ORDER_REJECTED,
    ORDER_CANCELLED,
};

const char *order_state_name(enum order_state state);

struct order {
    int64_t id;
    struct text number; /* O-7K2M9 */
    int64_t partner_id; /* who placed it: a partner, or the customer itself */
    int64_t customer_id;
    int64_t agreement_id;
    struct text po_number; /* the purchaser's own number */
    struct text contact;   /* the e-mail address that the confirmation goes to */
    enum order_state state;
    struct text reason; /* why it is on hold, rejected or cancelled; data NULL: none was given */
    struct unix_time created, changed;
};

struct order_line {
    int64_t id;
    int64_t edition_id;
    uint32_t seats;
    struct text maintenance; /* a date, or none */
    struct text expiry;      /* a date, or permanent */
};

/* As a draft. *ret_id is 0 where the number is taken: draw another. */
enum status store_order_insert(struct db_transaction *transaction, const struct order *order,
                               const struct order_line *lines, uint32_t lines_count,
                               int64_t *ret_id, struct error *error);

enum status store_order_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                            struct order *ret_order, struct error *error);
/* Keeps the row until the transaction ends: before any entitlement (R6.8). */
enum status store_order_lock(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct order *ret_order, struct error *error);
/* In the order in which they were given. LICET_OVER_LIMIT where it has more than `max`. */
enum status store_order_lines(struct db_transaction *transaction, int64_t order_id, uint32_t max,
                              struct arena *arena, struct order_line *lines, uint32_t *ret_count,
                              struct error *error);

/* Which orders: those of a customer, or of a partner, or all where both are 0; of one purchase
 * order where `po_number` is not empty; with a person only those that an organisation of hers placed
 * or is the customer of. Newest first, below `before` (0: from the newest). */
struct order_filter {
    int64_t person_id;
    int64_t customer_id, partner_id;
    struct text po_number;
    int64_t before;
};
enum status store_order_list(struct db_transaction *transaction, const struct order_filter *filter,
                             uint32_t max, struct arena *arena, struct order *orders,
                             uint32_t *ret_count, struct error *error);

/* Of a locked order. A reason of data NULL takes the old one away. */
enum status store_order_set_state(struct db_transaction *transaction, int64_t id,
                                  enum order_state state, struct text reason, struct unix_time now,
                                  struct error *error);

#endif
