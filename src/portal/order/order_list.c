/* GET /api/orders?customer=&partner=&po_number=&before=&limit=: the newest first. */
#include "base/limits.h"
#include "portal/order/order_view.h"
#include "portal/page.h"

static enum status order_rows_read(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    struct page *page = context;
    struct order_filter filter = *(const struct order_filter *)page->context;

    filter.before = page->cursor;
    return store_order_list(transaction, &filter, page->max, page->arena, page->rows, &page->count,
                            error);
}

static const struct page_kind order_page_kind = {"before", "id", sizeof(struct order),
                                                 order_rows_read, order_json};

enum status order_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct order_filter filter = {.person_id =
                                      request_is_staff(request) ? 0 : request_person(request),
                                  .po_number = TEXT("")};
    enum status status =
        request_query_int(request, "customer", 1, INT64_MAX, &filter.customer_id, error);

    if (status == LICET_OK)
        status = request_query_int(request, "partner", 1, INT64_MAX, &filter.partner_id, error);
    if (status == LICET_OK)
        status = request_query_text(request, "po_number", NAME_MAX_BYTES, &filter.po_number, error);
    return status == LICET_OK ? page_reply(request, reply, &order_page_kind, &filter, error)
                              : status;
}
