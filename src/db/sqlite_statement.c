/* Statements of SQLite: prepared once for a text, bound by name. */
#include <assert.h>

#include "base/parse.h"
#include "db/sqlite.h"

static const char locking_tail[] = " FOR NO KEY UPDATE";

static struct sqlite_connection *connection_of(const struct db_rows *rows)
{
    return rows->transaction->connection;
}

static struct sqlite_statement **bucket_of(struct sqlite_connection *connection, const char *sql)
{
    return &connection->buckets[((uintptr_t)sql >> 4) % SQLITE_BUCKETS];
}

/* $1 is a name to SQLite, and names are numbered as they first appear: each is asked for its
 * number once. */
static void statement_number(struct sqlite_statement *statement)
{
    for (int index = 1; index <= sqlite3_bind_parameter_count(statement->stmt); index++) {
        const char *name = sqlite3_bind_parameter_name(statement->stmt, index);
        uint32_t number = 0;

        assert(name != NULL && name[0] == '$');
        parse_u32(text_of(name + 1), 1, DB_ARGUMENTS_MAX, &number, NULL);
        assert(number > 0);
        statement->index_of[number - 1] = index;
        if (number > statement->arguments_count)
            statement->arguments_count = number;
    }
}

static void statement_destroy(struct sqlite_statement *statement)
{
    if (statement == NULL)
        return;
    sqlite3_finalize(statement->stmt);
    free(statement->text);
    free(statement);
}

static int size_without_tail(const char *sql)
{
    size_t size = strlen(sql);
    size_t tail = sizeof(locking_tail) - 1;

    assert(size < INT32_MAX);
    if (size > tail && strcmp(sql + size - tail, locking_tail) == 0)
        size -= tail;
    return (int)size;
}

/* NULL on failure, which *ret_status tells. */
static struct sqlite_statement *statement_create(struct sqlite_connection *connection,
                                                 const char *sql, enum status *ret_status,
                                                 struct error *error)
{
    struct sqlite_statement *statement = calloc(1, sizeof(*statement));

    if (statement == NULL || (statement->text = strdup(sql)) == NULL) {
        *ret_status = error_set(error, LICET_NO_MEMORY, "no memory is left for a statement");
        statement_destroy(statement);
        return NULL;
    }
    if (sqlite3_prepare_v3(connection->handle, sql, size_without_tail(sql),
                           SQLITE_PREPARE_PERSISTENT, &statement->stmt, NULL) != SQLITE_OK) {
        *ret_status = sqlite_fail(connection->handle, error);
        statement_destroy(statement);
        return NULL;
    }
    statement->source = sql;
    statement_number(statement);
    return statement;
}

/* The idle statement of this text; one that is busy (a loop inside itself) gets a twin. NULL on
 * failure, as above. */
static struct sqlite_statement *statement_take(struct sqlite_connection *connection,
                                               const char *sql, enum status *ret_status,
                                               struct error *error)
{
    struct sqlite_statement **bucket = bucket_of(connection, sql);
    struct sqlite_statement *statement;

    for (statement = *bucket; statement != NULL; statement = statement->next) {
        if (statement->source == sql && !statement->is_busy && strcmp(statement->text, sql) == 0)
            break;
    }
    if (statement == NULL) {
        statement = statement_create(connection, sql, ret_status, error);
        if (statement == NULL)
            return NULL;
        statement->next = *bucket;
        *bucket = statement;
    }
    statement->is_busy = true;
    return statement;
}

void sqlite_statements_drop(struct sqlite_connection *connection)
{
    for (size_t index = 0; index < SQLITE_BUCKETS; index++) {
        struct sqlite_statement *statement = connection->buckets[index];

        while (statement != NULL) {
            struct sqlite_statement *next = statement->next;

            statement_destroy(statement);
            statement = next;
        }
        connection->buckets[index] = NULL;
    }
}

