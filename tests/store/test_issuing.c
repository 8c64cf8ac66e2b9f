/*
 * From an act to its license file (R6.8), with a real licet-signer (tests/system/with_signer.py), on
 * both engines: what the files say, the log they stand in, refusals and what staff decide, and that
 * killing the signer or the portal at any moment loses nothing and makes nothing twice.
 */
#include <signal.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "license/issue_log.h"
#include "license/license.h"
#include "portal/exchange/exchange.h"
#include "portal/issuing/turn.h"
#include "store/exchange.h"
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
static int64_t allocate(int server, uint32_t seats, enum status *ret_status)
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
static struct look wait_for(struct issuing *issuing, int64_t issue_id)
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

static struct issuing *start(void)
{
    struct issuing *issuing = NULL;
    struct error error = {0};

    if (issuing_start(store, &options, &issuing, &error) != LICET_OK) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    return issuing;
}

/* ---- what the whole of it must be */

struct audit {
    struct issue_log log;
    unsigned wrong, released, unsettled, voided;
    char *memory;
};

static void audit_file(struct audit *audit, const struct issue *issue, struct text file,
                       uint32_t *generation)
{
    struct field_log head = issue_log_head(&audit->log);
    char *memory = malloc(LICENSE_ARENA_BYTES(file.size));
    struct arena arena = arena_over(memory, LICENSE_ARENA_BYTES(file.size));
    struct license license;
    char printed[80];
    struct buf hash = buf_over(printed, sizeof(printed));
    bool is_good = license_read(file, &trust, &arena, &license, NULL) == LICET_OK;

    if (is_good)
        hash_print(&license.payload_hash, &hash);
    is_good = is_good && text_equal(buf_text(&hash), issue->payload_hash) &&
              license.head.log.size == head.size &&
              (head.size == 0 || memcmp(license.head.log.root, head.root, 32) == 0) &&
              license.head.generation == issue->generation && issue->generation > *generation;
    *generation = issue->generation;
    audit->wrong += !is_good;
    audit->released++;
    free(memory);
}

static enum status act_audit(struct db_transaction *transaction, void *context, struct error *error)
{
    static const char ids_sql[] =
        "SELECT id, server_id FROM issue ORDER BY COALESCE(log_index, 1000000), id";
    struct audit *audit = context;
    struct arena arena = arena_over(audit->memory, (size_t)4 << 20);
    uint32_t generations[1000] = {0};
    struct db_rows rows;
    int64_t id, server_id;
    enum status status = LICET_OK;

    audit->log = ISSUE_LOG_EMPTY;
    audit->wrong = audit->released = audit->unsettled = audit->voided = 0;
    db_rows_open(&rows, transaction, ids_sql, DB_NO_ARGUMENTS, error);
    while (status == LICET_OK &&
           db_rows_next(&rows, DB_COLUMNS(db_ret_int(&id), db_ret_int(&server_id)))) {
        struct arena place_arena = arena;
        struct issue issue;
        struct text file;
        struct hash hash;

        status = store_issue_get(transaction, id, &place_arena, &issue, error);
        if (status == LICET_OK && issue.state == ISSUE_RELEASED) {
            status = store_issue_file(transaction, id, &place_arena, &file, error);
            if (status == LICET_OK)
                audit_file(audit, &issue, file, &generations[server_id]);
        }
        audit->unsettled += issue.state == ISSUE_INTENT || issue.state == ISSUE_NUMBERED;
        audit->voided += issue.state == ISSUE_VOIDED;
        if (issue.payload_hash.data != NULL) {
            audit->wrong += issue.log_index != (int64_t)audit->log.size;
            hash_parse(issue.payload_hash, &hash, NULL);
            issue_log_append(&audit->log, &hash);
        }
    }
    db_rows_close(&rows);
    return status;
}

static struct audit audit_all(void)
{
    struct audit audit = {.memory = malloc((size_t)4 << 20)};
    struct error error = {0};

