/*
 * License files as they lie in the database, in the order of the issue log: read as a license server
 * reads them (signature to the root, print(parse) = bytes), then compared with the rows that they were
 * made of. What is numbered and not signed yet is compared too; an intent has no bytes.
 */
#include "portal/audit/check.h"
#include "store/issue_content.h"

struct file_check {
    struct audit *audit;
    struct issue issue;
    struct server server;
    struct issue_content content;
    struct text payload;
    struct license license;
};

static void file_tell_who(const struct file_check *check, const char *rule, const char *who,
                          const char *what)
{
    audit_found(check->audit, rule, who, "generation %u of %.*s: %s", check->issue.generation,
                TEXT_ARGS(check->server.number), what);
}

static void file_tell(const struct file_check *check, const char *rule, const char *what)
{
    file_tell_who(check, rule, AUDIT_DATABASE, what);
}

/* LICET_OK: `license` is what the bytes say. Any other status was told. */
static enum status file_read_text(struct file_check *check, struct arena *rows, bool *ret_is_good,
                                  struct error *error)
{
    struct arena arena = audit_text(check->audit);
    struct error problem = {0};
    struct text file = {NULL, 0};
    enum status status;

    *ret_is_good = false;
    if (check->issue.state != ISSUE_RELEASED) {
        status = license_parse(check->payload, &arena, &check->license, &problem);
    } else {
        status = store_issue_file(check->audit->transaction, check->issue.id, rows, &file, error);
        if (status != LICET_OK)
            return status;
        check->audit->summary->files++;
        status =
            license_read(file, check->audit->options->trust, &arena, &check->license, &problem);
    }
    if (status != LICET_OK)
        file_tell_who(check, "R2.6", audit_who(status), error_text(&problem, status));
    *ret_is_good = status == LICET_OK;
    return LICET_OK;
}

static void file_compare_signed(const struct file_check *check)
{
    const struct license *license = &check->license;

    if (!text_equal(license->payload, check->payload))
        file_tell(check, "INV-6", "what was signed is not what was numbered");
    if (!text_equal(check->issue.certificate,
                    text_make(license->signer.certificate_hash.bytes, HASH_BYTES)))
        file_tell(check, "R9.4", "it is signed with another certificate than it was to be");
}

static void file_compare_head(const struct file_check *check)
{
    const struct license_head *head = &check->license.head;
    const struct license_host *host = check->license.servers;

    if (head->generation != check->issue.generation ||
        !text_equal(head->serial, check->issue.serial))
        file_tell(check, "INV-5", "the file has another generation or serial than its row");
    if (head->issued.s != check->issue.issued.s)
        file_tell(check, "INV-5", "the file has another issue time than its row");
    if (!text_equal(head->customer, check->content.customer_number))
        file_tell(check, "R3.4", "the file is for another customer than the server's");
    if (check->license.servers_count != 1 || !text_equal(host->id, check->server.number))
        file_tell(check, "R3.1", "the file is for another license server");
    else if (!hash_is_none(&host->key) && !audit_key_is(&check->server, &host->key))
        file_tell(check, "R3.1", "the file names another key than the server's");
}

static bool file_date_is(uint32_t days, struct text text, const char *never)
{
    struct date date;

    if (text_is(text, never))
        return days == FIELD_DATE_NEVER;
    return date_parse(text, &date, NULL) == LICET_OK && days == (uint32_t)date.days;
}

/* INV-2 counts the overdraft with the seats: R2.2, the whole part of the edition's percentage. */
static bool file_line_is(const struct license_increment *line, const struct issue_grant *grant)
{
    return line->seats == grant->seats && text_equal(line->feature, grant->feature) &&
           line->overdraft == (uint64_t)grant->seats * grant->overdraft_percent / 100 &&
           line->ttl_s == grant->ttl_s && line->drain_s == grant->drain_s &&
           line->grace_s == grant->grace_s && line->borrow_s == grant->borrow_s &&
           file_date_is(line->maintenance, grant->maintenance, "none") &&
           file_date_is(line->expiry, grant->expiry, "permanent");
}

static bool file_has_line(const struct license *license, const struct issue_grant *grant,
                          uint32_t index)
{
    for (uint32_t i = 0; i < license->increments_count; i++) {
        const struct license_increment *line =
            &license->increments[(index + i) % license->increments_count];

        if (text_equal(line->sn, grant->sn))
            return file_line_is(line, grant);
    }
    return false;
}

static void file_compare_lines(const struct file_check *check)
{
    const struct issue_content *content = &check->content;
    uint32_t found = 0;

    for (uint32_t i = 0; i < content->grants_count; i++)
        found += file_has_line(&check->license, &content->grants[i], i) ? 1 : 0;
    if (found != content->grants_count || found != check->license.increments_count)
        file_tell(check, "INV-2",
                  "the lines of the file are not the seats that the ledger was charged for");
}

static enum status file_get(struct file_check *check, int64_t id, struct arena *rows,
                            struct error *error)
{
    struct db_transaction *transaction = check->audit->transaction;
    enum status status = store_issue_get(transaction, id, rows, &check->issue, error);

    if (status == LICET_OK)
        status = store_server_get(transaction, check->issue.server_id, rows, &check->server, error);
    if (status == LICET_OK)
        status =
            store_issue_content(transaction, id, LICENSE_LINES_MAX, rows, &check->content, error);
    if (status == LICET_OK)
        status = store_issue_payload(transaction, id, rows, &check->payload, error);
    return status;
}

static enum status file_check(struct log_check *log, int64_t id, int64_t *ret_log_index,
                              struct error *error)
{
    struct file_check check = {.audit = log->audit};
    struct arena rows = audit_rows(log->audit);
    bool is_good = false;
    enum status status = file_get(&check, id, &rows, error);

    if (status == LICET_OK)
        status = file_read_text(&check, &rows, &is_good, error);
    if (status != LICET_OK)
        return status;
    *ret_log_index = check.issue.log_index;
    if (!audit_hash_is(check.payload, check.issue.payload_hash))
        file_tell(&check, "INV-5", "its bytes have another hash than the stored one");
    log_add(log, &check.issue, &check.server, is_good ? &check.license.head.log : NULL);
    if (!is_good)
        return LICET_OK;
    if (check.issue.state == ISSUE_RELEASED)
        file_compare_signed(&check);
    file_compare_head(&check);
    file_compare_lines(&check);
    return LICET_OK;
}

enum status files_check(struct audit *audit, struct error *error)
{
    struct log_check log = {.audit = audit, .log = ISSUE_LOG_EMPTY};
    int64_t log_index = -1, id;
    enum status status = LICET_OK;

    while (status == LICET_OK) {
        status = store_audit_next_leaf(audit->transaction, log_index, &id, error);
        if (status == LICET_NOT_FOUND)
            return log_end(&log, error);
        if (status == LICET_OK)
            status = file_check(&log, id, &log_index, error);
    }
    return status;
}
