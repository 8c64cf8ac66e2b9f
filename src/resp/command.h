/*
 * What a command is: a row. Dispatch, argument check, HELP, the console's completion and
 * licet-commands(7) come from the row. Its run function belongs to the server.
 */
#ifndef LICET_RESP_COMMAND_H
#define LICET_RESP_COMMAND_H

#include "base/status.h"
#include "base/text.h"

/* Each includes those before it. */
enum role {
    ROLE_PRODUCT, /* anybody whom `allow=` lets in: products need no secret (R10.4) */
    ROLE_VIEWER,
    ROLE_ADMINISTRATOR,
};

struct command_call; /* one command being served; the server defines it */

struct command {
    const char *name;            /* in capitals; clients may write it as they like */
    uint32_t args_min, args_max; /* without the name */
    enum role role;
    const char *usage; /* the arguments, without the name */
    const char *summary;
    enum status (*run)(struct command_call *call, struct error *error);
};

/* The row of that name, whatever its case, or NULL. */
const struct command *command_find(const struct command *const *commands, size_t count,
                                   struct text name);
/* LICET_INVALID with the usage in the sentence where `args_count` (without the name) does not
 * fit. */
enum status command_check(const struct command *command, uint32_t args_count, struct error *error);

#endif
