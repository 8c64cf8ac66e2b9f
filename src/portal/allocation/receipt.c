#include "portal/allocation/receipt.h"

#include "portal/allocation/charge.h"
#include "store/entitlement.h"
#include "store/receipt.h"

/* R4.6, R5.2: newer is a higher counter; a repair of the journal raises the epoch. */
static bool receipt_is_newer(const struct receipt *receipt, const struct stored_receipt *last)
{
    if (receipt->head.generation != last->generation)
        return receipt->head.generation > last->generation;
    if (receipt->head.epoch != last->epoch)
        return receipt->head.epoch > last->epoch;
    return receipt->head.counter > last->counter;
}

static enum status receipt_is_new(struct db_transaction *transaction, const struct receipt *receipt,
                                  const struct server *server, struct arena *arena,
                                  bool *ret_is_new, struct error *error)
{
    struct stored_receipt last;
    enum status status;

    *ret_is_new = true;
    if (server->receipt_id == 0)
        return LICET_OK;
    status = store_receipt_get(transaction, server->receipt_id, arena, &last, error);
    if (status == LICET_OK)
        *ret_is_new = receipt_is_newer(receipt, &last);
    return status;
}

/* The generation that it is about is one that we made, byte for byte. */
static enum status receipt_find_issue(struct db_transaction *transaction,
                                      const struct receipt *receipt, const struct server *server,
                                      struct arena *arena, struct issue *ret_issue,
                                      struct error *error)
{
    char bytes[HASH_TEXT_BYTES];
    struct buf hash = buf_over(bytes, sizeof(bytes));
    enum status status =
        store_issue_find(transaction, server->id, receipt->head.generation, arena, ret_issue, NULL);

    hash_print(&receipt->head.payload, &hash);
    if (status != LICET_OK && status != LICET_NOT_FOUND)
        return error_set(error, status, "the generation could not be read");
    if (status == LICET_NOT_FOUND || ret_issue->state != ISSUE_RELEASED ||
        !text_equal(ret_issue->payload_hash, buf_text(&hash)))
        return error_set(error, LICET_CONFLICT,
                         "this receipt is of a generation %u that was never issued to %.*s: the "
                         "vendor's staff must compare both sides",
                         receipt->head.generation, TEXT_ARGS(server->number));
    return LICET_OK;
}

/* R6.2: no honest server holds more than it is charged, so the charge never rises on its word. */
static enum status receipt_check_line(struct db_transaction *transaction,
                                      const struct receipt_line *line, const struct server *server,
                                      int64_t entitlement_id, struct error *error)
{
    struct charge charge;
    struct charged wanted;
    uint32_t claimed;
    enum status status =
        store_issue_charge(transaction, server->id, entitlement_id, &charge, error);

    if (status != LICET_OK)
        return status;
    wanted = charge_wanted(&charge);
    if (__builtin_add_overflow(line->seats, line->overhang, &claimed) ||
        claimed > wanted.allocated + wanted.pending)
        return error_set(error, LICET_CONFLICT,
                         "this receipt says that %.*s holds %u + %u seats of %.*s, and it can hold "
                         "%u at most: the vendor's staff must compare both sides",
                         TEXT_ARGS(server->number), line->seats, line->overhang,
                         TEXT_ARGS(line->sn), wanted.allocated + wanted.pending);
    return LICET_OK;
}

static enum status receipt_read_line(struct db_transaction *transaction,
                                     const struct receipt_line *line, const struct server *server,
                                     struct arena *arena, struct stored_receipt_line *ret_line,
                                     struct error *error)
{
    struct entitlement entitlement;
    enum status status =
        store_entitlement_find_sn(transaction, line->sn, arena, &entitlement, NULL);

    if (status != LICET_OK)
        return error_set(error, status == LICET_NOT_FOUND ? LICET_CONFLICT : status,
                         "this receipt names %.*s, which was never issued", TEXT_ARGS(line->sn));
    *ret_line = (struct stored_receipt_line){.entitlement_id = entitlement.id,
                                             .seats = line->seats,
                                             .overhang = line->overhang,
                                             .until = line->until};
    return receipt_check_line(transaction, line, server, entitlement.id, error);
}

static enum status receipt_read_lines(struct db_transaction *transaction,
                                      const struct receipt *receipt, const struct server *server,
                                      struct arena *arena, struct stored_receipt_line *lines,
                                      struct error *error)
{
    enum status status = LICET_OK;

    for (uint32_t i = 0; status == LICET_OK && i < receipt->lines_count; i++)
        status =
            receipt_read_line(transaction, &receipt->lines[i], server, arena, &lines[i], error);
    return status;
}

