#include "store/entitlement.h"

#include "store/rows.h"

#define ENTITLEMENT_COLUMNS                                                                        \
    "id, order_line_id, customer_id, edition_id, sn, code, maintenance, expiry, state, created,"   \
    " activated, (SELECT product.is_whole_only FROM edition JOIN product"                          \
    "   ON product.id = edition.product_id WHERE edition.id = entitlement.edition_id)"
#define ENTITLEMENT_COLUMNS_COUNT 12

static const char *const state_names[] = {
    [ENTITLEMENT_ISSUED] = "issued",
    [ENTITLEMENT_ACTIVATED] = "activated",
    [ENTITLEMENT_ON_HOLD] = "on_hold",
};

const char *entitlement_state_name(enum entitlement_state state)
{
    return state_names[state];
}

static struct db_columns entitlement_columns(struct entitlement *entitlement, struct text *state,
                                             struct arena *arena,
                                             struct db_column columns[ENTITLEMENT_COLUMNS_COUNT])
{
    columns[0] = db_ret_int(&entitlement->id);
    columns[1] = db_ret_int(&entitlement->order_line_id);
    columns[2] = db_ret_int(&entitlement->customer_id);
    columns[3] = db_ret_int(&entitlement->edition_id);
    columns[4] = db_ret_text(&entitlement->sn, arena);
    columns[5] = db_ret_text(&entitlement->code, arena);
    columns[6] = db_ret_text(&entitlement->maintenance, arena);
    columns[7] = db_ret_text(&entitlement->expiry, arena);
    columns[8] = db_ret_text(state, arena);
    columns[9] = db_ret_int(&entitlement->created.s);
    columns[10] = db_ret_int_or_null(&entitlement->activated.s);
    columns[11] = db_ret_bool(&entitlement->is_whole_only);
    return (struct db_columns){columns, ENTITLEMENT_COLUMNS_COUNT};
}

/* The CHECK lets no other word in. */
static enum entitlement_state entitlement_state_of(struct text word)
{
    if (text_is(word, state_names[ENTITLEMENT_ACTIVATED]))
        return ENTITLEMENT_ACTIVATED;
    return text_is(word, state_names[ENTITLEMENT_ISSUED]) ? ENTITLEMENT_ISSUED
                                                          : ENTITLEMENT_ON_HOLD;
}

enum status entitlement_rows_only(struct db_rows *rows, struct arena *arena,
                                  struct entitlement *ret_entitlement, struct error *error)
{
    struct db_column columns[ENTITLEMENT_COLUMNS_COUNT];
    struct entitlement entitlement;
    struct text state;
    enum status status =
        db_rows_only(rows, entitlement_columns(&entitlement, &state, arena, columns));

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such entitlement");
    if (status != LICET_OK)
        return status;
    entitlement.state = entitlement_state_of(state);
    *ret_entitlement = entitlement;
    return LICET_OK;
}

static enum status entitlement_row(struct db_transaction *transaction, const char *sql,
                                   struct db_arguments arguments, struct arena *arena,
                                   struct entitlement *ret_entitlement, struct error *error)
{
    struct db_rows rows;

    db_rows_open(&rows, transaction, sql, arguments, error);
    return entitlement_rows_only(&rows, arena, ret_entitlement, error);
}

