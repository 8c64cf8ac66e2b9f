/* FEATURES: what may be used here and how much of it is. Counts only: anybody may ask (R10.6). */
#include "server/commands/commands.h"

#include "seat/names.h"
#include "server/commands/page.h"

static void features_date(struct buf *reply, uint32_t days, enum resp_protocol protocol)
{
    char place[16];
    struct buf date = buf_over(place, sizeof(place));

    if (days == 0) {
        resp_write_null(reply, protocol);
        return;
    }
    if (days == DATE_NONE)
        buf_add_string(&date, "none");
    else
        date_print((struct date){(int32_t)days}, &date);
    resp_write_bulk(reply, buf_text(&date));
}

static void features_row(struct command_call *call, const struct seat_feature_view *view)
{
    struct buf *reply = call->reply;
    const struct names *names = call->server->names;
    enum resp_protocol protocol = (enum resp_protocol)call->connection->protocol;

    resp_write_map(reply, protocol, 10);
    resp_write_bulk(reply, TEXT("vendor"));
    resp_write_bulk(reply, names_text(names, view->vendor));
    resp_write_bulk(reply, TEXT("feature"));
    resp_write_bulk(reply, names_text(names, view->feature));
    resp_write_bulk(reply, TEXT("seats"));
    resp_write_integer(reply, (int64_t)view->seats);
    resp_write_bulk(reply, TEXT("in-use"));
    resp_write_integer(reply, (int64_t)view->in_use);
    resp_write_bulk(reply, TEXT("overdraft"));
    resp_write_integer(reply, (int64_t)view->overdraft);
    resp_write_bulk(reply, TEXT("overdraft-in-use"));
    resp_write_integer(reply, (int64_t)view->overdraft_in_use);
    resp_write_bulk(reply, TEXT("overhang"));
    resp_write_integer(reply, (int64_t)view->overhang);
    resp_write_bulk(reply, TEXT("lines"));
    resp_write_integer(reply, view->lines_count);
    resp_write_bulk(reply, TEXT("lines-disabled"));
    resp_write_integer(reply, view->lines_disabled);
    resp_write_bulk(reply, TEXT("maintenance"));
    features_date(reply, view->maintenance, protocol);
}

static enum seat_walk features_next(struct command_call *call, struct page *page, uint32_t *places)
{
    struct seat_feature_view view;

    for (; *places > 0; --*places) {
        if (!seats_next_feature(call->server->seats, call->server->now, &page->cursor, &view))
            return SEAT_WALK_END;
        if ((page->vendor == 0 || view.vendor == page->vendor) &&
            (page->feature == 0 || view.feature == page->feature)) {
            features_row(call, &view);
            --*places;
            return SEAT_WALK_ROW;
        }
    }
    return SEAT_WALK_PAUSE;
}

static enum status features_run(struct command_call *call, struct error *error)
{
    struct page page;
    enum status status = page_parse(call, &page, error);

    return status == LICET_OK ? page_run(call, features_next, &page, error) : status;
}

const struct command features_command = {
    .name = "FEATURES",
    .args_min = 0,
    .args_max = 8,
    .role = ROLE_PRODUCT,
    .usage = PAGE_USAGE,
    .summary = "List features with their seats, and how many are in use.",
    .run = features_run,
};
