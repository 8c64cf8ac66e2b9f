/* Looking up the row of a command and counting its arguments. */
#include "resp/command.h"

const struct command *command_find(const struct command *const *commands, size_t count,
                                   struct text name)
{
    if (name.size == 0)
        return NULL;
    for (size_t index = 0; index < count; index++) {
        /* Names are letters, so one bit is their case: most rows are passed by one byte. */
        if (((commands[index]->name[0] ^ name.data[0]) & ~0x20) == 0 &&
            text_is_nocase(name, commands[index]->name))
            return commands[index];
    }
    return NULL;
}

enum status command_check(const struct command *command, uint32_t args_count, struct error *error)
{
    if (args_count >= command->args_min && args_count <= command->args_max)
        return LICET_OK;
    return error_set(error, LICET_INVALID, "wrong number of arguments, use: %s%s%s", command->name,
                     command->usage[0] == '\0' ? "" : " ", command->usage);
}