    if (store_read(store, act_audit, &audit, &error) != LICET_OK) {
        printf("# %s\n", error.text);
        audit.wrong++;
    }
    free(audit.memory);
    return audit;
}

/* ---- tests */

static void test_file(struct engine *engine)
{
    struct allocating both = {.server_id = server_ids[0],
                              .lines = {{entitlement_ids[0], 300}, {entitlement_ids[1], 7}},
                              .count = 2,
                              .serial = {'L', '-', letter}};
    struct issuing *issuing = start();
    char *memory = malloc(LICENSE_ARENA_BYTES(LOOK_BYTES));
    struct arena arena = arena_over(memory, LICENSE_ARENA_BYTES(LOOK_BYTES));
    struct license license = {.increments_count = 0};
    struct error error = {0};
    struct look look;

    store_transact(store, act_allocate, &both, &error);
    issuing_wake(issuing);
    look = wait_for(issuing, both.issue_id);
    if (!engine_ok(engine, look.issue.state == ISSUE_RELEASED, "an allocation becomes a file"))
        printf("# %s %.*s\n", error.text, TEXT_ARGS(look.issue.problem));
    engine_ok(engine, license_read(look.file, &trust, &arena, &license, &error) == LICET_OK,
              "R2.6 the chain of its signatures holds");
    if (engine_ok(engine, license.increments_count == 2, "it has a line for each entitlement")) {
        const struct license_increment *low = &license.increments[0], *high = low + 1;

        engine_ok(engine,
                  text_is(license.head.customer, CUSTOMER) && license.head.generation == 1 &&
                      license.head.log.size == 0 && text_is(license.head.serial, both.serial) &&
                      text_starts_with(license.servers[0].id, "S-") &&
                      text_is(license.servers[0].name, "lic00"),
                  "it names customer, server, generation and serial");
        engine_ok(engine,
                  text_is(low->feature, "cad") && low->seats == 300 &&
                      low->expiry == FIELD_DATE_NEVER && low->maintenance < FIELD_DATE_NEVER &&
                      low->covers.count == 0,
                  "R2.2 a line says seats and dates as they were sold");
        engine_ok(engine,
                  text_is(high->feature, "cad_pro") && high->seats == 7 &&
                      high->covers.count == 1 && text_is(high->covers.items[0], "cad") &&
                      high->maintenance == FIELD_DATE_NEVER,
                  "a higher edition covers the lower one");
    }
    issuing_stop(issuing);
    free(memory);
}

static void *crowd_run(void *argument)
{
    int server = (int)(uintptr_t)argument % SERVERS;
    uintptr_t done = 0;
    enum status status;

    for (uint32_t i = 0; i < 8; i++)
        done += allocate(server, 10 + 8 * (uint32_t)(uintptr_t)argument + i, &status) != 0;
    return (void *)done;
}

static void test_crowd(struct engine *engine)
{
    struct issuing *issuing = start();
    struct audit before = audit_all(), after;
    unsigned wanted = before.released;
    pthread_t threads[8];

    for (uintptr_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, crowd_run, (void *)i);
    for (int i = 0; i < 8; i++) {
        void *done;

        pthread_join(threads[i], &done);
        wanted += (unsigned)(uintptr_t)done;
    }
    issuing_wake(issuing);
    after = audit_all();
    for (int i = 0; i < 100 && after.unsettled > 0; i++) {
        issuing_wait(issuing, issuing_settled(issuing), 100);
        after = audit_all();
    }
    engine_ok(engine, after.released == wanted && wanted > before.released + 32,
              "what 8 threads allocate becomes a file each");
    engine_ok(engine, after.wrong == 0,
              "INV-7 each stands in the log as the next file's log= says, generations increase");
    issuing_stop(issuing);
}

/* ---- requests */

