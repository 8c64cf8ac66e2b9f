/* What the files of the PostgreSQL engine share. */
#ifndef LICET_DB_POSTGRESQL_H
#define LICET_DB_POSTGRESQL_H

#include <libpq-fe.h>
#include <stdatomic.h>

#include "db/engine.h"

/* Limit: twice the statements that src/store has, so that a place is found at once. */
#define POSTGRESQL_PREPARED_MAX 512u

/* Limit: rows that were opened and not looked at. What was asked for fits into the socket's buffers, so
 * neither side waits for the other to read. */
#define POSTGRESQL_AWAITED_MAX 24u

struct postgresql_connection {
    PGconn *handle;
    uint32_t sent_count; /* statements whose results are not read */
    struct {
        struct db_rows *rows; /* that the result is for; NULL: they were closed */
        uint32_t number;      /* of the statement, among those that were sent */
    } awaited[POSTGRESQL_AWAITED_MAX];
    uint32_t awaited_count;
    bool is_left; /* in the pool, and the results of the last statements are not read */
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

/* Sends a statement; whatever it fails by is the next wait's to tell. */
enum status postgresql_send(struct db_transaction *transaction, const char *sql,
                            struct db_arguments arguments, struct error *error);
/* Until all that was sent is answered, and the rows that await it have their results: the first
 * failure. Nothing where nothing was sent. */
enum status postgresql_wait(struct db_transaction *transaction, struct error *error);
/* The same of what was sent and synchronised. False: one failed, and *ret_failed is its result, the
 * caller's to clear, or NULL where the connection broke. */
bool postgresql_read(struct postgresql_connection *connection, PGresult **ret_failed);

/* BEGIN, SET and their like: one constant statement, whose rows nobody reads; sent, or waited for. */
enum status postgresql_later(struct db_transaction *transaction, const char *sql,
                             struct error *error);
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
