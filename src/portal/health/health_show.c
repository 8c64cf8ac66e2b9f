/* GET /health: whether acts can be answered, and no more: it is told to anybody. */
#include "portal/reply.h"
#include "portal/request.h"
#include "store/store.h"

enum status health_show_handle(struct request *request, struct reply *reply, struct error *error)
{
    enum status status = store_check(request_store(request), error);

    if (status != LICET_OK)
        return status;
    return reply_json(reply, json_pack("{s:b}", "ok", 1), error);
}
