/* CHECKIN: gives seats back before their time. */
#include "server/commands/commands.h"

#include "server/commands/lease.h"

static enum status checkin_run(struct command_call *call, struct error *error)
{
    struct seat_event event = {.kind = SEAT_CHECKIN};
    struct checkout_args args;
    enum status status = checkin_args_parse(call->arguments, call->count, &args, error);

    if (status != LICET_OK)
        return status;
    memcpy(event.id.bytes, args.id, sizeof(event.id.bytes));
    return lease_act(call, &event, &args, LEAF_RETURN, error);
}

const struct command checkin_command = {
    .name = "CHECKIN",
    .args_min = 1,
    .args_max = 1,
    .role = ROLE_PRODUCT,
    .usage = CHECKIN_USAGE,
    .summary = "Give the seats of a lease back.",
    .run = checkin_run,
};
