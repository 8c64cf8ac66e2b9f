#include "store/exchange.h"

#include "db/db.h"

#define EXCHANGE_COLUMNS                                                                           \
    "exchange.id, exchange.server_id, exchange.request_hash, exchange.counter,"                    \
    " exchange.person_id, exchange.issue_id, exchange.state, exchange.received,"                   \
    " exchange.file_issue_id, exchange.certificate, exchange.problem, exchange.last_response,"     \
    " CASE WHEN EXISTS (SELECT 1 FROM exchange later WHERE later.server_id = exchange.server_id"   \
    "   AND later.last_response = exchange.payload_hash) THEN 1 ELSE 0 END"
#define EXCHANGE_COLUMNS_COUNT 13

static const char *const state_names[] = {
    [EXCHANGE_WAITING] = "waiting",
    [EXCHANGE_WRITTEN] = "written",
    [EXCHANGE_ANSWERED] = "answered",
};

/* The CHECK lets no other word in. */
static enum exchange_state exchange_state_of(struct text word)
{
    enum exchange_state state = EXCHANGE_WAITING;

    while (state < EXCHANGE_ANSWERED && !text_is(word, state_names[state]))
        state++;
    return state;
}

/* A row as its columns come. */
struct exchange_row {
    struct exchange exchange;
    struct text state;
    int64_t counter;
};

static struct db_columns exchange_columns(struct exchange_row *row, struct arena *arena,
                                          struct db_column columns[EXCHANGE_COLUMNS_COUNT])
{
    struct exchange *exchange = &row->exchange;

    columns[0] = db_ret_int(&exchange->id);
    columns[1] = db_ret_int(&exchange->server_id);
    columns[2] = db_ret_text(&exchange->request_hash, arena);
    columns[3] = db_ret_int(&row->counter);
    columns[4] = db_ret_int_or_null(&exchange->person_id);
    columns[5] = db_ret_int_or_null(&exchange->issue_id);
    columns[6] = db_ret_text(&row->state, arena);
    columns[7] = db_ret_int(&exchange->received.s);
    columns[8] = db_ret_int_or_null(&exchange->file_issue_id);
    columns[9] = db_ret_bytes_or_null(&exchange->certificate, arena);
    columns[10] = db_ret_text_or_null(&exchange->problem, arena);
    columns[11] = db_ret_text_or_null(&exchange->last_response, arena);
    columns[12] = db_ret_bool(&exchange->is_confirmed);
    return (struct db_columns){columns, EXCHANGE_COLUMNS_COUNT};
}

static struct exchange exchange_of(const struct exchange_row *row)
{
    struct exchange exchange = row->exchange;

    exchange.state = exchange_state_of(row->state);
    exchange.counter = (uint64_t)row->counter;
    return exchange;
}

/* ---- taking one */

static enum status exchange_insert_result(struct db_transaction *transaction, int64_t id,
                                          const struct exchange_result *result, struct error *error)
{
    return db_execute(transaction,
                      "INSERT INTO exchange_result (exchange_id, number, status, sn, seats)"
                      " VALUES ($1, $2, $3, $4, $5)",
                      DB_ARGUMENTS(db_int(id), db_int(result->number), db_text(result->status),
                                   db_text(result->sn), db_int(result->seats)),
                      NULL, error);
}

enum status store_exchange_take(struct db_transaction *transaction, const struct exchange *exchange,
                                struct text request, bool *ret_is_new, int64_t *ret_id,
                                struct error *error)
{
    static const char take_sql[] =
        "INSERT INTO exchange (server_id, request_hash, counter, request, person_id, state,"
        " received, last_response) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7)"
        " ON CONFLICT (request_hash) DO NOTHING RETURNING id";
    enum status status =
        db_row(transaction, take_sql,
               DB_ARGUMENTS(db_int(exchange->server_id), db_text(exchange->request_hash),
                            db_int((int64_t)exchange->counter), db_bytes(request),
                            db_int_or_null(exchange->person_id), db_int(exchange->received.s),
                            db_text_or_null(exchange->last_response)),
               DB_COLUMNS(db_ret_int(ret_id)), error);

