/* CHECKOUT: takes seats of a feature, or re-claims them by the same id (R8.1). */
#include "server/commands/commands.h"

#include "seat/names.h"
#include "server/commands/lease.h"
#include "server/rates.h"

/* Security: a name costs memory for ever, so a request that would be refused anyway leaves one
 * behind only as far as denials may (denials_take_name()). */
static enum status checkout_intern(struct command_call *call, const struct checkout_args *args,
                                   struct seat_event *event, struct error *error)
{
    struct seat_reply reply;
    bool is_unknown;

    seat_why(call->server->seats, call->server->now, event, &reply);
    if (reply.status != LICET_OK)
        return lease_refuse(call, event, args, &reply, error);
    return lease_event(call, args, true, event, &is_unknown, error);
}

static enum status checkout_run(struct command_call *call, struct error *error)
{
    struct seat_event event = {.kind = SEAT_CHECKOUT};
    struct checkout_args args;
    bool is_unknown;
    enum status status;

    status = checkout_args_parse(call->arguments, call->count, &args, error);
    if (status == LICET_OK)
        status = lease_event(call, &args, false, &event, &is_unknown, error);
    if (status == LICET_OK && is_unknown)
        status = checkout_intern(call, &args, &event, error);
    if (status != LICET_OK)
        return status;
    status = source_rates_take(call->server->rates, event.source, call->server->now.instant, error);
    if (status != LICET_OK) {
        lease_note(call, &event, &args, status);
        return status;
    }
    return lease_act(call, &event, &args, LEAF_GRANT, error);
}

const struct command checkout_command = {
    .name = "CHECKOUT",
    .args_min = 2,
    .args_max = 18,
    .role = ROLE_PRODUCT,
    .usage = CHECKOUT_USAGE,
    .summary = "Take seats of a feature, or re-claim them by the same id.",
    .run = checkout_run,
};
