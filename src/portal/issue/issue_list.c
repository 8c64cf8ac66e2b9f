/* GET /api/servers/{server}/issues?before=&limit=: its generations, newest first; `before` and
 * `next` are generations. */
#include "portal/issue/view.h"
#include "portal/page.h"
#include "portal/server/view.h"

static enum status issue_rows_read(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    struct page *page = context;
    const int64_t *server_id = page->context;
    uint32_t before = page->cursor > UINT32_MAX ? 0 : (uint32_t)page->cursor;

    return store_issue_list_server(transaction, *server_id, before, page->max, page->arena,
                                   page->rows, &page->count, error);
}

static const struct page_kind issue_page_kind = {"before", "generation", sizeof(struct issue),
                                                 issue_rows_read, issue_json};

enum status issue_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct server server;
    enum status status = server_get(request, ROLES_OF_SEATS, &server, error);

    return status == LICET_OK ? page_reply(request, reply, &issue_page_kind, &server.id, error)
                              : status;
}
