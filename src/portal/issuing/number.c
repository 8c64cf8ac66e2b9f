#include "portal/issuing/number.h"

#include "base/limits.h"
#include "license/issue_log.h"
#include "license/license.h"
#include "store/issue.h"
#include "store/issue_content.h"
#include "store/issuer.h"

static enum status number_one(struct db_transaction *transaction, const struct numbering *numbering,
                              struct issue *issue, struct issue_log *log, struct arena *arena,
                              struct error *error)
{
    struct payload_frame frame = {.vendor = numbering->vendor,
                                  .log = issue_log_head(log),
                                  .certificate = numbering->certificate};
    struct buf payload = buf_over(numbering->memory + PAYLOAD_ARENA_BYTES, LICENSE_FILE_BYTES_MAX);
    char printed[HASH_TEXT_BYTES], keys[LICENSE_KEYS_BYTES_MAX];
    struct buf text = buf_over(printed, sizeof(printed)), not_served = buf_over(keys, sizeof(keys));
    struct hash payload_hash, certificate_hash = hash_of(numbering->certificate->blob);
    struct issue_content content;
    enum status status =
        store_issue_content(transaction, issue->id, LICENSE_LINES_MAX, arena, &content, error);

    if (status != LICET_OK)
        return status;
    /* R9.4: not before the last file of its server, whatever the clock did. */
    frame.issued = content.last_issued.s > numbering->now.s ? content.last_issued : numbering->now;
    status = payload_write(transaction, &content, &frame, arena, &payload, &not_served, error);
    if (status != LICET_OK)
        return status;
    payload_hash = hash_of(buf_text(&payload));
    hash_print(&payload_hash, &text);
    issue->issued = frame.issued;
    issue->log_index = (int64_t)log->size;
    issue->certificate = text_make(certificate_hash.bytes, sizeof(certificate_hash.bytes));
    issue->payload_hash = buf_text(&text);
    if (not_served.size > 0)
        issue->not_served = buf_text(&not_served);
    status = store_issue_number(transaction, issue, buf_text(&payload), error);
    if (status == LICET_OK)
        issue_log_append(log, &payload_hash);
    return status;
}

bool numbering_is_for_staff(enum status status)
{
    return status == LICET_INVALID || status == LICET_TOO_LARGE || status == LICET_UNSUPPORTED ||
           status == LICET_UNTRUSTED || status == LICET_OVER_LIMIT;
}

static enum status number_or_set_aside(struct db_transaction *transaction,
                                       struct numbering *numbering, struct issue *issue,
                                       struct issue_log *log, struct error *error)
{
    struct arena arena = arena_over(numbering->memory, PAYLOAD_ARENA_BYTES);
    struct error problem = {0};
    enum status status = number_one(transaction, numbering, issue, log, &arena, &problem);

    if (status == LICET_CONFLICT) /* a newer generation has voided it since it was listed */
        return LICET_OK;
    numbering->done++;
    if (status == LICET_OK)
        return LICET_OK;
    if (numbering_is_for_staff(status))
        return store_issue_refuse(transaction, issue->id, text_of(error_text(&problem, status)),
                                  error);
    return error_set(error, status, "%s", error_text(&problem, status));
}

enum status numbering_run(struct db_transaction *transaction, void *context, struct error *error)
{
    struct numbering *numbering = context;
    char list_memory[65536];
    struct arena arena = arena_over(list_memory, sizeof(list_memory));
    struct issue issues[SIGNER_ITEMS_MAX];
    uint8_t bytes[ISSUE_LOG_BYTES_MAX];
    struct issue_log log;
    struct text frontier;
    int64_t size;
    uint32_t count = 0;
    enum status status =
        store_issuer_lock(transaction, numbering->fence, &arena, &size, &frontier, error);

    numbering->done = 0;
    numbering->is_replaced = status == LICET_CONFLICT;
    if (status == LICET_OK)
        status = issue_log_parse((uint64_t)size, frontier, &log, error);
    if (status == LICET_OK)
        status = store_issue_list_waiting(transaction, ISSUE_INTENT,
                                          numbering->max < SIGNER_ITEMS_MAX ? numbering->max
                                                                            : SIGNER_ITEMS_MAX,
                                          &arena, issues, &count, error);
    for (uint32_t i = 0; status == LICET_OK && i < count; i++)
        status = number_or_set_aside(transaction, numbering, &issues[i], &log, error);
    if (status == LICET_OK && log.size != (uint64_t)size)
        status = store_issuer_set_log(transaction, (int64_t)log.size, issue_log_print(&log, bytes),
                                      error);
    return status;
}
