/* licetd's life: open the state, start an epoch, listen, serve, stop in good order. */
#include "server/server.h"

#include <assert.h>
#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "seat/names.h"
#include "server/administrators.h"
#include "server/connection.h"
#include "server/rates.h"
#include "server/report.h"

#define SECOND_MS 1000
#define HTTP_CONNECTIONS_MAX 256 /* consoles and monitors; products speak RESP */
#define HTTP_IDLE_SECONDS 30
#define STOP_MS 5000 /* what is decided is made durable and answered before the end */

/* ---- the end of a loop turn: group commit ---- */

static void server_submit(struct server *server)
{
    struct batch *batch = server->open;

    if (batch_is_empty(batch) || !commit_is_idle(&server->commit))
        return;
    server->in_flight_bytes = batch->body.size;
    server->open = batch == &server->batches[0] ? &server->batches[1] : &server->batches[0];
    commit_begin(&server->commit, batch);
}

static void server_turn_end(uv_check_t *check)
{
    server_submit(check->data);
}

static void server_count_batch(struct server *server, const struct batch *batch)
{
    if (batch->records_count > 0) {
        server->counters.commits++;
        server->counters.records += batch->records_count;
        server->durable_number = batch->first_number + batch->records_count - 1;
    }
    if (batch->leaves_count > 0)
        server->counters.signatures++;
}

static void server_consider_snapshot(struct server *server)
{
    struct journal_head head = journal_head(server->journal);
    struct seats_totals totals;

    seats_totals(server->seats, &totals);
    snapshot_consider(&server->snapshots, &head, totals.leases, server->now.utc.s);
}

static void server_committed(uv_async_t *async)
{
    struct server *server = async->data;
    struct batch *batch = commit_take(&server->commit);

    if (batch == NULL)
        return;
    server_read_clocks(server);
    server_count_batch(server, batch);
    server->in_flight_bytes = 0;
    server_submit(server); /* the disk works on while the replies leave */
    connection_release(server, batch);
    batch_clear(batch);
    connection_resume_stalled(server);
    server_submit(server);
    server_consider_snapshot(server);
}

/* ---- timers, signals, HTTP ---- */

static void server_seat_timer(uv_timer_t *timer)
{
    struct server *server = timer->data;
    struct seat_event event = {.kind = SEAT_TICK};

    server_read_clocks(server);
    server->timer_at = (struct instant){0};
    if (!batch_has_room(server->open, SEAT_STEP_BYTES, 0) ||
        !server_has_room(server, JOURNAL_RESERVE, SEAT_STEP_BYTES)) {
        uv_timer_start(timer, server_seat_timer, 10,
                       0); /* seats free a moment later; nothing is lost */
        return;
    }
    server_step(server, &event);
    server_submit(server);
}

static void server_second_timer(uv_timer_t *timer)
{
    struct server *server = timer->data;

    server_read_clocks(server);
    connection_check_doors(server);
    if (!server_has_room(server, JOURNAL_GROWTH, SEAT_STEP_BYTES))
        commit_look_for_room(&server->commit);
    if (server->now.instant.ms - server->noted_at.ms >= DENIAL_FLUSH_MS)
        server_write_notes(server, false);
}

static void server_run_http(struct server *server)
{
    int64_t timeout_ms;

    server_read_clocks(server);
    http_server_run(server->http);
    timeout_ms = http_server_timeout_ms(server->http);
    if (timeout_ms >= 0)
        uv_timer_start(&server->http_timer, server->http_timer.timer_cb, (uint64_t)timeout_ms, 0);
}

static void server_wake_http(void *context)
{
    struct server *server = context;

    uv_timer_start(&server->http_timer, server->http_timer.timer_cb, 0, 0);
}

static void server_http_timer(uv_timer_t *timer)
{
    server_run_http(timer->data);
    server_submit(timer->data); /* a turn that begins with a timer may wait in its middle */
}

static void server_http_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    server_run_http(poll->data);
}

static void server_stop(struct server *server)
{
    server->is_stopping = true;
    uv_stop(&server->loop);
}

static void server_signal(uv_signal_t *signal, int number)
{
    struct server *server = signal->data;

    log_info("server.stopping", "signal=%d", number);
    server_stop(server);
}

/* ---- start ---- */

