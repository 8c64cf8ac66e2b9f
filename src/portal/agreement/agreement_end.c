/* POST /api/agreements/{agreement}/end: nothing is ordered under it any more; what was bought stays
 * as it is. */
#include "portal/agreement/agreement.h"
#include "portal/reply.h"

struct agreement_ending {
    struct arena *arena;
    int64_t id;
};

static enum status agreement_end(struct db_transaction *transaction, void *context,
                                 int64_t *ret_resource, struct error *error)
{
    const struct agreement_ending *ending = context;
    struct agreement agreement;
    enum status status =
        store_agreement_get(transaction, ending->id, ending->arena, &agreement, error);

    *ret_resource = ending->id;
    return status == LICET_OK ? store_agreement_end(transaction, ending->id, error) : status;
}

enum status agreement_end_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct agreement_ending ending = {.arena = request_arena(request)};
    struct agreement agreement;
    int64_t id;
    enum status status = request_path_int(request, "agreement", &ending.id, error);

    if (status == LICET_OK)
        status = request_act(request, agreement_end, &ending, &id, error);
    if (status == LICET_OK)
        status = agreement_get(request, id, &agreement, error);
    return status == LICET_OK ? reply_json(reply, agreement_json(&agreement), error) : status;
}
