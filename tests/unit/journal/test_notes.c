/* Notes: records without a number, in the chain beside those that have one. */
#include "journal_tests.h"

#define NOTE TEXT("a note, which nobody counts")

static struct error error;

struct noted {
    struct seen seen;
    uint64_t notes, of_snapshot, wrong;
    uint64_t after; /* the record that the latest note came after */
};

static enum status note_see(void *context, uint64_t number, bool is_snapshot, struct text record,
                            struct error *ret_error)
{
    struct noted *noted = context;

    if (number != JOURNAL_NOTE)
        return see(&noted->seen, number, is_snapshot, record, ret_error);
    noted->notes++;
    noted->of_snapshot += is_snapshot;
    noted->wrong += !text_equal(record, NOTE);
    noted->after = noted->seen.last;
    return LICET_OK;
}

static enum status note_write(struct journal *journal, uint32_t count)
{
    static char data[64 * 1024];
    struct buf body = buf_over(data, sizeof(data));

    for (uint32_t i = 0; i < count; i++)
        journal_body_add(&body, NOTE);
    return journal_note(journal, buf_text(&body), &error);
}

static struct journal *note_open(struct noted *noted, struct journal_opening *opening)
{
    struct journal *journal;

    *noted = (struct noted){.notes = 0};
    return journal_open(folder, note_see, noted, &journal, opening, &error) == LICET_OK ? journal
                                                                                        : NULL;
}

static void test_numbers(void)
{
    struct journal_opening opening;
    struct journal_head before, after;
    struct noted noted;
    struct journal *journal;

    journal_create(folder, 4096, &error);
    journal = note_open(&noted, &opening);
    journal_prepare(journal, &error);
    commit_records(journal, 3, &error);
    before = journal_head(journal);
    ok(note_write(journal, 2) == LICET_OK, "two notes are written");
    after = journal_head(journal);
    ok(after.number == before.number && after.group == before.group + 1,
       "R8.8 notes take no number, and stand in the chain");
    ok(memcmp(after.hash, before.hash, sizeof(after.hash)) != 0, "INV-23 the chain covers them");
    ok(commit_records(journal, 2, &error) == LICET_OK && journal_head(journal).number == 5,
       "the next record has the next number");
    note_write(journal, 1);
    journal_destroy(journal);
    journal = note_open(&noted, &opening);
    ok(noted.seen.count == 5 && noted.seen.wrong == 0 && noted.notes == 3 && noted.wrong == 0,
       "INV-22 records and notes come back");
    ok(noted.after == 5 && opening.records_replayed == 5, "where they stood, counted as none");
    ok(!opening.was_sealed, "a note is no seal");
    ok(journal_seal(journal, &error) == LICET_OK && journal_head(journal).group == after.group + 3,
       "so one is written after it");
    journal_destroy(journal);
    journal = note_open(&noted, &opening);
    ok(journal != NULL && opening.was_sealed, "and found");
    journal_destroy(journal);
    noted = (struct noted){.notes = 0};
    ok(journal_read(folder, 4, NULL, note_see, &noted, &error) == LICET_OK &&
           noted.seen.count == 2 && noted.notes == 3,
       "who reads from record 4 on gets the notes that came after record 3");
}

static void test_bad(void)
{
    struct noted noted;
    struct journal *journal = note_open(&noted, NULL);

    ok(journal_note(journal, TEXT(""), &error) == LICET_INVALID, "no note is none");
    ok(journal_note(journal, TEXT("\0\0\0\2x"), &error) == LICET_INVALID,
       "a note longer than its body is refused");
    ok(note_write(journal, 500) == LICET_TOO_LARGE, "so are more than a segment takes");
    ok(commit_records(journal, 1, &error) == LICET_OK, "none of which did harm");
    journal_destroy(journal);
}

/* The segment that is ready is made once; without a next one the journal runs full. */
static void test_room(void)
{
    struct noted noted;
    struct journal *journal = note_open(&noted, NULL);
    struct journal_head head;
    uint32_t written = 0;

    journal_prepare(journal, &error);
    while (written < 1000 && note_write(journal, 4) == LICET_OK)
        written++;
    ok(written > 4 && written < 1000 && error.status == LICET_DISK_FULL,
       "INV-24 notes stop where the reserve begins");
    ok(!journal_room(journal, 200, JOURNAL_GROWTH) && journal_room(journal, 200, JOURNAL_RESERVE),
       "what lets leases end has its room");
    head = journal_head(journal);
    ok(commit_records(journal, 2, &error) == LICET_OK &&
           journal_head(journal).number == head.number + 2,
       "the journal lives");
    journal_destroy(journal);
}

static void test_torn(void)
{
    struct picture picture = {.count = 0};
    struct journal_opening opening;
    struct noted noted;
    struct journal *journal;
    char *data;
    size_t file, end;

    folder_empty(folder);
    journal_create(folder, 4096, &error);
    journal = note_open(&noted, NULL);
    commit_records(journal, 2, &error);
    note_write(journal, 3);
    journal_destroy(journal);
    picture_take(&picture);
    file = picture_find(&picture, file_name(1, SEGMENT_SUFFIX).text);
    data = picture.files[file].data;
    for (end = picture.files[file].size; data[end - 1] == 0; end--)
        ;
    memset(data + end - 10, 0, 10);
    picture_restore(&picture);
    journal = note_open(&noted, &opening);
    ok(journal != NULL && noted.notes == 0 && noted.seen.count == 2 && opening.bytes_cut > 0,
       "torn notes are cut, and no record with them");
    journal_destroy(journal);
    picture_drop(&picture);
}

static void test_snapshot(void)
{
    struct journal_snapshot *snapshot;
    struct journal_opening opening;
    struct journal_head head;
    struct noted noted;
    struct journal *journal = note_open(&noted, NULL);

    commit_records(journal, 2, &error);
    note_write(journal, 1);
    head = journal_head(journal);
    ok(journal_snapshot_begin(folder, &head, &snapshot, &error) == LICET_OK &&
           journal_snapshot_add(snapshot, TEXT("state"), &error) == LICET_OK &&
           journal_snapshot_add_note(snapshot, NOTE, &error) == LICET_OK &&
           journal_snapshot_add_note(snapshot, NOTE, &error) == LICET_OK &&
           journal_snapshot_add(snapshot, TEXT("more state"), &error) == LICET_OK &&
           journal_snapshot_commit(snapshot, &error) == LICET_OK,
       "a snapshot with notes is made");
    note_write(journal, 1);
    journal_destroy(journal);
    journal = note_open(&noted, &opening);
    ok(noted.notes == 3 && noted.of_snapshot == 2 && noted.wrong == 0,
       "the notes of a snapshot come back, and those after it");
    ok(noted.seen.of_snapshot == 2 && opening.records_replayed == 0, "apart from its records");
    journal_destroy(journal);
    ok(journal_check(folder, &error) == LICET_OK, "licetd check finds no flaw");
}

int main(void)
{
    folder_make();
    test_numbers();
    test_bad();
    test_room();
    test_torn();
    test_snapshot();
    folder_remove();
    return tap_done();
}
