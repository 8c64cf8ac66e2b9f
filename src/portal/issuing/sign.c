#include "portal/issuing/sign.h"

#include <stdlib.h>

#include "base/log.h"

void signing_add(struct signing *signing, int64_t id, enum signer_act act, struct text certificate,
                 struct text payload)
{
    struct signer_item *item = &signing->items[signing->count];

    *item = (struct signer_item){.act = act, .payload = payload};
    memcpy(item->certificate.bytes, certificate.data, sizeof(item->certificate.bytes));
    signing->ids[signing->count++] = id;
}

bool signing_is_full(const struct arena *arena)
{
    return arena->capacity - arena->size < LICENSE_FILE_BYTES_MAX + 64;
}

struct text signed_text(const struct signing *signing, uint32_t index)
{
    struct buf text = buf_over(turn_text_memory(signing->turn), TURN_TEXT_BYTES);

    buf_add_text(&text, signing->items[index].payload);
    buf_add_text(&text, signing->answers[index].text);
    return buf_text(&text);
}

static enum status sign_read(struct db_transaction *transaction, void *context, struct error *error)
{
    struct signing *signing = context;
    struct arena arena = arena_over(signing->turn->memory, TURN_LIST_BYTES);

    signing->count = 0;
    return signing->kind->read(transaction, signing, &arena, error);
}

/* Order: verified as where it is used before anybody can see it. */
static enum status sign_verify(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct signing *signing = context;

    (void)error;
    for (uint32_t i = 0; i < signing->asked; i++) {
        struct signer_answer *answer = &signing->answers[i];

        if (answer->status == LICET_OK)
            answer->status = signing->kind->verify(transaction, signing, i, &signing->problems[i]);
    }
    return LICET_OK;
}

bool sign_is_for_staff(enum status status)
{
    return status == LICET_SIGNER_POLICY || status == LICET_SIGNER_CAP || status == LICET_INVALID ||
           status == LICET_TOO_LARGE || status == LICET_UNTRUSTED || status == LICET_UNSUPPORTED ||
           status == LICET_BAD_SIGNATURE || status == LICET_REVOKED || status == LICET_NOT_FOUND;
}

/* What is neither signed nor for staff (the signer's disk is full) is tried again. */
static enum status sign_write(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct signing *signing = context;
    enum status status = turn_hold(signing->turn, transaction, error);

    for (uint32_t i = 0; status == LICET_OK && i < signing->asked; i++) {
        enum status answer = signing->answers[i].status;

        if (answer == LICET_OK)
            status =
                signing->kind->store(transaction, signing->ids[i], signed_text(signing, i), error);
        else if (sign_is_for_staff(answer))
            status =
                signing->kind->refuse(transaction, signing->ids[i],
                                      text_of(error_text(&signing->problems[i], answer)), error);
    }
    return status;
}

/* The refusals of the signer, in sentences of our own memory: its answers are borrowed. */
static void sign_take_sentences(struct signing *signing)
{
    for (uint32_t i = 0; i < signing->asked; i++) {
        const struct signer_answer *answer = &signing->answers[i];

        if (answer->status != LICET_OK)
            error_set(&signing->problems[i], answer->status, "%.*s", TEXT_ARGS(answer->text));
    }
}

/* LICET_OK where everything is settled; else why something has to be tried again. */
static enum status sign_count(const struct signing *signing, uint32_t *ret_done,
                              struct error *error)
{
    enum status later = LICET_OK;

    for (uint32_t i = 0; i < signing->asked; i++) {
        enum status answer = signing->answers[i].status;
        const char *sentence = error_text(&signing->problems[i], answer);

        if (answer != LICET_OK)
            log_warning("issuing.refused", "%s=%lld \"%s\"", signing->kind->what,
                        (long long)signing->ids[i], sentence);
        if (answer == LICET_OK || sign_is_for_staff(answer))
            *ret_done += 1;
        else
            later = error_set(error, answer, "%s", sentence);
    }
    return later;
}

static enum status sign_run(struct signing *signing, uint32_t *ret_done, struct error *error)
{
    struct store *store = signing->turn->store;
    enum status status = store_read(store, sign_read, signing, error);

    if (status != LICET_OK || signing->count == 0)
        return status;
    status = signer_client_ask(signing->turn->client, signing->items, signing->count,
                               signing->answers, &signing->asked, error);
    if (status != LICET_OK)
        return status;
    sign_take_sentences(signing);
    status = store_read(store, sign_verify, signing, error);
    if (status == LICET_OK)
        status = store_transact(store, sign_write, signing, error);
    return status == LICET_OK ? sign_count(signing, ret_done, error) : status;
}

enum status sign_batch(struct turn *turn, const struct signing_kind *kind, uint32_t *ret_done,
                       struct error *error)
{
    struct signing *signing = calloc(1, sizeof(*signing));
    enum status status;

    if (signing == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for issuing");
    signing->turn = turn;
    signing->kind = kind;
    status = sign_run(signing, ret_done, error);
    free(signing);
    return status;
}
