/*
 * licet run FEATURE -- COMMAND: holds a seat while a command runs.
 *
 * Exit code: the command's own, 128 + n where signal n ended it. What licet itself has to say uses
 * the numbers of timeout(1) and env(1), so that scripts already know them, and always with a line
 * on standard error that begins with "licet run: WORD": 124 the seat was lost and the command was
 * asked to stop, 125 no seat (the command was not started), 126 the command cannot be started, 127
 * there is no such command. The numbers of status.def would be taken for the command's.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/command.h"
#include "licet.h"

enum run_exit {
    RUN_LOST = 124,
    RUN_NO_SEAT = 125,
    RUN_CANNOT_START = 126,
    RUN_NOT_FOUND = 127,
    RUN_SIGNALLED = 128,
};

#define RUN_GRACE_S_DEFAULT 30u
#define RUN_GRACE_S_MAX 86400u

struct run {
    const char *feature;
    const char *release;
    uint32_t count;
    uint32_t grace_s; /* between SIGTERM and SIGKILL */
    char **command;
    licet *seats;
    licet_lease lease;
    sigset_t signals; /* blocked and read from signal_fd */
    sigset_t signals_before;
    int signal_fd;
    pid_t pid;
    bool is_lost;
    bool is_killed;
    struct instant kill_at;
};

/* ---- arguments ---------------------------------------------------------------------------- */

static int run_complain(enum status status, const char *sentence)
{
    fprintf(stderr, "licet run: %s: %s\n", status_word(status), sentence);
    return RUN_NO_SEAT;
}

static enum status run_option(struct run *run, int option, struct error *error)
{
    switch (option) {
    case 'c':
        return parse_u32(text_of(optarg), 1, LEASE_COUNT_MAX, &run->count, error);
    case 'g':
        return parse_u32(text_of(optarg), 0, RUN_GRACE_S_MAX, &run->grace_s, error);
    case 'r':
        run->release = optarg;
        return LICET_OK;
    default:
        return command_usage("run", error);
    }
}

/* FEATURE may stand before the options, as in `licet run cad_pro --count 2 -- cad`. */
static enum status run_parse(struct run *run, int argc, char **argv, struct error *error)
{
    static const struct option options[] = {
        {"count", required_argument, NULL, 'c'},
        {"release", required_argument, NULL, 'r'},
        {"grace", required_argument, NULL, 'g'},
        {NULL, 0, NULL, 0},
    };
    enum status status = LICET_OK;
    int option;

    if (argc > 1 && argv[1][0] != '-') {
        run->feature = argv[1];
        argc--;
        argv++;
    }
    optind = 0; /* GNU: start anew; the caller has read its own options */
    opterr = 0;
    while (status == LICET_OK && (option = getopt_long(argc, argv, "+", options, NULL)) != -1)
        status = run_option(run, option, error);
    if (status != LICET_OK)
        return status;
    if (run->feature == NULL && optind < argc)
        run->feature = argv[optind++];
    if (optind < argc && strcmp(argv[optind], "--") == 0)
        optind++;
    if (run->feature == NULL || optind >= argc)
        return command_usage("run", error);
    run->command = argv + optind;
    return LICET_OK;
}

/* ---- the command -------------------------------------------------------------------------- */

