/*
 * POST /api/requests {text, customer?}: brings the request of a license server (R5), and takes its
 * response home. It authenticates itself by the server's key; the first one of a key counts only when
 * a license administrator of `customer` brings it (R3.3). The same text again has the same response.
 *
 * Security: whoever has a request's text may have its response. It is of use to that server alone.
 */
#include "portal/exchange/exchange.h"
#include "portal/exchange/view.h"
#include "portal/issue/settle.h"
#include "portal/portal.h"
#include "portal/reply.h"
#include "store/store.h"

struct bringing {
    struct arena *arena;
    struct exchange_form form;
    int64_t exchange_id;
};

static enum status bringing_run(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct bringing *bringing = context;
    struct arena arena = *bringing->arena; /* it may run again */

    return exchange_take(transaction, &bringing->form, &arena, &bringing->exchange_id, error);
}

/* Whoever administers one customer need not name it. */
static enum status bringing_customer(struct request *request, int64_t *ret_customer_id,
                                     struct error *error)
{
    const int64_t *customer_ids;
    size_t count = 0;
    enum status status;

    *ret_customer_id = 0;
    if (request_json_has(request, "customer")) {
        status = request_json_int(request, "customer", 1, INT64_MAX, ret_customer_id, error);
        return status == LICET_OK ? request_require(request, ROLE_ADMINISTRATOR, *ret_customer_id,
                                                    "such organisation", error)
                                  : status;
    }
    if (request_person(request) == 0 || request_is_staff(request))
        return LICET_OK;
    customer_ids = request_organizations(request, ROLE_ADMINISTRATOR, &count);
    if (count == 1)
        *ret_customer_id = customer_ids[0];
    return LICET_OK;
}

static enum status exchange_look(struct request *request, void *context, bool *ret_is_settled,
                                 struct error *error)
{
    struct exchange_view *view = context;
    enum status status = exchange_view_get(request, view->exchange.id, view, error);

    *ret_is_settled = status == LICET_OK && !text_is(view->waits_for, "signer");
    return status;
}

enum status exchange_create_handle(struct request *request, struct reply *reply,
                                   struct error *error)
{
    struct server_request asked;
    struct bringing bringing = {.arena = request_arena(request),
                                .form = {.vendor = portal_vendor(request_portal(request)),
                                         .request = &asked,
                                         .person_id = request_person(request),
                                         .now = request_time(request)}};
    struct exchange_view view = {.results_count = 0};
    enum status status = request_json_only(request, "text customer", error);

    if (status == LICET_OK)
        status =
            request_json_lines(request, "text", LICENSE_FILE_BYTES_MAX, &bringing.form.text, error);
    if (status == LICET_OK)
        status = bringing_customer(request, &bringing.form.customer_id, error);
    if (status == LICET_OK)
        status = request_read(bringing.form.text, request_arena(request), &asked, error);
    if (status == LICET_OK)
        status = store_transact(request_store(request), bringing_run, &bringing, error);
    view.exchange.id = bringing.exchange_id;
    if (status == LICET_OK)
        status = settle(request, exchange_look, &view, error);
    return status == LICET_OK ? reply_json(reply, exchange_json(&view), error) : status;
}
