/*
 * Writers killed at any moment, on the real disk calls: what a writer acknowledged, over a pipe and
 * after the commit, the next one finds (INV-22). 100 kills.
 */
#include <signal.h>
#include <sys/wait.h>

#include "journal_tests.h"

#define KILLS 100

static struct error error;

/* Acknowledges the number of the last record after each commit, until it is killed. */
static void write_on(int pipe_fd)
{
    struct journal *journal;
    struct seen seen = {0};

    if (journal_open(folder, see, &seen, &journal, NULL, &error) != LICET_OK || seen.wrong != 0)
        _exit(2);
    for (uint32_t i = 0;; i++) {
        uint64_t number;

        if (commit_records(journal, 1 + i % 90, &error) != LICET_OK)
            _exit(3);
        number = journal_head(journal).number;
        if (write(pipe_fd, &number, sizeof(number)) != sizeof(number))
            _exit(4);
        if (journal_prepare(journal, &error) != LICET_OK)
            _exit(5);
        if (i % 7 == 0 && journal_seal(journal, &error) != LICET_OK)
            _exit(6);
    }
}

static void drain(int fd, uint64_t *acknowledged)
{
    uint64_t number;

    while (read(fd, &number, sizeof(number)) == sizeof(number))
        *acknowledged = number;
}

/* One writer, killed some time after its first acknowledgement. False where it ended by itself. */
static bool kill_one(uint64_t *acknowledged, uint32_t wait_us)
{
    uint64_t number;
    int fds[2], status;
    pid_t child;

    if (pipe(fds) != 0)
        abort();
    child = fork();
    if (child == 0) {
        close(fds[0]);
        write_on(fds[1]);
    }
    close(fds[1]);
    if (read(fds[0], &number, sizeof(number)) == sizeof(number))
        *acknowledged = number;
    usleep(wait_us);
    kill(child, SIGKILL);
    drain(fds[0], acknowledged);
    close(fds[0]);
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

int main(void)
{
    uint64_t acknowledged = 0;
    size_t lost = 0, ended = 0;
    struct seen seen;

    folder_make();
    if (journal_create(folder, 64 * 1024, &error) != LICET_OK)
        abort();
    for (uint32_t i = 0; i < KILLS; i++) {
        ended += !kill_one(&acknowledged, i * 7919 % 5000);
        if (open_and_see(&seen, NULL, &error) != LICET_OK) {
            printf("# %s\n", error.text);
            lost++;
            break;
        }
        lost += seen.wrong != 0 || seen.last < acknowledged;
        acknowledged = seen.last;
    }
    printf("# %llu records\n", (unsigned long long)acknowledged);
    ok(ended == 0, "%d writers were killed in the middle of their work", KILLS);
    ok(lost == 0, "INV-22 nothing that one of them acknowledged is lost");
    ok(journal_check(folder, &error) == LICET_OK, "INV-23 and the journal is whole");
    folder_remove();
    return tap_done();
}
