#include "store/session.h"

#include "store/rows.h"

#define IDEMPOTENCY_DAYS 30 /* R6.9 */

/* ---- sessions */

enum status store_session_insert(struct db_transaction *transaction, struct text hash,
                                 const struct session *session, int64_t *ret_id,
                                 struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO session (hash, person_id, kind, created, used, ends)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";

    return db_row(transaction, insert_sql,
                  DB_ARGUMENTS(db_bytes(hash), db_int(session->person_id),
                               db_text(session->is_cookie ? TEXT("cookie") : TEXT("token")),
                               db_int(session->created.s), db_int(session->used.s),
                               db_int(session->ends.s)),
                  DB_COLUMNS(db_ret_int(ret_id)), error);
}

static enum status session_rows_only(struct db_rows *rows, struct session *ret_session)
{
    struct session session;
    enum status status = db_rows_only(
        rows, DB_COLUMNS(db_ret_int(&session.id), db_ret_int(&session.person_id),
                         db_ret_bool(&session.is_cookie), db_ret_int(&session.created.s),
                         db_ret_int(&session.used.s), db_ret_int(&session.ends.s)));

    if (status == LICET_OK)
        *ret_session = session;
    return status;
}

enum status store_session_find(struct db_transaction *transaction, struct text hash,
                               struct unix_time now, uint32_t max, struct session *ret_session,
                               struct membership *memberships, uint32_t *ret_count,
                               struct error *error)
{
    struct db_rows session, membership;
    enum status status;

    db_rows_open(&session, transaction,
                 "SELECT id, person_id, kind = 'cookie', created, used, ends"
                 " FROM session WHERE hash = $1 AND ends > $2",
                 DB_ARGUMENTS(db_bytes(hash), db_int(now.s)), error);
    membership_open_of_session(&membership, transaction, hash, max, error);
    status = session_rows_only(&session, ret_session);
    if (status == LICET_OK)
        return membership_rows(&membership, max, memberships, ret_count, error);
    db_rows_close(&membership);
    return status;
}

enum status store_session_use(struct db_transaction *transaction, int64_t id, struct unix_time now,
                              struct error *error)
{
    return db_execute(transaction, "UPDATE session SET used = $2 WHERE id = $1 AND used < $2",
                      DB_ARGUMENTS(db_int(id), db_int(now.s)), NULL, error);
}

enum status store_session_delete(struct db_transaction *transaction, int64_t id,
                                 struct error *error)
{
    return db_execute(transaction, "DELETE FROM session WHERE id = $1", DB_ARGUMENTS(db_int(id)),
                      NULL, error);
}

enum status store_session_delete_others(struct db_transaction *transaction, int64_t person_id,
                                        int64_t keep_id, struct error *error)
{
    return db_execute(transaction, "DELETE FROM session WHERE person_id = $1 AND id <> $2",
                      DB_ARGUMENTS(db_int(person_id), db_int(keep_id)), NULL, error);
}

/* ---- API tokens */

#define API_TOKEN_COLUMNS "id, person_id, name, prefix, scope = 'write', created, used, ends"
#define API_TOKEN_COLUMNS_COUNT 8

static struct db_columns api_token_columns(struct api_token *token, struct arena *arena,
                                           struct db_column columns[API_TOKEN_COLUMNS_COUNT])
{
    columns[0] = db_ret_int(&token->id);
    columns[1] = db_ret_int(&token->person_id);
    columns[2] = db_ret_text(&token->name, arena);
    columns[3] = db_ret_text(&token->prefix, arena);
    columns[4] = db_ret_bool(&token->can_write);
    columns[5] = db_ret_int(&token->created.s);
    columns[6] = db_ret_int_or_null(&token->used.s);
    columns[7] = db_ret_int(&token->ends.s);
    return (struct db_columns){columns, API_TOKEN_COLUMNS_COUNT};
}

