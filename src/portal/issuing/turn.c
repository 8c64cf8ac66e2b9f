#include "portal/issuing/sign.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "license/issue_log.h"
#include "portal/allocation/allocation.h"
#include "store/issue.h"
#include "store/issue_content.h"
#include "store/issuer.h"

/* ---- begin and end */

static enum status fence_take(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    return store_issuer_take(transaction, context, error);
}

enum status turn_open(struct turn *turn, struct store *store, const struct issuing_options *options,
                      struct error *error)
{
    enum status status;

    memset(turn, 0, sizeof(*turn));
    turn->store = store;
    turn->options = options;
    turn->memory = malloc(TURN_BYTES);
    if (turn->memory == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for issuing");
    status = signer_client_create(&options->signer, &turn->client, error);
    if (status == LICET_OK)
        status = turn_take_fence(turn, error);
    if (status != LICET_OK)
        turn_finish(turn);
    return status;
}

enum status turn_take_fence(struct turn *turn, struct error *error)
{
    enum status status = store_transact(turn->store, fence_take, &turn->fence, error);

    turn->is_replaced = turn->is_replaced && status != LICET_OK;
    return status;
}

void turn_finish(struct turn *turn)
{
    signer_client_destroy(turn->client);
    free(turn->memory);
    turn->client = NULL;
    turn->memory = NULL;
}

char *turn_text_memory(const struct turn *turn)
{
    return turn->memory + TURN_LIST_BYTES;
}

char *turn_work_memory(const struct turn *turn)
{
    return turn->memory + TURN_LIST_BYTES + TURN_TEXT_BYTES;
}

enum status turn_hold(struct turn *turn, struct db_transaction *transaction, struct error *error)
{
    char memory[ISSUE_LOG_BYTES_MAX + 64];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct text frontier;
    int64_t size;
    enum status status =
        store_issuer_lock(transaction, turn->fence, &arena, &size, &frontier, error);

    turn->is_replaced = status == LICET_CONFLICT;
    return status;
}

/* ---- asking the signer */

static enum status ask_one(struct turn *turn, const struct signer_item *item,
                           struct text *ret_answer, struct error *error)
{
    struct signer_answer answer;
    uint32_t count;
    enum status status = signer_client_ask(turn->client, item, 1, &answer, &count, error);

    if (status != LICET_OK)
        return status;
    if (answer.status != LICET_OK)
        return error_set(error, answer.status, "%.*s", TEXT_ARGS(answer.text));
    *ret_answer = answer.text;
    return LICET_OK;
}

enum status turn_refresh_certificate(struct turn *turn, struct error *error)
{
    struct signer_item item = {.act = SIGNER_CERTIFICATE};
    struct arena arena = arena_over(turn->certificate_memory, sizeof(turn->certificate_memory));
    struct instant now = clock_instant();
    struct text line;
    enum status status;

    if (turn->certificate.blob.data != NULL && now.ms < turn->certificate_until.ms &&
        clock_unix().s < turn->certificate.before.s)
        return LICET_OK;
    turn->certificate.blob = (struct text){NULL, 0};
    status = ask_one(turn, &item, &line, error);
    if (status == LICET_OK)
        status = certificate_parse_line(line, &arena, &turn->certificate, error);
    if (status == LICET_OK)
        turn->certificate_until = instant_add_ms(now, TURN_CERTIFICATE_MS);
    return status;
}

/* ---- numbering */

static enum status number_look(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct numbering *numbering = context;
    struct arena arena = arena_over(numbering->memory, PAYLOAD_ARENA_BYTES);
    struct issue issue;

    return store_issue_list_waiting(transaction, ISSUE_INTENT, 1, &arena, &issue, &numbering->done,
                                    error);
}

static enum status turn_number(struct turn *turn, uint32_t *ret_done, struct error *error)
{
    struct numbering numbering = {.fence = turn->fence,
                                  .vendor = turn->options->vendor,
                                  .certificate = &turn->certificate,
                                  .now = clock_unix(),
                                  .max = SIGNER_ITEMS_MAX,
                                  .memory = turn_work_memory(turn)};
    enum status status = store_read(turn->store, number_look, &numbering, error);

