#include "store/audit.h"

#include "db/db.h"

/* ---- keys */

enum status store_audit_next(struct db_transaction *transaction, enum audit_table table,
                             int64_t after, int64_t *ret_id, struct error *error)
{
    static const char *const next_sql[] = {
        [AUDIT_ORDER_LINES] = "SELECT id FROM order_line WHERE id > $1 ORDER BY id LIMIT 1",
        [AUDIT_ENTITLEMENTS] = "SELECT id FROM entitlement WHERE id > $1 ORDER BY id LIMIT 1",
        [AUDIT_SERVERS] = "SELECT id FROM server WHERE id > $1 ORDER BY id LIMIT 1",
        [AUDIT_RECEIPTS] = "SELECT id FROM receipt WHERE id > $1 ORDER BY id LIMIT 1",
        [AUDIT_EXCHANGES] = "SELECT id FROM exchange WHERE id > $1 ORDER BY id LIMIT 1",
    };

    return db_row(transaction, next_sql[table], DB_ARGUMENTS(db_int(after)),
                  DB_COLUMNS(db_ret_int(ret_id)), error);
}

enum status store_audit_next_generation(struct db_transaction *transaction, int64_t server_id,
                                        uint32_t after, int64_t *ret_issue_id, struct error *error)
{
    static const char next_sql[] = "SELECT id FROM issue WHERE server_id = $1 AND generation > $2"
                                   " ORDER BY generation LIMIT 1";

    return db_row(transaction, next_sql, DB_ARGUMENTS(db_int(server_id), db_int(after)),
                  DB_COLUMNS(db_ret_int(ret_issue_id)), error);
}

enum status store_audit_next_leaf(struct db_transaction *transaction, int64_t after,
                                  int64_t *ret_issue_id, struct error *error)
{
    static const char next_sql[] =
        "SELECT id FROM issue WHERE log_index > $1 ORDER BY log_index LIMIT 1";

    return db_row(transaction, next_sql, DB_ARGUMENTS(db_int(after)),
                  DB_COLUMNS(db_ret_int(ret_issue_id)), error);
}

/* ---- orders */

enum status store_audit_order_line(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct audit_order_line *ret_line,
                                   struct error *error)
{
    static const char line_sql[] =
        "SELECT orders.number, orders.state, order_line.seats, entitlement.sn,"
        " CASE WHEN entitlement.customer_id = orders.customer_id"
        "   AND entitlement.edition_id = order_line.edition_id THEN 1 ELSE 0 END,"
        " COALESCE((SELECT account.seats FROM account WHERE account.kind = 'OWNED'"
        "   AND account.entitlement_id = entitlement.id AND account.server_id = 0), 0)"
        " FROM order_line JOIN orders ON orders.id = order_line.order_id"
        " LEFT JOIN entitlement ON entitlement.order_line_id = order_line.id"
        " WHERE order_line.id = $1";
    struct audit_order_line line;
    enum status status = db_row(
        transaction, line_sql, DB_ARGUMENTS(db_int(id)),
        DB_COLUMNS(db_ret_text(&line.order_number, arena), db_ret_text(&line.order_state, arena),
                   db_ret_u32(&line.seats), db_ret_text_or_null(&line.sn, arena),
                   db_ret_bool(&line.is_same), db_ret_int(&line.owned)),
        error);

    if (status == LICET_OK)
        *ret_line = line;
    return status;
}

/* ---- the ledger */

#define KIND_ARENA_BYTES 256

/* The tables let in no other word. */
static enum account_kind kind_of(struct text name)
{
    int kind = ACCOUNT_OWNED;

    while (kind < ACCOUNT_VOID && !text_is(name, account_kind_name((enum account_kind)kind)))
        kind++;
    return (enum account_kind)kind;
}

