/* Reading and replacing whole files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status file_fail(struct error *error, const char *verb, const char *path)
{
    enum status status = errno == ENOENT                      ? LICET_NOT_FOUND
                         : errno == ENOSPC || errno == EDQUOT ? LICET_DISK_FULL
                         : errno == EEXIST                    ? LICET_CONFLICT
                                                              : LICET_SYSTEM;

    return error_set(error, status, "cannot %s %s: %s", verb, path, strerror(errno));
}

static enum status file_read_fd(int fd, const char *path, size_t max, struct text *ret_text,
                                struct error *error)
{
    size_t size = 0, capacity = 4096;
    char *data = malloc(capacity + 1);

    while (data != NULL) {
        ssize_t got = read(fd, data + size, capacity - size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            free(data);
            return file_fail(error, "read", path);
        }
        size += (size_t)got;
        if (size > max) {
            free(data);
            return error_set(error, LICET_TOO_LARGE, "%s is larger than %zu bytes", path, max);
        }
        if (got == 0) {
            data[size] = '\0';
            *ret_text = (struct text){data, size};
            return LICET_OK;
        }
        if (size == capacity) {
            char *larger = realloc(data, capacity * 2 + 1);

            if (larger == NULL)
                free(data);
            data = larger;
            capacity *= 2;
        }
    }
    return error_set(error, LICET_NO_MEMORY, "no memory is left to read %s", path);
}

enum status file_read(const char *path, size_t max, struct text *ret_text, struct error *error)
{
    enum status status;
    struct stat stat;
    int fd;

    if (strcmp(path, "-") == 0)
        return file_read_fd(STDIN_FILENO, "standard input", max, ret_text, error);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us */
    if (fd < 0)
        return file_fail(error, "open", path);
    if (fstat(fd, &stat) != 0)
        status = file_fail(error, "look at", path);
    else if (!S_ISREG(stat.st_mode))
        status = error_set(error, LICET_INVALID, "%s is not a file", path);
    else
        status = file_read_fd(fd, path, max, ret_text, error);
    close(fd);
    return status;
}

void file_free(struct text text)
{
    char *owned;

    if (text.data == NULL)
        return;
    memcpy(&owned, &text.data,
           sizeof(owned)); /* texts are read-only to everybody but their owner */
    explicit_bzero(owned, text.size);
    free(owned);
}

static bool file_write_all(int fd, struct text text)
{
    while (text.size > 0) {
        ssize_t put = write(fd, text.data, text.size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text = text_skip(text, (size_t)put);
    }
    return true;
}

static bool file_sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    bool is_synced;
    int fd;

    memcpy(folder, slash == NULL ? "." : path, size);
    folder[size] = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    is_synced = fsync(fd) == 0;
    close(fd);
    return is_synced;
}

static enum status file_put(const char *path, struct text text, mode_t mode, bool is_new,
                            struct error *error)
{
    char beside[PATH_MAX];
    int size = snprintf(beside, sizeof(beside), "%s.XXXXXX", path);
    enum status status;
    int fd;

    if (size < 0 || (size_t)size >= sizeof(beside))
        return error_set(error, LICET_INVALID, "the path is longer than %d bytes", PATH_MAX - 8);
    fd = mkstemp(beside);
    if (fd < 0)
        return file_fail(error, "create a file beside", path);
    if (!file_write_all(fd, text) || fchmod(fd, mode) != 0 || fsync(fd) != 0) {
        status = file_fail(error, "write", path);
        close(fd);
        unlink(beside);
        return status;
    }
    close(fd);
    if (is_new ? link(beside, path) != 0 : rename(beside, path) != 0) {
        status = file_fail(error, is_new ? "create" : "replace", path);
        unlink(beside);
        return status;
    }
    if (is_new)
        unlink(beside);
    return file_sync_folder(path) ? LICET_OK : file_fail(error, "sync the folder of", path);
}

enum status file_replace(const char *path, struct text text, mode_t mode, struct error *error)
{
    return file_put(path, text, mode, false, error);
}

enum status file_create(const char *path, struct text text, mode_t mode, struct error *error)
{
    return file_put(path, text, mode, true, error);
}
