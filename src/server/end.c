/* An administrator ends a lease by its handle (R10.4): what END and POST /leases/end have in
 * common. */
#include "base/log.h"
#include "base/parse.h"
#include "server/server.h"

enum status server_end_lease(struct server *server, struct text handle_text, const char *by,
                             struct error *error)
{
    struct seat_event event = {.kind = SEAT_END};
    enum status status = parse_u64(handle_text, 1, INT64_MAX, &event.handle, error);

    if (status != LICET_OK)
        return status;
    if (!server_has_room(server, JOURNAL_RESERVE, SEAT_STEP_BYTES))
        return error_set(error, LICET_DISK_FULL,
                         "the license server's disk is full: not even the end of a lease has room");
    server_step(server, &event);
    if (server->reply.status != LICET_OK)
        return error_set(error, LICET_NOT_FOUND,
                         "no lease here has the handle %llu; LEASES shows those that run",
                         (unsigned long long)event.handle);
    log_info("lease.ended", "handle=%llu by=\"%s\"", (unsigned long long)event.handle, by);
    return LICET_OK;
}
