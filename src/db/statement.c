/* Statements as callers see them: arguments are checked on the way in, values on the way out. */
#include <assert.h>

#include "db/engine.h"

static const struct db_engine *engine_of(const struct db_rows *rows)
{
    return rows->transaction->db->engine;
}

/* The first failure stays: PostgreSQL runs nothing more after it, so SQLite does not either. */
static enum status transaction_fail(struct db_transaction *transaction, enum status status,
                                    const struct error *failure, struct error *error)
{
    transaction->status = status;
    transaction->failure = *failure;
    return error_set(error, status, "%s", failure->text);
}

static enum status arguments_check(struct db_arguments arguments, struct error *error)
{
    assert(arguments.count <= DB_ARGUMENTS_MAX);
    for (size_t index = 0; index < arguments.count; index++) {
        const struct db_argument *argument = &arguments.items[index];

        if (argument->text.size > DB_VALUE_BYTES_MAX)
            return error_set(error, LICET_TOO_LARGE, "a value is larger than %d bytes",
                             DB_VALUE_BYTES_MAX);
        if (argument->type != DB_TEXT || argument->is_null)
            continue;
        if (text_find(argument->text, '\0') < argument->text.size || !text_is_utf8(argument->text))
            return error_set(error, LICET_INVALID, "a text is not UTF-8 or holds a NUL byte");
    }
    return LICET_OK;
}

static enum status rows_start(struct db_rows *rows, const char *sql, struct db_arguments arguments,
                              struct error *failure)
{
    enum status status = arguments_check(arguments, failure);

    if (status != LICET_OK)
        return status;
    db_trace(rows->transaction->db, sql);
    return engine_of(rows)->start(rows, sql, arguments, failure);
}

void db_rows_open(struct db_rows *rows, struct db_transaction *transaction, const char *sql,
                  struct db_arguments arguments, struct error *error)
{
    struct error failure = {0};

    *rows = (struct db_rows){.transaction = transaction, .error = error, .row = -1};
    transaction->rows_open_count++;
    if (transaction->status != LICET_OK) {
        rows->status = error_set(error, transaction->status, "%s", transaction->failure.text);
        return;
    }
    rows->status = rows_start(rows, sql, arguments, &failure);
    if (rows->status != LICET_OK)
        transaction_fail(transaction, rows->status, &failure, error);
}

enum status db_arena_is_full(struct error *error)
{
    return error_set(error, LICET_TOO_LARGE, "the answer is larger than this request has room for");
}

enum status db_value_copy(const struct db_column *column, struct text text,
                          struct db_value *ret_value, struct error *error)
{
    struct text copy = arena_copy(column->arena, text);

    if (copy.data == NULL)
        return db_arena_is_full(error);
    ret_value->text = copy;
    return LICET_OK;
}

static enum status value_check(const struct db_column *column, const struct db_value *value,
                               struct error *error)
{
    if (value->is_null && !column->takes_null)
        return error_set(error, LICET_DAMAGED, "the database has no value where one must be");
    if ((column->type == DB_U32 && (value->number < 0 || value->number > UINT32_MAX)) ||
        (column->type == DB_BOOL && value->number != 0 && value->number != 1))
        return error_set(error, LICET_DAMAGED, "the database holds the number %lld out of range",
                         (long long)value->number);
    return LICET_OK;
}

static void value_store(const struct db_column *column, const struct db_value *value)
{
    if (column->type == DB_INT)
        *(int64_t *)column->ret = value->number;
    else if (column->type == DB_U32)
        *(uint32_t *)column->ret = (uint32_t)value->number;
    else if (column->type == DB_BOOL)
        *(bool *)column->ret = value->number == 1;
    else
        *(struct text *)column->ret = value->text;
}

/* All values are judged before the first is handed out: results are untouched on failure. */
static enum status row_store(struct db_rows *rows, struct db_columns columns, struct error *error)
{
    struct db_value values[DB_COLUMNS_MAX] = {{0}};
    enum status status;