    if (status != LICET_OK || numbering.done == 0)
        return status;
    status = turn_refresh_certificate(turn, error);
    if (status == LICET_OK)
        status = store_transact(turn->store, numbering_run, &numbering, error);
    if (status == LICET_OK)
        *ret_done += numbering.done;
    turn->is_replaced = turn->is_replaced || numbering.is_replaced;
    return status;
}

/* ---- voiding */

struct voiding {
    struct turn *turn;
    struct issue issue;
    uint32_t count;
    struct text payload; /* data NULL: it has none yet */
    bool is_signed;      /* the signer has signed it: too late */
    const char *refusal; /* NULL: the signer did not refuse otherwise */
};

static enum status void_read(struct db_transaction *transaction, void *context, struct error *error)
{
    struct voiding *voiding = context;
    struct arena arena = arena_over(voiding->turn->memory, TURN_LIST_BYTES);
    enum status status =
        store_issue_list_cancelled(transaction, 1, &arena, &voiding->issue, &voiding->count, error);

    voiding->payload = (struct text){NULL, 0};
    if (status != LICET_OK || voiding->count == 0 || voiding->issue.state == ISSUE_INTENT)
        return status;
    return store_issue_payload(transaction, voiding->issue.id, &arena, &voiding->payload, error);
}

static enum status void_write(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct voiding *voiding = context;
    struct arena arena = arena_over(turn_work_memory(voiding->turn), ALLOCATION_ARENA_BYTES);
    enum status status = turn_hold(voiding->turn, transaction, error);

    if (status != LICET_OK)
        return status;
    if (voiding->is_signed)
        return store_issue_go_on(transaction, voiding->issue.id, error);
    if (voiding->refusal != NULL)
        return store_issue_refuse_void(transaction, voiding->issue.id, text_of(voiding->refusal),
                                       error);
    return allocation_cancel(transaction, voiding->issue.id, voiding->issue.cancel, clock_unix(),
                             &arena, error);
}

static enum status turn_void(struct turn *turn, uint32_t *ret_done, struct error *error)
{
    struct voiding voiding = {.turn = turn};
    struct signer_item item = {.act = SIGNER_VOID};
    struct error refusal = {0};
    struct text answer;
    enum status status = store_read(turn->store, void_read, &voiding, error);

    if (status != LICET_OK || voiding.count == 0)
        return status;
    if (voiding.payload.data != NULL) {
        item.payload = voiding.payload;
        item.reason = voiding.issue.cancel;
        status = ask_one(turn, &item, &answer, &refusal);
        voiding.is_signed = status == LICET_SIGNER_POLICY;
        if (status != LICET_OK && !sign_is_for_staff(status))
            return error_set(error, status, "%s", error_text(&refusal, status));
        if (status != LICET_OK && !voiding.is_signed)
            voiding.refusal = error_text(&refusal, status);
    }
    status = store_transact(turn->store, void_write, &voiding, error);
    if (status == LICET_OK) {
        *ret_done += 1;
        log_info(voiding.is_signed || voiding.refusal != NULL ? "issue.not_voided" : "issue.voided",
                 "issue=%lld", (long long)voiding.issue.id);
    }
    return status;
}

enum status turn_run(struct turn *turn, uint32_t *ret_done, struct error *error)
{
    enum status status;

    *ret_done = 0;
    status = turn_void(turn, ret_done, error);
    if (status == LICET_OK)
        status = turn_number(turn, ret_done, error);
    if (status == LICET_OK)
        status = sign_batch(turn, &signing_files, ret_done, error);
    if (status == LICET_OK)
        status = turn_write_responses(turn, ret_done, error);
    if (status == LICET_OK)
        status = sign_batch(turn, &signing_responses, ret_done, error);
    return status;
}