/* What the receipt says is served is what that generation granted, line by line. */
static enum status receipt_compare(struct db_transaction *transaction, const struct issue *issue,
                                   const struct stored_receipt_line *lines, uint32_t lines_count,
                                   struct arena *arena, struct error *error)
{
    struct issue_line *granted = arena_rows(arena, LICENSE_LINES_MAX, sizeof(*granted));
    uint32_t granted_count, found_count = 0;
    enum status status;

    if (granted == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of a receipt");
    status = store_issue_lines(transaction, issue->id, LICENSE_LINES_MAX, granted, &granted_count,
                               error);
    if (status != LICET_OK)
        return status;
    for (uint32_t i = 0; i < lines_count; i++) {
        uint32_t seats = issue_lines_seats(granted, granted_count, lines[i].entitlement_id);

        found_count += seats > 0 ? 1 : 0;
        if (lines[i].seats != seats)
            return error_set(error, LICET_CONFLICT,
                             "this receipt says %u seats where generation %u granted %u: the "
                             "vendor's staff must compare both sides",
                             lines[i].seats, issue->generation, seats);
    }
    if (found_count != granted_count)
        return error_set(error, LICET_CONFLICT,
                         "this receipt leaves out a line of generation %u: the vendor's staff must "
                         "compare both sides",
                         issue->generation);
    return LICET_OK;
}

static enum status receipt_store(struct db_transaction *transaction, const struct receipt *receipt,
                                 struct text text, const struct server *server,
                                 const struct stored_receipt_line *lines, struct unix_time now,
                                 int64_t *ret_id, struct error *error)
{
    char bytes[HASH_TEXT_BYTES];
    struct buf hash = buf_over(bytes, sizeof(bytes));
    struct stored_receipt stored = {
        .server_id = server->id,
        .generation = receipt->head.generation,
        .epoch = receipt->head.epoch,
        .counter = receipt->head.counter,
        .text = text,
        .received = now,
    };
    enum status status;

    hash_print(&receipt->payload_hash, &hash);
    stored.hash = buf_text(&hash);
    status = store_receipt_insert(transaction, &stored, lines, receipt->lines_count, ret_id, error);
    if (status == LICET_OK)
        status = store_server_set_receipt(transaction, server->id, *ret_id, error);
    return status;
}

static enum status receipt_take_new(struct db_transaction *transaction,
                                    const struct receipt *receipt, struct text text,
                                    const struct server *server, const struct charged_list *list,
                                    struct unix_time now, struct arena *arena, int64_t *ret_id,
                                    struct error *error)
{
    struct stored_receipt_line *lines =
        arena_take(arena, receipt->lines_count == 0 ? 1 : receipt->lines_count, sizeof(*lines));
    struct charge_cause cause = {.act = "receipt", .now = now};
    struct issue issue;
    enum status status;

    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of a receipt");
    status = receipt_find_issue(transaction, receipt, server, arena, &issue, error);
    if (status == LICET_OK)
        status = receipt_read_lines(transaction, receipt, server, arena, lines, error);
    if (status == LICET_OK)
        status = receipt_compare(transaction, &issue, lines, receipt->lines_count, arena, error);
    if (status == LICET_OK)
        status = receipt_store(transaction, receipt, text, server, lines, now, ret_id, error);
    if (status != LICET_OK)
        return status;
    cause.receipt_id = *ret_id;
    return charge_settle_all(transaction, server->id, list, &cause, error);
}

enum status receipt_take(struct db_transaction *transaction, const struct receipt *receipt,
                         struct text text, const struct server *server, struct unix_time now,
                         struct arena *arena, struct receipt_taken *ret_taken, struct error *error)
{
    struct receipt_taken taken = {.is_new = false};
    struct charged_list list;
    struct server locked;
    enum status status;

    if (!text_equal(receipt->head.server, server->number))
        return error_set(error, LICET_WRONG_SERVER,
                         "this receipt is of %.*s and signed with the key of %.*s",
                         TEXT_ARGS(receipt->head.server), TEXT_ARGS(server->number));
    status = charge_lock(transaction, server->id, arena, &locked, &list, error);
    if (status == LICET_OK)
        status = receipt_is_new(transaction, receipt, &locked, arena, &taken.is_new, error);
    if (status == LICET_OK && taken.is_new)
        status = receipt_take_new(transaction, receipt, text, &locked, &list, now, arena,
                                  &taken.receipt_id, error);
    if (status == LICET_OK)
        *ret_taken = taken;
    return status;
}
