/*
 * The SQLite engine: one connection writes, which the writing thread has for itself; readers have
 * connections of their own, each transaction on one snapshot.
 */
#include "db/sqlite.h"

struct state {
    struct sqlite_connection *connection; /* that writes */
    char *path;
    bool is_broken; /* the writing thread's own */
};

/* ---- Writing */

static bool is_in_transaction(const struct sqlite_connection *connection)
{
    return sqlite3_get_autocommit(connection->handle) == 0;
}

static enum status engine_begin(struct db_transaction *transaction, struct error *error)
{
    struct state *state = transaction->db->state;
    enum status status;

    transaction->connection = state->connection;
    if (state->is_broken)
        return error_set(error, LICET_SYSTEM,
                         "the disk failed before, and nothing more is written: have it looked "
                         "after, and start again");
    status = sqlite_run(state->connection, "BEGIN IMMEDIATE", error);
    return status == LICET_OK ? sqlite_run(state->connection, "SAVEPOINT one", error) : status;
}

static enum status engine_keep(struct db_transaction *transaction, struct error *error)
{
    enum status status = sqlite_run(transaction->connection, "RELEASE one", error);

    return status == LICET_OK ? sqlite_run(transaction->connection, "SAVEPOINT one", error)
                              : status;
}

static enum status engine_undo(const struct db_transaction *transaction)
{
    return sqlite_run(transaction->connection, "ROLLBACK TO one", NULL);
}

/*
 * After a failed sync nobody knows what the disk has, and a second sync would lie about it: this
 * process writes no more. What was being committed may be found there after a restart.
 */
static enum status engine_commit(struct db_transaction *transaction, struct error *error)
{
    struct state *state = transaction->db->state;
    enum status status = sqlite_run(state->connection, "COMMIT", error);
    int code = sqlite3_extended_errcode(state->connection->handle);

    if (status == LICET_OK || (code != SQLITE_IOERR_FSYNC && code != SQLITE_IOERR_DIR_FSYNC))
        return status;
    state->is_broken = true;
    return error_set(error, LICET_TIMEOUT,
                     "the disk failed during the commit, and nothing more is written: have the "
                     "disk looked after, start again, and ask again with the same key");
}

static void engine_end(struct db_transaction *transaction)
{
    if (is_in_transaction(transaction->connection))
        sqlite_run(transaction->connection, "ROLLBACK", NULL);
}

/* ---- Reading */

static enum status reader_run(struct sqlite_connection *connection, const struct db_work *work,
                              struct error *error)
{
    struct db_transaction transaction = {.db = connection->db, .connection = connection};
    enum status status = sqlite_run(connection, "BEGIN", error);

    if (status != LICET_OK)
        return status;
    status = db_transaction_run(&transaction, work, error);
    sqlite_run(connection, "ROLLBACK", NULL); /* nothing was written */
    return status;
}

static enum status engine_read(struct db *db, const struct db_work *work, struct error *error)
{
    struct state *state = db->state;
    struct sqlite_connection *connection = db_pool_take(&db->pool);
    enum status status = LICET_OK;

    if (connection == NULL)
        status = sqlite_open(db, state->path, false, &connection, error);
    if (status == LICET_OK)
        status = reader_run(connection, work, error);
    db_pool_give(&db->pool, connection);
    return status;
}

/* ---- Begin and end */

static enum status engine_open(struct db *db, const char *path, struct error *error)
{
    struct state *state = calloc(1, sizeof(*state));

    db->state = state;
    if (state == NULL || (state->path = strdup(path)) == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to open the database");
    return sqlite_open(db, path, true, &state->connection, error);
}

/* Order: readers first, so that the writer is the last to close and checkpoints. */
static void engine_close(struct db *db)
{
    struct state *state = db->state;

    if (state == NULL)
        return;
    db_pool_clear(&db->pool, sqlite_close);
    if (state->connection != NULL)
        sqlite_close(state->connection);
    free(state->path);
    free(state);
}

static const char *engine_migration_text(const struct db_migration *migration)
{
    return migration->sqlite;
}

const struct db_engine sqlite_engine = {
    .open = engine_open,
    .close = engine_close,
    .begin = engine_begin,
    .keep = engine_keep,
    .undo = engine_undo,
    .commit = engine_commit,
    .end = engine_end,
    .read = engine_read,
    .start = sqlite_start,
    .next = sqlite_next,
    .columns_count = sqlite_columns_count,
    .column = sqlite_column,
    .changes = sqlite_changes,
    .finish = sqlite_finish,
    .script = sqlite_script,
    .migration_text = engine_migration_text,
};
