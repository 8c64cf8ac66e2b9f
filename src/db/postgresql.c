/*
 * The PostgreSQL engine: a pool of connections, one of which the writing thread takes for each of its
 * transactions. Writers of several portals take turns by a lock of their own: side by side, each with
 * many acts in one transaction, they would hold rows in any order and wait for each other.
 *
 * A transaction runs again after a deadlock with somebody who takes no turn, and when the connection
 * broke before its commit was sent: the server has then undone it. When it broke during the commit
 * nobody knows, and the caller is told so.
 */
#include "db/postgresql.h"

#include <assert.h>

#define TEXT_OF(number) TEXT_OF_TOKEN(number)
#define TEXT_OF_TOKEN(token) #token

/* Limit: local, so that they hold behind a pooler too. */
#define LIMITS_SQL                                                                                 \
    "SET LOCAL statement_timeout = " TEXT_OF(DB_STATEMENT_MS),                                     \
        "SET LOCAL lock_timeout = " TEXT_OF(DB_LOCK_MS),                                           \
        "SET LOCAL idle_in_transaction_session_timeout = " TEXT_OF(DB_IDLE_MS)

/* The number is "licet". */
static const char *const write_sql[] = {
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "SET LOCAL lock_timeout = " TEXT_OF(DB_BUSY_MS),
    "SELECT pg_advisory_xact_lock(465557415284)",
    LIMITS_SQL,
    "SAVEPOINT one",
    NULL,
};
static const char *const read_sql[] = {
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    LIMITS_SQL,
    NULL,
};

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

static void connection_close(void *closed)
{
    struct postgresql_connection *connection = closed;

    if (connection != NULL)
        PQfinish(connection->handle);
    free(connection);
}

/* What the URL says wins over what stands before it, and not over what stands behind it. */
static enum status connection_open(const char *url, struct postgresql_connection **ret_connection,
                                   struct error *error)
{
    static const char *const keywords[] = {"connect_timeout",  "tcp_user_timeout",
                                           "application_name", "dbname",
                                           "client_encoding",  NULL};
    const char *const values[] = {"10", TEXT_OF(DB_STATEMENT_MS), "licet", url, "UTF8", NULL};
    struct postgresql_connection *connection = calloc(1, sizeof(*connection));
    enum status status;

    if (connection == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a connection");
    connection->handle = PQconnectdbParams(keywords, values, 1);
    PQsetNoticeProcessor(connection->handle, notice_drop, NULL);
    if (PQstatus(connection->handle) == CONNECTION_OK)
        status = connection_check(connection->handle, error);
    else
        status = error_set(error, LICET_UNREACHABLE, "the database cannot be reached: %s",
                           connection->handle == NULL ? "no memory is left"
                                                      : PQerrorMessage(connection->handle));
    if (status == LICET_OK && PQenterPipelineMode(connection->handle) != 1)
        status = error_set(error, LICET_SYSTEM, "the database takes no statements in a row");
    if (status == LICET_OK)
        *ret_connection = connection;
    else
        connection_close(connection);
    return status;
}

static bool connection_is_idle(const struct postgresql_connection *connection)
{
    return connection != NULL && PQstatus(connection->handle) == CONNECTION_OK &&
           (connection->is_left || PQtransactionStatus(connection->handle) == PQTRANS_IDLE);
}

/* A connection in a transaction, or a broken one, goes nowhere. Where one broke the others did. */
static void connection_give(struct db *db, struct postgresql_connection *connection)
{
    bool is_good = connection_is_idle(connection);

    if (!is_good) {
        connection_close(connection);
        db_pool_clear(&db->pool, connection_close);
    }
    db_pool_give(&db->pool, is_good ? connection : NULL);
}

/* NULL where what it was left with did not end well. */
static struct postgresql_connection *connection_take(struct db *db)
{
    struct postgresql_connection *connection = db_pool_take(&db->pool);
    PGresult *failed;
    bool is_well;

    if (connection == NULL || !connection->is_left)
        return connection;
    is_well = postgresql_read(connection, &failed);
    PQclear(failed);
    connection->is_left = false;
    if (is_well && connection_is_idle(connection))
        return connection;
    connection_close(connection);
    return NULL;
}

/* ---- Transactions */

static enum status transaction_start(struct db_transaction *transaction, struct error *error)
{
    const struct postgresql_state *server = transaction->db->state;
    struct postgresql_connection *connection = connection_take(transaction->db);
    enum status status = LICET_OK;

    if (connection == NULL) {
        status = connection_open(server->url, &connection, error);
        transaction->is_repeatable = status == LICET_UNREACHABLE;
    }
    transaction->connection = connection;
    return status;
}

static enum status transaction_send(struct db_transaction *transaction, const char *const *sql,
                                    struct error *error)
{
    enum status status = transaction_start(transaction, error);

