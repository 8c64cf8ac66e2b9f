/*
 * The journal alone: commits a second by the size of a group, and how fast a start replays. Figures
 * of a shared disk mean little by themselves: the plain write + fdatasync of the same bytes into
 * the same kind of file, in the same run, is the anchor beside each.
 *
 *   journal_bench FOLDER [SECONDS]     FOLDER must exist; a folder of its own is made inside
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "journal/journal.h"

#define RECORD_BYTES 100u
#define REPLAY_RECORDS 1000000u

static char body_data[JOURNAL_GROUP_BYTES_MAX];
static struct error error;

static void fail(const char *what)
{
    fprintf(stderr, "journal_bench: %s: %s\n", what, error.text);
    exit(1);
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum status count_record(void *context, uint64_t number, bool is_snapshot,
                                struct text record, struct error *unused)
{
    (void)number;
    (void)is_snapshot;
    (void)unused;
    *(uint64_t *)context += record.size;
    return LICET_OK;
}

static struct text make_body(uint32_t records)
{
    static const char record[RECORD_BYTES] = "what a record of a hundred bytes may hold";
    struct buf body = buf_over(body_data, sizeof(body_data));

    for (uint32_t i = 0; i < records; i++)
        journal_body_add(&body, text_make(record, sizeof(record)));
    return buf_text(&body);
}

static struct journal *bench_open(const char *folder, uint64_t *bytes)
{
    struct journal *journal;

    *bytes = 0;
    if (journal_open(folder, count_record, bytes, &journal, NULL, &error) != LICET_OK ||
        journal_prepare(journal, &error) != LICET_OK)
        fail("open");
    return journal;
}

/* The anchor: the same bytes into a file of zeros, one pwrite and one fdatasync each. */
struct plain {
    int fd;
    off_t offset;
};

static struct plain plain_open(const char *folder)
{
    static const char zeros[64 * 1024];
    struct plain plain = {-1, 0};
    char path[600];

    snprintf(path, sizeof(path), "%s/plain", folder);
    plain.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (plain.offset < (off_t)JOURNAL_SEGMENT_BYTES)
        plain.offset += pwrite(plain.fd, zeros, sizeof(zeros), plain.offset);
    if (plain.fd < 0 || fdatasync(plain.fd) != 0)
        fail("the plain file");
    return plain;
}

static void plain_commit(struct plain *plain, struct text body)
{
    if (plain->offset + (off_t)body.size > (off_t)JOURNAL_SEGMENT_BYTES)
        plain->offset = 0;
    if (pwrite(plain->fd, body.data, body.size, plain->offset) < 0 || fdatasync(plain->fd) != 0)
        fail("the plain file");
    plain->offset += (off_t)body.size;
}

static void ours_commit(struct journal *journal, struct text body, uint32_t records)
{
    if (journal_commit(journal, body, journal_head(journal).number + 1, records, &error) !=
            LICET_OK ||
        journal_prepare(journal, &error) != LICET_OK)
        fail("commit");
}

/* In turns, one commit each: what the disk's neighbours do strikes both alike. */
static void bench_size(struct journal *journal, struct plain *plain, uint32_t records,
                       double seconds)
{
    struct text body = make_body(records);
    double of_plain = 0, of_ours = 0;
    uint64_t count = 0;

    while (of_plain + of_ours < 2 * seconds) {
        double begin = seconds_now(), middle;

        plain_commit(plain, body);
        middle = seconds_now();
        ours_commit(journal, body, records);
        of_plain += middle - begin;
        of_ours += seconds_now() - middle;
        count++;
    }
    printf("%10u %12zu %14.0f %14.0f %12.0f %8.2f\n", records, body.size, (double)count / of_ours,
           (double)count / of_plain, (double)count / of_ours * records, of_plain / of_ours);
}

static void bench_commits(const char *folder, double seconds)
{
    static const uint32_t sizes[] = {1, 10, 100, 630, 2500, 10000};
    uint64_t bytes;
    struct journal *journal = bench_open(folder, &bytes);
    struct plain plain = plain_open(folder);

    printf("%10s %12s %14s %14s %12s %8s\n", "records", "body bytes", "commits/s", "plain/s",
           "records/s", "ratio");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        bench_size(journal, &plain, sizes[i], seconds);
    close(plain.fd);
    journal_destroy(journal);
}

static void bench_replay(const char *folder)
{
    struct text body = make_body(1000);
    uint64_t bytes, records;
    struct journal *journal;
    double begin;

    journal = bench_open(folder, &bytes);
    for (uint32_t i = 0; i < REPLAY_RECORDS / 1000; i++) {
        if (journal_commit(journal, body, journal_head(journal).number + 1, 1000, &error) !=
            LICET_OK)
            fail("commit");
    }
    journal_destroy(journal);
    for (int round = 0; round < 5; round++) {
        begin = seconds_now();
        bytes = 0;
        if (journal_open(folder, count_record, &bytes, &journal, NULL, &error) != LICET_OK)
            fail("open");
        records = journal_head(journal).number;
        printf("replay: %llu records, %llu bytes in %.3f s, with checksums\n",
               (unsigned long long)records, (unsigned long long)bytes, seconds_now() - begin);
        journal_destroy(journal);
    }
}

static void bench_in(const char *folder, const char *name, double seconds)
{
    char path[512], command[600];
    double begin = seconds_now();

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (mkdir(path, 0700) != 0 || journal_create(path, 0, &error) != LICET_OK)
        fail(path);
    if (seconds > 0) {
        printf("a journal is created in %.1f ms\n", (seconds_now() - begin) * 1e3);
        bench_commits(path, seconds);
    } else {
        bench_replay(path);
    }
    snprintf(command, sizeof(command), "rm -r '%s'", path);
    if (system(command) != 0)
        fail("remove");
}

int main(int argc, char **argv)
{
    uint32_t seconds = 1;

    if (argc < 2 || argc > 3 ||
        (argc == 3 && parse_u32(text_of(argv[2]), 1, 60, &seconds, &error) != LICET_OK)) {
        fprintf(stderr, "usage: journal_bench FOLDER [SECONDS]\n");
        return 2;
    }
    bench_in(argv[1], "journal-bench-commits", seconds);
    bench_in(argv[1], "journal-bench-replay", 0);
    return 0;
}
