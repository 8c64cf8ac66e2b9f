/* POST /api/entitlements/activate {code}: a license administrator redeems a license code (R6.10). */
#include "portal/entitlement/entitlement.h"
#include "portal/entitlement/view.h"
#include "portal/reply.h"
#include "portal/session/failures.h"
#include "store/session.h"

#define CODE_TYPED_BYTES_MAX 64 /* 25 letters, and what people put between them */

struct activation {
    struct arena *arena;
    struct text code, guesser;
    const int64_t *customer_ids;
    size_t customers_count;
    struct unix_time now;
};

static enum status activation_run(struct db_transaction *transaction, void *context,
                                  int64_t *ret_resource, struct error *error)
{
    const struct activation *activation = context;
    struct entitlement entitlement;
    enum status status = entitlement_activate(
        transaction, activation->code, activation->customer_ids, activation->customers_count,
        activation->now, activation->arena, &entitlement, error);

    if (status != LICET_OK)
        return status;
    *ret_resource = entitlement.id;
    return store_failures_clear(transaction, activation->guesser, error);
}

/* Security: who guesses codes waits longer after each wrong one, as with passwords. */
static enum status activation_act(struct request *request, struct reply *reply,
                                  struct activation *activation, int64_t *ret_id,
                                  struct error *error)
{
    char place[40];
    struct buf guesser = buf_over(place, sizeof(place));
    enum status status;

    buf_printf(&guesser, "codes of %lld", (long long)request_person(request));
    activation->guesser = buf_text(&guesser);
    status = failures_check(request, reply, activation->guesser, "license codes", error);
    if (status != LICET_OK)
        return status;
    status = request_act(request, activation_run, activation, ret_id, error);
    return status == LICET_NOT_FOUND ? failures_count(request, activation->guesser, status, error)
                                     : status;
}

enum status entitlement_activate_handle(struct request *request, struct reply *reply,
                                        struct error *error)
{
    struct activation activation = {.arena = request_arena(request), .now = request_time(request)};
    struct entitlement_view view;
    int64_t id;
    enum status status = request_json_only(request, "code", error);

    if (status == LICET_OK)
        status =
            request_json_text(request, "code", 1, CODE_TYPED_BYTES_MAX, &activation.code, error);
    activation.customer_ids =
        request_organizations(request, ROLE_ADMINISTRATOR, &activation.customers_count);
    if (status == LICET_OK)
        status = activation_act(request, reply, &activation, &id, error);
    if (status == LICET_OK)
        status = entitlement_view_get(request, id, &view, error);
    return status == LICET_OK ? reply_json(reply, entitlement_json(request, &view), error) : status;
}