    for (; status == LICET_OK && *sql != NULL; sql++)
        status = postgresql_later(transaction, *sql, error);
    return status;
}

/* What was not committed is undone, and the connection goes back. */
static void engine_end(struct db_transaction *transaction)
{
    struct postgresql_connection *connection = transaction->connection;

    if (connection != NULL && PQstatus(connection->handle) == CONNECTION_OK) {
        postgresql_wait(transaction, NULL);
        if (PQtransactionStatus(connection->handle) != PQTRANS_IDLE)
            postgresql_run(transaction, "ROLLBACK", NULL);
    }
    connection_give(transaction->db, connection);
    transaction->connection = NULL;
}

/* Nobody waits for it. */
static void reader_end(struct db_transaction *transaction)
{
    struct postgresql_connection *connection = transaction->connection;

    if (connection == NULL || PQstatus(connection->handle) != CONNECTION_OK ||
        postgresql_later(transaction, "ROLLBACK", NULL) != LICET_OK ||
        PQpipelineSync(connection->handle) != 1) {
        engine_end(transaction);
        return;
    }
    connection->is_left = true;
    connection_give(transaction->db, connection);
}

/* On whichever connection works: one that has waited long may be broken. */
static enum status writer_begin(struct db_transaction *transaction, struct error *error)
{
    enum status status = transaction_send(transaction, write_sql, error);

    return status == LICET_OK ? postgresql_wait(transaction, error) : status;
}

static enum status engine_begin(struct db_transaction *transaction, struct error *error)
{
    enum status status = writer_begin(transaction, error);

    for (uint32_t attempt = 1; transaction->is_repeatable && attempt < DB_ATTEMPTS_MAX; attempt++) {
        engine_end(transaction);
        db_pause(attempt);
        transaction->is_repeatable = false;
        status = writer_begin(transaction, error);
    }
    return status;
}

static enum status engine_keep(struct db_transaction *transaction, struct error *error)
{
    enum status status = postgresql_later(transaction, "RELEASE one", error);

    return status == LICET_OK ? postgresql_run(transaction, "SAVEPOINT one", error) : status;
}

static enum status engine_undo(const struct db_transaction *transaction)
{
    struct db_transaction undoing = *transaction; /* its failure is not the answer */

    postgresql_wait(&undoing, NULL);
    return postgresql_run(&undoing, "ROLLBACK TO one", NULL);
}

/* Only an answer to the COMMIT itself tells whether it took place. */
static enum status engine_commit(struct db_transaction *transaction, struct error *error)
{
    struct db_rows rows = {.transaction = transaction};
    enum status status;

    db_trace(transaction->db, "COMMIT");
    status = postgresql_start(&rows, "COMMIT", DB_NO_ARGUMENTS, error);
    if (status == LICET_OK)
        status = postgresql_wait(transaction, error);
    if (status == LICET_OK) /* not "ROLLBACK": none had failed */
        assert(strcmp(PQcmdStatus(rows.statement), "COMMIT") == 0);
    else if (status == LICET_UNREACHABLE)
        status = error_set(error, LICET_TIMEOUT,
                           "the connection to the database broke during the commit, and nobody "
                           "knows whether it took place: ask again with the same key");
    postgresql_finish(&rows);
    return status;
}

static enum status reader_try(struct db *db, const struct db_work *work, bool *ret_is_repeatable,
                              struct error *error)
{
    struct db_transaction transaction = {.db = db};
    enum status status = transaction_send(&transaction, read_sql, error);

    if (status == LICET_OK)
        status = db_transaction_run(&transaction, work, error);
    *ret_is_repeatable = transaction.is_repeatable;
    reader_end(&transaction);
    return status;
}

static enum status engine_read(struct db *db, const struct db_work *work, struct error *error)
{
    bool is_repeatable;
    enum status status = reader_try(db, work, &is_repeatable, error);

    for (uint32_t attempt = 1; status != LICET_OK && is_repeatable && attempt < DB_ATTEMPTS_MAX;
         attempt++) {
        db_pause(attempt);
        status = reader_try(db, work, &is_repeatable, error);
    }
    return status;
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
    struct postgresql_state *server;
    struct postgresql_connection *connection = NULL;

    if (status != LICET_OK)
        return status;
    db->state = server = calloc(1, sizeof(*server));
    if (server == NULL || (server->url = strdup(url)) == NULL)
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
    struct postgresql_state *server = db->state;

    db_pool_clear(&db->pool, connection_close);
    if (server != NULL)
        free(server->url);
    free(server);
}

static const char *engine_migration_text(const struct db_migration *migration)
{
    return migration->postgresql;
}

const struct db_engine postgresql_engine = {
    .open = engine_open,
    .close = engine_close,
    .begin = engine_begin,
    .keep = engine_keep,
    .undo = engine_undo,
    .commit = engine_commit,
    .end = engine_end,
    .read = engine_read,
    .later = postgresql_send,
    .start = postgresql_start,
    .next = postgresql_next,
    .columns_count = postgresql_columns_count,
    .column = postgresql_column,
    .changes = postgresql_changes,
    .finish = postgresql_finish,
    .script = postgresql_script,
    .migration_text = engine_migration_text,
};
