/* Judge, journal, sign: in this order, for a whole turn at once. */
#include "signer/signer.h"

#include <errno.h>
#include <sodium.h>
#include <unistd.h>

#include "base/log.h"
#include "journal/journal.h"
#include "license/license.h"
#include "signer/issuer.h"

/* Records of one turn: 0.55 MiB (limits.h). */
#define SIGNER_BODY_BYTES                                                                          \
    (SIGNER_CONNECTIONS_MAX * SIGNER_ITEMS_MAX *                                                   \
     (SIGNER_RECORD_BYTES_MAX + JOURNAL_RECORD_OVERHEAD))
_Static_assert(SIGNER_BODY_BYTES <= JOURNAL_GROUP_BYTES_MAX, "a turn is one group");

struct signer_state {
    struct issuer issuer;
    struct policy *policy;
    struct journal *journal;
    struct arena arena;
    struct buf body; /* records that wait for signer_commit() */
    uint32_t body_count;
    bool has_first_record;
};

void signer_journal_path(const struct signer_options *options, char path[SIGNER_PATH_MAX])
{
    snprintf(path, SIGNER_PATH_MAX, "%s/journal", options->state);
}

/* ---- opening */

#define SIGNER_RETIRE                                                                              \
    "what this key has signed is not known any more. Retire it: revoke it (licet key revoke), "    \
    "make "                                                                                        \
    "and certify a new one, and run licet-signer init for that"

/* The first record names the key. */
static enum status signer_fold_first(struct signer_state *signer,
                                     const struct signer_record *record, struct error *error)
{
    char stated[HASH_TEXT_BYTES], own[HASH_TEXT_BYTES];
    struct buf stated_buf = buf_over(stated, sizeof(stated)), own_buf = buf_over(own, sizeof(own));

    if (record->act != SIGNER_OPEN)
        return error_set(error, LICET_DAMAGED, "the journal does not begin with its key");
    signer->has_first_record = true;
    if (hash_equal(&record->payload, &signer->issuer.key_hash))
        return LICET_OK;
    hash_print(&record->payload, &stated_buf);
    hash_print(&signer->issuer.key_hash, &own_buf);
    return error_set(error, LICET_MISMATCH,
                     "the journal is that of the issuing key %.*s, but the key is %.*s: each key "
                     "has a journal of its own, from its first signature on",
                     TEXT_ARGS(buf_text(&stated_buf)), TEXT_ARGS(buf_text(&own_buf)));
}

static enum status signer_fold(void *context, uint64_t number, bool is_snapshot, struct text bytes,
                               struct error *error)
{
    struct signer_state *signer = context;
    struct signer_record record;
    enum status status = record_parse(bytes, &record, error);

    (void)is_snapshot;
    if (status != LICET_OK)
        return status;
    if (number == 1)
        return signer_fold_first(signer, &record, error);
    if (record.act == SIGNER_OPEN)
        return error_set(error, LICET_DAMAGED, "the journal names a second key");
    return policy_apply(signer->policy, &record, error);
}

