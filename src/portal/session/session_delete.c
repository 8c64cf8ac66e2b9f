/* DELETE /api/session: signs out. An API token is revoked by another act. */
#include "portal/frame.h"
#include "portal/session/session.h"
#include "store/session.h"

static enum status sign_out(struct db_transaction *transaction, void *context,
                            int64_t *ret_resource, struct error *error)
{
    const int64_t *session_id = context;

    *ret_resource = *session_id;
    return store_session_delete(transaction, *session_id, error);
}

enum status session_delete_handle(struct request *request, struct reply *reply, struct error *error)
{
    int64_t session_id = request->principal.session_id, resource;
    enum status status = request_require_session(request, error);

    if (status == LICET_OK)
        status = request_act(request, sign_out, &session_id, &resource, error);
    if (status == LICET_OK)
        status = session_reply_end(reply, error);
    return status == LICET_OK ? reply_empty(reply) : status;
}
