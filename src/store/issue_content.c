#include "store/issue_content.h"

#include "db/db.h"

/* The file before this one has the server's latest issue time: none is issued before its predecessor. */
static const char content_sql[] =
    "SELECT organization.number, server.number, server.name, server.public_key, server.serves,"
    " issue.generation, issue.serial, COALESCE((SELECT earlier.issued FROM issue earlier"
    "   WHERE earlier.server_id = issue.server_id AND earlier.state <> 'voided'"
    "   AND earlier.issued IS NOT NULL ORDER BY earlier.generation DESC LIMIT 1), 0)"
    " FROM issue JOIN server ON server.id = issue.server_id"
    " JOIN organization ON organization.id = server.customer_id WHERE issue.id = $1";

static const char grants_sql[] =
    "SELECT entitlement.sn, edition.feature, issue_line.seats, entitlement.maintenance,"
    " entitlement.expiry, edition.product_id, edition.rank, product.is_bound_by_name,"
    " edition.overdraft_percent, edition.ttl_s, edition.drain_s, edition.grace_s,"
    " edition.borrow_s FROM issue_line"
    " JOIN entitlement ON entitlement.id = issue_line.entitlement_id"
    " JOIN edition ON edition.id = entitlement.edition_id"
    " JOIN product ON product.id = edition.product_id"
    " WHERE issue_line.issue_id = $1 ORDER BY issue_line.entitlement_id";

static enum status content_row(struct db_rows *rows, struct arena *arena,
                               struct issue_content *content)
{
    return db_rows_only(rows, DB_COLUMNS(db_ret_text(&content->customer_number, arena),
                                         db_ret_text(&content->server_number, arena),
                                         db_ret_text(&content->server_name, arena),
                                         db_ret_text_or_null(&content->public_key, arena),
                                         db_ret_text_or_null(&content->serves, arena),
                                         db_ret_u32(&content->generation),
                                         db_ret_text(&content->serial, arena),
                                         db_ret_int(&content->last_issued.s)));
}

static struct db_columns grant_columns(struct issue_grant *grant, struct arena *arena,
                                       struct db_column columns[13])
{
    columns[0] = db_ret_text(&grant->sn, arena);
    columns[1] = db_ret_text(&grant->feature, arena);
    columns[2] = db_ret_u32(&grant->seats);
    columns[3] = db_ret_text(&grant->maintenance, arena);
    columns[4] = db_ret_text(&grant->expiry, arena);
    columns[5] = db_ret_int(&grant->product_id);
    columns[6] = db_ret_u32(&grant->rank);
    columns[7] = db_ret_bool(&grant->is_bound_by_name);
    columns[8] = db_ret_u32(&grant->overdraft_percent);
    columns[9] = db_ret_u32(&grant->ttl_s);
    columns[10] = db_ret_u32(&grant->drain_s);
    columns[11] = db_ret_u32(&grant->grace_s);
    columns[12] = db_ret_u32(&grant->borrow_s);
    return (struct db_columns){columns, 13};
}

static enum status grant_rows(struct db_rows *rows, uint32_t max, struct arena *arena,
                              struct issue_grant *grants, uint32_t *ret_count, struct error *error)
{
    struct db_column columns[13];
    struct issue_grant grant;
    uint32_t count = 0;
    bool is_over = false;
    enum status status;

    while (!is_over && db_rows_next(rows, grant_columns(&grant, arena, columns))) {
        is_over = count == max;
        if (!is_over)
            grants[count++] = grant;
    }
    status = db_rows_close(rows);
    if (status != LICET_OK)
        return status;
    if (is_over)
        return error_set(error, LICET_OVER_LIMIT, "a license file has at most %u lines", max);
    *ret_count = count;
    return LICET_OK;
}

enum status store_issue_content(struct db_transaction *transaction, int64_t issue_id, uint32_t max,
                                struct arena *arena, struct issue_content *ret_content,
                                struct error *error)
{
    struct issue_content content = {.grants = arena_rows(arena, max, sizeof(*content.grants))};
    struct db_rows row, grants;
    enum status status;

    if (content.grants == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a license file");
    db_rows_open(&row, transaction, content_sql, DB_ARGUMENTS(db_int(issue_id)), error);
    db_rows_open(&grants, transaction, grants_sql, DB_ARGUMENTS(db_int(issue_id)), error);
    status = content_row(&row, arena, &content);
    if (status != LICET_OK) {
        db_rows_close(&grants);
        return status;
    }
    status = grant_rows(&grants, max, arena, content.grants, &content.grants_count, error);
    if (status == LICET_OK)
        *ret_content = content;
    return status;
}

enum status store_issue_covers(struct db_transaction *transaction, int64_t product_id,
                               uint32_t rank, uint32_t max, struct arena *arena,
                               struct text *features, uint32_t *ret_count, struct error *error)
{
    struct text feature;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction,
                 "SELECT feature FROM edition WHERE product_id = $1 AND rank < $2"
                 " ORDER BY rank DESC LIMIT $3",
                 DB_ARGUMENTS(db_int(product_id), db_int(rank), db_int(max)), error);
    while (db_rows_next(&rows, DB_COLUMNS(db_ret_text(&feature, arena))))
        features[count++] = feature;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

static enum status issue_bytes(struct db_transaction *transaction, const char *sql,
                               int64_t issue_id, struct arena *arena, struct text *ret_bytes,
                               struct error *error)
{
    enum status status = db_row(transaction, sql, DB_ARGUMENTS(db_int(issue_id)),
                                DB_COLUMNS(db_ret_bytes(ret_bytes, arena)), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "this generation has no such bytes yet");
    return status;
}

enum status store_issue_payload(struct db_transaction *transaction, int64_t issue_id,
                                struct arena *arena, struct text *ret_payload, struct error *error)
{
    return issue_bytes(transaction,
                       "SELECT payload FROM issue WHERE id = $1 AND payload IS NOT NULL", issue_id,
                       arena, ret_payload, error);
}

enum status store_issue_file(struct db_transaction *transaction, int64_t issue_id,
                             struct arena *arena, struct text *ret_file, struct error *error)
{
    return issue_bytes(transaction, "SELECT file FROM issue WHERE id = $1 AND file IS NOT NULL",
                       issue_id, arena, ret_file, error);
}
