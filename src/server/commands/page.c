/* Pages by cursor. */
#include "server/commands/page.h"

#include "base/parse.h"
#include "seat/names.h"
#include "server/rates.h"

#define NO_SUCH_NAME UINT32_MAX
#define HEAD_BYTES_MAX 64 /* two array headers and a cursor of 20 digits */

static name_id page_name(const struct names *names, struct text text)
{
    name_id id = names_find(names, text);

    return id == 0 ? NO_SUCH_NAME : id;
}

static enum status page_option(struct command_call *call, struct text key, struct text value,
                               struct page *page, struct error *error)
{
    if (text_is_nocase(key, "VENDOR")) {
        page->vendor = page_name(call->server->names, value);
        return LICET_OK;
    }
    if (text_is_nocase(key, "FEATURE")) {
        page->feature = page_name(call->server->names, value);
        return LICET_OK;
    }
    if (text_is_nocase(key, "CURSOR"))
        return parse_u64(value, 0, UINT64_MAX, &page->cursor, error);
    if (text_is_nocase(key, "LIMIT"))
        return parse_u32(value, 1, PAGE_ROWS_MAX, &page->rows_max, error);
    return error_set(error, LICET_INVALID, "%s takes " PAGE_USAGE, call->command->name);
}

enum status page_parse(struct command_call *call, struct page *ret_page, struct error *error)
{
    struct page page = {.rows_max = PAGE_ROWS};

    if (call->count % 2 != 0)
        return error_set(error, LICET_INVALID, "%s takes " PAGE_USAGE, call->command->name);
    for (uint32_t index = 0; index < call->count; index += 2) {
        enum status status =
            page_option(call, call->arguments[index], call->arguments[index + 1], &page, error);

        if (status != LICET_OK)
            return status;
    }
    *ret_page = page;
    return LICET_OK;
}

void page_write_text(struct command_call *call, const char *key, struct text value)
{
    resp_write_bulk(call->reply, text_of(key));
    resp_write_bulk(call->reply, value);
}

void page_write_name(struct command_call *call, const char *key, name_id id)
{
    struct text name = names_text(call->server->names, id);

    resp_write_bulk(call->reply, text_of(key));
    if (name.size == 0)
        resp_write_null(call->reply, (enum resp_protocol)call->connection->protocol);
    else
        resp_write_bulk(call->reply, name);
}

void page_write_number(struct command_call *call, const char *key, int64_t value)
{
    resp_write_bulk(call->reply, text_of(key));
    resp_write_integer(call->reply, value);
}

/* Rows are written first; this puts the head before them. */
static void page_write_head(struct command_call *call, size_t rows_start, uint32_t rows_count,
                            bool has_more, uint64_t cursor)
{
    struct buf *reply = call->reply;
    char place[HEAD_BYTES_MAX], digits[24];
    struct buf head = buf_over(place, sizeof(place)),
               cursor_text = buf_over(digits, sizeof(digits));

    resp_write_array(&head, 2);
    if (has_more) {
        buf_add_u64(&cursor_text, cursor);
        resp_write_bulk(
            &head, buf_text(&cursor_text)); /* text: a cursor passes the integers of some clients */
    } else {
        resp_write_null(&head, (enum resp_protocol)call->connection->protocol);
    }
    resp_write_array(&head, rows_count);
    if (reply->capacity - reply->size < head.size) {
        reply->is_full = true;
        return;
    }
    memmove(reply->data + rows_start + head.size, reply->data + rows_start,
            reply->size - rows_start);
    memcpy(reply->data + rows_start, head.data, head.size);
    reply->size += head.size;
}

/* R10.4: whoever may see names is trusted not to ask without end. */
static enum status page_take_rate(const struct command_call *call, struct error *error)
{
    char place[ADDRESS_TEXT_MAX];
    struct buf source = buf_over(place, sizeof(place));

    if (call->connection->role >= ROLE_VIEWER)
        return LICET_OK;
    connection_print_source(call->connection, &source);
    return source_rates_take_address(call->server->report_rates, buf_text(&source),
                                     call->server->now.instant, error);
}

enum status page_run(struct command_call *call,
                     enum seat_walk (*next)(struct command_call *call, struct page *page,
                                            uint32_t *places),
                     struct page *page, struct error *error)
{
    size_t start = call->reply->size;
    uint32_t places = REPORT_PLACES_A_TURN, count = 0;
    enum seat_walk walk = SEAT_WALK_ROW;
    enum status status;

    if (!call->server->may_report) {
        call->is_stalled = call->waits_for_report = true;
        return LICET_OK;
    }
    call->server->may_report = false;
    status = page_take_rate(call, error);
    if (status != LICET_OK)
        return status;
    while (count < page->rows_max && (walk = next(call, page, &places)) == SEAT_WALK_ROW)
        count++;
    page_write_head(call, start, count, walk != SEAT_WALK_END, page->cursor);
    return LICET_OK;
}
