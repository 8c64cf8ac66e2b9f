/*
 * A vendor who has sold three entitlements to a customer with three license servers, and the acts over
 * them, for the tests of the ledger. Files are of a few bytes: nobody looks into them.
 */
#ifndef LICET_TESTS_STORE_SELLING_H
#define LICET_TESTS_STORE_SELLING_H

#include "portal/allocation/allocation.h"
#include "portal/allocation/charge.h"
#include "portal/allocation/receipt.h"
#include "store/entitlement.h"
#include "store/issuer.h"
#include "store/receipt.h"
#include "store/store.h"

#include "store/audited.h"

#define ENTITLEMENTS 3
#define SERVERS 3
#define OWNED 20

static const struct unix_time now = {1795000000};

/* ---- the database under test */

static struct store *store;
static char place[ALLOCATION_ARENA_BYTES];

static enum status world_insert(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    static const char *const rows[] = {
        "INSERT INTO organization (kind, name, number) VALUES ('customer', 'Customer', 'C-1')",
        "INSERT INTO program (name) VALUES ('Easy')",
        "INSERT INTO agreement (program_id, customer_id, number, state, created)"
        " VALUES (1, 1, 'R-1', 'active', 1)",
        "INSERT INTO product (name, is_bound_by_name, is_whole_only) VALUES ('Cad', 0, 0)",
        "INSERT INTO edition (product_id, feature, name, rank, overdraft_percent, ttl_s, drain_s,"
        " grace_s, borrow_s) VALUES (1, 'cad', 'Pro', 1, 0, 300, 86400, 0, 0)",
        "INSERT INTO orders (number, partner_id, customer_id, agreement_id, po_number, contact,"
        " state, created, changed) VALUES ('O-1', 1, 1, 1, 'PO', 'a@b', 'fulfilled', 1, 1)",
    };
    static const char *const lines[] = {"1", "2", "3"};
    enum status status = LICET_OK;

    (void)context;
    for (size_t i = 0; status == LICET_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
        status = db_execute(transaction, rows[i], DB_NO_ARGUMENTS, NULL, error);
    for (int e = 0; status == LICET_OK && e < ENTITLEMENTS; e++) {
        struct entitlement entitlement = {.order_line_id = e + 1,
                                          .customer_id = 1,
                                          .edition_id = 1,
                                          .sn = text_of(lines[e]),
                                          .code = text_of(lines[e]),
                                          .maintenance = TEXT("2027-01-01"),
                                          .expiry = TEXT("permanent"),
                                          .created = now};
        struct transfer bought = {.from.kind = ACCOUNT_OWNED,
                                  .to.kind = ACCOUNT_AVAILABLE,
                                  .seats = OWNED,
                                  .act = "fulfil",
                                  .at = now};

        status = db_execute(transaction,
                            "INSERT INTO order_line (order_id, edition_id, seats, maintenance,"
                            " expiry) VALUES (1, 1, 20, '2027-01-01', 'permanent')",
                            DB_NO_ARGUMENTS, NULL, error);
        if (status == LICET_OK)
            status =
                store_entitlement_insert(transaction, &entitlement, &bought.entitlement_id, error);
        if (status == LICET_OK)
            status = store_entitlement_activate(transaction, bought.entitlement_id, now, error);
        if (status == LICET_OK)
            status = store_ledger_transfer(transaction, &bought, error);
    }
    for (int s = 0; status == LICET_OK && s < SERVERS; s++) {
        struct server server = {.number = text_of(lines[s]),
                                .customer_id = 1,
                                .name = TEXT("HOST"),
                                .short_name = TEXT("host"),
                                .public_key = text_of(lines[s]),
                                .created = now};
        int64_t id;

        status = store_server_insert(transaction, &server, &id, error);
    }
    return status;
}

/* ---- acts */

struct act {
    int64_t server_id;
    struct issue_line line;
    uint64_t serial;
    int64_t issue_id;
    struct receipt *receipt;
    struct receipt_taken taken;
    struct text file;
    char *place;
};

__attribute__((unused)) static enum status act_change(struct db_transaction *transaction,
                                                      void *context, struct error *error)
{
    struct act *act = context;
    struct arena arena = arena_over(act->place, ALLOCATION_ARENA_BYTES);
    char serial[32];
    struct change_set changes = {.act = "change",
                                 .server_id = act->server_id,
                                 .lines = &act->line,
                                 .lines_count = 1,
                                 .now = now};

    snprintf(serial, sizeof(serial), "%llu", (unsigned long long)act->serial);
    changes.serial = text_of(serial);
    return allocation_change(transaction, &changes, &arena, &act->issue_id, error);
}

/* What the issuer does, with a payload that says only whose it is. */
__attribute__((unused)) static enum status act_number(struct db_transaction *transaction,
                                                      void *context, struct error *error)
{
    struct act *act = context;
    char payload[32], bytes[HASH_TEXT_BYTES];
    struct buf hash_text = buf_over(bytes, sizeof(bytes));
    struct issue issue = {.id = act->issue_id, .issued = now, .log_index = act->issue_id};
    struct hash hash;

    snprintf(payload, sizeof(payload), "%lld", (long long)act->issue_id);
    hash = hash_of(text_of(payload));
    hash_print(&hash, &hash_text);
    issue.certificate = TEXT("certificate");
    issue.payload_hash = buf_text(&hash_text);
    return store_issue_number(transaction, &issue, text_of(payload), error);
}

__attribute__((unused)) static enum status act_release(struct db_transaction *transaction,
                                                       void *context, struct error *error)
{
    struct act *act = context;

    return store_issue_release(transaction, act->issue_id, TEXT("file"), error);
}

__attribute__((unused)) static enum status act_cancel(struct db_transaction *transaction,
                                                      void *context, struct error *error)
{
    struct act *act = context;
    struct arena arena = arena_over(act->place, ALLOCATION_ARENA_BYTES);

    return allocation_cancel(transaction, act->issue_id, TEXT("refused"), now, &arena, error);
}

__attribute__((unused)) static enum status act_receipt(struct db_transaction *transaction,
                                                       void *context, struct error *error)
{
    struct act *act = context;
    struct arena arena = arena_over(act->place, ALLOCATION_ARENA_BYTES);
    struct server server;
    enum status status = store_server_get(transaction, act->server_id, &arena, &server, error);

    if (status != LICET_OK)
        return status;
    return receipt_take(transaction, act->receipt, TEXT("text"), &server, now, &arena, &act->taken,
                        error);
}

/* A new database with a customer who has bought; false where there is none. */
static bool world_open(struct engine *engine)
{
    struct error error = {0};

    if (engine_ok(engine, store_open(engine->url, &store, &error) == LICET_OK, "the store opens") &&
        engine_ok(engine, store_transact(store, world_insert, NULL, &error) == LICET_OK,
                  "a customer has bought"))
        return true;
    printf("# %s\n", error.text);
    return false;
}

static void world_close(void)
{
    store_close(store);
    store = NULL;
}

#endif