static enum status accounts_read(struct db_transaction *transaction, const char *sql, int64_t id,
                                 uint32_t max, struct audit_account *accounts, uint32_t *ret_count,
                                 struct error *error)
{
    char place[KIND_ARENA_BYTES];
    struct arena arena = arena_over(place, sizeof(place));
    struct audit_account account;
    struct text kind;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, sql, DB_ARGUMENTS(db_int(id), db_int((int64_t)max + 1)),
                 error);
    while (db_rows_next(
        &rows, DB_COLUMNS(db_ret_int(&account.entitlement_id), db_ret_text(&kind, &arena),
                          db_ret_int(&account.account.server_id), db_ret_u32(&account.seats)))) {
        account.account.kind = kind_of(kind);
        arena = arena_over(place, sizeof(place));
        if (count++ < max)
            accounts[count - 1] = account;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK && count > max)
        return error_set(error, LICET_OVER_LIMIT, "more than %u accounts in one place", max);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_audit_accounts(struct db_transaction *transaction, int64_t entitlement_id,
                                 uint32_t max, struct audit_account *accounts, uint32_t *ret_count,
                                 struct error *error)
{
    return accounts_read(transaction,
                         "SELECT entitlement_id, kind, server_id, seats FROM account"
                         " WHERE entitlement_id = $1 LIMIT $2",
                         entitlement_id, max, accounts, ret_count, error);
}

enum status store_audit_server_accounts(struct db_transaction *transaction, int64_t server_id,
                                        uint32_t max, struct audit_account *accounts,
                                        uint32_t *ret_count, struct error *error)
{
    return accounts_read(transaction,
                         "SELECT entitlement_id, kind, server_id, seats FROM account"
                         " WHERE server_id = $1 AND server_id > 0 ORDER BY entitlement_id LIMIT $2",
                         server_id, max, accounts, ret_count, error);
}

enum status store_audit_steps(struct db_transaction *transaction, int64_t entitlement_id,
                              int64_t after, uint32_t max, struct audit_step *steps,
                              uint32_t *ret_count, struct error *error)
{
    static const char steps_sql[] =
        "SELECT id, from_kind, from_server, to_kind, to_server, seats FROM ledger"
        " WHERE entitlement_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    char place[KIND_ARENA_BYTES];
    struct arena arena = arena_over(place, sizeof(place));
    struct audit_step step;
    struct text from, to;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, steps_sql,
                 DB_ARGUMENTS(db_int(entitlement_id), db_int(after), db_int(max)), error);
    while (
        db_rows_next(&rows, DB_COLUMNS(db_ret_int(&step.id), db_ret_text(&from, &arena),
                                       db_ret_int(&step.from.server_id), db_ret_text(&to, &arena),
                                       db_ret_int(&step.to.server_id), db_ret_u32(&step.seats)))) {
        step.from.kind = kind_of(from);
        step.to.kind = kind_of(to);
        arena = arena_over(place, sizeof(place));
        steps[count++] = step;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

/* ---- texts */

enum status store_audit_log(struct db_transaction *transaction, struct arena *arena,
                            int64_t *ret_size, struct text *ret_frontier, struct error *error)
{
    return db_row(transaction, "SELECT log_size, log_frontier FROM issuer WHERE id = 1",
                  DB_NO_ARGUMENTS,
                  DB_COLUMNS(db_ret_int(ret_size), db_ret_bytes(ret_frontier, arena)), error);
}

enum status store_audit_exchange(struct db_transaction *transaction, int64_t id,
                                 struct arena *arena, struct audit_exchange *ret_exchange,
                                 struct error *error)
{
    static const char exchange_sql[] =
        "SELECT request, payload, payload_hash, response FROM exchange WHERE id = $1";
    struct audit_exchange exchange;
    enum status status = db_row(transaction, exchange_sql, DB_ARGUMENTS(db_int(id)),
                                DB_COLUMNS(db_ret_bytes(&exchange.request, arena),
                                           db_ret_bytes_or_null(&exchange.payload, arena),
                                           db_ret_text_or_null(&exchange.payload_hash, arena),
                                           db_ret_bytes_or_null(&exchange.response, arena)),
                                error);

    if (status == LICET_OK)
        *ret_exchange = exchange;
    return status;
}
