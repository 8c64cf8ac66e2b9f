#include "portal/organization/organization.h"

#include "portal/reply.h"
#include "store/store.h"

json_t *organization_json(const void *row)
{
    const struct organization *organization = row;

    return json_pack("{s:I, s:s, s:o, s:o}", "id", (json_int_t)organization->id, "kind",
                     organization_kind_name(organization->kind), "name",
                     json_of_text(organization->name), "number",
                     json_of_text(organization->number));
}

struct organization_found {
    struct arena *arena;
    int64_t id;
    struct organization row;
};

static enum status organization_find(struct db_transaction *transaction, void *context,
                                     struct error *error)
{
    struct organization_found *found = context;

    return store_organization_get(transaction, found->id, found->arena, &found->row, error);
}

enum status organization_get(struct request *request, int64_t id,
                             struct organization *ret_organization, struct error *error)
{
    struct organization_found found = {.arena = request_arena(request), .id = id};
    enum status status = store_read(request_store(request), organization_find, &found, error);

    if (status == LICET_OK)
        *ret_organization = found.row;
    return status;
}

enum status organization_page(const struct request *request, int64_t *ret_after,
                              uint32_t *ret_limit, struct error *error)
{
    return page_query(request, "after", ret_after, ret_limit, error);
}
