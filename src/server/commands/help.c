/* HELP: the table of commands, from the table. */
#include "server/commands/commands.h"

#include "server/connection.h"

static void help_line(struct buf *reply, const struct command *command)
{
    char place[1024];
    struct buf line = buf_over(place, sizeof(place));

    buf_printf(&line, "%s%s%s - %s", command->name, command->usage[0] == '\0' ? "" : " ",
               command->usage, command->summary);
    resp_write_bulk(reply, buf_text(&line));
}

static enum status help_run(struct command_call *call, struct error *error)
{
    const struct command *command;

    if (call->count == 1) {
        command = command_find(server_commands, server_commands_count, call->arguments[0]);
        if (command == NULL)
            return error_set(error, LICET_NOT_FOUND,
                             "there is no command \"%.*s\"; HELP lists them",
                             TEXT_ARGS(text_head(call->arguments[0], NAME_MAX_BYTES)));
        resp_write_array(call->reply, 1);
        help_line(call->reply, command);
        return LICET_OK;
    }
    resp_write_array(call->reply, (uint32_t)server_commands_count);
    for (size_t index = 0; index < server_commands_count; index++)
        help_line(call->reply, server_commands[index]);
    return LICET_OK;
}

const struct command help_command = {
    .name = "HELP",
    .args_min = 0,
    .args_max = 1,
    .role = ROLE_PRODUCT,
    .usage = "[command]",
    .summary = "List the commands, or explain one.",
    .run = help_run,
};