struct asking {
    struct request request;
    struct request_act acts[4];
    struct receipt_line lines[4];
    int seed; /* of the server's key */
    int64_t customer_id;
    char text[8192];
    int64_t exchange_id;
    char memory[LOOK_BYTES * 4];
};

/* A request text as licetd makes it, read as a portal reads it. */
static bool asking_sign(struct asking *asking)
{
    static char memory[LOOK_BYTES * 4];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct buf text = buf_over(asking->text, sizeof(asking->text));
    struct secret_key key;
    struct public_key public_key;
    struct error error = {0};

    secret_key_init(&key, (const uint8_t[KEY_SEED_BYTES]){(uint8_t)asking->seed, 1});
    public_key = secret_key_public(&key);
    asking->request.head.vendor = TEXT("acme");
    asking->request.head.name = TEXT("Branch-01.example.com");
    asking->request.head.licetd = TEXT("0.1.0");
    asking->request.head.key = public_key_hash(&public_key);
    asking->request.acts = asking->acts;
    asking->request.lines = asking->lines;
    for (uint32_t i = 0; i < asking->request.acts_count; i++)
        asking->acts[i].number = i + 1;
    if (request_sign(&asking->request, &key, &arena, &text, &error) != LICET_OK) {
        printf("# %s\n", error.text);
        return false;
    }
    arena = arena_over(asking->memory, sizeof(asking->memory));
    asking->request.payload_hash = (struct hash){{0}};
    return request_read(buf_text(&text), &arena, &asking->request, &error) == LICET_OK;
}

static enum status act_ask(struct db_transaction *transaction, void *context, struct error *error)
{
    struct asking *asking = context;
    char *memory = malloc(EXCHANGE_ARENA_BYTES);
    struct arena arena = arena_over(memory, EXCHANGE_ARENA_BYTES);
    struct exchange_form form = {.vendor = TEXT("acme"),
                                 .request = &asking->request,
                                 .text = text_of(asking->text),
                                 .customer_id = asking->customer_id,
                                 .now = clock_unix()};
    enum status status = exchange_take(transaction, &form, &arena, &asking->exchange_id, error);

    free(memory);
    return status;
}

struct answer {
    int64_t exchange_id;
    struct exchange exchange;
    struct text response, file;
    char memory[LOOK_BYTES];
};

static enum status act_answer(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct answer *answer = context;
    struct arena arena = arena_over(answer->memory, sizeof(answer->memory));
    enum status status =
        store_exchange_get(transaction, answer->exchange_id, &arena, &answer->exchange, error);

    if (status == LICET_OK)
        status = store_exchange_response(transaction, answer->exchange_id, &arena,
                                         &answer->response, error);
    if (status == LICET_OK && answer->exchange.file_issue_id != 0)
        status = store_issue_file(transaction, answer->exchange.file_issue_id, &arena,
                                  &answer->file, error);
    return status;
}

static bool wait_for_answer(struct issuing *issuing, struct answer *answer)
{
    for (int i = 0; i < 100; i++) {
        uint64_t settled = issuing_settled(issuing);

        if (store_read(store, act_answer, answer, NULL) == LICET_OK)
            return true;
        issuing_wait(issuing, settled, 100);
    }
    return false;
}

