/* Repair and check of the state folder's journal, as acts of licetd's command line. */
#include "server/repair.h"

#include "base/clock.h"
#include "base/file.h"
#include "journal/journal.h"
#include "journal/names_file.h"
#include "seat/record.h"
#include "server/fold.h"

static void repair_folder(const struct options *options, char *folder, size_t size)
{
    snprintf(folder, size, "%s/server", options->state);
}

static void repair_say(const struct journal_repair_report *report, uint32_t names_kept)
{
    if (!report->was_damaged) {
        printf("the journal is whole: %llu records; nothing was changed\n",
               (unsigned long long)report->kept_number);
        return;
    }
    printf("kept: the records up to %llu, and %u names\n", (unsigned long long)report->kept_number,
           names_kept);
    if (report->dropped_first != 0)
        printf("lost: the records %llu to %llu. Leases that they granted are not known any more; "
               "their clients ask "
               "again.\n",
               (unsigned long long)report->dropped_first, (unsigned long long)report->dropped_last);
    printf("the damaged files are kept in %s\n", report->aside);
}

static enum status repair_read_key(const char *folder, struct public_key *ret_key,
                                   struct error *error)
{
    char path[CONFIG_PATH_MAX + 32];
    struct text text;
    enum status status;

    snprintf(path, sizeof(path), "%s/key.pub", folder);
    status = file_read(path, SECRET_KEY_FILE_MAX, &text, error);
    if (status != LICET_OK)
        return status;
    status = public_key_parse(text, ret_key, NULL, error);
    file_free(text);
    return status;
}

static void repair_add(struct buf *body, const struct seat_record *record)
{
    uint8_t bytes[SEAT_RECORD_BYTES_MAX];

    journal_body_add(body, text_make(bytes, record_encode(record, bytes)));
}

/* Each lost record may have been the start of an epoch, so the epoch is raised by as many. */
static enum status repair_commit_epoch(struct journal *journal, const struct fold *fold,
                                       uint64_t lost, struct error *error)
{
    char place[2 * (SEAT_RECORD_BYTES_MAX + JOURNAL_RECORD_OVERHEAD)];
    struct buf body = buf_over(place, sizeof(place));
    struct seat_record open = {.kind = SEAT_RECORD_OPEN, .at = clock_unix().s};
    struct seat_record epoch = {.kind = SEAT_RECORD_EPOCH, .at = open.at};
    struct seats_totals totals;
    enum status status = journal_prepare(journal, error);

    seats_totals(fold->seats, &totals);
    memcpy(open.open.server_key, fold->server_key, sizeof(open.open.server_key));
    epoch.epoch.epoch = totals.epoch + lost;
    if (totals.next_number == 1)
        repair_add(&body, &open);
    repair_add(&body, &epoch);
    if (status == LICET_OK)
        status = journal_commit(journal, buf_text(&body), totals.next_number,
                                totals.next_number == 1 ? 2 : 1, error);
    return status == LICET_OK ? journal_seal(journal, error) : status;
}

/* R7.5: clients refuse an epoch that is lower than one they have seen. */
static enum status repair_raise_epoch(const char *folder, uint64_t lost, struct error *error)
{
    struct seats_options options = {.names_max = NAMES_MAX};
    struct journal *journal = NULL;
    struct public_key key;
    struct fold fold = {.memory = NULL};
    enum status status = repair_read_key(folder, &key, error);

    if (status == LICET_OK)
        status = fold_init(&fold, &options, key.bytes, error);
    if (status == LICET_OK)
        status = journal_open(folder, fold_record, &fold, &journal, NULL, error);
    if (status == LICET_OK)
        status = fold_end(&fold, error);
    if (status == LICET_OK)
        status = repair_commit_epoch(journal, &fold, lost, error);
    journal_destroy(journal);
    fold_finish(&fold);
    return status;
}

enum status journal_act_repair(const struct options *options, struct error *error)
{
    char folder[CONFIG_PATH_MAX + 16];
    struct journal_repair_report report;
    uint32_t names_kept = 0;
    enum status status;

    repair_folder(options, folder, sizeof(folder));
    status = journal_repair(folder, &report, error);
    if (status == LICET_OK)
        status = names_file_repair(folder, &names_kept, error);
    if (status == LICET_OK && report.dropped_first != 0)
        status = repair_raise_epoch(folder, report.dropped_last - report.dropped_first + 1, error);
    if (status == LICET_OK)
        repair_say(&report, names_kept);
    return status;
}

enum status journal_act_check(const struct options *options, struct error *error)
{
    char folder[CONFIG_PATH_MAX + 16];
    enum status status;

    repair_folder(options, folder, sizeof(folder));
    status = journal_check(folder, error);
    if (status == LICET_OK)
        puts("the journal is whole");
    return status;
}
