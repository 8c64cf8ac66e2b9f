/*
 * Two database engines behind one interface: SQLite (sqlite:PATH) on one machine, PostgreSQL
 * (postgresql://...) beyond it. Transactions, typed statements, numbered migrations; what the rows
 * mean is the caller's.
 *
 * One SQL text serves both. Arguments are $1, $2 ... in the order of DB_ARGUMENTS. The text is a
 * string constant: nothing builds SQL. A SELECT may end in " FOR NO KEY UPDATE", which SQLite,
 * having one writer, is not shown; a plain FOR UPDATE would also stop everybody who only refers to
 * the row, and two who refer to each other's rows would wait for ever. Constraints are checked at
 * once: no DEFERRABLE.
 *
 * Text is UTF-8 without NUL; anything else is refused (LICET_INVALID) before an engine sees it.
 * Truth is a number, 0 or 1.
 */
#ifndef LICET_DB_DB_H
#define LICET_DB_DB_H

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

struct db;
struct db_transaction; /* lives while its function runs */

/* ---- Open */

/* One step of the schema. Each runs in a transaction of its own; once released its text never
 * changes. */
struct db_migration {
    int64_t number; /* ascending; 0 ends the list */
    const char *name;
    const char *sqlite;
    const char *postgresql;
};

struct db_options {
    const struct db_migration *migrations; /* NULL: none */
    /* For looking only: nothing is made or migrated, and a database of another schema is refused. */
    bool must_exist;
    uint32_t connections_max; /* of SQLite for reading, of PostgreSQL in all; 0: the default */
    /* Sees every statement before it runs, on the thread that runs it. NULL: nobody looks. */
    void (*trace)(void *context, const char *sql);
    void *trace_context;
};

/*
 * Opens, and brings the schema to the last migration (unless must_exist). Where two processes open at
 * once, one migrates and the other waits. LICET_UNSUPPORTED: the schema is newer than this program.
 * LICET_DAMAGED: an applied migration is not the one that this program knows. LICET_UNREACHABLE:
 * no PostgreSQL answers there. A new SQLite file belongs to its user alone (0600).
 */
enum status db_open(const char *url, const struct db_options *options, struct db **ret_db,
                    struct error *error);

/* After the last transaction has returned. NULL is fine. */
void db_close(struct db *db);

/* ---- Transactions */

/*
 * Runs `run` in a transaction. LICET_OK: its effects are on disk. Any other status: it had no
 * effect at all, except LICET_TIMEOUT: the connection broke during the commit, nobody knows
 * whether it took place, and the caller asks again with the same key.
 *
 * `run` may run again after a failure that is not its own, so it touches only its context and
 * starts from the beginning. It may run on another thread and must not open a second transaction.
 * A status other than LICET_OK from it rolls back; that status and its sentence reach the caller.
 * Once a statement has failed, further ones fail in the same way and the transaction does too,
 * whatever `run` returns.
 *
 * One thread runs all that wait in one transaction, a savepoint each, and commits once; processes
 * take turns. On PostgreSQL others may still write side by side (READ COMMITTED): an administrator, a
 * report. So decide in the statement (UPDATE ... WHERE seats >= $2), or lock rows first (SELECT ...
 * FOR NO KEY UPDATE). LICET_OVER_LIMIT: too busy, tried often enough.
 */
enum status db_transact(struct db *db,
                        enum status (*run)(struct db_transaction *transaction, void *context,
                                           struct error *error),
                        void *context, struct error *error);

/* The same on a snapshot that cannot be written to: for showing, never for deciding. */
enum status db_read(struct db *db,
                    enum status (*run)(struct db_transaction *transaction, void *context,
                                       struct error *error),
                    void *context, struct error *error);

/* ---- Arguments: DB_ARGUMENTS(db_int(id), db_text(name), db_null()) or DB_NO_ARGUMENTS */

enum db_type {
    DB_NULL,
    DB_INT,
    DB_U32,
    DB_BOOL,
    DB_TEXT,
    DB_BYTES
};

struct db_argument {
    enum db_type type; /* DB_NULL, DB_INT, DB_TEXT or DB_BYTES */
    bool is_null;
    int64_t number;
    struct text text; /* borrowed for the call */
};

struct db_arguments {
    const struct db_argument *items;
    size_t count;
};

#define DB_ARGUMENTS(...)                                                                          \
    ((struct db_arguments){(const struct db_argument[]){__VA_ARGS__},                              \
                           sizeof((const struct db_argument[]){__VA_ARGS__}) /                     \
                               sizeof(struct db_argument)})
#define DB_NO_ARGUMENTS ((struct db_arguments){NULL, 0})

/* For a place whose type the statement tells (INSERT, SET); elsewhere take an _or_null. */
static inline struct db_argument db_null(void)
{
    return (struct db_argument){.type = DB_NULL, .is_null = true};
}

static inline struct db_argument db_int(int64_t value)
{
    return (struct db_argument){.type = DB_INT, .number = value};
}

/* NULL for 0, which is no id and no time. */
static inline struct db_argument db_int_or_null(int64_t value)
{
    return (struct db_argument){.type = DB_INT, .is_null = value == 0, .number = value};
}

static inline struct db_argument db_text(struct text value)
{
    return (struct db_argument){.type = DB_TEXT, .text = value};
}

/* NULL where value.data is NULL. */
static inline struct db_argument db_text_or_null(struct text value)
{
    return (struct db_argument){.type = DB_TEXT, .is_null = value.data == NULL, .text = value};
}

static inline struct db_argument db_bytes(struct text value)
{
    return (struct db_argument){.type = DB_BYTES, .text = value};
}

