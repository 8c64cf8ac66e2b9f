/* licet file verify: from the root to the last byte, and who signed when. */
#include <getopt.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/read.h"

struct verify_options {
    struct trust trust;
    const char *revocations, *file;
};

static enum status verify_parse_options(int argc, char **argv, struct verify_options *options,
                                        struct error *error)
{
    static const struct option long_options[] = {
        {"root", required_argument, NULL, 'r'},
        {"vendor", required_argument, NULL, 'v'},
        {"revocations", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    enum status status = LICET_OK;
    int option;

    while (status == LICET_OK && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == 'r')
            status = cli_add_root(optarg, &options->trust, error);
        else if (option == 'v')
            options->trust.vendor = text_of(optarg);
        else if (option == 'l')
            options->revocations = optarg;
        else
            status = command_usage(argv[0], error);
    }
    if (status == LICET_OK && (options->trust.roots_count == 0 || optind + 1 != argc))
        status = command_usage(argv[0], error);
    options->file = argv[argc - 1];
    return status;
}

static void verify_print_hash(const char *name, const struct hash *hash)
{
    char text[HASH_TEXT_BYTES];
    struct buf buf = buf_over(text, sizeof(text));

    hash_print(hash, &buf);
    printf("%-12s %.*s\n", name, TEXT_ARGS(buf_text(&buf)));
}

static void verify_print_time(const char *name, struct unix_time time)
{
    char text[32];
    struct buf buf = buf_over(text, sizeof(text));

    if (time.s == INT64_MAX)
        buf_add_string(&buf, "for ever");
    else
        unix_time_print(time, &buf);
    printf("%-12s %.*s\n", name, TEXT_ARGS(buf_text(&buf)));
}

static void verify_print(const struct license *license)
{
    const struct signer *signer = &license->signer;

    printf("good: vendor %.*s, customer %.*s, generation %u\n", TEXT_ARGS(license->head.vendor),
           TEXT_ARGS(license->head.customer), license->head.generation);
    verify_print_hash("payload", &license->payload_hash);
    verify_print_time("issued", license->head.issued);
    verify_print_hash("signed by", &signer->key_hash);
    printf("%-12s %.*s, serial %llu\n", "certificate", TEXT_ARGS(signer->id),
           (unsigned long long)signer->serial);
    verify_print_time("valid from", signer->after);
    verify_print_time("valid until", signer->before);
    verify_print_hash("root", &signer->root_hash);
    if (license->had_carriage_returns)
        printf(
            "warning: carriage returns at line ends were dropped; mail or an editor put them in\n");
    if (license->had_trailing_blanks)
        printf("warning: blanks at line ends were dropped; mail or an editor put them in\n");
}

/* With a list of revoked keys, which needs memory and a file of its own. */
static enum status verify_with_list(struct verify_options *options, struct cli_text *text,
                                    struct license *license, struct error *error)
{
    struct revocations revocations;
    struct cli_text list;
    enum status status = cli_text_read(options->revocations, &list, error);

    if (status != LICET_OK)
        return status;
    status = revocations_read(list.file, options->trust.roots, options->trust.roots_count,
                              &list.arena, &revocations, error);
    if (status == LICET_OK) {
        options->trust.revocations = &revocations;
        status = license_read(text->file, &options->trust, &text->arena, license, error);
        options->trust.revocations = NULL;
    }
    cli_text_finish(&list);
    return status;
}

enum status file_verify_run(int argc, char **argv, struct error *error)
{
    struct verify_options options = {.revocations = NULL};
    struct license license;
    struct cli_text text;
    enum status status = verify_parse_options(argc, argv, &options, error);

    if (status == LICET_OK)
        status = cli_text_read(options.file, &text, error);
    if (status != LICET_OK)
        return status;
    if (options.revocations == NULL)
        status = license_read(text.file, &options.trust, &text.arena, &license, error);
    else
        status = verify_with_list(&options, &text, &license, error);
    if (status == LICET_OK)
        verify_print(&license);
    cli_text_finish(&text);
    return status;
}
