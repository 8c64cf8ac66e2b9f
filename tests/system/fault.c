/*
 * Preloaded into licet-signer, licet-portal and licetd: writes, syncs, renames, signatures and what
 * is sent (answers; statements to PostgreSQL; what the signer is asked) are counted, and before
 * number LICET_FAULT_AT the process is killed. With LICET_FAULT_ERRNO it goes on instead, and that call and
 * every later one of the disk fails so.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static unsigned long fault_calls; /* of all threads */

static unsigned long fault_number(const char *name)
{
    const char *text = getenv(name);

    return text == NULL ? 0 : strtoul(text, NULL, 10);
}

/* Whether this call fails; it may not return at all. */
static int fault_strikes(void)
{
    unsigned long at = fault_number("LICET_FAULT_AT"), with = fault_number("LICET_FAULT_ERRNO");

    if (__atomic_add_fetch(&fault_calls, 1, __ATOMIC_RELAXED) < at || at == 0)
        return 0;
    if (with == 0)
        kill(getpid(), SIGKILL);
    errno = (int)with;
    return 1;
}

/* The function behind ours, as a pointer of its own type. */
#define NEXT(type, name)                                                                           \
    union {                                                                                        \
        void *found;                                                                               \
        type call;                                                                                 \
    } next = {.found = dlsym(RTLD_NEXT, name)}

#define EXPORT __attribute__((visibility("default")))

typedef ssize_t write_call(int, const struct iovec *, int, off_t);
typedef ssize_t write_one_call(int, const void *, size_t, off_t);
typedef int sync_call(int);
typedef int rename_call(int, const char *, int, const char *);
typedef int move_call(const char *, const char *);
typedef ssize_t print_call(int, const void *, size_t);
typedef int cut_call(int, off_t);
typedef ssize_t send_call(int, const void *, size_t, int);
typedef int sign_call(unsigned char *, unsigned long long *, const unsigned char *,
                      unsigned long long, const unsigned char *);

EXPORT write_call pwritev64;
EXPORT write_one_call pwrite64;
EXPORT sync_call fdatasync, fsync;
EXPORT rename_call renameat;
EXPORT move_call rename, link;
EXPORT print_call write;
EXPORT cut_call ftruncate64;
EXPORT send_call send;
EXPORT sign_call crypto_sign_detached;

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset)
{
    NEXT(write_call *, "pwritev64");

    return fault_strikes() ? -1 : next.call(fd, parts, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    NEXT(write_one_call *, "pwrite64");

    return fault_strikes() ? -1 : next.call(fd, bytes, size, offset);
}

int fdatasync(int fd)
{
    NEXT(sync_call *, "fdatasync");

    return fault_strikes() ? -1 : next.call(fd);
}

int fsync(int fd)
{
    NEXT(sync_call *, "fsync");

    return fault_strikes() ? -1 : next.call(fd);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    NEXT(rename_call *, "renameat");

    return fault_strikes() ? -1 : next.call(from_fd, from, to_fd, to);
}

int rename(const char *from, const char *to)
{
    NEXT(move_call *, "rename");

    return fault_strikes() ? -1 : next.call(from, to);
}

int link(const char *from, const char *to)
{
    NEXT(move_call *, "link");

    return fault_strikes() ? -1 : next.call(from, to);
}

/* What is logged does not count. */
ssize_t write(int fd, const void *bytes, size_t size)
{
    NEXT(print_call *, "write");

    return fd > STDERR_FILENO && fault_strikes() ? -1 : next.call(fd, bytes, size);
}

int ftruncate64(int fd, off_t size)
{
    NEXT(cut_call *, "ftruncate64");

    return fault_strikes() ? -1 : next.call(fd, size);
}

/* Not of the disk: only killing is tried here. */
ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    NEXT(send_call *, "send");

    if (fault_number("LICET_FAULT_ERRNO") == 0)
        fault_strikes();
    return next.call(fd, bytes, size, flags);
}

int crypto_sign_detached(unsigned char *signature, unsigned long long *size,
                         const unsigned char *message, unsigned long long message_size,
                         const unsigned char *key)
{
    NEXT(sign_call *, "crypto_sign_detached");

    if (fault_number("LICET_FAULT_ERRNO") == 0)
        fault_strikes();
    return next.call(signature, size, message, message_size, key);
}
