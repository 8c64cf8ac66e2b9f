/* The turns of reports, and the copy that /status and /metrics are written from. */
#include "server/report.h"

#include "server/administrators.h"
#include "server/connection.h"
#include "server/denials.h"
#include "server/rates.h"

struct report_wait {
    struct http_exchange *exchange;
    enum report_kind kind;
    struct report_wait *next;
};

struct report_maker {
    struct server *server;
    struct report report;
    struct report_wait *asking; /* since the copy began: they get the next one */
    struct report_wait *served; /* by this one */
    uint64_t rows_cursor, lines_cursor;
    uint32_t vendor;           /* whose lines are copied */
    uint64_t installed_number; /* of the newest installation when the copy began */
    bool is_copying;
    uv_work_t work;
    struct buf texts[REPORT_KINDS];
};

static const struct {
    const char *content_type;
    struct buf (*write)(const struct report *report);
} report_forms[REPORT_KINDS] = {
    [REPORT_STATUS] = {"application/json", status_write},
    [REPORT_METRICS] = {"text/plain; version=0.0.4", metrics_write},
};

/* ---- writing, in the pool ---- */

static void report_work(uv_work_t *work)
{
    struct report_maker *maker = work->data;
    bool is_wanted[REPORT_KINDS] = {false};

    for (const struct report_wait *wait = maker->served; wait != NULL; wait = wait->next)
        is_wanted[wait->kind] = true;
    for (int kind = 0; kind < REPORT_KINDS; kind++) {
        if (is_wanted[kind])
            maker->texts[kind] = report_forms[kind].write(&maker->report);
    }
    json_decref(maker->report.vendors);
    maker->report.vendors = NULL;
}

/* Texts of no data stand for "no memory". */
static void report_answer(struct report_maker *maker)
{
    while (maker->served != NULL) {
        struct report_wait *wait = maker->served;
        struct buf text = maker->texts[wait->kind];

        maker->served = wait->next;
        if (text.data == NULL)
            http_answer_error(wait->exchange, LICET_NO_MEMORY, NULL);
        else
            http_answer(wait->exchange, 200, report_forms[wait->kind].content_type,
                        buf_text(&text));
        free(wait);
    }
    for (int kind = 0; kind < REPORT_KINDS; kind++) {
        free(maker->texts[kind].data);
        maker->texts[kind] = (struct buf){.data = NULL};
    }
}

static void report_written(uv_work_t *work, int uv_status)
{
    struct report_maker *maker = work->data;
    struct server *server = maker->server;

    (void)uv_status; /* it is never cancelled */
    server->is_report_written = false;
    report_answer(maker);
    if (maker->asking != NULL)
        report_wake(server);
}

/* ---- copying, a slice a turn ---- */

static uint64_t report_newest_installation(const struct server *server)
{
    uint64_t newest = 0;

    for (uint32_t index = 0; index < server->vendors_count; index++) {
        if (server->vendors[index].installed_number > newest)
            newest = server->vendors[index].installed_number;
    }
    return newest;
}

static void report_restart(struct server *server)
{
    struct report_maker *maker = server->reporter;

    maker->report.rows_count = maker->report.covers_count = 0;
    maker->rows_cursor = maker->lines_cursor = 0;
    maker->vendor = 0;
    maker->installed_number = report_newest_installation(server);
}

static void report_begin(struct server *server)
{
    struct report_maker *maker = server->reporter;

    maker->served = maker->asking;
    maker->asking = NULL;
    maker->is_copying = true;
    report_restart(server);
}

/* True when there are no more. */
static bool report_copy_rows(struct server *server, uint32_t *places)
{
    struct report_maker *maker = server->reporter;
    struct report *report = &maker->report;

    for (; report->rows_count < REPORT_FEATURES_MAX; report->rows_count++) {
        if (*places == 0)
            return false;
        --*places;
        if (!seats_next_feature(server->seats, server->now, &maker->rows_cursor,
                                &report->rows[report->rows_count]))
            return true;
    }
    return true;
}

static void report_copy_covers(struct report *report, name_id vendor, const struct seat_line *line)
{
    for (uint32_t index = 0; index < line->covers_count; index++) {
        if (report->covers_count == REPORT_COVERS_MAX)
            return;
        report->covers[report->covers_count++] =
            (struct report_cover){vendor, line->covers[index], line->feature};
    }
}

