/* licet key revoke: the root's numbered list of revoked issuing keys (R9.3), one key longer than
 * the list before it. */
#include <getopt.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/read.h"

struct revoke_options {
    const char *root, *vendor, *from, *previous, *out, *key;
};

static enum status revoke_parse_options(int argc, char **argv, struct revoke_options *options,
                                        struct error *error)
{
    static const struct option long_options[] = {
        {"root", required_argument, NULL, 'r'},
        {"vendor", required_argument, NULL, 'v'},
        {"from", required_argument, NULL, 'f'},
        {"previous", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "o:", long_options, NULL)) != -1) {
        if (option == 'r')
            options->root = optarg;
        else if (option == 'v')
            options->vendor = optarg;
        else if (option == 'f')
            options->from = optarg;
        else if (option == 'p')
            options->previous = optarg;
        else if (option == 'o')
            options->out = optarg;
        else
            return command_usage(argv[0], error);
    }
    if (options->root == NULL || options->vendor == NULL || options->from == NULL ||
        options->out == NULL || optind + 1 != argc)
        return command_usage(argv[0], error);
    options->key = argv[optind];
    return text_is_identifier(text_of(options->vendor))
               ? LICET_OK
               : error_set(error, LICET_INVALID,
                           "--vendor: a letter and up to 63 letters, digits and _ are wanted");
}

/* The list before this one. Nothing of it is lost: a key that is revoked stays so. */
static enum status revoke_read_previous(const struct revoke_options *options,
                                        const struct secret_key *root, struct cli_text *previous,
                                        struct revocations *list, struct error *error)
{
    struct public_key key = secret_key_public(root);
    enum status status = cli_text_read(options->previous, previous, error);

    if (status == LICET_OK)
        status = revocations_read(previous->file, &key, 1, &previous->arena, list, error);
    if (status == LICET_OK && !text_is(list->head.vendor, options->vendor))
        status = error_set(error, LICET_CONFLICT, "%s is a list of the vendor %.*s, not of %s",
                           options->previous, TEXT_ARGS(list->head.vendor), options->vendor);
    return status;
}

/* A time may only move back: a list that lets more pass than the one before it is a mistake. */
static enum status revoke_add(struct revocations *list, struct revoked_key *keys,
                              const struct revoked_key *revoked, struct error *error)
{
    uint32_t place = 0;

    if (list->keys_count > 0)
        memcpy(keys, list->keys, list->keys_count * sizeof(*keys));
    while (place < list->keys_count && !hash_equal(&keys[place].key, &revoked->key))
        place++;
    if (place < list->keys_count && revoked->from.s >= keys[place].from.s)
        return error_set(error, LICET_CONFLICT,
                         "the list has revoked this key already, from that time or an earlier one");
    if (place == REVOKED_KEYS_MAX)
        return error_set(error, LICET_TOO_LARGE, "a list holds at most %d keys", REVOKED_KEYS_MAX);
    keys[place] = *revoked;
    list->keys_count += place == list->keys_count;
    list->keys = keys;
    return LICET_OK;
}

static enum status revoke_write(const struct revoke_options *options, struct revocations *list,
                                const struct secret_key *root, struct error *error)
{
    size_t arena_size = LICENSE_ARENA_BYTES(REVOCATIONS_BYTES_MAX);
    char text[REVOCATIONS_BYTES_MAX];
    struct buf buf = buf_over(text, sizeof(text));
    void *memory = malloc(arena_size);
    struct arena arena = arena_over(memory, arena_size);
    enum status status;

    if (memory == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to sign a list");
    list->head.vendor = text_of(options->vendor);
    list->head.number++;
    list->head.issued = clock_unix();
    status = revocations_sign(list, root, &arena, &buf, error); /* and reads what it signed */
    if (buf.is_full)
        status = error_set(error, LICET_TOO_LARGE, "the list is larger than %zu bytes",
                           REVOCATIONS_BYTES_MAX);
    if (status == LICET_OK)
        status = file_create(options->out, buf_text(&buf), 0644, error);
    if (status == LICET_OK)
        printf("%s: list %u of %s, %u key%s\n", options->out, list->head.number, options->vendor,
               list->keys_count, list->keys_count == 1 ? "" : "s");
    free(memory);
    return status;
}

static enum status revoke_make(const struct revoke_options *options, const struct secret_key *root,
                               struct cli_text *previous, struct error *error)
{
    struct revoked_key keys[REVOKED_KEYS_MAX];
    struct revocations list = {.keys_count = 0};
    struct revoked_key revoked = {.from = {0}};
    struct public_key key;
    struct date from;
    enum status status = date_parse(text_of(options->from), &from, error);

    if (status == LICET_OK)
        status = cli_read_public_key(options->key, &key, error);
    if (status == LICET_OK && options->previous != NULL)
        status = revoke_read_previous(options, root, previous, &list, error);
    if (status != LICET_OK)
        return status;
    revoked.key = public_key_hash(&key);
    revoked.from.s = (int64_t)from.days * 86400;
    status = revoke_add(&list, keys, &revoked, error);
    return status == LICET_OK ? revoke_write(options, &list, root, error) : status;
}

enum status key_revoke_run(int argc, char **argv, struct error *error)
{
    struct revoke_options options = {.root = NULL};
    struct cli_text previous = {.file = {NULL, 0}};
    struct secret_key root;
    enum status status = revoke_parse_options(argc, argv, &options, error);

    if (status == LICET_OK)
        status = cli_read_secret_key(options.root, &root, error);
    if (status != LICET_OK)
        return status;
    status = revoke_make(&options, &root, &previous, error);
    secret_key_finish(&root);
    cli_text_finish(&previous);
    return status;
}