    *ret_is_new = status == LICET_OK;
    if (status != LICET_NOT_FOUND)
        return status;
    return db_row(transaction, "SELECT id FROM exchange WHERE request_hash = $1",
                  DB_ARGUMENTS(db_text(exchange->request_hash)), DB_COLUMNS(db_ret_int(ret_id)),
                  error);
}

enum status store_exchange_set_results(struct db_transaction *transaction, int64_t id,
                                       int64_t issue_id, const struct exchange_result *results,
                                       uint32_t results_count, struct error *error)
{
    enum status status =
        db_execute(transaction, "UPDATE exchange SET issue_id = $2 WHERE id = $1",
                   DB_ARGUMENTS(db_int(id), db_int_or_null(issue_id)), NULL, error);

    for (uint32_t i = 0; status == LICET_OK && i < results_count; i++)
        status = exchange_insert_result(transaction, id, &results[i], error);
    return status;
}

/* ---- reading */

static enum status exchange_read(struct db_transaction *transaction, const char *sql,
                                 struct db_arguments arguments, struct arena *arena,
                                 struct exchange *ret_exchange, struct error *error)
{
    struct db_column columns[EXCHANGE_COLUMNS_COUNT];
    struct exchange_row row;
    enum status status =
        db_row(transaction, sql, arguments, exchange_columns(&row, arena, columns), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such request");
    if (status == LICET_OK)
        *ret_exchange = exchange_of(&row);
    return status;
}

enum status store_exchange_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                               struct exchange *ret_exchange, struct error *error)
{
    return exchange_read(transaction, "SELECT " EXCHANGE_COLUMNS " FROM exchange WHERE id = $1",
                         DB_ARGUMENTS(db_int(id)), arena, ret_exchange, error);
}

enum status store_exchange_find(struct db_transaction *transaction, struct text request_hash,
                                struct arena *arena, struct exchange *ret_exchange,
                                struct error *error)
{
    return exchange_read(transaction,
                         "SELECT " EXCHANGE_COLUMNS " FROM exchange WHERE request_hash = $1",
                         DB_ARGUMENTS(db_text(request_hash)), arena, ret_exchange, error);
}

enum status store_exchange_last_counter(struct db_transaction *transaction, int64_t server_id,
                                        int64_t except_id, uint64_t *ret_counter,
                                        struct error *error)
{
    int64_t counter = 0;
    enum status status =
        db_row(transaction,
               "SELECT COALESCE(MAX(counter), 0) FROM exchange WHERE server_id = $1 AND id <> $2",
               DB_ARGUMENTS(db_int(server_id), db_int(except_id)), DB_COLUMNS(db_ret_int(&counter)),
               error);

    if (status == LICET_OK)
        *ret_counter = (uint64_t)counter;
    return status;
}

enum status store_exchange_results(struct db_transaction *transaction, int64_t id, uint32_t max,
                                   struct arena *arena, struct exchange_result *results,
                                   uint32_t *ret_count, struct error *error)
{
    struct exchange_result result;
    struct db_rows rows;
    uint32_t count = 0;
    bool is_over = false;
    enum status status;

    db_rows_open(&rows, transaction,
                 "SELECT number, status, sn, seats FROM exchange_result WHERE exchange_id = $1"
                 " ORDER BY number",
                 DB_ARGUMENTS(db_int(id)), error);
    while (!is_over &&
           db_rows_next(&rows,
                        DB_COLUMNS(db_ret_u32(&result.number), db_ret_text(&result.status, arena),
                                   db_ret_text(&result.sn, arena), db_ret_u32(&result.seats)))) {
        is_over = count == max;
        if (!is_over)
            results[count++] = result;
    }
    status = db_rows_close(&rows);
    if (status != LICET_OK)
        return status;
    if (is_over)
        return error_set(error, LICET_OVER_LIMIT, "the request has more than %u acts", max);
    *ret_count = count;
    return LICET_OK;
}

