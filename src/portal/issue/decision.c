/*
 * POST /api/issues/{issue}/override and /void {reason}: what the signer refused, staff lets pass, or
 * gives up. The issuing thread does it; the answer is the generation as it is then, or still is.
 */
#include "base/limits.h"
#include "portal/issue/settle.h"
#include "portal/issue/view.h"
#include "portal/reply.h"

struct decision {
    int64_t issue_id;
    enum issue_decision decision;
    struct text reason;
};

static enum status decision_run(struct db_transaction *transaction, void *context,
                                int64_t *ret_resource, struct error *error)
{
    const struct decision *decision = context;

    *ret_resource = decision->issue_id;
    return store_issue_decide(transaction, decision->issue_id, decision->decision, decision->reason,
                              error);
}

static enum status decision_handle(struct request *request, struct reply *reply,
                                   enum issue_decision what, struct error *error)
{
    struct decision decision = {.decision = what};
    struct issue_whole whole;
    enum status status = request_path_int(request, "issue", &decision.issue_id, error);

    if (status == LICET_OK)
        status = request_json_only(request, "reason", error);
    if (status == LICET_OK)
        status = request_json_text(request, "reason", 1, SIGNER_REASON_BYTES_MAX, &decision.reason,
                                   error);
    if (status == LICET_OK)
        status = issue_whole_get(request, decision.issue_id, ROLE_STAFF, &whole, error);
    if (status == LICET_OK)
        status = request_act(request, decision_run, &decision, &decision.issue_id, error);
    if (status == LICET_OK)
        status = issue_settle(request, decision.issue_id, &whole, error);
    return status == LICET_OK ? reply_json(reply, issue_whole_json(&whole), error) : status;
}

enum status issue_override_handle(struct request *request, struct reply *reply, struct error *error)
{
    return decision_handle(request, reply, ISSUE_OVERRIDE, error);
}

enum status issue_void_handle(struct request *request, struct reply *reply, struct error *error)
{
    return decision_handle(request, reply, ISSUE_CANCEL, error);
}
