/*
 * Requests of license servers (R5), with a real licet-signer: who brings one, what its acts come to,
 * and the one response.
 */
#include "store/asking.h"

static enum status act_refuse(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    const int64_t *exchange_id = context;

    return store_exchange_refuse(transaction, *exchange_id, TEXT("a certificate had ended"), error);
}

static enum status act_ask_and_refuse(struct db_transaction *transaction, void *context,
                                      struct error *error)
{
    struct asking *asking = context;
    enum status status = act_ask(transaction, asking, error);

    return status == LICET_OK ? act_refuse(transaction, &asking->exchange_id, error) : status;
}

/* One whose response could not be signed. */
static void test_again(struct engine *engine, struct issuing *issuing,
                       const struct license *license)
{
    static struct asking asking;
    static struct answer answer;

    memset(&asking, 0, sizeof(asking));
    memset(&answer, 0, sizeof(answer));
    asking.seed = 200;
    asking_follow(&asking, license, 3);
    if (!asking_sign(&asking) ||
        store_transact(store, act_ask_and_refuse, &asking, NULL) != LICET_OK)
        abort();
    answer.exchange_id = asking.exchange_id;
    store_read(store, act_answer, &answer, NULL);
    engine_ok(engine, answer.exchange.problem.size > 0, "R5 a response that is refused waits");
    engine_ok(engine,
              store_transact(store, act_ask, &asking, NULL) == LICET_OK &&
                  asking.exchange_id == answer.exchange_id,
              "R5 the same request is brought again");
    issuing_wake(issuing);
    engine_ok(engine, wait_for_answer(issuing, &answer), "R5 and answered then");
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
    asking_follow(&later, &license, 2);
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
    test_again(engine, issuing, &license);
    asking.customer_id = world.stranger_id;
    asking.request.acts_count = 0;
    asking.request.head.counter = 4;
    engine_ok(engine,
              asking_sign(&asking) &&
                  store_transact(store, act_ask, &asking, &error) == LICET_CONFLICT,
              "R3.4 one key, one customer");
    issuing_stop(issuing);
}

int main(void)
{
    return issuing_main(test_request);
}