static enum status server_open_vendors(struct server *server, struct error *error)
{
    for (uint32_t index = 0; index < server->options.vendors_count; index++) {
        const struct vendor_options *options = &server->options.vendors[index];
        struct vendor *vendor = &server->vendors[index];
        bool is_new;
        enum status status;

        vendor->options = options;
        vendor->trust.vendor = text_of(options->name);
        vendor->trust.roots_count = options->roots_count;
        memcpy(vendor->trust.roots, options->roots, sizeof(options->roots));
        status = names_intern(server->names, text_of(options->name), &vendor->name, &is_new, error);
        server->vendors_count++;
        if (status == LICET_OK)
            status = installation_restore(server, vendor, error);
        if (status == LICET_OK)
            status = revocation_restore(server, vendor, error);
        if (status == LICET_OK)
            status = response_restore(server, vendor, error);
        if (status != LICET_OK)
            return status;
    }
    return LICET_OK;
}

static void server_open_handles(struct server *server)
{
    uv_async_init(&server->loop, &server->committed, server_committed);
    uv_check_init(&server->loop, &server->turn_end);
    uv_timer_init(&server->loop, &server->seat_timer);
    uv_timer_init(&server->loop, &server->http_timer);
    uv_timer_init(&server->loop, &server->second_timer);
    uv_signal_init(&server->loop, &server->signals[0]);
    uv_signal_init(&server->loop, &server->signals[1]);
    uv_poll_init(&server->loop, &server->http_poll, http_server_fd(server->http));
    server->snapshots.loop = &server->loop;
    server->committed.data = server->turn_end.data = server->http_poll.data = server;
    server->seat_timer.data = server->http_timer.data = server->second_timer.data = server;
    server->signals[0].data = server->signals[1].data = server;
    server->seat_timer.timer_cb = server_seat_timer;
    server->http_timer.timer_cb = server_http_timer;
    uv_check_start(&server->turn_end, server_turn_end);
    uv_timer_start(&server->second_timer, server_second_timer, SECOND_MS, SECOND_MS);
    uv_signal_start(&server->signals[0], server_signal, SIGTERM);
    uv_signal_start(&server->signals[1], server_signal, SIGINT);
    uv_poll_start(&server->http_poll, UV_READABLE, server_http_ready);
}

static enum status server_open_http(struct server *server, struct error *error)
{
    static const char *hosts[HOST_NAMES_MAX + 5] = {"localhost", "127.0.0.1", "[::1]"};
    struct http_options options = {
        .routes = server_routes,
        .routes_count = server_routes_count,
        .hosts = hosts,
        .connections_max = HTTP_CONNECTIONS_MAX,
        .idle_seconds = HTTP_IDLE_SECONDS,
        .context = server,
        .wake = server_wake_http,
        .identify = server_identify,
    };

    hosts[3] = server->options.name;
    for (uint32_t index = 0; index < server->options.hosts_count; index++)
        hosts[4 + index] = server->options.hosts[index];
    return http_server_create(&options, &server->http, error);
}

/* R8.8: the key once, the epoch at every start; both durable before anybody is served. */
static enum status server_begin_epoch(struct server *server, struct error *error)
{
    struct seat_event event = {.kind = SEAT_START};
    struct seats_totals totals;
    enum status status = LICET_OK;

    server_read_clocks(server);
    server->open->names_last = names_last(server->names);
    if (server_next_number(server) == 1) {
        struct seat_record record = {.kind = SEAT_RECORD_OPEN, .at = server->now.utc.s};

        memcpy(record.open.server_key, server->key.bytes, sizeof(record.open.server_key));
        status = server_apply(server, &record, error);
    }
    if (status != LICET_OK)
        return status;
    if (!server_has_room(server, JOURNAL_RESERVE, SEAT_STEP_BYTES))
        return error_set(error, LICET_DISK_FULL, "the disk of %s has no room to begin",
                         server->options.state);
    server_step(server, &event);
    seats_totals(server->seats, &totals);
    server->epoch = totals.epoch;
    return LICET_OK;
}

static enum status server_listen(struct server *server, struct error *error)
{
    for (uint32_t index = 0; index < server->options.listens_count; index++) {
        struct listener *listener = &server->listeners[index];
        char text[ADDRESS_TEXT_MAX];
        struct buf buf = buf_over(text, sizeof(text));
        enum status status = listener_init(
            listener, &server->loop, &server->options.listens[index],
            (void (*)(void *, int, const struct address *))connection_take, server, error);

        if (status != LICET_OK)
            return status;
        server->listeners_count++;
        address_print(&listener->address, &buf);
        log_info("server.listening", "address=%.*s", (int)buf.size, buf.data);
    }
    return LICET_OK;
}

static enum status server_open_memory(struct server *server, struct error *error)
{
    size_t replies = SCRATCH_BYTES_MAX + INPUT_BYTES * 2;
    enum status status;

