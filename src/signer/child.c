/* fork, exec, wait. */
#include "signer/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define CHILD_EXEC_FAILED 127

/* Only calls that are safe after fork() in a process with threads. */
static void child_become(char *const arguments[], pid_t parent)
{
    sigset_t none;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent && fd >= 0 &&
        dup2(fd, STDIN_FILENO) >= 0)
        execv(arguments[0], arguments);
    _exit(CHILD_EXEC_FAILED);
}

enum status signer_child_start(struct signer_child *child, const char *program, const char *config,
                               struct error *error)
{
    char flag[] = "--config";
    char *const arguments[] = {(char *)(uintptr_t)program, flag, (char *)(uintptr_t)config, NULL};
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        return error_set(error, LICET_SYSTEM, "the signer cannot be started: %s", strerror(errno));
    if (pid == 0)
        child_become(arguments, parent);
    *child = (struct signer_child){.pid = pid};
    log_warning("signer.started",
                "pid=%d cause=\"the issuing key is not separated from this process: run "
                "licet-signer as a user of its own\"",
                (int)pid);
    return LICET_OK;
}

static void child_take(struct signer_child *child, int how)
{
    child->exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
    child->pid = 0;
}

bool signer_child_has_ended(struct signer_child *child)
{
    int how;

    if (child->pid > 0 && waitpid(child->pid, &how, WNOHANG) == child->pid)
        child_take(child, how);
    return child->pid == 0;
}

void signer_child_stop(struct signer_child *child)
{
    int how;

    if (child->pid == 0)
        return;
    kill(child->pid, SIGTERM);
    while (waitpid(child->pid, &how, 0) < 0 && errno == EINTR)
        continue;
    child_take(child, how);
}
