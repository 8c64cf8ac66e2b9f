/* Opening by the kind of URL, and handing on to the engine. */
#include "db/db.h"

#include <assert.h>

#include "db/engine.h"

static const struct {
    const char *prefix;
    bool is_kept; /* the engine reads the whole URL */
    const struct db_engine *engine;
} engines[] = {
    {"sqlite:", false, &sqlite_engine},
    {"postgresql://", true, &postgresql_engine},
};

static enum status db_open_engine(struct db *db, const char *url, struct error *error)
{
    for (size_t index = 0; index < sizeof(engines) / sizeof(engines[0]); index++) {
        size_t size = strlen(engines[index].prefix);

        if (strncmp(url, engines[index].prefix, size) == 0) {
            db->engine = engines[index].engine;
            return db->engine->open(db, engines[index].is_kept ? url : url + size, error);
        }
    }
    /* Security: the URL may hold a password and is not repeated. */
    return error_set(error, LICET_INVALID,
                     "a database is named as sqlite:PATH or postgresql://HOST/NAME");
}

enum status db_open(const char *url, const struct db_options *options, struct db **ret_db,
                    struct error *error)
{
    struct db *db = calloc(1, sizeof(*db));
    enum status status;

    if (db == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to open the database");
    if (options != NULL)
        db->options = *options;
    if (db->options.connections_max == 0 || db->options.connections_max > DB_CONNECTIONS_MAX)
        db->options.connections_max = DB_CONNECTIONS_MAX;
    db_pool_init(&db->pool, db->options.connections_max);
    status = db_open_engine(db, url, error);
    if (status == LICET_OK)
        status = db_writer_start(db, error);
    if (status == LICET_OK)
        status = db_migrate(db, error);
    if (status == LICET_OK)
        *ret_db = db;
    else
        db_close(db);
    return status;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    db_writer_stop(&db->writer);
    if (db->engine != NULL)
        db->engine->close(db);
    db_pool_finish(&db->pool);
    free(db);
}

enum status db_transact(struct db *db,
                        enum status (*run)(struct db_transaction *transaction, void *context,
                                           struct error *error),
                        void *context, struct error *error)
{
    return db_writer_run(db, &(struct db_work){run, context}, error);
}

enum status db_read(struct db *db,
                    enum status (*run)(struct db_transaction *transaction, void *context,
                                       struct error *error),
                    void *context, struct error *error)
{
    return db->engine->read(db, &(struct db_work){run, context}, error);
}

void db_trace(const struct db *db, const char *sql)
{
    if (db->options.trace != NULL)
        db->options.trace(db->options.trace_context, sql);
}

enum status db_transaction_run(struct db_transaction *transaction, const struct db_work *work,
                               struct error *error)
{
    enum status status = work->run(transaction, work->context, error);

    assert(transaction->rows_open_count == 0); /* every db_rows_open() has its db_rows_close() */
    if (status != LICET_OK || transaction->status == LICET_OK)
        return status;
    return error_set(error, transaction->status, "%s", transaction->failure.text);
}