static void test_request(struct engine *engine)
{
    static struct asking asking, later;
    static struct answer answer, again;
    static char whole[LOOK_BYTES], memory[LICENSE_ARENA_BYTES(LOOK_BYTES)];
    struct buf text = buf_over(whole, sizeof(whole));
    struct arena arena = arena_over(memory, sizeof(memory));
    struct issuing *issuing = start();
    struct reading reading = {.id = order_in(ORDER_FULFILLED)};
    struct response response = {.results_count = 0};
    struct license license;
    struct error error = {0};
    char code[64];

    memset(&asking, 0, sizeof(asking));
    memset(&later, 0, sizeof(later));
    memset(&answer, 0, sizeof(answer));
    memset(&again, 0, sizeof(again));
    store_read(store, act_read, &reading, NULL);
    snprintf(code, sizeof(code), "%.*s", TEXT_ARGS(reading.entitlements[1].code));
    asking.seed = 200;
    asking.request.head.counter = 1;
    asking.request.acts_count = 3;
    asking.acts[0].kind = ACT_ENROL;
    asking.acts[1] = (struct request_act){.kind = ACT_ACTIVATE, .code = text_of(code), .seats = 40};
    asking.acts[2] =
        (struct request_act){.kind = ACT_ACTIVATE, .code = text_of(code), .seats = 461};
    if (!engine_ok(engine, asking_sign(&asking), "R5 a license server makes a request"))
        return;
    engine_ok(engine, store_transact(store, act_ask, &asking, &error) == LICET_UNAUTHENTICATED,
              "R3.3 the first request of a key is brought by somebody who is signed in");
    asking.customer_id = world.customer_id;
    engine_ok(engine, store_transact(store, act_ask, &asking, &error) == LICET_OK,
              "R3.3 a license administrator brings it");
    issuing_wake(issuing);
    answer.exchange_id = asking.exchange_id;
    engine_ok(engine, wait_for_answer(issuing, &answer), "R5 it is answered");
    buf_add_text(&text, answer.response);
    buf_add_byte(&text, '\n');
    buf_add_text(&text, answer.file);
    engine_ok(engine,
              response_read(buf_text(&text), &trust, &arena, &response, &error) == LICET_OK &&
                  license_read(response.file, &trust, &arena, &license, &error) == LICET_OK,
              "R5 by a response that licetd accepts, with a license file behind it");
    engine_ok(engine,
              response.results_count == 3 && text_is(response.results[0].status, "ok") &&
                  text_is(response.results[1].status, "ok") && response.results[1].seats == 40 &&
                  text_is(response.results[2].status, "noseat"),
              "R6.10 each act is told what became of it: no more seats than there are");
    engine_ok(engine,
              license.increments_count == 1 && license.increments[0].seats == 40 &&
                  text_is(license.servers[0].name, "Branch-01.example.com"),
              "the file has the seats that were asked for");
    asking.customer_id = 0;
    again.exchange_id = asking.exchange_id;
    asking.exchange_id = 0;
    engine_ok(engine,
              store_transact(store, act_ask, &asking, &error) == LICET_OK &&
                  asking.exchange_id == answer.exchange_id && wait_for_answer(issuing, &again) &&
                  text_equal(again.response, answer.response),
              "R5.2 the same request again has the same response, byte by byte");

    later.seed = 200;
    later.request.head.counter = 2;
    later.request.head.server = license.servers[0].id;
    later.request.head.customer = license.head.customer;
    later.request.head.generation = license.head.generation;
    later.request.head.payload = license.payload_hash;
    later.request.head.epoch = 1;
    later.request.head.head = license.payload_hash;
    later.request.lines_count = 1;
    later.lines[0] = (struct receipt_line){.sn = license.increments[0].sn, .seats = 40};
    later.request.acts_count = 2;
    later.acts[0] = (struct request_act){.kind = ACT_RENAME, .name = TEXT("branch-02")};
    later.acts[1] = (struct request_act){.kind = ACT_RENEW, .sn = license.increments[0].sn};
    engine_ok(engine,
              asking_sign(&later) && store_transact(store, act_ask, &later, &error) == LICET_OK,
              "R3.3 later requests authenticate themselves");
    issuing_wake(issuing);
    memset(&answer, 0, sizeof(answer));
    answer.exchange_id = later.exchange_id;
    wait_for_answer(issuing, &answer);
    arena = arena_over(memory, sizeof(memory));
    engine_ok(engine,
              license_read(answer.file, &trust, &arena, &license, &error) == LICET_OK &&
                  license.head.generation == 2 && text_is(license.servers[0].name, "branch-02") &&
                  license.increments[0].seats == 40,
              "R3.1 a new name is a new generation with the same seats");
    later.request.head.counter = 1;
    later.request.acts_count = 0;
    engine_ok(engine,
              asking_sign(&later) &&
                  store_transact(store, act_ask, &later, &error) == LICET_OLD_GENERATION,
              "R5.2 a request with a counter that was used is refused");
    asking.customer_id = world.stranger_id;
    asking.request.acts_count = 0;
    asking.request.head.counter = 3;
    engine_ok(engine,
              asking_sign(&asking) &&
                  store_transact(store, act_ask, &asking, &error) == LICET_CONFLICT,
              "R3.4 one key, one customer");
    issuing_stop(issuing);
}

