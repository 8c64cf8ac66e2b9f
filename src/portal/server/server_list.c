/* GET /api/organizations/{organization}/servers?before=&limit=: the customer's, newest first. */
#include "portal/page.h"
#include "portal/server/view.h"

static enum status server_rows_read(struct db_transaction *transaction, void *context,
                                    struct error *error)
{
    struct page *page = context;
    const int64_t *customer_id = page->context;

    return store_server_list(transaction, *customer_id, page->cursor, page->max, page->arena,
                             page->rows, &page->count, error);
}

static const struct page_kind server_page_kind = {"before", "id", sizeof(struct server),
                                                  server_rows_read, server_json};

enum status server_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    int64_t customer_id;
    enum status status = request_path_int(request, "organization", &customer_id, error);

    if (status == LICET_OK)
        status = request_require(request, ROLES_OF_SEATS, customer_id, "such organisation", error);
    return status == LICET_OK ? page_reply(request, reply, &server_page_kind, &customer_id, error)
                              : status;
}
