/* RENEW: the sign of life that keeps a lease. */
#include "server/commands/commands.h"

#include "server/commands/lease.h"

static enum status renew_run(struct command_call *call, struct error *error)
{
    struct seat_event event = {.kind = SEAT_RENEW};
    struct checkout_args args;
    enum status status = renew_args_parse(call->arguments, call->count, &args, error);

    if (status != LICET_OK)
        return status;
    memcpy(event.id.bytes, args.id, sizeof(event.id.bytes));
    return lease_act(call, &event, &args, LEAF_RENEWAL, error);
}

const struct command renew_command = {
    .name = "RENEW",
    .args_min = 1,
    .args_max = 5,
    .role = ROLE_PRODUCT,
    .usage = RENEW_USAGE,
    .summary = "Keep a lease for another ttl.",
    .run = renew_run,
};
