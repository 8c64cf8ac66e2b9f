/*
 * The second fold: one thread commits, another folds, makes snapshots, prunes and asks for room,
 * all at once, and never sees damage or a record that is not there.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "journal_tests.h"

#define ROUNDS 300

static struct error error;
static atomic_bool is_over;
static atomic_uint commits_failed;

static void *commit_on(void *argument)
{
    struct journal *journal = argument;
    struct error own = {0};

    for (uint32_t i = 0; !atomic_load(&is_over); i++) {
        if (commit_records(journal, 1 + i % 40, &own) != LICET_OK ||
            journal_prepare(journal, &own) != LICET_OK ||
            (i % 16 == 0 && journal_seal(journal, &own) != LICET_OK)) {
            printf("# %s\n", own.text);
            atomic_fetch_add(&commits_failed, 1);
            break;
        }
    }
    return NULL;
}

/* The state of this test is the number of records, kept in one record of a snapshot. */
struct fold {
    uint64_t count, last, wrong;
};

static enum status fold_add(void *context, uint64_t number, bool is_snapshot, struct text record,
                            struct error *unused)
{
    struct fold *fold = context;
    char data[128];

    (void)unused;
    if (is_snapshot) {
        memcpy(&fold->count, record.data, sizeof(fold->count));
    } else {
        fold->wrong += number != fold->last + 1 || !text_equal(record, record_of(number, data));
        fold->count++;
    }
    fold->last = number;
    return LICET_OK;
}

static bool fold_once(struct journal *journal)
{
    struct journal_head head = journal_head(journal);
    struct journal_keep keep = {0, 6 * 8192};
    struct journal_snapshot *snapshot;
    struct fold fold = {0};
    uint32_t removed;

    if (journal_fold(folder, &head, fold_add, &fold, &error) != LICET_OK || fold.wrong > 0 ||
        fold.count != head.number || fold.last != head.number)
        return false;
    if (journal_snapshot_begin(folder, &head, &snapshot, &error) != LICET_OK)
        return false;
    journal_snapshot_add(snapshot, text_make(&fold.count, sizeof(fold.count)), &error);
    return journal_snapshot_commit(snapshot, &error) == LICET_OK &&
           journal_prune(folder, keep, 2000000000, &removed, &error) == LICET_OK &&
           journal_room(journal, 10, JOURNAL_RESERVE);
}

/* The newest records, from wherever the segments still reach. */
static bool read_once(struct journal *journal)
{
    struct journal_head head = journal_head(journal);
    struct fold fold = {.last = head.number - 1};

    return head.number == 0 ||
           (journal_read(folder, head.number, &head, fold_add, &fold, &error) == LICET_OK &&
            fold.last == head.number && fold.wrong == 0);
}

int main(void)
{
    struct journal *journal;
    struct fold fold = {0};
    pthread_t thread;
    size_t wrong = 0;

    use_quick_disk();
    folder_make();
    if (journal_create(folder, 8192, &error) != LICET_OK ||
        journal_open(folder, fold_add, &fold, &journal, NULL, &error) != LICET_OK ||
        journal_prepare(journal, &error) != LICET_OK ||
        pthread_create(&thread, NULL, commit_on, journal) != 0)
        abort();
    for (int i = 0; i < ROUNDS && wrong == 0; i++) {
        wrong += !fold_once(journal) || !read_once(journal);
        if (wrong > 0)
            printf("# round %d: %s\n", i, error.text);
    }
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    printf("# %llu records\n", (unsigned long long)journal_head(journal).number);
    ok(wrong == 0, "INV-22 %d folds beside a writer equal what was committed", ROUNDS);
    ok(atomic_load(&commits_failed) == 0, "and the writer is not disturbed");
    journal_destroy(journal);
    fold = (struct fold){0};
    ok(journal_open(folder, fold_add, &fold, &journal, NULL, &error) == LICET_OK &&
           fold.count == journal_head(journal).number && fold.wrong == 0,
       "the next start agrees");
    journal_destroy(journal);
    folder_remove();
    return tap_done();
}
