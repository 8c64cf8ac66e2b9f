/* GET /api/organizations/{organization} */
#include "portal/organization/organization.h"
#include "portal/reply.h"

enum status organization_show_handle(struct request *request, struct reply *reply,
                                     struct error *error)
{
    struct organization organization;
    int64_t id;
    enum status status = request_path_int(request, "organization", &id, error);

    if (status == LICET_OK)
        status = request_require(request, ROLES_OF_MEMBERS, id, "such organisation", error);
    if (status == LICET_OK)
        status = organization_get(request, id, &organization, error);
    return status == LICET_OK ? reply_json(reply, organization_json(&organization), error) : status;
}
