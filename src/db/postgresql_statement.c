/*
 * Statements of PostgreSQL: parsed once on a connection, under a name that their text makes, since
 * parsing and planning cost more than running. Numbers and bytes go in binary; values come out as
 * text, in which every kind of number (a sum is NUMERIC) looks the same.
 */
#include <sodium.h>

#include "base/parse.h"
#include "base/wire.h"
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

static bool is_ok(const PGresult *result)
{
    ExecStatusType type = PQresultStatus(result);

    return type == PGRES_COMMAND_OK || type == PGRES_TUPLES_OK || type == PGRES_EMPTY_QUERY;
}

/* ---- Failures */

static PGconn *handle_of(const struct db_transaction *transaction)
{
    const struct postgresql_connection *connection = transaction->connection;

    return connection->handle;
}

bool postgresql_is_lost(const struct db_transaction *transaction, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (PQstatus(handle_of(transaction)) != CONNECTION_OK ||
        state == NULL) /* it is libpq that complains */
        return true;
    return strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0;
}

static const struct failure {
    const char *state; /* or the beginning of it */
    enum status status;
    enum db_constraint constraint;
    bool is_repeatable;
    bool is_of_names;
} failures[] = {
    {"23505", LICET_CONFLICT, DB_CONSTRAINT_UNIQUE, false, false},
    {"23514", LICET_CONFLICT, DB_CONSTRAINT_CHECK, false, false},
    {"23503", LICET_CONFLICT, DB_CONSTRAINT_FOREIGN_KEY, false, false},
    {"23502", LICET_CONFLICT, DB_CONSTRAINT_NOT_NULL, false, false},
    {"23", LICET_CONFLICT, DB_CONSTRAINT_NONE, false, false},
    {"26000", LICET_SYSTEM, DB_CONSTRAINT_NONE, true, true},       /* no statement of this name */
    {"42P05", LICET_SYSTEM, DB_CONSTRAINT_NONE, true, true},       /* there is one already */
    {"0A000", LICET_SYSTEM, DB_CONSTRAINT_NONE, true, true},       /* it gives other columns now */
    {"40001", LICET_OVER_LIMIT, DB_CONSTRAINT_NONE, true, false},  /* serialisation */
    {"40P01", LICET_OVER_LIMIT, DB_CONSTRAINT_NONE, true, false},  /* deadlock */
    {"55P03", LICET_OVER_LIMIT, DB_CONSTRAINT_NONE, false, false}, /* lock_timeout */
    {"57014", LICET_OVER_LIMIT, DB_CONSTRAINT_NONE, false, false}, /* statement_timeout */
    {"53100", LICET_DISK_FULL, DB_CONSTRAINT_NONE, false, false},
    {"53200", LICET_NO_MEMORY, DB_CONSTRAINT_NONE, false, false},
    {"53", LICET_OVER_LIMIT, DB_CONSTRAINT_NONE, false, false},
    {"XX001", LICET_DAMAGED, DB_CONSTRAINT_NONE, false, false},
    {"XX002", LICET_DAMAGED, DB_CONSTRAINT_NONE, false, false},
    {"", LICET_SYSTEM, DB_CONSTRAINT_NONE, false, false},
};

static const struct failure *failure_of(const char *state)
{
    const struct failure *failure = failures;

    while (strncmp(state, failure->state, strlen(failure->state)) != 0)
        failure++;
    return failure;
}

enum status postgresql_fail(struct db_transaction *transaction, const PGresult *result,
                            struct error *error)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    /* Security: the primary message alone; the details quote values. */
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct postgresql_state *server = transaction->db->state;
    const struct failure *failure;

    if (postgresql_is_lost(transaction, result)) {
        transaction->is_repeatable = true;
        return error_set(error, LICET_UNREACHABLE,
                         "the connection to the database broke, and nothing was changed: have it "
                         "looked after, and ask again");
    }
    failure = failure_of(state);
    transaction->constraint = failure->constraint;
    transaction->is_repeatable = failure->is_repeatable;
    if (failure->is_of_names)
        server->has_no_names = true;
    return error_set(error, failure->status, "the database refused: %s",
                     message == NULL ? "it gave no reason" : message);
}

enum status postgresql_run(struct db_transaction *transaction, const char *sql, struct error *error)
{
    PGresult *result;
    enum status status = LICET_OK;

    db_trace(transaction->db, sql);
    result = PQexec(handle_of(transaction), sql);
    if (!is_ok(result))
        status = postgresql_fail(transaction, result, error);
    PQclear(result);
    return status;
}

/* ---- Statements */

/* Arguments as libpq wants them: a column for each property. */
struct packed_arguments {
    Oid types[DB_ARGUMENTS_MAX];
    const char *values[DB_ARGUMENTS_MAX];
    int sizes[DB_ARGUMENTS_MAX];
    int formats[DB_ARGUMENTS_MAX];
    uint8_t numbers[DB_ARGUMENTS_MAX][8];
};