static bool run_catch_signals(struct run *run)
{
    static const int wanted[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

    sigemptyset(&run->signals);
    for (size_t index = 0; index < sizeof(wanted) / sizeof(wanted[0]); index++)
        sigaddset(&run->signals, wanted[index]);
    if (sigprocmask(SIG_BLOCK, &run->signals, &run->signals_before) != 0)
        return false;
    run->signal_fd = signalfd(-1, &run->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return run->signal_fd >= 0;
}

/* In the child; tells the parent by the pipe why there is no command. */
static void run_exec(const struct run *run, int report_fd, pid_t parent)
{
    int cause;

    sigprocmask(SIG_SETMASK, &run->signals_before, NULL);
    /* A seat's command must not outlive its seat, whatever ends us. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(RUN_LOST);
    execvp(run->command[0], run->command);
    cause = errno;
    (void)!write(report_fd, &cause, sizeof(cause));
    _exit(RUN_CANNOT_START);
}

/* Returns 0, or why the command cannot be started. */
static int run_start(struct run *run)
{
    pid_t parent = getpid();
    int report[2], cause = 0;

    if (pipe2(report, O_CLOEXEC) != 0)
        return errno;
    run->pid = fork();
    if (run->pid == 0)
        run_exec(run, report[1], parent);
    cause = run->pid < 0 ? errno : 0;
    close(report[1]);
    if (cause == 0 && read(report[0], &cause, sizeof(cause)) != (ssize_t)sizeof(cause))
        cause = 0; /* closed by exec */
    else if (run->pid > 0)
        waitpid(run->pid, NULL, 0);
    close(report[0]);
    return cause;
}

/* ---- while it runs ------------------------------------------------------------------------ */

/* From the terminal a signal reaches the command as well: only what was sent to us is passed on. */
static void run_read_signals(const struct run *run)
{
    struct signalfd_siginfo info;

    while (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL)
            kill(run->pid, (int)info.ssi_signo);
    }
}

static void run_lose(struct run *run, const char *sentence)
{
    fprintf(stderr, "licet run: %s: %s; %s is asked to stop, and made to in %u s\n",
            status_word(LICET_LEASE_LOST), sentence, run->command[0], run->grace_s);
    run->is_lost = true;
    run->kill_at = instant_add_ms(clock_instant(), (int64_t)run->grace_s * 1000);
    kill(run->pid, SIGTERM);
}

static void run_tick(struct run *run)
{
    licet_error error;

    if (run->is_lost) {
        if (!run->is_killed && clock_instant().ms >= run->kill_at.ms)
            run->is_killed = kill(run->pid, SIGKILL) == 0;
        return;
    }
    if (licet_tick(run->seats, &error) == LICET_LEASE_LOST)
        run_lose(run, error.text);
}

static int run_wait_ms(const struct run *run)
{
    int64_t left = run->kill_at.ms - clock_instant().ms;
    uint32_t wait_ms;

    if (run->is_killed)
        return -1;
    if (run->is_lost)
        return left < 0 ? 0 : (int)left;
    wait_ms = licet_wait_ms(run->seats);
    return wait_ms > INT32_MAX ? -1 : (int)wait_ms;
}

/* Returns the command's wait status. */
static int run_watch(struct run *run)
{
    int wait_status = 0;

    while (waitpid(run->pid, &wait_status, WNOHANG) == 0) {
        int32_t wants_write;
        struct pollfd fds[2] = {{.fd = run->signal_fd, .events = POLLIN}};

        fds[1].fd = run->is_lost ? -1 : licet_fd(run->seats, &wants_write);
        fds[1].events = !run->is_lost && wants_write ? POLLIN | POLLOUT : POLLIN;
        poll(fds, 2, run_wait_ms(run));
        run_read_signals(run);
        run_tick(run);
    }
    return wait_status;
}

static int run_exit_code(const struct run *run, int wait_status)
{
    if (run->is_lost)
        return RUN_LOST;
    if (WIFSIGNALED(wait_status))
        return RUN_SIGNALLED + WTERMSIG(wait_status);
    return WEXITSTATUS(wait_status);
}

static int run_with_seat(struct run *run)
{
    int cause;

    if (!run_catch_signals(run))
        return run_complain(LICET_SYSTEM, strerror(errno));
    cause = run_start(run);
    if (cause != 0) {
        fprintf(stderr, "licet run: %s: %s: %s\n", status_word(LICET_SYSTEM), run->command[0],
                strerror(cause));
        return cause == ENOENT ? RUN_NOT_FOUND : RUN_CANNOT_START;
    }
    return run_exit_code(run, run_watch(run));
}

int run_run(int argc, char **argv)
{
    struct run run = {.count = 1, .grace_s = RUN_GRACE_S_DEFAULT, .signal_fd = -1};
    struct error error = {0};
    licet_options options;
    licet_error failure;
    enum status status = run_parse(&run, argc, argv, &error);
    int code;

    if (status != LICET_OK)
        return run_complain(status, error.text);
    licet_options_init(&options, sizeof(options));
    if (licet_open(&options, &run.seats, &failure) != LICET_OK)
        return run_complain((enum status)failure.status, failure.text);
    if (licet_checkout(run.seats, run.feature, run.release, run.count, &run.lease, &failure) !=
        LICET_OK) {
        licet_close(run.seats);
        return run_complain((enum status)failure.status, failure.text);
    }
    code = run_with_seat(&run);
    licet_checkin(run.seats, run.lease, NULL);
    licet_close(run.seats);
    if (run.signal_fd >= 0)
        close(run.signal_fd);
    return code;
}
