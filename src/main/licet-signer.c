/* licet-signer: reads its options, refuses to be root, serves until it is told to stop. */
#include <sodium.h>
#include <unistd.h>

#include "base/log.h"
#include "signer/signer.h"

static enum status signer_run(const struct signer_options *options, struct error *error)
{
    struct signer_state *signer;
    enum status status = signer_open(options, &signer, error);

    if (status != LICET_OK)
        return status;
    status = signer_serve(signer, options, error);
    /* After a failure of the journal the disk alone says what is true. */
    if (status == LICET_OK)
        signer_close(signer);
    return status;
}

static enum status signer_act(const struct signer_options *options, struct error *error)
{
    if (options->act == SIGNER_INIT)
        return signer_init(options, error);
    if (options->act == SIGNER_SHOW)
        return signer_show(options, error);
    if (options->act == SIGNER_SERVE)
        return signer_run(options, error);
    puts("the configuration is in order");
    return LICET_OK;
}

int main(int argc, char **argv)
{
    static struct signer_options options;
    struct error error = {.text = ""};
    enum status status;

    if (sodium_init() < 0)
        status = error_set(&error, LICET_SYSTEM, "this system has no source of random bytes");
    else
        status = signer_options_read(argc, argv, &options, &error);
    if (status == LICET_OK && geteuid() == 0) /* R10.7 */
        status = error_set(&error, LICET_FORBIDDEN,
                           "licet-signer does not run as root; start it as a user of its own");
    if (status == LICET_OK)
        status = signer_act(&options, &error);
    if (status == LICET_OK)
        return 0;
    log_error("signer.refused", "cause=\"%s\"", error_text(&error, status));
    return status_exit_code(status);
}
