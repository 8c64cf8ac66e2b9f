/* What the two files of the PostgreSQL engine share. */
#ifndef LICET_DB_POSTGRESQL_H
#define LICET_DB_POSTGRESQL_H

#include <libpq-fe.h>
#include <stdatomic.h>

#include "db/engine.h"

/* Limit: twice the statements that src/store has, so that a place is found at once. */
#define POSTGRESQL_PREPARED_MAX 512u

struct postgresql_connection {
    PGconn *handle;
    uint64_t prepared[POSTGRESQL_PREPARED_MAX]; /* names of what the server has parsed; 0: none */
    uint32_t prepared_count;
};

struct postgresql_state {
    char *url;
    /* A pooler between us and the server may give each transaction another connection, which does
     * not know the names: nothing is named any more. */
    atomic_bool has_no_names;
};

/* The server or the way to it is gone: why `result`, a failure (may be NULL), came about. */
bool postgresql_is_lost(const struct db_transaction *transaction, const PGresult *result);

/* The status and the sentence for what the server answered; marks a transaction that may run
 * again. */
enum status postgresql_fail(struct db_transaction *transaction, const PGresult *result,
                            struct error *error);

/* BEGIN, SET and their like: constant statements, whose rows nobody reads. */
enum status postgresql_run(struct db_transaction *transaction, const char *sql,
                           struct error *error);

/* The statements of struct db_engine. */
enum status postgresql_start(struct db_rows *rows, const char *sql, struct db_arguments arguments,
                             struct error *error);
enum status postgresql_next(struct db_rows *rows, struct error *error);
size_t postgresql_columns_count(const struct db_rows *rows);
enum status postgresql_column(struct db_rows *rows, int index, const struct db_column *column,
                              struct db_value *ret_value, struct error *error);
int64_t postgresql_changes(const struct db_rows *rows);
void postgresql_finish(struct db_rows *rows);
enum status postgresql_script(struct db_transaction *transaction, const char *sql,
                              struct error *error);

#endif
