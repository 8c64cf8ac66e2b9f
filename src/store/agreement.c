#include "store/agreement.h"

#include "db/db.h"

#define AGREEMENT_COLUMNS                                                                          \
    "agreement.id, program_id, customer_id, organization.number, agreement.number,"                \
    " state = 'active', created FROM agreement JOIN organization ON organization.id = customer_id"
#define AGREEMENT_COLUMNS_COUNT 7

/* ---- programs */

enum status store_program_insert(struct db_transaction *transaction, struct text name,
                                 int64_t *ret_id, struct error *error)
{
    enum status status = db_row(
        transaction, "INSERT INTO program (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id",
        DB_ARGUMENTS(db_text(name)), DB_COLUMNS(db_ret_int(ret_id)), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_CONFLICT, "there is a program of this name already");
    return status;
}

enum status store_program_list(struct db_transaction *transaction, int64_t after, uint32_t max,
                               struct arena *arena, struct program *programs, uint32_t *ret_count,
                               struct error *error)
{
    struct program program;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction,
                 "SELECT id, name FROM program WHERE id > $1 ORDER BY id LIMIT $2",
                 DB_ARGUMENTS(db_int(after), db_int(max)), error);
    while (
        db_rows_next(&rows, DB_COLUMNS(db_ret_int(&program.id), db_ret_text(&program.name, arena))))
        programs[count++] = program;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

/* ---- agreements */

static struct db_columns agreement_columns(struct agreement *agreement, struct arena *arena,
                                           struct db_column columns[AGREEMENT_COLUMNS_COUNT])
{
    columns[0] = db_ret_int(&agreement->id);
    columns[1] = db_ret_int(&agreement->program_id);
    columns[2] = db_ret_int(&agreement->customer_id);
    columns[3] = db_ret_text(&agreement->customer_number, arena);
    columns[4] = db_ret_text(&agreement->number, arena);
    columns[5] = db_ret_bool(&agreement->is_active);
    columns[6] = db_ret_int(&agreement->created.s);
    return (struct db_columns){columns, AGREEMENT_COLUMNS_COUNT};
}

static enum status agreement_row(struct db_transaction *transaction, const char *sql,
                                 struct db_arguments arguments, struct arena *arena,
                                 struct agreement *ret_agreement, struct error *error)
{
    struct db_column columns[AGREEMENT_COLUMNS_COUNT];
    struct agreement agreement;
    enum status status =
        db_row(transaction, sql, arguments, agreement_columns(&agreement, arena, columns), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such agreement");
    if (status == LICET_OK)
        *ret_agreement = agreement;
    return status;
}

enum status store_agreement_insert(struct db_transaction *transaction,
                                   const struct agreement *agreement, int64_t *ret_id,
                                   struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO agreement (program_id, customer_id, number, state, created)"
        " VALUES ($1, $2, $3, 'active', $4) ON CONFLICT (number) DO NOTHING RETURNING id";
    enum status status =
        db_row(transaction, insert_sql,
               DB_ARGUMENTS(db_int(agreement->program_id), db_int(agreement->customer_id),
                            db_text(agreement->number), db_int(agreement->created.s)),
               DB_COLUMNS(db_ret_int(ret_id)), error);

    if (status == LICET_NOT_FOUND) {
        *ret_id = 0;
        return LICET_OK;
    }
    if (status == LICET_CONFLICT && db_constraint_failed(transaction) == DB_CONSTRAINT_UNIQUE)
        return error_set(error, LICET_CONFLICT,
                         "this customer has an active agreement, and may have one at a time: the "
                         "vendor's staff can end it");
    if (status == LICET_CONFLICT)
        return error_set(error, LICET_CONFLICT, "there is no such program or customer");
    return status;
}

enum status store_agreement_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                                struct agreement *ret_agreement, struct error *error)
{
    return agreement_row(transaction, "SELECT " AGREEMENT_COLUMNS " WHERE agreement.id = $1",
                         DB_ARGUMENTS(db_int(id)), arena, ret_agreement, error);
}

enum status store_agreement_find(struct db_transaction *transaction, struct text number,
                                 struct text customer_number, struct arena *arena,
                                 struct agreement *ret_agreement, struct error *error)
{
    return agreement_row(
        transaction,
        "SELECT " AGREEMENT_COLUMNS " WHERE agreement.number = $1 AND organization.number = $2",
        DB_ARGUMENTS(db_text(number), db_text(customer_number)), arena, ret_agreement, error);
}

enum status store_agreement_list(struct db_transaction *transaction, int64_t customer_id,
                                 int64_t after, uint32_t max, struct arena *arena,
                                 struct agreement *agreements, uint32_t *ret_count,
                                 struct error *error)
{
    static const char list_sql[] =
        "SELECT " AGREEMENT_COLUMNS
        " WHERE customer_id = $1 AND agreement.id > $2 ORDER BY agreement.id LIMIT $3";
    struct db_column columns[AGREEMENT_COLUMNS_COUNT];
    struct agreement agreement;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, list_sql,
                 DB_ARGUMENTS(db_int(customer_id), db_int(after), db_int(max)), error);
    while (db_rows_next(&rows, agreement_columns(&agreement, arena, columns)))
        agreements[count++] = agreement;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_agreement_end(struct db_transaction *transaction, int64_t id, struct error *error)
{
    int64_t changes = 0;
    enum status status = db_execute(
        transaction, "UPDATE agreement SET state = 'ended' WHERE id = $1 AND state = 'active'",
        DB_ARGUMENTS(db_int(id)), &changes, error);

    if (status == LICET_OK && changes == 0)
        return error_set(error, LICET_CONFLICT, "this agreement has ended already");
    return status;
}
