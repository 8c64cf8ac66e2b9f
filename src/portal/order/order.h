/*
 * Orders, from the partner's draft to the customer's license codes.
 *
 *   draft ──submit──▶ submitted ──approve──▶ approved ──fulfil──▶ fulfilled
 *                        │  ▲ │                  │
 *                      hold └─┼────resume──── on_hold ◀──hold
 *                             └──reject──▶ rejected
 *   cancel: from all but fulfilled, rejected and cancelled
 *
 * An order names both the customer's number and the agreement's (its registration number), and
 * nothing is ordered without an active agreement. Fulfilling makes an entitlement with its license
 * code of each line, and queues the confirmation.
 */
#ifndef LICET_PORTAL_ORDER_H
#define LICET_PORTAL_ORDER_H

#include "base/limits.h"
#include "store/order.h"

struct order_form {
    int64_t partner_id;
    struct text customer_number; /* as typed */
    struct text agreement_number;
    struct text po_number;
    struct text contact;
    const struct order_line *lines;
    uint32_t lines_count;
    struct unix_time now;
};

/* A draft. LICET_NOT_FOUND where the two numbers are not of one agreement; LICET_CONFLICT: it has
 * ended; LICET_INVALID: a line or a field is not as it should be, or a line's expiry is before
 * today in UTC. */
enum status order_place(struct db_transaction *transaction, const struct order_form *form,
                        struct arena *arena, int64_t *ret_id, struct error *error);

enum order_act {
    ORDER_SUBMIT,
    ORDER_HOLD, /* with a reason */
    ORDER_RESUME,
    ORDER_APPROVE,
    ORDER_REJECT, /* with a reason */
    ORDER_CANCEL,
    ORDER_FULFIL,
};
#define ORDER_ACTS_COUNT 7

const char *order_act_name(enum order_act act);

struct order_step {
    int64_t order_id;
    enum order_act act;
    struct text reason; /* empty: none */
    struct unix_time now;
};

/* LICET_CONFLICT where the order's state does not allow it: the sentence says which would. */
enum status order_step(struct db_transaction *transaction, const struct order_step *step,
                       struct arena *arena, struct error *error);

/* Queues the confirmation of a fulfilled order once more. LICET_CONFLICT: it is not fulfilled, or a
 * confirmation waits already. */
enum status order_mail_again(struct db_transaction *transaction, int64_t order_id,
                             struct unix_time now, struct arena *arena, struct error *error);

/* Arena bytes that one act needs: the order's lines with their texts, and a few rows. */
#define ORDER_ARENA_BYTES ((size_t)ORDER_LINES_MAX * 256 + 16384)

#endif
