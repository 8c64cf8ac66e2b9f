/*
 * Statements of PostgreSQL and their rows. Values come as text, in which every kind of number (a sum
 * is NUMERIC) looks the same.
 */
#include "base/parse.h"
#include "db/postgresql.h"

/* Types as the server numbers them (pg_type.dat). */
enum type_number {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_VARCHAR = 1043,
    TYPE_NUMERIC = 1700,
};

/* ---- Statements */

enum status postgresql_start(struct db_rows *rows, const char *sql, struct db_arguments arguments,
                             struct error *error)
{
    struct postgresql_connection *connection = rows->transaction->connection;
    enum status status = LICET_OK;

    if (connection->awaited_count == POSTGRESQL_AWAITED_MAX)
        status = postgresql_wait(rows->transaction, error);
    if (status == LICET_OK)
        status = postgresql_send(rows->transaction, sql, arguments, error);
    if (status != LICET_OK)
        return status;
    connection->awaited[connection->awaited_count].rows = rows;
    connection->awaited[connection->awaited_count++].number = connection->sent_count - 1;
    return LICET_OK;
}

enum status postgresql_next(struct db_rows *rows, struct error *error)
{
    enum status status = LICET_OK;

    if (rows->statement == NULL)
        status = postgresql_wait(rows->transaction, error);
    if (status != LICET_OK)
        return status;
    return ++rows->row < PQntuples(rows->statement) ? LICET_OK : LICET_NOT_FOUND;
}

size_t postgresql_columns_count(const struct db_rows *rows)
{
    return (size_t)PQnfields(rows->statement);
}

int64_t postgresql_changes(const struct db_rows *rows)
{
    uint64_t count = 0;

    parse_u64(text_of(PQcmdTuples(rows->statement)), 0, INT64_MAX, &count, NULL);
    return (int64_t)count;
}

void postgresql_finish(struct db_rows *rows)
{
    struct postgresql_connection *connection = rows->transaction->connection;

    for (uint32_t i = 0; i < connection->awaited_count; i++) {
        if (connection->awaited[i].rows == rows)
            connection->awaited[i].rows = NULL;
    }
    PQclear(rows->statement);
}

/* ---- Values */

static enum db_type type_of_column(Oid type)
{
    switch (type) {
    case TYPE_BOOL:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_NUMERIC:
        return DB_INT;
    case TYPE_NAME:
    case TYPE_TEXT:
    case TYPE_VARCHAR:
        return DB_TEXT;
    case TYPE_BYTEA:
        return DB_BYTES;
    default:
        return DB_NULL;
    }
}

static enum status number_parse(struct text text, struct db_value *ret_value, struct error *error)
{
    bool is_negative = text_starts_with(text, "-");
    uint64_t max = (uint64_t)INT64_MAX + (is_negative ? 1 : 0);
    uint64_t value;

    if (text_is(text, "t") || text_is(text, "f")) {
        ret_value->number = text_is(text, "t") ? 1 : 0;
        return LICET_OK;
    }
    if (parse_u64(text_skip(text, is_negative ? 1 : 0), 0, max, &value, NULL) != LICET_OK)
        return error_set(error, LICET_DAMAGED, "the database holds a number out of range");
    ret_value->number = (int64_t)(is_negative ? 0 - value : value);
    return LICET_OK;
}

/* Bytes come as "\x" and digits. */
static enum status bytes_parse(const struct db_column *column, struct text text,
                               struct db_value *ret_value, struct error *error)
{
    struct text digits = text_skip(text, 2);
    size_t size = digits.size / 2;
    uint8_t *bytes;

    if (!text_starts_with(text, "\\x"))
        return error_set(error, LICET_DAMAGED, "the database gives bytes in another form");
    bytes = arena_take(column->arena, size + 1, 1);
    if (bytes == NULL)
        return db_arena_is_full(error);
    ret_value->text = text_make(bytes, size);
    return parse_hex(digits, bytes, size, error);
}

enum status postgresql_column(struct db_rows *rows, int index, const struct db_column *column,
                              struct db_value *ret_value, struct error *error)
{
    const PGresult *result = rows->statement;
    enum db_type wanted =
        column->type == DB_TEXT || column->type == DB_BYTES ? column->type : DB_INT;
    struct text text;

    ret_value->is_null = PQgetisnull(result, rows->row, index) == 1;
    if (ret_value->is_null)
        return LICET_OK;
    if (type_of_column(PQftype(result, index)) != wanted)
        return error_set(error, LICET_DAMAGED, "column %d has a value of another type", index + 1);
    text = text_make(PQgetvalue(result, rows->row, index),
                     (size_t)PQgetlength(result, rows->row, index));
    if (wanted == DB_INT)
        return number_parse(text, ret_value, error);
    if (wanted == DB_BYTES)
        return bytes_parse(column, text, ret_value, error);
    return db_value_copy(column, text, ret_value, error);
}

/* ---- Migrations */

/* Where `mark` next stands behind `at`, and what is behind it; the end where it does not. */
static const char *behind(const char *at, const char *mark)
{
    const char *found = strstr(at, mark);

    return found == NULL ? at + strlen(at) : found + strlen(mark);
}

/* Behind the ';' that ends the first statement: not one in quotes, in a comment or in a body. */
static const char *statement_end(const char *at)
{
    while (*at != '\0' && *at != ';') {
        if (*at == '\'')
            at = behind(at + 1, "'");
        else if (strncmp(at, "--", 2) == 0)
            at = behind(at, "\n");
        else if (strncmp(at, "$$", 2) == 0)
            at = behind(at + 2, "$$");
        else
            at++;
    }
    return *at == ';' ? at + 1 : at;
}

/* Once, and without a name. */
static enum status statement_run(struct db_transaction *transaction, const char *sql,
                                 struct error *error)
{
    struct postgresql_connection *connection = transaction->connection;

    db_trace(transaction->db, sql);
    PQsendQueryParams(connection->handle, sql, 0, NULL, NULL, NULL, NULL, 0);
    connection->sent_count++;
    return postgresql_wait(transaction, error);
}

enum status postgresql_script(struct db_transaction *transaction, const char *sql,
                              struct error *error)
{
    /* A migration of many rows takes what it takes. */
    enum status status = postgresql_later(transaction, "SET LOCAL statement_timeout = 0", error);

    if (status == LICET_OK)
        status = postgresql_later(transaction, "SET LOCAL lock_timeout = 0", error);
    while (status == LICET_OK && *sql != '\0') {
        const char *end = statement_end(sql);
        char *statement = strndup(sql, (size_t)(end - sql));

        if (statement == NULL)
            return error_set(error, LICET_NO_MEMORY, "no memory is left for a statement");
        status = statement_run(transaction, statement, error);
        free(statement);
        sql = end;
    }
    return status;
}
