#include "portal/audit/audit.h"

#include <stdarg.h>

#include "portal/audit/check.h"

#define FINDING_BYTES (2 * ERROR_TEXT_MAX)

void audit_found(struct audit *audit, const char *rule, const char *who, const char *format, ...)
{
    char line[FINDING_BYTES], sentence[ERROR_TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    text_make_printable(sentence, strlen(sentence));
    snprintf(line, sizeof(line), "%s %s: %s", rule, sentence, who);
    audit->summary->findings++;
    audit->options->found(audit->options->context, line);
}

const char *audit_who(enum status status)
{
    return status == LICET_UNTRUSTED ? AUDIT_ROOTS : AUDIT_DATABASE;
}

struct arena audit_rows(const struct audit *audit)
{
    return arena_over(audit->rows, AUDIT_ROWS_BYTES);
}

struct arena audit_text(const struct audit *audit)
{
    return arena_over(audit->text, AUDIT_TEXT_BYTES);
}

enum status audit_each(struct audit *audit, enum audit_table table, uint64_t *count,
                       enum status (*check)(struct audit *audit, int64_t id, struct error *error),
                       struct error *error)
{
    int64_t id = 0;
    enum status status;

    for (;;) {
        status = store_audit_next(audit->transaction, table, id, &id, error);
        if (status == LICET_NOT_FOUND)
            return LICET_OK;
        if (status == LICET_OK)
            status = check(audit, id, error);
        if (status != LICET_OK)
            return status;
        ++*count;
    }
}

bool audit_hash_equals(const struct hash *hash, struct text stored)
{
    char place[HASH_TEXT_BYTES];
    struct buf printed = buf_over(place, sizeof(place));

    hash_print(hash, &printed);
    return text_equal(buf_text(&printed), stored);
}

bool audit_hash_is(struct text bytes, struct text stored)
{
    struct hash hash = hash_of(bytes);

    return audit_hash_equals(&hash, stored);
}

bool audit_key_is(const struct server *server, const struct hash *key)
{
    struct public_key known;
    struct hash hash;

    if (server->public_key.data == NULL ||
        public_key_parse(server->public_key, &known, NULL, NULL) != LICET_OK)
        return false;
    hash = public_key_hash(&known);
    return hash_equal(&hash, key);
}

static enum status audit_run(struct audit *audit, struct error *error)
{
    static enum status (*const sums[])(struct audit *, struct error *) = {orders_check, sums_check,
                                                                          generations_check};
    static enum status (*const texts[])(struct audit *, struct error *) = {
        files_check, receipts_check, exchanges_check};
    enum status status = LICET_OK;

    for (size_t i = 0; status == LICET_OK && i < sizeof(sums) / sizeof(sums[0]); i++)
        status = sums[i](audit, error);
    if (audit->options->trust == NULL || audit->options->trust->roots_count == 0)
        return status;
    for (size_t i = 0; status == LICET_OK && i < sizeof(texts) / sizeof(texts[0]); i++)
        status = texts[i](audit, error);
    return status;
}

enum status audit_transaction(struct db_transaction *transaction,
                              const struct audit_options *options,
                              struct audit_summary *ret_summary, struct error *error)
{
    struct audit_summary summary = {.findings = 0};
    struct audit audit = {.transaction = transaction,
                          .options = options,
                          .summary = &summary,
                          .rows = malloc(AUDIT_ROWS_BYTES),
                          .text = malloc(AUDIT_TEXT_BYTES)};
    enum status status;

    if (audit.rows == NULL || audit.text == NULL)
        status = error_set(error, LICET_NO_MEMORY, "no memory is left for an audit");
    else
        status = audit_run(&audit, error);
    if (status == LICET_OK)
        *ret_summary = summary;
    free(audit.rows);
    free(audit.text);
    return status;
}

struct audit_reading {
    const struct audit_options *options;
    struct audit_summary *summary;
    bool is_begun;
};

static enum status audit_read(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct audit_reading *reading = context;

    /* Findings are told as they are found, so nothing may be looked at twice. */
    if (reading->is_begun)
        return error_set(error, LICET_UNREACHABLE,
                         "the database was lost in the middle of the audit: start it again");
    reading->is_begun = true;
    return audit_transaction(transaction, reading->options, reading->summary, error);
}

enum status portal_audit(struct store *store, const struct audit_options *options,
                         struct audit_summary *ret_summary, struct error *error)
{
    struct audit_reading reading = {.options = options, .summary = ret_summary};

    return store_read(store, audit_read, &reading, error);
}
