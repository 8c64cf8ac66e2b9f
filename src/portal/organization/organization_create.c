/* POST /api/organizations {kind, name}: a customer or a partner, with a number of its own. */
#include "portal/number.h"
#include "portal/organization/organization.h"
#include "portal/reply.h"

static enum status organization_insert(struct db_transaction *transaction, void *context,
                                       int64_t *ret_resource, struct error *error)
{
    struct organization organization = *(const struct organization *)context;
    int64_t id = 0;

    for (int draw = 0; draw < NUMBER_DRAWS_MAX && id == 0; draw++) {
        struct number number =
            number_draw_digits(organization.kind == ORGANIZATION_CUSTOMER ? 'C' : 'P');
        enum status status;

        organization.number = text_of(number.text);
        status = store_organization_insert(transaction, &organization, &id, error);
        if (status != LICET_OK)
            return status;
    }
    if (id == 0)
        return error_set(error, LICET_OVER_LIMIT, "no number is left for an organisation");
    *ret_resource = id;
    return LICET_OK;
}

enum status organization_create_handle(struct request *request, struct reply *reply,
                                       struct error *error)
{
    static const enum organization_kind kinds[] = {ORGANIZATION_CUSTOMER, ORGANIZATION_PARTNER};
    struct organization organization;
    unsigned int kind;
    int64_t id;
    enum status status = request_json_only(request, "kind name", error);

    if (status == LICET_OK)
        status = request_json_word(request, "kind", "customer partner", &kind, error);
    if (status == LICET_OK)
        status = request_json_text(request, "name", 1, ORGANIZATION_NAME_BYTES_MAX,
                                   &organization.name, error);
    if (status != LICET_OK)
        return status;
    organization.kind = kinds[kind];
    status = request_act(request, organization_insert, &organization, &id, error);
    if (status == LICET_OK)
        status = organization_get(request, id, &organization, error);
    if (status != LICET_OK)
        return status;
    return reply_created(reply, "/api/organizations", id, organization_json(&organization), error);
}
