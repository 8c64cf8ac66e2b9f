#include "store/order.h"

#include "db/db.h"

#define ORDER_COLUMNS                                                                              \
    "id, number, partner_id, customer_id, agreement_id, po_number, contact, state, reason,"        \
    " created, changed"
#define ORDER_COLUMNS_COUNT 11

static const char *const state_names[] = {
    [ORDER_DRAFT] = "draft",         [ORDER_SUBMITTED] = "submitted", [ORDER_ON_HOLD] = "on_hold",
    [ORDER_APPROVED] = "approved",   [ORDER_FULFILLED] = "fulfilled", [ORDER_REJECTED] = "rejected",
    [ORDER_CANCELLED] = "cancelled",
};

const char *order_state_name(enum order_state state)
{
    return state_names[state];
}

/* The CHECK lets no other word in. */
static enum order_state order_state_of(struct text word)
{
    enum order_state state = ORDER_DRAFT;

    while (state < ORDER_CANCELLED && !text_is(word, state_names[state]))
        state++;
    return state;
}

static struct db_columns order_columns(struct order *order, struct text *state, struct arena *arena,
                                       struct db_column columns[ORDER_COLUMNS_COUNT])
{
    columns[0] = db_ret_int(&order->id);
    columns[1] = db_ret_text(&order->number, arena);
    columns[2] = db_ret_int(&order->partner_id);
    columns[3] = db_ret_int(&order->customer_id);
    columns[4] = db_ret_int(&order->agreement_id);
    columns[5] = db_ret_text(&order->po_number, arena);
    columns[6] = db_ret_text(&order->contact, arena);
    columns[7] = db_ret_text(state, arena);
    columns[8] = db_ret_text_or_null(&order->reason, arena);
    columns[9] = db_ret_int(&order->created.s);
    columns[10] = db_ret_int(&order->changed.s);
    return (struct db_columns){columns, ORDER_COLUMNS_COUNT};
}

/* ---- making one */

static enum status order_insert_line(struct db_transaction *transaction, int64_t order_id,
                                     const struct order_line *line, struct error *error)
{
    static const char line_sql[] =
        "INSERT INTO order_line (order_id, edition_id, seats, maintenance, expiry)"
        " VALUES ($1, $2, $3, $4, $5)";

    return db_execute(transaction, line_sql,
                      DB_ARGUMENTS(db_int(order_id), db_int(line->edition_id), db_int(line->seats),
                                   db_text(line->maintenance), db_text(line->expiry)),
                      NULL, error);
}

