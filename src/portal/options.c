/* Reading licet-portal.conf and the command line into one struct. */
#include "portal/options.h"

#include <stddef.h>

#include "base/config.h"
#include "base/parse.h"

/* Limit: a worker waits for the disk; three of four may wait for files to be signed, and eight are
 * enough for the rest. More than 256 threads only wait for each other. */
#define WORKERS_DEFAULT 32u
#define WORKERS_MAX 256u

static enum status portal_options_add_host(struct portal_options *options, struct text value,
                                           struct error *error)
{
    if (options->hosts_count == PORTAL_HOSTS_MAX)
        return error_set(error, LICET_INVALID, "more than %d host names", PORTAL_HOSTS_MAX);
    return config_copy(options->hosts[options->hosts_count++], PORTAL_HOST_BYTES_MAX, value,
                       "a host name", error);
}

static enum status portal_options_add_root(struct portal_options *options, struct text value,
                                           struct error *error)
{
    if (options->roots_count == TRUST_ROOTS_MAX)
        return error_set(error, LICET_INVALID, "more than %d root keys", TRUST_ROOTS_MAX);
    return config_copy(options->roots[options->roots_count++], CONFIG_PATH_MAX, value,
                       "the file of a root key", error);
}

static enum status portal_options_set_vendor(struct portal_options *options, struct text value,
                                             struct error *error)
{
    if (!text_is_identifier(value))
        return error_set(error, LICET_INVALID,
                         "vendor= is the name in the issuing key's certificate: letters, digits "
                         "and _");
    return config_copy(options->vendor, sizeof(options->vendor), value, "vendor", error);
}

/* Values that are copied as they are. */
static const struct portal_text {
    const char *key;
    size_t offset, size;
} portal_texts[] = {
    {"database", offsetof(struct portal_options, database), PORTAL_DATABASE_MAX},
    {"signer", offsetof(struct portal_options, signer), CONFIG_PATH_MAX},
    {"mail", offsetof(struct portal_options, mail), CONFIG_PATH_MAX},
    {"mail-from", offsetof(struct portal_options, mail_from), PORTAL_HOST_BYTES_MAX},
    {"mail-user", offsetof(struct portal_options, mail_user), PORTAL_HOST_BYTES_MAX},
    {"mail-password-file", offsetof(struct portal_options, mail_password_file), CONFIG_PATH_MAX},
    {"site", offsetof(struct portal_options, site), CONFIG_PATH_MAX},
};

static enum status portal_options_set(void *context, struct text key, struct text value,
                                      struct error *error)
{
    struct portal_options *options = context;

    for (size_t index = 0; index < sizeof(portal_texts) / sizeof(portal_texts[0]); index++) {
        const struct portal_text *place = &portal_texts[index];

        if (text_is(key, place->key))
            return config_copy((char *)options + place->offset, place->size, value, place->key,
                               error);
    }
    if (text_is(key, "vendor"))
        return portal_options_set_vendor(options, value, error);
    if (text_is(key, "root"))
        return portal_options_add_root(options, value, error);
    if (text_is(key, "listen"))
        return address_parse(value, &options->listen, error);
    if (text_is(key, "host"))
        return portal_options_add_host(options, value, error);
    if (text_is(key, "workers"))
        return parse_u32(value, 1, WORKERS_MAX, &options->workers, error);
    return error_set(error, LICET_INVALID,
                     "there is no option \"%.*s\"; licet-portal(8) lists them",
                     TEXT_ARGS(text_head(key, 80)));
}

static enum status portal_options_line(void *context, struct text section, struct text key,
                                       struct text value, struct error *error)
{
    if (!text_is(section, "portal"))
        return error_set(error, LICET_INVALID, "the only section is [portal]");
    return portal_options_set(context, key, value, error);
}

static const char *const portal_keys[] = {
    "database",
    "listen",
    "host",
    "workers",
    "vendor",
    "root",
    "signer",
    "mail",
    "mail-from",
    "mail-user",
    "mail-password-file",
    "site",
    NULL,
};

static const char portal_usage[] =
    "usage: licet-portal [--config FILE] [--database URL] [--listen ADDRESS:PORT]\n"
    "                    [--host NAME]... [--workers N]\n"
    "                    [--vendor NAME --root FILE... --signer SOCKET]\n"
    "                    [--mail URL --mail-from ADDRESS --site URL\n"
    "                     [--mail-user NAME --mail-password-file FILE]]\n"
    "                    [--check] [--version]\n"
    "       licet-portal init [--config FILE] [--database URL]\n"
    "       licet-portal audit [--config FILE] [--database URL] [--vendor NAME --root FILE...]\n"
    "       licet-portal routes\n"
    "licet-portal(8) explains them.\n";

/* The word before the options, where there is one. */
static bool portal_options_act(const char *word, enum portal_act *ret_act)
{
    static const struct {
        const char *word;
        enum portal_act act;
    } acts[] = {{"init", PORTAL_INIT}, {"routes", PORTAL_ROUTES}, {"audit", PORTAL_AUDIT}};

    for (size_t index = 0; index < sizeof(acts) / sizeof(acts[0]); index++) {
        if (strcmp(word, acts[index].word) == 0) {
            *ret_act = acts[index].act;
            return true;
        }
    }
    return false;
}

/* What belongs together is there together. */
static enum status portal_options_check(const struct portal_options *options, struct error *error)
{
    bool issues = options->vendor[0] != '\0';

    if (options->act == PORTAL_ROUTES)
        return LICET_OK;
    if (options->database[0] == '\0')
        return error_set(error, LICET_INVALID,
                         "say where the database is: database= in the configuration, or "
                         "--database sqlite:PATH or postgresql://...");
    if (issues != (options->roots_count > 0) ||
        (options->act != PORTAL_AUDIT && issues != (options->signer[0] != '\0')))
        return error_set(error, LICET_INVALID,
                         "license files need all three: vendor=, root= and signer=");
    if ((options->mail[0] != '\0') != (options->mail_from[0] != '\0') ||
        (options->mail[0] != '\0') != (options->site[0] != '\0'))
        return error_set(error, LICET_INVALID, "mail needs all three: mail=, mail-from= and site=");
    if ((options->mail_user[0] != '\0') != (options->mail_password_file[0] != '\0'))
        return error_set(error, LICET_INVALID,
                         "a mail server's user needs both: mail-user= and mail-password-file=");
    return LICET_OK;
}

enum status portal_options_read(int argc, char **argv, struct portal_options *ret_options,
                                struct error *error)
{
    struct portal_options *options = ret_options;
    const struct config_arguments arguments = {.version = "licet-portal " LICET_VERSION,
                                               .usage = portal_usage,
                                               .acts = "init, audit or routes",
                                               .keys = portal_keys,
                                               .line = portal_options_line,
                                               .set = portal_options_set,
                                               .context = options};
    bool is_check = false;
    enum status status;

    memset(options, 0, sizeof(*options));
    options->workers = WORKERS_DEFAULT;
    address_parse(TEXT("127.0.0.1:7390"), &options->listen, NULL);
    if (argc > 1 && portal_options_act(argv[1], &options->act)) {
        argc--;
        argv++;
    }
    status = config_read_arguments(argc, argv, &arguments, &is_check, error);
    if (is_check)
        options->act = PORTAL_CHECK;
    return status == LICET_OK ? portal_options_check(options, error) : status;
}
