/*
 * A disk that can fail and lose power, under the journal's table of calls. Files are real; beside
 * each stands a shadow of what the disk would hold: a write is dirty until its file is synced, and
 * a power cut keeps of the dirty sectors what chance wills. A failed sync forgets what was dirty,
 * as Linux does: the file still shows it, the disk does not have it.
 *
 * Names of files are durable at once; the journal syncs folders, but that is not what is tried
 * here.
 */
#ifndef LICET_TESTS_DISK_H
#define LICET_TESTS_DISK_H

#include <errno.h>

#include "journal_tests.h"

#define SECTOR_BYTES 512u

enum disk_call {
    DISK_OPEN,
    DISK_READ,
    DISK_WRITE,
    DISK_SYNC,
    DISK_SYNC_FOLDER,
    DISK_RENAME,
    DISK_UNLINK,
    DISK_CUT,
    DISK_CLOSE,
    DISK_CALLS,
};

struct disk_file {
    ino_t inode;
    char *shadow;
    size_t size;
};

struct disk_dirt {
    ino_t inode;
    size_t offset, size;
};

static struct {
    struct disk_file files[256];
    size_t files_count;
    struct disk_dirt dirt[4096];
    size_t dirt_count;
    uint64_t random;
    uint64_t calls[DISK_CALLS], calls_all;
    /* Planned failures: the next `fail_in` calls of a kind go well, then one fails, or all do. */
    int64_t fail_in[DISK_CALLS]; /* -1: never */
    int fail_with;
    int64_t end_in;        /* after that many calls of any kind all fail; -1: never */
    bool writes_are_short; /* one byte less than asked, at least one */
    uint32_t skip_one_of;  /* planted bug: a sync that does nothing and says it did */
    bool has_failed;
} disk;

static uint64_t disk_random(uint64_t below)
{
    disk.random ^= disk.random << 13;
    disk.random ^= disk.random >> 7;
    disk.random ^= disk.random << 17;
    return disk.random % below;
}

static struct disk_file *disk_file(int fd)
{
    struct stat stat_now;

    if (fstat(fd, &stat_now) != 0)
        abort();
    for (size_t i = 0; i < disk.files_count; i++) {
        if (disk.files[i].inode == stat_now.st_ino)
            return &disk.files[i];
    }
    if (disk.files_count == sizeof(disk.files) / sizeof(disk.files[0]))
        abort();
    disk.files[disk.files_count] = (struct disk_file){.inode = stat_now.st_ino};
    return &disk.files[disk.files_count++];
}

static bool disk_fails(enum disk_call call)
{
    disk.calls[call]++;
    disk.calls_all++;
    if (disk.end_in >= 0 && disk.end_in-- == 0)
        disk.end_in = 0;
    else if (disk.fail_in[call] < 0 || disk.fail_in[call]-- != 0)
        return false;
    disk.has_failed = true;
    errno = disk.fail_with;
    return true;
}

static int disk_open(int folder_fd, const char *name, int flags, mode_t mode)
{
    int fd = disk_fails(DISK_OPEN) ? -1 : io_system.open(folder_fd, name, flags, mode);

    if (fd >= 0 && flags & O_TRUNC)
        disk_file(fd)->size = 0;
    return fd;
}

static ssize_t disk_read(int fd, void *data, size_t size, off_t offset)
{
    return disk_fails(DISK_READ) ? -1 : io_system.read(fd, data, size, offset);
}

static ssize_t disk_write(int fd, const struct iovec *parts, int count, off_t offset)
{
    struct iovec part = parts[0].iov_len > 0 ? parts[0] : parts[1];
    ssize_t put;

    if (disk_fails(DISK_WRITE)) {
        part.iov_len /= 2; /* a write that fails may have begun */
        put = io_system.write(fd, &part, 1, offset);
        errno = disk.fail_with;
        if (put > 0)
            disk.dirt[disk.dirt_count++] =
                (struct disk_dirt){disk_file(fd)->inode, (size_t)offset, (size_t)put};
        return -1;
    }
    if (disk.writes_are_short) {
        part.iov_len = part.iov_len > 1 ? part.iov_len - 1 : 1;
        put = io_system.write(fd, &part, 1, offset);
    } else {
        put = io_system.write(fd, parts, count, offset);
    }
    if (put > 0) {
        if (disk.dirt_count == sizeof(disk.dirt) / sizeof(disk.dirt[0]))
            abort();
        disk.dirt[disk.dirt_count++] =
            (struct disk_dirt){disk_file(fd)->inode, (size_t)offset, (size_t)put};
    }
    return put;
}

