/* Lines from standard input, secrets without an echo. */
#include "cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

static const int prompt_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define SIGNALS_COUNT (sizeof(prompt_signals) / sizeof(prompt_signals[0]))

static volatile sig_atomic_t prompt_signal; /* the one that came while a secret was typed */

static void prompt_note(int number)
{
    prompt_signal = number;
}

bool prompt_is_terminal(void)
{
    return isatty(STDIN_FILENO) == 1;
}

/* As read(2) of one byte; signals that the caller holds back come while it waits, and only then, so
 * that none slips in between a look at prompt_signal and the wait. */
static ssize_t prompt_read_byte(const sigset_t *while_waiting, char *ret_byte)
{
    struct pollfd poll_fd = {.fd = STDIN_FILENO, .events = POLLIN};

    return ppoll(&poll_fd, 1, NULL, while_waiting) < 0 ? -1 : read(STDIN_FILENO, ret_byte, 1);
}

/* Byte by byte: what follows the line belongs to whoever reads next. */
static enum status prompt_read(const char *question, const sigset_t *while_waiting,
                               char line[PROMPT_BYTES_MAX + 1], struct error *error)
{
    size_t size = 0;

    if (prompt_is_terminal())
        fprintf(stderr, "%s: ", question);
    for (;;) {
        char byte;
        ssize_t count = prompt_read_byte(while_waiting, &byte);

        if (count < 0 && errno == EINTR && prompt_signal == 0)
            continue;
        if (count <= 0 && size == 0)
            return error_set(error, LICET_INVALID, "standard input ended before the answer");
        if (count <= 0 || byte == '\n')
            break;
        if (size == PROMPT_BYTES_MAX || byte == '\0')
            return error_set(error, LICET_INVALID, "an answer has at most %d bytes, and no NUL",
                             PROMPT_BYTES_MAX);
        line[size++] = byte;
    }
    line[size] = '\0';
    return LICET_OK;
}

static enum status prompt_read_hidden(const char *question, char line[PROMPT_BYTES_MAX + 1],
                                      struct error *error)
{
    struct sigaction note = {.sa_handler = prompt_note}, before[SIGNALS_COUNT];
    struct termios shown, hidden;
    sigset_t held, usual;
    enum status status;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return error_set(error, LICET_SYSTEM, "the terminal cannot be told to hide a password");
    sigemptyset(&held);
    for (size_t index = 0; index < SIGNALS_COUNT; index++)
        sigaddset(&held, prompt_signals[index]);
    sigprocmask(SIG_BLOCK, &held, &usual);
    for (size_t index = 0; index < SIGNALS_COUNT; index++)
        sigaction(prompt_signals[index], &note, &before[index]);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ECHONL;
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0)
        status = prompt_read(question, &usual, line, error);
    else
        status = error_set(error, LICET_SYSTEM, "the terminal cannot be told to hide a password");
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    for (size_t index = 0; index < SIGNALS_COUNT; index++)
        sigaction(prompt_signals[index], &before[index], NULL);
    sigprocmask(SIG_SETMASK, &usual, NULL);
    return status;
}

enum status prompt_line(const char *question, bool is_secret, char ret_line[PROMPT_BYTES_MAX + 1],
                        struct error *error)
{
    char line[PROMPT_BYTES_MAX + 1];
    enum status status;

    do {
        prompt_signal = 0;
        status = is_secret && prompt_is_terminal() ? prompt_read_hidden(question, line, error)
                                                   : prompt_read(question, NULL, line, error);
        if (prompt_signal != 0) {
            fputc('\n', stderr);
            raise(prompt_signal);
        }
    } while (prompt_signal != 0); /* stopped and continued, or ignored by who started us */
    if (status == LICET_OK)
        memcpy(ret_line, line, strlen(line) + 1);
    sodium_memzero(line, sizeof(line));
    return status;
}

enum status prompt_new_password(char ret_line[PROMPT_BYTES_MAX + 1], struct error *error)
{
    char again[PROMPT_BYTES_MAX + 1];
    enum status status = prompt_line("New password", true, ret_line, error);

    if (status != LICET_OK || !prompt_is_terminal())
        return status;
    status = prompt_line("The same again", true, again, error);
    if (status == LICET_OK && strcmp(again, ret_line) != 0)
        status = error_set(error, LICET_INVALID, "the two passwords differ; nothing was changed");
    sodium_memzero(again, sizeof(again));
    return status;
}
