/* licet leases: who holds seats. Names are for viewers (R10.6), so it needs a token. */
#include <getopt.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/console.h"
#include "client/tcp.h"
#include "resp/reply.h"
#include "resp/writer.h"

#define LEASES_TIMEOUT_MS 10000
#define LEASES_PAGE "500"
/* The array, its cursor, the list of rows, and rows of at most 32 keys and values. */
#define LEASES_ITEMS_MAX (3 + 500 * (1 + 32))

struct leases {
    struct text feature, vendor; /* data NULL: all */
    struct tcp tcp;
    licet_transport link;
    char *bytes; /* of the reply that is being read, REPLY_BYTES_MAX */
    struct reply_item *items;
    struct reply reply; /* the latest */
    uint64_t rows_count;
};

static enum status leases_parse(struct leases *leases, int argc, char **argv, struct error *error)
{
    static const struct option options[] = {
        {"feature", required_argument, NULL, 'f'},
        {"vendor", required_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'f')
            leases->feature = text_of(optarg);
        else if (option == 'v')
            leases->vendor = text_of(optarg);
        else
            return command_usage("leases", error);
    }
    if ((leases->feature.data != NULL && !text_is_identifier(leases->feature)) ||
        (leases->vendor.data != NULL && !text_is_identifier(leases->vendor)))
        return error_set(error, LICET_INVALID,
                         "features and vendors have names of letters, digits and _");
    return optind == argc ? LICET_OK : command_usage("leases", error);
}

/* ---- the connection ----------------------------------------------------------------------- */

static enum status leases_connect(struct leases *leases, struct error *error)
{
    const char *server = getenv("LICET_SERVER");
    licet_error failure = {.status = LICET_OK};
    licet_status status;

    tcp_init(&leases->tcp);
    leases->link = tcp_transport(&leases->tcp);
    status = leases->link.connect(leases->link.context, server, LEASES_TIMEOUT_MS, &failure);
    if (status == LICET_OK)
        return LICET_OK;
    if (status == LICET_TIMEOUT)
        return error_set(error, LICET_TIMEOUT, "the license server %.80s does not answer", server);
    return error_set(error, (enum status)status, "%s", failure.text);
}

static enum status leases_send(struct leases *leases, const struct text *arguments, uint32_t count,
                               struct error *error)
{
    char place[1024]; /* nine arguments: a token, two names, a cursor, and our own words */
    struct buf out = buf_over(place, sizeof(place));
    size_t sent = 0;

    resp_write_command(&out, arguments, count);
    while (!out.is_full && sent < out.size) {
        int64_t size = leases->link.write(leases->link.context, place + sent, out.size - sent,
                                          LEASES_TIMEOUT_MS);

        if (size <= 0)
            break;
        sent += (size_t)size;
    }
    sodium_memzero(place, sizeof(place));
    return sent == out.size
               ? LICET_OK
               : error_set(error, LICET_UNREACHABLE, "the license server takes no command");
}

static enum status leases_receive(struct leases *leases, struct error *error)
{
    struct instant end = instant_add_ms(clock_instant(), LEASES_TIMEOUT_MS);
    enum reply_result result = REPLY_NEED_MORE;
    size_t filled = 0;

    leases->reply = reply_over(leases->items, LEASES_ITEMS_MAX);
    while (result == REPLY_NEED_MORE) {
        int64_t size = filled == REPLY_BYTES_MAX || clock_instant().ms >= end.ms
                           ? 0
                           : leases->link.read(leases->link.context, leases->bytes + filled,
                                               REPLY_BYTES_MAX - filled, LEASES_TIMEOUT_MS);

        if (size < 0)
            return error_set(error, LICET_UNREACHABLE, "the license server hung up");
        if (size == 0)
            return error_set(error, LICET_TIMEOUT, "the license server did not answer in time");
        filled += (size_t)size;
        result = reply_read(&leases->reply, text_make(leases->bytes, filled), error);
    }
    return result == REPLY_READ ? LICET_OK : error->status;
}

/* The reply is in leases->reply, borrowed until the next call. */
static enum status leases_call(struct leases *leases, const struct text *arguments, uint32_t count,
                               struct error *error)
{
    enum status status = leases_send(leases, arguments, count, error);
    struct text sentence;

    if (status == LICET_OK)
        status = leases_receive(leases, error);
    if (status != LICET_OK || leases->items[0].kind != REPLY_ERROR)
        return status;
    status = reply_error_status(&leases->items[0], &sentence);
    return error_set(error, status, "%.*s", TEXT_ARGS(sentence));
}

static enum status leases_authenticate(struct leases *leases, struct error *error)
{
    char token[CONSOLE_TOKEN_BYTES_MAX + 1];
    struct text arguments[2] = {TEXT("AUTH"), {token, 0}};
    enum status status = console_token(token, error);

    if (status == LICET_OK)
        status = leases_connect(leases, error);
    if (status == LICET_OK) {
        arguments[1].size = strlen(token);
        status = leases_call(leases, arguments, 2, error);
    }
    sodium_memzero(token, sizeof(token));
    return status;
}

/* ---- the table ---------------------------------------------------------------------------- */

