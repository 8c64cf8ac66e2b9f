#include "portal/page.h"

#include "portal/reply.h"
#include "store/store.h"

enum status page_query(const struct request *request, const char *cursor, int64_t *ret_cursor,
                       uint32_t *ret_limit, struct error *error)
{
    int64_t from = 0, limit = PAGE_ROWS_MAX;
    enum status status = request_query_int(request, cursor, 0, INT64_MAX, &from, error);

    if (status == LICET_OK)
        status = request_query_int(request, "limit", 1, PAGE_ROWS_MAX, &limit, error);
    if (status != LICET_OK)
        return status;
    *ret_cursor = from;
    *ret_limit = (uint32_t)limit;
    return LICET_OK;
}

static json_t *page_json(const struct page_kind *kind, const struct page *page, uint32_t limit)
{
    json_t *items = json_array(), *last = NULL;
    const char *row = page->rows;

    for (uint32_t index = 0; index < page->count && index < limit; index++) {
        last = kind->row_json(row + index * kind->row_bytes);
        if (json_array_append_new(items, last) != 0) {
            json_decref(items);
            return NULL;
        }
    }
    return json_page(items,
                     page->count > limit ? json_integer_value(json_object_get(last, kind->by)) : 0);
}

enum status page_reply(struct request *request, struct reply *reply, const struct page_kind *kind,
                       const void *context, struct error *error)
{
    struct page page = {.arena = request_arena(request), .context = context};
    uint32_t limit;
    enum status status = page_query(request, kind->cursor, &page.cursor, &limit, error);

    if (status != LICET_OK)
        return status;
    page.max = limit + 1;
    page.rows = arena_rows(page.arena, page.max, kind->row_bytes);
    if (page.rows == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a page");
    status = store_read(request_store(request), kind->read, &page, error);
    return status == LICET_OK ? reply_json(reply, page_json(kind, &page, limit), error) : status;
}
