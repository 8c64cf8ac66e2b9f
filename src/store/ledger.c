/* Transfers between accounts: the guard is in the statement, so no two of them take one seat. */
#include "store/ledger.h"

#include "store/rows.h"

static const char *const account_kind_names[] = {
    [ACCOUNT_OWNED] = "OWNED",
    [ACCOUNT_AVAILABLE] = "AVAILABLE",
    [ACCOUNT_ALLOCATED] = "ALLOCATED",
    [ACCOUNT_RETURN_PENDING] = "RETURN_PENDING",
    [ACCOUNT_OBSOLETE_PENDING] = "OBSOLETE_PENDING",
    [ACCOUNT_EXPIRED] = "EXPIRED",
    [ACCOUNT_VOID] = "VOID",
};

const char *account_kind_name(enum account_kind kind)
{
    return account_kind_names[kind];
}

static enum status account_take(struct db_transaction *transaction, int64_t entitlement_id,
                                struct account account, uint32_t seats, struct error *error)
{
    static const char take_sql[] = "UPDATE account SET seats = seats - $4"
                                   " WHERE entitlement_id = $1 AND kind = $2 AND server_id = $3"
                                   " AND seats >= $4";
    uint32_t has;
    int64_t changes;
    enum status status = db_execute(transaction, take_sql,
                                    DB_ARGUMENTS(db_int(entitlement_id),
                                                 db_text(text_of(account_kind_name(account.kind))),
                                                 db_int(account.server_id), db_int(seats)),
                                    &changes, error);

    if (status != LICET_OK || changes == 1)
        return status;
    status = store_ledger_seats(transaction, entitlement_id, account, &has, error);
    if (status != LICET_OK)
        return status;
    return error_set(error, LICET_NO_SEAT, "%u seats are wanted and %u are %s", seats, has,
                     account_kind_name(account.kind));
}

static enum status account_add(struct db_transaction *transaction, int64_t entitlement_id,
                               struct account account, uint32_t seats, struct error *error)
{
    static const char add_sql[] =
        "INSERT INTO account (entitlement_id, kind, server_id, seats) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (entitlement_id, kind, server_id)"
        " DO UPDATE SET seats = account.seats + excluded.seats";

    return db_execute_later(transaction, add_sql,
                            DB_ARGUMENTS(db_int(entitlement_id),
                                         db_text(text_of(account_kind_name(account.kind))),
                                         db_int(account.server_id), db_int(seats)),
                            error);
}

static enum status ledger_insert(struct db_transaction *transaction,
                                 const struct transfer *transfer, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO ledger (entitlement_id, from_kind, from_server, to_kind, to_server, seats,"
        " act, issue_id, receipt_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    return db_execute_later(
        transaction, insert_sql,
        DB_ARGUMENTS(db_int(transfer->entitlement_id),
                     db_text(text_of(account_kind_name(transfer->from.kind))),
                     db_int(transfer->from.server_id),
                     db_text(text_of(account_kind_name(transfer->to.kind))),
                     db_int(transfer->to.server_id), db_int(transfer->seats),
                     db_text(text_of(transfer->act)), db_int_or_null(transfer->issue_id),
                     db_int_or_null(transfer->receipt_id), db_int(transfer->at.s)),
        error);
}

enum status store_ledger_transfer(struct db_transaction *transaction,
                                  const struct transfer *transfer, struct error *error)
{
    bool grows = transfer->from.kind == ACCOUNT_OWNED;
    bool shrinks = transfer->to.kind == ACCOUNT_OWNED;
    enum status status;

    if (transfer->seats == 0)
        return LICET_OK;
    /* The contra account counts what is with the others, so its sign is theirs. */
    status = (grows ? account_add : account_take)(transaction, transfer->entitlement_id,
                                                  transfer->from, transfer->seats, error);
    if (status == LICET_OK)
        status = (shrinks ? account_take : account_add)(transaction, transfer->entitlement_id,
                                                        transfer->to, transfer->seats, error);
    if (status != LICET_OK)
        return status;
    return ledger_insert(transaction, transfer, error);
}

enum status store_ledger_seats(struct db_transaction *transaction, int64_t entitlement_id,
                               struct account account, uint32_t *ret_seats, struct error *error)
{
    static const char seats_sql[] = "SELECT seats FROM account"
                                    " WHERE entitlement_id = $1 AND kind = $2 AND server_id = $3";
    enum status status = db_row(transaction, seats_sql,
                                DB_ARGUMENTS(db_int(entitlement_id),
                                             db_text(text_of(account_kind_name(account.kind))),
                                             db_int(account.server_id)),
                                DB_COLUMNS(db_ret_u32(ret_seats)), error);

    if (status != LICET_NOT_FOUND)
        return status;
    *ret_seats = 0;
    return LICET_OK;
}