static const struct reply_item *leases_field(const struct leases *leases,
                                             const struct reply_item *row, const char *key)
{
    const struct reply_item *item = row + 1;

    for (uint32_t index = 0; index + 1 < row->count; index += 2) {
        const struct reply_item *value = leases->items + item->next;

        if (text_is(item->text, key))
            return value;
        item = leases->items + value->next;
    }
    return NULL;
}

static void leases_print_text(const struct leases *leases, const struct reply_item *row,
                              const char *key, int width)
{
    const struct reply_item *item = leases_field(leases, row, key);
    char place[NAME_MAX_BYTES + 1] = "-";

    if (item != NULL && item->kind == REPLY_BULK) {
        snprintf(place, sizeof(place), "%.*s", TEXT_ARGS(item->text));
        text_make_printable(place, strlen(place));
    }
    printf("%-*s  ", width, place);
}

static int64_t leases_number(const struct leases *leases, const struct reply_item *row,
                             const char *key)
{
    const struct reply_item *item = leases_field(leases, row, key);

    return item != NULL && item->kind == REPLY_INTEGER ? item->integer : 0;
}

static void leases_print_row(const struct leases *leases, const struct reply_item *row)
{
    char place[32];
    struct buf since = buf_over(place, sizeof(place));

    printf("%10lld  ", (long long)leases_number(leases, row, "handle"));
    leases_print_text(leases, row, "vendor", 10);
    leases_print_text(leases, row, "feature", 20);
    leases_print_text(leases, row, "user", 12);
    leases_print_text(leases, row, "host", 16);
    unix_time_print((struct unix_time){leases_number(leases, row, "since")}, &since);
    printf("%5lld  %.*s  %6llds  %s\n", (long long)leases_number(leases, row, "count"),
           TEXT_ARGS(buf_text(&since)),
           (long long)((leases_number(leases, row, "left-ms") + 999) / 1000),
           leases_number(leases, row, "ending") != 0 ? "yes" : "-");
}

static void leases_print(struct leases *leases, const struct reply_item *rows)
{
    const struct reply_item *row = rows + 1;

    if (leases->rows_count == 0 && rows->count > 0)
        printf("%10s  %-10s  %-20s  %-12s  %-16s  %5s  %-20s  %7s  %s\n", "HANDLE", "VENDOR",
               "FEATURE", "USER", "HOST", "COUNT", "SINCE", "LEFT", "ENDING");
    for (uint32_t index = 0; index < rows->count; index++) {
        leases_print_row(leases, row);
        row = leases->items + row->next;
    }
    leases->rows_count += rows->count;
}

/* ---- the pages ---------------------------------------------------------------------------- */

static enum status leases_page(struct leases *leases, struct buf *cursor, bool *ret_has_more,
                               struct error *error)
{
    struct text arguments[9] = {TEXT("LEASES"), TEXT("LIMIT"), TEXT(LEASES_PAGE), TEXT("CURSOR"),
                                buf_text(cursor)};
    const struct reply_item *next, *rows;
    uint32_t count = 5;
    enum status status;

    if (leases->feature.data != NULL) {
        arguments[count++] = TEXT("FEATURE");
        arguments[count++] = leases->feature;
    }
    if (leases->vendor.data != NULL) {
        arguments[count++] = TEXT("VENDOR");
        arguments[count++] = leases->vendor;
    }
    status = leases_call(leases, arguments, count, error);
    if (status != LICET_OK)
        return status;
    next = reply_child(&leases->reply, &leases->items[0], 0);
    rows = reply_child(&leases->reply, &leases->items[0], 1);
    if (rows == NULL || rows->kind != REPLY_ARRAY ||
        (next->kind != REPLY_NULL && next->kind != REPLY_BULK) || next->text.size > 20)
        return error_set(error, LICET_PROTOCOL, "this is no page of LEASES");
    leases_print(leases, rows);
    *ret_has_more = next->kind == REPLY_BULK;
    cursor->size = 0;
    buf_add_text(cursor, next->text);
    return LICET_OK;
}

static enum status leases_show(struct leases *leases, struct error *error)
{
    char digits[24];
    struct buf cursor = buf_over(digits, sizeof(digits));
    bool has_more = true;
    enum status status = leases_authenticate(leases, error);

    buf_add_string(&cursor, "0");
    while (status == LICET_OK && has_more)
        status = leases_page(leases, &cursor, &has_more, error);
    if (status == LICET_OK && leases->rows_count == 0)
        printf("nobody holds a seat%s%.*s\n", leases->feature.data != NULL ? " of " : "",
               TEXT_ARGS(leases->feature));
    return status;
}

enum status leases_run(int argc, char **argv, struct error *error)
{
    struct leases leases = {.tcp = {.fd = -1}};
    enum status status = leases_parse(&leases, argc, argv, error);

    if (status != LICET_OK)
        return status;
    leases.bytes = malloc(REPLY_BYTES_MAX);
    leases.items = calloc(LEASES_ITEMS_MAX, sizeof(*leases.items));
    if (leases.bytes == NULL || leases.items == NULL)
        status = error_set(error, LICET_NO_MEMORY, "no memory is left to read leases");
    else
        status = leases_show(&leases, error);
    if (leases.tcp.fd >= 0)
        leases.link.close(leases.link.context);
    free(leases.items);
    free(leases.bytes);
    return status;
}
