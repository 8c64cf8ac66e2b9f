/* DENIALS: who was refused seats, why, how often, first and last (R8.8). Names are for viewers
 * (R10.6). */
#include "server/commands/commands.h"

#include "server/commands/page.h"

static void denials_row(struct command_call *call, const struct denial_row *row)
{
    const struct denial *denial = &row->denial;

    resp_write_map(call->reply, (enum resp_protocol)call->connection->protocol, 10);
    page_write_name(call, "vendor", denial->vendor);
    page_write_name(call, "feature", denial->feature);
    page_write_name(call, "user", denial->user);
    page_write_name(call, "host", denial->host);
    page_write_name(call, "device", denial->device);
    page_write_name(call, "source", denial->source);
    page_write_text(call, "code", text_of(status_word(denial->status)));
    page_write_number(call, "count", row->count > INT64_MAX ? INT64_MAX : (int64_t)row->count);
    page_write_number(call, "first", row->first);
    page_write_number(call, "last", row->last);
}

static enum seat_walk denials_walk(struct command_call *call, struct page *page, uint32_t *places)
{
    struct denial_row row;

    while (denials_next(call->server->denials, &page->cursor, &row)) {
        if ((page->vendor == 0 || page->vendor == row.denial.vendor) &&
            (page->feature == 0 || page->feature == row.denial.feature)) {
            denials_row(call, &row);
            return SEAT_WALK_ROW;
        }
        if (--*places == 0)
            return SEAT_WALK_PAUSE;
    }
    return SEAT_WALK_END;
}

static enum status denials_run(struct command_call *call, struct error *error)
{
    struct page page;
    enum status status = page_parse(call, &page, error);

    return status == LICET_OK ? page_run(call, denials_walk, &page, error) : status;
}

const struct command denials_command = {
    .name = "DENIALS",
    .args_min = 0,
    .args_max = 8,
    .role = ROLE_VIEWER,
    .usage = PAGE_USAGE,
    .summary = "List who was refused seats, and why.",
    .run = denials_run,
};
