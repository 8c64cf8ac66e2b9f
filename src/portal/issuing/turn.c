#include "portal/issuing/turn.h"

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
        status = store_transact(store, fence_take, &turn->fence, error);
    if (status != LICET_OK)
        turn_finish(turn);
    return status;
}

void turn_finish(struct turn *turn)
{
    signer_client_destroy(turn->client);
    free(turn->memory);
    turn->client = NULL;
    turn->memory = NULL;
}

static char *turn_file_memory(const struct turn *turn)
{
    return turn->memory + TURN_LIST_BYTES;
}

static char *turn_work_memory(const struct turn *turn)
{
    return turn->memory + TURN_LIST_BYTES + TURN_FILE_BYTES;
}

/* Every transaction that writes: we are still the one who issues. */
static enum status turn_hold(struct turn *turn, struct db_transaction *transaction,
                             struct error *error)
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

static enum status certificate_refresh(struct turn *turn, struct error *error)
{
    struct signer_item item = {.act = SIGNER_CERTIFICATE};
    struct arena arena = arena_over(turn->certificate_memory, sizeof(turn->certificate_memory));
    struct instant now = clock_instant();
    struct text line;
    enum status status;

    if (turn->certificate.blob.data != NULL && now.ms < turn->certificate_until.ms)
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

static enum status turn_number(struct turn *turn, uint32_t *ret_done, struct error *error)
{
    struct numbering numbering = {.fence = turn->fence,
                                  .vendor = turn->options->vendor,
                                  .certificate = &turn->certificate,
                                  .now = clock_unix(),
                                  .max = SIGNER_ITEMS_MAX,
                                  .memory = turn_work_memory(turn)};
    enum status status = certificate_refresh(turn, error);

    if (status == LICET_OK)
        status = store_transact(turn->store, numbering_run, &numbering, error);
    if (status == LICET_OK)
        *ret_done += numbering.done;
    turn->is_replaced = turn->is_replaced || numbering.is_replaced;
    return status;
}

/* ---- signing */

/* What is numbered, and what becomes of it. */
struct batch_to_sign {
    struct turn *turn;
    struct issue issues[SIGNER_ITEMS_MAX];
    struct signer_item items[SIGNER_ITEMS_MAX];
    struct signer_answer answers[SIGNER_ITEMS_MAX]; /* LICET_OK: and verified */
    struct error problems[SIGNER_ITEMS_MAX];
    uint32_t count; /* that were read */
    uint32_t asked; /* of them */
};

static enum status sign_read(struct db_transaction *transaction, void *context, struct error *error)
{
    struct batch_to_sign *batch = context;
    struct arena arena = arena_over(batch->turn->memory, TURN_LIST_BYTES);
    uint32_t count = 0;
    enum status status = store_issue_list_waiting(transaction, ISSUE_NUMBERED, SIGNER_ITEMS_MAX,
                                                  &arena, batch->issues, &count, error);

    batch->count = 0;
    for (uint32_t i = 0; status == LICET_OK && i < count; i++) {
        const struct issue *issue = &batch->issues[i];
        struct signer_item *item = &batch->items[i];

        *item = (struct signer_item){.act = SIGNER_LICENSE, .reason = issue->override};
        memcpy(item->certificate.bytes, issue->certificate.data, sizeof(item->certificate.bytes));
        status = store_issue_payload(transaction, issue->id, &arena, &item->payload, error);
        /* The arena is full: the rest is for the next turn. */
        if (status == LICET_TOO_LARGE && i > 0)
            return LICET_OK;
        batch->count += status == LICET_OK;
    }
    return status;
}

static struct text file_join(const struct turn *turn, struct text payload, struct text armor)
{
    struct buf file = buf_over(turn_file_memory(turn), TURN_FILE_BYTES);