enum status store_entitlement_insert(struct db_transaction *transaction,
                                     const struct entitlement *entitlement, int64_t *ret_id,
                                     struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO entitlement (order_line_id, customer_id, edition_id, sn, code, maintenance,"
        " expiry, state, created) VALUES ($1, $2, $3, $4, $5, $6, $7, 'issued', $8) RETURNING id";

    return db_row(transaction, insert_sql,
                  DB_ARGUMENTS(db_int(entitlement->order_line_id), db_int(entitlement->customer_id),
                               db_int(entitlement->edition_id), db_text(entitlement->sn),
                               db_text(entitlement->code), db_text(entitlement->maintenance),
                               db_text(entitlement->expiry), db_int(entitlement->created.s)),
                  DB_COLUMNS(db_ret_int(ret_id)), error);
}

enum status store_entitlement_get(struct db_transaction *transaction, int64_t id,
                                  struct arena *arena, struct entitlement *ret_entitlement,
                                  struct error *error)
{
    return entitlement_row(transaction,
                           "SELECT " ENTITLEMENT_COLUMNS " FROM entitlement WHERE id = $1",
                           DB_ARGUMENTS(db_int(id)), arena, ret_entitlement, error);
}

enum status store_entitlement_lock(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct entitlement *ret_entitlement,
                                   struct error *error)
{
    return entitlement_row(transaction,
                           "SELECT " ENTITLEMENT_COLUMNS
                           " FROM entitlement WHERE id = $1 FOR NO KEY UPDATE",
                           DB_ARGUMENTS(db_int(id)), arena, ret_entitlement, error);
}

void entitlement_open_lock_of(struct db_rows *rows, struct db_transaction *transaction, int64_t id,
                              int64_t server_id, struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT " ENTITLEMENT_COLUMNS " FROM entitlement WHERE id = $1 AND customer_id ="
                 " (SELECT server.customer_id FROM server WHERE server.id = $2)"
                 " FOR NO KEY UPDATE",
                 DB_ARGUMENTS(db_int(id), db_int(server_id)), error);
}

enum status store_entitlement_find_code(struct db_transaction *transaction, struct text code,
                                        struct arena *arena, struct entitlement *ret_entitlement,
                                        struct error *error)
{
    return entitlement_row(transaction,
                           "SELECT " ENTITLEMENT_COLUMNS " FROM entitlement WHERE code = $1",
                           DB_ARGUMENTS(db_text(code)), arena, ret_entitlement, error);
}

enum status store_entitlement_find_line(struct db_transaction *transaction, int64_t order_line_id,
                                        struct arena *arena, struct entitlement *ret_entitlement,
                                        struct error *error)
{
    return entitlement_row(
        transaction, "SELECT " ENTITLEMENT_COLUMNS " FROM entitlement WHERE order_line_id = $1",
        DB_ARGUMENTS(db_int(order_line_id)), arena, ret_entitlement, error);
}

enum status store_entitlement_find_sn(struct db_transaction *transaction, struct text sn,
                                      struct arena *arena, struct entitlement *ret_entitlement,
                                      struct error *error)
{
    return entitlement_row(transaction,
                           "SELECT " ENTITLEMENT_COLUMNS " FROM entitlement WHERE sn = $1",
                           DB_ARGUMENTS(db_text(sn)), arena, ret_entitlement, error);
}

enum status store_entitlement_list(struct db_transaction *transaction, int64_t customer_id,
                                   int64_t before, uint32_t max, struct arena *arena,
                                   struct entitlement *entitlements, uint32_t *ret_count,
                                   struct error *error)
{
    static const char list_sql[] = "SELECT " ENTITLEMENT_COLUMNS " FROM entitlement"
                                   " WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    struct db_column columns[ENTITLEMENT_COLUMNS_COUNT];
    struct entitlement entitlement;
    struct text state;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(
        &rows, transaction, list_sql,
        DB_ARGUMENTS(db_int(customer_id), db_int(before == 0 ? INT64_MAX : before), db_int(max)),
        error);
    while (db_rows_next(&rows, entitlement_columns(&entitlement, &state, arena, columns))) {
        entitlement.state = entitlement_state_of(state);
        entitlements[count++] = entitlement;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_entitlement_activate(struct db_transaction *transaction, int64_t id,
                                       struct unix_time now, struct error *error)
{
    static const char activate_sql[] = "UPDATE entitlement SET state = 'activated', activated = $2"
                                       " WHERE id = $1 AND state = 'issued'";

    return db_execute(transaction, activate_sql, DB_ARGUMENTS(db_int(id), db_int(now.s)), NULL,
                      error);
}