    server->input = malloc(INPUT_BYTES);
    server->replies = buf_over(malloc(replies), replies);
    if (server->input == NULL || server->replies.data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to begin");
    server->open = &server->batches[0];
    status =
        source_rates_create(server->options.grants_a_second_max, "seats",
                            "let the administrator raise grants-a-second", &server->rates, error);
    if (status == LICET_OK)
        status = source_rates_create(REPORTS_OF_SOURCE_A_SECOND, "reports", "sign in as a viewer",
                                     &server->report_rates, error);
    if (status == LICET_OK)
        status = report_open(server, error);
    for (int index = 0; status == LICET_OK && index < 2; index++)
        status = batch_init(&server->batches[index], error);
    return status;
}

static enum status server_open(struct server *server, struct error *error)
{
    enum status status = server_open_memory(server, error);

    server_read_clocks(server);
    server->started_at = server->now.utc;
    if (status == LICET_OK)
        status = state_open(server, error);
    if (status == LICET_OK)
        status = server_open_vendors(server, error);
    if (status == LICET_OK)
        status = server_open_http(server, error);
    if (status != LICET_OK)
        return status;
    server->commit.journal = server->journal;
    server->commit.names_file = server->names_file;
    server->commit.names = server->names;
    server->commit.done = &server->committed;
    return LICET_OK;
}

enum status server_create(const struct options *options, struct server **ret_server,
                          struct error *error)
{
    struct server *server = calloc(1, sizeof(*server));
    enum status status;

    if (server == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to begin");
    server->options = *options;
    if (sodium_init() < 0 || uv_loop_init(&server->loop) != 0) {
        free(server);
        return error_set(error, LICET_SYSTEM, "the event loop cannot be made");
    }
    status = server_open(server, error);
    if (status != LICET_OK) {
        server_destroy(server);
        return status;
    }
    *ret_server = server;
    return LICET_OK;
}

/* ---- running ---- */

static void server_close_handle(uv_handle_t *handle, void *argument)
{
    (void)argument;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Everything that was decided becomes durable and is answered; then the connections end. */
static void server_drain(struct server *server)
{
    int64_t until_ms = clock_instant().ms + STOP_MS;

    for (uint32_t index = 0; index < server->listeners_count; index++)
        listener_finish(&server->listeners[index]);
    connection_end_all(server);
    /* Passwords and reports are waited for in any case: they hold exchanges that http_server_destroy() frees.
     */
    while (server->hashes_waiting > 0 || server->is_report_written ||
           ((!batch_is_empty(server->open) || !commit_is_idle(&server->commit) ||
             server->snapshots.is_working || commit_has_notes(&server->commit)) &&
            clock_instant().ms < until_ms))
        uv_run(&server->loop, UV_RUN_ONCE);
    server_write_notes(server, true);
    while (commit_has_notes(&server->commit) && clock_instant().ms < until_ms)
        uv_run(&server->loop, UV_RUN_ONCE);
    commit_stop(&server->commit);
}

/* The epoch is durable before anybody is served. */
static enum status server_begin(struct server *server, struct error *error)
{
    enum status status = server_begin_epoch(server, error);

    if (status != LICET_OK)
        return status;
    server_submit(server);
    while (server->durable_number + 1 < server_next_number(server))
        uv_run(&server->loop, UV_RUN_ONCE);
    return server_listen(server, error);
}

enum status server_run(struct server *server, struct error *error)
{
    enum status status;

    server_open_handles(server);
    /* Order: before any thread is started, for Landlock binds a thread and those that it starts
     * later. */
    status = sandbox_enter(server->options.state, error);
    if (status == LICET_OK)
        status = commit_start(&server->commit, error);
    if (status != LICET_OK)
        return status;
    status = server_begin(server, error);
    if (status == LICET_OK) {
        server->is_serving = true;
        server_mind_timer(server);
        log_info("server.serving", "name=\"%s\" epoch=%llu", server->options.name,
                 (unsigned long long)server->epoch);
        if (!server->is_stopping) /* the signal may have come while the epoch was made durable */
            uv_run(&server->loop, UV_RUN_DEFAULT);
    }
    server_drain(server);
    return status;
}

void server_destroy(struct server *server)
{
    if (server == NULL)
        return;
    http_server_destroy(server->http);
    connection_close_all(server);
    uv_walk(&server->loop, server_close_handle, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    uv_loop_close(&server->loop);
    for (uint32_t index = 0; index < server->vendors_count; index++) {
        free(server->vendors[index].arena_memory);
        free(server->vendors[index].file_memory);
        free(server->vendors[index].revocations.arena_memory);
        free(server->vendors[index].revocations.text_memory);
    }
    report_close(server);
    source_rates_destroy(server->rates);
    source_rates_destroy(server->report_rates);
    batch_finish(&server->batches[0]);
    batch_finish(&server->batches[1]);
    free(server->input);
    free(server->replies.data);
    state_close(server);
    free(server);
}