/* Copied: a loop goes on after the call that lent the bytes. */
static int argument_bind(sqlite3_stmt *stmt, int index, const struct db_argument *argument)
{
    const char *data = argument->text.data == NULL ? "" : argument->text.data;

    if (argument->is_null)
        return sqlite3_bind_null(stmt, index);
    if (argument->type == DB_INT)
        return sqlite3_bind_int64(stmt, index, argument->number);
    if (argument->type == DB_TEXT)
        return sqlite3_bind_text64(stmt, index, data, argument->text.size, SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    return sqlite3_bind_blob64(stmt, index, data, argument->text.size, SQLITE_TRANSIENT);
}

enum status sqlite_start(struct db_rows *rows, const char *sql, struct db_arguments arguments,
                         struct error *error)
{
    struct sqlite_connection *connection = connection_of(rows);
    enum status status = LICET_OK;
    struct sqlite_statement *statement = statement_take(connection, sql, &status, error);

    if (statement == NULL)
        return status;
    rows->statement = statement;
    assert(statement->arguments_count == arguments.count);
    for (size_t index = 0; index < arguments.count; index++) {
        if (statement->index_of[index] != 0 &&
            argument_bind(statement->stmt, statement->index_of[index], &arguments.items[index]) !=
                SQLITE_OK)
            return sqlite_fail(connection->handle, error);
    }
    return LICET_OK;
}

static enum db_constraint constraint_of(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return DB_CONSTRAINT_UNIQUE;
    case SQLITE_CONSTRAINT_CHECK:
        return DB_CONSTRAINT_CHECK;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return DB_CONSTRAINT_FOREIGN_KEY;
    case SQLITE_CONSTRAINT_NOTNULL:
        return DB_CONSTRAINT_NOT_NULL;
    default:
        return DB_CONSTRAINT_NONE;
    }
}

enum status sqlite_next(struct db_rows *rows, struct error *error)
{
    sqlite3 *handle = connection_of(rows)->handle;
    struct sqlite_statement *statement = rows->statement;
    int code = sqlite3_step(statement->stmt);

    if (code == SQLITE_ROW)
        return LICET_OK;
    if (code == SQLITE_DONE)
        return LICET_NOT_FOUND;
    rows->transaction->constraint = constraint_of(sqlite3_extended_errcode(handle));
    return sqlite_fail(handle, error);
}

size_t sqlite_columns_count(const struct db_rows *rows)
{
    const struct sqlite_statement *statement = rows->statement;

    return (size_t)sqlite3_column_count(statement->stmt);
}

enum status sqlite_column(struct db_rows *rows, int index, const struct db_column *column,
                          struct db_value *ret_value, struct error *error)
{
    const struct sqlite_statement *statement = rows->statement;
    int wanted = column->type == DB_TEXT    ? SQLITE_TEXT
                 : column->type == DB_BYTES ? SQLITE_BLOB
                                            : SQLITE_INTEGER;
    int type = sqlite3_column_type(statement->stmt, index);

    ret_value->is_null = type == SQLITE_NULL;
    if (ret_value->is_null)
        return LICET_OK;
    if (type != wanted)
        return error_set(error, LICET_DAMAGED, "column %d has a value of another type", index + 1);
    if (type == SQLITE_INTEGER) {
        ret_value->number = sqlite3_column_int64(statement->stmt, index);
        return LICET_OK;
    }
    return db_value_copy(column,
                         text_make(sqlite3_column_blob(statement->stmt, index),
                                   (size_t)sqlite3_column_bytes(statement->stmt, index)),
                         ret_value, error);
}

int64_t sqlite_changes(const struct db_rows *rows)
{
    const struct sqlite_statement *statement = rows->statement;

    return sqlite3_stmt_readonly(statement->stmt) ? 0
                                                  : sqlite3_changes64(connection_of(rows)->handle);
}

void sqlite_finish(struct db_rows *rows)
{
    struct sqlite_statement *statement = rows->statement;

    if (statement == NULL)
        return;
    sqlite3_reset(statement->stmt);
    sqlite3_clear_bindings(statement->stmt); /* what was bound may have been a secret */
    statement->is_busy = false;
}

enum status sqlite_run(struct sqlite_connection *connection, const char *sql, struct error *error)
{
    struct sqlite_statement *statement;
    enum status status = LICET_OK;

    db_trace(connection->db, sql);
    statement = statement_take(connection, sql, &status, error);
    if (statement == NULL)
        return status;
    if (sqlite3_step(statement->stmt) != SQLITE_DONE)
        status = sqlite_fail(connection->handle, error);
    sqlite3_reset(statement->stmt);
    statement->is_busy = false;
    return status;
}

enum status sqlite_script(struct db_transaction *transaction, const char *sql, struct error *error)
{
    struct sqlite_connection *connection = transaction->connection;
    enum status status = LICET_OK;

    while (status == LICET_OK && *sql != '\0') {
        sqlite3_stmt *stmt = NULL;

        if (sqlite3_prepare_v2(connection->handle, sql, -1, &stmt, &sql) != SQLITE_OK)
            return sqlite_fail(connection->handle, error);
        if (stmt == NULL) /* blanks or a comment behind the last statement */
            continue;
        db_trace(connection->db, sqlite3_sql(stmt));
        if (sqlite3_step(stmt) != SQLITE_DONE)
            status = sqlite_fail(connection->handle, error);
        sqlite3_finalize(stmt);
    }
    return status;
}
