/* licet request, licet receipt: texts that a person carries from the license server to the vendor.
 */
#include "cli/command.h"
#include "cli/console.h"

static enum status exchange_print(const char *path, struct error *error)
{
    struct call_answer answer = {0};
    enum status status = console_call(path, (struct text){NULL, 0}, true, &answer, error);

    if (status != LICET_OK)
        return status;
    if (fwrite(answer.data, 1, answer.size, stdout) != answer.size || fflush(stdout) != 0)
        status = error_set(error, LICET_SYSTEM, "the text cannot be written");
    call_finish(&answer);
    return status;
}

enum status request_run(int argc, char **argv, struct error *error)
{
    (void)argv;
    return argc == 1 ? exchange_print("/request", error) : command_usage("request", error);
}

enum status receipt_run(int argc, char **argv, struct error *error)
{
    (void)argv;
    return argc == 1 ? exchange_print("/receipt", error) : command_usage("receipt", error);
}