    assert(columns.count <= DB_COLUMNS_MAX);
    assert(columns.count == engine_of(rows)->columns_count(rows));
    for (size_t index = 0; index < columns.count; index++) {
        const struct db_column *column = &columns.items[index];

        status = engine_of(rows)->column(rows, (int)index, column, &values[index], error);
        if (status == LICET_OK)
            status = value_check(column, &values[index], error);
        if (status != LICET_OK)
            return status;
    }
    for (size_t index = 0; index < columns.count; index++)
        value_store(&columns.items[index], &values[index]);
    return LICET_OK;
}

bool db_rows_next(struct db_rows *rows, struct db_columns columns)
{
    struct error failure = {0};

    if (rows->status == LICET_OK && rows->transaction->status != LICET_OK)
        rows->status = error_set(rows->error, rows->transaction->status, "%s",
                                 rows->transaction->failure.text);
    if (rows->status != LICET_OK)
        return false;
    rows->status = engine_of(rows)->next(rows, &failure);
    if (rows->status == LICET_NOT_FOUND)
        return false;
    if (rows->status == LICET_OK)
        rows->status = row_store(rows, columns, &failure);
    if (rows->status != LICET_OK)
        transaction_fail(rows->transaction, rows->status, &failure, rows->error);
    return rows->status == LICET_OK;
}

enum status db_rows_close(struct db_rows *rows)
{
    engine_of(rows)->finish(rows);
    rows->transaction->rows_open_count--;
    return rows->status == LICET_NOT_FOUND ? LICET_OK : rows->status;
}

enum status db_execute(struct db_transaction *transaction, const char *sql,
                       struct db_arguments arguments, int64_t *ret_changes, struct error *error)
{
    struct db_rows rows;
    int64_t changes = 0;
    enum status status;

    db_rows_open(&rows, transaction, sql, arguments, error);
    db_rows_next(&rows, (struct db_columns){NULL, 0});
    if (rows.status == LICET_NOT_FOUND) {
        assert(engine_of(&rows)->columns_count(&rows) == 0); /* rows are read, not dropped */
        changes = engine_of(&rows)->changes(&rows);
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK && ret_changes != NULL)
        *ret_changes = changes;
    return status;
}

enum status db_execute_later(struct db_transaction *transaction, const char *sql,
                             struct db_arguments arguments, struct error *error)
{
    const struct db_engine *engine = transaction->db->engine;
    struct error failure = {0};
    enum status status;

    if (engine->later == NULL || transaction->status != LICET_OK)
        return db_execute(transaction, sql, arguments, NULL, error);
    status = arguments_check(arguments, &failure);
    if (status == LICET_OK) {
        db_trace(transaction->db, sql);
        status = engine->later(transaction, sql, arguments, &failure);
    }
    return status == LICET_OK ? LICET_OK : transaction_fail(transaction, status, &failure, error);
}

/* The engine is asked for the end of the statement: an INSERT ... RETURNING is whole only then. */
static enum status row_is_last(struct db_rows *rows)
{
    struct error failure = {0};
    enum status status = engine_of(rows)->next(rows, &failure);

    if (status == LICET_NOT_FOUND)
        return LICET_OK;
    if (status == LICET_OK)
        status = error_set(&failure, LICET_DAMAGED, "the database has two rows where one must be");
    return transaction_fail(rows->transaction, status, &failure, rows->error);
}

enum status db_rows_only(struct db_rows *rows, struct db_columns columns)
{
    bool is_found = db_rows_next(rows, columns);

    if (is_found)
        rows->status = row_is_last(rows);
    else if (rows->status == LICET_NOT_FOUND)
        error_set(rows->error, LICET_NOT_FOUND, "%s", status_text(LICET_NOT_FOUND));
    if (is_found || rows->status != LICET_NOT_FOUND)
        return db_rows_close(rows);
    db_rows_close(rows);
    return LICET_NOT_FOUND;
}

enum status db_row(struct db_transaction *transaction, const char *sql,
                   struct db_arguments arguments, struct db_columns columns, struct error *error)
{
    struct db_rows rows;

    db_rows_open(&rows, transaction, sql, arguments, error);
    return db_rows_only(&rows, columns);
}

enum db_constraint db_constraint_failed(const struct db_transaction *transaction)
{
    return transaction->constraint;
}