static enum status signer_open_journal(struct signer_state *signer,
                                       const struct signer_options *options, struct error *error)
{
    char path[SIGNER_PATH_MAX];
    struct journal_opening opening;
    struct error cause = {.text = ""};
    enum status status;

    signer_journal_path(options, path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return error_set(error, LICET_NOT_FOUND,
                         "%s is missing. Where this key has never signed, run licet-signer init; "
                         "else " SIGNER_RETIRE,
                         path);
    status = journal_open(path, signer_fold, signer, &signer->journal, &opening, &cause);
    if (status == LICET_OK && !signer->has_first_record)
        status = error_set(&cause, LICET_DAMAGED, "it has no records");
    if (status == LICET_DAMAGED || status == LICET_NOT_FOUND)
        return error_set(error, LICET_DAMAGED, "%s is damaged (%.*s): " SIGNER_RETIRE, path,
                         (int)text_find(text_of(cause.text), ';'), cause.text);
    if (status != LICET_OK)
        return error_set(error, status, "%s", cause.text);
    log_info("journal.opened", "records=%llu cut=%u",
             (unsigned long long)journal_head(signer->journal).number, opening.bytes_cut);
    return journal_prepare(signer->journal, error);
}

static enum status signer_make(struct signer_state **ret_signer, struct error *error)
{
    struct signer_state *signer = calloc(1, sizeof(*signer));
    size_t arena_bytes = LICENSE_ARENA_BYTES(LICENSE_FILE_BYTES_MAX);

    if (signer == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to start");
    *ret_signer = signer;
    signer->arena = arena_over(malloc(arena_bytes), arena_bytes);
    signer->body = buf_over(malloc(SIGNER_BODY_BYTES), SIGNER_BODY_BYTES);
    if (signer->arena.data == NULL || signer->body.data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to start");
    return LICET_OK;
}

enum status signer_open(const struct signer_options *options, struct signer_state **ret_signer,
                        struct error *error)
{
    struct signer_state *signer = NULL;
    enum status status = signer_make(&signer, error);

    if (status == LICET_OK)
        status = issuer_open(&signer->issuer, options, error);
    if (status == LICET_OK)
        status = policy_create(&options->caps, &signer->policy, error);
    if (status == LICET_OK)
        status = signer_open_journal(signer, options, error);
    if (status == LICET_OK)
        *ret_signer = signer;
    else
        signer_close(signer);
    return status;
}

void signer_close(struct signer_state *signer)
{
    if (signer == NULL)
        return;
    if (signer->journal != NULL && signer_seal(signer, NULL) != LICET_OK)
        log_warning("journal.not_sealed", "cause=\"the disk\"");
    journal_destroy(signer->journal);
    policy_destroy(signer->policy);
    issuer_finish(&signer->issuer);
    free(signer->arena.data);
    free(signer->body.data);
    free(signer);
}

/* ---- judging */

static enum status signer_check_reason(struct text reason, struct error *error)
{
    if (reason.size > SIGNER_REASON_BYTES_MAX)
        return error_set(error, LICET_TOO_LARGE, "a reason has at most %u bytes",
                         SIGNER_REASON_BYTES_MAX);
    for (size_t index = 0; index < reason.size; index++) {
        if ((unsigned char)reason.data[index] < ' ')
            return error_set(error, LICET_INVALID, "a reason has no control characters");
    }
    return text_is_utf8(reason) ? LICET_OK
                                : error_set(error, LICET_INVALID, "a reason is text in UTF-8");
}

static enum status signer_record(struct signer_state *signer, struct intent *intent,
                                 enum policy_verdict verdict, struct error *error)
{
    char bytes[SIGNER_RECORD_BYTES_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    if (verdict == POLICY_NEW)
        intent->record.reason = TEXT("");
    record_print(&intent->record, &buf);
    if (!journal_room(signer->journal, signer->body.size + buf.size + JOURNAL_RECORD_OVERHEAD,
                      JOURNAL_RESERVE))
        return error_set(error, LICET_DISK_FULL,
                         "the signer's disk has no room for a record: make room there");
    journal_body_add(&signer->body, buf_text(&buf));
    signer->body_count++;
    return policy_apply(signer->policy, &intent->record, error);
}

static void signer_log(const struct intent *intent, enum status status, const struct error *error)
{
    const struct signer_record *record = &intent->record;

    if (status != LICET_OK)
        log_warning("signature.refused", "act=%d server=%.*s number=%llu cause=\"%s\"",
                    (int)record->act, TEXT_ARGS(record->server), (unsigned long long)record->number,
                    error_text(error, status));
    else if (record->act == SIGNER_VOID || record->reason.size > 0)
        log_info(record->act == SIGNER_VOID ? "file.void" : "cap.released",
                 "server=%.*s generation=%llu serial=%.*s reason=\"%.*s\"",
                 TEXT_ARGS(record->server), (unsigned long long)record->number,
                 TEXT_ARGS(record->name), TEXT_ARGS(record->reason));
}

static enum status signer_judge(struct signer_state *signer, const struct signer_item *item,
                                const struct certificate *certificate, struct unix_time now,
                                struct error *error)
{
    struct intent intent;
    enum policy_verdict verdict;
    enum status status;

    signer->arena.size = 0;
    status = intent_read(item->act, item->payload, certificate, &signer->arena, &intent, error);
    if (status != LICET_OK)
        return status;
    intent.record.time = now;
    intent.record.certificate = item->certificate;
    intent.record.reason = item->reason;
    status = policy_judge(signer->policy, &intent, now, &verdict, error);
    if (status == LICET_OK && verdict == POLICY_AGAIN)
        return LICET_OK;
    if (status == LICET_OK)
        status = signer_record(signer, &intent, verdict, error);
    signer_log(&intent, status, error);
    return status;
}

/* ---- questions */

static enum status signer_tell_certificate(const struct signer_state *signer, struct unix_time now,
                                           struct buf *buf, struct error *error)
{
    const struct certificate *certificate = issuer_current(&signer->issuer, now);

    if (certificate == NULL)
        return error_set(
            error, LICET_EXPIRED,
            "no certificate of the issuing key is valid now: certify the key again, or "
            "make a new one");
    certificate_print_line(certificate, TEXT(""), buf);
    return LICET_OK;
}

/* "VENDOR SERVER" */
static enum status signer_tell_last(const struct signer_state *signer, struct text question,
                                    struct buf *buf, struct error *error)
{
    struct text server = question, vendor;

    if (!text_split(&server, ' ', &vendor) || vendor.size > NAME_MAX_BYTES || server.size == 0 ||
        server.size > NAME_MAX_BYTES)
        return error_set(error, LICET_INVALID, "the question is a vendor, a blank, a server");
    buf_add_u64(buf, policy_last(signer->policy, vendor, server));
    return LICET_OK;
}

static bool signer_is_question(enum signer_act act)
{
    return act == SIGNER_CERTIFICATE || act == SIGNER_LAST;
}

static enum status signer_sign(const struct signer_state *signer, const struct signer_item *item,
                               const struct certificate *certificate, struct buf *buf,
                               struct error *error)
{
    static const enum purpose purposes[] = {
        [SIGNER_LICENSE] = PURPOSE_LICENSE,
        [SIGNER_RESPONSE] = PURPOSE_RESPONSE,
        [SIGNER_CHECKPOINT] = PURPOSE_CHECKPOINT,
    };

    if (item->act == SIGNER_VOID)
        return LICET_OK;
    return sshsig_sign(&signer->issuer.key, certificate, purposes[item->act], item->payload, buf,
                       error);
}

/* ---- a turn */

static enum status signer_decide(struct signer_state *signer, const struct signer_item *item,
                                 struct unix_time now, struct signer_decision *decision,
                                 struct error *error)
{
    enum status status = signer_check_reason(item->reason, error);

    decision->certificate = NULL;
    if (status != LICET_OK || signer_is_question(item->act))
        return status;
    if (item->act != SIGNER_VOID) {
        decision->certificate = issuer_find(&signer->issuer, &item->certificate);
        if (decision->certificate == NULL)
            return error_set(
                error, LICET_NOT_FOUND,
                "the signer has no certificate of the hash that the intent names: give "
                "it back to it, or make the file void and issue it again");
    }
    return signer_judge(signer, item, decision->certificate, now, error);
}

void signer_take(struct signer_state *signer, const struct signer_item *item, struct unix_time now,
                 struct signer_decision *ret_decision)
{
    struct error error = {.text = ""};

    ret_decision->status = signer_decide(signer, item, now, ret_decision, &error);
    snprintf(ret_decision->sentence, sizeof(ret_decision->sentence), "%s",
             error_text(&error, ret_decision->status));
}

enum status signer_commit(struct signer_state *signer, struct error *error)
{
    enum status status;

    if (signer->body_count == 0)
        return LICET_OK;
    status = journal_commit(signer->journal, buf_text(&signer->body),
                            journal_head(signer->journal).number + 1, signer->body_count, error);
    signer->body.size = 0;
    signer->body_count = 0;
    return status;
}

static enum status signer_fulfil(const struct signer_state *signer, const struct signer_item *item,
                                 const struct certificate *certificate, struct unix_time now,
                                 struct buf *buf, struct error *error)
{
    if (item->act == SIGNER_CERTIFICATE)
        return signer_tell_certificate(signer, now, buf, error);
    if (item->act == SIGNER_LAST)
        return signer_tell_last(signer, item->payload, buf, error);
    return signer_sign(signer, item, certificate, buf, error);
}

void signer_answer(const struct signer_state *signer, const struct signer_item *item,
                   const struct signer_decision *decision, struct unix_time now, struct buf *buf)
{
    char bytes[SSHSIG_ARMOR_MAX];
    struct buf block = buf_over(bytes, sizeof(bytes));
    struct error error = {.text = ""};
    struct signer_answer answer = {decision->status, text_of(decision->sentence)};

    if (answer.status == LICET_OK) {
        answer.status = signer_fulfil(signer, item, decision->certificate, now, &block, &error);
        answer.text = answer.status == LICET_OK ? buf_text(&block)
                                                : text_of(error_text(&error, answer.status));
    }
    frame_answer_print(&answer, buf);
}

enum status signer_seal(struct signer_state *signer, struct error *error)
{
    return journal_seal(signer->journal, error);
}

enum status signer_prepare(struct signer_state *signer, struct error *error)
{
    return journal_prepare(signer->journal, error);
}
