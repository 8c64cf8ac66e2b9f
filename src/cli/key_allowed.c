/* licet key allowed: the line of an allowed_signers file by which stock ssh-keygen trusts a root
 * (R9.2). */
#include <getopt.h>

#include "cli/command.h"
#include "cli/read.h"

enum status key_allowed_run(int argc, char **argv, struct error *error)
{
    static const struct option long_options[] = {{"vendor", required_argument, NULL, 'v'},
                                                 {NULL, 0, NULL, 0}};
    char line[512];
    struct buf buf = buf_over(line, sizeof(line));
    const char *vendor = NULL;
    struct public_key root;
    enum status status;
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option != 'v')
            return command_usage(argv[0], error);
        vendor = optarg;
    }
    if (vendor == NULL || !text_is_identifier(text_of(vendor)) || optind + 1 != argc)
        return command_usage(argv[0], error);
    status = cli_read_public_key(argv[optind], &root, error);
    if (status != LICET_OK)
        return status;
    principal_print(text_of(vendor), &buf);
    buf_printf(&buf, " cert-authority,namespaces=\"%s\" ", purpose_namespace(PURPOSE_LICENSE));
    public_key_print(&root, text_of(vendor), &buf);
    printf("%.*s", TEXT_ARGS(buf_text(&buf)));
    return LICET_OK;
}
