/* DELETE /api/tokens/{token}: revokes one of the person's own. */
#include "portal/reply.h"
#include "portal/request.h"
#include "portal/token/token.h"

struct revocation {
    int64_t person_id, id;
};

static enum status token_revoke(struct db_transaction *transaction, void *context,
                                int64_t *ret_resource, struct error *error)
{
    const struct revocation *revocation = context;

    *ret_resource = revocation->id;
    return store_api_token_delete(transaction, revocation->person_id, revocation->id, error);
}

enum status token_delete_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct revocation revocation = {.person_id = request_person(request)};
    int64_t id;
    enum status status = request_require_session(request, error);

    if (status == LICET_OK)
        status = request_path_int(request, "token", &revocation.id, error);
    if (status == LICET_OK)
        status = request_act(request, token_revoke, &revocation, &id, error);
    return status == LICET_OK ? reply_empty(reply) : status;
}
