/* licet file sign: the vendor's hand tool. It signs only what reads back as the same bytes. */
#include <getopt.h>
#include <limits.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/read.h"

struct sign_options {
    const char *key, *certificate, *out, *draft;
};

static enum status sign_parse_options(int argc, char **argv, struct sign_options *options,
                                      struct error *error)
{
    int option;

    while ((option = getopt(argc, argv, "k:c:o:")) != -1) {
        if (option == 'k')
            options->key = optarg;
        else if (option == 'c')
            options->certificate = optarg;
        else if (option == 'o')
            options->out = optarg;
        else
            return command_usage(argv[0], error);
    }
    if (options->key == NULL || optind + 1 != argc)
        return command_usage(argv[0], error);
    options->draft = argv[optind];
    return LICET_OK;
}

static enum status sign_read_keys(const struct sign_options *options, struct arena *arena,
                                  struct certificate *certificate, struct secret_key *key,
                                  struct error *error)
{
    char path[PATH_MAX];
    int size = snprintf(path, sizeof(path), "%s-cert.pub", options->key);
    enum status status;

    if (size < 0 || (size_t)size >= sizeof(path))
        return error_set(error, LICET_INVALID, "the path is too long");
    status = cli_read_secret_key(options->key, key, error);
    if (status != LICET_OK)
        return status;
    status = cli_read_certificate(options->certificate == NULL ? path : options->certificate, arena,
                                  certificate, error);
    if (status != LICET_OK)
        secret_key_finish(key);
    return status;
}

static enum status sign_write(const struct sign_options *options, struct text file,
                              struct error *error)
{
    if (options->out != NULL)
        return file_create(options->out, file, 0644, error);
    if (fwrite(file.data, 1, file.size, stdout) != file.size)
        return error_set(error, LICET_SYSTEM, "standard output could not be written");
    return LICET_OK;
}

static enum status sign_draft(const struct sign_options *options, struct cli_text *text,
                              struct error *error)
{
    size_t capacity = text->file.size + SSHSIG_ARMOR_MAX + 1;
    char *bytes = arena_take(&text->arena, capacity, 1);
    struct buf buf = buf_over(bytes, capacity);
    struct error found = {.status = LICET_OK};
    struct certificate certificate;
    struct document document;
    struct license license;
    struct secret_key key;
    enum status status;

    if (bytes == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to sign");
    status = document_normalise(text->file, LICENSE_FILE_BYTES_MAX, &text->arena, &document, error);
    if (status == LICET_OK)
        status = sign_read_keys(options, &text->arena, &certificate, &key, error);
    if (status != LICET_OK)
        return status;
    status = license_sign(document.payload, &key, &certificate, &text->arena, &buf, &found);
    secret_key_finish(&key);
    if (status != LICET_OK)
        return error_set(error, status, "%s%s", found.text,
                         status == LICET_INVALID ? "; licet file format wraps a draft" : "");
    if (license_parse(document.payload, &text->arena, &license, NULL) == LICET_OK)
        cli_note_unserved(&license);
    return sign_write(options, buf_text(&buf), error);
}

enum status file_sign_run(int argc, char **argv, struct error *error)
{
    struct sign_options options = {.key = NULL};
    struct cli_text text;
    enum status status = sign_parse_options(argc, argv, &options, error);

    if (status == LICET_OK)
        status = cli_text_read(options.draft, &text, error);
    if (status != LICET_OK)
        return status;
    status = sign_draft(&options, &text, error);
    cli_text_finish(&text);
    return status;
}