static Oid type_of_argument(const struct db_argument *argument)
{
    switch ((int)argument->type) {
    case DB_INT:
        return TYPE_INT8;
    case DB_TEXT:
        return TYPE_TEXT;
    case DB_BYTES:
        return TYPE_BYTEA;
    default:
        return 0; /* the server finds out */
    }
}

static void argument_pack(struct packed_arguments *arguments, size_t index,
                          const struct db_argument *argument)
{
    arguments->types[index] = type_of_argument(argument);
    arguments->formats[index] = 1; /* binary: no text needs a NUL behind it */
    if (argument->is_null) {
        arguments->values[index] = NULL;
        arguments->sizes[index] = 0;
    } else if (argument->type == DB_INT) {
        wire_put_u64(arguments->numbers[index], (uint64_t)argument->number);
        arguments->values[index] = (const char *)arguments->numbers[index];
        arguments->sizes[index] = 8;
    } else {
        arguments->values[index] = argument->text.data == NULL ? "" : argument->text.data;
        arguments->sizes[index] = (int)argument->text.size;
    }
}

/* Of the text and the types: who calls the same with other types means another statement. Never 0. */
static uint64_t statement_hash(const char *sql, const struct packed_arguments *arguments,
                               size_t count)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof(hash));
    crypto_generichash_update(&state, (const uint8_t *)arguments->types,
                              count * sizeof(arguments->types[0]));
    crypto_generichash_update(&state, (const uint8_t *)sql, strlen(sql));
    crypto_generichash_final(&state, hash, sizeof(hash));
    return wire_get_u64(hash) | 1;
}

/* Where it is, or would be. */
static uint64_t *prepared_place(struct postgresql_connection *connection, uint64_t hash)
{
    uint64_t index = hash;

    do
        index = (index + 1) % POSTGRESQL_PREPARED_MAX;
    while (connection->prepared[index] != 0 && connection->prepared[index] != hash);
    return &connection->prepared[index];
}

/* The name under which the server knows the statement; "" where there is to be none. */
static enum status statement_name(struct db_transaction *transaction, const char *sql,
                                  const struct packed_arguments *arguments, size_t count,
                                  char ret_name[32], struct error *error)
{
    struct postgresql_connection *connection = transaction->connection;
    const struct postgresql_state *server = transaction->db->state;
    uint64_t hash = statement_hash(sql, arguments, count), *place;
    PGresult *result;
    enum status status = LICET_OK;

    ret_name[0] = '\0';
    if (server->has_no_names || connection->prepared_count == POSTGRESQL_PREPARED_MAX / 2)
        return LICET_OK;
    snprintf(ret_name, 32, "licet_%016llx", (unsigned long long)hash);
    place = prepared_place(connection, hash);
    if (*place == hash)
        return LICET_OK;
    result = PQprepare(connection->handle, ret_name, sql, (int)count, arguments->types);
    if (is_ok(result)) {
        *place = hash;
        connection->prepared_count++;
    } else
        status = postgresql_fail(transaction, result, error);
    PQclear(result);
    return status;
}

enum status postgresql_start(struct db_rows *rows, const char *sql, struct db_arguments arguments,
                             struct error *error)
{
    PGconn *handle = handle_of(rows->transaction);
    struct packed_arguments packed;
    int count = (int)arguments.count;
    char name[32];
    enum status status;

    for (size_t index = 0; index < arguments.count; index++)
        argument_pack(&packed, index, &arguments.items[index]);
    status = statement_name(rows->transaction, sql, &packed, arguments.count, name, error);
    if (status != LICET_OK)
        return status;
    if (name[0] == '\0')
        rows->statement = PQexecParams(handle, sql, count, packed.types, packed.values,
                                       packed.sizes, packed.formats, 0);
    else
        rows->statement =
            PQexecPrepared(handle, name, count, packed.values, packed.sizes, packed.formats, 0);
    if (!is_ok(rows->statement))
        return postgresql_fail(rows->transaction, rows->statement, error);
    return LICET_OK;
}

enum status postgresql_next(struct db_rows *rows, struct error *error)
{
    (void)error;
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

enum status postgresql_script(struct db_transaction *transaction, const char *sql,
                              struct error *error)
{
    /* A migration of many rows takes what it takes. */
    enum status status = postgresql_run(
        transaction, "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0", error);

    while (status == LICET_OK && *sql != '\0') {
        const char *end = statement_end(sql);
        char *statement = strndup(sql, (size_t)(end - sql));

        if (statement == NULL)
            return error_set(error, LICET_NO_MEMORY, "no memory is left for a statement");
        status = postgresql_run(transaction, statement, error);
        free(statement);
        sql = end;
    }
    return status;
}