static bool report_copy_lines(struct server *server, uint32_t *places)
{
    struct report_maker *maker = server->reporter;

    for (; *places > 0; --*places) {
        name_id vendor;
        struct seat_line line;

        if (maker->vendor == server->vendors_count)
            return true;
        vendor = server->vendors[maker->vendor].name;
        if (!seats_next_line(server->seats, vendor, &maker->lines_cursor, &line)) {
            maker->vendor++;
            maker->lines_cursor = 0;
        } else if (seat_line_serves(&line, server->now.utc.s)) {
            report_copy_covers(&maker->report, vendor, &line);
        }
    }
    return false;
}

static void report_copy_totals(struct server *server)
{
    struct report *report = &server->reporter->report;

    seats_totals(server->seats, &report->totals);
    report->now = server->now;
    report->counters = server->counters;
    report->durable_number = server->durable_number;
    report->denials_dropped = denials_dropped(server->denials);
    report->has_administrator = !administrators_is_empty(server->administrators);
    json_decref(report->vendors);
    report->vendors = status_vendors(server);
    for (uint32_t index = 0; index < server->vendors_count; index++) {
        const struct vendor *vendor = &server->vendors[index];

        report->installed[index] = (struct report_vendor){
            .generation = vendor->file.data == NULL ? 0 : vendor->license.head.generation,
            .list_number = vendor->revocations.list.head.number,
            .is_revoked = vendor_is_revoked_by(vendor, &vendor->revocations.list),
        };
    }
}

/* One slice; the last one hands the copy to the pool. */
static void report_copy(struct server *server)
{
    struct report_maker *maker = server->reporter;
    uint32_t places = REPORT_PLACES_A_TURN;

    if (maker->installed_number != report_newest_installation(server))
        report_restart(server);
    if (!report_copy_rows(server, &places) || !report_copy_lines(server, &places))
        return;
    report_copy_totals(server);
    maker->is_copying = false;
    maker->work.data = maker;
    server->is_report_written =
        uv_queue_work(&server->loop, &maker->work, report_work, report_written) == 0;
    if (!server->is_report_written)
        report_answer(maker); /* of no memory; the copy's JSON is freed with the next one */
}

/* ---- turns ---- */

/* A stopping server begins nothing: who asks is told so by http_server_destroy(). */
static bool report_may_begin(const struct server *server)
{
    return server->reporter->asking != NULL && !server->is_report_written && !server->is_stopping;
}

static void report_turn(uv_idle_t *idle)
{
    struct server *server = idle->data;
    struct report_maker *maker = server->reporter;

    server_read_clocks(server);
    connection_resume_report(server);
    if (maker->is_copying)
        report_copy(server);
    else if (report_may_begin(server))
        report_begin(server);
    if (server->reports.first == NULL && !maker->is_copying && !report_may_begin(server))
        uv_idle_stop(idle);
}

void report_wake(struct server *server)
{
    uv_idle_start(&server->report_turn, report_turn);
}

static enum status report_take_rate(struct http_exchange *exchange, struct error *error)
{
    struct server *server = http_context(exchange);
    struct address peer;
    char place[ADDRESS_TEXT_MAX];
    struct buf source = buf_over(place, sizeof(place));

    if (http_exchange_role(exchange) >= HTTP_ROLE_VIEWER)
        return LICET_OK;
    peer.size = http_peer(exchange, &peer.storage);
    address_print_source(&peer, &source);
    return source_rates_take_address(server->report_rates, buf_text(&source), server->now.instant,
                                     error);
}

void report_ask(struct http_exchange *exchange, enum report_kind kind)
{
    struct server *server = http_context(exchange);
    struct error error = {0};
    enum status status = report_take_rate(exchange, &error);
    struct report_wait *wait = status == LICET_OK ? calloc(1, sizeof(*wait)) : NULL;

    if (status != LICET_OK || wait == NULL) {
        http_answer_error(exchange, status == LICET_OK ? LICET_NO_MEMORY : status, &error);
        return;
    }
    *wait = (struct report_wait){exchange, kind, server->reporter->asking};
    server->reporter->asking = wait;
    http_defer(exchange);
    report_wake(server);
}

enum status report_open(struct server *server, struct error *error)
{
    server->reporter = calloc(1, sizeof(*server->reporter));
    if (server->reporter == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to begin");
    server->reporter->server = server;
    server->reporter->report.server = server;
    uv_idle_init(&server->loop, &server->report_turn);
    server->report_turn.data = server;
    return LICET_OK;
}

static void report_forget(struct report_wait *wait)
{
    while (wait != NULL) {
        struct report_wait *next = wait->next;

        free(wait);
        wait = next;
    }
}

void report_close(struct server *server)
{
    if (server->reporter == NULL)
        return;
    report_forget(server->reporter->asking);
    report_forget(server->reporter->served);
    json_decref(server->reporter->report.vendors);
    free(server->reporter);
}
