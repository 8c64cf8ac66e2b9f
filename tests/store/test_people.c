/* People, tokens and calls that happen once, on each engine. */
#include "unit/db/engines.h"

#include "store/idempotency.h"
#include "store/person.h"
#include "store/session.h"
#include "store/store.h"

#define CALLS 8

static const struct unix_time now = {1795000000}, later = {1795000100};

struct people {
    struct engine *engine;
    struct arena arena;
    int64_t anna, bert;
};

static bool person_is(struct db_transaction *transaction, struct people *people, const char *email,
                      int64_t id)
{
    struct person person;

    return store_person_find_email(transaction, text_of(email), &people->arena, &person, NULL) ==
               LICET_OK &&
           person.id == id;
}

static enum status people_write(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct people *people = context;
    struct engine *engine = people->engine;
    struct organization customer = {
        .kind = ORGANIZATION_CUSTOMER, .name = TEXT("Customer"), .number = TEXT("C-1")};
    struct person anna = {.email = TEXT("anna@a.example"), .name = TEXT("Anna"), .created = now};
    struct person bert = {.email = TEXT("bert@a.example"), .name = TEXT("Bert"), .created = now};
    struct membership memberships[2];
    struct member members[4];
    int64_t id = 0, other = 7, second = 0;
    uint32_t count = 0;

    (void)error;
    engine_ok(engine,
              store_organization_insert(transaction, &customer, &id, NULL) == LICET_OK &&
                  store_organization_insert(transaction, &customer, &other, NULL) == LICET_OK &&
                  id != 0 && other == 0,
              "a customer's number is given once");
    engine_ok(engine,
              store_person_insert(transaction, &anna, &other, NULL) == LICET_OK &&
                  store_person_insert(transaction, &anna, &second, NULL) == LICET_CONFLICT &&
                  second == 0 && person_is(transaction, people, "anna@a.example", other),
              "an address is one person's, and the transaction goes on");
    engine_ok(
        engine,
        store_membership_insert(transaction, other, id, MEMBER_VIEWER, now, NULL) == LICET_OK &&
            store_membership_insert(transaction, other, id, MEMBER_VIEWER, later, NULL) ==
                LICET_OK &&
            store_membership_insert(transaction, other, id, MEMBER_ADMINISTRATOR, now, NULL) ==
                LICET_OK &&
            store_membership_list(transaction, other, 2, memberships, &count, NULL) == LICET_OK &&
            count == 2,
        "a role is had once, and several are");
    engine_ok(engine,
              store_membership_list(transaction, other, 1, memberships, &count, NULL) ==
                  LICET_OVER_LIMIT,
              "more memberships than there is room for are not cut");
    store_person_insert(transaction, &bert, &second, NULL);
    people->anna = other;
    people->bert = second;
    store_membership_insert(transaction, second, id, MEMBER_VIEWER, now, NULL);
    store_person_set_password(transaction, second, TEXT("$hash"), NULL);
    engine_ok(engine,
              store_member_list(transaction, id, 0, 4, &people->arena, members, &count, NULL) ==
                      LICET_OK &&
                  count == 3 && members[0].role == MEMBER_ADMINISTRATOR &&
                  members[1].role == MEMBER_VIEWER && !members[0].has_password &&
                  members[2].has_password && text_is(members[2].person.name, "Bert"),
              "an organisation's people are listed with their roles");
    engine_ok(engine,
              store_membership_delete(transaction, other, id, NULL) == LICET_OK &&
                  store_membership_delete(transaction, other, id, NULL) == LICET_NOT_FOUND,
              "who leaves has no role any more");
    return LICET_OK;
}

/* A key of `now`, after a sweep `age_s` later. */
static int64_t keys_left(struct db_transaction *transaction, int64_t age_s)
{
    struct idempotency key = {
        .person_id = 1, .act = TEXT("act"), .key = TEXT("k"), .hash = TEXT("h")};
    int64_t resource, count = -1;
    bool is_new;

    store_idempotency_take(transaction, &key, now, &is_new, &resource, NULL);
    store_sweep(transaction, (struct unix_time){now.s + age_s}, NULL);
    db_row(transaction, "SELECT count(*) FROM idempotency", DB_NO_ARGUMENTS,
           DB_COLUMNS(db_ret_int(&count)), NULL);
    return count;
}

static enum status session_find(struct db_transaction *transaction, struct unix_time at,
                                struct session *ret_session, uint32_t *ret_count)
{
    struct membership memberships[4];

    return store_session_find(transaction, TEXT("a"), at, 4, ret_session, memberships, ret_count,
                              NULL);
}

