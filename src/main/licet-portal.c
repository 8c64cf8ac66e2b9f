/* licet-portal: reads its options, refuses to be root, serves until it is told to stop. */
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

#include <jansson.h>

#include "base/log.h"
#include "portal/portal.h"

static int portal_fail(const char *event, enum status status, const struct error *error)
{
    log_error(event, "cause=\"%s\"", error_text(error, status));
    return status_exit_code(status);
}

/* Order: signals are blocked before there are threads, so that they all leave them to this one. */
static enum status portal_serve(const struct portal_options *options, struct error *error)
{
    struct portal *portal;
    sigset_t ends;
    enum status status;
    int number;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    status = portal_create(options, &portal, error);
    if (status != LICET_OK)
        return status;
    log_info("portal.serving", "workers=%u", options->workers);
    sigwait(&ends, &number);
    portal_destroy(portal);
    log_info("portal.stopped", "signal=%d", number);
    return LICET_OK;
}

static enum status portal_act(const struct portal_options *options, struct error *error)
{
    switch (options->act) {
    case PORTAL_CHECK:
        if (portal_check(options, error) != LICET_OK)
            return LICET_INVALID;
        puts("the configuration is in order");
        return LICET_OK;
    case PORTAL_ROUTES:
        routes_print(stdout);
        return LICET_OK;
    case PORTAL_INIT:
        return portal_init(options, stdout, error);
    case PORTAL_AUDIT:
        return portal_audit_print(options, stdout, error);
    case PORTAL_SERVE:
        break;
    }
    return portal_serve(options, error);
}

int main(int argc, char **argv)
{
    static struct portal_options options;
    struct error error = {0};
    enum status status;

    if (sodium_init() < 0)
        return portal_fail("portal.refused", LICET_SYSTEM, NULL);
    /* Security: jansson would look for random bytes in a file, which the sandbox will not open. */
    json_object_seed(randombytes_random() | 1u);
    status = portal_options_read(argc, argv, &options, &error);
    if (status != LICET_OK)
        return portal_fail("options.refused", status, &error);
    if (geteuid() == 0 && options.act != PORTAL_ROUTES) { /* R10.7 */
        error_set(&error, LICET_FORBIDDEN,
                  "licet-portal does not run as root; start it as a user of its own");
        return portal_fail("portal.refused", LICET_FORBIDDEN, &error);
    }
    status = portal_act(&options, &error);
    return status == LICET_OK ? 0 : portal_fail("portal.failed", status, &error);
}
