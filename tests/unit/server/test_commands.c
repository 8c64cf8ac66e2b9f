/* The table of commands: every row is complete, and stands in licet-commands(7) word for word. */
#include "server/commands/commands.h"

#include "base/file.h"
#include "tap.h"

#define PAGE_BYTES_MAX 65536

static bool has(struct text page, const char *wanted)
{
    struct text text = text_of(wanted);

    for (size_t index = 0; index + text.size <= page.size; index++) {
        if (text_starts_with(text_skip(page, index), wanted))
            return true;
    }
    return false;
}

static uint32_t count_items(struct text page)
{
    struct text line;
    uint32_t count = 0;

    while (text_split(&page, '\n', &line))
        count += text_starts_with(line, ".It Cm ");
    return count;
}

static const char *role_line(enum role role)
{
    if (role == ROLE_VIEWER)
        return "Needs the token of a viewer.\n";
    return role == ROLE_ADMINISTRATOR ? "Needs the token of an administrator.\n" : "";
}

static void test_row(struct text page, const struct command *command)
{
    bool has_usage = command->usage[0] != '\0';
    char row[1024];

    ok(command->args_min <= command->args_max && command->run != NULL &&
           (has_usage || command->args_max == 0),
       "the row of %s is complete", command->name);
    snprintf(row, sizeof(row), "\n.It Cm %s%s%s%s\n%s\n%s", command->name,
             has_usage ? " Ar \"" : "", command->usage, has_usage ? "\"" : "", command->summary,
             role_line(command->role));
    ok(has(page, row), "licet-commands(7) has %s with its usage, summary and role", command->name);
}

int main(int argc, char **argv)
{
    struct text page;

    if (argc != 2 || file_read(argv[1], PAGE_BYTES_MAX, &page, NULL) != LICET_OK)
        return 1;
    for (size_t index = 0; index < server_commands_count; index++)
        test_row(page, server_commands[index]);
    ok(count_items(page) == server_commands_count, "and no command that there is not");
    file_free(page);
    return tap_done();
}