enum status store_api_token_insert(struct db_transaction *transaction, struct text hash,
                                   const struct api_token *token, int64_t *ret_id,
                                   struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO api_token (hash, person_id, name, prefix, scope, created, ends)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id";

    return db_row(transaction, insert_sql,
                  DB_ARGUMENTS(db_bytes(hash), db_int(token->person_id), db_text(token->name),
                               db_text(token->prefix),
                               db_text(token->can_write ? TEXT("write") : TEXT("read")),
                               db_int(token->created.s), db_int(token->ends.s)),
                  DB_COLUMNS(db_ret_int(ret_id)), error);
}

static enum status api_token_row(struct db_transaction *transaction, const char *sql,
                                 struct db_arguments arguments, struct arena *arena,
                                 struct api_token *ret_token, struct error *error)
{
    struct db_column columns[API_TOKEN_COLUMNS_COUNT];
    struct api_token token;
    enum status status =
        db_row(transaction, sql, arguments, api_token_columns(&token, arena, columns), error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such token");
    if (status == LICET_OK)
        *ret_token = token;
    return status;
}

enum status store_api_token_find(struct db_transaction *transaction, struct text hash,
                                 struct unix_time now, struct arena *arena,
                                 struct api_token *ret_token, struct error *error)
{
    return api_token_row(
        transaction, "SELECT " API_TOKEN_COLUMNS " FROM api_token WHERE hash = $1 AND ends > $2",
        DB_ARGUMENTS(db_bytes(hash), db_int(now.s)), arena, ret_token, error);
}

enum status store_api_token_get(struct db_transaction *transaction, int64_t person_id, int64_t id,
                                struct arena *arena, struct api_token *ret_token,
                                struct error *error)
{
    return api_token_row(
        transaction, "SELECT " API_TOKEN_COLUMNS " FROM api_token WHERE person_id = $1 AND id = $2",
        DB_ARGUMENTS(db_int(person_id), db_int(id)), arena, ret_token, error);
}

enum status store_api_token_use(struct db_transaction *transaction, int64_t id,
                                struct unix_time now, struct error *error)
{
    static const char use_sql[] =
        "UPDATE api_token SET used = $2 WHERE id = $1 AND (used IS NULL OR used < $2)";

    return db_execute(transaction, use_sql, DB_ARGUMENTS(db_int(id), db_int(now.s)), NULL, error);
}

enum status store_api_token_list(struct db_transaction *transaction, int64_t person_id,
                                 uint32_t max, struct arena *arena, struct api_token *tokens,
                                 uint32_t *ret_count, struct error *error)
{
    struct db_column columns[API_TOKEN_COLUMNS_COUNT];
    struct db_rows rows;
    struct api_token token;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction,
                 "SELECT " API_TOKEN_COLUMNS
                 " FROM api_token WHERE person_id = $1 ORDER BY id DESC LIMIT $2",
                 DB_ARGUMENTS(db_int(person_id), db_int(max)), error);
    while (db_rows_next(&rows, api_token_columns(&token, arena, columns)))
        tokens[count++] = token;
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_api_token_delete(struct db_transaction *transaction, int64_t person_id,
                                   int64_t id, struct error *error)
{
    int64_t changes;
    enum status status =
        db_execute(transaction, "DELETE FROM api_token WHERE person_id = $1 AND id = $2",
                   DB_ARGUMENTS(db_int(person_id), db_int(id)), &changes, error);

    if (status == LICET_OK && changes == 0)
        return error_set(error, LICET_NOT_FOUND, "there is no such token");
    return status;
}

enum status store_api_token_delete_all(struct db_transaction *transaction, int64_t person_id,
                                       struct error *error)
{
    return db_execute(transaction, "DELETE FROM api_token WHERE person_id = $1",
                      DB_ARGUMENTS(db_int(person_id)), NULL, error);
}

/* ---- one-time tokens */

enum status store_one_time_insert(struct db_transaction *transaction, struct text hash,
                                  int64_t person_id, struct unix_time ends, struct error *error)
{
    static const char delete_sql[] = "DELETE FROM one_time_token WHERE coalesce(person_id, 0) = $1";
    enum status status =
        db_execute(transaction, delete_sql, DB_ARGUMENTS(db_int(person_id)), NULL, error);

    if (status != LICET_OK)
        return status;
    return db_execute(
        transaction, "INSERT INTO one_time_token (hash, person_id, ends) VALUES ($1, $2, $3)",
        DB_ARGUMENTS(db_bytes(hash), db_int_or_null(person_id), db_int(ends.s)), NULL, error);
}

static enum status one_time_row(struct db_transaction *transaction, const char *sql,
                                struct text hash, struct unix_time now, int64_t *ret_person_id,
                                struct error *error)
{
    enum status status = db_row(transaction, sql, DB_ARGUMENTS(db_bytes(hash), db_int(now.s)),
                                DB_COLUMNS(db_ret_int_or_null(ret_person_id)), error);

