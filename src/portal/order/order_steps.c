/* POST /api/orders/{order}/submit and the other ways from state to state {reason?}: one handler, for
 * the rules of each are a row of portal/order/step.c. */
#include "portal/order/order.h"
#include "portal/order/order_view.h"

#define ORDER_REASON_BYTES_MAX 512

struct order_stepping {
    struct arena *arena;
    struct order_step step;
};

static enum status order_steps_run(struct db_transaction *transaction, void *context,
                                   int64_t *ret_resource, struct error *error)
{
    const struct order_stepping *stepping = context;

    *ret_resource = stepping->step.order_id;
    return order_step(transaction, &stepping->step, stepping->arena, error);
}

static enum status order_steps_handle(struct request *request, enum order_act act,
                                      unsigned int roles, struct reply *reply, struct error *error)
{
    struct order_stepping stepping = {.arena = request_arena(request),
                                      .step = {.act = act, .now = request_time(request)}};
    int64_t id;
    enum status status = order_authorise(request, roles, &stepping.step.order_id, error);

    if (status == LICET_OK)
        status = request_json_only(request, "reason", error);
    if (status == LICET_OK && request_json_has(request, "reason"))
        status = request_json_text(request, "reason", 1, ORDER_REASON_BYTES_MAX,
                                   &stepping.step.reason, error);
    if (status == LICET_OK)
        status = request_act(request, order_steps_run, &stepping, &id, error);
    if (status != LICET_OK)
        return status;
    if (act == ORDER_FULFIL)
        order_wake_mailer(request);
    return order_reply(request, reply, id, error);
}

#define HANDLE(name, act, roles)                                                                   \
    enum status name##_handle(struct request *request, struct reply *reply, struct error *error)   \
    {                                                                                              \
        return order_steps_handle(request, (act), (roles), reply, error);                          \
    }

HANDLE(order_submit, ORDER_SUBMIT, ROLE_STAFF | ROLE_PARTNER)
HANDLE(order_cancel, ORDER_CANCEL, ROLE_STAFF | ROLE_PARTNER)
HANDLE(order_hold, ORDER_HOLD, ROLE_STAFF)
HANDLE(order_resume, ORDER_RESUME, ROLE_STAFF)
HANDLE(order_approve, ORDER_APPROVE, ROLE_STAFF)
HANDLE(order_reject, ORDER_REJECT, ROLE_STAFF)
HANDLE(order_fulfil, ORDER_FULFIL, ROLE_STAFF)
