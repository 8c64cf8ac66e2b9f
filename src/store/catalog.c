#include "store/catalog.h"

#include "db/db.h"

/* An INSERT that gives the new id, or no row where something is taken. */
static enum status catalog_insert(struct db_transaction *transaction, const char *sql,
                                  struct db_arguments arguments, const char *taken, int64_t *ret_id,
                                  struct error *error)
{
    enum status status = db_row(transaction, sql, arguments, DB_COLUMNS(db_ret_int(ret_id)), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_CONFLICT, "%s", taken);
    if (status == LICET_CONFLICT)
        return error_set(error, LICET_NOT_FOUND, "there is no such product");
    return status;
}

static enum status catalog_get(struct db_transaction *transaction, const char *sql,
                               struct db_arguments arguments, struct db_columns columns,
                               const char *what, struct error *error)
{
    enum status status = db_row(transaction, sql, arguments, columns, error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such %s", what);
    return status;
}

/* ---- products */

#define PRODUCT_COLUMNS "id, name, is_bound_by_name, is_whole_only"
#define product_columns(product, arena)                                                            \
    DB_COLUMNS(db_ret_int(&(product)->id), db_ret_text(&(product)->name, arena),                   \
               db_ret_bool(&(product)->is_bound_by_name), db_ret_bool(&(product)->is_whole_only))

enum status store_product_insert(struct db_transaction *transaction, const struct product *product,
                                 int64_t *ret_id, struct error *error)
{
    return catalog_insert(transaction,
                          "INSERT INTO product (name, is_bound_by_name, is_whole_only)"
                          " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING id",
                          DB_ARGUMENTS(db_text(product->name), db_int(product->is_bound_by_name),
                                       db_int(product->is_whole_only)),
                          "there is a product of this name already", ret_id, error);
}

enum status store_product_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct product *ret_product, struct error *error)
{
    return catalog_get(transaction, "SELECT " PRODUCT_COLUMNS " FROM product WHERE id = $1",
                       DB_ARGUMENTS(db_int(id)), product_columns(ret_product, arena), "product",
                       error);
}

enum status store_product_list(struct db_transaction *transaction, int64_t after, uint32_t max,
                               struct arena *arena, struct product *products, uint32_t *ret_count,
                               struct error *error)
{
    struct product product;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction,
                 "SELECT " PRODUCT_COLUMNS " FROM product WHERE id > $1 ORDER BY id LIMIT $2",
                 DB_ARGUMENTS(db_int(after), db_int(max)), error);
    while (db_rows_next(&rows, product_columns(&product, arena)))
        products[count++] = product;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

/* ---- editions */

#define EDITION_COLUMNS                                                                            \
    "id, product_id, feature, name, rank, overdraft_percent, ttl_s, drain_s, grace_s, borrow_s"
#define edition_columns(edition, arena)                                                            \
    DB_COLUMNS(db_ret_int(&(edition)->id), db_ret_int(&(edition)->product_id),                     \
               db_ret_text(&(edition)->feature, arena), db_ret_text(&(edition)->name, arena),      \
               db_ret_u32(&(edition)->rank), db_ret_u32(&(edition)->overdraft_percent),            \
               db_ret_u32(&(edition)->ttl_s), db_ret_u32(&(edition)->drain_s),                     \
               db_ret_u32(&(edition)->grace_s), db_ret_u32(&(edition)->borrow_s))

enum status store_edition_insert(struct db_transaction *transaction, const struct edition *edition,
                                 int64_t *ret_id, struct error *error)
{
    return catalog_insert(
        transaction,
        "INSERT INTO edition (product_id, feature, name, rank, overdraft_percent, ttl_s, drain_s,"
        " grace_s, borrow_s) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " ON CONFLICT DO NOTHING RETURNING id",
        DB_ARGUMENTS(db_int(edition->product_id), db_text(edition->feature), db_text(edition->name),
                     db_int(edition->rank), db_int(edition->overdraft_percent),
                     db_int(edition->ttl_s), db_int(edition->drain_s), db_int(edition->grace_s),
                     db_int(edition->borrow_s)),
        "this feature is an edition already, or the product has an edition of this rank", ret_id,
        error);
}

enum status store_edition_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct edition *ret_edition, struct error *error)
{
    return catalog_get(transaction, "SELECT " EDITION_COLUMNS " FROM edition WHERE id = $1",
                       DB_ARGUMENTS(db_int(id)), edition_columns(ret_edition, arena), "edition",
                       error);
}

enum status store_edition_list(struct db_transaction *transaction, int64_t product_id,
                               int64_t after, uint32_t max, struct arena *arena,
                               struct edition *editions, uint32_t *ret_count, struct error *error)
{
    struct edition edition;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction,
                 "SELECT " EDITION_COLUMNS " FROM edition WHERE product_id = $1 AND id > $2"
                 " ORDER BY id LIMIT $3",
                 DB_ARGUMENTS(db_int(product_id), db_int(after), db_int(max)), error);
    while (db_rows_next(&rows, edition_columns(&edition, arena)))
        editions[count++] = edition;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

/* ---- releases */

enum status store_release_insert(struct db_transaction *transaction, const struct release *release,
                                 int64_t *ret_id, struct error *error)
{
    return catalog_insert(transaction,
                          "INSERT INTO release (product_id, version, released) VALUES ($1, $2, $3)"
                          " ON CONFLICT DO NOTHING RETURNING id",
                          DB_ARGUMENTS(db_int(release->product_id), db_text(release->version),
                                       db_text(release->released)),
                          "the product has a release of this version already", ret_id, error);
}

enum status store_release_list(struct db_transaction *transaction, int64_t product_id,
                               int64_t after, uint32_t max, struct arena *arena,
                               struct release *releases, uint32_t *ret_count, struct error *error)
{
    struct release release;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction,
                 "SELECT id, product_id, version, released FROM release WHERE product_id = $1"
                 " AND id > $2 ORDER BY id LIMIT $3",
                 DB_ARGUMENTS(db_int(product_id), db_int(after), db_int(max)), error);
    while (db_rows_next(&rows, DB_COLUMNS(db_ret_int(&release.id), db_ret_int(&release.product_id),
                                          db_ret_text(&release.version, arena),
                                          db_ret_text(&release.released, arena))))
        releases[count++] = release;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}
