#include "portal/issue/settle.h"

#include "base/clock.h"
#include "portal/issuing/issuing.h"
#include "portal/portal.h"
#include "portal/reply.h"

#define SETTLE_MS 10000u
#define SETTLE_LOOK_MS 1000u

static enum status settle_wait(struct request *request, struct issuing *issuing,
                               settle_look_fn *look, void *context, struct error *error)
{
    struct arena before = *request_arena(request);
    struct instant end = instant_add_ms(clock_instant(), SETTLE_MS);

    for (;;) {
        uint64_t settled = issuing_settled(issuing);
        bool is_settled = false;
        enum status status;

        *request_arena(request) = before;
        status = look(request, context, &is_settled, error);
        if (status != LICET_OK || is_settled || clock_instant().ms >= end.ms)
            return status;
        issuing_wait(issuing, settled, SETTLE_LOOK_MS);
    }
}

enum status settle(struct request *request, settle_look_fn *look, void *context,
                   struct error *error)
{
    struct portal *portal = request_portal(request);
    struct issuing *issuing = portal_issuing(portal);
    bool is_settled;
    enum status status;

    if (issuing == NULL || !issuing_wake(issuing) ||
        !portal_wait_begin(portal, request_person(request) != 0))
        return look(request, context, &is_settled, error);
    status = settle_wait(request, issuing, look, context, error);
    portal_wait_end(portal);
    return status;
}

struct issue_look {
    int64_t id;
    struct issue_whole whole;
};

/* Staff's decision to void is carried out by the issuing thread, too. */
static enum status issue_look(struct request *request, void *context, bool *ret_is_settled,
                              struct error *error)
{
    struct issue_look *look = context;
    const struct issue *issue = &look->whole.issue;
    enum status status = issue_whole_get(request, look->id, ROLES_OF_SEATS, &look->whole, error);

    *ret_is_settled = status == LICET_OK && !text_is(issue->waits_for, "signer") &&
                      (issue->cancel.data == NULL || issue->waits_for.size == 0);
    return status;
}

enum status issue_settle(struct request *request, int64_t id, struct issue_whole *ret_whole,
                         struct error *error)
{
    struct issue_look look = {.id = id};
    enum status status = settle(request, issue_look, &look, error);

    if (status == LICET_OK)
        *ret_whole = look.whole;
    return status;
}

enum status issue_reply(struct request *request, int64_t id, struct reply *reply,
                        struct error *error)
{
    struct issue_whole whole;
    enum status status = issue_settle(request, id, &whole, error);

    return status == LICET_OK
               ? reply_created(reply, "/api/issues", id, issue_whole_json(&whole), error)
               : status;
}
