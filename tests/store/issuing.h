/*
 * A customer with license servers and files of a real licet-signer (tests/system/with_signer.py), for
 * the tests of issuing, on both engines.
 */
#ifndef LICET_TESTS_STORE_ISSUING_H
#define LICET_TESTS_STORE_ISSUING_H

#include <signal.h>

#include "base/clock.h"
#include "base/file.h"
#include "license/license.h"
#include "portal/allocation/allocation.h"
#include "portal/issuing/turn.h"
#include "store/issue_content.h"
#include "store/server.h"

#include "store/orders.h"

#define SERVERS 4
#define SEATS 4000

static struct trust trust;
static struct issuing_options options;
static int64_t server_ids[SERVERS + 1]; /* the last one has no key */
static int64_t entitlement_ids[2];
static int serials;
static char letter; /* of the engine: the signer knows every name that it has signed for */

/* ---- a customer with four license servers, and one whose key is not known */

static enum status server_insert(struct db_transaction *transaction, int number, int64_t *ret_id,
                                 struct error *error)
{
    char name[16], id[16], key_text[128];
    struct buf key_line = buf_over(key_text, sizeof(key_text));
    struct secret_key key;
    struct public_key public_key;
    struct server server = {.customer_id = world.customer_id, .created = now};

    secret_key_init(&key, (const uint8_t[KEY_SEED_BYTES]){(uint8_t)(number + 1)});
    public_key = secret_key_public(&key);
    public_key_print(&public_key, TEXT("server"), &key_line);
    snprintf(name, sizeof(name), "lic%02d", number);
    snprintf(id, sizeof(id), "S-%c%d", letter, number);
    server.number = text_of(id);
    server.name = server.short_name = text_of(name);
    if (number < SERVERS)
        server.public_key = buf_text(&key_line);
    return store_server_insert(transaction, &server, ret_id, error);
}

static enum status customer_insert(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    struct reading *reading = context;
    enum status status = LICET_OK;

    for (int i = 0; status == LICET_OK && i <= SERVERS; i++)
        status = server_insert(transaction, i, &server_ids[i], error);
    for (uint32_t i = 0; status == LICET_OK && i < 2; i++) {
        entitlement_ids[i] = reading->entitlements[1 - i].id;
        status = store_entitlement_activate(transaction, entitlement_ids[i], now, error);
    }
    return status;
}

static bool customer_make(void)
{
    struct placing placing = {.form = good_form()};
    struct reading reading = {0};

    good_lines[0].seats = good_lines[1].seats = SEATS;
    if (store_transact(store, act_place, &placing, NULL) != LICET_OK)
        return false;
    step(placing.id, ORDER_SUBMIT, "");
    step(placing.id, ORDER_APPROVE, "");
    step(placing.id, ORDER_FULFIL, "");
    reading.id = placing.id;
    return store_read(store, act_read, &reading, NULL) == LICET_OK &&
           store_transact(store, customer_insert, &reading, NULL) == LICET_OK;
}

/* ---- allocating */

struct allocating {
    int64_t server_id;
    struct issue_line lines[2];
    uint32_t count;
    char serial[32];
    int64_t issue_id;
};

static enum status act_allocate(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct allocating *allocating = context;
    char *memory = malloc(ALLOCATION_ARENA_BYTES);
    struct arena arena = arena_over(memory, ALLOCATION_ARENA_BYTES);
    struct change_set changes = {.act = "allocate",
                                 .server_id = allocating->server_id,
                                 .lines = allocating->lines,
                                 .lines_count = allocating->count,
                                 .serial = text_of(allocating->serial),
                                 .now = clock_unix()};
    enum status status =
        allocation_change(transaction, &changes, &arena, &allocating->issue_id, error);

    free(memory);
    return status;
}

/* The issue, or 0. */
__attribute__((unused)) static int64_t allocate(int server, uint32_t seats, enum status *ret_status)
{
    struct allocating allocating = {
        .server_id = server_ids[server], .lines = {{entitlement_ids[0], seats}}, .count = 1};

    snprintf(allocating.serial, sizeof(allocating.serial), "L-%d",
             __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED));
    *ret_status = store_transact(store, act_allocate, &allocating, NULL);
    return *ret_status == LICET_OK ? allocating.issue_id : 0;
}

