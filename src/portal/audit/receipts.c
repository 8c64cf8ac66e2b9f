/* Receipts as they came (R5.1): signed by the key of their server, about a generation that was
 * issued to it, and their lines are what is stored of them. A request is a receipt too. */
#include "portal/audit/check.h"
#include "store/receipt.h"

struct receipt_check {
    struct audit *audit;
    struct stored_receipt stored;
    struct server server;
    struct receipt receipt;
};

static void receipt_tell(const struct receipt_check *check, const char *rule, const char *who,
                         const char *what)
{
    audit_found(check->audit, rule, who, "receipt %llu of %.*s: %s",
                (unsigned long long)check->stored.counter, TEXT_ARGS(check->server.number), what);
}

static enum status receipt_parse(struct text text, struct arena *arena, struct receipt *ret_receipt,
                                 struct error *error)
{
    struct server_request request;
    enum status status;

    if (text_starts_with(text, "RECEIPT"))
        return receipt_read(text, arena, ret_receipt, error);
    status = request_read(text, arena, &request, error);
    if (status == LICET_OK)
        *ret_receipt = (struct receipt){.head = {.server = request.head.server,
                                                 .customer = request.head.customer,
                                                 .key = request.head.key,
                                                 .generation = request.head.generation,
                                                 .payload = request.head.payload,
                                                 .epoch = request.head.epoch,
                                                 .counter = request.head.counter},
                                        .lines = request.lines,
                                        .lines_count = request.lines_count,
                                        .key = request.key,
                                        .payload_hash = request.payload_hash};
    return status;
}

static void receipt_compare_head(const struct receipt_check *check)
{
    const struct receipt_head *head = &check->receipt.head;
    struct hash key = public_key_hash(&check->receipt.key);

    if (!audit_hash_equals(&check->receipt.payload_hash, check->stored.hash))
        receipt_tell(check, "R5.1", AUDIT_DATABASE,
                     "its text has another hash than the stored one");
    if (!audit_key_is(&check->server, &key) || !text_equal(head->server, check->server.number))
        receipt_tell(check, "R5.1", AUDIT_DATABASE, "it is signed by another license server");
    if (head->generation != check->stored.generation || head->epoch != check->stored.epoch ||
        head->counter != check->stored.counter)
        receipt_tell(check, "R5.1", AUDIT_DATABASE,
                     "its text has another generation, epoch or counter than its row");
}

static enum status receipt_compare_issue(const struct receipt_check *check, struct arena *rows,
                                         struct error *error)
{
    struct issue issue = {.state = ISSUE_INTENT};
    enum status status = store_issue_find(check->audit->transaction, check->server.id,
                                          check->receipt.head.generation, rows, &issue, error);

    if (status != LICET_OK && status != LICET_NOT_FOUND)
        return status;
    if (issue.state != ISSUE_RELEASED ||
        !audit_hash_equals(&check->receipt.head.payload, issue.payload_hash))
        receipt_tell(check, "R6.2", AUDIT_SITE,
                     "it is about a file that was never issued to this license server");
    return LICET_OK;
}

static bool receipt_has_line(const struct receipt *receipt, const struct receipt_row *row)
{
    for (uint32_t i = 0; i < receipt->lines_count; i++) {
        const struct receipt_line *line = &receipt->lines[i];

        if (text_equal(line->sn, row->sn))
            return line->seats == row->line.seats && line->overhang == row->line.overhang &&
                   line->until.s == row->line.until.s;
    }
    return false;
}

static enum status receipt_compare_lines(const struct receipt_check *check, struct arena *rows,
                                         struct error *error)
{
    struct receipt_row *stored = arena_rows(rows, LICENSE_LINES_MAX, sizeof(*stored));
    uint32_t count = 0, found = 0;
    enum status status = store_receipt_lines(check->audit->transaction, check->stored.id,
                                             LICENSE_LINES_MAX, rows, stored, &count, error);

    if (status != LICET_OK)
        return status;
    for (uint32_t i = 0; i < count; i++)
        found += receipt_has_line(&check->receipt, &stored[i]) ? 1 : 0;
    if (found != count || count != check->receipt.lines_count)
        receipt_tell(check, "R5.1", AUDIT_DATABASE, "its lines are not those that are stored");
    return LICET_OK;
}

static enum status receipt_check(struct audit *audit, int64_t id, struct error *error)
{
    struct receipt_check check = {.audit = audit};
    struct arena rows = audit_rows(audit), arena = audit_text(audit);
    struct error problem = {0};
    enum status status = store_receipt_get(audit->transaction, id, &rows, &check.stored, error);

    if (status == LICET_OK)
        status = store_server_get(audit->transaction, check.stored.server_id, &rows, &check.server,
                                  error);
    if (status != LICET_OK)
        return status;
    status = receipt_parse(check.stored.text, &arena, &check.receipt, &problem);
    if (status != LICET_OK) {
        receipt_tell(&check, "R5.1", AUDIT_DATABASE, error_text(&problem, status));
        return LICET_OK;
    }
    receipt_compare_head(&check);
    status = receipt_compare_issue(&check, &rows, error);
    return status == LICET_OK ? receipt_compare_lines(&check, &rows, error) : status;
}

enum status receipts_check(struct audit *audit, struct error *error)
{
    return audit_each(audit, AUDIT_RECEIPTS, &audit->summary->receipts, receipt_check, error);
}
