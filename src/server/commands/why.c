/* WHY: what a CHECKOUT would be told now, and what would help; nothing is taken. */
#include "server/commands/commands.h"

#include "seat/denial.h"
#include "server/commands/lease.h"

/* What refused, by its name in the license file or the configuration. */
static const char *why_rule(const struct seat_reply *reply)
{
    switch ((int)reply->status) {
    case LICET_NO_SEAT:
        return "seats";
    case LICET_MAINTENANCE:
        return "maintenance";
    case LICET_EXPIRED:
        return reply->denial.is_refresh_by ? "refresh-by" : "expiry";
    case LICET_NOT_STARTED:
        return "start";
    case LICET_NO_FEATURE:
        return "feature";
    case LICET_OVER_LIMIT:
        return "leases-of-source";
    default:
        return "";
    }
}

static void why_write(struct command_call *call, const struct seat_reply *reply)
{
    const struct seat_denial *denial = &reply->denial;
    bool is_granted = reply->status == LICET_OK;
    char place[ERROR_TEXT_MAX];
    struct buf sentence = buf_over(place, sizeof(place));
    struct why_reply why = {
        .status = reply->status,
        .seats = denial->seats,
        .in_use = denial->in_use,
        .overhang = denial->overhang,
        .next_free_s =
            is_granted || denial->next_free_ms < 0 ? -1 : (denial->next_free_ms + 999) / 1000,
        .rule = text_of(why_rule(reply)),
    };

    if (is_granted)
        buf_add_string(&sentence, "a seat is free");
    else
        seat_denial_print(reply, call->server->names, &sentence);
    why.sentence = buf_text(&sentence);
    why_reply_write(&why, (enum resp_protocol)call->connection->protocol, call->reply);
}

static enum status why_run(struct command_call *call, struct error *error)
{
    struct seat_event event = {.kind = SEAT_CHECKOUT};
    struct checkout_args args;
    struct seat_reply reply;
    bool is_unknown;
    enum status status;

    status = why_args_parse(call->arguments, call->count, &args, error);
    if (status == LICET_OK)
        status = lease_event(call, &args, false, &event, &is_unknown, error);
    if (status != LICET_OK)
        return status;
    seat_why(call->server->seats, call->server->now, &event, &reply);
    why_write(call, &reply);
    return LICET_OK;
}

const struct command why_command = {
    .name = "WHY",
    .args_min = 1,
    .args_max = 13,
    .role = ROLE_PRODUCT,
    .usage = WHY_USAGE,
    .summary = "Say what a CHECKOUT would be told now, and why.",
    .run = why_run,
};
