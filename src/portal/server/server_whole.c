/*
 * POST /api/servers/{server}/retire: gives up all seats of a license server; they are free when its
 * receipt says so. POST /api/servers/{server}/cancel-return: gives back what waits for a receipt (R6.3).
 */
#include "portal/allocation/allocation.h"
#include "portal/issue/settle.h"
#include "portal/number.h"
#include "portal/reply.h"
#include "portal/server/view.h"

typedef enum status whole_fn(struct db_transaction *transaction, const struct change_set *changes,
                             struct arena *arena, int64_t *ret_issue_id, struct error *error);

struct whole {
    struct arena *arena;
    whole_fn *change;
    struct change_set changes;
};

static enum status whole_run(struct db_transaction *transaction, void *context,
                             int64_t *ret_resource, struct error *error)
{
    const struct whole *whole = context;
    struct arena arena = *whole->arena; /* it may run again */
    struct change_set changes = whole->changes;
    struct serial serial = serial_draw();

    changes.serial = text_of(serial.text);
    return whole->change(transaction, &changes, &arena, ret_resource, error);
}

static enum status whole_handle(struct request *request, const char *act, whole_fn *change,
                                struct reply *reply, struct error *error)
{
    struct whole whole = {.arena = request_arena(request),
                          .change = change,
                          .changes = {.act = act,
                                      .person_id = request_person(request),
                                      .now = request_time(request)}};
    struct server server;
    int64_t issue_id;
    enum status status = server_get(request, ROLE_ADMINISTRATOR, &server, error);

    if (status != LICET_OK)
        return status;
    whole.changes.server_id = server.id;
    status = request_act(request, whole_run, &whole, &issue_id, error);
    return status == LICET_OK ? issue_reply(request, issue_id, reply, error) : status;
}

enum status server_retire_handle(struct request *request, struct reply *reply, struct error *error)
{
    return whole_handle(request, "retire", allocation_retire, reply, error);
}

enum status server_cancel_return_handle(struct request *request, struct reply *reply,
                                        struct error *error)
{
    return whole_handle(request, "cancel return", allocation_take_back, reply, error);
}
