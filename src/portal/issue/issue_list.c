/* GET /api/servers/{server}/issues?before=&limit=: its generations, newest first; `before` and
 * `next` are generations. */
#include "portal/issue/view.h"
#include "portal/page.h"
#include "portal/reply.h"
#include "portal/server/view.h"
#include "store/store.h"

struct issue_rows {
    struct arena *arena;
    int64_t server_id, before;
    uint32_t limit, count;
    struct issue_view *views;
};

static enum status issue_rows_read(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    struct issue_rows *page = context;
    struct issue rows[PAGE_ROWS_MAX + 1]; /* one more tells whether there are more */
    uint32_t before = page->before > UINT32_MAX ? 0 : (uint32_t)page->before;
    enum status status =
        store_issue_list_server(transaction, page->server_id, before, page->limit + 1, page->arena,
                                rows, &page->count, error);

    for (uint32_t index = 0; status == LICET_OK && index < page->count; index++) {
        page->views[index].issue = rows[index];
        status = issue_view_fill(transaction, page->arena, &page->views[index], error);
    }
    return status;
}

enum status issue_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct issue_view views[PAGE_ROWS_MAX + 1];
    struct issue_rows page = {.arena = request_arena(request), .views = views};
    struct server server;
    enum status status = server_get(request, ROLES_OF_SEATS, &server, error);
    json_t *items;

    if (status == LICET_OK)
        status = page_query(request, "before", &page.before, &page.limit, error);
    if (status != LICET_OK)
        return status;
    page.server_id = server.id;
    status = store_read(request_store(request), issue_rows_read, &page, error);
    if (status != LICET_OK)
        return status;
    items = json_array();
    for (uint32_t index = 0; index < page.count && index < page.limit; index++)
        json_array_append_new(items, issue_json(&views[index]));
    return reply_json(
        reply,
        json_page(items, page.count > page.limit ? views[page.limit - 1].issue.generation : 0),
        error);
}