    return status == LICET_NOT_FOUND
               ? error_set(error, LICET_UNAUTHENTICATED,
                           "this one-time token is not known, was used, or is over: whoever gave "
                           "it can make another")
               : status;
}

enum status store_one_time_find(struct db_transaction *transaction, struct text hash,
                                struct unix_time now, int64_t *ret_person_id, struct error *error)
{
    return one_time_row(transaction,
                        "SELECT person_id FROM one_time_token WHERE hash = $1 AND ends > $2", hash,
                        now, ret_person_id, error);
}

enum status store_one_time_take(struct db_transaction *transaction, struct text hash,
                                struct unix_time now, int64_t *ret_person_id, struct error *error)
{
    return one_time_row(
        transaction, "DELETE FROM one_time_token WHERE hash = $1 AND ends > $2 RETURNING person_id",
        hash, now, ret_person_id, error);
}

/* ---- wrong passwords */

enum status store_failures_get(struct db_transaction *transaction, struct text email,
                               uint32_t *ret_failures, struct unix_time *ret_last,
                               struct error *error)
{
    enum status status =
        db_row(transaction, "SELECT failures, last FROM sign_in_failure WHERE email = $1",
               DB_ARGUMENTS(db_text(email)),
               DB_COLUMNS(db_ret_u32(ret_failures), db_ret_int(&ret_last->s)), error);

    if (status != LICET_NOT_FOUND)
        return status;
    *ret_failures = 0;
    *ret_last = (struct unix_time){0};
    return LICET_OK;
}

enum status store_failures_add(struct db_transaction *transaction, struct text email,
                               struct unix_time now, struct error *error)
{
    static const char add_sql[] =
        "INSERT INTO sign_in_failure (email, failures, last) VALUES ($1, 1, $2)"
        " ON CONFLICT (email) DO UPDATE SET failures = sign_in_failure.failures + 1, last = $2";

    return db_execute(transaction, add_sql, DB_ARGUMENTS(db_text(email), db_int(now.s)), NULL,
                      error);
}

enum status store_failures_clear(struct db_transaction *transaction, struct text email,
                                 struct error *error)
{
    return db_execute(transaction, "DELETE FROM sign_in_failure WHERE email = $1",
                      DB_ARGUMENTS(db_text(email)), NULL, error);
}

/* ---- what has ended */

enum status store_sweep(struct db_transaction *transaction, struct unix_time now,
                        struct error *error)
{
    static const struct {
        const char *sql;
        int64_t age_s;
    } steps[] = {
        {"DELETE FROM session WHERE ends <= $1", 0},
        {"DELETE FROM one_time_token WHERE ends <= $1", 0},
        {"DELETE FROM sign_in_failure WHERE last <= $1", SECONDS_A_DAY},
        {"DELETE FROM idempotency WHERE created <= $1", (int64_t)IDEMPOTENCY_DAYS * SECONDS_A_DAY},
    };
    enum status status = LICET_OK;

    for (size_t index = 0; status == LICET_OK && index < sizeof(steps) / sizeof(steps[0]); index++)
        status = db_execute(transaction, steps[index].sql,
                            DB_ARGUMENTS(db_int(now.s - steps[index].age_s)), NULL, error);
    return status;
}
