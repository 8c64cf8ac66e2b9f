/*
 * A vendor's small world, shared by the tests of orders and of mail: two customers, a partner, an
 * agreement, a product of two editions, and the way of an order to any state.
 */
#ifndef LICET_TESTS_STORE_ORDERS_H
#define LICET_TESTS_STORE_ORDERS_H

#include "portal/number.h"
#include "portal/order/order.h"
#include "store/agreement.h"
#include "store/catalog.h"
#include "store/entitlement.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/store.h"

#include "store/audited.h"

static const struct unix_time now = {1795000000};
static struct store *store;
static char place[ORDER_ARENA_BYTES];

#define CUSTOMER "C-4829138"
#define STRANGER "C-1000002"

struct world {
    int64_t customer_id, stranger_id, partner_id, program_id, agreement_id, edition_ids[2];
    char agreement_number[NUMBER_TEXT_BYTES + 1];
};

static struct world world;

static enum status organization_insert(struct db_transaction *transaction, const char *kind,
                                       const char *number, int64_t *ret_id, struct error *error)
{
    return db_row(transaction,
                  "INSERT INTO organization (kind, name, number) VALUES ($1, $2, $2) RETURNING id",
                  DB_ARGUMENTS(db_text(text_of(kind)), db_text(text_of(number))),
                  DB_COLUMNS(db_ret_int(ret_id)), error);
}

static enum status catalog_insert(struct db_transaction *transaction, struct error *error)
{
    struct product product = {.name = TEXT("Cad")};
    struct edition edition = {.feature = TEXT("cad"),
                              .name = TEXT("Standard"),
                              .rank = 1,
                              .overdraft_percent = 7,
                              .ttl_s = 420,
                              .drain_s = 7200,
                              .grace_s = 18000,
                              .borrow_s = 172800};
    struct release release = {.version = TEXT("9.2"), .released = TEXT("2026-11-24")};
    enum status status = store_product_insert(transaction, &product, &edition.product_id, error);

    if (status == LICET_OK)
        status = store_edition_insert(transaction, &edition, &world.edition_ids[0], error);
    edition = (struct edition){.product_id = edition.product_id,
                               .feature = TEXT("cad_pro"),
                               .name = TEXT("Professional"),
                               .rank = 2,
                               .overdraft_percent = 15,
                               .ttl_s = 300,
                               .drain_s = 86400};
    if (status == LICET_OK)
        status = store_edition_insert(transaction, &edition, &world.edition_ids[1], error);
    release.product_id = edition.product_id;
    if (status == LICET_OK)
        status = store_release_insert(transaction, &release, &release.id, error);
    return status;
}

static enum status world_insert(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct number number = number_draw_digits('R');
    struct agreement agreement = {.number = text_of(number.text), .created = now};
    enum status status =
        organization_insert(transaction, "customer", CUSTOMER, &world.customer_id, error);

    (void)context;
    if (status == LICET_OK)
        status = organization_insert(transaction, "customer", STRANGER, &world.stranger_id, error);
    if (status == LICET_OK)
        status = organization_insert(transaction, "partner", "P-1", &world.partner_id, error);
    if (status == LICET_OK)
        status = store_program_insert(transaction, TEXT("Easy"), &world.program_id, error);
    if (status == LICET_OK)
        status = catalog_insert(transaction, error);
    agreement.program_id = world.program_id;
    agreement.customer_id = world.customer_id;
    if (status == LICET_OK)
        status = store_agreement_insert(transaction, &agreement, &world.agreement_id, error);
    memcpy(world.agreement_number, number.text, sizeof(world.agreement_number));
    return status;
}

/* ---- acts as transactions */

struct placing {
    struct order_form form;
    int64_t id;
};

static enum status act_place(struct db_transaction *transaction, void *context, struct error *error)
{
    struct placing *placing = context;
    struct arena arena = arena_over(place, sizeof(place));

    return order_place(transaction, &placing->form, &arena, &placing->id, error);
}

