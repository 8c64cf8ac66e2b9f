/* Reading licetd.conf and the command line into one struct. */
#include "server/options.h"

#include <unistd.h>

#include "base/config.h"
#include "base/file.h"
#include "base/parse.h"

#define ROOT_FILE_BYTES_MAX 65536 /* a public key line has 100; comments may stand around it */
/* R10.4. A terminal server with 500 users of 20 features each; and each of them starting all within
 * a second. */
#define LEASES_OF_SOURCE_DEFAULT 10000u
#define GRANTS_A_SECOND_DEFAULT 100000u

/* Limit: a start replays at most the snapshot and so many records after it: a million take 0.3 s.
 */
#define SNAPSHOT_RECORDS_DEFAULT 1000000u
#define SNAPSHOT_RECORDS_MIN 1000u

/* Its index, or vendors_count. */
static uint32_t options_find_vendor(const struct options *options, struct text name)
{
    uint32_t index = 0;

    while (index < options->vendors_count && !text_is(name, options->vendors[index].name))
        index++;
    return index;
}

const struct vendor_options *options_vendor(const struct options *options, struct text name)
{
    uint32_t index = options_find_vendor(options, name);

    return index < options->vendors_count ? &options->vendors[index] : NULL;
}

static enum status options_add_root(struct options *options, struct text vendor, struct text path,
                                    struct error *error)
{
    uint32_t index = options_find_vendor(options, vendor);
    struct vendor_options *found;
    char file[CONFIG_PATH_MAX];
    struct text text;
    enum status status;

    if (!text_is_identifier(vendor))
        return error_set(error, LICET_INVALID, "\"%.*s\" is not a vendor's name",
                         TEXT_ARGS(text_head(vendor, 80)));
    if (index == TRUSTED_VENDORS_MAX)
        return error_set(error, LICET_INVALID, "more than %d vendors", TRUSTED_VENDORS_MAX);
    found = &options->vendors[index];
    if (index == options->vendors_count) {
        memcpy(found->name, vendor.data, vendor.size);
        options->vendors_count++;
    }
    if (found->roots_count == TRUST_ROOTS_MAX)
        return error_set(error, LICET_INVALID, "more than %d root keys of %s", TRUST_ROOTS_MAX,
                         found->name);
    status = config_copy(file, sizeof(file), path, "the path of a root key", error);
    if (status == LICET_OK)
        status = file_read(file, ROOT_FILE_BYTES_MAX, &text, error);
    if (status != LICET_OK)
        return status;
    status = public_key_parse(text, &found->roots[found->roots_count], NULL, error);
    file_free(text);
    if (status == LICET_OK)
        found->roots_count++;
    return status;
}

static enum status options_add_listen(struct options *options, struct text value,
                                      struct error *error)
{
    if (options->listens_count == LISTENS_MAX)
        return error_set(error, LICET_INVALID, "more than %d addresses to listen on", LISTENS_MAX);
    return address_parse(value, &options->listens[options->listens_count++], error);
}

static enum status options_add_allow(struct options *options, struct text value,
                                     struct error *error)
{
    if (options->allows_count == NETWORKS_MAX)
        return error_set(error, LICET_INVALID, "more than %d networks to allow", NETWORKS_MAX);
    return network_parse(value, &options->allows[options->allows_count++], error);
}

static enum status options_add_host(struct options *options, struct text value, struct error *error)
{
    if (options->hosts_count == HOST_NAMES_MAX)
        return error_set(error, LICET_INVALID, "more than %d host names", HOST_NAMES_MAX);
    return config_copy(options->hosts[options->hosts_count++], sizeof(options->hosts[0]), value,
                       "a host name", error);
}

static enum status options_set_denials(struct options *options, struct text value,
                                       struct error *error)
{
    if (!text_is(value, "names") && !text_is(value, "counts"))
        return error_set(error, LICET_INVALID,
                         "denials is \"names\" (who was refused) or \"counts\" (only how often)");
    options->has_nameless_denials = text_is(value, "counts");
    return LICET_OK;
}

