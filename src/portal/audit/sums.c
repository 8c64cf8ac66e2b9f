/* The ledger's arithmetic (R6.1): each account is the sum of its steps and was never below 0, and
 * OWNED is the sum of all the others. */
#include "portal/audit/check.h"
#include "store/entitlement.h"

#define STEPS_A_PAGE 256u

struct sums {
    struct audit *audit;
    struct text sn;
    struct audit_account *accounts; /* by server and kind */
    int64_t *moved;                 /* what the steps come to */
    uint32_t count;
    bool was_negative; /* told once */
};

static int account_compare(const void *left, const void *right)
{
    const struct account *a = &((const struct audit_account *)left)->account;
    const struct account *b = &((const struct audit_account *)right)->account;

    if (a->server_id != b->server_id)
        return a->server_id < b->server_id ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

static void sums_move(struct sums *sums, const struct audit_step *step, struct account account,
                      int64_t seats)
{
    struct audit_account wanted = {.account = account};
    const struct audit_account *found =
        bsearch(&wanted, sums->accounts, sums->count, sizeof(wanted), account_compare);
    int64_t *moved;

    if (found == NULL) {
        audit_found(sums->audit, "INV-1", AUDIT_DATABASE,
                    "step %lld of %.*s moves seats of an account %s that is not there",
                    (long long)step->id, TEXT_ARGS(sums->sn), account_kind_name(account.kind));
        return;
    }
    moved = &sums->moved[found - sums->accounts];
    *moved += account.kind == ACCOUNT_OWNED ? -seats : seats;
    if (*moved >= 0 || sums->was_negative)
        return;
    sums->was_negative = true;
    audit_found(sums->audit, "INV-1", AUDIT_DATABASE,
                "step %lld of %.*s takes %lld seats more from %s than it had", (long long)step->id,
                TEXT_ARGS(sums->sn), (long long)-*moved, account_kind_name(account.kind));
}

static enum status sums_read_steps(struct sums *sums, int64_t entitlement_id, struct error *error)
{
    struct audit_step steps[STEPS_A_PAGE];
    uint32_t count = STEPS_A_PAGE;
    int64_t after = 0;
    enum status status;

    while (count == STEPS_A_PAGE) {
        status = store_audit_steps(sums->audit->transaction, entitlement_id, after, STEPS_A_PAGE,
                                   steps, &count, error);
        if (status != LICET_OK)
            return status;
        for (uint32_t i = 0; i < count; i++) {
            sums_move(sums, &steps[i], steps[i].from, -(int64_t)steps[i].seats);
            sums_move(sums, &steps[i], steps[i].to, steps[i].seats);
            after = steps[i].id;
        }
        sums->audit->summary->steps += count;
    }
    return LICET_OK;
}

/* With the number of its server, where the account belongs to one. */
static void sums_tell(const struct sums *sums, uint32_t index)
{
    const struct audit_account *account = &sums->accounts[index];
    struct arena arena = audit_text(sums->audit);
    struct server server = {.number = TEXT("")};

    if (account->account.server_id != 0 &&
        store_server_get(sums->audit->transaction, account->account.server_id, &arena, &server,
                         NULL) != LICET_OK)
        server.number = TEXT("a license server that is not there");
    audit_found(sums->audit, "INV-1", AUDIT_DATABASE,
                "%s of %.*s%s%.*s is stored as %u, and the steps of its ledger come to %lld",
                account_kind_name(account->account.kind), TEXT_ARGS(sums->sn),
                server.number.size == 0 ? "" : " on ", TEXT_ARGS(server.number), account->seats,
                (long long)sums->moved[index]);
}

static void sums_compare(const struct sums *sums)
{
    int64_t owned = 0, others = 0;

    for (uint32_t i = 0; i < sums->count; i++) {
        const struct audit_account *account = &sums->accounts[i];

        if (account->account.kind == ACCOUNT_OWNED)
            owned += account->seats;
        else
            others += account->seats;
        if (sums->moved[i] != account->seats)
            sums_tell(sums, i);
    }
    if (owned != others)
        audit_found(sums->audit, "INV-1", AUDIT_DATABASE,
                    "OWNED of %.*s is stored as %lld, and its other accounts add up to %lld",
                    TEXT_ARGS(sums->sn), (long long)owned, (long long)others);
}

static enum status entitlement_check(struct audit *audit, int64_t id, struct error *error)
{
    struct arena arena = audit_rows(audit);
    struct sums sums = {.audit = audit,
                        .accounts = arena_take(&arena, AUDIT_ACCOUNTS_MAX, sizeof(*sums.accounts)),
                        .moved = arena_take(&arena, AUDIT_ACCOUNTS_MAX, sizeof(*sums.moved))};
    struct entitlement entitlement;
    enum status status = store_entitlement_get(audit->transaction, id, &arena, &entitlement, error);

    if (status == LICET_OK)
        status = store_audit_accounts(audit->transaction, id, AUDIT_ACCOUNTS_MAX, sums.accounts,
                                      &sums.count, error);
    if (status != LICET_OK)
        return status;
    sums.sn = entitlement.sn;
    qsort(sums.accounts, sums.count, sizeof(*sums.accounts), account_compare);
    status = sums_read_steps(&sums, id, error);
    if (status == LICET_OK)
        sums_compare(&sums);
    return status;
}

enum status sums_check(struct audit *audit, struct error *error)
{
    return audit_each(audit, AUDIT_ENTITLEMENTS, &audit->summary->entitlements, entitlement_check,
                      error);
}