static enum status act_set_key(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    char key_text[128];
    struct buf key_line = buf_over(key_text, sizeof(key_text));
    struct secret_key key;
    struct public_key public_key;

    (void)context;
    secret_key_init(&key, (const uint8_t[KEY_SEED_BYTES]){99});
    public_key = secret_key_public(&key);
    public_key_print(&public_key, TEXT("server"), &key_line);
    return store_server_set_key(transaction, server_ids[SERVERS], buf_text(&key_line), error);
}

static void test_name(struct engine *engine)
{
    struct issuing *issuing = start();
    enum status status;
    int64_t waiting = allocate(SERVERS, 5, &status), other = allocate(1, 500, &status);
    struct look look;

    issuing_wake(issuing);
    look = wait_for(issuing, other);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED,
              "R3.2 a name without a key stops no other server");
    store_read(store, act_look, &(struct look){.issue_id = waiting, .memory = look.memory}, NULL);
    engine_ok(engine, audit_all().unsettled == 1, "R3.2 its seats are held, its file waits");
    store_transact(store, act_set_key, NULL, NULL);
    issuing_wake(issuing);
    look = wait_for(issuing, waiting);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED, "R3.2 until its key is known");
    issuing_stop(issuing);
}

struct decision {
    int64_t issue_id;
    enum issue_decision what;
};

static enum status act_decide(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    const struct decision *decision = context;

    return store_issue_decide(transaction, decision->issue_id, decision->what, TEXT("ticket 17"),
                              error);
}

static void test_staff(struct engine *engine)
{
    struct issuing *issuing = start();
    struct decision decision = {.what = ISSUE_OVERRIDE};
    enum status status;
    int64_t next;
    struct look look;

    decision.issue_id = allocate(2, 1100, &status);
    issuing_wake(issuing);
    look = wait_for(issuing, decision.issue_id);
    engine_ok(engine, look.issue.state == ISSUE_NUMBERED && look.issue.problem.size > 0,
              "R9.4 more seats a line than the signer's cap wait for staff");
    printf("#   %.*s\n", TEXT_ARGS(look.issue.problem));
    allocate(2, 10, &status);
    engine_ok(engine, status == LICET_CONFLICT, "R6.8 until then the server changes nothing");
    store_transact(store, act_decide, &decision, NULL);
    issuing_wake(issuing);
    look = wait_for(issuing, decision.issue_id);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED, "R9.4 staff lift a cap with a reason");

    decision = (struct decision){.issue_id = allocate(3, 1200, &status), .what = ISSUE_CANCEL};
    issuing_wake(issuing);
    wait_for(issuing, decision.issue_id);
    store_transact(store, act_decide, &decision, NULL);
    issuing_wake(issuing);
    for (int i = 0; i < 100; i++) {
        look = wait_for(issuing, decision.issue_id);
        if (look.issue.state == ISSUE_VOIDED)
            break;
        usleep(20000);
    }
    engine_ok(engine, look.issue.state == ISSUE_VOIDED, "R6.8 or they have it voided");
    next = allocate(3, 50, &status);
    issuing_wake(issuing);
    look = wait_for(issuing, next);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED && audit_all().wrong == 0,
              "and the next generation goes on behind the gap");
    issuing_stop(issuing);
}