static enum status act_step(struct db_transaction *transaction, void *context, struct error *error)
{
    char *memory = malloc(ORDER_ARENA_BYTES);
    struct arena arena = arena_over(memory, ORDER_ARENA_BYTES);
    enum status status = order_step(transaction, context, &arena, error);

    free(memory);
    return status;
}

struct reading {
    int64_t id;
    struct order order;
    struct mail mails[4];
    uint32_t mails_count;
    struct entitlement entitlements[8];
    uint32_t entitlements_count;
    uint32_t available[8], owned[8];
    struct arena arena;
};

__attribute__((unused)) static enum status act_read(struct db_transaction *transaction,
                                                    void *context, struct error *error)
{
    struct reading *reading = context;
    enum status status;

    reading->arena = arena_over(place, sizeof(place));
    status = store_order_get(transaction, reading->id, &reading->arena, &reading->order, error);
    if (status == LICET_OK)
        status = store_outbox_list_order(transaction, reading->id, 4, &reading->arena,
                                         reading->mails, &reading->mails_count, error);
    if (status == LICET_OK)
        status = store_entitlement_list(transaction, world.customer_id, 0, 8, &reading->arena,
                                        reading->entitlements, &reading->entitlements_count, error);
    for (uint32_t i = 0; status == LICET_OK && i < reading->entitlements_count; i++) {
        int64_t id = reading->entitlements[i].id;

        status = store_ledger_seats(transaction, id, (struct account){ACCOUNT_AVAILABLE, 0},
                                    &reading->available[i], error);
        if (status == LICET_OK)
            status = store_ledger_seats(transaction, id, (struct account){ACCOUNT_OWNED, 0},
                                        &reading->owned[i], error);
    }
    return status;
}

static struct order_line good_lines[2];
static const char *contact = "anna@customer.example";

static struct order_form good_form(void)
{
    good_lines[0] = (struct order_line){.edition_id = world.edition_ids[0],
                                        .seats = 500,
                                        .maintenance = TEXT("2027-11-24"),
                                        .expiry = TEXT("permanent")};
    good_lines[1] = (struct order_line){.edition_id = world.edition_ids[1],
                                        .seats = 7,
                                        .maintenance = TEXT("none"),
                                        .expiry = TEXT("2027-12-31")};
    return (struct order_form){.partner_id = world.partner_id,
                               .customer_number = TEXT("c 48 29138"),
                               .agreement_number = text_of(world.agreement_number),
                               .po_number = TEXT("4500017"),
                               .contact = text_of(contact),
                               .lines = good_lines,
                               .lines_count = 2,
                               .now = now};
}

static int64_t place_good(void)
{
    struct placing placing = {.form = good_form()};
    struct error error = {0};

    if (store_transact(store, act_place, &placing, &error) != LICET_OK)
        printf("# %s\n", error.text);
    return placing.id;
}

static enum status step(int64_t order_id, enum order_act act, const char *reason)
{
    struct order_step one = {order_id, act, text_of(reason), now};

    return store_transact(store, act_step, &one, NULL);
}

__attribute__((unused)) static int64_t order_in(enum order_state state)
{
    static const enum order_act ways[ORDER_CANCELLED + 1][4] = {
        [ORDER_SUBMITTED] = {ORDER_SUBMIT},
        [ORDER_ON_HOLD] = {ORDER_SUBMIT, ORDER_HOLD},
        [ORDER_APPROVED] = {ORDER_SUBMIT, ORDER_APPROVE},
        [ORDER_FULFILLED] = {ORDER_SUBMIT, ORDER_APPROVE, ORDER_FULFIL},
        [ORDER_REJECTED] = {ORDER_SUBMIT, ORDER_REJECT},
        [ORDER_CANCELLED] = {ORDER_CANCEL},
    };
    static const unsigned lengths[] = {0, 1, 2, 2, 3, 2, 1};
    int64_t id = place_good();

    for (unsigned i = 0; i < lengths[state]; i++)
        step(id, ways[state][i], "because");
    return id;
}

#endif
