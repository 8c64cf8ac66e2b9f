/*
 * licet install FILE: shows what a license file, or a vendor's list of revoked issuing keys, would
 * change on the license server, asks, and then installs exactly what was shown: the confirmation
 * names its hash (R4.2, R9.3).
 */
#include <getopt.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/console.h"

/* What is installed, by where it goes and how it is shown. */
struct install_kind {
    const char *preview, *install; /* paths of licetd */
    void (*print_preview)(const json_t *preview);
    const char *noun, *number; /* "generation", and its name in the answer */
};

struct install {
    const char *path;
    bool is_agreed;        /* --yes */
    const char *confirmed; /* --confirm HASH: agreed if the preview has this hash */
};

static enum status install_parse(struct install *install, int argc, char **argv,
                                 struct error *error)
{
    static const struct option options[] = {
        {"yes", no_argument, NULL, 'y'},
        {"confirm", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
    };
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'y')
            install->is_agreed = true;
        else if (option == 'c')
            install->confirmed = optarg;
        else
            return command_usage("install", error);
    }
    if (optind + 1 != argc)
        return command_usage("install", error);
    install->path = argv[optind];
    return LICET_OK;
}

/* ---- the preview -------------------------------------------------------------------------- */

static void install_print_change(const json_t *change)
{
    const char *remark = console_string(change, "remark", "");

    printf("  %-8s %-20s %-24s %8lld -> %lld%s%s\n", console_string(change, "change", "?"),
           console_string(change, "sn", "?"), console_string(change, "feature", "?"),
           console_number(change, "seats_now"), console_number(change, "seats_then"),
           remark[0] == '\0' ? "" : "   ", remark);
}

static void install_print_head(const json_t *preview)
{
    long long old = console_number(preview, "installed_generation");

    printf("%s: generation %lld ", console_string(preview, "vendor", "?"),
           console_number(preview, "generation"));
    if (json_is_true(json_object_get(preview, "already_installed")))
        printf("is installed already");
    else if (old == 0)
        printf("would be the first file here");
    else
        printf("would replace generation %lld", old);
    printf(", for customer %s\n%s\n", console_string(preview, "customer", "?"),
           console_string(preview, "hash", "?"));
}

static void install_print_lease(const json_t *lease)
{
    const char *host = console_string(lease, "host", "");

    printf("      lease %lld: %s%s%s, %lld of %s\n", console_number(lease, "handle"),
           console_string(lease, "user", "nobody named"), host[0] == '\0' ? "" : " on ", host,
           console_number(lease, "seats"), console_string(lease, "feature", "?"));
}

/* R4.2: who would not be renewed. */
static void install_print_drain(const json_t *drain)
{
    const json_t *features = json_object_get(drain, "features");
    const json_t *leases = json_object_get(drain, "leases");
    long long unnamed = -(long long)json_array_size(leases);

    if (json_array_size(features) == 0) {
        printf("  No running lease would end by it.\n");
        return;
    }
    printf("  If nobody leaves before the end of drain, these would not be renewed:\n");
    for (size_t index = 0; index < json_array_size(features); index++) {
        const json_t *feature = json_array_get(features, index);

        printf("    %s: %lld leases with %lld seats\n", console_string(feature, "feature", "?"),
               console_number(feature, "leases"), console_number(feature, "seats"));
        unnamed += console_number(feature, "leases");
    }
    for (size_t index = 0; index < json_array_size(leases); index++)
        install_print_lease(json_array_get(leases, index));
    if (unnamed > 0)
        printf("      and %lld more\n", unnamed);
}

static void install_print_preview(const json_t *preview)
{
    const json_t *changes = json_object_get(preview, "changes");
    const json_t *warnings = json_object_get(preview, "warnings");

    install_print_head(preview);
    for (size_t index = 0; index < json_array_size(changes); index++)
        install_print_change(json_array_get(changes, index));
    for (size_t index = 0; index < json_array_size(warnings); index++)
        printf("  note: %s\n", console_text(json_array_get(warnings, index), "?"));
    if (!json_is_true(json_object_get(preview, "shrinks")))
        return;
    printf("  This takes something away. Running leases go on until the end of drain.\n");
    install_print_drain(json_object_get(preview, "drain"));
}

static void install_print_list(const json_t *preview)
{
    const json_t *keys = json_object_get(preview, "keys");
    long long old = console_number(preview, "installed_number");

    printf("%s: revocation list %lld of %s ", console_string(preview, "vendor", "?"),
           console_number(preview, "number"), console_string(preview, "issued", "?"));
    if (json_is_true(json_object_get(preview, "already_installed")))
        printf("is installed already\n");
    else if (old == 0)
        printf("would be the first list here\n");
    else
        printf("would replace list %lld\n", old);
    printf("%s\n", console_string(preview, "hash", "?"));
    for (size_t index = 0; index < json_array_size(keys); index++) {
        const json_t *key = json_array_get(keys, index);

        printf("  revokes %s, what it signed from %s on\n", console_string(key, "key", "?"),
               console_string(key, "from", "?"));
    }
    if (json_is_true(json_object_get(preview, "revokes_file")))
        printf("  The installed license file is signed by a key of this list: it is served on, but "
               "products that learn of the list refuse it. Ask the vendor for a file signed by its "
               "new key.\n");
}

