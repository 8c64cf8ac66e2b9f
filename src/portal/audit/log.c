/* The issue log, from its first leaf (R6.8): each file says in log= where the log stood before it,
 * and the last root is the one from which the next file goes on. */
#include "portal/audit/check.h"

static void log_break(struct log_check *check, const struct issue *issue,
                      const struct server *server, const char *why)
{
    if (!check->is_broken)
        audit_found(check->audit, "INV-4", AUDIT_DATABASE,
                    "generation %u of %.*s is leaf %lld of the issue log, and %s",
                    issue->generation, TEXT_ARGS(server->number), (long long)issue->log_index, why);
    check->is_broken = true;
}

void log_add(struct log_check *check, const struct issue *issue, const struct server *server,
             const struct field_log *head)
{
    struct field_log wanted = issue_log_head(&check->log);
    struct hash hash;

    if (issue->log_index != (int64_t)check->log.size)
        log_break(check, issue, server, "the leaf before it is missing");
    /* The first file says nothing of the empty log. */
    if (head != NULL && (head->size != wanted.size ||
                         (head->size > 0 && memcmp(head->root, wanted.root, HASH_BYTES) != 0)))
        log_break(check, issue, server, "its log= is not what the leaves before it come to");
    if (hash_parse(issue->payload_hash, &hash, NULL) == LICET_OK)
        issue_log_append(&check->log, &hash);
}

enum status log_end(struct log_check *check, struct error *error)
{
    struct arena arena = audit_rows(check->audit);
    uint8_t bytes[ISSUE_LOG_BYTES_MAX];
    struct text frontier;
    int64_t size;
    enum status status =
        store_audit_log(check->audit->transaction, &arena, &size, &frontier, error);

    if (status != LICET_OK)
        return status;
    check->audit->summary->log_size = check->log.size;
    if (check->audit->numbered != check->log.size)
        audit_found(check->audit, "INV-3", AUDIT_DATABASE,
                    "%llu generations have their bytes, and %llu of them stand in the issue log",
                    (unsigned long long)check->audit->numbered,
                    (unsigned long long)check->log.size);
    if (size != (int64_t)check->log.size)
        audit_found(check->audit, "INV-4", AUDIT_DATABASE,
                    "the issue log is stored to have %lld leaves, and the files are %llu",
                    (long long)size, (unsigned long long)check->log.size);
    else if (!check->is_broken && !text_equal(frontier, issue_log_print(&check->log, bytes)))
        audit_found(check->audit, "INV-4", AUDIT_DATABASE,
                    "the frontier of the issue log is not that of its %llu leaves",
                    (unsigned long long)check->log.size);
    return LICET_OK;
}
