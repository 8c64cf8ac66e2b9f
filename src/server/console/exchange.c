/*
 * GET /request and GET /receipt: the texts that people carry to the vendor (R5). A request is
 * counted in the journal before it leaves, so that the portal can tell a clone from this server
 * (R5.2).
 */
#include "license/exchange.h"

#include "seat/names.h"
#include "server/console/console.h"

#define TEXT_BYTES_MAX LICENSE_FILE_BYTES_MAX

enum exchange_kind {
    EXCHANGE_REQUEST,
    EXCHANGE_RECEIPT
};

struct exchange_wait {
    struct http_exchange *exchange;
    struct buf text;
};

/* The latest end that a running lease of the vendor was promised (R5.1), 0: none runs. */
static int64_t exchange_latest_end(const struct server *server, const struct vendor *vendor)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;
    int64_t latest_ms = -1;

    while (seats_next_lease(server->seats, server->now, vendor->name, 0, &cursor, &view)) {
        if (view.left_ms > latest_ms)
            latest_ms = view.left_ms;
    }
    return latest_ms < 0 ? 0 : server->now.utc.s + (latest_ms + 999) / 1000;
}

static enum status exchange_lines(const struct server *server, const struct vendor *vendor,
                                  struct arena *arena, struct receipt_line **ret_lines,
                                  uint32_t *ret_count, struct error *error)
{
    int64_t latest_end = -1; /* not looked for yet: only overhang asks for a walk over all leases */
    struct receipt_line *lines = arena_take(arena, SEAT_ROWS_MAX, sizeof(*lines));
    struct seat_line row;
    uint64_t cursor = 0;
    uint32_t count = 0;

    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to write the text");
    while (count < SEAT_ROWS_MAX && seats_next_line(server->seats, vendor->name, &cursor, &row)) {
        if (row.state == LINE_FORMER && row.held_over == 0)
            continue; /* R5.1: a vanished line is named while it has overhang */
        if (row.held_over > 0 && latest_end < 0)
            latest_end = exchange_latest_end(server, vendor);
        line_init(LINE_SEATS, &lines[count]);
        lines[count].sn = names_text(server->names, row.sn);
        lines[count].seats = row.seats;
        lines[count].overhang = row.held_over;
        lines[count].until = (struct unix_time){row.held_over > 0 ? latest_end : 0};
        count++;
    }
    *ret_lines = lines;
    *ret_count = count;
    return LICET_OK;
}

/* R2.5: so that the portal can warn before it issues a field that this licetd would not serve. */
static enum status exchange_serves(struct arena *arena, struct field_list *ret_list,
                                   struct error *error)
{
    uint32_t rows_count;
    const struct field_row *rows = field_rows_of(LINE_INCREMENT, &rows_count);
    struct field_list list = {.items = arena_take(arena, rows_count, sizeof(*list.items))};

    if (list.items == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to write the text");
    for (uint32_t index = 0; index < rows_count; index++) {
        if (rows[index].is_served && !rows[index].is_positional)
            list.items[list.count++] = text_of(rows[index].key);
    }
    *ret_list = list;
    return LICET_OK;
}

static enum status request_text(const struct server *server, const struct vendor *vendor,
                                uint64_t counter, struct arena *arena, struct buf *buf,
                                struct error *error)
{
    struct journal_head head = journal_head(server->journal);
    struct server_request request = {.acts = NULL};
    enum status status;

    line_init(LINE_REQUEST, &request.head);
    request.head.vendor = text_of(vendor->options->name);
    request.head.name = text_of(server->options.name);
    request.head.key = server->key_hash;
    request.head.licetd = TEXT(LICET_VERSION);
    request.head.counter = counter;
    request.head.response = vendor->response_hash;
    if (vendor->file.data !=
        NULL) { /* a first request, which enrols the server, has none of this */
        const struct license_host *self = license_find_server(&vendor->license, &server->key);

        request.head.server = self == NULL ? (struct text){"", 0} : self->id;
        request.head.customer = vendor->license.head.customer;
        request.head.generation = vendor->license.head.generation;
        request.head.payload = vendor->license.payload_hash;
        request.head.epoch = server->epoch;
        memcpy(request.head.head.bytes, head.hash, sizeof(request.head.head.bytes));
    }
    status = exchange_lines(server, vendor, arena, &request.lines, &request.lines_count, error);
    if (status == LICET_OK)
        status = exchange_serves(arena, &request.head.serves, error);
    return status == LICET_OK ? request_sign(&request, &server->commit.key, arena, buf, error)
                              : status;
}

static enum status receipt_text(const struct server *server, const struct vendor *vendor,
                                uint64_t counter, struct arena *arena, struct buf *buf,
                                struct error *error)
{
    const struct license_host *self = license_find_server(&vendor->license, &server->key);
    struct journal_head head = journal_head(server->journal);
    struct receipt receipt = {.lines = NULL};
    enum status status;

