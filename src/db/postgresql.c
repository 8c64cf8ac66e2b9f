/*
 * The PostgreSQL engine: a pool of connections, a transaction on each.
 *
 * A transaction runs again after a deadlock, and when the connection broke before its commit was
 * sent: the server has then undone it. When it broke during the commit nobody knows, and the
 * caller is told so.
 */
#include "db/postgresql.h"

#include <assert.h>
#include <sodium.h>

#define TEXT_OF(number) TEXT_OF_TOKEN(number)
#define TEXT_OF_TOKEN(token) #token

/* Limit: local, so that they hold behind a pooler too. */
#define LIMITS_SQL                                                                                 \
    "; SET LOCAL statement_timeout = " TEXT_OF(                                                    \
        DB_STATEMENT_MS) "; SET LOCAL lock_timeout"                                                \
                         " = " TEXT_OF(                                                            \
                             DB_LOCK_MS) "; SET LOCAL idle_in_transaction_session_timeout"         \
                                         " = " TEXT_OF(DB_IDLE_MS)

static const char write_sql[] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE" LIMITS_SQL;
static const char read_sql[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" LIMITS_SQL;

/* ---- Connections */

static void notice_drop(void *context, const char *message)
{
    (void)context; /* "relation already exists, skipping" */
    (void)message;
}

/* A server that confirms commits which it may still lose is no place for what we acknowledge. */
static enum status connection_check(PGconn *connection, struct error *error)
{
    const char *encoding = PQparameterStatus(connection, "server_encoding");
    PGresult *result = PQexec(connection, "SHOW synchronous_commit");
    bool is_read = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    bool is_off = is_read && strcmp(PQgetvalue(result, 0, 0), "off") == 0;

    PQclear(result);
    if (!is_read)
        return error_set(error, LICET_UNREACHABLE, "the database answers no question");
    if (is_off)
        return error_set(error, LICET_UNSUPPORTED,
                         "the database has synchronous_commit = off and may lose what it "
                         "confirmed: set it to on");
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return error_set(error, LICET_UNSUPPORTED,
                         "the database is not in UTF-8: create it with ENCODING 'UTF8'");
    return LICET_OK;
}

/* What the URL says wins over what stands before it, and not over what stands behind it. */
static enum status connection_open(const char *url, PGconn **ret_connection, struct error *error)
{
    static const char *const keywords[] = {"connect_timeout",  "tcp_user_timeout",
                                           "application_name", "dbname",
                                           "client_encoding",  NULL};
    const char *const values[] = {"10", TEXT_OF(DB_STATEMENT_MS), "licet", url, "UTF8", NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 1);
    enum status status;

    PQsetNoticeProcessor(connection, notice_drop, NULL);
    if (PQstatus(connection) == CONNECTION_OK)
        status = connection_check(connection, error);
    else
        status = error_set(error, LICET_UNREACHABLE, "the database cannot be reached: %s",
                           connection == NULL ? "no memory is left" : PQerrorMessage(connection));
    if (status != LICET_OK) {
        PQfinish(connection);
        return status;
    }
    *ret_connection = connection;
    return LICET_OK;
}

static void connection_close(void *connection)
{
    PQfinish(connection);
}

/* A connection in a transaction, or a broken one, goes nowhere. Where one broke the others did. */
static void connection_give(struct db *db, PGconn *connection)
{
    bool is_good = connection != NULL && PQstatus(connection) == CONNECTION_OK &&
                   PQtransactionStatus(connection) == PQTRANS_IDLE;

    if (!is_good) {
        PQfinish(connection);
        db_pool_clear(&db->pool, connection_close);
    }
    db_pool_give(&db->pool, is_good ? connection : NULL);
}

/* ---- Transactions */

/* Only an answer to the COMMIT itself tells whether it took place. */
static enum status transaction_commit(struct db_transaction *transaction, struct error *error)
{
    PGresult *result;
    enum status status = LICET_OK;

    db_trace(transaction->db, "COMMIT");
    result = PQexec(transaction->connection, "COMMIT");
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        assert(strcmp(PQcmdStatus(result), "COMMIT") == 0); /* not "ROLLBACK": none had failed */
    else if (postgresql_is_lost(transaction->connection, result))
        status = error_set(error, LICET_TIMEOUT,
                           "the connection to the database broke during the commit, and nobody "
                           "knows whether it took place: ask again with the same key");
    else
        status = postgresql_fail(transaction, result, error);
    PQclear(result);
    return status;
}

static enum status transaction_run(struct db_transaction *transaction, const struct db_work *work,
                                   bool is_reading, struct error *error)
{
    enum status status = postgresql_run(transaction, is_reading ? read_sql : write_sql, error);

    if (status == LICET_OK)
        status = db_transaction_run(transaction, work, error);
    if (status == LICET_OK && !is_reading)
        return transaction_commit(transaction, error);
    if (PQtransactionStatus(transaction->connection) != PQTRANS_IDLE &&
        PQstatus(transaction->connection) == CONNECTION_OK) {
        struct db_transaction ending = *transaction; /* its failure is not the answer */

        postgresql_run(&ending, "ROLLBACK", NULL);
    }
    return status;
}

static enum status engine_try(struct db *db, const struct db_work *work, bool is_reading,
                              bool *ret_is_repeatable, struct error *error)
{
    PGconn *connection = db_pool_take(&db->pool);
    struct db_transaction transaction = {.db = db};
    enum status status = LICET_OK;

    if (connection == NULL) {
        status = connection_open(db->state, &connection, error);
        transaction.is_repeatable = status == LICET_UNREACHABLE;
    }
    transaction.connection = connection;
    if (status == LICET_OK)
        status = transaction_run(&transaction, work, is_reading, error);
    connection_give(db, connection);
    *ret_is_repeatable = transaction.is_repeatable;
    return status;
}

/* At random, so that two that met once do not meet again. */
static void pause_before(uint32_t attempt)
{
    uint32_t ms = 1 + randombytes_uniform(DB_PAUSE_MS << (attempt - 1));

    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000},
              NULL);
}

