/* The closed list of what a RESP connection may say. There is no other verb (and none names a
 * file). */
#include "server/commands/commands.h"

const struct command *const server_commands[] = {
    &checkout_command, &renew_command,   &checkin_command, &why_command,    &features_command,
    &leases_command,   &denials_command, &end_command,     &chain_command,  &help_command,
    &auth_command,     &hello_command,   &ping_command,    &echo_command,   &quit_command,
    &reset_command,    &select_command,  &info_command,    &client_command, &command_command,
    &config_command,
};

const size_t server_commands_count = sizeof(server_commands) / sizeof(server_commands[0]);