enum status store_exchange_list_open(struct db_transaction *transaction, enum exchange_state state,
                                     uint32_t max, struct arena *arena, struct exchange *exchanges,
                                     uint32_t *ret_count, struct error *error)
{
    static const char open_sql[] =
        "SELECT " EXCHANGE_COLUMNS " FROM exchange WHERE exchange.state = $1"
        " AND exchange.state <> 'answered' AND exchange.problem IS NULL"
        " AND (exchange.issue_id IS NULL OR EXISTS (SELECT 1 FROM issue"
        "   WHERE issue.id = exchange.issue_id AND issue.state IN ('released', 'voided')))"
        " ORDER BY exchange.id LIMIT $2";
    struct db_column columns[EXCHANGE_COLUMNS_COUNT];
    struct exchange_row row;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, open_sql,
                 DB_ARGUMENTS(db_text(text_of(state_names[state])), db_int(max)), error);
    while (db_rows_next(&rows, exchange_columns(&row, arena, columns)))
        exchanges[count++] = exchange_of(&row);
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

/* ---- going on */

static enum status exchange_change(struct db_transaction *transaction, const char *sql,
                                   struct db_arguments arguments, struct error *error)
{
    int64_t changes = 0;
    enum status status = db_execute(transaction, sql, arguments, &changes, error);

    if (status == LICET_OK && changes != 1)
        return error_set(error, LICET_CONFLICT, "this request is in another state by now");
    return status;
}

enum status store_exchange_write(struct db_transaction *transaction,
                                 const struct exchange *exchange, struct text payload,
                                 struct text payload_hash, struct error *error)
{
    return exchange_change(
        transaction,
        "UPDATE exchange SET state = 'written', file_issue_id = $2,"
        " certificate = $3, payload = $4, payload_hash = $5"
        " WHERE id = $1 AND state = 'waiting'",
        DB_ARGUMENTS(db_int(exchange->id), db_int_or_null(exchange->file_issue_id),
                     db_bytes(exchange->certificate), db_bytes(payload), db_text(payload_hash)),
        error);
}

enum status store_exchange_answer(struct db_transaction *transaction, int64_t id,
                                  struct text response, struct error *error)
{
    return exchange_change(transaction,
                           "UPDATE exchange SET state = 'answered', response = $2"
                           " WHERE id = $1 AND state = 'written'",
                           DB_ARGUMENTS(db_int(id), db_bytes(response)), error);
}

enum status store_exchange_refuse(struct db_transaction *transaction, int64_t id,
                                  struct text problem, struct error *error)
{
    return exchange_change(transaction,
                           "UPDATE exchange SET problem = $2 WHERE id = $1 AND state <> 'answered'",
                           DB_ARGUMENTS(db_int(id), db_text(problem)), error);
}

enum status store_exchange_again(struct db_transaction *transaction, int64_t id,
                                 struct error *error)
{
    return db_execute(transaction,
                      "UPDATE exchange SET state = 'waiting', problem = NULL, file_issue_id = NULL,"
                      " certificate = NULL, payload = NULL, payload_hash = NULL"
                      " WHERE id = $1 AND problem IS NOT NULL AND state <> 'answered'",
                      DB_ARGUMENTS(db_int(id)), NULL, error);
}

enum status store_exchange_payload(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct text *ret_payload,
                                   struct error *error)
{
    return db_row(transaction, "SELECT payload FROM exchange WHERE id = $1 AND payload IS NOT NULL",
                  DB_ARGUMENTS(db_int(id)), DB_COLUMNS(db_ret_bytes(ret_payload, arena)), error);
}

enum status store_exchange_response(struct db_transaction *transaction, int64_t id,
                                    struct arena *arena, struct text *ret_response,
                                    struct error *error)
{
    enum status status =
        db_row(transaction, "SELECT response FROM exchange WHERE id = $1 AND response IS NOT NULL",
               DB_ARGUMENTS(db_int(id)), DB_COLUMNS(db_ret_bytes(ret_response, arena)), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "this request is not answered yet");
    return status;
}
