/* Responses: written once the generation of a request is settled, then signed as files are. */
#include <string.h>

#include "base/clock.h"
#include "license/exchange.h"
#include "portal/issuing/sign.h"
#include "store/exchange.h"
#include "store/issue.h"
#include "store/issue_content.h"
#include "store/server.h"

/* ---- writing */

static enum status results_fill(struct db_transaction *transaction, const struct exchange *exchange,
                                bool is_voided, struct arena *arena, struct response *response,
                                struct error *error)
{
    struct exchange_result *results = arena_take(arena, REQUEST_ACTS_MAX, sizeof(*results));
    enum status status;

    response->results = arena_take(arena, REQUEST_ACTS_MAX, sizeof(*response->results));
    if (results == NULL || response->results == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a response");
    status = store_exchange_results(transaction, exchange->id, REQUEST_ACTS_MAX, arena, results,
                                    &response->results_count, error);
    for (uint32_t i = 0; status == LICET_OK && i < response->results_count; i++) {
        struct response_result *result = &response->results[i];

        line_init(LINE_RESULT, result);
        result->number = results[i].number;
        result->sn = results[i].sn;
        result->status = results[i].status;
        /* Staff gave the generation up: nothing came of it. */
        if (is_voided && results[i].seats > 0)
            result->status = TEXT("conflict");
        else
            result->seats = results[i].seats;
    }
    return status;
}

/* The server's newest released file, if there is one. */
static enum status file_find(struct db_transaction *transaction, int64_t server_id,
                             struct arena *arena, struct response_head *head, int64_t *ret_issue_id,
                             struct error *error)
{
    struct issue issue;
    enum status status = store_issue_newest_released(transaction, server_id, arena, &issue, error);

    *ret_issue_id = 0;
    if (status == LICET_NOT_FOUND)
        return LICET_OK;
    if (status == LICET_OK)
        status = hash_parse(issue.payload_hash, &head->file, error);
    if (status == LICET_OK)
        *ret_issue_id = issue.id;
    return status;
}

static enum status response_fill(struct db_transaction *transaction, const struct turn *turn,
                                 struct exchange *exchange, struct arena *arena,
                                 struct response *response, struct error *error)
{
    struct response_head *head = &response->head;
    struct issue issue = {.state = ISSUE_RELEASED};
    struct server server;
    enum status status = store_server_get(transaction, exchange->server_id, arena, &server, error);

    line_init(LINE_RESPONSE, head);
    head->vendor = turn->options->vendor;
    head->issued = clock_unix();
    if (status == LICET_OK)
        status = hash_parse(exchange->request_hash, &head->request, error);
    if (status == LICET_OK && exchange->issue_id != 0)
        status = store_issue_get(transaction, exchange->issue_id, arena, &issue, error);
    if (status == LICET_OK)
        status = results_fill(transaction, exchange, issue.state == ISSUE_VOIDED, arena, response,
                              error);
    if (status != LICET_OK)
        return status;
    head->server = server.number;
    return file_find(transaction, server.id, arena, head, &exchange->file_issue_id, error);
}

static enum status response_write(struct db_transaction *transaction, struct turn *turn,
                                  struct exchange *exchange, struct error *error)
{
    struct arena arena = arena_over(turn_work_memory(turn), TURN_WORK_BYTES);
    struct buf payload = buf_over(turn_text_memory(turn), TURN_TEXT_BYTES);
    struct response response = {.results_count = 0};
    char place[HASH_TEXT_BYTES];
    struct buf printed = buf_over(place, sizeof(place));
    struct hash certificate_hash = hash_of(turn->certificate.blob), payload_hash;
    enum status status = response_fill(transaction, turn, exchange, &arena, &response, error);

    if (status == LICET_OK)
        status = response_print(&response, &arena, &payload, error);
    if (status == LICET_OK)
        status = response_lint(buf_text(&payload), &turn->certificate, &arena, &response, error);
    if (status != LICET_OK)
        return status;
    payload_hash = hash_of(buf_text(&payload));
    hash_print(&payload_hash, &printed);
    exchange->certificate = text_make(certificate_hash.bytes, sizeof(certificate_hash.bytes));
    return store_exchange_write(transaction, exchange, buf_text(&payload), buf_text(&printed),
                                error);
}

/* One that cannot be written waits for staff, and stops no other. */
static enum status response_write_or_refuse(struct db_transaction *transaction, struct turn *turn,
                                            struct exchange *exchange, struct error *error)
{
    struct error problem = {0};
    enum status status = response_write(transaction, turn, exchange, &problem);

