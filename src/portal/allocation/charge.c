#include "portal/allocation/charge.h"

#include "base/limits.h"
#include "store/entitlement.h"

static uint32_t seats_min(uint32_t left, uint32_t right)
{
    return left < right ? left : right;
}

static uint32_t seats_over(uint32_t left, uint32_t right)
{
    return left > right ? left - right : 0;
}

struct charged charge_wanted(const struct charge *charge)
{
    uint32_t most = charge->receipt > charge->issued ? charge->receipt : charge->issued;

    return (struct charged){.allocated = charge->newest,
                            .pending = seats_over(most, charge->newest)};
}

struct charged charge_wanted_next(struct charged has, uint32_t newest)
{
    return (struct charged){.allocated = newest,
                            .pending = seats_over(has.allocated + has.pending, newest)};
}

void charge_plan(struct charged has, struct charged wants,
                 struct charge_move moves[CHARGE_MOVES_MAX])
{
    uint32_t given_up = seats_over(has.allocated, wants.allocated);
    uint32_t grown = seats_over(wants.allocated, has.allocated);
    uint32_t taken_back = seats_min(grown, has.pending);
    uint32_t pending = has.pending + given_up - taken_back;

    moves[0] = (struct charge_move){ACCOUNT_ALLOCATED, ACCOUNT_RETURN_PENDING, given_up};
    moves[1] = (struct charge_move){ACCOUNT_RETURN_PENDING, ACCOUNT_ALLOCATED, taken_back};
    moves[2] = (struct charge_move){ACCOUNT_AVAILABLE, ACCOUNT_ALLOCATED, grown - taken_back};
    moves[3] = pending >= wants.pending
                   ? (struct charge_move){ACCOUNT_RETURN_PENDING, ACCOUNT_AVAILABLE,
                                          pending - wants.pending}
                   : (struct charge_move){ACCOUNT_AVAILABLE, ACCOUNT_RETURN_PENDING,
                                          wants.pending - pending};
}

static struct account charge_account(enum account_kind kind, int64_t server_id)
{
    return (struct account){.kind = kind, .server_id = kind == ACCOUNT_AVAILABLE ? 0 : server_id};
}

static enum status charge_move_all(struct db_transaction *transaction, int64_t server_id,
                                   int64_t entitlement_id, struct charged has, struct charged wants,
                                   const struct charge_cause *cause, struct error *error)
{
    struct charge_move moves[CHARGE_MOVES_MAX];
    enum status status = LICET_OK;

    charge_plan(has, wants, moves);
    for (unsigned i = 0; status == LICET_OK && i < CHARGE_MOVES_MAX; i++) {
        struct transfer transfer = {
            .entitlement_id = entitlement_id,
            .from = charge_account(moves[i].from, server_id),
            .to = charge_account(moves[i].to, server_id),
            .seats = moves[i].seats,
            .act = cause->act,
            .issue_id = cause->issue_id,
            .receipt_id = cause->receipt_id,
            .at = cause->now,
        };

        status = store_ledger_transfer(transaction, &transfer, error);
    }
    return status;
}

enum status charge_settle(struct db_transaction *transaction, int64_t server_id,
                          int64_t entitlement_id, const struct charge_cause *cause,
                          struct error *error)
{
    struct charge charge;
    enum status status = store_issue_charge(transaction, server_id, entitlement_id, &charge, error);

    if (status != LICET_OK)
        return status;
    return charge_move_all(transaction, server_id, entitlement_id,
                           (struct charged){charge.allocated, charge.pending},
                           charge_wanted(&charge), cause, error);
}

enum status charge_settle_next(struct db_transaction *transaction, int64_t server_id,
                               int64_t entitlement_id, struct charged has, uint32_t newest,
                               const struct charge_cause *cause, struct error *error)
{
    return charge_move_all(transaction, server_id, entitlement_id, has,
                           charge_wanted_next(has, newest), cause, error);
}

enum status charge_lock(struct db_transaction *transaction, int64_t server_id, struct arena *arena,
                        struct server *ret_server, struct charged_list *ret_list,
                        struct error *error)
{
    struct entitlement entitlement;
    enum status status;

    ret_list->entitlement_ids =
        arena_rows(arena, LICENSE_LINES_MAX, sizeof(*ret_list->entitlement_ids));
    if (ret_list->entitlement_ids == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of a server");
    status = store_ledger_list_server(transaction, server_id, LICENSE_LINES_MAX,
                                      ret_list->entitlement_ids, &ret_list->count, error);
    for (uint32_t i = 0; status == LICET_OK && i < ret_list->count; i++)
        status = store_entitlement_lock(transaction, ret_list->entitlement_ids[i], arena,
                                        &entitlement, error);
    if (status == LICET_OK)
        status = store_server_lock(transaction, server_id, arena, ret_server, error);
    return status;
}

enum status charge_settle_all(struct db_transaction *transaction, int64_t server_id,
                              const struct charged_list *list, const struct charge_cause *cause,
                              struct error *error)
{
    enum status status = LICET_OK;

    for (uint32_t i = 0; status == LICET_OK && i < list->count; i++)
        status = charge_settle(transaction, server_id, list->entitlement_ids[i], cause, error);
    return status;
}
