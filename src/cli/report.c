/* One connection, a token, and page after page of one command. */
#include "cli/report.h"

#include <getopt.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/console.h"
#include "resp/writer.h"

#define REPORT_TIMEOUT_MS 10000
#define REPORT_PAGE "500"
/* The array, its cursor, the list of rows, and rows of at most 32 keys and values. */
#define REPORT_ITEMS_MAX (3 + 500 * (1 + 32))

static enum status report_parse(struct report *report, int argc, char **argv, struct error *error)
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
            report->feature = text_of(optarg);
        else if (option == 'v')
            report->vendor = text_of(optarg);
        else
            return command_usage(report->form->name, error);
    }
    if ((report->feature.data != NULL && !text_is_identifier(report->feature)) ||
        (report->vendor.data != NULL && !text_is_identifier(report->vendor)))
        return error_set(error, LICET_INVALID,
                         "features and vendors have names of letters, digits and _");
    return optind == argc ? LICET_OK : command_usage(report->form->name, error);
}

/* ---- the connection ----------------------------------------------------------------------- */

static enum status report_connect(struct report *report, struct error *error)
{
    const char *server = getenv("LICET_SERVER");
    licet_error failure = {.status = LICET_OK};
    licet_status status;

    tcp_init(&report->tcp);
    report->link = tcp_transport(&report->tcp);
    status = report->link.connect(report->link.context, server, REPORT_TIMEOUT_MS, &failure);
    if (status == LICET_OK)
        return LICET_OK;
    if (status == LICET_TIMEOUT)
        return error_set(error, LICET_TIMEOUT, "the license server %.80s does not answer", server);
    return error_set(error, (enum status)status, "%s", failure.text);
}

static enum status report_send(struct report *report, const struct text *arguments, uint32_t count,
                               struct error *error)
{
    char place[1024]; /* nine arguments: a token, two names, a cursor, and our own words */
    struct buf out = buf_over(place, sizeof(place));
    size_t sent = 0;

    resp_write_command(&out, arguments, count);
    while (!out.is_full && sent < out.size) {
        int64_t size = report->link.write(report->link.context, place + sent, out.size - sent,
                                          REPORT_TIMEOUT_MS);

        if (size <= 0)
            break;
        sent += (size_t)size;
    }
    sodium_memzero(place, sizeof(place));
    return sent == out.size
               ? LICET_OK
               : error_set(error, LICET_UNREACHABLE, "the license server takes no command");
}

static enum status report_receive(struct report *report, struct error *error)
{
    struct instant end = instant_add_ms(clock_instant(), REPORT_TIMEOUT_MS);
    enum reply_result result = REPLY_NEED_MORE;
    size_t filled = 0;

    report->reply = reply_over(report->items, REPORT_ITEMS_MAX);
    while (result == REPLY_NEED_MORE) {
        int64_t size = filled == REPLY_BYTES_MAX || clock_instant().ms >= end.ms
                           ? 0
                           : report->link.read(report->link.context, report->bytes + filled,
                                               REPLY_BYTES_MAX - filled, REPORT_TIMEOUT_MS);

        if (size < 0)
            return error_set(error, LICET_UNREACHABLE, "the license server hung up");
        if (size == 0)
            return error_set(error, LICET_TIMEOUT, "the license server did not answer in time");
        filled += (size_t)size;
        result = reply_read(&report->reply, text_make(report->bytes, filled), error);
    }
    return result == REPLY_READ ? LICET_OK : error->status;
}

/* The reply is in report->reply, borrowed until the next call. */
static enum status report_call(struct report *report, const struct text *arguments, uint32_t count,
                               struct error *error)
{
    enum status status = report_send(report, arguments, count, error);
    struct text sentence;

    if (status == LICET_OK)
        status = report_receive(report, error);
    if (status != LICET_OK || report->items[0].kind != REPLY_ERROR)
        return status;
    status = reply_error_status(&report->items[0], &sentence);
    return error_set(error, status, "%.*s", TEXT_ARGS(sentence));
}

static enum status report_authenticate(struct report *report, struct error *error)
{
    char token[CALL_TOKEN_BYTES_MAX + 1];
    struct text arguments[2] = {TEXT("AUTH"), {token, 0}};
    enum status status = console_token(token, error);

    if (status == LICET_OK)
        status = report_connect(report, error);
    if (status == LICET_OK) {
        arguments[1].size = strlen(token);
        status = report_call(report, arguments, 2, error);
    }
    sodium_memzero(token, sizeof(token));
    return status;
}

