#include "store/together.h"

#include "base/limits.h"
#include "store/rows.h"

/* Limit: entitlements that are asked for in one go; a license server has seats of a few. */
#define LOCKED_AT_ONCE 8u

struct locking {
    struct db_transaction *transaction;
    int64_t server_id;
    const struct issue_line *changing;
    struct arena *arena;
    struct seats_before *before;
    struct db_rows rows[LOCKED_AT_ONCE], charged[LOCKED_AT_ONCE];
};

/* Behind a failure rows are closed unread. */
static enum status skip(struct db_rows *rows, enum status status)
{
    db_rows_close(rows);
    return status;
}

static void entitlements_open(struct locking *locking, uint32_t from, uint32_t count,
                              struct error *error)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t id = locking->changing[from + i].entitlement_id;

        entitlement_open_lock_of(&locking->rows[i], locking->transaction, id, locking->server_id,
                                 error);
        charged_open(&locking->charged[i], locking->transaction, id, locking->server_id, error);
    }
}

static enum status entitlements_read(struct locking *locking, uint32_t from, uint32_t count,
                                     struct error *error)
{
    enum status status = LICET_OK;

    for (uint32_t i = 0; i < count; i++) {
        status = status == LICET_OK
                     ? entitlement_rows_only(&locking->rows[i], locking->arena,
                                             &locking->before->entitlements[from + i], error)
                     : skip(&locking->rows[i], status);
        status = status == LICET_OK
                     ? charged_rows_only(&locking->charged[i], &locking->before->charged[from + i])
                     : skip(&locking->charged[i], status);
    }
    return status;
}

/* LICET_NOT_FOUND is no failure: the first generation is still to come. */
static enum status newest_read(struct db_rows *rows, struct arena *arena, struct issue *ret_newest,
                               struct error *error)
{
    enum status status = issue_rows_only(rows, arena, ret_newest, NULL);

    if (status == LICET_NOT_FOUND)
        ret_newest->id = 0;
    return status == LICET_OK || status == LICET_NOT_FOUND
               ? LICET_OK
               : error_set(error, status, "the newest generation could not be read");
}

/* Order: the last entitlements, then the server, then what stands under its lock. */
static enum status server_lock(struct locking *locking, uint32_t from, uint32_t count,
                               struct error *error)
{
    struct seats_before *before = locking->before;
    struct db_rows server, newest, lines;
    enum status status;

    entitlements_open(locking, from, count, error);
    server_open_lock(&server, locking->transaction, locking->server_id, error);
    issue_open_newest(&newest, locking->transaction, locking->server_id, NULL);
    issue_open_newest_lines(&lines, locking->transaction, locking->server_id, LICENSE_LINES_MAX,
                            error);
    status = entitlements_read(locking, from, count, error);
    status = status == LICET_OK ? server_rows_only(&server, locking->arena, &before->server, error)
                                : skip(&server, status);
    status = status == LICET_OK ? newest_read(&newest, locking->arena, &before->newest, error)
                                : skip(&newest, status);
    return status == LICET_OK ? issue_rows_lines(&lines, LICENSE_LINES_MAX, before->lines,
                                                 &before->lines_count, error)
                              : skip(&lines, status);
}

enum status store_seats_lock(struct db_transaction *transaction, int64_t server_id,
                             const struct issue_line *changing, uint32_t changing_count,
                             struct arena *arena, struct seats_before *before, struct error *error)
{
    struct locking locking = {.transaction = transaction,
                              .server_id = server_id,
                              .changing = changing,
                              .arena = arena,
                              .before = before};
    enum status status = LICET_OK;
    uint32_t from = 0;

    for (; status == LICET_OK && changing_count - from > LOCKED_AT_ONCE; from += LOCKED_AT_ONCE) {
        entitlements_open(&locking, from, LOCKED_AT_ONCE, error);
        status = entitlements_read(&locking, from, LOCKED_AT_ONCE, error);
    }
    return status == LICET_OK ? server_lock(&locking, from, changing_count - from, error) : status;
}

enum status store_issue_whole(struct db_transaction *transaction, int64_t issue_id,
                              struct arena *arena, struct issue *ret_issue,
                              struct issue_line *lines, uint32_t *ret_count,
                              struct server *ret_server, struct error *error)
{
    struct db_rows issue, line, server;
    enum status status;

    issue_open(&issue, transaction, issue_id, error);
    issue_open_lines(&line, transaction, issue_id, LICENSE_LINES_MAX, error);
    server_open_of_issue(&server, transaction, issue_id, error);
    status = issue_rows_only(&issue, arena, ret_issue, error);
    status = status == LICET_OK
                 ? issue_rows_lines(&line, LICENSE_LINES_MAX, lines, ret_count, error)
                 : skip(&line, status);
    return status == LICET_OK ? server_rows_only(&server, arena, ret_server, error)
                              : skip(&server, status);
}
