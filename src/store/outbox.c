#include "store/outbox.h"

#include "db/db.h"

#define MAIL_COLUMNS "id, kind, recipient, order_id, state, attempts, due, problem, created, sent"
#define MAIL_COLUMNS_COUNT 10

static const char *const kind_names[] = {
    [MAIL_ORDER_CONFIRMATION] = "order_confirmation",
};

static const char *const state_names[] = {
    [MAIL_WAITING] = "waiting",
    [MAIL_SENT] = "sent",
    [MAIL_FAILED] = "failed",
};

const char *mail_state_name(enum mail_state state)
{
    return state_names[state];
}

/* The CHECK lets no other word in. */
static enum mail_state mail_state_of(struct text word)
{
    enum mail_state state = MAIL_WAITING;

    while (state < MAIL_FAILED && !text_is(word, state_names[state]))
        state++;
    return state;
}

/* A row as its columns come; words become numbers in mail_of(). */
struct mail_words {
    struct text kind, state;
};

static struct db_columns mail_columns(struct mail *mail, struct mail_words *words,
                                      struct arena *arena,
                                      struct db_column columns[MAIL_COLUMNS_COUNT])
{
    columns[0] = db_ret_int(&mail->id);
    columns[1] = db_ret_text(&words->kind, arena);
    columns[2] = db_ret_text(&mail->recipient, arena);
    columns[3] = db_ret_int(&mail->order_id);
    columns[4] = db_ret_text(&words->state, arena);
    columns[5] = db_ret_u32(&mail->attempts);
    columns[6] = db_ret_int(&mail->due.s);
    columns[7] = db_ret_text_or_null(&mail->problem, arena);
    columns[8] = db_ret_int(&mail->created.s);
    columns[9] = db_ret_int_or_null(&mail->sent.s);
    return (struct db_columns){columns, MAIL_COLUMNS_COUNT};
}

static void mail_take_words(struct mail *mail, const struct mail_words *words)
{
    mail->kind = MAIL_ORDER_CONFIRMATION; /* the only kind that the CHECK lets in */
    mail->state = mail_state_of(words->state);
}

enum status store_outbox_insert(struct db_transaction *transaction, const struct mail *mail,
                                int64_t *ret_id, struct error *error)
{
    return db_row(transaction,
                  "INSERT INTO outbox (kind, recipient, order_id, state, attempts, due, created)"
                  " VALUES ($1, $2, $3, 'waiting', 0, $4, $4) RETURNING id",
                  DB_ARGUMENTS(db_text(text_of(kind_names[mail->kind])), db_text(mail->recipient),
                               db_int(mail->order_id), db_int(mail->created.s)),
                  DB_COLUMNS(db_ret_int(ret_id)), error);
}

static enum status mail_rows(struct db_transaction *transaction, const char *sql,
                             struct db_arguments arguments, struct arena *arena, struct mail *mails,
                             uint32_t *ret_count, struct error *error)
{
    struct db_column columns[MAIL_COLUMNS_COUNT];
    struct mail_words words;
    struct mail mail;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, sql, arguments, error);
    while (db_rows_next(&rows, mail_columns(&mail, &words, arena, columns))) {
        mail_take_words(&mail, &words);
        mails[count++] = mail;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_outbox_list_order(struct db_transaction *transaction, int64_t order_id,
                                    uint32_t max, struct arena *arena, struct mail *mails,
                                    uint32_t *ret_count, struct error *error)
{
    return mail_rows(transaction,
                     "SELECT " MAIL_COLUMNS " FROM outbox WHERE order_id = $1"
                     " ORDER BY id DESC LIMIT $2",
                     DB_ARGUMENTS(db_int(order_id), db_int(max)), arena, mails, ret_count, error);
}

enum status store_outbox_list_due(struct db_transaction *transaction, struct unix_time now,
                                  uint32_t max, struct arena *arena, struct mail *mails,
                                  uint32_t *ret_count, struct error *error)
{
    return mail_rows(transaction,
                     "SELECT " MAIL_COLUMNS " FROM outbox WHERE state = 'waiting' AND due <= $1"
                     " ORDER BY due, id LIMIT $2",
                     DB_ARGUMENTS(db_int(now.s), db_int(max)), arena, mails, ret_count, error);
}

enum status store_outbox_claim(struct db_transaction *transaction, int64_t id, struct unix_time now,
                               struct unix_time until, bool *ret_is_claimed, struct error *error)
{
    int64_t changes = 0;
    enum status status =
        db_execute(transaction,
                   "UPDATE outbox SET due = $3 WHERE id = $1 AND due <= $2"
                   " AND state = 'waiting'",
                   DB_ARGUMENTS(db_int(id), db_int(now.s), db_int(until.s)), &changes, error);

    *ret_is_claimed = changes == 1;
    return status;
}

enum status store_outbox_set_sent(struct db_transaction *transaction, int64_t id,
                                  struct unix_time now, struct error *error)
{
    return db_execute(transaction,
                      "UPDATE outbox SET state = 'sent', attempts = attempts + 1, problem = NULL,"
                      " sent = $2 WHERE id = $1 AND state = 'waiting'",
                      DB_ARGUMENTS(db_int(id), db_int(now.s)), NULL, error);
}

enum status store_outbox_set_problem(struct db_transaction *transaction, int64_t id,
                                     struct text problem, struct unix_time due, struct error *error)
{
    return db_execute(transaction,
                      "UPDATE outbox SET attempts = attempts + 1, problem = $2, due = $3,"
                      " state = CASE WHEN $3 = 0 THEN 'failed' ELSE 'waiting' END"
                      " WHERE id = $1 AND state = 'waiting'",
                      DB_ARGUMENTS(db_int(id), db_text(problem), db_int(due.s)), NULL, error);
}
