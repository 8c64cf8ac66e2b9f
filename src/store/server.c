#include "store/server.h"

#include "store/rows.h"

#define SERVER_COLUMNS                                                                             \
    "id, number, customer_id, name, short_name, public_key, generation, receipt_id, created"

#define SERVER_COLUMNS_COUNT 9

static struct db_columns server_columns(struct server *server, struct arena *arena,
                                        struct db_column columns[SERVER_COLUMNS_COUNT])
{
    columns[0] = db_ret_int(&server->id);
    columns[1] = db_ret_text(&server->number, arena);
    columns[2] = db_ret_int(&server->customer_id);
    columns[3] = db_ret_text(&server->name, arena);
    columns[4] = db_ret_text(&server->short_name, arena);
    columns[5] = db_ret_text_or_null(&server->public_key, arena);
    columns[6] = db_ret_u32(&server->generation);
    columns[7] = db_ret_int_or_null(&server->receipt_id);
    columns[8] = db_ret_int(&server->created.s);
    return (struct db_columns){columns, SERVER_COLUMNS_COUNT};
}

enum status server_rows_only(struct db_rows *rows, struct arena *arena, struct server *ret_server,
                             struct error *error)
{
    struct db_column columns[SERVER_COLUMNS_COUNT];
    struct server server;
    enum status status = db_rows_only(rows, server_columns(&server, arena, columns));

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such license server");
    if (status == LICET_OK)
        *ret_server = server;
    return status;
}

static enum status server_row(struct db_transaction *transaction, const char *sql,
                              struct db_arguments arguments, struct arena *arena,
                              struct server *ret_server, struct error *error)
{
    struct db_rows rows;

    db_rows_open(&rows, transaction, sql, arguments, error);
    return server_rows_only(&rows, arena, ret_server, error);
}

enum status store_server_insert(struct db_transaction *transaction, const struct server *server,
                                int64_t *ret_id, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO server (number, customer_id, name, short_name, public_key, generation,"
        " created) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT (number) DO NOTHING RETURNING id";
    enum status status = db_row(transaction, insert_sql,
                                DB_ARGUMENTS(db_text(server->number), db_int(server->customer_id),
                                             db_text(server->name), db_text(server->short_name),
                                             db_text_or_null(server->public_key),
                                             db_int(server->generation), db_int(server->created.s)),
                                DB_COLUMNS(db_ret_int(ret_id)), error);

    if (status == LICET_NOT_FOUND) {
        *ret_id = 0;
        return LICET_OK;
    }
    return status;
}

enum status store_server_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct server *ret_server, struct error *error)
{
    return server_row(transaction, "SELECT " SERVER_COLUMNS " FROM server WHERE id = $1",
                      DB_ARGUMENTS(db_int(id)), arena, ret_server, error);
}

void server_open_lock(struct db_rows *rows, struct db_transaction *transaction, int64_t id,
                      struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT " SERVER_COLUMNS " FROM server WHERE id = $1 FOR NO KEY UPDATE",
                 DB_ARGUMENTS(db_int(id)), error);
}

void server_open_of_issue(struct db_rows *rows, struct db_transaction *transaction,
                          int64_t issue_id, struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT " SERVER_COLUMNS " FROM server"
                 " WHERE id = (SELECT issue.server_id FROM issue WHERE issue.id = $1)",
                 DB_ARGUMENTS(db_int(issue_id)), error);
}

enum status store_server_lock(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct server *ret_server, struct error *error)
{
    struct db_rows rows;

    server_open_lock(&rows, transaction, id, error);
    return server_rows_only(&rows, arena, ret_server, error);
}

enum status store_server_find_number(struct db_transaction *transaction, struct text number,
                                     struct arena *arena, struct server *ret_server,
                                     struct error *error)
{
    return server_row(transaction, "SELECT " SERVER_COLUMNS " FROM server WHERE number = $1",
                      DB_ARGUMENTS(db_text(number)), arena, ret_server, error);
}