    line_init(LINE_RECEIPT, &receipt.head);
    receipt.head.vendor = text_of(vendor->options->name);
    receipt.head.server = self == NULL ? (struct text){"", 0} : self->id;
    receipt.head.customer = vendor->license.head.customer;
    receipt.head.key = server->key_hash;
    receipt.head.generation = vendor->license.head.generation;
    receipt.head.payload = vendor->license.payload_hash;
    receipt.head.epoch = server->epoch;
    receipt.head.counter = counter;
    memcpy(receipt.head.head.bytes, head.hash, sizeof(receipt.head.head.bytes));
    status = exchange_lines(server, vendor, arena, &receipt.lines, &receipt.lines_count, error);
    return status == LICET_OK ? receipt_sign(&receipt, &server->commit.key, arena, buf, error)
                              : status;
}

/* The record is durable: now the text may leave. */
static void exchange_durable(void *context)
{
    struct exchange_wait *wait = context;

    http_answer(wait->exchange, 200, "text/plain; charset=utf-8", buf_text(&wait->text));
    free(wait->text.data);
    free(wait);
}

static enum status exchange_count(struct server *server, const struct vendor *vendor,
                                  uint64_t *ret_counter, struct error *error)
{
    struct seat_record record = {.kind = SEAT_RECORD_REQUEST, .at = server->now.utc.s};
    struct seats_totals totals;

    if (!server_has_room(server, JOURNAL_RESERVE, SEAT_RECORD_BYTES_MAX) ||
        !batch_has_room(server->open, SEAT_RECORD_BYTES_MAX + JOURNAL_RECORD_OVERHEAD, 0))
        return error_set(error, LICET_DISK_FULL,
                         "the license server's disk has no room to count a request");
    seats_totals(server->seats, &totals);
    record.request.counter = totals.request_counter + 1;
    memcpy(record.request.response_hash, vendor->response_hash.bytes,
           sizeof(record.request.response_hash));
    *ret_counter = record.request.counter;
    return server_apply(server, &record, error);
}

/* Order: written now, while everything it tells of stands in the open batch or before it. Written
 * when that batch is durable, it could tell of a later installation that is not, and a receipt for
 * one that a crash then undoes would give seats away twice. */
static enum status exchange_write(struct server *server, const struct vendor *vendor,
                                  enum exchange_kind kind, struct buf *buf, struct error *error)
{
    char *memory = malloc(LICENSE_ARENA_BYTES(TEXT_BYTES_MAX));
    struct arena arena = arena_over(memory, LICENSE_ARENA_BYTES(TEXT_BYTES_MAX));
    uint64_t counter = 0;
    enum status status;

    if (memory == NULL || buf->data == NULL) {
        free(memory);
        return error_set(error, LICET_NO_MEMORY, "no memory is left to write the text");
    }
    status = exchange_count(server, vendor, &counter, error);
    if (status == LICET_OK)
        status = kind == EXCHANGE_REQUEST
                     ? request_text(server, vendor, counter, &arena, buf, error)
                     : receipt_text(server, vendor, counter, &arena, buf, error);
    free(memory);
    return status;
}

enum status exchange_add_receipt(struct server *server, const struct vendor *vendor, json_t *answer,
                                 struct error *error)
{
    struct buf text = buf_over(malloc(TEXT_BYTES_MAX), TEXT_BYTES_MAX);
    enum status status = exchange_write(server, vendor, EXCHANGE_RECEIPT, &text, error);

    if (status == LICET_OK)
        json_object_set_new(answer, "receipt", console_json_text(buf_text(&text)));
    free(text.data);
    return status;
}

/* The text waits in no more memory than it needs. */
static void exchange_defer(struct http_exchange *exchange, struct exchange_wait *wait)
{
    char *smaller = realloc(wait->text.data, wait->text.size);

    wait->exchange = exchange;
    wait->text.data = smaller == NULL ? wait->text.data : smaller;
    http_defer(exchange);
    server_when_durable(http_context(exchange), exchange_durable, wait);
}

static void exchange_handle(struct http_exchange *exchange, enum exchange_kind kind)
{
    struct exchange_wait *wait = calloc(1, sizeof(*wait));
    struct vendor *vendor;
    struct error error = {0};
    enum status status = wait == NULL ? LICET_NO_MEMORY : console_vendor(exchange, &vendor, &error);

    if (status == LICET_OK && kind == EXCHANGE_RECEIPT && vendor->file.data == NULL)
        status = error_set(&error, LICET_NO_FILE,
                           "no license file of %s is installed, so there is nothing to confirm",
                           vendor->options->name);
    if (status == LICET_OK) {
        wait->text = buf_over(malloc(TEXT_BYTES_MAX), TEXT_BYTES_MAX);
        status = exchange_write(http_context(exchange), vendor, kind, &wait->text, &error);
    }
    if (status == LICET_OK) {
        exchange_defer(exchange, wait);
        return;
    }
    http_answer_error(exchange, status, &error);
    if (wait != NULL)
        free(wait->text.data);
    free(wait);
}

void request_handle(struct http_exchange *exchange)
{
    exchange_handle(exchange, EXCHANGE_REQUEST);
}

void receipt_handle(struct http_exchange *exchange)
{
    exchange_handle(exchange, EXCHANGE_RECEIPT);
}
