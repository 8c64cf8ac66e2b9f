/* Requests of a license server, made as licetd makes them, and what the portal answers. */
#ifndef LICET_TESTS_STORE_ASKING_H
#define LICET_TESTS_STORE_ASKING_H

#include "license/exchange.h"
#include "portal/exchange/exchange.h"
#include "store/exchange.h"

#include "store/issuing.h"

struct asking {
    struct server_request request;
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

/* The server's next request, which is a receipt of a file of one line that it installed. */
static void asking_follow(struct asking *asking, const struct license *license, uint64_t counter)
{
    asking->request.head.counter = counter;
    asking->request.head.server = license->servers[0].id;
    asking->request.head.customer = license->head.customer;
    asking->request.head.generation = license->head.generation;
    asking->request.head.payload = license->payload_hash;
    asking->request.head.epoch = 1;
    asking->request.head.head = license->payload_hash;
    asking->request.lines_count = 1;
    asking->lines[0] = (struct receipt_line){.sn = license->increments[0].sn,
                                             .seats = license->increments[0].seats};
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

#endif
