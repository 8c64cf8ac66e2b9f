/*
 * What the tests of src/db share: the same test on each engine, every time on an empty database.
 * The name of the engine opens the name of each of its sub-tests.
 */
#ifndef LICET_TESTS_DB_ENGINES_H
#define LICET_TESTS_DB_ENGINES_H

#include <libpq-fe.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/db.h"
#include "tap.h"

struct engine {
    const char *name;
    char folder[32];
    char path[64]; /* of SQLite's file */
    char url[96];
};

#define engine_ok(engine, condition, sentence) ok(condition, "%s: %s", (engine)->name, sentence)

__attribute__((unused)) static struct engine engine_sqlite(void)
{
    struct engine engine = {.name = "SQLite", .folder = "/tmp/licet-db-XXXXXX"};

    if (mkdtemp(engine.folder) == NULL)
        abort();
    snprintf(engine.path, sizeof(engine.path), "%s/db", engine.folder);
    snprintf(engine.url, sizeof(engine.url), "sqlite:%s", engine.path);
    return engine;
}

__attribute__((unused)) static void engine_finish(struct engine *engine)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    for (size_t index = 0; index < sizeof(suffixes) / sizeof(suffixes[0]); index++) {
        char path[80];

        snprintf(path, sizeof(path), "%s%s", engine->path, suffixes[index]);
        unlink(path);
    }
    rmdir(engine->folder);
}

__attribute__((unused)) static void on_sqlite(void (*test)(struct engine *engine))
{
    struct engine engine = engine_sqlite();

    test(&engine);
    engine_finish(&engine);
}

static const char *postgresql_url(void)
{
    const char *url = getenv("LICET_TEST_POSTGRESQL");

    if (url == NULL) {
        printf("Bail out! run this by tests/tools/with-postgresql\n");
        exit(1);
    }
    return url;
}

/* Statements that have no place in src/db, on the server that tests/tools/with-postgresql gave. */
__attribute__((unused)) static void postgresql_administrate(const char *url, const char *sql)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        printf("Bail out! %s", PQerrorMessage(connection));
        exit(1);
    }
    PQclear(result);
    PQfinish(connection);
}

/* One database, emptied: making one for each test would take most of the tests' time. */
__attribute__((unused)) static void on_postgresql(void (*test)(struct engine *engine))
{
    static bool is_made;
    struct engine engine = {.name = "PostgreSQL"};

    if (!is_made)
        postgresql_administrate(postgresql_url(), "CREATE DATABASE test TEMPLATE template0");
    is_made = true;
    snprintf(engine.url, sizeof(engine.url), "postgresql://licet@/test%s",
             strchr(postgresql_url(), '?'));
    postgresql_administrate(engine.url, "SET client_min_messages = warning;"
                                        "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    test(&engine);
}

__attribute__((unused)) static void on_engines(void (*test)(struct engine *engine))
{
    on_sqlite(test);
    on_postgresql(test);
}

/* Opens with these steps of a schema, or ends the test. */
__attribute__((unused)) static struct db *open_with(const struct engine *engine,
                                                    struct db_options options)
{
    struct error error = {0};
    struct db *db = NULL;

    if (db_open(engine->url, &options, &db, &error) != LICET_OK) {
        printf("Bail out! %s: %s\n", engine->name, error.text);
        exit(1);
    }
    return db;
}

/* A statement without arguments, in a transaction of its own. */
struct simple {
    const char *sql;
    int64_t value;
};

__attribute__((unused)) static enum status simple_execute(struct db_transaction *transaction,
                                                          void *context, struct error *error)
{
    struct simple *simple = context;

    return db_execute(transaction, simple->sql, DB_NO_ARGUMENTS, &simple->value, error);
}

__attribute__((unused)) static enum status simple_row(struct db_transaction *transaction,
                                                      void *context, struct error *error)
{
    struct simple *simple = context;

    return db_row(transaction, simple->sql, DB_NO_ARGUMENTS, DB_COLUMNS(db_ret_int(&simple->value)),
                  error);
}

__attribute__((unused)) static enum status execute(struct db *db, const char *sql)
{
    struct simple simple = {.sql = sql};

    return db_transact(db, simple_execute, &simple, NULL);
}

/* -1 where it fails. */
__attribute__((unused)) static int64_t number_of(struct db *db, const char *sql)
{
    struct simple simple = {.sql = sql};

    return db_read(db, simple_row, &simple, NULL) == LICET_OK ? simple.value : -1;
}

/* Two rows that belong together, for tests in which something is killed between them. */
__attribute__((unused)) static enum status write_halves(struct db_transaction *transaction,
                                                        void *context, struct error *error)
{
    static const char sql[] = "INSERT INTO ledger (key, half) VALUES ($1, $2)";
    const int64_t *key = context;
    enum status status =
        db_execute(transaction, sql, DB_ARGUMENTS(db_int(*key), db_int(1)), NULL, error);

    if (status != LICET_OK)
        return status;
    return db_execute(transaction, sql, DB_ARGUMENTS(db_int(*key), db_int(2)), NULL, error);
}

#endif