static enum status tokens_write(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct people *people = context;
    struct engine *engine = people->engine;
    struct session session = {
        .person_id = people->bert, .created = now, .used = now, .ends = later};
    uint32_t failures = 7, count = 0;
    struct unix_time last;
    int64_t id = 0, person_id = 7;

    (void)error;
    engine_ok(engine,
              store_session_insert(transaction, TEXT("a"), &session, &id, NULL) == LICET_OK &&
                  session_find(transaction, now, &session, &count) == LICET_OK &&
                  session.id == id && !session.is_cookie && count == 1 &&
                  session_find(transaction, later, &session, &count) == LICET_NOT_FOUND,
              "a session is found until it ends, with the roles of its person");
    engine_ok(
        engine,
        store_one_time_insert(transaction, TEXT("s1"), 0, later, NULL) == LICET_OK &&
            store_one_time_insert(transaction, TEXT("p1"), people->anna, later, NULL) == LICET_OK &&
            store_one_time_insert(transaction, TEXT("p2"), people->anna, later, NULL) == LICET_OK &&
            store_one_time_find(transaction, TEXT("p1"), now, &person_id, NULL) ==
                LICET_UNAUTHENTICATED &&
            store_one_time_find(transaction, TEXT("s1"), now, &person_id, NULL) == LICET_OK &&
            person_id == 0,
        "a one-time token replaces the one before, of the same person");
    engine_ok(engine,
              store_one_time_take(transaction, TEXT("p2"), later, &person_id, NULL) ==
                      LICET_UNAUTHENTICATED &&
                  store_one_time_take(transaction, TEXT("p2"), now, &person_id, NULL) == LICET_OK &&
                  person_id == people->anna &&
                  store_one_time_take(transaction, TEXT("p2"), now, &person_id, NULL) ==
                      LICET_UNAUTHENTICATED,
              "it is taken in its time, and once");
    store_failures_add(transaction, TEXT("x@y"), now, NULL);
    store_failures_add(transaction, TEXT("x@y"), later, NULL);
    engine_ok(engine,
              store_failures_get(transaction, TEXT("x@y"), &failures, &last, NULL) == LICET_OK &&
                  failures == 2 && last.s == later.s &&
                  store_failures_clear(transaction, TEXT("x@y"), NULL) == LICET_OK &&
                  store_failures_get(transaction, TEXT("x@y"), &failures, &last, NULL) ==
                      LICET_OK &&
                  failures == 0,
              "wrong passwords are counted until they are forgotten");
    engine_ok(engine,
              store_sweep(transaction, later, NULL) == LICET_OK &&
                  session_find(transaction, now, &session, &count) == LICET_NOT_FOUND,
              "what has ended is swept away");
    engine_ok(engine,
              keys_left(transaction, 30 * SECONDS_A_DAY - 1) == 1 &&
                  keys_left(transaction, 30 * SECONDS_A_DAY) == 0,
              "R6.9 keys are kept 30 days");
    return LICET_OK;
}

/* ---- one call, made by many at once */

struct call {
    struct store *store;
    struct idempotency idempotency;
    bool is_new;
    int64_t resource;
    enum status status;
};

static enum status call_once(struct db_transaction *transaction, void *context, struct error *error)
{
    struct call *call = context;
    enum status status = store_idempotency_take(transaction, &call->idempotency, now, &call->is_new,
                                                &call->resource, error);

    if (status != LICET_OK || !call->is_new)
        return status;
    usleep(20000); /* the others come meanwhile */
    call->resource = 42;
    return store_idempotency_set(transaction, &call->idempotency, 42, error);
}

static void *call_thread(void *context)
{
    struct call *call = context;

    call->status = store_transact(call->store, call_once, call, NULL);
    return NULL;
}

static void test_once(const struct people *people, struct store *store)
{
    struct engine *engine = people->engine;
    struct call calls[CALLS], other;
    pthread_t threads[CALLS];
    int made = 0, repeated = 0;

    for (int index = 0; index < CALLS; index++) {
        calls[index] = (struct call){.store = store,
                                     .idempotency = {.person_id = people->anna,
                                                     .act = TEXT("order_create"),
                                                     .key = TEXT("key"),
                                                     .hash = TEXT("body")}};
        if (pthread_create(&threads[index], NULL, call_thread, &calls[index]) != 0)
            abort();
    }
    for (int index = 0; index < CALLS; index++) {
        pthread_join(threads[index], NULL);
        made += calls[index].status == LICET_OK && calls[index].is_new;
        repeated +=
            calls[index].status == LICET_OK && !calls[index].is_new && calls[index].resource == 42;
    }
    engine_ok(engine, made == 1 && repeated == CALLS - 1,
              "R6.9 of eight equal calls at once one acts, and the others wait for what it made");
    other = calls[0];
    other.idempotency.hash = TEXT("another body");
    engine_ok(engine, store_transact(store, call_once, &other, NULL) == LICET_CONFLICT,
              "R6.9 the key with another body is refused");
    other.idempotency.person_id = people->bert;
    engine_ok(engine, store_transact(store, call_once, &other, NULL) == LICET_OK && other.is_new,
              "R6.9 another person's key is another key");
}

static void test_people(struct engine *engine)
{
    static char place[65536];
    struct people people = {.engine = engine, .arena = arena_over(place, sizeof(place))};
    struct store *store = NULL;

    engine_ok(engine, store_open(engine->url, &store, NULL) == LICET_OK, "the store opens");
    store_transact(store, people_write, &people, NULL);
    store_transact(store, tokens_write, &people, NULL);
    test_once(&people, store);
    store_close(store);
}

int main(void)
{
    on_engines(test_people);
    return tap_done();
}
