/* licet why FEATURE: what a checkout would be told now, and what would help. */
#include <getopt.h>

#include <sodium.h>

#include "base/parse.h"
#include "cli/command.h"
#include "license/key.h"
#include "licet.h"

struct why {
    const char *feature;
    const char *release;
    uint32_t count;
};

static enum status why_parse(struct why *why, int argc, char **argv, struct error *error)
{
    static const struct option options[] = {
        {"count", required_argument, NULL, 'c'},
        {"release", required_argument, NULL, 'r'},
        {NULL, 0, NULL, 0},
    };
    enum status status = LICET_OK;
    int option;

    optind = 0;
    opterr = 0;
    while (status == LICET_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            status = parse_u32(text_of(optarg), 1, LEASE_COUNT_MAX, &why->count, error);
        else if (option == 'r')
            why->release = optarg;
        else
            status = command_usage("why", error);
    }
    if (status == LICET_OK && optind + 1 != argc)
        return command_usage("why", error);
    why->feature = argv[optind];
    return status;
}

/* The answer is not signed and nothing is verified, so a machine without LICET_ROOT may ask too:
 * the handle gets a root key that nobody has. */
static void why_any_root(char *place, size_t size)
{
    struct public_key key;
    struct buf buf = buf_over(place, size - 1);

    randombytes_buf(key.bytes, sizeof(key.bytes));
    public_key_print(&key, TEXT("nobody"), &buf);
    place[buf.size] = '\0';
}

static void why_print(const struct why *why, const licet_reason *reason)
{
    printf("%s\n", why->feature);
    printf("  verdict   %s\n", status_word((enum status)reason->status));
    if (reason->status == LICET_OK)
        return;
    printf("  seats     %llu, of which in use %llu, overhang %llu\n",
           (unsigned long long)reason->seats, (unsigned long long)reason->in_use,
           (unsigned long long)reason->overhang);
    if (reason->next_free_s >= 0)
        printf("  next seat in %lld s at the latest, if nobody renews\n",
               (long long)reason->next_free_s);
    if (reason->rule[0] != '\0')
        printf("  rule      %s\n", reason->rule);
}

static enum status why_ask(const struct why *why, struct error *error)
{
    char root[128];
    licet_options options;
    licet_reason reason;
    licet_error failure;
    licet *seats;
    enum status status;

    licet_options_init(&options, sizeof(options));
    why_any_root(root, sizeof(root));
    options.roots = root;
    status = (enum status)licet_open(&options, &seats, &failure);
    if (status != LICET_OK)
        return error_set(error, status, "%s", failure.text);
    licet_reason_init(&reason, sizeof(reason));
    status =
        (enum status)licet_why(seats, why->feature, why->release, why->count, &reason, &failure);
    licet_close(seats);
    if (status != LICET_OK)
        return error_set(error, status, "%s", failure.text);
    why_print(why, &reason);
    return error_set(error, (enum status)reason.status, "%s", reason.text);
}

/* The exit code is that of the refusal a checkout would get, 0 where a seat would be granted. */
enum status why_run(int argc, char **argv, struct error *error)
{
    struct why why = {.count = 1};
    enum status status = why_parse(&why, argc, argv, error);

    return status == LICET_OK ? why_ask(&why, error) : status;
}
