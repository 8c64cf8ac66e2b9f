/* System calls with sentences. */
#include "journal/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_open(int folder_fd, const char *name, int flags, mode_t mode)
{
    return openat(folder_fd, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}

static int system_rename(int folder_fd, const char *from, const char *to)
{
    return renameat(folder_fd, from, folder_fd, to);
}

static int system_unlink(int folder_fd, const char *name)
{
    return unlinkat(folder_fd, name, 0);
}

const struct io_calls io_system = {
    .open = system_open,
    .read = pread,
    .write = pwritev,
    .sync = fdatasync,
    .sync_folder = fsync,
    .rename = system_rename,
    .unlink = system_unlink,
    .cut = ftruncate,
    .close = close,
};

static const struct io_calls *io_calls = &io_system;

void io_use(const struct io_calls *calls)
{
    io_calls = calls;
}

static enum status io_fail(struct error *error, const char *verb, const char *name)
{
    enum status status = errno == ENOSPC || errno == EDQUOT ? LICET_DISK_FULL : LICET_SYSTEM;

    return error_set(error, status, "cannot %s the journal's %s: %s", verb, name, strerror(errno));
}

enum status io_open(int folder_fd, const char *name, int flags, int *ret_fd, struct error *error)
{
    int fd = io_calls->open(folder_fd, name, flags, 0600);

    if (fd < 0 && errno == ENOENT)
        return error_set(error, LICET_NOT_FOUND, "the journal has no %s", name);
    if (fd < 0)
        return io_fail(error, "open", name);
    *ret_fd = fd;
    return LICET_OK;
}

enum status io_open_folder(const char *folder, int *ret_fd, struct error *error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return error_set(error, errno == ENOENT ? LICET_NOT_FOUND : LICET_SYSTEM,
                         "cannot open the journal's folder %s: %s", folder, strerror(errno));
    *ret_fd = fd;
    return LICET_OK;
}

enum status io_read(int fd, const char *name, void *data, size_t size, off_t offset,
                    size_t *ret_size, struct error *error)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = io_calls->read(fd, (char *)data + done, size - done, offset + (off_t)done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_fail(error, "read", name);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *ret_size = done;
    return LICET_OK;
}

/* An iovec wants a pointer that may be written through; writing never does. */
static void *io_borrow(const char *data)
{
    union {
        const char *to_read;
        void *to_write;
    } pointer;

    pointer.to_read = data;
    return pointer.to_write;
}

enum status io_write(int fd, const char *name, struct text first, struct text second, off_t offset,
                     struct error *error)
{
    while (first.size + second.size > 0) {
        struct iovec parts[2] = {{io_borrow(first.data), first.size},
                                 {io_borrow(second.data), second.size}};
        ssize_t put = io_calls->write(fd, parts, 2, offset);
        size_t of_first;

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            errno = put == 0 ? EIO : errno;
            return io_fail(error, "write", name);
        }
        of_first = (size_t)put < first.size ? (size_t)put : first.size;
        first = text_skip(first, of_first);
        second = text_skip(second, (size_t)put - of_first);
        offset += put;
    }
    return LICET_OK;
}

enum status io_write_zeros(int fd, const char *name, off_t offset, size_t size, struct error *error)
{
    static const char zeros[256 * 1024];
    enum status status = LICET_OK;

    while (status == LICET_OK && size > 0) {
        size_t part = size < sizeof(zeros) ? size : sizeof(zeros);

        status = io_write(fd, name, text_make(zeros, part), (struct text){NULL, 0}, offset, error);
        offset += (off_t)part;
        size -= part;
    }
    return status;
}

enum status io_cut(int fd, const char *name, off_t size, struct error *error)
{
    return io_calls->cut(fd, size) == 0 ? LICET_OK : io_fail(error, "cut", name);
}

enum status io_sync(int fd, const char *name, struct error *error)
{
    return io_calls->sync(fd) == 0 ? LICET_OK : io_fail(error, "sync", name);
}

enum status io_sync_folder(int folder_fd, struct error *error)
{
    return io_calls->sync_folder(folder_fd) == 0 ? LICET_OK : io_fail(error, "sync", "folder");
}

enum status io_rename(int folder_fd, const char *from, const char *to, struct error *error)
{
    if (io_calls->rename(folder_fd, from, to) != 0)
        return io_fail(error, "rename", from);
    return io_sync_folder(folder_fd, error);
}

enum status io_unlink(int folder_fd, const char *name, struct error *error)
{
    if (io_calls->unlink(folder_fd, name) != 0 && errno != ENOENT)
        return io_fail(error, "remove", name);
    return LICET_OK;
}

enum status io_close(int fd, const char *name, struct error *error)
{
    return io_calls->close(fd) == 0 ? LICET_OK : io_fail(error, "close", name);
}

enum status io_size(int fd, const char *name, uint64_t *ret_size, struct error *error)
{
    struct stat stat;

    if (fstat(fd, &stat) != 0)
        return io_fail(error, "look at", name);
    if (!S_ISREG(stat.st_mode))
        return error_set(error, LICET_DAMAGED, "the journal's %s is not a file", name);
    *ret_size = (uint64_t)stat.st_size;
    return LICET_OK;
}
