/* Snapshots: what stands for the past, what happens when it does not, and what may be forgotten. */
#include "journal_tests.h"

static struct error error;

/* Records go on, a few segments of them. */
static struct journal_head write_some(struct journal *journal, uint32_t groups)
{
    for (uint32_t i = 0; i < groups; i++) {
        if (commit_records(journal, 3, &error) != LICET_OK ||
            journal_prepare(journal, &error) != LICET_OK)
            abort();
    }
    return journal_head(journal);
}

/* The state of these tests is the sum of all record numbers and sizes: a fold anybody can repeat.
 */
struct fold {
    uint64_t sum;
    uint64_t records;
};

static enum status fold_add(void *context, uint64_t number, bool is_snapshot, struct text record,
                            struct error *unused)
{
    struct fold *fold = context;
    uint64_t sum = 0;

    (void)unused;
    if (!is_snapshot) {
        fold->sum += number * 1000 + record.size;
        fold->records++;
        return LICET_OK;
    }
    for (size_t i = 0; i < record.size; i++)
        sum = sum << 8 | (uint8_t)record.data[i];
    fold->sum += sum;
    return LICET_OK;
}

static enum status snapshot_write(const struct journal_head *head, struct error *ret_error)
{
    struct journal_snapshot *snapshot;
    struct fold fold = {0};
    enum status status = journal_fold(folder, head, fold_add, &fold, ret_error);

    if (status == LICET_OK)
        status = journal_snapshot_begin(folder, head, &snapshot, ret_error);
    /* 300 records of 8 KiB, which is more than one group: the first carries the sum. */
    for (int i = 0; status == LICET_OK && i < 300; i++) {
        static char data[8192];

        memset(data, 0, sizeof(data));
        for (size_t k = 0; k < 8; k++)
            data[sizeof(data) - 1 - k] = (char)(i == 0 ? fold.sum >> 8 * k & 0xff : 0);
        status = journal_snapshot_add(snapshot, text_make(data, sizeof(data)), ret_error);
    }
    return status == LICET_OK ? journal_snapshot_commit(snapshot, ret_error) : status;
}

static uint64_t fold_of_all(void)
{
    struct fold fold = {0};

    return journal_read(folder, 1, NULL, fold_add, &fold, &error) == LICET_OK ? fold.sum : 0;
}

static uint64_t fold_of_start(struct journal_opening *opening)
{
    struct journal *journal;
    struct fold fold = {0};
    enum status status = journal_open(folder, fold_add, &fold, &journal, opening, &error);

    if (status != LICET_OK)
        return 0;
    journal_destroy(journal);
    return fold.sum;
}

static void flip(const char *name, size_t offset)
{
    char path[400], byte = 0;
    int fd;

    folder_path(name, path, sizeof(path));
    fd = open(path, O_RDWR);
    ok(fd >= 0 && pread(fd, &byte, 1, (off_t)offset) == 1, "a byte of %s is flipped", name);
    byte ^= 0x40;
    ok(pwrite(fd, &byte, 1, (off_t)offset) == 1, "in place");
    close(fd);
}

static struct journal_head first_head, second_head;

static void test_fold(void)
{
    struct journal *journal;
    struct journal_opening opening;
    struct seen seen = {0};

    if (journal_create(folder, 2048, &error) != LICET_OK ||
        journal_open(folder, see, &seen, &journal, NULL, &error) != LICET_OK)
        abort();
    first_head = write_some(journal, 40);
    ok(snapshot_write(&first_head, &error) == LICET_OK, "a snapshot is made while it is open");
    second_head = write_some(journal, 40);
    ok(fold_of_all() != 0, "all records are there");
    journal_destroy(journal);
    ok(fold_of_start(&opening) == fold_of_all(), "INV-22 snapshot and tail equal the full replay");
    ok(opening.snapshot_number == first_head.number &&
           opening.records_replayed == second_head.number - first_head.number,
       "and only what is after the snapshot is replayed");
}

static void test_second_fold(void)
{
    struct journal_opening opening;
    struct journal_head wrong = second_head;
    struct journal_snapshot *snapshot = NULL;

    wrong.hash[5] ^= 1;
    ok(journal_snapshot_begin(folder, &wrong, &snapshot, &error) == LICET_INVALID,
       "a snapshot of a head that is not in the chain is refused");
    ok(journal_snapshot_begin(folder, &second_head, &snapshot, &error) == LICET_OK, "one begins");
    journal_snapshot_abandon(snapshot);
    ok(!folder_has(SNAPSHOT_NAME), "and leaves nothing when it is abandoned");
    ok(snapshot_write(&second_head, &error) == LICET_OK, "a second one is folded from the first");
    ok(fold_of_start(&opening) == fold_of_all() && opening.records_replayed == 0,
       "INV-22 it alone equals the full replay");
}

