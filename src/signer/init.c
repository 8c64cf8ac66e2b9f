/* licet-signer init and show: acts on a journal that no signer is using. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "journal/io.h"
#include "journal/journal.h"
#include "signer/issuer.h"
#include "signer/signer.h"

/* ---- init */

static enum status init_ignore(void *context, uint64_t number, bool is_snapshot, struct text record,
                               struct error *error)
{
    (void)context, (void)number, (void)is_snapshot, (void)record, (void)error;
    return LICET_OK;
}

/* The first record names the key. */
static enum status init_first_record(const char *folder, const struct hash *key,
                                     struct error *error)
{
    const struct signer_record record = {.act = SIGNER_OPEN, .payload = *key, .time = clock_unix()};
    char bytes[SIGNER_RECORD_BYTES_MAX], body_bytes[SIGNER_RECORD_BYTES_MAX + 4];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct buf body = buf_over(body_bytes, sizeof(body_bytes));
    struct journal *journal;
    enum status status = journal_open(folder, init_ignore, NULL, &journal, NULL, error);

    if (status != LICET_OK)
        return status;
    record_print(&record, &buf);
    journal_body_add(&body, buf_text(&buf));
    status = journal_commit(journal, buf_text(&body), 1, 1, error);
    if (status == LICET_OK)
        status = journal_seal(journal, error);
    journal_destroy(journal);
    return status;
}

static enum status init_make_folder(const char *path, struct error *error)
{
    if (mkdir(path, 0700) == 0)
        return LICET_OK;
    return error_set(error, errno == EEXIST ? LICET_CONFLICT : LICET_SYSTEM,
                     "cannot make the folder %s: %s", path, strerror(errno));
}

/* Order: the journal is whole under another name before it gets its own: there is never a journal
 * without its first record. */
static enum status init_journal(const struct signer_options *options, const struct hash *key,
                                struct error *error)
{
    char unborn[SIGNER_PATH_MAX];
    enum status status;
    int folder_fd;

    snprintf(unborn, sizeof(unborn), "%s/journal.unborn", options->state);
    status = init_make_folder(unborn, error);
    if (status == LICET_CONFLICT)
        return error_set(error, LICET_CONFLICT,
                         "an earlier init was interrupted: remove %s and try again", unborn);
    if (status == LICET_OK)
        status = journal_create(unborn, 0, error);
    if (status == LICET_OK)
        status = init_first_record(unborn, key, error);
    if (status == LICET_OK)
        status = io_open_folder(options->state, &folder_fd, error);
    if (status != LICET_OK)
        return status;
    status = io_rename(folder_fd, "journal.unborn", "journal", error);
    close(folder_fd);
    return status;
}

enum status signer_init(const struct signer_options *options, struct error *error)
{
    char path[SIGNER_PATH_MAX], text[HASH_TEXT_BYTES];
    struct buf buf = buf_over(text, sizeof(text));
    static struct issuer issuer;
    enum status status = issuer_open(&issuer, options, error);

    if (status != LICET_OK)
        return status;
    issuer_finish(&issuer);
    signer_journal_path(options, path);
    status = init_make_folder(options->state, error);
    if (status != LICET_OK && status != LICET_CONFLICT)
        return status;
    if (access(path, F_OK) == 0)
        return error_set(error, LICET_CONFLICT, "%s exists: the key has its journal", path);
    status = init_journal(options, &issuer.key_hash, error);
    if (status != LICET_OK)
        return status;
    hash_print(&issuer.key_hash, &buf);
    log_info("journal.made", "key=%.*s", TEXT_ARGS(buf_text(&buf)));
    return LICET_OK;
}

/* ---- show */

static const char *show_act(enum signer_act act)
{
    static const char *const names[] = {
        [SIGNER_OPEN] = "open",         [SIGNER_LICENSE] = "license",
        [SIGNER_RESPONSE] = "response", [SIGNER_CHECKPOINT] = "checkpoint",
        [SIGNER_VOID] = "void",
    };

    return names[act];
}

static enum status show_record(void *context, uint64_t number, bool is_snapshot, struct text bytes,
                               struct error *error)
{
    char line[512];
    struct buf buf = buf_over(line, sizeof(line));
    struct signer_record record;
    enum status status = record_parse(bytes, &record, error);

    (void)context, (void)is_snapshot;
    if (status != LICET_OK)
        return status;
    unix_time_print(record.time, &buf);
    buf_printf(&buf, " %s vendor=%.*s server=%.*s number=%llu seats=%llu", show_act(record.act),
               TEXT_ARGS(record.vendor), TEXT_ARGS(record.server),
               (unsigned long long)record.number, (unsigned long long)record.seats);
    if (record.act == SIGNER_LICENSE || record.act == SIGNER_VOID)
        buf_printf(&buf, " serial=%.*s", TEXT_ARGS(record.name));
    buf_add_string(&buf, " hash=");
    hash_print(&record.payload, &buf);
    printf("%llu %.*s", (unsigned long long)number, TEXT_ARGS(buf_text(&buf)));
    if (record.reason.size > 0)
        printf(" reason=\"%.*s\"", TEXT_ARGS(record.reason));
    printf("\n");
    return LICET_OK;
}

enum status signer_show(const struct signer_options *options, struct error *error)
{
    char path[SIGNER_PATH_MAX];

    signer_journal_path(options, path);
    return journal_read(path, 1, NULL, show_record, NULL, error);
}
