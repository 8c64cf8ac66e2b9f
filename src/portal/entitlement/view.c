#include "portal/entitlement/view.h"

#include "portal/reply.h"
#include "store/store.h"

enum status entitlement_view_fill(struct db_transaction *transaction, struct arena *arena,
                                  struct entitlement_view *view, struct error *error)
{
    enum status status =
        store_edition_get(transaction, view->entitlement.edition_id, arena, &view->edition, error);

    return status == LICET_OK
               ? store_ledger_sums(transaction, view->entitlement.id, view->seats, error)
               : status;
}

static json_t *entitlement_seats_json(const uint32_t seats[ACCOUNT_KINDS_COUNT])
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "owned",
                     (json_int_t)seats[ACCOUNT_OWNED], "available",
                     (json_int_t)seats[ACCOUNT_AVAILABLE], "allocated",
                     (json_int_t)seats[ACCOUNT_ALLOCATED], "return_pending",
                     (json_int_t)seats[ACCOUNT_RETURN_PENDING], "obsolete_pending",
                     (json_int_t)seats[ACCOUNT_OBSOLETE_PENDING], "expired",
                     (json_int_t)seats[ACCOUNT_EXPIRED], "void", (json_int_t)seats[ACCOUNT_VOID]);
}

json_t *entitlement_json(const struct request *request, const struct entitlement_view *view)
{
    const struct entitlement *entitlement = &view->entitlement;
    unsigned int roles = request_roles(request, entitlement->customer_id);
    json_t *edition =
        json_pack("{s:I, s:o, s:o}", "id", (json_int_t)view->edition.id, "feature",
                  json_of_text(view->edition.feature), "name", json_of_text(view->edition.name));

    return json_pack(
        "{s:I, s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
        (json_int_t)entitlement->id, "organization", (json_int_t)entitlement->customer_id, "sn",
        json_of_text(entitlement->sn), "code",
        (roles & ROLE_ADMINISTRATOR) != 0 ? json_of_text(entitlement->code) : json_null(), "state",
        entitlement_state_name(entitlement->state), "edition", edition, "seats",
        entitlement_seats_json(view->seats), "maintenance", json_of_text(entitlement->maintenance),
        "expiry", json_of_text(entitlement->expiry), "created", json_of_time(entitlement->created),
        "activated", json_of_time(entitlement->activated));
}

struct entitlement_found {
    struct arena *arena;
    int64_t id;
    struct entitlement_view view;
};

static enum status entitlement_find(struct db_transaction *transaction, void *context,
                                    struct error *error)
{
    struct entitlement_found *found = context;
    enum status status = store_entitlement_get(transaction, found->id, found->arena,
                                               &found->view.entitlement, error);

    return status == LICET_OK
               ? entitlement_view_fill(transaction, found->arena, &found->view, error)
               : status;
}

enum status entitlement_view_get(struct request *request, int64_t id,
                                 struct entitlement_view *ret_view, struct error *error)
{
    struct entitlement_found found = {.arena = request_arena(request), .id = id};
    enum status status = store_read(request_store(request), entitlement_find, &found, error);

    if (status == LICET_OK)
        status = request_require(request, ROLES_OF_SEATS, found.view.entitlement.customer_id,
                                 "such entitlement", error);
    if (status == LICET_OK)
        *ret_view = found.view;
    return status;
}
