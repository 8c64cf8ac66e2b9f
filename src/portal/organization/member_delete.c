/* DELETE /api/organizations/{organization}/people/{person}: she has no role there any more, from
 * her next request on. */
#include "portal/organization/organization.h"
#include "portal/reply.h"

struct leaving {
    int64_t organization_id, person_id;
};

static enum status member_remove(struct db_transaction *transaction, void *context,
                                 int64_t *ret_resource, struct error *error)
{
    const struct leaving *leaving = context;

    *ret_resource = leaving->person_id;
    return store_membership_delete(transaction, leaving->person_id, leaving->organization_id,
                                   error);
}

enum status member_delete_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct leaving leaving = {0, 0};
    int64_t person_id;
    enum status status = request_path_int(request, "organization", &leaving.organization_id, error);

    if (status == LICET_OK)
        status = request_path_int(request, "person", &leaving.person_id, error);
    if (status == LICET_OK)
        status = request_require(request, ROLE_STAFF | ROLE_ADMINISTRATOR, leaving.organization_id,
                                 "such organisation", error);
    /* Whoever removes others stays, so somebody always can. */
    if (status == LICET_OK && leaving.person_id == request_person(request))
        status = error_set(error, LICET_CONFLICT, "nobody removes herself: somebody else can");
    if (status == LICET_OK)
        status = request_act(request, member_remove, &leaving, &person_id, error);
    return status == LICET_OK ? reply_empty(reply) : status;
}
