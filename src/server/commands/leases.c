/* LEASES: who holds what. Names are for viewers (R10.6); ids are for nobody (R8.1). */
#include "server/commands/commands.h"

#include "seat/names.h"
#include "server/commands/page.h"

static void leases_name(struct command_call *call, const char *key, name_id id)
{
    resp_write_bulk(call->reply, text_of(key));
    if (id == 0)
        resp_write_null(call->reply, (enum resp_protocol)call->connection->protocol);
    else
        resp_write_bulk(call->reply, names_text(call->server->names, id));
}

static void leases_number(struct command_call *call, const char *key, int64_t value)
{
    resp_write_bulk(call->reply, text_of(key));
    resp_write_integer(call->reply, value);
}

static void leases_row(struct command_call *call, const struct seat_lease_view *view)
{
    resp_write_map(call->reply, (enum resp_protocol)call->connection->protocol, 12);
    leases_number(call, "handle", (int64_t)view->handle);
    leases_name(call, "vendor", view->vendor);
    leases_name(call, "feature", view->feature);
    leases_name(call, "user", view->user);
    leases_name(call, "host", view->host);
    leases_name(call, "device", view->device);
    leases_name(call, "source", view->source);
    leases_number(call, "count", view->count);
    leases_number(call, "since", view->granted_at);
    leases_number(call, "left-ms", view->left_ms);
    leases_number(call, "end", view->end);
    leases_number(call, "ending", view->is_ending);
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
