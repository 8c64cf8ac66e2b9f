/* licet file show: a license file for people. Without a root it says that nothing was checked. */
#include <getopt.h>

#include "cli/command.h"
#include "cli/read.h"

static void show_host(const char *word, const struct license_host *host)
{
    char text[HASH_TEXT_BYTES];
    struct buf buf = buf_over(text, sizeof(text));

    if (hash_is_none(&host->key))
        buf_add_string(&buf, "(no key)");
    else
        hash_print(&host->key, &buf);
    printf("%-11s %.*s, id %.*s, %.*s\n", word, TEXT_ARGS(host->name), TEXT_ARGS(host->id),
           TEXT_ARGS(buf_text(&buf)));
}

static void show_head(const struct license *license)
{
    char text[32];
    struct buf issued = buf_over(text, sizeof(text));

    unix_time_print(license->head.issued, &issued);
    printf(
        "vendor      %.*s\ncustomer    %.*s\ngeneration  %u\nissued      %.*s\nserial      %.*s\n",
        TEXT_ARGS(license->head.vendor), TEXT_ARGS(license->head.customer),
        license->head.generation, TEXT_ARGS(buf_text(&issued)), TEXT_ARGS(license->head.serial));
    for (uint32_t index = 0; index < license->servers_count; index++)
        show_host("server", &license->servers[index]);
    if (license->device != NULL)
        show_host("device", license->device);
    for (uint32_t index = 0; index < license->revoked_count; index++) {
        char hash_text[HASH_TEXT_BYTES];
        struct buf hash = buf_over(hash_text, sizeof(hash_text));

        hash_print(&license->revoked[index].key, &hash);
        printf("revoked     %.*s\n", TEXT_ARGS(buf_text(&hash)));
    }
    if (license->signer.before.s != 0)
        printf("signature   good, by %.*s\n", TEXT_ARGS(license->signer.id));
    else
        printf("signature   NOT CHECKED: give --root ROOT.pub\n");
}

/* The value of one field of a line, or `absent`. */
static struct text show_field(const struct license_increment *increment, const char *key,
                              const char *absent, struct buf *buf)
{
    const struct field_row *row = field_row_find(LINE_INCREMENT, text_of(key));

    if (row->is_required || field_is_set(row, increment))
        field_print(row, increment, buf);
    else
        buf_add_string(buf, absent);
    return buf_text(buf);
}

static void show_remarks(const struct license *license, const struct license_increment *increment)
{
    char why_text[512], not_served_text[256];
    struct buf why = buf_over(why_text, sizeof(why_text));
    struct buf not_served = buf_over(not_served_text, sizeof(not_served_text));

    license_increment_why(license, increment, NULL, &why);
    if (why.size > 0)
        printf("    disabled: %.*s\n", TEXT_ARGS(buf_text(&why)));
    license_increment_not_served(increment, &not_served);
    if (not_served.size > 0)
        printf("    not served: %.*s\n", TEXT_ARGS(buf_text(&not_served)));
}

static void show_increment(const struct license *license, const struct license_increment *increment)
{
    static const struct {
        const char *key, *absent;
        int width;
    } columns[] = {
        {"sn", "", 20},          {"seats", "uncounted", 10}, {"overdraft", "-", 10},
        {"maintenance", "", 12}, {"start", "-", 11},         {"expiry", "", 11},
    };
    char bytes[128];

    printf("%-24.*s", TEXT_ARGS(increment->feature));
    for (size_t index = 0; index < sizeof(columns) / sizeof(columns[0]); index++) {
        struct buf buf = buf_over(bytes, sizeof(bytes));
        struct text text = show_field(increment, columns[index].key, columns[index].absent, &buf);

        printf(" %-*.*s", columns[index].width, TEXT_ARGS(text));
    }
    printf("\n");
    for (uint32_t index = 0; index < increment->covers.count; index++)
        printf("    covers %.*s\n", TEXT_ARGS(increment->covers.items[index]));
    show_remarks(license, increment);
}

static void show_lines(const struct license *license)
{
    if (license->increments_count == 0)
        printf("\nNo lines: this server is retired.\n");
    else
        printf("\n%-24s %-20s %-10s %-10s %-12s %-11s %-11s\n", "feature", "sn", "seats",
               "overdraft", "maintenance", "start", "expiry");
    for (uint32_t index = 0; index < license->lines.count; index++) {
        const struct document_line *line = &license->lines.items[index];

        if (line->kind == LINE_INCREMENT)
            show_increment(license, line->value);
        if (line->kind == LINE_UNKNOWN)
            printf("line %u is of a kind that needs a newer licetd: %.*s\n", line->number,
                   TEXT_ARGS(text_head(line->text, text_find(line->text, '\n'))));
    }
}

static enum status show_read(struct cli_text *text, const struct trust *trust,
                             struct license *ret_license, struct error *error)
{
    struct document document;
    enum status status;

    if (trust->roots_count > 0)
        return license_read(text->file, trust, &text->arena, ret_license, error);
    status = document_open(text->file, LICENSE_FILE_BYTES_MAX, &text->arena, &document, error);
    if (status == LICET_OK)
        status = license_parse(document.payload, &text->arena, ret_license, error);
    return status;
}

enum status file_show_run(int argc, char **argv, struct error *error)
{
    static const struct option long_options[] = {{"root", required_argument, NULL, 'r'},
                                                 {NULL, 0, NULL, 0}};
    struct trust trust = {.roots_count = 0};
    enum status status = LICET_OK;
    struct license license;
    struct cli_text text;
    int option;

    while (status == LICET_OK && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        status =
            option == 'r' ? cli_add_root(optarg, &trust, error) : command_usage(argv[0], error);
    if (status == LICET_OK && optind + 1 != argc)
        status = command_usage(argv[0], error);
    if (status == LICET_OK)
        status = cli_text_read(argv[optind], &text, error);
    if (status != LICET_OK)
        return status;
    status = show_read(&text, &trust, &license, error);
    if (status == LICET_OK) {
        show_head(&license);
        show_lines(&license);
    }
    cli_text_finish(&text);
    return status;
}
