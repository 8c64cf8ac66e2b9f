/* POST /api/organizations/{organization}/agreements {program}: one that is active at once, with a
 * registration number of its own. A customer has at most one such. */
#include "portal/agreement/agreement.h"
#include "portal/number.h"
#include "portal/reply.h"
#include "store/organization.h"

struct agreement_form {
    struct arena *arena;
    struct agreement row;
};

static enum status agreement_check_customer(struct db_transaction *transaction,
                                            const struct agreement_form *form, struct error *error)
{
    struct organization organization;
    enum status status = store_organization_get(transaction, form->row.customer_id, form->arena,
                                                &organization, error);

    if (status == LICET_OK && organization.kind != ORGANIZATION_CUSTOMER)
        return error_set(error, LICET_INVALID, "a %s has no agreements: customers have",
                         organization_kind_name(organization.kind));
    return status;
}

static enum status agreement_store(struct db_transaction *transaction, void *context,
                                   int64_t *ret_resource, struct error *error)
{
    const struct agreement_form *form = context;
    struct agreement agreement = form->row;
    int64_t id = 0;
    enum status status = agreement_check_customer(transaction, form, error);

    for (int draw = 0; status == LICET_OK && draw < NUMBER_DRAWS_MAX && id == 0; draw++) {
        struct number number = number_draw_digits('R');

        agreement.number = text_of(number.text);
        status = store_agreement_insert(transaction, &agreement, &id, error);
    }
    if (status == LICET_OK && id == 0)
        return error_set(error, LICET_OVER_LIMIT, "no number is left for an agreement");
    *ret_resource = id;
    return status;
}

enum status agreement_create_handle(struct request *request, struct reply *reply,
                                    struct error *error)
{
    struct agreement_form form = {.arena = request_arena(request),
                                  .row = {.created = request_time(request)}};
    int64_t id;
    enum status status = request_path_int(request, "organization", &form.row.customer_id, error);

    if (status == LICET_OK)
        status = request_json_only(request, "program", error);
    if (status == LICET_OK)
        status = request_json_int(request, "program", 1, INT64_MAX, &form.row.program_id, error);
    if (status == LICET_OK)
        status = request_act(request, agreement_store, &form, &id, error);
    if (status == LICET_OK)
        status = agreement_get(request, id, &form.row, error);
    if (status != LICET_OK)
        return status;
    return reply_created(reply, "/api/agreements", id, agreement_json(&form.row), error);
}
