/* GET /api/products/{product}/releases?after=&limit= */
#include "portal/catalog/catalog.h"

static enum status release_rows_read(struct db_transaction *transaction, void *context,
                                     struct error *error)
{
    struct page *page = context;
    const int64_t *product_id = page->context;
    struct product product;
    enum status status = store_product_get(transaction, *product_id, page->arena, &product, error);

    if (status == LICET_OK)
        status = store_release_list(transaction, *product_id, page->cursor, page->max, page->arena,
                                    page->rows, &page->count, error);
    return status;
}

static const struct page_kind release_page_kind = {"after", "id", sizeof(struct release),
                                                   release_rows_read, release_json};

enum status release_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    int64_t product_id;
    enum status status = request_path_int(request, "product", &product_id, error);

    return status == LICET_OK ? page_reply(request, reply, &release_page_kind, &product_id, error)
                              : status;
}
