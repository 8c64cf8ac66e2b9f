/* licet: license files, keys and requests from the command line. */
#include <getopt.h>
#include <sodium.h>

#include "cli/command.h"

int main(int argc, char **argv)
{
    if (sodium_init() < 0) {
        fprintf(stderr, "licet: this system has no source of random bytes\n");
        return status_exit_code(LICET_SYSTEM);
    }
    opterr = 0; /* a wrong option is answered by the command's usage line */
    return command_run(argc, argv);
}
