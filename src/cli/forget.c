/* licet forget NAME: the license server forgets the name of a person or machine (R10.8). */
#include <unistd.h>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/prompt.h"

static enum status forget_call(const char *name, bool is_confirmed, json_t **ret_answer,
                               struct error *error)
{
    json_t *body = json_pack("{s:s, s:b}", "name", name, "confirm", is_confirmed);
    char *text = json_dumps(body, 0);
    struct call_answer answer = {0};
    enum status status = LICET_INVALID;

    json_decref(body);
    if (text == NULL)
        return error_set(error, LICET_INVALID, "a name is text in UTF-8");
    status = console_call("/names/forget", text_of(text), true, &answer, error);
    if (status == LICET_OK)
        status = console_load(&answer, ret_answer, error);
    call_finish(&answer);
    free(text);
    return status;
}

static void forget_print(const json_t *answer)
{
    const json_t *remains = json_object_get(answer, "remains");

    printf("Rows of licet denials that lose the name: %lld.\n", console_number(answer, "denials"));
    for (size_t index = 0; index < json_array_size(remains); index++)
        printf("Not touched: %s.\n", console_text(json_array_get(remains, index), "?"));
}

static enum status forget_agree(struct error *error)
{
    char line[PROMPT_BYTES_MAX + 1];
    enum status status;

    if (!prompt_is_terminal())
        return error_set(error, LICET_INVALID, "nobody is here to ask: --yes forgets it");
    status = prompt_line("It cannot be brought back. Forget it? [y/N] ", false, line, error);
    if (status != LICET_OK)
        return status;
    return strcmp(line, "y") == 0 || strcmp(line, "yes") == 0
               ? LICET_OK
               : error_set(error, LICET_CONFLICT, "nothing was forgotten");
}

enum status forget_run(int argc, char **argv, struct error *error)
{
    bool is_agreed = argc == 3 && strcmp(argv[1], "--yes") == 0;
    json_t *preview = NULL, *answer = NULL;
    enum status status;

    if (argc != 2 + is_agreed || argv[argc - 1][0] == '\0')
        return command_usage("forget", error);
    status = forget_call(argv[argc - 1], false, &preview, error);
    if (status != LICET_OK)
        return status;
    forget_print(preview);
    json_decref(preview);
    if (!is_agreed)
        status = forget_agree(error);
    if (status == LICET_OK)
        status = forget_call(argv[argc - 1], true, &answer, error);
    if (status == LICET_OK)
        printf("The name is forgotten. Who comes with it again is somebody new.\n");
    json_decref(answer);
    return status;
}