void charged_open(struct db_rows *rows, struct db_transaction *transaction, int64_t entitlement_id,
                  int64_t server_id, struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT COALESCE((SELECT seats FROM account WHERE entitlement_id = $1"
                 "   AND kind = 'ALLOCATED' AND server_id = $2), 0),"
                 " COALESCE((SELECT seats FROM account WHERE entitlement_id = $1"
                 "   AND kind = 'RETURN_PENDING' AND server_id = $2), 0)",
                 DB_ARGUMENTS(db_int(entitlement_id), db_int(server_id)), error);
}

enum status charged_rows_only(struct db_rows *rows, struct charged *ret_charged)
{
    return db_rows_only(
        rows, DB_COLUMNS(db_ret_u32(&ret_charged->allocated), db_ret_u32(&ret_charged->pending)));
}

enum status store_ledger_charged(struct db_transaction *transaction, int64_t entitlement_id,
                                 int64_t server_id, struct charged *ret_charged,
                                 struct error *error)
{
    struct db_rows rows;

    charged_open(&rows, transaction, entitlement_id, server_id, error);
    return charged_rows_only(&rows, ret_charged);
}

enum status store_ledger_list_server(struct db_transaction *transaction, int64_t server_id,
                                     uint32_t max, int64_t *entitlement_ids, uint32_t *ret_count,
                                     struct error *error)
{
    static const char list_sql[] = "SELECT DISTINCT entitlement_id FROM account"
                                   " WHERE server_id = $1 AND seats > 0"
                                   " ORDER BY entitlement_id LIMIT $2";
    struct db_rows rows;
    uint32_t count = 0;
    int64_t id;
    enum status status;

    db_rows_open(&rows, transaction, list_sql,
                 DB_ARGUMENTS(db_int(server_id), db_int((int64_t)max + 1)), error);
    while (db_rows_next(&rows, DB_COLUMNS(db_ret_int(&id)))) {
        if (count < max)
            entitlement_ids[count] = id;
        count++;
    }
    status = db_rows_close(&rows);
    if (status != LICET_OK)
        return status;
    if (count > max)
        return error_set(error, LICET_OVER_LIMIT,
                         "a license server has seats of at most %u entitlements", max);
    *ret_count = count;
    return LICET_OK;
}

static void sums_add(uint32_t seats[ACCOUNT_KINDS_COUNT], struct text kind, uint32_t sum)
{
    for (size_t i = 0; i < ACCOUNT_KINDS_COUNT; i++) {
        if (text_is(kind, account_kind_names[i]))
            seats[i] = sum;
    }
}

enum status store_ledger_sums(struct db_transaction *transaction, int64_t entitlement_id,
                              uint32_t ret_seats[ACCOUNT_KINDS_COUNT], struct error *error)
{
    static const char sums_sql[] = "SELECT kind, CAST(SUM(seats) AS BIGINT) FROM account"
                                   " WHERE entitlement_id = $1 GROUP BY kind";
    uint32_t seats[ACCOUNT_KINDS_COUNT] = {0}, sum;
    char place[ACCOUNT_KINDS_COUNT * 32]; /* each kind once, and what alignment takes */
    struct arena arena = arena_over(place, sizeof(place));
    struct text kind;
    struct db_rows rows;
    enum status status;

    db_rows_open(&rows, transaction, sums_sql, DB_ARGUMENTS(db_int(entitlement_id)), error);
    while (db_rows_next(&rows, DB_COLUMNS(db_ret_text(&kind, &arena), db_ret_u32(&sum))))
        sums_add(seats, kind, sum);
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        memcpy(ret_seats, seats, sizeof(seats));
    return status;
}

enum status store_ledger_list_seats(struct db_transaction *transaction, int64_t entitlement_id,
                                    int64_t after, uint32_t max, struct arena *arena,
                                    struct server_seats *seats, uint32_t *ret_count,
                                    struct error *error)
{
    static const char list_sql[] =
        "SELECT server.id, server.number, server.name,"
        " CAST(SUM(CASE WHEN kind = 'ALLOCATED' THEN seats ELSE 0 END) AS BIGINT),"
        " CAST(SUM(CASE WHEN kind = 'RETURN_PENDING' THEN seats ELSE 0 END) AS BIGINT)"
        " FROM account JOIN server ON server.id = account.server_id"
        " WHERE entitlement_id = $1 AND account.server_id > $2 AND seats > 0"
        " GROUP BY server.id, server.number, server.name ORDER BY server.id LIMIT $3";
    struct server_seats row;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, list_sql,
                 DB_ARGUMENTS(db_int(entitlement_id), db_int(after), db_int(max)), error);
    while (
        db_rows_next(&rows, DB_COLUMNS(db_ret_int(&row.server_id), db_ret_text(&row.number, arena),
                                       db_ret_text(&row.name, arena), db_ret_u32(&row.allocated),
                                       db_ret_u32(&row.return_pending))))
        seats[count++] = row;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}
