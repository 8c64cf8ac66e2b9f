/* GET /api/organizations/{organization}/entitlements?before=&limit=: the customer's, newest first. */
#include "portal/entitlement/view.h"
#include "portal/page.h"
#include "portal/reply.h"
#include "store/store.h"

struct entitlement_rows {
    struct arena *arena;
    int64_t customer_id, before;
    uint32_t limit, count;
    struct entitlement_view *views;
};

static enum status entitlement_rows_read(struct db_transaction *transaction, void *context,
                                         struct error *error)
{
    struct entitlement_rows *page = context;
    struct entitlement rows[PAGE_ROWS_MAX + 1]; /* one more tells whether there are more */
    enum status status =
        store_entitlement_list(transaction, page->customer_id, page->before, page->limit + 1,
                               page->arena, rows, &page->count, error);

    for (uint32_t index = 0; status == LICET_OK && index < page->count; index++) {
        page->views[index].entitlement = rows[index];
        status = entitlement_view_fill(transaction, page->arena, &page->views[index], error);
    }
    return status;
}

enum status entitlement_list_handle(struct request *request, struct reply *reply,
                                    struct error *error)
{
    struct entitlement_view views[PAGE_ROWS_MAX + 1];
    struct entitlement_rows page = {.arena = request_arena(request), .views = views};
    enum status status = request_path_int(request, "organization", &page.customer_id, error);
    json_t *items;

    if (status == LICET_OK)
        status =
            request_require(request, ROLES_OF_SEATS, page.customer_id, "such organisation", error);
    if (status == LICET_OK)
        status = page_query(request, "before", &page.before, &page.limit, error);
    if (status == LICET_OK)
        status = store_read(request_store(request), entitlement_rows_read, &page, error);
    if (status != LICET_OK)
        return status;
    items = json_array();
    for (uint32_t index = 0; index < page.count && index < page.limit; index++)
        json_array_append_new(items, entitlement_json(request, &views[index]));
    return reply_json(
        reply, json_page(items, page.count > page.limit ? views[page.limit - 1].entitlement.id : 0),
        error);
}
