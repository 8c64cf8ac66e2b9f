/* GET /api/issues/{issue}: a generation, where it is on its way, and its counts. */
#include "portal/issue/view.h"
#include "portal/reply.h"

enum status issue_show_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct issue_whole whole;
    int64_t id;
    enum status status = request_path_int(request, "issue", &id, error);

    if (status == LICET_OK)
        status = issue_whole_get(request, id, ROLES_OF_SEATS, &whole, error);
    return status == LICET_OK ? reply_json(reply, issue_whole_json(&whole), error) : status;
}
