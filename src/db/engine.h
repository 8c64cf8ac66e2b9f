/* What the files of src/db share: an engine as a table of functions, and a running transaction. */
#ifndef LICET_DB_ENGINE_H
#define LICET_DB_ENGINE_H

#include "db/db.h"
#include "db/pool.h"
#include "db/writer.h"

struct db_work {
    enum status (*run)(struct db_transaction *transaction, void *context, struct error *error);
    void *context;
};

struct db_transaction {
    struct db *db;
    void *connection; /* the engine's */
    uint32_t rows_open_count;
    enum db_constraint constraint;
    enum status status; /* of the first statement that failed; nothing runs after it */
    struct error failure;
    bool is_repeatable; /* PostgreSQL: undone by no fault of its own */
};

/* One value of a row. Text lies in the column's arena. */
struct db_value {
    bool is_null;
    int64_t number;
    struct text text;
};

/*
 * begin, keep, undo, commit, end: a transaction of the writing thread, and a savepoint in it. begin
 * sets the savepoint; keep sets it again behind what was done; undo goes back to it, and where it
 * cannot, the transaction is gone. end follows in any case, also where begin failed, and undoes what
 * was not committed. commit: LICET_TIMEOUT where nobody knows whether it took place.
 *
 * start: one statement with its arguments, which fit. next: LICET_NOT_FOUND after the last row.
 * finish: also where start failed or never ran.
 */
struct db_engine {
    enum status (*open)(struct db *db, const char *place, struct error *error);
    void (*close)(struct db *db);
    enum status (*begin)(struct db_transaction *transaction, struct error *error);
    enum status (*keep)(struct db_transaction *transaction, struct error *error);
    enum status (*undo)(const struct db_transaction *transaction);
    enum status (*commit)(struct db_transaction *transaction, struct error *error);
    void (*end)(struct db_transaction *transaction);
    enum status (*read)(struct db *db, const struct db_work *work, struct error *error);
    /* A statement without rows whose failure may show later; NULL: as any other. */
    enum status (*later)(struct db_transaction *transaction, const char *sql,
                         struct db_arguments arguments, struct error *error);
    enum status (*start)(struct db_rows *rows, const char *sql, struct db_arguments arguments,
                         struct error *error);
    enum status (*next)(struct db_rows *rows, struct error *error);
    size_t (*columns_count)(const struct db_rows *rows);
    enum status (*column)(struct db_rows *rows, int index, const struct db_column *column,
                          struct db_value *ret_value, struct error *error);
    int64_t (*changes)(const struct db_rows *rows);
    void (*finish)(struct db_rows *rows);
    /* Many statements in one text, without arguments: a migration. */
    enum status (*script)(struct db_transaction *transaction, const char *sql, struct error *error);
    const char *(*migration_text)(const struct db_migration *migration);
};

extern const struct db_engine sqlite_engine;
extern const struct db_engine postgresql_engine;

struct db {
    const struct db_engine *engine;
    struct db_options options;
    struct db_pool pool; /* of SQLite for reading alone */
    struct db_writer writer;
    void *state; /* the engine's */
};

void db_trace(const struct db *db, const char *sql);

/* Runs the caller's function in the transaction that the engine has begun, and says whether to
 * commit it: where a statement failed, that failure is the answer. */
enum status db_transaction_run(struct db_transaction *transaction, const struct db_work *work,
                               struct error *error);

enum status db_arena_is_full(struct error *error); /* LICET_TOO_LARGE */
enum status db_value_copy(const struct db_column *column, struct text text,
                          struct db_value *ret_value, struct error *error);

enum status db_migrate(struct db *db, struct error *error);

#endif
