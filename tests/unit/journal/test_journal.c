/* A journal that nothing happens to: create, commit, seal, roll, open again, read. */
#include "journal_tests.h"

static struct error error;

static void test_first_life(void)
{
    struct journal *journal = NULL, *second = NULL;
    struct journal_opening opening;
    struct seen seen = {0};
    struct journal_head head;

    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_NOT_FOUND,
       "a folder without a journal is NOT_FOUND");
    ok(journal_create(folder, 4096, &error) == LICET_OK, "a journal is created");
    ok(journal_create(folder, 4096, &error) == LICET_CONFLICT, "but not twice");
    ok(journal_open(folder, see, &seen, &journal, &opening, &error) == LICET_OK, "it opens");
    ok(seen.count == 0 && opening.was_sealed && opening.bytes_cut == 0, "and is empty");
    ok(journal_open(folder, see, &seen, &second, NULL, &error) == LICET_CONFLICT,
       "a second opener is refused while the first has it");
    ok(strstr(error.text, "another process") != NULL, "with a sentence");
    head = journal_head(journal);
    ok(head.number == 0 && head.group == 1, "R5.2 the head of an empty journal has no record");
    ok(commit_records(journal, 3, &error) == LICET_OK, "three records are committed");
    ok(commit_records(journal, 1, &error) == LICET_OK, "and one more");
    head = journal_head(journal);
    ok(head.number == 4 && head.group == 3, "the head names the fourth record");
    journal_destroy(journal);
    ok(open_and_see(&seen, &opening, &error) == LICET_OK && seen.count == 4 && seen.wrong == 0,
       "INV-22 they come back, each with its number");
    ok(!opening.was_sealed && opening.records_replayed == 4, "the stop was not orderly");
}

static void test_bad_calls(void)
{
    struct journal *journal;
    struct seen seen = {.stop_at = 2};
    char data[64];
    struct buf body = buf_over(data, sizeof(data));

    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_CONFLICT &&
           seen.count == 2,
       "a status of the callback stops the reading and comes back");
    seen = (struct seen){0};
    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_OK, "it opens after that");
    journal_body_add(&body, TEXT("x"));
    ok(journal_commit(journal, buf_text(&body), 4, 1, &error) == LICET_INVALID,
       "a number that is taken is refused");
    ok(journal_commit(journal, buf_text(&body), 6, 1, &error) == LICET_INVALID,
       "a gap in the numbers is refused");
    ok(journal_commit(journal, buf_text(&body), 5, 2, &error) == LICET_INVALID,
       "a body with fewer records than said is refused");
    ok(journal_commit(journal, TEXT("\0\0\0\2x"), 5, 1, &error) == LICET_INVALID,
       "a record longer than its body is refused");
    ok(journal_commit(journal, TEXT(""), 5, 0, &error) == LICET_INVALID,
       "an empty group is refused");
    ok(commit_records(journal, 200, &error) == LICET_TOO_LARGE,
       "a group larger than a segment is refused");
    ok(commit_records(journal, 1, &error) == LICET_OK, "none of which did harm");
    journal_destroy(journal);
}

static void test_seal(void)
{
    struct journal *journal;
    struct journal_opening opening;
    struct journal_head before;
    struct seen seen = {0};

    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_OK, "it opens");
    before = journal_head(journal);
    ok(journal_seal(journal, &error) == LICET_OK, "it is sealed");
    ok(journal_head(journal).group == before.group + 1 &&
           journal_head(journal).number == before.number,
       "a seal is a group without records");
    ok(journal_seal(journal, &error) == LICET_OK && journal_head(journal).group == before.group + 1,
       "sealing again does nothing");
    journal_destroy(journal);
    ok(open_and_see(&seen, &opening, &error) == LICET_OK && opening.was_sealed,
       "the next start knows that the stop was orderly");
}

static void test_roll(void)
{
    struct journal *journal;
    struct seen seen = {0};
    struct journal_head middle = {0}, end;
    bool is_committed = true;

    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_OK, "it opens");
    for (uint32_t i = 0; i < 200; i++) {
        is_committed = is_committed && commit_records(journal, 1 + i % 7, &error) == LICET_OK;
        if (i % 3 == 0)
            is_committed = is_committed && journal_prepare(journal, &error) == LICET_OK;
        if (i % 11 == 0)
            is_committed = is_committed && journal_seal(journal, &error) == LICET_OK;
        if (i == 100)
            middle = journal_head(journal);
    }
    ok(is_committed, "groups go on over many segments, prepared in time or not");
    ok(folder_has("0000000012.segment"), "there are a dozen of them");
    end = journal_head(journal);
    seen = (struct seen){0};
    ok(journal_read(folder, 1, &middle, see, &seen, &error) == LICET_OK &&
           seen.count == middle.number && seen.wrong == 0,
       "beside the writer, all up to a head is read");
    seen = (struct seen){0};
    ok(journal_read(folder, 300, &end, see, &seen, &error) == LICET_OK &&
           seen.count == end.number - 299 && seen.last == end.number && seen.wrong == 0,
       "or from any record on");
    middle.hash[0] ^= 1;
    ok(journal_read(folder, 1, &middle, see, &seen, &error) == LICET_DAMAGED,
       "a head that is not of this chain is refused");
    journal_destroy(journal);
    ok(open_and_see(&seen, NULL, &error) == LICET_OK && seen.count == end.number && seen.wrong == 0,
       "INV-22 all of it comes back");
    ok(journal_check(folder, &error) == LICET_OK, "and the check finds nothing");
    seen = (struct seen){0};
    ok(journal_read(folder, 5, NULL, see, &seen, &error) == LICET_OK && seen.last == end.number,
       "without a head, reading goes to the end");
}

static void test_born_elsewhere(void)
{
    char elsewhere[80];
    struct journal *journal;
    struct seen seen = {0};

    snprintf(elsewhere, sizeof(elsewhere), "%s-b", folder);
    folder_empty(folder);
    ok(journal_create(folder, 2048, &error) == LICET_OK, "a journal is made in one folder");
    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_OK, "opened there");
    ok(rename(folder, elsewhere) == 0, "and the folder renamed");
    for (int i = 0; i < 60; i++)
        commit_records(journal, 2, &error);
    ok(journal_head(journal).number == 120, "R7.1 it goes on, over segments, in the new place");
    journal_destroy(journal);
    ok(rename(elsewhere, folder) == 0 && open_and_see(&seen, NULL, &error) == LICET_OK &&
           seen.count == 120,
       "and is whole");
}

int main(void)
{
    folder_make();
    test_first_life();
    test_bad_calls();
    test_seal();
    test_roll();
    test_born_elsewhere();
    folder_remove();
    return tap_done();
}