static void test_fence(struct engine *engine)
{
    static struct turn old, new;
    struct error error = {0};
    enum status status;
    uint32_t done = 0;
    int64_t id;

    turn_open(&old, store, &options, &error);
    turn_open(&new, store, &options, &error);
    engine_ok(engine,
              turn_run(&new, &done, &error) == LICET_OK && done == 0 &&
                  new.certificate.blob.data == NULL,
              "R6.8 where nothing waits, nothing is asked of the signer");
    id = allocate(0, 77, &status);
    turn_run(&old, &done, &error);
    engine_ok(engine, old.is_replaced && done == 0,
              "R6.8 an issuer that was replaced numbers nothing");
    turn_run(&new, &done, &error);
    engine_ok(engine, !new.is_replaced &&done > 0 && id > 0, "R6.8 the one that replaced it does");
    turn_finish(&old);
    turn_finish(&new);
}

static pid_t signer_pid(void)
{
    struct text text = {NULL, 0};
    uint64_t pid = 0;

    if (file_read(getenv("LICET_TEST_SIGNER_PID"), 32, &text, NULL) != LICET_OK)
        return 0;
    parse_u64(text, 0, INT32_MAX, &pid, NULL);
    file_free(text);
    return (pid_t)pid;
}

/* A portal in a process of its own, that dies in the middle. */
static pid_t portal_start(const char *url)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (store_open(url, &store, NULL) != LICET_OK)
        _exit(1);
    start();
    for (;;)
        pause();
}

static unsigned random_below(unsigned limit)
{
    static unsigned long long state = 7;

    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(state >> 33) % limit;
}

static void test_kills(struct engine *engine)
{
    unsigned wanted = audit_all().released;
    struct issuing *issuing;
    struct audit audit;
    enum status status;
    int64_t last = 0;

    for (uint32_t round = 0; round < 30; round++) {
        pid_t portal, signer;

        for (uint32_t i = 0; i < 4; i++) {
            int64_t id = allocate((int)i % SERVERS, 100 + round * 4 + i, &status);

            wanted += id != 0;
            last = id != 0 ? id : last;
        }
        store_close(store);
        portal = portal_start(engine->url);
        usleep(random_below(12000));
        signer = signer_pid();
        if (round % 3 == 0 && signer > 0)
            kill(signer, SIGKILL);
        usleep(random_below(8000));
        kill(portal, SIGKILL);
        waitpid(portal, NULL, 0);
        store_open(engine->url, &store, NULL);
    }
    issuing = start();
    wait_for(issuing, last);
    audit = audit_all();
    for (int i = 0; i < 100 && audit.unsettled > 0; i++) {
        issuing_wait(issuing, issuing_settled(issuing), 100);
        audit = audit_all();
    }
    engine_ok(engine, audit.unsettled == 0 && audit.released == wanted,
              "R6.8 portal and signer killed 30 times: every act has its file");
    printf("#   %u released, %u wanted, %u unsettled\n", audit.released, wanted, audit.unsettled);
    engine_ok(engine, audit.wrong == 0, "INV-7 and none is there twice, none is out of order");
    issuing_stop(issuing);
}

static void test_engine(struct engine *engine)
{
    struct error error = {0};

    letter = engine->name[0];
    if (engine_ok(engine,
                  store_open(engine->url, &store, &error) == LICET_OK &&
                      store_transact(store, world_insert, NULL, &error) == LICET_OK &&
                      customer_make(),
                  "a customer has seats and license servers")) {
        test_file(engine);
        test_crowd(engine);
        test_name(engine);
        test_request(engine);
        test_staff(engine);
        test_fence(engine);
        test_kills(engine);
    } else {
        printf("# %s\n", error.text);
    }
    store_close(store);
    store = NULL;
}

int main(void)
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
    on_engines(test_engine);
    file_free(root);
    return tap_done();
}
