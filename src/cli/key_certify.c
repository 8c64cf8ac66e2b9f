/* licet key certify: the root vouches for an issuing key, like ssh-keygen -s without its log-in
 * rights. */
#include <getopt.h>
#include <limits.h>
#include <sodium.h>

#include "base/file.h"
#include "base/parse.h"
#include "cli/command.h"
#include "cli/read.h"

struct certify_options {
    const char *root, *vendor, *from, *to, *serial, *key;
};

static enum status certify_parse_options(int argc, char **argv, struct certify_options *options,
                                         struct error *error)
{
    static const struct option long_options[] = {
        {"root", required_argument, NULL, 'r'},   {"vendor", required_argument, NULL, 'v'},
        {"from", required_argument, NULL, 'f'},   {"to", required_argument, NULL, 't'},
        {"serial", required_argument, NULL, 's'}, {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'r':
            options->root = optarg;
            break;
        case 'v':
            options->vendor = optarg;
            break;
        case 'f':
            options->from = optarg;
            break;
        case 't':
            options->to = optarg;
            break;
        case 's':
            options->serial = optarg;
            break;
        default:
            return command_usage(argv[0], error);
        }
    }
    if (options->root == NULL || options->vendor == NULL || options->from == NULL ||
        options->to == NULL || optind + 1 != argc)
        return command_usage(argv[0], error);
    options->key = argv[optind];
    return LICET_OK;
}

/* Both days belong to the window, in UTC. */
static enum status certify_parse_dates(const struct certify_options *options,
                                       struct certificate *certificate, struct error *error)
{
    struct date from, to;
    enum status status = date_parse(text_of(options->from), &from, error);

    if (status == LICET_OK)
        status = date_parse(text_of(options->to), &to, error);
    if (status != LICET_OK)
        return status;
    certificate->after.s = (int64_t)from.days * 86400;
    certificate->before.s = ((int64_t)to.days + 1) * 86400;
    return LICET_OK;
}

static enum status certify_write(const struct certify_options *options,
                                 const struct certificate *certificate, struct error *error)
{
    struct text stem = text_of(options->key);
    char path[PATH_MAX], bytes[2 * CERTIFICATE_BLOB_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    int size;

    if (stem.size > 4 && text_is(text_skip(stem, stem.size - 4), ".pub"))
        stem.size -= 4;
    size = snprintf(path, sizeof(path), "%.*s-cert.pub", TEXT_ARGS(stem));
    if (size < 0 || (size_t)size >= sizeof(path))
        return error_set(error, LICET_INVALID, "the path is too long");
    certificate_print_line(certificate, certificate->id, &buf);
    printf("%s\n", path);
    return file_create(path, buf_text(&buf), 0444, error);
}

/* Security: a machine that computed wrongly would give the root key away. */
static enum status certify_read_back(const struct certificate *certificate, struct error *error)
{
    struct certificate again;
    enum status status = certificate_parse(certificate->blob, &again, error);

    if (status == LICET_OK &&
        (!certificate_check(&again) || !public_key_equal(&again.key, &certificate->key)))
        return error_set(error, LICET_BAD_SIGNATURE,
                         "this machine computed a wrong signature: nothing was written, and it "
                         "should sign nothing more");
    return status;
}

enum status key_certify_run(int argc, char **argv, struct error *error)
{
    struct certify_options options = {.serial = "0"};
    struct certificate certificate = {.principals_count = 1};
    char memory[CERTIFICATE_BLOB_MAX + 64], principal[PRINCIPAL_BYTES_MAX], id[128];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct buf buf = buf_over(principal, sizeof(principal)), id_buf = buf_over(id, sizeof(id));
    uint8_t nonce[CERTIFICATE_NONCE_BYTES];
    struct secret_key root;
    enum status status = certify_parse_options(argc, argv, &options, error);

    if (status != LICET_OK)
        return status;
    if (!text_is_identifier(text_of(options.vendor)))
        return error_set(error, LICET_INVALID,
                         "--vendor: a letter and up to 63 letters, digits and _ are wanted");
    principal_print(text_of(options.vendor), &buf);
    certificate.principals[0] = buf_text(&buf);
    buf_printf(&id_buf, "%s-%s", options.vendor, options.from);
    certificate.id = buf_text(&id_buf);
    status = certify_parse_dates(&options, &certificate, error);
    if (status == LICET_OK)
        status = parse_u64(text_of(options.serial), 0, UINT64_MAX, &certificate.serial, error);
    if (status == LICET_OK)
        status = cli_read_public_key(options.key, &certificate.key, error);
    if (status == LICET_OK)
        status = cli_read_secret_key(options.root, &root, error);
    if (status != LICET_OK)
        return status;
    randombytes_buf(nonce, sizeof(nonce));
    status = certificate_sign(&certificate, &root, nonce, &arena, error);
    secret_key_finish(&root);
    if (status == LICET_OK)
        status = certify_read_back(&certificate, error);
    return status == LICET_OK ? certify_write(&options, &certificate, error) : status;
}
