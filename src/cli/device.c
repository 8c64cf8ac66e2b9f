/* licet device: the name by which liblicet knows this machine, for the DEVICE line of a license file
 * (R2.7). */
#include "cli/command.h"
#include "client/identity.h"

enum status device_run(int argc, char **argv, struct error *error)
{
    struct identity identity;
    enum status status;

    if (argc != 1)
        return command_usage(argv[0], error);
    status = identity_init(&identity, "nobody", "nowhere", NULL, error); /* not asked for here */
    if (status != LICET_OK)
        return status;
    if (identity.device[0] == '\0')
        return error_set(
            error, LICET_NOT_FOUND,
            "this machine has no id in /etc/machine-id: its administrator can make one "
            "with systemd-machine-id-setup, or the product names the device itself");
    puts(identity.device);
    return LICET_OK;
}
