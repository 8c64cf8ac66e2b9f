/* licetd: reads its options, refuses to be root, serves until it is told to stop. */
#include <unistd.h>

#include "base/log.h"
#include "server/repair.h"
#include "server/server.h"

static int licetd_fail(const char *event, enum status status, const struct error *error)
{
    log_error(event, "cause=\"%s\"", error_text(error, status));
    return status_exit_code(status);
}

static enum status licetd_act(const struct options *options, struct error *error)
{
    if (options->act == LICETD_REPAIR)
        return journal_act_repair(options, error);
    if (options->act == LICETD_CHECK_JOURNAL)
        return journal_act_check(options, error);
    puts("the configuration is in order");
    return LICET_OK;
}

int main(int argc, char **argv)
{
    static struct options options;
    struct error error = {0};
    struct server *server;
    enum status status;

    status = options_read(argc, argv, &options, &error);
    if (status != LICET_OK)
        return licetd_fail("options.refused", status, &error);
    if (geteuid() == 0) { /* R10.7 */
        error_set(&error, LICET_FORBIDDEN,
                  "licetd does not run as root; start it as a user of its own");
        return licetd_fail("server.refused", LICET_FORBIDDEN, &error);
    }
    if (options.act != LICETD_SERVE) {
        status = licetd_act(&options, &error);
        return status == LICET_OK ? 0 : licetd_fail("act.failed", status, &error);
    }
    status = server_create(&options, &server, &error);
    if (status != LICET_OK)
        return licetd_fail("server.refused", status, &error);
    status = server_run(server, &error);
    server_destroy(server);
    return status == LICET_OK ? 0 : licetd_fail("server.failed", status, &error);
}
