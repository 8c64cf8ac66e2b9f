/* POST /api/orders/{order}/mail: the confirmation once more, to the order's contact. */
#include "portal/order/order.h"
#include "portal/order/order_view.h"

struct order_mailing {
    struct arena *arena;
    int64_t id;
    struct unix_time now;
};

static enum status order_mail(struct db_transaction *transaction, void *context,
                              int64_t *ret_resource, struct error *error)
{
    const struct order_mailing *mailing = context;

    *ret_resource = mailing->id;
    return order_mail_again(transaction, mailing->id, mailing->now, mailing->arena, error);
}

enum status order_mail_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct order_mailing mailing = {.arena = request_arena(request), .now = request_time(request)};
    int64_t id;
    enum status status = order_authorise(request, ROLE_STAFF | ROLE_PARTNER, &mailing.id, error);

    if (status == LICET_OK)
        status = request_act(request, order_mail, &mailing, &id, error);
    if (status != LICET_OK)
        return status;
    order_wake_mailer(request);
    return order_reply(request, reply, id, error);
}
