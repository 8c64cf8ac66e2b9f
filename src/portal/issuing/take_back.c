/*
 * An issuer that was replaced watches the one that replaced it. Where something waits and stays, nobody
 * issues any more (another portal was started and ended, or lost its way to the signer), and the fence
 * is taken back: never without a signer that answers, or two portals would take it from each other.
 */
#include "base/clock.h"
#include "portal/issuing/turn.h"
#include "store/exchange.h"
#include "store/issue.h"

struct watching {
    struct turn *turn;
    struct turn_oldest oldest;
};

/* Each list has what can go on, and nothing that waits for staff or a key. */
static enum status oldest_issue(struct db_transaction *transaction, struct watching *watching,
                                enum issue_state state, int64_t *ret_id, struct error *error)
{
    struct arena arena = arena_over(watching->turn->memory, TURN_LIST_BYTES);
    struct issue issue;
    uint32_t count = 0;
    enum status status =
        store_issue_list_waiting(transaction, state, 1, &arena, &issue, &count, error);

    *ret_id = count == 0 ? 0 : issue.id;
    return status;
}

static enum status oldest_exchange(struct db_transaction *transaction, struct watching *watching,
                                   enum exchange_state state, int64_t *ret_id, struct error *error)
{
    struct arena arena = arena_over(watching->turn->memory, TURN_LIST_BYTES);
    struct exchange exchange;
    uint32_t count = 0;
    enum status status =
        store_exchange_list_open(transaction, state, 1, &arena, &exchange, &count, error);

    *ret_id = count == 0 ? 0 : exchange.id;
    return status;
}

static enum status watching_read(struct db_transaction *transaction, void *context,
                                 struct error *error)
{
    struct watching *watching = context;
    struct turn_oldest *oldest = &watching->oldest;
    enum status status = oldest_issue(transaction, watching, ISSUE_INTENT, &oldest->intent, error);

    if (status == LICET_OK)
        status = oldest_issue(transaction, watching, ISSUE_NUMBERED, &oldest->numbered, error);
    if (status == LICET_OK)
        status = oldest_exchange(transaction, watching, EXCHANGE_WAITING, &oldest->waiting, error);
    if (status == LICET_OK)
        status = oldest_exchange(transaction, watching, EXCHANGE_WRITTEN, &oldest->written, error);
    return status;
}

static bool is_same(int64_t left, int64_t right)
{
    return left != 0 && left == right;
}

/* Something that waited at the last look waits still. */
static bool is_stuck(const struct turn_oldest *before, const struct turn_oldest *now)
{
    return is_same(before->intent, now->intent) || is_same(before->numbered, now->numbered) ||
           is_same(before->waiting, now->waiting) || is_same(before->written, now->written);
}

enum status turn_take_back(struct turn *turn, struct error *error)
{
    struct watching watching = {.turn = turn};
    struct instant now = clock_instant();
    enum status status = store_read(turn->store, watching_read, &watching, error);

    if (status != LICET_OK)
        return status;
    if (!is_stuck(&turn->oldest, &watching.oldest))
        turn->stuck_since = now;
    turn->oldest = watching.oldest;
    if (now.ms < instant_add_ms(turn->stuck_since, turn->options->take_back_ms).ms)
        return LICET_OK;
    turn->certificate.blob.data = NULL;
    status = turn_refresh_certificate(turn, error);
    return status == LICET_OK ? turn_take_fence(turn, error) : status;
}
