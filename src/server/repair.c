/* Repair and check of the state folder's journal, as acts of licetd's command line. */
#include "server/repair.h"

#include "journal/journal.h"
#include "journal/names_file.h"

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

enum status journal_act_repair(const struct options *options, struct error *error)
{
    char folder[OPTION_PATH_MAX + 16];
    struct journal_repair_report report;
    uint32_t names_kept = 0;
    enum status status;

    repair_folder(options, folder, sizeof(folder));
    status = journal_repair(folder, &report, error);
    if (status == LICET_OK)
        status = names_file_repair(folder, &names_kept, error);
    if (status == LICET_OK)
        repair_say(&report, names_kept);
    return status;
}

enum status journal_act_check(const struct options *options, struct error *error)
{
    char folder[OPTION_PATH_MAX + 16];
    enum status status;

    repair_folder(options, folder, sizeof(folder));
    status = journal_check(folder, error);
    if (status == LICET_OK)
        puts("the journal is whole");
    return status;
}