static const struct install_kind license_kind = {
    "/license/preview", "/license/install", install_print_preview, "generation", "generation",
};
static const struct install_kind revocations_kind = {
    "/revocations/preview", "/revocations/install", install_print_list, "revocation list", "number",
};

static enum status install_preview(const struct install_kind *kind, struct text file,
                                   json_t **ret_preview, struct error *error)
{
    struct call_answer answer = {0};
    enum status status = console_call(kind->preview, file, true, &answer, error);

    if (status == LICET_OK)
        status = console_load(&answer, ret_preview, error);
    call_finish(&answer);
    return status;
}

/* ---- agreement ---------------------------------------------------------------------------- */

static bool install_ask(void)
{
    char answer[16];

    printf("Install it? [y/N] ");
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) != NULL &&
           (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
}

static enum status install_agree(const struct install *install, const char *hash,
                                 struct error *error)
{
    if (install->confirmed != NULL && strcmp(install->confirmed, hash) != 0)
        return error_set(error, LICET_CONFLICT, "%s has the hash %s, not the one to be confirmed",
                         install->path, hash);
    if (install->confirmed != NULL || install->is_agreed)
        return LICET_OK;
    if (strcmp(install->path, "-") == 0 || !isatty(STDIN_FILENO))
        return error_set(error, LICET_INVALID, "nobody is here to ask: --yes, or --confirm %s",
                         hash);
    return install_ask() ? LICET_OK : error_set(error, LICET_CONFLICT, "nothing was installed");
}

/* The hash goes into a URL: `/` and `+` of base64 do not survive there. */
static void install_print_query(const struct install_kind *kind, const char *hash, struct buf *path)
{
    buf_printf(path, "%s?hash=", kind->install);
    for (; *hash != '\0'; hash++) {
        if (*hash == '/' || *hash == '+' || *hash == ':' || *hash == '=')
            buf_printf(path, "%%%02X", (unsigned)(unsigned char)*hash);
        else
            buf_add_byte(path, *hash);
    }
    buf_add_byte(path, '\0');
}

/* Line by line: whatever else a server may say stays a character on the terminal. */
static void install_print_receipt(const char *receipt)
{
    char *copy = strdup(receipt), *rest = copy, *line;

    printf("The receipt of what is installed, for the vendor:\n\n");
    while (rest != NULL && (line = strsep(&rest, "\n")) != NULL &&
           (rest != NULL || *line != '\0')) {
        text_make_printable(line, strlen(line));
        printf("%s\n", line);
    }
    free(copy);
}

/* R4.1: where nothing was to be done, the receipt stands for it. */
static void install_print_result(const struct install_kind *kind, const json_t *result)
{
    const char *receipt = json_string_value(json_object_get(result, "receipt"));

    if (receipt != NULL)
        install_print_receipt(receipt);
    else
        printf("%s: %s %lld is installed\n", console_string(result, "vendor", "?"), kind->noun,
               console_number(result, kind->number));
}

static enum status install_confirm(const struct install_kind *kind, struct text file,
                                   const char *hash, struct error *error)
{
    char place[512];
    struct buf path = buf_over(place, sizeof(place));
    struct call_answer answer = {0};
    json_t *result = NULL;
    enum status status;

    install_print_query(kind, hash, &path);
    if (path.is_full)
        return error_set(error, LICET_PROTOCOL, "the server's hash is longer than any hash");
    status = console_call(place, file, true, &answer, error);
    if (status == LICET_OK)
        status = console_load(&answer, &result, error);
    if (status == LICET_OK)
        install_print_result(kind, result);
    json_decref(result);
    call_finish(&answer);
    return status;
}

static enum status install_file(const struct install *install, struct text file,
                                struct error *error)
{
    const struct install_kind *kind =
        text_starts_with(file, "REVOCATIONS ") ? &revocations_kind : &license_kind;
    json_t *preview = NULL;
    enum status status = install_preview(kind, file, &preview, error);
    const char *hash;
    bool is_known;

    if (status != LICET_OK)
        return status;
    hash = console_string(preview, "hash", "?");
    kind->print_preview(preview);
    is_known = json_is_true(json_object_get(preview, "already_installed"));
    if (!is_known)
        status = install_agree(install, hash, error);
    if (status == LICET_OK && (!is_known || kind == &license_kind))
        status = install_confirm(kind, file, hash, error);
    json_decref(preview);
    return status;
}

enum status install_run(int argc, char **argv, struct error *error)
{
    struct install install = {.path = ""};
    struct text file = {NULL, 0};
    enum status status = install_parse(&install, argc, argv, error);

    if (status == LICET_OK)
        status = file_read(install.path, RESPONSE_BYTES_MAX, &file, error);
    if (status == LICET_OK)
        status = install_file(&install, file, error);
    file_free(file);
    return status;
}