static inline struct db_argument db_bytes_or_null(struct text value)
{
    return (struct db_argument){.type = DB_BYTES, .is_null = value.data == NULL, .text = value};
}

/* ---- Columns: where the values of a row go. DB_COLUMNS(db_ret_int(&id), db_ret_text(&name, a))
 *
 * As many as the statement gives. NULL is LICET_DAMAGED, but where the name ends in _or_null.
 * Text and bytes are copied into the arena; a NUL follows them, and bytes differ from text only in
 * the type that the column must have. */

struct db_column {
    enum db_type type;
    bool takes_null;
    void *ret;
    struct arena *arena;
};

struct db_columns {
    const struct db_column *items;
    size_t count;
};

#define DB_COLUMNS(...)                                                                            \
    ((struct db_columns){(const struct db_column[]){__VA_ARGS__},                                  \
                         sizeof((const struct db_column[]){__VA_ARGS__}) /                         \
                             sizeof(struct db_column)})

static inline struct db_column db_ret_int(int64_t *ret_value)
{
    return (struct db_column){.type = DB_INT, .ret = ret_value};
}

/* 0 for NULL. */
static inline struct db_column db_ret_int_or_null(int64_t *ret_value)
{
    return (struct db_column){.type = DB_INT, .takes_null = true, .ret = ret_value};
}

/* For counts of seats: LICET_DAMAGED where the number is negative or does not fit. */
static inline struct db_column db_ret_u32(uint32_t *ret_value)
{
    return (struct db_column){.type = DB_U32, .ret = ret_value};
}

/* For 0 and 1, and for what a comparison gives. */
static inline struct db_column db_ret_bool(bool *ret_value)
{
    return (struct db_column){.type = DB_BOOL, .ret = ret_value};
}

static inline struct db_column db_ret_text(struct text *ret_text, struct arena *arena)
{
    return (struct db_column){.type = DB_TEXT, .ret = ret_text, .arena = arena};
}

/* data is NULL for NULL. */
static inline struct db_column db_ret_text_or_null(struct text *ret_text, struct arena *arena)
{
    return (struct db_column){.type = DB_TEXT, .takes_null = true, .ret = ret_text, .arena = arena};
}

static inline struct db_column db_ret_bytes(struct text *ret_bytes, struct arena *arena)
{
    return (struct db_column){.type = DB_BYTES, .ret = ret_bytes, .arena = arena};
}

static inline struct db_column db_ret_bytes_or_null(struct text *ret_bytes, struct arena *arena)
{
    return (struct db_column){
        .type = DB_BYTES, .takes_null = true, .ret = ret_bytes, .arena = arena};
}

/* ---- Statements
 *
 * LICET_CONFLICT: a constraint forbids it, and db_constraint_failed() says which kind. To go on
 * after a duplicate, write ON CONFLICT DO NOTHING and look at the number of changes. */

/* Runs a statement that gives no rows. ret_changes: rows inserted, updated or deleted; may be
 * NULL. */
enum status db_execute(struct db_transaction *transaction, const char *sql,
                       struct db_arguments arguments, int64_t *ret_changes, struct error *error);

/* The same where nobody needs to know its end at once: a failure may show in a later statement, or at
 * the end of the transaction, and fails it then. PostgreSQL saves a wait. */
enum status db_execute_later(struct db_transaction *transaction, const char *sql,
                             struct db_arguments arguments, struct error *error);

/* Reads the one row of a SELECT or of a RETURNING. LICET_NOT_FOUND where there is none, which does
 * not fail the transaction. A second row is LICET_DAMAGED: a statement that can find more says
 * LIMIT 1. */
enum status db_row(struct db_transaction *transaction, const char *sql,
                   struct db_arguments arguments, struct db_columns columns, struct error *error);

/*
 * Many rows:
 *
 *     db_rows_open(&rows, transaction, names_sql, DB_ARGUMENTS(db_int(order_id)), error);
 *     while (db_rows_next(&rows, DB_COLUMNS(db_ret_int(&line.id), db_ret_text(&line.name, arena))))
 *         lines[count++] = line;
 *     return db_rows_close(&rows);
 *
 * db_rows_next() is false at the end and on failure, and db_rows_close(), which is always called,
 * tells which. `error` is borrowed until then. Other statements may run between two rows.
 *
 * Several may be opened before the first is read: PostgreSQL then has all of them in one go, in that
 * order, and one wait brings all their rows. SQLite begins each with its first row.
 */
struct db_rows {
    struct db_transaction *transaction;
    struct error *error;
    enum status status; /* LICET_NOT_FOUND after the last row */
    void *statement;    /* the engine's */
    int row;
};

void db_rows_open(struct db_rows *rows, struct db_transaction *transaction, const char *sql,
                  struct db_arguments arguments, struct error *error);
bool db_rows_next(struct db_rows *rows, struct db_columns columns);
enum status db_rows_close(struct db_rows *rows);
/* Reads the one row, as db_row() does, and closes. */
enum status db_rows_only(struct db_rows *rows, struct db_columns columns);

enum db_constraint {
    DB_CONSTRAINT_NONE,
    DB_CONSTRAINT_UNIQUE, /* PRIMARY KEY too */
    DB_CONSTRAINT_CHECK,
    DB_CONSTRAINT_FOREIGN_KEY,
    DB_CONSTRAINT_NOT_NULL,
};

/* What the failed statement of this transaction ran into; NONE where it did not fail by one. */
enum db_constraint db_constraint_failed(const struct db_transaction *transaction);

#endif
