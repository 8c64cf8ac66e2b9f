/* What happens to an order, a row for each act. */
#include "portal/entitlement/entitlement.h"
#include "portal/order/order.h"
#include "store/agreement.h"
#include "store/outbox.h"

#define STATE(state) (1u << (state))

static const struct order_rule {
    const char *name;
    unsigned int from; /* of STATE() */
    enum order_state to;
    bool needs_reason;
} order_rules[ORDER_ACTS_COUNT] = {
    [ORDER_SUBMIT] = {"submit", STATE(ORDER_DRAFT), ORDER_SUBMITTED, false},
    [ORDER_HOLD] = {"hold", STATE(ORDER_SUBMITTED) | STATE(ORDER_APPROVED), ORDER_ON_HOLD, true},
    [ORDER_RESUME] = {"resume", STATE(ORDER_ON_HOLD), ORDER_SUBMITTED, false},
    [ORDER_APPROVE] = {"approve", STATE(ORDER_SUBMITTED), ORDER_APPROVED, false},
    [ORDER_REJECT] = {"reject", STATE(ORDER_SUBMITTED) | STATE(ORDER_ON_HOLD), ORDER_REJECTED,
                      true},
    [ORDER_CANCEL] = {"cancel",
                      STATE(ORDER_DRAFT) | STATE(ORDER_SUBMITTED) | STATE(ORDER_ON_HOLD) |
                          STATE(ORDER_APPROVED),
                      ORDER_CANCELLED, false},
    [ORDER_FULFIL] = {"fulfil", STATE(ORDER_APPROVED), ORDER_FULFILLED, false},
};

const char *order_act_name(enum order_act act)
{
    return order_rules[act].name;
}

static enum status order_refuse(const struct order *order, const struct order_rule *rule,
                                struct error *error)
{
    char place[128];
    struct buf states = buf_over(place, sizeof(place));

    for (unsigned state = ORDER_DRAFT; state <= ORDER_CANCELLED; state++) {
        if ((rule->from & STATE(state)) != 0)
            buf_printf(&states, "%s%s", states.size == 0 ? "" : ", ",
                       order_state_name((enum order_state)state));
    }
    return error_set(error, LICET_CONFLICT, "order %.*s is %s; to %s it, it must be one of: %.*s",
                     TEXT_ARGS(order->number), order_state_name(order->state), rule->name,
                     TEXT_ARGS(buf_text(&states)));
}

/* ---- what an act does beside changing the state */

static enum status order_submit(struct db_transaction *transaction, const struct order *order,
                                struct arena *arena, struct error *error)
{
    struct agreement agreement;
    enum status status =
        store_agreement_get(transaction, order->agreement_id, arena, &agreement, error);

    if (status == LICET_OK && !agreement.is_active)
        return error_set(error, LICET_CONFLICT,
                         "agreement %.*s has ended since this draft was made: order under the "
                         "customer's new one",
                         TEXT_ARGS(agreement.number));
    return status;
}

static enum status order_queue_mail(struct db_transaction *transaction, const struct order *order,
                                    struct unix_time now, struct error *error)
{
    struct mail mail = {.kind = MAIL_ORDER_CONFIRMATION,
                        .recipient = order->contact,
                        .order_id = order->id,
                        .created = now};
    int64_t mail_id;

    return store_outbox_insert(transaction, &mail, &mail_id, error);
}

static enum status order_fulfil(struct db_transaction *transaction, const struct order *order,
                                struct arena *arena, struct unix_time now, struct error *error)
{
    struct order_line *lines = arena_take(arena, ORDER_LINES_MAX, sizeof(*lines));
    uint32_t count;
    enum status status;

    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of an order");
    status =
        store_order_lines(transaction, order->id, ORDER_LINES_MAX, arena, lines, &count, error);
    for (uint32_t i = 0; status == LICET_OK && i < count; i++)
        status = entitlement_make(transaction, order, &lines[i], i + 1, now, error);
    if (status == LICET_OK)
        status = order_queue_mail(transaction, order, now, error);
    return status;
}

enum status order_step(struct db_transaction *transaction, const struct order_step *step,
                       struct arena *arena, struct error *error)
{
    const struct order_rule *rule = &order_rules[step->act];
    struct order order;
    enum status status = store_order_lock(transaction, step->order_id, arena, &order, error);

    if (status != LICET_OK)
        return status;
    if ((rule->from & STATE(order.state)) == 0)
        return order_refuse(&order, rule, error);
    if (rule->needs_reason && step->reason.size == 0)
        return error_set(error, LICET_INVALID, "to %s an order needs a reason: the partner is told",
                         rule->name);
    if (step->act == ORDER_SUBMIT)
        status = order_submit(transaction, &order, arena, error);
    if (step->act == ORDER_FULFIL)
        status = order_fulfil(transaction, &order, arena, step->now, error);
    if (status != LICET_OK)
        return status;
    return store_order_set_state(transaction, order.id, rule->to,
                                 step->reason.size == 0 ? (struct text){NULL, 0} : step->reason,
                                 step->now, error);
}

/* R11: to an address that nobody has verified not more than so many. */
#define MAILS_A_DAY 10

enum status order_mail_again(struct db_transaction *transaction, int64_t order_id,
                             struct unix_time now, struct arena *arena, struct error *error)
{
    struct order order;
    struct mail mails[MAILS_A_DAY] = {{0}};
    uint32_t count = 0;
    enum status status = store_order_lock(transaction, order_id, arena, &order, error);

    if (status == LICET_OK && order.state != ORDER_FULFILLED)
        status = error_set(error, LICET_CONFLICT,
                           "order %.*s is %s: its confirmation goes out when it is fulfilled",
                           TEXT_ARGS(order.number), order_state_name(order.state));
    if (status == LICET_OK)
        status = store_outbox_list_order(transaction, order_id, MAILS_A_DAY, arena, mails, &count,
                                         error);
    if (status == LICET_OK && count > 0 && mails[0].state == MAIL_WAITING)
        status = error_set(error, LICET_CONFLICT,
                           "the confirmation of order %.*s waits to be sent already",
                           TEXT_ARGS(order.number));
    if (status == LICET_OK && count == MAILS_A_DAY &&
        now.s - mails[MAILS_A_DAY - 1].created.s < SECONDS_A_DAY)
        status = error_set(error, LICET_OVER_LIMIT,
                           "the confirmation of order %.*s went out %d times in a day: ask its "
                           "contact, or the vendor's staff",
                           TEXT_ARGS(order.number), MAILS_A_DAY);
    return status == LICET_OK ? order_queue_mail(transaction, &order, now, error) : status;
}