enum status store_server_find_key(struct db_transaction *transaction, struct text public_key,
                                  struct arena *arena, struct server *ret_server,
                                  struct error *error)
{
    return server_row(transaction, "SELECT " SERVER_COLUMNS " FROM server WHERE public_key = $1",
                      DB_ARGUMENTS(db_text(public_key)), arena, ret_server, error);
}

enum status store_server_list_short(struct db_transaction *transaction, int64_t customer_id,
                                    struct text short_name, struct text name,
                                    bool (*is_meant)(const struct server *server, struct text name),
                                    uint32_t max, struct arena *arena, struct server *servers,
                                    uint32_t *ret_count, struct error *error)
{
    static const char list_sql[] = "SELECT " SERVER_COLUMNS " FROM server"
                                   " WHERE customer_id = $1 AND short_name = $2 ORDER BY id";
    struct db_column columns[SERVER_COLUMNS_COUNT];
    struct arena before = *arena;
    struct server server;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, list_sql,
                 DB_ARGUMENTS(db_int(customer_id), db_text(short_name)), error);
    while (count <= max && db_rows_next(&rows, server_columns(&server, arena, columns))) {
        if (!is_meant(&server, name)) {
            *arena = before; /* there may be many, and what is not meant takes no room */
            continue;
        }
        before = *arena;
        if (count < max)
            servers[count] = server;
        count++;
    }
    status = db_rows_close(&rows);
    if (status != LICET_OK)
        return status;
    if (count > max)
        return error_set(
            error, LICET_OVER_LIMIT,
            "more than %u license servers may be meant by %.*s: say which by its number", max,
            TEXT_ARGS(name));
    *ret_count = count;
    return LICET_OK;
}

enum status store_server_set_key(struct db_transaction *transaction, int64_t id,
                                 struct text public_key, struct error *error)
{
    return db_execute(transaction, "UPDATE server SET public_key = $2 WHERE id = $1",
                      DB_ARGUMENTS(db_int(id), db_text(public_key)), NULL, error);
}

enum status store_server_set_serves(struct db_transaction *transaction, int64_t id,
                                    struct text serves, struct error *error)
{
    return db_execute_later(transaction, "UPDATE server SET serves = $2 WHERE id = $1",
                            DB_ARGUMENTS(db_int(id), db_text(serves)), error);
}

enum status store_server_set_generation(struct db_transaction *transaction, int64_t id,
                                        uint32_t generation, struct error *error)
{
    return db_execute_later(transaction, "UPDATE server SET generation = $2 WHERE id = $1",
                            DB_ARGUMENTS(db_int(id), db_int(generation)), error);
}

enum status store_server_set_receipt(struct db_transaction *transaction, int64_t id,
                                     int64_t receipt_id, struct error *error)
{
    return db_execute(transaction, "UPDATE server SET receipt_id = $2 WHERE id = $1",
                      DB_ARGUMENTS(db_int(id), db_int(receipt_id)), NULL, error);
}

enum status store_server_set_name(struct db_transaction *transaction, int64_t id, struct text name,
                                  struct text short_name, struct error *error)
{
    return db_execute(transaction, "UPDATE server SET name = $2, short_name = $3 WHERE id = $1",
                      DB_ARGUMENTS(db_int(id), db_text(name), db_text(short_name)), NULL, error);
}

enum status store_server_list(struct db_transaction *transaction, int64_t customer_id,
                              int64_t before, uint32_t max, struct arena *arena,
                              struct server *servers, uint32_t *ret_count, struct error *error)
{
    static const char list_sql[] = "SELECT " SERVER_COLUMNS " FROM server WHERE customer_id = $1"
                                   " AND id < $2 ORDER BY id DESC LIMIT $3";
    struct db_column columns[SERVER_COLUMNS_COUNT];
    struct server server;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(
        &rows, transaction, list_sql,
        DB_ARGUMENTS(db_int(customer_id), db_int(before == 0 ? INT64_MAX : before), db_int(max)),
        error);
    while (db_rows_next(&rows, server_columns(&server, arena, columns)))
        servers[count++] = server;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}
