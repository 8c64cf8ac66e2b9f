/* GET /metrics: Prometheus text. Base units, one prefix, never a user's name. */
#include "seat/names.h"
#include "server/console/console.h"

#define METRICS_BYTES_MAX (8u * 1024 * 1024)
/* Limit: 6 lines of at most 220 bytes a feature are 6.6 MB. */
#define METRICS_FEATURES_MAX 5000u
#define SECONDS_A_DAY 86400u

struct metric {
    const char *name;
    const char *type;
    const char *help;
    uint64_t value;
};

static void metric_write(struct buf *buf, const struct metric *metric)
{
    buf_printf(buf, "# HELP licet_%s %s\n# TYPE licet_%s %s\nlicet_%s %llu\n", metric->name,
               metric->help, metric->name, metric->type, metric->name,
               (unsigned long long)metric->value);
}

static void metrics_totals(const struct server *server, struct buf *buf)
{
    struct seats_totals totals;

    seats_totals(server->seats, &totals);
    const struct metric metrics[] = {
        {"leases", "gauge", "Leases held now.", totals.leases},
        {"lease_memory_bytes", "gauge", "Memory of the seat core.", totals.memory_used},
        {"epoch", "gauge", "How often this server has started.", server->epoch},
        {"start_time_seconds", "gauge", "UTC time of the last start.",
         (uint64_t)server->started_at.s},
        {"journal_records", "gauge", "Number of the last durable record.", server->durable_number},
        {"connections", "gauge", "Connections open now.", server->counters.connections_open},
        {"connections_total", "counter", "Connections accepted.", server->counters.connections},
        {"commands_total", "counter", "RESP commands served.", server->counters.commands},
        {"protocol_errors_total", "counter", "Connections closed for a protocol error.",
         server->counters.protocol_errors},
        {"grants_total", "counter", "Leases granted.", server->counters.grants},
        {"reclaims_total", "counter", "Checkouts that were given their running lease again.",
         server->counters.reclaims},
        {"renewals_total", "counter", "Leases renewed.", server->counters.renewals},
        {"checkins_total", "counter", "Leases given back.", server->counters.checkins},
        {"denials_dropped_total", "counter",
         "Refusals that no note in the journal tells of: too many different ones at once.",
         denials_dropped(server->denials)},
        {"commits_total", "counter", "Groups of records made durable.", server->counters.commits},
        {"records_total", "counter", "Records made durable.", server->counters.records},
        {"signatures_total", "counter", "Roots of proofs signed.", server->counters.signatures},
    };

    for (size_t index = 0; index < sizeof(metrics) / sizeof(metrics[0]); index++)
        metric_write(buf, &metrics[index]);
}

/* The refusals that a product is told for seats are there from the start, as zeros: a rate over a
 * series that begins with its first refusal would miss it. */
static bool metrics_is_denial(enum status status)
{
    return (status >= LICET_NO_FEATURE && status <= LICET_NO_FILE) || status == LICET_OVER_LIMIT;
}

static void metrics_denials(const struct server *server, struct buf *buf)
{
    buf_add_string(buf, "# HELP licet_denials_total Requests for seats refused, by the code that "
                        "the product was told.\n# TYPE licet_denials_total counter\n");
    for (int status = 1; status < STATUSES_COUNT; status++) {
        uint64_t count = server->counters.denials[status];

        if (count > 0 || metrics_is_denial((enum status)status))
            buf_printf(buf, "licet_denials_total{code=\"%s\"} %llu\n",
                       status_word((enum status)status), (unsigned long long)count);
    }
}

static void metrics_generations(const struct server *server, struct buf *buf)
{
    buf_add_string(buf, "# HELP licet_generation Generation of the installed license file; 0 where "
                        "there is none.\n# TYPE licet_generation gauge\n");
    for (uint32_t index = 0; index < server->vendors_count; index++) {
        const struct vendor *vendor = &server->vendors[index];

        buf_printf(buf, "licet_generation{vendor=\"%s\"} %llu\n", vendor->options->name,
                   vendor->file.data == NULL ? 0ull
                                             : (unsigned long long)vendor->license.head.generation);
    }
}

