/*
 * What goes to PostgreSQL and what comes back. Statements are sent one behind the other, and waited
 * for when somebody needs an answer: a wait costs more than most statements.
 *
 * Each is parsed once on a connection, under a name that its text makes, since parsing and planning
 * cost more than running. Numbers and bytes go in binary.
 */
#include <sodium.h>

#include "base/wire.h"
#include "db/postgresql.h"

/* Types as the server numbers them (pg_type.dat). */
enum type_number {
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_TEXT = 25,
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

/* ---- Arguments and names */

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
    enum status status;

    ret_name[0] = '\0';
    if (server->has_no_names || connection->prepared_count == POSTGRESQL_PREPARED_MAX / 2)
        return LICET_OK;
    snprintf(ret_name, 32, "licet_%016llx", (unsigned long long)hash);
    place = prepared_place(connection, hash);
    if (*place == hash)
        return LICET_OK;
    /* Order: alone, so that only a statement that the server has is thought to be there. */
    status = postgresql_wait(transaction, error);
    if (status != LICET_OK)
        return status;
    PQsendPrepare(connection->handle, ret_name, sql, (int)count, arguments->types);
    connection->sent_count++;
    status = postgresql_wait(transaction, error);
    if (status != LICET_OK)
        return status;
    *place = hash;
    connection->prepared_count++;
    return LICET_OK;
}

/* ---- There and back */

enum status postgresql_send(struct db_transaction *transaction, const char *sql,
                            struct db_arguments arguments, struct error *error)
{
    struct postgresql_connection *connection = transaction->connection;
    struct packed_arguments packed;
    int count = (int)arguments.count;
    char name[32];
    enum status status;

    for (size_t index = 0; index < arguments.count; index++)
        argument_pack(&packed, index, &arguments.items[index]);
    status = statement_name(transaction, sql, &packed, arguments.count, name, error);
    if (status != LICET_OK)
        return status;
    /* A connection that breaks here shows it where the answer is read. */
    if (name[0] == '\0')
        PQsendQueryParams(connection->handle, sql, count, packed.types, packed.values, packed.sizes,
                          packed.formats, 0);
    else
        PQsendQueryPrepared(connection->handle, name, count, packed.values, packed.sizes,
                            packed.formats, 0);
    connection->sent_count++;
    return LICET_OK;
}

/* Of one statement: its result, and the NULL that ends it. */
static PGresult *result_read(PGconn *handle)
{
    PGresult *result = PQgetResult(handle), *more;

    while (result != NULL && (more = PQgetResult(handle)) != NULL)
        PQclear(more);
    return result;
}

/* Of the statement of that number; NULL: nobody's. */
static struct db_rows *rows_awaiting(const struct postgresql_connection *connection,
                                     uint32_t number)
{
    for (uint32_t i = 0; i < connection->awaited_count; i++) {
        if (connection->awaited[i].number == number)
            return connection->awaited[i].rows;
    }
    return NULL;
}

/* Behind the first failure the server does nothing until it is synchronised: that one counts. */
bool postgresql_read(struct postgresql_connection *connection, PGresult **ret_failed)
{
    bool is_well = true;

    *ret_failed = NULL;
    for (uint32_t number = 0; number < connection->sent_count; number++) {
        PGresult *result = result_read(connection->handle);
        struct db_rows *rows = rows_awaiting(connection, number);

        if (is_well && !is_ok(result)) {
            is_well = false;
            *ret_failed = result;
        } else if (is_well && rows != NULL) {
            rows->statement = result;
        } else {
            PQclear(result);
        }
    }
    PQclear(PQgetResult(connection->handle)); /* that it is synchronised */
    connection->sent_count = connection->awaited_count = 0;
    return is_well;
}

enum status postgresql_wait(struct db_transaction *transaction, struct error *error)
{
    struct postgresql_connection *connection = transaction->connection;
    PGresult *failed;
    enum status status;

    if (connection->sent_count == 0)
        return LICET_OK;
    PQpipelineSync(connection->handle);
    if (postgresql_read(connection, &failed))
        return LICET_OK;
    status = postgresql_fail(transaction, failed, error);
    PQclear(failed);
    return status;
}

enum status postgresql_later(struct db_transaction *transaction, const char *sql,
                             struct error *error)
{
    db_trace(transaction->db, sql);
    return postgresql_send(transaction, sql, DB_NO_ARGUMENTS, error);
}

enum status postgresql_run(struct db_transaction *transaction, const char *sql, struct error *error)
{
    enum status status = postgresql_later(transaction, sql, error);

    return status == LICET_OK ? postgresql_wait(transaction, error) : status;
}
