/* POST /leases/end?handle=N: an administrator ends a lease (R10.4). The answer comes when it is
 * durable. */
#include "server/administrators.h"
#include "server/console/console.h"

struct lease_wait {
    struct http_exchange *exchange;
    uint64_t handle;
};

static void lease_ended(void *context)
{
    struct lease_wait *wait = context;

    console_answer_json(wait->exchange,
                        json_pack("{s:I, s:b}", "handle", (json_int_t)wait->handle, "ended", 1));
    free(wait);
}

static enum status lease_end(struct http_exchange *exchange, struct error *error)
{
    struct server *server = http_context(exchange);
    const char *by = administrators_name(server->administrators, http_bearer(exchange));
    struct lease_wait *wait;
    struct text handle;
    enum status status;

    if (!http_query(exchange, "handle", &handle))
        return error_set(error, LICET_INVALID, "say which lease: ?handle=N");
    if (!batch_has_room(server->open, SEAT_STEP_BYTES, 0))
        return error_set(error, LICET_OVER_LIMIT,
                         "this server is too busy just now; try again in a second");
    wait = calloc(1, sizeof(*wait));
    if (wait == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to end a lease");
    status = server_end_lease(server, handle, by, error);
    if (status != LICET_OK) {
        free(wait);
        return status;
    }
    *wait = (struct lease_wait){exchange, server->reply.handle};
    http_defer(exchange);
    server_when_durable(server, lease_ended, wait);
    return LICET_OK;
}

void lease_end_handle(struct http_exchange *exchange)
{
    struct error error = {0};
    enum status status = lease_end(exchange, &error);

    if (status != LICET_OK)
        http_answer_error(exchange, status, &error);
}