    buf_add_text(&file, payload);
    buf_add_text(&file, armor);
    return buf_text(&file);
}

/* Order: verified as at the customer before anybody can see it. */
static void sign_verify(struct batch_to_sign *batch, uint32_t index)
{
    struct turn *turn = batch->turn;
    struct signer_answer *answer = &batch->answers[index];
    struct text file = file_join(turn, batch->items[index].payload, answer->text);
    struct arena arena = arena_over(turn_work_memory(turn), LICENSE_ARENA_BYTES(TURN_FILE_BYTES));
    struct license license;

    answer->status =
        license_read(file, turn->options->trust, &arena, &license, &batch->problems[index]);
}

static bool is_for_staff(enum status status)
{
    return status == LICET_SIGNER_POLICY || status == LICET_SIGNER_CAP || status == LICET_INVALID ||
           status == LICET_UNTRUSTED || status == LICET_UNSUPPORTED ||
           status == LICET_BAD_SIGNATURE || status == LICET_REVOKED || status == LICET_NOT_FOUND;
}

/* What is neither signed nor for staff (the signer's disk is full) is tried again. */
static enum status sign_settle(struct db_transaction *transaction,
                               const struct batch_to_sign *batch, uint32_t index,
                               struct error *error)
{
    const struct signer_answer *answer = &batch->answers[index];
    int64_t issue_id = batch->issues[index].id;

    if (answer->status == LICET_OK)
        return store_issue_release(
            transaction, issue_id,
            file_join(batch->turn, batch->items[index].payload, answer->text), error);
    if (!is_for_staff(answer->status))
        return LICET_OK;
    return store_issue_refuse(transaction, issue_id,
                              text_of(error_text(&batch->problems[index], answer->status)), error);
}

static enum status sign_write(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct batch_to_sign *batch = context;
    enum status status = turn_hold(batch->turn, transaction, error);

    for (uint32_t i = 0; status == LICET_OK && i < batch->asked; i++)
        status = sign_settle(transaction, batch, i, error);
    return status;
}

static enum status sign_batch(struct batch_to_sign *batch, uint32_t *ret_done, struct error *error)
{
    struct turn *turn = batch->turn;
    enum status status = store_read(turn->store, sign_read, batch, error);
    enum status later = LICET_OK;

    if (status != LICET_OK || batch->count == 0)
        return status;
    status = signer_client_ask(turn->client, batch->items, batch->count, batch->answers,
                               &batch->asked, error);
    for (uint32_t i = 0; status == LICET_OK && i < batch->asked; i++) {
        struct signer_answer *answer = &batch->answers[i];

        if (answer->status == LICET_OK)
            sign_verify(batch, i);
        else
            error_set(&batch->problems[i], answer->status, "%.*s", TEXT_ARGS(answer->text));
        if (answer->status != LICET_OK)
            log_warning("issue.refused", "issue=%lld generation=%u \"%s\"",
                        (long long)batch->issues[i].id, batch->issues[i].generation,
                        batch->problems[i].text);
        if (answer->status == LICET_OK || is_for_staff(answer->status))
            *ret_done += 1;
        else
            later = error_set(error, answer->status, "%s", batch->problems[i].text);
    }
    if (status == LICET_OK)
        status = store_transact(turn->store, sign_write, batch, error);
    return status == LICET_OK ? later : status;
}

static enum status turn_sign(struct turn *turn, uint32_t *ret_done, struct error *error)
{
    struct batch_to_sign *batch = calloc(1, sizeof(*batch));
    enum status status;

    if (batch == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for issuing");
    batch->turn = turn;
    status = sign_batch(batch, ret_done, error);
    free(batch);
    return status;
}

/* ---- voiding */

struct voiding {
    struct turn *turn;
    struct issue issue;
    uint32_t count;
    struct text payload; /* data NULL: it has none yet */
    bool is_signed;      /* the signer has signed it: too late */
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
    return allocation_cancel(transaction, voiding->issue.id, voiding->issue.cancel, clock_unix(),
                             &arena, error);
}

static enum status turn_void(struct turn *turn, uint32_t *ret_done, struct error *error)
{
    struct voiding voiding = {.turn = turn};
    struct signer_item item = {.act = SIGNER_VOID};
    struct text answer;
    enum status status = store_read(turn->store, void_read, &voiding, error);

    if (status != LICET_OK || voiding.count == 0)
        return status;
    if (voiding.payload.data != NULL) {
        item.payload = voiding.payload;
        item.reason = voiding.issue.cancel;
        status = ask_one(turn, &item, &answer, error);
        voiding.is_signed = status == LICET_SIGNER_POLICY;
        if (status != LICET_OK && !voiding.is_signed)
            return status;
    }
    status = store_transact(turn->store, void_write, &voiding, error);
    if (status == LICET_OK) {
        *ret_done += 1;
        log_info(voiding.is_signed ? "issue.not_voided" : "issue.voided", "issue=%lld",
                 (long long)voiding.issue.id);
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
        status = turn_sign(turn, ret_done, error);
    return status;
}
