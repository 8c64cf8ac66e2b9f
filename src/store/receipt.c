#include "store/receipt.h"

#include "db/db.h"

static enum status receipt_insert_line(struct db_transaction *transaction, int64_t receipt_id,
                                       const struct stored_receipt_line *line, struct error *error)
{
    static const char line_sql[] =
        "INSERT INTO receipt_line (receipt_id, entitlement_id, seats, overhang, until)"
        " VALUES ($1, $2, $3, $4, $5)";

    return db_execute(transaction, line_sql,
                      DB_ARGUMENTS(db_int(receipt_id), db_int(line->entitlement_id),
                                   db_int(line->seats), db_int(line->overhang),
                                   db_int(line->until.s)),
                      NULL, error);
}

enum status store_receipt_insert(struct db_transaction *transaction,
                                 const struct stored_receipt *receipt,
                                 const struct stored_receipt_line *lines, uint32_t lines_count,
                                 int64_t *ret_id, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO receipt (server_id, generation, epoch, counter, hash, text, received)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";
    enum status status = db_row(
        transaction, insert_sql,
        DB_ARGUMENTS(db_int(receipt->server_id), db_int(receipt->generation),
                     db_int((int64_t)receipt->epoch), db_int((int64_t)receipt->counter),
                     db_text(receipt->hash), db_bytes(receipt->text), db_int(receipt->received.s)),
        DB_COLUMNS(db_ret_int(ret_id)), error);

    for (uint32_t i = 0; status == LICET_OK && i < lines_count; i++)
        status = receipt_insert_line(transaction, *ret_id, &lines[i], error);
    return status;
}

enum status store_receipt_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct stored_receipt *ret_receipt, struct error *error)
{
    static const char get_sql[] =
        "SELECT id, server_id, generation, epoch, counter, hash, text, received FROM receipt"
        " WHERE id = $1";
    struct stored_receipt receipt;
    int64_t epoch, counter;
    enum status status =
        db_row(transaction, get_sql, DB_ARGUMENTS(db_int(id)),
               DB_COLUMNS(db_ret_int(&receipt.id), db_ret_int(&receipt.server_id),
                          db_ret_u32(&receipt.generation), db_ret_int(&epoch), db_ret_int(&counter),
                          db_ret_text(&receipt.hash, arena), db_ret_bytes(&receipt.text, arena),
                          db_ret_int(&receipt.received.s)),
               error);

    if (status != LICET_OK)
        return status;
    receipt.epoch = (uint64_t)epoch;
    receipt.counter = (uint64_t)counter;
    *ret_receipt = receipt;
    return LICET_OK;
}

enum status store_receipt_lines(struct db_transaction *transaction, int64_t id, uint32_t max,
                                struct arena *arena, struct receipt_row *lines, uint32_t *ret_count,
                                struct error *error)
{
    static const char lines_sql[] =
        "SELECT entitlement_id, receipt_line.seats, overhang, until, sn FROM receipt_line"
        " JOIN entitlement ON entitlement.id = entitlement_id"
        " WHERE receipt_id = $1 ORDER BY entitlement_id LIMIT $2";
    struct receipt_row row;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, lines_sql, DB_ARGUMENTS(db_int(id), db_int((int64_t)max + 1)),
                 error);
    while (
        db_rows_next(&rows, DB_COLUMNS(db_ret_int(&row.line.entitlement_id),
                                       db_ret_u32(&row.line.seats), db_ret_u32(&row.line.overhang),
                                       db_ret_int(&row.line.until.s), db_ret_text(&row.sn, arena))))
        if (count++ < max)
            lines[count - 1] = row;
    status = db_rows_close(&rows);
    if (status == LICET_OK && count > max)
        return error_set(error, LICET_OVER_LIMIT, "a receipt has at most %u lines", max);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}