static void disk_keep(struct disk_file *file, int fd, size_t offset, size_t size)
{
    if (offset + size > file->size) {
        file->shadow = realloc(file->shadow, offset + size);
        memset(file->shadow + file->size, 0, offset + size - file->size);
        file->size = offset + size;
    }
    if (pread(fd, file->shadow + offset, size, (off_t)offset) < 0)
        abort();
}

/* Takes the dirt of a file off the list; keeps all of it, none, or each sector by chance. */
enum disk_keeping {
    DISK_ALL,
    DISK_NONE,
    DISK_CHANCE
};

static void disk_settle(int fd, enum disk_keeping keeping)
{
    struct disk_file *file = disk_file(fd);
    size_t left = 0;

    for (size_t i = 0; i < disk.dirt_count; i++) {
        struct disk_dirt dirt = disk.dirt[i];
        size_t at = dirt.offset, dirt_end = dirt.offset + dirt.size;

        if (dirt.inode != file->inode) {
            disk.dirt[left++] = dirt;
            continue;
        }
        while (at < dirt_end) {
            size_t stop = at - at % SECTOR_BYTES + SECTOR_BYTES;

            stop = stop < dirt_end ? stop : dirt_end;
            if (keeping == DISK_ALL || (keeping == DISK_CHANCE && disk_random(2) == 0))
                disk_keep(file, fd, at, stop - at);
            at = stop;
        }
    }
    disk.dirt_count = left;
}

static int disk_sync(int fd)
{
    if (disk_fails(DISK_SYNC)) {
        disk_settle(fd, disk_random(2) == 0 ? DISK_NONE : DISK_CHANCE);
        errno = disk.fail_with;
        return -1;
    }
    if (disk.skip_one_of == 0 || disk_random(disk.skip_one_of) != 0)
        disk_settle(fd, DISK_ALL);
    return 0;
}

static int disk_sync_folder(int fd)
{
    (void)fd;
    return disk_fails(DISK_SYNC_FOLDER) ? -1 : 0;
}

static int disk_rename(int folder_fd, const char *from, const char *to)
{
    return disk_fails(DISK_RENAME) ? -1 : io_system.rename(folder_fd, from, to);
}

static int disk_unlink(int folder_fd, const char *name)
{
    return disk_fails(DISK_UNLINK) ? -1 : io_system.unlink(folder_fd, name);
}

static int disk_cut(int fd, off_t size)
{
    struct disk_file *file = disk_file(fd);

    if (disk_fails(DISK_CUT))
        return -1;
    file->size = file->size < (size_t)size ? file->size : (size_t)size;
    return io_system.cut(fd, size);
}

static int disk_close(int fd)
{
    int result = io_system.close(fd);

    return disk_fails(DISK_CLOSE) ? -1 : result;
}

static void disk_heal(void)
{
    for (int i = 0; i < DISK_CALLS; i++)
        disk.fail_in[i] = -1;
    disk.end_in = -1;
    disk.fail_with = EIO;
    disk.has_failed = false;
    disk.writes_are_short = false;
}

/* An empty folder on a new disk. */
static void disk_begin(uint64_t seed)
{
    static const struct io_calls calls = {disk_open,   disk_read,        disk_write,
                                          disk_sync,   disk_sync_folder, disk_rename,
                                          disk_unlink, disk_cut,         disk_close};

    folder_empty(folder);
    for (size_t i = 0; i < disk.files_count; i++)
        free(disk.files[i].shadow);
    memset(&disk, 0, sizeof(disk));
    disk.random = seed * 0x9e3779b97f4a7c15u + 1;
    disk_heal();
    io_use(&calls);
}

/* The power goes and comes back: every file is what its shadow is. */
static void disk_lose_power(void)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;

    while ((entry = readdir(list)) != NULL) {
        char path[400];
        struct disk_file *file;
        int fd;

        folder_path(entry->d_name, path, sizeof(path));
        fd = open(path, O_RDWR);
        if (fd < 0)
            continue; /* a folder */
        file = disk_file(fd);
        disk_settle(fd, DISK_CHANCE);
        if (pwrite(fd, file->shadow, file->size, 0) != (ssize_t)file->size ||
            ftruncate(fd, (off_t)file->size) != 0)
            abort();
        close(fd);
    }
    closedir(list);
    /* Files that are gone: their inodes may be used again. */
    for (size_t i = 0; i < disk.files_count;) {
        bool is_there = false;

        list = opendir(folder);
        while ((entry = readdir(list)) != NULL)
            is_there = is_there || entry->d_ino == disk.files[i].inode;
        closedir(list);
        if (is_there) {
            i++;
            continue;
        }
        free(disk.files[i].shadow);
        disk.files[i] = disk.files[--disk.files_count];
    }
    disk.dirt_count = 0;
    disk_heal();
}

#endif
