/* One connection to SQLite and its statements. Each is used by one thread at a time. */
#ifndef LICET_DB_SQLITE_H
#define LICET_DB_SQLITE_H

#include <sqlite3.h>

#include "db/engine.h"

#define SQLITE_BUCKETS 256

/* A prepared statement, kept for the next call with the same text. */
struct sqlite_statement {
    sqlite3_stmt *stmt;
    char *text;         /* our copy: an address alone could be used again for another text */
    const char *source; /* the caller's, by which it is found */
    int index_of[DB_ARGUMENTS_MAX]; /* of $1, $2 ..., to SQLite; 0: the text does not use it */
    size_t arguments_count;
    bool is_busy;
    struct sqlite_statement *next;
};

struct sqlite_connection {
    sqlite3 *handle;
    struct db *db;
    struct sqlite_statement *buckets[SQLITE_BUCKETS];
};

enum status sqlite_open(struct db *db, const char *path, bool is_writer,
                        struct sqlite_connection **ret_connection, struct error *error);
void sqlite_close(void *closed); /* a connection, as db_pool_clear() hands it over */

/* BEGIN, SAVEPOINT and their like: one constant statement without rows. */
enum status sqlite_run(struct sqlite_connection *connection, const char *sql, struct error *error);

/* The status and the sentence for what SQLite last said. */
enum status sqlite_fail(sqlite3 *handle, struct error *error);

/* The statements of struct db_engine. */
enum status sqlite_start(struct db_rows *rows, const char *sql, struct db_arguments arguments,
                         struct error *error);
enum status sqlite_next(struct db_rows *rows, struct error *error);
size_t sqlite_columns_count(const struct db_rows *rows);
enum status sqlite_column(struct db_rows *rows, int index, const struct db_column *column,
                          struct db_value *ret_value, struct error *error);
int64_t sqlite_changes(const struct db_rows *rows);
void sqlite_finish(struct db_rows *rows);
enum status sqlite_script(struct db_transaction *transaction, const char *sql, struct error *error);
void sqlite_statements_drop(struct sqlite_connection *connection);

#endif
