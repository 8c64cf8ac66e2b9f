/*
 * POST /api/products/{product}/editions {feature, name, rank, overdraft_percent?, ttl_s?, drain_s?,
 * grace_s?, borrow_s?}: a feature of its own, and the policy of its lines in license files.
 */
#include "base/limits.h"
#include "license/field.h"
#include "portal/catalog/catalog.h"
#include "portal/reply.h"

static enum status edition_store(struct db_transaction *transaction, void *context,
                                 int64_t *ret_resource, struct error *error)
{
    return store_edition_insert(transaction, context, ret_resource, error);
}

/* A member of whole numbers that may be left out: *ret_value is its default until then. */
static enum status edition_number(const struct request *request, const char *name, uint32_t min,
                                  uint32_t max, uint32_t *ret_value, struct error *error)
{
    int64_t value;
    enum status status;

    if (!request_json_has(request, name))
        return LICET_OK;
    status = request_json_int(request, name, min, max, &value, error);
    if (status == LICET_OK)
        *ret_value = (uint32_t)value;
    return status;
}

/* The range, unit and default are those of the field in license files. Without a default the field
 * may be absent there, which is 0 here. */
static enum status edition_duration(const struct request *request, const char *name,
                                    const char *key, uint32_t *ret_seconds, struct error *error)
{
    const struct field_row *row = field_row_find(LINE_INCREMENT, text_of(key));
    uint32_t unit = row->unit == 'h' ? 3600 : 1;
    uint32_t seconds = (uint32_t)row->default_value;
    uint32_t min = seconds == 0 ? 0 : (uint32_t)row->min;
    enum status status = edition_number(request, name, min, (uint32_t)row->max, &seconds, error);

    if (status == LICET_OK && seconds % unit != 0)
        return error_set(error, LICET_INVALID, "\"%s\" must be whole hours, in seconds", name);
    if (status == LICET_OK)
        *ret_seconds = seconds;
    return status;
}

static enum status edition_read_policy(const struct request *request, struct edition *edition,
                                       struct error *error)
{
    enum status status =
        edition_number(request, "overdraft_percent", 0, 100, &edition->overdraft_percent, error);

    if (status == LICET_OK)
        status = edition_duration(request, "ttl_s", "ttl", &edition->ttl_s, error);
    if (status == LICET_OK)
        status = edition_duration(request, "drain_s", "drain", &edition->drain_s, error);
    if (status == LICET_OK)
        status = edition_duration(request, "grace_s", "grace", &edition->grace_s, error);
    if (status == LICET_OK)
        status = edition_duration(request, "borrow_s", "borrow", &edition->borrow_s, error);
    return status;
}

static enum status edition_read(const struct request *request, struct edition *edition,
                                struct error *error)
{
    int64_t rank;
    enum status status = request_json_only(
        request, "feature name rank overdraft_percent ttl_s drain_s grace_s borrow_s", error);

    if (status == LICET_OK)
        status = request_json_text(request, "feature", 1, NAME_MAX_BYTES, &edition->feature, error);
    if (status == LICET_OK && !text_is_identifier(edition->feature))
        status = error_set(error, LICET_INVALID,
                           "\"feature\" must be letters, digits and _, the first a letter");
    if (status == LICET_OK)
        status =
            request_json_text(request, "name", 1, CATALOG_NAME_BYTES_MAX, &edition->name, error);
    if (status == LICET_OK)
        status = request_json_int(request, "rank", 1, LINE_COVERS_MAX, &rank, error);
    if (status != LICET_OK)
        return status;
    edition->rank = (uint32_t)rank;
    return edition_read_policy(request, edition, error);
}

enum status edition_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct edition edition = {0};
    char path[64];
    enum status status = request_path_int(request, "product", &edition.product_id, error);

    if (status == LICET_OK)
        status = edition_read(request, &edition, error);
    if (status == LICET_OK)
        status = request_act(request, edition_store, &edition, &edition.id, error);
    if (status != LICET_OK)
        return status;
    snprintf(path, sizeof(path), "/api/products/%lld/editions", (long long)edition.product_id);
    return reply_created(reply, path, edition.id, edition_json(&edition), error);
}
