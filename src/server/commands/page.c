/* Pages by cursor. */
#include "server/commands/page.h"

#include "base/parse.h"
#include "seat/names.h"

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

void page_write(struct command_call *call, size_t rows_start, uint32_t rows_count, bool has_more,
                uint64_t cursor)
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
