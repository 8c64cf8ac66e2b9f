/* GET /api/requests/{request}: what became of it, and its response. R3.4: for administrators. */
#include "portal/exchange/view.h"
#include "portal/reply.h"

enum status exchange_show_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct exchange_view view;
    int64_t id;
    enum status status = request_path_int(request, "request", &id, error);

    if (status == LICET_OK)
        status = exchange_view_get(request, id, &view, error);
    if (status == LICET_OK)
        status = request_require(request, ROLE_STAFF | ROLE_ADMINISTRATOR, view.server.customer_id,
                                 "such request", error);
    return status == LICET_OK ? reply_json(reply, exchange_json(&view), error) : status;
}