static void test_damage(void)
{
    struct journal_opening opening;
    struct picture picture;
    char second[FILE_NAME_BYTES], first[FILE_NAME_BYTES];
    uint64_t sum = fold_of_all();

    memcpy(first, file_name(first_head.group, SNAPSHOT_SUFFIX).text, sizeof(first));
    memcpy(second, file_name(second_head.group, SNAPSHOT_SUFFIX).text, sizeof(second));
    picture_take(&picture);
    flip(second, 5000);
    ok(fold_of_start(&opening) == sum && opening.snapshots_damaged == 1 &&
           opening.snapshot_number == first_head.number,
       "INV-28 with the newest snapshot damaged, the older one serves");
    flip(first, 150);
    ok(fold_of_start(&opening) == sum && opening.snapshots_damaged == 2 &&
           opening.snapshot_number == 0,
       "INV-28 with both damaged, the full replay serves");
    ok(journal_check(folder, &error) == LICET_DAMAGED, "and the check tells");
    picture_restore(&picture);
    flip(file_name(1, SEGMENT_SUFFIX).text, 300);
    ok(fold_of_start(&opening) == sum, "damage before the snapshot does not stop a start");
    ok(journal_check(folder, &error) == LICET_DAMAGED, "but the check tells");
    picture_restore(&picture);
    picture_drop(&picture);
}

/* The journal lost its end, and the snapshot knows. */
static void test_lost_end(void)
{
    struct picture picture;

    picture_take(&picture);
    for (uint64_t i = 2; folder_has(file_name(i, SEGMENT_SUFFIX).text); i++) {
        char path[400];

        folder_path(file_name(i, SEGMENT_SUFFIX).text, path, sizeof(path));
        unlink(path);
    }
    ok(fold_of_start(NULL) == 0 && strstr(error.text, "licetd repair") != NULL,
       "INV-23 a journal that ends before its snapshot refuses to start");
    picture_restore(&picture);
    picture_drop(&picture);
}

static void test_prune(void)
{
    struct journal_opening opening;
    struct journal_keep nothing = {0, 0}, all = {UINT32_MAX, UINT64_MAX}, size = {9, 10 * 2048};
    uint32_t removed = 7;
    uint64_t sum = fold_of_all();
    struct seen seen = {0};

    ok(journal_prune(folder, all, 2000000000, &removed, &error) == LICET_OK && removed == 0,
       "what is young and small is kept");
    ok(journal_prune(folder, size, 0, &removed, &error) == LICET_OK && removed > 0 &&
           fold_of_start(&opening) == sum,
       "segments beyond the size go");
    ok(journal_prune(folder, nothing, 2000000000, &removed, &error) == LICET_OK && removed > 0,
       "with nothing to keep, all go that no snapshot needs");
    ok(fold_of_start(&opening) == sum, "and the state stays");
    ok(journal_read(folder, 1, NULL, see, &seen, &error) == LICET_NOT_FOUND,
       "records that went are NOT_FOUND");
    seen = (struct seen){0};
    ok(journal_read(folder, first_head.number + 1, &second_head, see, &seen, &error) == LICET_OK &&
           seen.count == second_head.number - first_head.number,
       "those after the older snapshot are all there");
    flip(file_name(second_head.group, SNAPSHOT_SUFFIX).text, 777);
    ok(fold_of_start(&opening) == sum, "after pruning, a damaged newest snapshot is no disaster");
    ok(journal_prune(folder, nothing, 2000000000, &removed, &error) == LICET_OK && removed == 0,
       "with one whole snapshot, nothing is removed");
    flip(file_name(first_head.group, SNAPSHOT_SUFFIX).text, 777);
    ok(fold_of_start(&opening) == 0 && strstr(error.text, "back-up") != NULL,
       "INV-23 with none it refuses, and says what helps");
}

int main(void)
{
    use_quick_disk();
    folder_make();
    test_fold();
    test_second_fold();
    test_damage();
    test_lost_end();
    test_prune();
    folder_remove();
    return tap_done();
}
