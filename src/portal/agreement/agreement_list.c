/* GET /api/organizations/{organization}/agreements?after=&limit= */
#include "portal/agreement/agreement.h"

static enum status agreement_rows_read(struct db_transaction *transaction, void *context,
                                       struct error *error)
{
    struct page *page = context;
    const int64_t *customer_id = page->context;

    return store_agreement_list(transaction, *customer_id, page->cursor, page->max, page->arena,
                                page->rows, &page->count, error);
}

static const struct page_kind agreement_page_kind = {"after", "id", sizeof(struct agreement),
                                                     agreement_rows_read, agreement_json};

enum status agreement_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    int64_t customer_id;
    enum status status = request_path_int(request, "organization", &customer_id, error);

    if (status == LICET_OK)
        status = request_require(request, ROLE_STAFF | ROLE_ADMINISTRATOR | ROLE_VIEWER,
                                 customer_id, "such organisation", error);
    return status == LICET_OK
               ? page_reply(request, reply, &agreement_page_kind, &customer_id, error)
               : status;
}
