#include "portal/catalog/catalog.h"

#include "portal/reply.h"

json_t *product_json(const void *row)
{
    const struct product *product = row;

    return json_pack("{s:I, s:o, s:b, s:b}", "id", (json_int_t)product->id, "name",
                     json_of_text(product->name), "is_bound_by_name", product->is_bound_by_name,
                     "is_whole_only", product->is_whole_only);
}

json_t *edition_json(const void *row)
{
    const struct edition *edition = row;

    return json_pack("{s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "id",
                     (json_int_t)edition->id, "product", (json_int_t)edition->product_id, "feature",
                     json_of_text(edition->feature), "name", json_of_text(edition->name), "rank",
                     (json_int_t)edition->rank, "overdraft_percent",
                     (json_int_t)edition->overdraft_percent, "ttl_s", (json_int_t)edition->ttl_s,
                     "drain_s", (json_int_t)edition->drain_s, "grace_s",
                     (json_int_t)edition->grace_s, "borrow_s", (json_int_t)edition->borrow_s);
}

json_t *release_json(const void *row)
{
    const struct release *release = row;

    return json_pack("{s:I, s:I, s:o, s:o}", "id", (json_int_t)release->id, "product",
                     (json_int_t)release->product_id, "version", json_of_text(release->version),
                     "released", json_of_text(release->released));
}
