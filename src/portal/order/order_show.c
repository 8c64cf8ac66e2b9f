/* GET /api/orders/{order}: with its lines, and what became of its mail. */
#include "portal/order/order_view.h"

enum status order_show_handle(struct request *request, struct reply *reply, struct error *error)
{
    int64_t id;
    enum status status = order_authorise(request, ROLES_OF_MEMBERS, &id, error);

    return status == LICET_OK ? order_reply(request, reply, id, error) : status;
}
