/* POST /api/products {name, is_bound_by_name?, is_whole_only?} */
#include "base/limits.h"
#include "portal/catalog/catalog.h"
#include "portal/reply.h"

static enum status product_store(struct db_transaction *transaction, void *context,
                                 int64_t *ret_resource, struct error *error)
{
    return store_product_insert(transaction, context, ret_resource, error);
}

enum status product_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct product product = {0};
    enum status status = request_json_only(request, "name is_bound_by_name is_whole_only", error);

    if (status == LICET_OK)
        status =
            request_json_text(request, "name", 1, CATALOG_NAME_BYTES_MAX, &product.name, error);
    if (status == LICET_OK && request_json_has(request, "is_bound_by_name"))
        status = request_json_bool(request, "is_bound_by_name", &product.is_bound_by_name, error);
    /* R3.2: its files would name no key, and no license server takes one of those. */
    if (status == LICET_OK && product.is_bound_by_name)
        status = error_set(error, LICET_UNSUPPORTED,
                           "a product whose license files are bound to a name alone is not served "
                           "yet: leave is_bound_by_name out, and files are bound to keys");
    if (status == LICET_OK && request_json_has(request, "is_whole_only"))
        status = request_json_bool(request, "is_whole_only", &product.is_whole_only, error);
    if (status == LICET_OK)
        status = request_act(request, product_store, &product, &product.id, error);
    if (status != LICET_OK)
        return status;
    return reply_created(reply, "/api/products", product.id, product_json(&product), error);
}
