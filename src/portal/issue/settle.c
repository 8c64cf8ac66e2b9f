#include "portal/issue/settle.h"

#include "base/clock.h"
#include "portal/issuing/issuing.h"
#include "portal/portal.h"

#define SETTLE_MS 10000u

/* Staff's decision to void is carried out by the issuing thread, too. */
static bool issue_is_under_way(const struct issue_view *view)
{
    return text_is(view->waits_for, "signer") ||
           (view->issue.cancel.data != NULL && view->waits_for.size > 0);
}

enum status issue_settle(struct request *request, int64_t id, struct issue_whole *ret_whole,
                         struct error *error)
{
    struct issuing *issuing = portal_issuing(request_portal(request));
    struct arena before = *request_arena(request);
    int64_t end = request_time(request).s + SETTLE_MS / 1000;

    if (issuing != NULL)
        issuing_wake(issuing);
    for (;;) {
        uint64_t settled = issuing == NULL ? 0 : issuing_settled(issuing);
        enum status status;

        *request_arena(request) = before; /* every look in the same place */
        status = issue_whole_get(request, id, ROLES_OF_SEATS, ret_whole, error);
        if (status != LICET_OK || issuing == NULL || !issue_is_under_way(&ret_whole->view) ||
            clock_unix().s >= end)
            return status;
        issuing_wait(issuing, settled, 1000);
    }
}
