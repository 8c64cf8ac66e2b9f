/*
 * The SQLite engine: one thread owns the one connection that writes.
 *
 * It takes all transactions that wait, runs them in one BEGIN IMMEDIATE, a savepoint each, commits
 * once, and answers all of them: a commit costs a wait for the disk, and waiting together costs it
 * once.
 */
#include "db/sqlite.h"

#include <assert.h>

/* A transaction that waits; it lies on its caller's stack. */
struct request {
    const struct db_work *work;
    enum status status;
    struct error error;
    bool is_out; /* broke the shared transaction: it has its answer, the others run again */
    bool is_done;
    pthread_cond_t done;
    struct request *next;
};

struct writer {
    struct sqlite_connection *connection;
    char *path;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct request *first;
    struct request **last;
    bool is_stopping;
    bool is_started;
    bool is_broken; /* the writing thread's own */
};

/* ---- The writing thread */

static bool writer_has_transaction(const struct writer *writer)
{
    return sqlite3_get_autocommit(writer->connection->handle) == 0;
}

static void writer_answer_all(struct request *request, enum status status,
                              const struct error *error)
{
    for (; request != NULL; request = request->next) {
        if (!request->is_out)
            request->status = error_set(&request->error, status, "%s", error->text);
    }
}

/* Undoes one transaction and leaves those before it. Where even that fails, all is undone. */
static void writer_undo(struct writer *writer)
{
    if (writer_has_transaction(writer) &&
        (sqlite_run(writer->connection, "ROLLBACK TO one", NULL) != LICET_OK ||
         sqlite_run(writer->connection, "RELEASE one", NULL) != LICET_OK))
        sqlite_run(writer->connection, "ROLLBACK", NULL);
}

static void writer_run_one(struct writer *writer, struct request *request)
{
    struct db_transaction transaction = {.db = writer->connection->db,
                                         .connection = writer->connection};

    request->error = (struct error){0};
    request->status = sqlite_run(writer->connection, "SAVEPOINT one", &request->error);
    if (request->status == LICET_OK)
        request->status = db_transaction_run(&transaction, request->work, &request->error);
    if (request->status == LICET_OK)
        request->status = sqlite_run(writer->connection, "RELEASE one", &request->error);
    if (request->status != LICET_OK)
        writer_undo(writer);
}

/*
 * After a failed sync nobody knows what the disk has, and a second sync would lie about it: this
 * process writes no more. What was being committed may be found there after a restart.
 */
static enum status writer_commit_failed(struct writer *writer, enum status status,
                                        struct error *error)
{
    int code = sqlite3_extended_errcode(writer->connection->handle);

    if (writer_has_transaction(writer))
        sqlite_run(writer->connection, "ROLLBACK", NULL);
    if (code != SQLITE_IOERR_FSYNC && code != SQLITE_IOERR_DIR_FSYNC)
        return status;
    writer->is_broken = true;
    return error_set(error, LICET_TIMEOUT,
                     "the disk failed during the commit, and nothing more is written: have the "
                     "disk looked after, start again, and ask again with the same key");
}

static enum status writer_begin(struct writer *writer, struct error *error)
{
    if (writer->is_broken)
        return error_set(error, LICET_SYSTEM,
                         "the disk failed before, and nothing more is written: have it looked "
                         "after, and start again");
    return sqlite_run(writer->connection, "BEGIN IMMEDIATE", error);
}

/* Takes all that wait. The mutex is held. */
static struct request *writer_take(struct writer *writer)
{
    struct request *first = writer->first;

    writer->first = NULL;
    writer->last = &writer->first;
    return first;
}

/* The next one; behind the last, those that came meanwhile. Limit: each caller waits for its
 * answer, so there are never more than callers. */
static struct request *writer_next(struct writer *writer, struct request *request)
{
    if (request->next == NULL) {
        pthread_mutex_lock(&writer->mutex);
        request->next = writer_take(writer);
        pthread_mutex_unlock(&writer->mutex);
    }
    return request->next;
}