/* ---- looking */

struct look {
    int64_t issue_id;
    struct issue issue;
    struct text file;
    char *memory;
};

#define LOOK_BYTES ((size_t)64 * 1024)

static enum status act_look(struct db_transaction *transaction, void *context, struct error *error)
{
    struct look *look = context;
    struct arena arena = arena_over(look->memory, LOOK_BYTES);
    enum status status = store_issue_get(transaction, look->issue_id, &arena, &look->issue, error);

    look->file = (struct text){NULL, 0};
    if (status == LICET_OK && look->issue.state == ISSUE_RELEASED)
        status = store_issue_file(transaction, look->issue_id, &arena, &look->file, error);
    return status;
}

/* The issue as it is once it is settled: released, voided, or with a problem. */
__attribute__((unused)) static struct look wait_for(struct issuing *issuing, int64_t issue_id)
{
    static char memory[LOOK_BYTES];
    struct look look = {.issue_id = issue_id, .memory = memory};

    for (int i = 0; i < 300; i++) {
        uint64_t settled = issuing_settled(issuing);

        if (store_read(store, act_look, &look, NULL) == LICET_OK &&
            (look.issue.state == ISSUE_RELEASED || look.issue.state == ISSUE_VOIDED ||
             look.issue.problem.data != NULL))
            break;
        issuing_wait(issuing, settled, 100);
    }
    return look;
}

__attribute__((unused)) static struct issuing *start(void)
{
    struct issuing *issuing = NULL;
    struct error error = {0};

    if (issuing_start(store, &options, &issuing, &error) != LICET_OK) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    return issuing;
}
/* ---- how far it is */

struct counts {
    int64_t released, unsettled;
};

static enum status act_count(struct db_transaction *transaction, void *context, struct error *error)
{
    struct counts *counts = context;

    return db_row(transaction,
                  "SELECT COUNT(CASE WHEN state = 'released' THEN 1 END),"
                  " COUNT(CASE WHEN state IN ('intent', 'numbered') THEN 1 END) FROM issue",
                  DB_NO_ARGUMENTS,
                  DB_COLUMNS(db_ret_int(&counts->released), db_ret_int(&counts->unsettled)), error);
}

static struct counts count_issues(void)
{
    struct counts counts = {-1, -1};

    store_read(store, act_count, &counts, NULL);
    return counts;
}

/* Until nothing waits any more, or for ten seconds. */
__attribute__((unused)) static struct counts settle(struct issuing *issuing)
{
    struct counts counts = count_issues();

    for (int i = 0; i < 100 && counts.unsettled > 0; i++) {
        issuing_wait(issuing, issuing_settled(issuing), 100);
        counts = count_issues();
    }
    return counts;
}

/* ---- the test program */

/* The same on each engine, and at its end everything is computed again. */
static void (*issuing_test)(struct engine *engine);

static void issuing_engine(struct engine *engine)
{
    struct error error = {0};

    letter = engine->name[0];
    if (engine_ok(engine,
                  store_open(engine->url, &store, &error) == LICET_OK &&
                      store_transact(store, world_insert, NULL, &error) == LICET_OK &&
                      customer_make(),
                  "a customer has seats and license servers")) {
        issuing_test(engine);
        audited(engine, store, &trust);
    } else {
        printf("# %s\n", error.text);
    }
    store_close(store);
    store = NULL;
}

static int issuing_main(void (*test)(struct engine *engine))
{
    struct text root = {NULL, 0};

    if (getenv("LICET_TEST_ROOT") == NULL ||
        file_read(getenv("LICET_TEST_ROOT"), 4096, &root, NULL) != LICET_OK) {
        printf("Bail out! run this by tests/system/with_signer.py\n");
        return 1;
    }
    trust = (struct trust){.vendor = TEXT("acme"), .roots_count = 1};
    public_key_parse(text_head(root, text_find(root, '\n')), &trust.roots[0], NULL, NULL);
    options = (struct issuing_options){
        .vendor = TEXT("acme"),
        .trust = &trust,
        .signer = {.socket = getenv("LICET_TEST_SIGNER"), .timeout_ms = 5000}};
    issuing_test = test;
    on_engines(issuing_engine);
    file_free(root);
    return tap_done();
}

#endif
