/* Asking somebody for a line: on the terminal with a question, from standard input without one. */
#ifndef LICET_CLI_PROMPT_H
#define LICET_CLI_PROMPT_H

#include <stdbool.h>

#include "base/status.h"

#define PROMPT_BYTES_MAX 256

bool prompt_is_terminal(void);

/* The next line of standard input, without its end. On a terminal the question goes to standard
 * error, and a secret is not shown while it is typed; a signal meanwhile ends us with the terminal
 * as it was. Reads no byte after the line. LICET_INVALID where the input has ended, or for more
 * than PROMPT_BYTES_MAX bytes. */
enum status prompt_line(const char *question, bool is_secret, char ret_line[PROMPT_BYTES_MAX + 1],
                        struct error *error);

/* A password to be set: on a terminal it is asked for twice. LICET_INVALID where the two differ. */
enum status prompt_new_password(char ret_line[PROMPT_BYTES_MAX + 1], struct error *error);

#endif
