/* POST /api/products/{product}/releases {version, released}: its date is what maintenance dates are
 * compared with. */
#include "portal/catalog/catalog.h"
#include "portal/reply.h"

static enum status release_store(struct db_transaction *transaction, void *context,
                                 int64_t *ret_resource, struct error *error)
{
    return store_release_insert(transaction, context, ret_resource, error);
}

static enum status release_read(const struct request *request, struct release *release,
                                struct error *error)
{
    struct date date;
    enum status status = request_json_only(request, "version released", error);

    if (status == LICET_OK)
        status = request_json_text(request, "version", 1, NAME_MAX_BYTES, &release->version, error);
    if (status == LICET_OK)
        status = request_json_date(request, "released", &date, error);
    if (status == LICET_OK)
        status = request_json_text(request, "released", 10, 10, &release->released, error);
    return status;
}

enum status release_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct release release;
    char path[64];
    enum status status = request_path_int(request, "product", &release.product_id, error);

    if (status == LICET_OK)
        status = release_read(request, &release, error);
    if (status == LICET_OK)
        status = request_act(request, release_store, &release, &release.id, error);
    if (status != LICET_OK)
        return status;
    snprintf(path, sizeof(path), "/api/products/%lld/releases", (long long)release.product_id);
    return reply_created(reply, path, release.id, release_json(&release), error);
}
