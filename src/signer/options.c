/* Reading licet-signer.conf and the command line into one struct. */
#include "signer/options.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/parse.h"

/* A vendor of 200,000 customers' machines sells larger lines only now and then. */
#define SEATS_A_LINE_DEFAULT 100000u
/* A working day's renewals of 8,000 servers, spread over the day; and 1,000 seats each. */
#define FILES_AN_HOUR_DEFAULT 1000u
#define SEATS_AN_HOUR_DEFAULT 1000000u
/* More than a person decides on in an hour, less than a burglar would like. */
#define RELEASES_AN_HOUR_DEFAULT 10u

static enum status options_set_client(struct signer_options *options, struct text value,
                                      struct error *error)
{
    char name[NAME_MAX_BYTES + 1];
    enum status status = config_copy(name, sizeof(name), value, "client", error);
    const struct passwd *person;
    uint32_t number;

    if (status != LICET_OK)
        return status;
    if (parse_u32(value, 1, UINT32_MAX - 1, &number, NULL) != LICET_OK) {
        person = getpwnam(name);
        if (person == NULL)
            return error_set(error, LICET_INVALID, "client: this machine has no user \"%s\"", name);
        number = person->pw_uid;
    }
    options->client = number;
    options->has_client = true;
    return LICET_OK;
}

static enum status options_add_certificate(struct signer_options *options, struct text value,
                                           struct error *error)
{
    if (options->certificates_count == SIGNER_CERTIFICATES_MAX)
        return error_set(error, LICET_INVALID, "more than %u certificates",
                         SIGNER_CERTIFICATES_MAX);
    return config_copy(options->certificates[options->certificates_count++], CONFIG_PATH_MAX, value,
                       "certificate", error);
}

static enum status options_set_unlimited(struct signer_options *options, struct text value,
                                         struct error *error)
{
    options->caps.allows_unlimited = text_is(value, "yes");
    if (!options->caps.allows_unlimited && !text_is(value, "no"))
        return error_set(error, LICET_INVALID, "unlimited is yes or no");
    return LICET_OK;
}

static enum status options_set(void *context, struct text key, struct text value,
                               struct error *error)
{
    struct signer_options *options = context;
    struct policy_caps *caps = &options->caps;

    if (text_is(key, "state"))
        return config_copy(options->state, CONFIG_PATH_MAX, value, "state", error);
    if (text_is(key, "key"))
        return config_copy(options->key, CONFIG_PATH_MAX, value, "key", error);
    if (text_is(key, "certificate"))
        return options_add_certificate(options, value, error);
    if (text_is(key, "socket"))
        return config_copy(options->socket, CONFIG_PATH_MAX, value, "socket", error);
    if (text_is(key, "client"))
        return options_set_client(options, value, error);
    if (text_is(key, "seats-a-line"))
        return parse_u32(value, 0, UINT32_MAX, &caps->seats_a_line, error);
    if (text_is(key, "files-an-hour"))
        return parse_u32(value, 0, UINT32_MAX, &caps->files_an_hour, error);
    if (text_is(key, "seats-an-hour"))
        return parse_u64(value, 0, INT64_MAX, &caps->seats_an_hour, error);
    if (text_is(key, "releases-an-hour"))
        return parse_u32(value, 0, UINT32_MAX, &caps->releases_an_hour, error);
    if (text_is(key, "unlimited"))
        return options_set_unlimited(options, value, error);
    return error_set(error, LICET_INVALID,
                     "there is no option \"%.*s\"; licet-signer(8) lists them",
                     TEXT_ARGS(text_head(key, 80)));
}

static enum status options_line(void *context, struct text section, struct text key,
                                struct text value, struct error *error)
{
    if (!text_is(section, "signer"))
        return error_set(error, LICET_INVALID, "the only section is [signer]");
    return options_set(context, key, value, error);
}

static const char *const options_keys[] = {
    "state",         "key",           "certificate",      "socket",    "client", "seats-a-line",
    "files-an-hour", "seats-an-hour", "releases-an-hour", "unlimited", NULL,
};

static const char options_usage[] =
    "usage: licet-signer [init|show] [--config FILE] [--state FOLDER] [--key FILE]\n"
    "                    [--certificate FILE]... [--socket PATH] [--client USER] [--check]\n"
    "licet-signer(8) explains them.\n";

static enum status options_complete(struct signer_options *options, struct error *error)
{
    if (options->state[0] == '\0')
        return error_set(
            error, LICET_INVALID,
            "say where the journal lies: state= in the configuration, or --state FOLDER");
    if (options->key[0] == '\0')
        snprintf(options->key, sizeof(options->key), "%s/issuing", options->state);
    if (options->socket[0] == '\0')
        snprintf(options->socket, sizeof(options->socket), "%s/socket", options->state);
    if (options->certificates_count == 0)
        snprintf(options->certificates[options->certificates_count++],
                 sizeof(options->certificates[0]), "%s-cert.pub", options->key);
    if (strlen(options->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return error_set(error, LICET_INVALID,
                         "the path of the socket is longer than %zu bytes: set socket=",
                         sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
    return LICET_OK;
}

static enum signer_options_act options_verb(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "init") == 0)
        return SIGNER_INIT;
    return argc > 1 && strcmp(argv[1], "show") == 0 ? SIGNER_SHOW : SIGNER_SERVE;
}

enum status signer_options_read(int argc, char **argv, struct signer_options *ret_options,
                                struct error *error)
{
    struct signer_options *options = ret_options;
    const struct config_arguments arguments = {.version = "licet-signer " LICET_VERSION,
                                               .usage = options_usage,
                                               .acts = "init or show",
                                               .keys = options_keys,
                                               .line = options_line,
                                               .set = options_set,
                                               .context = options};
    bool is_check = false;
    enum status status;

    *options = (struct signer_options){.act = options_verb(argc, argv),
                                       .caps = {.seats_an_hour = SEATS_AN_HOUR_DEFAULT,
                                                .seats_a_line = SEATS_A_LINE_DEFAULT,
                                                .files_an_hour = FILES_AN_HOUR_DEFAULT,
                                                .releases_an_hour = RELEASES_AN_HOUR_DEFAULT}};
    if (options->act != SIGNER_SERVE) {
        argc--;
        argv++;
    }
    status = config_read_arguments(argc, argv, &arguments, &is_check, error);
    if (is_check)
        options->act = SIGNER_CHECK_OPTIONS;
    return status == LICET_OK ? options_complete(options, error) : status;
}
