/* licet end HANDLE: ends a lease of anybody, by the number that licet leases shows (R10.4). */
#include "base/parse.h"
#include "cli/command.h"
#include "cli/console.h"

enum status end_run(int argc, char **argv, struct error *error)
{
    struct call_answer answer = {0};
    char path[64];
    uint64_t handle;
    enum status status;

    if (argc != 2)
        return command_usage("end", error);
    status = parse_u64(text_of(argv[1]), 1, INT64_MAX, &handle, error);
    if (status != LICET_OK)
        return status;
    snprintf(path, sizeof(path), "/leases/end?handle=%llu", (unsigned long long)handle);
    status = console_call(path, TEXT(""), true, &answer, error);
    if (status == LICET_OK)
        printf("lease %llu has ended; its holder is told with its next renewal\n",
               (unsigned long long)handle);
    call_finish(&answer);
    return status;
}
