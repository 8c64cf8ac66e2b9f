/*
 * From an act to its license file (R6.8), with a real licet-signer: what the files say, names that wait
 * for their key, refusals and what staff decide, an issuer that was replaced.
 */
#include "store/issuing.h"

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
        engine_ok(engine,
                  low->overdraft == 21 && low->ttl_s == 420 && low->drain_s == 7200 &&
                      low->grace_s == 18000 && low->borrow_s == 172800 && high->overdraft == 1 &&
                      high->ttl_s == 300 && high->borrow_s == 0,
                  "R2.2 and the policy of its edition: 7 % of 300, and 15 % of 7 rounded down");
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
    struct counts before = count_issues(), after;
    int64_t wanted = before.released;
    pthread_t threads[8];

    for (uintptr_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, crowd_run, (void *)i);
    for (int i = 0; i < 8; i++) {
        void *done;

        pthread_join(threads[i], &done);
        wanted += (int64_t)(uintptr_t)done;
    }
    issuing_wake(issuing);
    after = settle(issuing);
    engine_ok(engine, after.released == wanted && wanted > before.released + 32,
              "what 8 threads allocate becomes a file each");
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
    engine_ok(engine, count_issues().unsettled == 1, "R3.2 its seats are held, its file waits");
    store_transact(store, act_set_key, NULL, NULL);
    issuing_wake(issuing);
    look = wait_for(issuing, waiting);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED, "R3.2 until its key is known");
    issuing_stop(issuing);
}

struct decision {
    int64_t issue_id;
    enum issue_decision what;
    const char *reason;
};

static enum status act_decide(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    const struct decision *decision = context;

    return store_issue_decide(transaction, decision->issue_id, decision->what,
                              text_of(decision->reason), error);
}

/* The issue once it waits for staff, or is voided or released. */
static struct look decide(struct issuing *issuing, const struct decision *decision)
{
    struct look look;

    store_transact(store, act_decide, (void *)(uintptr_t)decision, NULL);
    issuing_wake(issuing);
    for (int i = 0; i < 100; i++) {
        look = wait_for(issuing, decision->issue_id);
        if (look.issue.cancel.data == NULL)
            break;
        usleep(20000);
    }
    return look;
}

/* What the signer does not take as it is stands in nobody's way. */
static void test_reasons(struct engine *engine)
{
    struct issuing *issuing = start();
    char words[SIGNER_REASON_BYTES_MAX + 2];
    struct decision decision = {.what = ISSUE_CANCEL, .reason = words};
    enum status status;
    struct look look;
    int64_t other;

    memset(words, 'x', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    decision.issue_id = allocate(3, 1300, &status);
    issuing_wake(issuing);
    wait_for(issuing, decision.issue_id);
    look = decide(issuing, &decision);
    engine_ok(engine,
              look.issue.state == ISSUE_NUMBERED && look.issue.problem.size > 0 &&
                  look.issue.cancel.data == NULL,
              "R9.4 a void that the signer does not take waits for staff again");
    decision.what = ISSUE_OVERRIDE;
    look = decide(issuing, &decision);
    engine_ok(engine, look.issue.state == ISSUE_NUMBERED && look.issue.problem.size > 0,
              "R9.4 and so does an override");
    other = allocate(0, 61, &status);
    issuing_wake(issuing);
    engine_ok(engine, wait_for(issuing, other).issue.state == ISSUE_RELEASED,
              "R6.8 the files of other servers are made meanwhile");
    decision.what = ISSUE_CANCEL;
    decision.reason = "ticket 18";
    engine_ok(engine, decide(issuing, &decision).issue.state == ISSUE_VOIDED,
              "R6.8 with a shorter reason it is voided");
    issuing_stop(issuing);
}

static void test_staff(struct engine *engine)
{
    struct issuing *issuing = start();
    struct decision decision = {.what = ISSUE_OVERRIDE, .reason = "ticket 17"};
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
    look = decide(issuing, &decision);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED, "R9.4 staff lift a cap with a reason");

    decision.issue_id = allocate(3, 1200, &status);
    decision.what = ISSUE_CANCEL;
    issuing_wake(issuing);
    wait_for(issuing, decision.issue_id);
    look = decide(issuing, &decision);
    engine_ok(engine, look.issue.state == ISSUE_VOIDED, "R6.8 or they have it voided");
    next = allocate(3, 50, &status);
    issuing_wake(issuing);
    look = wait_for(issuing, next);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED,
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

/* Another portal took the fence and went: nobody issues. */
static void test_take_back(struct engine *engine)
{
    static struct turn other;
    struct issuing *issuing;
    struct error error = {0};
    enum status status;
    uint32_t done = 0;
    struct look look;
    int64_t id;

    options.take_back_ms = 600;
    issuing_start(store, &options, &issuing, &error);
    turn_open(&other, store, &options, &error);
    id = allocate(0, 78, &status);
    for (int looks = 0; looks < 200 && issuing_wake(issuing); looks++)
        issuing_wait(issuing, issuing_settled(issuing), 50);
    engine_ok(engine, !issuing_wake(issuing), "R6.8 who was replaced lets nobody wait for it");
    for (int looks = 0; looks < 200 && !issuing_wake(issuing); looks++)
        issuing_wait(issuing, issuing_settled(issuing), 50);
    look = wait_for(issuing, id);
    engine_ok(engine, look.issue.state == ISSUE_RELEASED,
              "R6.8 and issues again where what waits is left alone");
    id = allocate(0, 79, &status);
    turn_run(&other, &done, &error);
    engine_ok(engine, id != 0 && other.is_replaced && done == 0,
              "R6.8 and then the other one has lost the fence");
    turn_finish(&other);
    issuing_stop(issuing);
}

/* The signer is asked again when the certificate that it named is over. */
static void test_certificate(struct engine *engine)
{
    static struct turn turn;
    struct error error = {0};
    int64_t before;

    turn_open(&turn, store, &options, &error);
    turn_refresh_certificate(&turn, &error);
    before = turn.certificate.before.s;
    turn.certificate.before.s = clock_unix().s + 60;
    turn_refresh_certificate(&turn, &error);
    engine_ok(engine, turn.certificate.before.s < before, "a certificate is kept for a while");
    turn.certificate.before.s = clock_unix().s;
    engine_ok(engine,
              turn_refresh_certificate(&turn, &error) == LICET_OK &&
                  turn.certificate.before.s == before,
              "R9.4 and no longer than it is valid");
    turn_finish(&turn);
}

static void test_all(struct engine *engine)
{
    test_file(engine);
    test_crowd(engine);
    test_name(engine);
    test_staff(engine);
    test_reasons(engine);
    test_fence(engine);
    test_take_back(engine);
    test_certificate(engine);
}

int main(void)
{
    return issuing_main(test_all);
}
