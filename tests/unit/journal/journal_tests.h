/* What the tests of the journal share: a folder of their own, records to write, an account of what
 * was read back, pictures of a folder to put back after harm. */
#ifndef LICET_TESTS_JOURNAL_TESTS_H
#define LICET_TESTS_JOURNAL_TESTS_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/folder.h"
#include "journal/io.h"
#include "journal/journal.h"
#include "journal/names_file.h"
#include "tap.h"

#define UNUSED __attribute__((unused))

static char folder[64];

UNUSED static void folder_make(void)
{
    snprintf(folder, sizeof(folder), "/tmp/licet-test-journal-XXXXXX");
    if (mkdtemp(folder) == NULL)
        abort();
}

UNUSED static void folder_path(const char *name, char *path, size_t size)
{
    if (snprintf(path, size, "%s/%s", folder, name) >= (int)size)
        abort();
}

UNUSED static void folder_empty(const char *path)
{
    DIR *list = opendir(path);
    const struct dirent *entry;

    while (list != NULL && (entry = readdir(list)) != NULL) {
        char inner[400];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0) {
            folder_empty(inner);
            rmdir(inner);
        }
    }
    closedir(list);
}

UNUSED static void folder_remove(void)
{
    folder_empty(folder);
    rmdir(folder);
}

UNUSED static bool folder_has(const char *name)
{
    char path[400];

    folder_path(name, path, sizeof(path));
    return access(path, F_OK) == 0;
}

/* ---- records: what record n holds follows from n */

UNUSED static struct text record_of(uint64_t number, char data[128])
{
    size_t size = 20 + number % 50;

    snprintf(data, 128, "record %llu ", (unsigned long long)number);
    for (size_t i = strlen(data); i < size; i++)
        data[i] = (char)('a' + (number + i) % 26);
    return text_make(data, size);
}

struct seen {
    uint64_t count, last, wrong;
    uint64_t of_snapshot;
    uint64_t stop_at; /* answers LICET_CONFLICT there */
};

/* Every record must be the next one, with its content. */
UNUSED static enum status see(void *context, uint64_t number, bool is_snapshot, struct text record,
                              struct error *error)
{
    struct seen *seen = context;
    char data[128];

    if (is_snapshot) {
        seen->of_snapshot++;
        seen->last = number;
        return LICET_OK;
    }
    if (seen->last != 0 && number != seen->last + 1)
        seen->wrong++;
    if (!text_equal(record, record_of(number, data)))
        seen->wrong++;
    seen->count++;
    seen->last = number;
    if (number == seen->stop_at)
        return error_set(error, LICET_CONFLICT, "stopped as asked");
    return LICET_OK;
}

UNUSED static enum status commit_records(struct journal *journal, uint32_t count,
                                         struct error *error)
{
    static char data[64 * 1024];
    struct buf body = buf_over(data, sizeof(data));
    uint64_t first = journal_head(journal).number + 1;

    for (uint32_t i = 0; i < count; i++) {
        char record[128];

        journal_body_add(&body, record_of(first + i, record));
    }
    return journal_commit(journal, buf_text(&body), first, count, error);
}

/* ---- pictures of a folder */

struct picture {
    struct {
        char name[FILE_NAME_BYTES];
        char *data;
        size_t size;
    } files[128];
    size_t count;
};

UNUSED static void picture_take(struct picture *picture)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;

    picture->count = 0;
    while ((entry = readdir(list)) != NULL) {
        char path[400];
        struct stat stat_now;
        int fd;

        folder_path(entry->d_name, path, sizeof(path));
        if (stat(path, &stat_now) != 0 || !S_ISREG(stat_now.st_mode))
            continue;
        if (picture->count == 128)
            abort();
        snprintf(picture->files[picture->count].name, FILE_NAME_BYTES, "%.39s", entry->d_name);
        picture->files[picture->count].size = (size_t)stat_now.st_size;
        picture->files[picture->count].data = malloc((size_t)stat_now.st_size + 1);
        fd = open(path, O_RDONLY);
        if (read(fd, picture->files[picture->count].data, (size_t)stat_now.st_size) !=
            stat_now.st_size)
            abort();
        close(fd);
        picture->count++;
    }
    closedir(list);
}

UNUSED static void file_put(const char *name, const char *data, size_t size)
{
    char path[400];
    int fd;

    folder_path(name, path, sizeof(path));
    fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || ftruncate(fd, (off_t)size) != 0)
        abort();
    close(fd);
}

UNUSED static void picture_restore(const struct picture *picture)
{
    folder_empty(folder);
    for (size_t i = 0; i < picture->count; i++)
        file_put(picture->files[i].name, picture->files[i].data, picture->files[i].size);
}

UNUSED static size_t picture_find(const struct picture *picture, const char *name)
{
    for (size_t i = 0; i < picture->count; i++) {
        if (strcmp(picture->files[i].name, name) == 0)
            return i;
    }
    abort();
}

UNUSED static void picture_drop(struct picture *picture)
{
    for (size_t i = 0; i < picture->count; i++)
        free(picture->files[i].data);
    picture->count = 0;
}

/* ---- a disk that is quick: what is read back in the same breath needs no sync */

static int quick_sync(int fd)
{
    (void)fd;
    return 0;
}

UNUSED static void use_quick_disk(void)
{
    static struct io_calls quick;

    quick = io_system;
    quick.sync = quick_sync;
    quick.sync_folder = quick_sync;
    io_use(&quick);
}

/* Opens, reads all, closes. */
UNUSED static enum status open_and_see(struct seen *seen, struct journal_opening *opening,
                                       struct error *error)
{
    struct journal *journal;
    enum status status;

    *seen = (struct seen){0};
    status = journal_open(folder, see, seen, &journal, opening, error);
    if (status == LICET_OK)
        journal_destroy(journal);
    return status;
}

#endif
