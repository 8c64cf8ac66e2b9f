/*
 * The calls to the operating system that can fail while something durable is made, behind one
 * table, so that tests can let each of them fail (INV-24). Programs never touch the table.
 */
#ifndef LICET_JOURNAL_IO_H
#define LICET_JOURNAL_IO_H

#include <sys/types.h>
#include <sys/uio.h>

#include "base/status.h"
#include "base/text.h"

struct io_calls {
    int (*open)(int folder_fd, const char *name, int flags, mode_t mode);
    ssize_t (*read)(int fd, void *data, size_t size, off_t offset);
    ssize_t (*write)(int fd, const struct iovec *parts, int count, off_t offset);
    int (*sync)(int fd);        /* fdatasync */
    int (*sync_folder)(int fd); /* fsync */
    int (*rename)(int folder_fd, const char *from, const char *to);
    int (*unlink)(int folder_fd, const char *name);
    int (*cut)(int fd, off_t size);
    int (*close)(int fd);
};

extern const struct io_calls io_system;
void io_use(const struct io_calls *calls); /* tests only; before any thread runs */

/* Each finishes what it began (short reads and writes, EINTR) or writes the sentence;
 * LICET_DISK_FULL where no space is left, else LICET_SYSTEM. `name` is for the sentence. */
enum status io_open(int folder_fd, const char *name, int flags, int *ret_fd, struct error *error);
enum status io_open_folder(const char *folder, int *ret_fd, struct error *error);
/* Reads up to `size` bytes; fewer at the end of the file. */
enum status io_read(int fd, const char *name, void *data, size_t size, off_t offset,
                    size_t *ret_size, struct error *error);
enum status io_write(int fd, const char *name, struct text first, struct text second, off_t offset,
                     struct error *error);
enum status io_write_zeros(int fd, const char *name, off_t offset, size_t size,
                           struct error *error);
enum status io_cut(int fd, const char *name, off_t size, struct error *error);
enum status io_sync(int fd, const char *name, struct error *error);
enum status io_sync_folder(int folder_fd, struct error *error);
/* Renames and syncs the folder. */
enum status io_rename(int folder_fd, const char *from, const char *to, struct error *error);
enum status io_unlink(int folder_fd, const char *name, struct error *error); /* may be missing */
enum status io_close(int fd, const char *name, struct error *error);
enum status io_size(int fd, const char *name, uint64_t *ret_size, struct error *error);

#endif
