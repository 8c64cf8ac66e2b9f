/* Every command of licetd, one file each; those that only clients' libraries send stand together in
 * opening.c. */
#ifndef LICET_SERVER_COMMANDS_COMMANDS_H
#define LICET_SERVER_COMMANDS_COMMANDS_H

#include "server/server.h"

extern const struct command checkout_command, renew_command, checkin_command, why_command;
extern const struct command features_command, leases_command, denials_command, end_command,
    chain_command, help_command;

/* opening.c */
extern const struct command auth_command, hello_command, ping_command, echo_command, quit_command,
    reset_command;
extern const struct command select_command, info_command, client_command, command_command,
    config_command;

#endif
