/*
 * The charge rule (R6.2) once more, in C, from issues and receipts: what a server may still be
 * running of each entitlement. The accounts must hold exactly that; as they add up to OWNED, no more
 * seats are out than were bought (INV-2).
 */
#include "portal/audit/check.h"
#include "store/entitlement.h"
#include "store/receipt.h"

/* The row of an entitlement, made where there is none; NULL: there are too many. */
static struct charge_row *charges_row(struct charges *charges, int64_t entitlement_id)
{
    uint32_t low = 0, high = charges->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (charges->rows[middle].entitlement_id < entitlement_id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < charges->count && charges->rows[low].entitlement_id == entitlement_id)
        return &charges->rows[low];
    if (charges->count == AUDIT_ACCOUNTS_MAX)
        return NULL;
    memmove(&charges->rows[low + 1], &charges->rows[low],
            (charges->count++ - low) * sizeof(charges->rows[0]));
    charges->rows[low] = (struct charge_row){.entitlement_id = entitlement_id};
    return &charges->rows[low];
}

static enum status too_many(struct error *error)
{
    return error_set(error, LICET_OVER_LIMIT,
                     "a license server has had lines of more than %u entitlements",
                     AUDIT_ACCOUNTS_MAX);
}

static enum status charges_add_receipt(struct charges *charges, struct arena arena,
                                       struct error *error)
{
    struct receipt_row *lines = arena_rows(&arena, LICENSE_LINES_MAX, sizeof(*lines));
    struct stored_receipt receipt;
    uint32_t count = 0;
    enum status status = store_receipt_get(charges->audit->transaction, charges->server->receipt_id,
                                           &arena, &receipt, error);

    if (status == LICET_NOT_FOUND ||
        (status == LICET_OK && receipt.server_id != charges->server->id)) {
        audit_found(charges->audit, "R5.1", AUDIT_DATABASE, "the last receipt of %.*s %s",
                    TEXT_ARGS(charges->server->number),
                    status == LICET_OK ? "is of another license server" : "is not there");
        return LICET_OK;
    }
    if (status == LICET_OK)
        status = store_receipt_lines(charges->audit->transaction, receipt.id, LICENSE_LINES_MAX,
                                     &arena, lines, &count, error);
    if (status != LICET_OK)
        return status;
    charges->receipt_generation = receipt.generation;
    for (uint32_t i = 0; i < count; i++) {
        struct charge_row *row = charges_row(charges, lines[i].line.entitlement_id);

        if (row == NULL)
            return too_many(error);
        row->receipt = lines[i].line.seats + lines[i].line.overhang;
    }
    return LICET_OK;
}

enum status charges_begin(struct charges *charges, struct audit *audit, const struct server *server,
                          struct arena *arena, struct error *error)
{
    *charges =
        (struct charges){.audit = audit,
                         .server = server,
                         .rows = arena_take(arena, AUDIT_ACCOUNTS_MAX, sizeof(*charges->rows))};
    return server->receipt_id == 0 ? LICET_OK : charges_add_receipt(charges, *arena, error);
}

enum status charges_add(struct charges *charges, const struct issue *issue,
                        const struct arena *arena, struct error *error)
{
    struct arena place = *arena;
    struct issue_line *lines = arena_rows(&place, LICENSE_LINES_MAX, sizeof(*lines));
    uint32_t count = 0;
    enum status status;

    if (issue->state == ISSUE_VOIDED)
        return LICET_OK;
    status = store_issue_lines(charges->audit->transaction, issue->id, LICENSE_LINES_MAX, lines,
                               &count, error);
    if (status != LICET_OK)
        return status;
    charges->newest = issue->generation;
    for (uint32_t i = 0; i < count; i++) {
        struct charge_row *row = charges_row(charges, lines[i].entitlement_id);

        if (row == NULL)
            return too_many(error);
        row->generation = issue->generation;
        row->newest = lines[i].seats;
        if (issue->generation > charges->receipt_generation && lines[i].seats > row->issued)
            row->issued = lines[i].seats;
    }
    return LICET_OK;
}

static enum status charges_tell(struct charges *charges, const struct charge_row *row,
                                const uint32_t stored[ACCOUNT_KINDS_COUNT], struct arena *arena,
                                struct error *error)
{
    uint32_t newest = row->generation == charges->newest ? row->newest : 0;
    uint32_t most = row->receipt > row->issued ? row->receipt : row->issued;
    uint32_t pending = most > newest ? most - newest : 0;
    struct entitlement entitlement;
    enum status status;

    if (stored[ACCOUNT_ALLOCATED] == newest && stored[ACCOUNT_RETURN_PENDING] == pending)
        return LICET_OK;
    status = store_entitlement_get(charges->audit->transaction, row->entitlement_id, arena,
                                   &entitlement, error);
    if (status == LICET_OK)
        audit_found(charges->audit, "INV-2 R6.2", AUDIT_DATABASE,
                    "%.*s is charged %u ALLOCATED and %u RETURN_PENDING of %.*s, and by its files "
                    "and its last receipt that is %u and %u",
                    TEXT_ARGS(charges->server->number), stored[ACCOUNT_ALLOCATED],
                    stored[ACCOUNT_RETURN_PENDING], TEXT_ARGS(entitlement.sn), newest, pending);
    return status;
}

enum status charges_check(struct charges *charges, struct arena *arena, struct error *error)
{
    struct audit_account *accounts = arena_rows(arena, AUDIT_ACCOUNTS_MAX, sizeof(*accounts));
    uint32_t count = 0, at = 0;
    enum status status =
        store_audit_server_accounts(charges->audit->transaction, charges->server->id,
                                    AUDIT_ACCOUNTS_MAX, accounts, &count, error);

    /* An account without a line of any generation has a row too, of nothing. */
    for (uint32_t i = 0; status == LICET_OK && i < count; i++) {
        if (charges_row(charges, accounts[i].entitlement_id) == NULL)
            status = too_many(error);
    }
    for (uint32_t i = 0; status == LICET_OK && i < charges->count; i++) {
        uint32_t stored[ACCOUNT_KINDS_COUNT] = {0};

        for (; at < count && accounts[at].entitlement_id == charges->rows[i].entitlement_id; at++)
            stored[accounts[at].account.kind] = accounts[at].seats;
        status = charges_tell(charges, &charges->rows[i], stored, arena, error);
    }
    return status;
}