enum status store_order_insert(struct db_transaction *transaction, const struct order *order,
                               const struct order_line *lines, uint32_t lines_count,
                               int64_t *ret_id, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO orders (number, partner_id, customer_id, agreement_id, po_number, contact,"
        " state, created, changed) VALUES ($1, $2, $3, $4, $5, $6, 'draft', $7, $7)"
        " ON CONFLICT (number) DO NOTHING RETURNING id";
    enum status status = db_row(transaction, insert_sql,
                                DB_ARGUMENTS(db_text(order->number), db_int(order->partner_id),
                                             db_int(order->customer_id),
                                             db_int(order->agreement_id), db_text(order->po_number),
                                             db_text(order->contact), db_int(order->created.s)),
                                DB_COLUMNS(db_ret_int(ret_id)), error);

    if (status == LICET_NOT_FOUND) {
        *ret_id = 0;
        return LICET_OK;
    }
    for (uint32_t i = 0; status == LICET_OK && i < lines_count; i++)
        status = order_insert_line(transaction, *ret_id, &lines[i], error);
    return status;
}

/* ---- reading */

static enum status order_row(struct db_transaction *transaction, const char *sql, int64_t id,
                             struct arena *arena, struct order *ret_order, struct error *error)
{
    struct db_column columns[ORDER_COLUMNS_COUNT];
    struct order order;
    struct text state;
    enum status status = db_row(transaction, sql, DB_ARGUMENTS(db_int(id)),
                                order_columns(&order, &state, arena, columns), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such order");
    if (status != LICET_OK)
        return status;
    order.state = order_state_of(state);
    *ret_order = order;
    return LICET_OK;
}

enum status store_order_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                            struct order *ret_order, struct error *error)
{
    return order_row(transaction, "SELECT " ORDER_COLUMNS " FROM orders WHERE id = $1", id, arena,
                     ret_order, error);
}

enum status store_order_lock(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct order *ret_order, struct error *error)
{
    return order_row(transaction,
                     "SELECT " ORDER_COLUMNS " FROM orders WHERE id = $1 FOR NO KEY UPDATE", id,
                     arena, ret_order, error);
}

enum status store_order_lines(struct db_transaction *transaction, int64_t order_id, uint32_t max,
                              struct arena *arena, struct order_line *lines, uint32_t *ret_count,
                              struct error *error)
{
    static const char lines_sql[] = "SELECT id, edition_id, seats, maintenance, expiry"
                                    " FROM order_line WHERE order_id = $1 ORDER BY id";
    struct order_line line;
    struct db_rows rows;
    uint32_t count = 0;
    bool is_over = false;
    enum status status;

    db_rows_open(&rows, transaction, lines_sql, DB_ARGUMENTS(db_int(order_id)), error);
    while (!is_over &&
           db_rows_next(&rows,
                        DB_COLUMNS(db_ret_int(&line.id), db_ret_int(&line.edition_id),
                                   db_ret_u32(&line.seats), db_ret_text(&line.maintenance, arena),
                                   db_ret_text(&line.expiry, arena)))) {
        is_over = count == max;
        if (!is_over)
            lines[count++] = line;
    }
    status = db_rows_close(&rows);
    if (status != LICET_OK)
        return status;
    if (is_over)
        return error_set(error, LICET_OVER_LIMIT, "the order has more than %u lines", max);
    *ret_count = count;
    return LICET_OK;
}

#define ORDER_HERS                                                                                 \
    " id IN (SELECT id FROM orders WHERE partner_id IN"                                            \
    " (SELECT organization_id FROM membership WHERE person_id = $6)"                               \
    " UNION SELECT id FROM orders WHERE customer_id IN"                                            \
    " (SELECT organization_id FROM membership WHERE person_id = $6))"

/* Four texts, so that each finds its index. */
static const char *order_list_sql(const struct order_filter *filter)
{
    if (filter->customer_id != 0)
        return "SELECT " ORDER_COLUMNS " FROM orders WHERE customer_id = $1"
               " AND ($6 = 0 OR" ORDER_HERS
               ") AND ($2 = 0 OR partner_id = $2) AND ($3 = '' OR po_number = $3) AND id < $4"
               " ORDER BY id DESC LIMIT $5";
    if (filter->partner_id != 0)
        return "SELECT " ORDER_COLUMNS " FROM orders WHERE partner_id = $2 AND $1 = 0"
               " AND ($6 = 0 OR" ORDER_HERS ")"
               " AND ($3 = '' OR po_number = $3) AND id < $4 ORDER BY id DESC LIMIT $5";
    if (filter->person_id != 0)
        return "SELECT " ORDER_COLUMNS " FROM orders WHERE" ORDER_HERS " AND $1 = $2"
               " AND ($3 = '' OR po_number = $3) AND id < $4 ORDER BY id DESC LIMIT $5";
    return "SELECT " ORDER_COLUMNS " FROM orders WHERE $1 = $2 AND $6 = 0"
           " AND ($3 = '' OR po_number = $3) AND id < $4 ORDER BY id DESC LIMIT $5";
}

enum status store_order_list(struct db_transaction *transaction, const struct order_filter *filter,
                             uint32_t max, struct arena *arena, struct order *orders,
                             uint32_t *ret_count, struct error *error)
{
    struct db_column columns[ORDER_COLUMNS_COUNT];
    struct order order;
    struct text state;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, order_list_sql(filter),
                 DB_ARGUMENTS(db_int(filter->customer_id), db_int(filter->partner_id),
                              db_text(filter->po_number),
                              db_int(filter->before == 0 ? INT64_MAX : filter->before), db_int(max),
                              db_int(filter->person_id)),
                 error);
    while (db_rows_next(&rows, order_columns(&order, &state, arena, columns))) {
        order.state = order_state_of(state);
        orders[count++] = order;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_order_set_state(struct db_transaction *transaction, int64_t id,
                                  enum order_state state, struct text reason, struct unix_time now,
                                  struct error *error)
{
    return db_execute(transaction,
                      "UPDATE orders SET state = $2, reason = $3, changed = $4 WHERE id = $1",
                      DB_ARGUMENTS(db_int(id), db_text(text_of(state_names[state])),
                                   db_text_or_null(reason), db_int(now.s)),
                      NULL, error);
}