/* ---- the table ---------------------------------------------------------------------------- */

static const struct reply_item *report_field(const struct report *report,
                                             const struct reply_item *row, const char *key)
{
    const struct reply_item *item = row + 1;

    for (uint32_t index = 0; index + 1 < row->count; index += 2) {
        const struct reply_item *value = report->items + item->next;

        if (text_is(item->text, key))
            return value;
        item = report->items + value->next;
    }
    return NULL;
}

void report_print_text(const struct report *report, const struct reply_item *row, const char *key,
                       int width)
{
    const struct reply_item *item = report_field(report, row, key);
    char place[NAME_MAX_BYTES + 1] = "-";

    if (item != NULL && item->kind == REPLY_BULK) {
        snprintf(place, sizeof(place), "%.*s", TEXT_ARGS(item->text));
        text_make_printable(place, strlen(place));
    }
    printf("%-*s  ", width, place);
}

int64_t report_number(const struct report *report, const struct reply_item *row, const char *key)
{
    const struct reply_item *item = report_field(report, row, key);

    return item != NULL && item->kind == REPLY_INTEGER ? item->integer : 0;
}

void report_print_time(const struct report *report, const struct reply_item *row, const char *key)
{
    char place[32];
    struct buf time = buf_over(place, sizeof(place));

    unix_time_print((struct unix_time){report_number(report, row, key)}, &time);
    printf("%.*s  ", TEXT_ARGS(buf_text(&time)));
}

static void report_print(struct report *report, const struct reply_item *rows)
{
    const struct reply_item *row = rows + 1;

    if (report->rows_count == 0 && rows->count > 0)
        report->form->print_head();
    for (uint32_t index = 0; index < rows->count; index++) {
        report->form->print_row(report, row);
        row = report->items + row->next;
    }
    report->rows_count += rows->count;
}

/* ---- the pages ---------------------------------------------------------------------------- */

static enum status report_page(struct report *report, struct buf *cursor, bool *ret_has_more,
                               struct error *error)
{
    struct text arguments[9] = {text_of(report->form->command), TEXT("LIMIT"), TEXT(REPORT_PAGE),
                                TEXT("CURSOR"), buf_text(cursor)};
    const struct reply_item *next, *rows;
    uint32_t count = 5;
    enum status status;

    if (report->feature.data != NULL) {
        arguments[count++] = TEXT("FEATURE");
        arguments[count++] = report->feature;
    }
    if (report->vendor.data != NULL) {
        arguments[count++] = TEXT("VENDOR");
        arguments[count++] = report->vendor;
    }
    status = report_call(report, arguments, count, error);
    if (status != LICET_OK)
        return status;
    next = reply_child(&report->reply, &report->items[0], 0);
    rows = reply_child(&report->reply, &report->items[0], 1);
    if (rows == NULL || rows->kind != REPLY_ARRAY ||
        (next->kind != REPLY_NULL && next->kind != REPLY_BULK) || next->text.size > 20)
        return error_set(error, LICET_PROTOCOL, "this is no page of %s", report->form->command);
    report_print(report, rows);
    *ret_has_more = next->kind == REPLY_BULK;
    cursor->size = 0;
    buf_add_text(cursor, next->text);
    return LICET_OK;
}

static enum status report_show(struct report *report, struct error *error)
{
    char digits[24];
    struct buf cursor = buf_over(digits, sizeof(digits));
    bool has_more = true;
    enum status status = report_authenticate(report, error);

    buf_add_string(&cursor, "0");
    while (status == LICET_OK && has_more)
        status = report_page(report, &cursor, &has_more, error);
    if (status == LICET_OK && report->rows_count == 0)
        printf("%s%s%.*s\n", report->form->nothing, report->feature.data != NULL ? " of " : "",
               TEXT_ARGS(report->feature));
    return status;
}

enum status report_run(const struct report_form *form, int argc, char **argv, struct error *error)
{
    struct report report = {.form = form, .tcp = {.fd = -1}};
    enum status status = report_parse(&report, argc, argv, error);

    if (status != LICET_OK)
        return status;
    report.bytes = malloc(REPLY_BYTES_MAX);
    report.items = calloc(REPORT_ITEMS_MAX, sizeof(*report.items));
    if (report.bytes == NULL || report.items == NULL)
        status = error_set(error, LICET_NO_MEMORY, "no memory is left to read %s", form->name);
    else
        status = report_show(&report, error);
    if (report.tcp.fd >= 0)
        report.link.close(report.link.context);
    free(report.items);
    free(report.bytes);
    return status;
}
