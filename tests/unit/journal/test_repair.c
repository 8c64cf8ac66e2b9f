/* Repair keeps the longest valid prefix, puts the rest aside, and leaves a journal that opens. */
#include "journal_tests.h"

static struct error error;
static struct picture whole;
static struct journal_head end, snapshot_head;

static void put_snapshot(const struct journal_head *head)
{
    struct journal_snapshot *snapshot;

    if (journal_snapshot_begin(folder, head, &snapshot, &error) != LICET_OK ||
        journal_snapshot_add(snapshot, TEXT("the state"), &error) != LICET_OK ||
        journal_snapshot_commit(snapshot, &error) != LICET_OK)
        abort();
}

/* 60 records in 30 groups over several segments; snapshots after record `at` and, where it is not
 * 0, after `second`. */
static void journal_build(uint64_t at, uint64_t second)
{
    struct journal *journal;
    struct seen seen = {0};

    folder_empty(folder);
    if (journal_create(folder, 1024, &error) != LICET_OK ||
        journal_open(folder, see, &seen, &journal, NULL, &error) != LICET_OK)
        abort();
    for (int i = 0; i < 30; i++) {
        if (commit_records(journal, 2, &error) != LICET_OK ||
            journal_prepare(journal, &error) != LICET_OK)
            abort();
        end = journal_head(journal);
        if (end.number == at || end.number == second) {
            snapshot_head = end;
            put_snapshot(&end);
        }
    }
    if (journal_seal(journal, &error) != LICET_OK)
        abort();
    journal_destroy(journal);
    picture_drop(&whole);
    picture_take(&whole);
}

static void harm(uint64_t segment, size_t offset)
{
    size_t file = picture_find(&whole, file_name(segment, SEGMENT_SUFFIX).text);

    whole.files[file].data[offset] ^= 4;
    file_put(whole.files[file].name, whole.files[file].data, whole.files[file].size);
    whole.files[file].data[offset] ^= 4;
}

/* After a repair: it opens, holds exactly `count` records after the snapshot, and goes on. */
static bool is_sound(uint64_t last, uint64_t snapshot)
{
    struct journal *journal;
    struct journal_opening opening;
    struct seen seen = {0};

    if (journal_open(folder, see, &seen, &journal, &opening, &error) != LICET_OK)
        return false;
    if (seen.wrong != 0 || seen.last != last || opening.snapshot_number != snapshot ||
        journal_head(journal).number != last)
        return false;
    for (int i = 0; i < 20; i++) {
        if (commit_records(journal, 1, &error) != LICET_OK)
            return false;
    }
    journal_destroy(journal);
    seen = (struct seen){0};
    return open_and_see(&seen, NULL, &error) == LICET_OK && seen.last == last + 20;
}

static void test_nothing_to_do(void)
{
    struct journal_repair_report report;
    struct journal *journal;
    struct seen seen = {0};

    journal_build(0, 0);
    ok(journal_repair(folder, &report, &error) == LICET_OK && !report.was_damaged &&
           report.kept_number == 60 && report.dropped_first == 0,
       "a whole journal is left alone");
    ok(!folder_has("damaged-1"), "and nothing is put aside");
    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_OK, "it opens");
    ok(journal_repair(folder, &report, &error) == LICET_CONFLICT, "in use, it is not repaired");
    journal_destroy(journal);
    folder_empty(folder);
    ok(journal_repair(folder, &report, &error) == LICET_NOT_FOUND, "no journal, no repair");
}

static void test_every_byte(void)
{
    struct journal_repair_report report;
    size_t wrong = 0, tried = 0;

    journal_build(0, 0);
    for (uint64_t segment = 1; folder_has(file_name(segment + 1, SEGMENT_SUFFIX).text); segment++) {
        for (size_t offset = segment == 1 ? 148 : 0; offset < 1024; offset += 19) {
            picture_restore(&whole);
            harm(segment, offset);
            if (open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED)
                continue;
            picture_restore(&whole);
            harm(segment, offset);
            tried++;
            if (journal_repair(folder, &report, &error) != LICET_OK || !report.was_damaged ||
                !folder_has("damaged-1") || !is_sound(report.kept_number, 0) ||
                (report.kept_number < 60 &&
                 (report.dropped_first != report.kept_number + 1 || report.dropped_last != 60))) {
                wrong++;
                printf("# segment %d offset %zu kept %d: %s\n", (int)segment, offset,
                       (int)report.kept_number, error.text);
            }
        }
    }
    ok(wrong == 0 && tried > 100,
       "INV-23 after damage in any of %zu places, repair keeps the prefix and says what is lost",
       tried);
    picture_restore(&whole);
    harm(1, 20);
    ok(journal_repair(folder, &report, &error) == LICET_DAMAGED &&
           strstr(error.text, "back-up") != NULL && !folder_has("damaged-1"),
       "with the very beginning damaged nothing can be kept, and nothing is changed");
}

static void test_with_snapshots(void)
{
    struct journal_repair_report report;
    char path[400];

    journal_build(20, 40);
    harm(1, 200);
    ok(journal_repair(folder, &report, &error) == LICET_OK && !report.was_damaged &&
           report.kept_number == 60,
       "damage before the snapshots takes nothing");
    ok(is_sound(60, 40), "and the journal opens from the newest");

    picture_restore(&whole);
    folder_path(file_name(snapshot_head.group, SNAPSHOT_SUFFIX).text, path, sizeof(path));
    ok(truncate(path, 100) == 0, "the newest snapshot is cut short");
    ok(journal_repair(folder, &report, &error) == LICET_OK && report.was_damaged &&
           report.kept_number == 60 && report.dropped_first == 0,
       "repair puts it aside and drops no record");
    ok(is_sound(60, 20), "and the journal opens from the older");

    picture_restore(&whole);
    for (uint64_t segment = 1; segment < 20; segment++) {
        folder_path(file_name(segment, SEGMENT_SUFFIX).text, path, sizeof(path));
        unlink(path);
    }
    ok(open_and_see(&(struct seen){0}, NULL, &error) == LICET_DAMAGED,
       "snapshots without any segment refuse");
    ok(journal_repair(folder, &report, &error) == LICET_OK && report.was_damaged &&
           report.kept_number == 40,
       "repair goes on right after the newest snapshot");
    ok(is_sound(40, 40), "and the journal opens");
}

/* The end is damaged, before the head of a snapshot: the snapshot knows more. */
static void test_snapshot_reaches_further(void)
{
    struct journal_repair_report report;

    journal_build(20, 40);
    for (size_t i = 0; i < whole.count; i++) {
        if (strstr(whole.files[i].name, SEGMENT_SUFFIX) == NULL)
            continue;
        for (size_t offset = 0; offset < 1024; offset += 60)
            whole.files[i].data[offset] ^= 4;
    }
    picture_restore(&whole);
    ok(journal_repair(folder, &report, &error) == LICET_OK && report.was_damaged &&
           report.kept_number == 40,
       "with every segment damaged, the newest snapshot is kept");
    ok(folder_has("damaged-1/0000000001.segment"), "the damaged segments are aside, as evidence");
    ok(is_sound(40, 40), "and the journal goes on after it");
    ok(journal_check(folder, &error) == LICET_OK, "whole in every part");
}

int main(void)
{
    use_quick_disk();
    folder_make();
    test_nothing_to_do();
    test_every_byte();
    test_with_snapshots();
    test_snapshot_reaches_further();
    picture_drop(&whole);
    folder_remove();
    return tap_done();
}