static enum status options_set(struct options *options, struct text key, struct text value,
                               struct error *error)
{
    if (text_is(key, "state"))
        return config_copy(options->state, sizeof(options->state), value, "state", error);
    if (text_is(key, "name")) {
        if (!text_is_name(value))
            return error_set(error, LICET_INVALID, "name must be a host name of at most %d bytes",
                             NAME_MAX_BYTES);
        return config_copy(options->name, sizeof(options->name), value, "name", error);
    }
    if (text_is(key, "listen"))
        return options_add_listen(options, value, error);
    if (text_is(key, "allow"))
        return options_add_allow(options, value, error);
    if (text_is(key, "host"))
        return options_add_host(options, value, error);
    if (text_is(key, "leases-of-source"))
        return parse_u32(value, 1, LEASES_MAX, &options->leases_of_source_max, error);
    if (text_is(key, "snapshot-after"))
        return parse_u32(value, SNAPSHOT_RECORDS_MIN, UINT32_MAX, &options->snapshot_records,
                         error);
    if (text_is(key, "grants-a-second"))
        return parse_u32(value, 1, SEATS_MAX, &options->grants_a_second_max, error);
    if (text_is(key, "denials"))
        return options_set_denials(options, value, error);
    return error_set(error, LICET_INVALID, "there is no option \"%.*s\"; licetd.conf(5) lists them",
                     TEXT_ARGS(text_head(key, 80)));
}

static enum status options_line(void *context, struct text section, struct text key,
                                struct text value, struct error *error)
{
    if (text_is(section, "licetd"))
        return options_set(context, key, value, error);
    if (!text_starts_with(section, "vendor "))
        return error_set(error, LICET_INVALID, "sections are [licetd] and [vendor NAME]");
    if (!text_is(key, "root"))
        return error_set(error, LICET_INVALID, "a vendor has \"root\" lines only");
    return options_add_root(context, text_skip(section, 7), value, error);
}

static const char *const options_keys[] = {
    "root",           "state",           "name",    "listen", "allow", "host", "leases-of-source",
    "snapshot-after", "grants-a-second", "denials", NULL,
};

static const char options_usage[] =
    "usage: licetd [--config FILE] [--state FOLDER] [--root VENDOR=FILE]... [--listen "
    "ADDRESS:PORT]...\n"
    "              [--allow NETWORK]... [--host NAME]... [--name NAME] [--check] [--version]\n"
    "       licetd check|repair --state FOLDER\n"
    "licetd(8) and licetd.conf(5) explain them.\n";

/* --root VENDOR=FILE is what a section of the file says; the others are keys of [licetd]. */
static enum status options_argument(void *context, struct text key, struct text value,
                                    struct error *error)
{
    size_t equals = text_find(value, '=');

    if (!text_is(key, "root"))
        return options_set(context, key, value, error);
    if (equals == value.size)
        return error_set(error, LICET_INVALID, "--root wants VENDOR=FILE");
    return options_add_root(context, text_head(value, equals), text_skip(value, equals + 1), error);
}

static enum status options_complete(struct options *options, struct error *error)
{
    if (options->state[0] == '\0')
        return error_set(
            error, LICET_INVALID,
            "say where the state lies: state= in the configuration, or --state FOLDER");
    if (options->act == LICETD_CHECK_JOURNAL || options->act == LICETD_REPAIR)
        return LICET_OK;
    if (options->listens_count == 0)
        options_add_listen(options, TEXT("127.0.0.1:7380"), NULL);
    if (options->name[0] == '\0' && gethostname(options->name, sizeof(options->name)) != 0)
        return error_set(
            error, LICET_SYSTEM,
            "this machine has no host name of at most %d bytes; set name=", NAME_MAX_BYTES);
    if (options->vendors_count == 0)
        return error_set(error, LICET_INVALID,
                         "no vendor is trusted yet: give a vendor's root key with --root "
                         "VENDOR=FILE or [vendor NAME] root=");
    return LICET_OK;
}

enum status options_read(int argc, char **argv, struct options *ret_options, struct error *error)
{
    struct options *options = ret_options;
    const struct config_arguments arguments = {.version = "licetd " LICET_VERSION,
                                               .usage = options_usage,
                                               .acts = "check or repair",
                                               .keys = options_keys,
                                               .line = options_line,
                                               .set = options_argument,
                                               .context = options};
    bool is_check = false;
    enum status status;

    memset(options, 0, sizeof(*options));
    options->leases_of_source_max = LEASES_OF_SOURCE_DEFAULT;
    options->grants_a_second_max = GRANTS_A_SECOND_DEFAULT;
    options->snapshot_records = SNAPSHOT_RECORDS_DEFAULT;
    if (argc > 1 && (strcmp(argv[1], "check") == 0 || strcmp(argv[1], "repair") == 0)) {
        options->act = argv[1][0] == 'c' ? LICETD_CHECK_JOURNAL : LICETD_REPAIR;
        argc--;
        argv++;
    }
    status = config_read_arguments(argc, argv, &arguments, &is_check, error);
    if (is_check)
        options->act = LICETD_CHECK_OPTIONS;
    return status == LICET_OK ? options_complete(options, error) : status;
}
