/* GET /api/entitlements/{entitlement}?after=&limit=: with a page of the servers that have seats. */
#include "portal/entitlement/view.h"
#include "portal/page.h"
#include "portal/reply.h"
#include "store/store.h"

struct seats_rows {
    struct arena *arena;
    int64_t entitlement_id, after;
    uint32_t limit, count;
    struct server_seats rows[PAGE_ROWS_MAX + 1]; /* one more tells whether there are more */
};

static enum status seats_rows_read(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    struct seats_rows *page = context;

    return store_ledger_list_seats(transaction, page->entitlement_id, page->after, page->limit + 1,
                                   page->arena, page->rows, &page->count, error);
}

static json_t *seats_json(const struct server_seats *seats)
{
    return json_pack("{s:I, s:o, s:o, s:I, s:I}", "server", (json_int_t)seats->server_id, "number",
                     json_of_text(seats->number), "name", json_of_text(seats->name), "allocated",
                     (json_int_t)seats->allocated, "return_pending",
                     (json_int_t)seats->return_pending);
}

static json_t *seats_page_json(const struct seats_rows *page)
{
    json_t *items = json_array();

    for (uint32_t index = 0; index < page->count && index < page->limit; index++)
        json_array_append_new(items, seats_json(&page->rows[index]));
    return json_page(items, page->count > page->limit ? page->rows[page->limit - 1].server_id : 0);
}

enum status entitlement_show_handle(struct request *request, struct reply *reply,
                                    struct error *error)
{
    struct seats_rows page = {.arena = request_arena(request)};
    struct entitlement_view view;
    json_t *json;
    enum status status = request_path_int(request, "entitlement", &page.entitlement_id, error);

    if (status == LICET_OK)
        status = entitlement_view_get(request, page.entitlement_id, &view, error);
    if (status == LICET_OK)
        status = page_query(request, "after", &page.after, &page.limit, error);
    if (status == LICET_OK)
        status = store_read(request_store(request), seats_rows_read, &page, error);
    if (status != LICET_OK)
        return status;
    json = entitlement_json(request, &view);
    if (json_object_set_new(json, "servers", seats_page_json(&page)) != 0) {
        json_decref(json);
        json = NULL;
    }
    return reply_json(reply, json, error);
}
