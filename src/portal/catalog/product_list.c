/* GET /api/products?after=&limit= */
#include "portal/catalog/catalog.h"

static enum status product_rows_read(struct db_transaction *transaction, void *context,
                                     struct error *error)
{
    struct page *page = context;

    return store_product_list(transaction, page->cursor, page->max, page->arena, page->rows,
                              &page->count, error);
}

static const struct page_kind product_page_kind = {"after", "id", sizeof(struct product),
                                                   product_rows_read, product_json};

enum status product_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    return page_reply(request, reply, &product_page_kind, NULL, error);
}