static enum status engine_repeat(struct db *db, const struct db_work *work, bool is_reading,
                                 struct error *error)
{
    bool is_repeatable = true;
    enum status status = LICET_OK;

    for (uint32_t attempt = 0; attempt < DB_ATTEMPTS_MAX && is_repeatable; attempt++) {
        if (attempt > 0)
            pause_before(attempt);
        status = engine_try(db, work, is_reading, &is_repeatable, error);
        if (status == LICET_OK || status == LICET_TIMEOUT)
            return status;
    }
    return status;
}

static enum status engine_transact(struct db *db, const struct db_work *work, struct error *error)
{
    return engine_repeat(db, work, false, error);
}

static enum status engine_read(struct db *db, const struct db_work *work, struct error *error)
{
    return engine_repeat(db, work, true, error);
}

/* ---- Begin and end */

/* Security: libpq's own complaint about a URL repeats it, password and all. */
static enum status url_check(const char *url, struct error *error)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);
    bool is_good = options != NULL;

    PQconninfoFree(options);
    PQfreemem(message);
    if (!is_good)
        return error_set(error, LICET_INVALID,
                         "the database's URL is not of the form "
                         "postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE");
    return LICET_OK;
}

static enum status engine_open(struct db *db, const char *url, struct error *error)
{
    enum status status = url_check(url, error);
    PGconn *connection = NULL;

    if (status != LICET_OK)
        return status;
    db->state = strdup(url);
    if (db->state == NULL || sodium_init() < 0)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to open the database");
    status = connection_open(url, &connection, error);
    if (status != LICET_OK)
        return status;
    db_pool_take(&db->pool);
    db_pool_give(&db->pool, connection);
    return LICET_OK;
}

static void engine_close(struct db *db)
{
    db_pool_clear(&db->pool, connection_close);
    free(db->state);
}

static enum status engine_lock_schema(struct db_transaction *transaction, struct error *error)
{
    /* Whoever waits, waits for a migration of unknown length. The number is "licet". */
    return postgresql_run(transaction,
                          "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
                          " SELECT pg_advisory_xact_lock(465557415284)",
                          error);
}

static const char *engine_migration_text(const struct db_migration *migration)
{
    return migration->postgresql;
}

const struct db_engine postgresql_engine = {
    .open = engine_open,
    .close = engine_close,
    .transact = engine_transact,
    .read = engine_read,
    .start = postgresql_start,
    .next = postgresql_next,
    .columns_count = postgresql_columns_count,
    .column = postgresql_column,
    .changes = postgresql_changes,
    .finish = postgresql_finish,
    .script = postgresql_script,
    .lock_schema = engine_lock_schema,
    .migration_text = engine_migration_text,
};
