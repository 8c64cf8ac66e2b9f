/*
 * Configuration files of daemons: [section] lines and `key = value` lines, read by inih. What a
 * section and a key mean is the daemon's business.
 */
#ifndef LICET_BASE_CONFIG_H
#define LICET_BASE_CONFIG_H

#include "base/status.h"
#include "base/text.h"

#define CONFIG_FILE_BYTES_MAX 65536
#define CONFIG_PATH_MAX 1024

/* One line. What it refuses is told with the file and the line before it. */
typedef enum status config_line_fn(void *context, struct text section, struct text key,
                                   struct text value, struct error *error);

/* Hands over each line in order, until one is refused. LICET_INVALID for a line that is neither a
 * section nor key = value. */
enum status config_read(const char *path, config_line_fn *line, void *context, struct error *error);

/* The command line of a daemon. */
struct config_arguments {
    const char *version; /* "licetd 0.1.0" */
    const char *usage;
    const char *acts; /* words that may stand first, for who mistypes one: "check or repair" */
    const char *const
        *keys;            /* that --KEY VALUE gives too; at most CONFIG_KEYS_MAX, ended by NULL */
    config_line_fn *line; /* of a file that --config names */
    /* --KEY VALUE */
    enum status (*set)(void *context, struct text key, struct text value, struct error *error);
    void *context;
};
#define CONFIG_KEYS_MAX 32

/* Options in their order. --version and --help print and end the process; *ret_is_check is set by
 * --check, and by nothing reset. */
enum status config_read_arguments(int argc, char **argv, const struct config_arguments *arguments,
                                  bool *ret_is_check, struct error *error);

/* A value with a NUL into a place of `size` bytes; `what` names it where it is empty or too long.
 */
enum status config_copy(char *place, size_t size, struct text value, const char *what,
                        struct error *error);

#endif