    if (status == LICET_OK)
        return LICET_OK;
    if (numbering_is_for_staff(status))
        return store_exchange_refuse(transaction, exchange->id,
                                     text_of(error_text(&problem, status)), error);
    return error_set(error, status, "%s", error_text(&problem, status));
}

struct writing {
    struct turn *turn;
    uint32_t done;
};

static enum status writing_run(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct writing *writing = context;
    struct arena arena = arena_over(writing->turn->memory, TURN_LIST_BYTES);
    struct exchange exchanges[SIGNER_ITEMS_MAX];
    uint32_t count = 0;
    enum status status = turn_hold(writing->turn, transaction, error);

    writing->done = 0;
    if (status == LICET_OK)
        status = store_exchange_list_open(transaction, EXCHANGE_WAITING, SIGNER_ITEMS_MAX, &arena,
                                          exchanges, &count, error);
    for (uint32_t i = 0; status == LICET_OK && i < count; i++)
        status = response_write_or_refuse(transaction, writing->turn, &exchanges[i], error);
    if (status == LICET_OK)
        writing->done = count;
    return status;
}

static enum status writing_look(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct writing *writing = context;
    struct arena arena = arena_over(writing->turn->memory, TURN_LIST_BYTES);
    struct exchange exchange;

    return store_exchange_list_open(transaction, EXCHANGE_WAITING, 1, &arena, &exchange,
                                    &writing->done, error);
}

enum status turn_write_responses(struct turn *turn, uint32_t *ret_done, struct error *error)
{
    struct writing writing = {.turn = turn};
    enum status status = store_read(turn->store, writing_look, &writing, error);

    if (status != LICET_OK || writing.done == 0)
        return status;
    status = turn_refresh_certificate(turn, error);
    if (status == LICET_OK)
        status = store_transact(turn->store, writing_run, &writing, error);
    if (status == LICET_OK)
        *ret_done += writing.done;
    return status;
}

/* ---- signing */

static enum status responses_read(struct db_transaction *transaction, struct signing *signing,
                                  struct arena *arena, struct error *error)
{
    struct exchange *exchanges = arena_take(arena, SIGNER_ITEMS_MAX, sizeof(*exchanges));
    struct text payload;
    uint32_t count = 0;
    enum status status;

    if (exchanges == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for issuing");
    status = store_exchange_list_open(transaction, EXCHANGE_WRITTEN, SIGNER_ITEMS_MAX, arena,
                                      exchanges, &count, error);
    for (uint32_t i = 0; status == LICET_OK && i < count; i++) {
        if (i > 0 && signing_is_full(arena))
            return LICET_OK;
        status = store_exchange_payload(transaction, exchanges[i].id, arena, &payload, error);
        if (status != LICET_OK)
            return status;
        signing->file_issue_ids[i] = exchanges[i].file_issue_id;
        signing_add(signing, exchanges[i].id, SIGNER_RESPONSE, exchanges[i].certificate, payload);
    }
    return status;
}

/* The whole text, with the file behind an empty line, as licetd reads it. */
static enum status response_verify(struct db_transaction *transaction, struct signing *signing,
                                   uint32_t index, struct error *error)
{
    struct arena arena = arena_over(turn_work_memory(signing->turn), TURN_WORK_BYTES);
    struct text signed_part = signed_text(signing, index), file;
    struct buf whole = buf_over(turn_text_memory(signing->turn), TURN_TEXT_BYTES);
    struct response response;
    enum status status;

    whole.size = signed_part.size;
    if (signing->file_issue_ids[index] != 0) {
        status =
            store_issue_file(transaction, signing->file_issue_ids[index], &arena, &file, error);
        if (status != LICET_OK)
            return status;
        buf_add_byte(&whole, '\n');
        buf_add_text(&whole, file);
        arena = arena_over(turn_work_memory(signing->turn), TURN_WORK_BYTES);
    }
    return response_read(buf_text(&whole), signing->turn->options->trust, &arena, &response, error);
}

const struct signing_kind signing_responses = {
    .what = "request",
    .read = responses_read,
    .verify = response_verify,
    .store = store_exchange_answer,
    .refuse = store_exchange_refuse,
};