/* False: one request broke the transaction (a full disk does) and is out; the others run again. */
static bool writer_try(struct writer *writer, struct request *first)
{
    struct error error = {0};
    enum status status = writer_begin(writer, &error);

    if (status != LICET_OK) {
        writer_answer_all(first, status, &error);
        return true;
    }
    for (struct request *request = first; request != NULL; request = writer_next(writer, request)) {
        if (request->is_out)
            continue;
        writer_run_one(writer, request);
        request->is_out = !writer_has_transaction(writer);
        if (request->is_out)
            return false;
    }
    status = sqlite_run(writer->connection, "COMMIT", &error);
    if (status != LICET_OK) {
        status = writer_commit_failed(writer, status, &error);
        writer_answer_all(first, status,
                          &error); /* refusals too: they may rest on what is undone */
    }
    return true;
}

/* The mutex is held. A request is gone as soon as its caller sees that it is done. */
static void writer_release(struct request *request)
{
    while (request != NULL) {
        struct request *next = request->next;

        request->is_done = true;
        pthread_cond_signal(&request->done);
        request = next;
    }
}

static void *writer_loop(void *argument)
{
    struct writer *writer = argument;
    struct request *taken;

    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        while (writer->first == NULL && !writer->is_stopping)
            pthread_cond_wait(&writer->wake, &writer->mutex);
        if (writer->first == NULL)
            break;
        taken = writer_take(writer);
        pthread_mutex_unlock(&writer->mutex);
        while (!writer_try(writer, taken)) {
        }
        pthread_mutex_lock(&writer->mutex);
        writer_release(taken);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

/* ---- The callers' side */

static enum status engine_transact(struct db *db, const struct db_work *work, struct error *error)
{
    struct writer *writer = db->state;
    struct request request = {.work = work, .done = PTHREAD_COND_INITIALIZER};

    assert(!pthread_equal(pthread_self(), writer->thread)); /* a transaction inside another */
    pthread_mutex_lock(&writer->mutex);
    *writer->last = &request;
    writer->last = &request.next;
    pthread_cond_signal(&writer->wake);
    while (!request.is_done)
        pthread_cond_wait(&request.done, &writer->mutex);
    pthread_mutex_unlock(&writer->mutex);
    pthread_cond_destroy(&request.done);
    if (request.status == LICET_OK)
        return LICET_OK;
    return error_set(error, request.status, "%s", error_text(&request.error, request.status));
}

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
    struct writer *writer = db->state;
    struct sqlite_connection *connection = db_pool_take(&db->pool);
    enum status status = LICET_OK;

    if (connection == NULL)
        status = sqlite_open(db, writer->path, false, &connection, error);
    if (status == LICET_OK)
        status = reader_run(connection, work, error);
    db_pool_give(&db->pool, connection);
    return status;
}

/* ---- Begin and end */

static enum status engine_open(struct db *db, const char *path, struct error *error)
{
    struct writer *writer = calloc(1, sizeof(*writer));
    enum status status;

    db->state = writer;
    if (writer == NULL || (writer->path = strdup(path)) == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to open the database");
    writer->last = &writer->first;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->wake, NULL);
    status = sqlite_open(db, path, true, &writer->connection, error);
    if (status != LICET_OK)
        return status;
    if (pthread_create(&writer->thread, NULL, writer_loop, writer) != 0)
        return error_set(error, LICET_SYSTEM, "the writing thread cannot be started");
    writer->is_started = true;
    return LICET_OK;
}

static void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->is_stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
}

/* Order: readers first, so that the writer is the last to close and checkpoints. */
static void engine_close(struct db *db)
{
    struct writer *writer = db->state;

    if (writer == NULL)
        return;
    db_pool_clear(&db->pool, sqlite_close);
    if (writer->is_started)
        writer_stop(writer);
    if (writer->connection != NULL)
        sqlite_close(writer->connection);
    free(writer->path);
    free(writer);
}

static enum status engine_lock_schema(struct db_transaction *transaction, struct error *error)
{
    (void)transaction; /* BEGIN IMMEDIATE already keeps every other writer out */
    (void)error;
    return LICET_OK;
}

static const char *engine_migration_text(const struct db_migration *migration)
{
    return migration->sqlite;
}

const struct db_engine sqlite_engine = {
    .open = engine_open,
    .close = engine_close,
    .transact = engine_transact,
    .read = engine_read,
    .start = sqlite_start,
    .next = sqlite_next,
    .columns_count = sqlite_columns_count,
    .column = sqlite_column,
    .changes = sqlite_changes,
    .finish = sqlite_finish,
    .script = sqlite_script,
    .lock_schema = engine_lock_schema,
    .migration_text = engine_migration_text,
};
