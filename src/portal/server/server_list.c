/* GET /api/organizations/{organization}/servers?before=&limit=: the customer's, newest first. */
#include "portal/page.h"
#include "portal/reply.h"
#include "portal/server/view.h"
#include "store/store.h"

struct server_rows {
    struct arena *arena;
    int64_t customer_id, before;
    uint32_t limit, count;
    struct server rows[PAGE_ROWS_MAX + 1]; /* one more tells whether there are more */
};

static enum status server_rows_read(struct db_transaction *transaction, void *context,
                                    struct error *error)
{
    struct server_rows *page = context;

    return store_server_list(transaction, page->customer_id, page->before, page->limit + 1,
                             page->arena, page->rows, &page->count, error);
}

enum status server_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct server_rows page = {.arena = request_arena(request)};
    enum status status = request_path_int(request, "organization", &page.customer_id, error);
    json_t *items;

    if (status == LICET_OK)
        status =
            request_require(request, ROLES_OF_SEATS, page.customer_id, "such organisation", error);
    if (status == LICET_OK)
        status = page_query(request, "before", &page.before, &page.limit, error);
    if (status == LICET_OK)
        status = store_read(request_store(request), server_rows_read, &page, error);
    if (status != LICET_OK)
        return status;
    items = json_array();
    for (uint32_t index = 0; index < page.count && index < page.limit; index++)
        json_array_append_new(items, server_json(&page.rows[index]));
    return reply_json(
        reply, json_page(items, page.count > page.limit ? page.rows[page.limit - 1].id : 0), error);
}