enum feature_value {
    VALUE_SEATS,
    VALUE_IN_USE,
    VALUE_OVERDRAFT,
    VALUE_OVERHANG,
    VALUE_END,
    VALUE_MAINTENANCE,
    VALUES_COUNT
};

static const struct {
    const char *name;
    const char *help;
} feature_metrics[VALUES_COUNT] = {
    [VALUE_SEATS] = {"feature_seats", "Seats of enabled lines, without overdraft."},
    [VALUE_IN_USE] = {"feature_seats_in_use", "Seats held by requests that name the feature."},
    [VALUE_OVERDRAFT] = {"feature_overdraft_in_use",
                         "Seats in use above the count, in the cover family."},
    [VALUE_OVERHANG] = {"feature_overhang",
                        "Seats in use that no line backs any more, in the cover family."},
    [VALUE_END] = {"feature_end_seconds",
                   "UTC time when the last line of the feature has ended; absent where one is "
                   "permanent."},
    [VALUE_MAINTENANCE] = {"feature_maintenance_seconds",
                           "UTC time when the latest maintenance date is over; absent where a line "
                           "serves every release, or none any."},
};

/* For the times, 0 says that there is none. */
static uint64_t feature_value(const struct seat_feature_view *view, enum feature_value value)
{
    switch (value) {
    case VALUE_SEATS:
        return view->seats;
    case VALUE_IN_USE:
        return view->in_use;
    case VALUE_OVERDRAFT:
        return view->overdraft_in_use;
    case VALUE_OVERHANG:
        return view->overhang;
    case VALUE_END:
        return (uint64_t)view->ends;
    case VALUE_MAINTENANCE:
        return view->maintenance == DATE_NONE || view->maintenance == 0
                   ? 0
                   : ((uint64_t)view->maintenance + 1) * SECONDS_A_DAY;
    case VALUES_COUNT:
        break;
    }
    return 0;
}

/* Names of features and vendors are identifiers (R1.1): nothing in them needs escaping. */
static void metrics_features(const struct server *server, enum feature_value value, struct buf *buf)
{
    const char *name = feature_metrics[value].name;
    struct seat_feature_view view;
    uint64_t cursor = 0;
    uint32_t count = 0;

    buf_printf(buf, "# HELP licet_%s %s\n# TYPE licet_%s gauge\n", name,
               feature_metrics[value].help, name);
    while (count++ < METRICS_FEATURES_MAX &&
           seats_next_feature(server->seats, server->now, &cursor, &view)) {
        struct text vendor = names_text(server->names, view.vendor);
        struct text feature = names_text(server->names, view.feature);
        uint64_t number = feature_value(&view, value);

        if (number == 0 && (value == VALUE_END || value == VALUE_MAINTENANCE))
            continue;
        buf_printf(buf, "licet_%s{vendor=\"%.*s\",feature=\"%.*s\"} %llu\n", name,
                   TEXT_ARGS(vendor), TEXT_ARGS(feature), (unsigned long long)number);
    }
}

void metrics_handle(struct http_exchange *exchange)
{
    const struct server *server = http_context(exchange);
    char *place = malloc(METRICS_BYTES_MAX);
    struct buf buf = buf_over(place, METRICS_BYTES_MAX);

    if (place == NULL) {
        http_answer_error(exchange, LICET_NO_MEMORY, NULL);
        return;
    }
    metrics_totals(server, &buf);
    metrics_denials(server, &buf);
    metrics_generations(server, &buf);
    for (int value = 0; value < VALUES_COUNT; value++)
        metrics_features(server, (enum feature_value)value, &buf);
    http_answer(exchange, 200, "text/plain; version=0.0.4", buf_text(&buf));
    free(place);
}
