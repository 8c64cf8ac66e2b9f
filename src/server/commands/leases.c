/* LEASES: who holds what. Names are for viewers (R10.6); ids are for nobody (R8.1). */
#include "server/commands/commands.h"

#include "server/commands/page.h"

static void leases_row(struct command_call *call, const struct seat_lease_view *view)
{
    resp_write_map(call->reply, (enum resp_protocol)call->connection->protocol, 12);
    page_write_number(call, "handle", (int64_t)view->handle);
    page_write_name(call, "vendor", view->vendor);
    page_write_name(call, "feature", view->feature);
    page_write_name(call, "user", view->user);
    page_write_name(call, "host", view->host);
    page_write_name(call, "device", view->device);
    page_write_name(call, "source", view->source);
    page_write_number(call, "count", view->count);
    page_write_number(call, "since", view->granted_at);
    page_write_number(call, "left-ms", view->left_ms);
    page_write_number(call, "end", view->end);
    page_write_number(call, "ending", view->is_ending);
}

static enum seat_walk leases_next(struct command_call *call, struct page *page, uint32_t *places)
{
    struct seat_lease_view view;
    enum seat_walk walk = seats_walk_leases(call->server->seats, call->server->now, page->vendor,
                                            page->feature, &page->cursor, places, &view);

    if (walk == SEAT_WALK_ROW)
        leases_row(call, &view);
    return walk;
}

static enum status leases_run(struct command_call *call, struct error *error)
{
    struct page page;
    enum status status = page_parse(call, &page, error);

    if (status != LICET_OK)
        return status;
    if (page.feature != 0 &&
        page.vendor == 0) { /* R10.3: VENDOR is optional where one is installed */
        const struct vendor *only = server_vendor(call->server, (struct text){"", 0});

        if (only == NULL)
            return error_set(error, LICET_INVALID,
                             "several vendors are installed here; say whose feature: VENDOR name");
        page.vendor = only->name;
    }
    return page_run(call, leases_next, &page, error);
}

const struct command leases_command = {
    .name = "LEASES",
    .args_min = 0,
    .args_max = 8,
    .role = ROLE_VIEWER,
    .usage = PAGE_USAGE,
    .summary = "List leases with their holders.",
    .run = leases_run,
};
