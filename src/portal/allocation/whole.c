/* Change sets of all that a license server has. */
#include "portal/allocation/allocation.h"
#include "portal/allocation/charge.h"

/* The counts of everything that the server is charged, as they are to be. */
typedef uint32_t count_fn(struct charged charged);

static uint32_t count_none(struct charged charged)
{
    (void)charged;
    return 0;
}

static uint32_t count_whole(struct charged charged)
{
    return charged.allocated + charged.pending;
}

/* Only lines whose count changes: what is on hold and stays as it is stops nothing. */
static enum status whole_change(struct db_transaction *transaction,
                                const struct change_set *changes, count_fn *count,
                                const char *nothing, struct arena *arena, int64_t *ret_issue_id,
                                struct error *error)
{
    struct issue_line *lines = arena_rows(arena, LICENSE_LINES_MAX, sizeof(*lines));
    struct change_set whole = *changes;
    struct charged_list list;
    struct server server;
    enum status status;

    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of a server");
    whole.lines = lines;
    whole.lines_count = 0;
    whole.adds = whole.always = false;
    status = charge_lock(transaction, changes->server_id, arena, &server, &list, error);
    for (uint32_t i = 0; status == LICET_OK && i < list.count; i++) {
        struct charged charged = {0};

        status =
            store_ledger_charged(transaction, list.entitlement_ids[i], server.id, &charged, error);
        if (status == LICET_OK && count(charged) != charged.allocated)
            lines[whole.lines_count++] =
                (struct issue_line){list.entitlement_ids[i], count(charged)};
    }
    if (status != LICET_OK)
        return status;
    if (whole.lines_count == 0)
        return error_set(error, LICET_CONFLICT, "%s", nothing);
    return allocation_change(transaction, &whole, arena, ret_issue_id, error);
}

enum status allocation_retire(struct db_transaction *transaction, const struct change_set *changes,
                              struct arena *arena, int64_t *ret_issue_id, struct error *error)
{
    return whole_change(transaction, changes, count_none, "this license server has no seats", arena,
                        ret_issue_id, error);
}

enum status allocation_take_back(struct db_transaction *transaction,
                                 const struct change_set *changes, struct arena *arena,
                                 int64_t *ret_issue_id, struct error *error)
{
    return whole_change(transaction, changes, count_whole,
                        "this license server returns nothing: its receipt has come, or nothing was "
                        "taken from it",
                        arena, ret_issue_id, error);
}
