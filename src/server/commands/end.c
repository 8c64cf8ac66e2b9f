/* END: an administrator ends a lease (R10.4). By its handle, which LEASES shows; the id is its
 * holder's secret (R8.1). */
#include "server/commands/commands.h"

#include "server/administrators.h"
#include "server/commands/lease.h"

static enum status end_run(struct command_call *call, struct error *error)
{
    const struct server *server = call->server;
    const char *by =
        administrators_person_name(server->administrators, call->connection->administrator);
    enum status status = server_end_lease(call->server, call->arguments[0], by, error);

    if (status == LICET_OK)
        lease_answer(call, &(struct checkout_args){.proof = PROOF_NONE}, NULL, LEAF_RETURN);
    return status;
}

const struct command end_command = {
    .name = "END",
    .args_min = 1,
    .args_max = 1,
    .role = ROLE_ADMINISTRATOR,
    .usage = "handle",
    .summary = "End a lease of anybody: its seats are free, and its holder is told.",
    .run = end_run,
};
