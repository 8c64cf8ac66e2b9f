/* GET /metrics: Prometheus text. Base units, one prefix, never a user's name. */
#include "seat/names.h"
#include "server/console/console.h"
#include "server/report.h"

#define METRICS_BYTES_MAX (8u * 1024 * 1024)
/* Limit: 6 lines of at most 220 bytes a feature are 6.6 MB. */
#define METRICS_FEATURES_MAX 5000u

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

static void metrics_totals(const struct report *report, struct buf *buf)
{
    const struct server *server = report->server;
    const struct server_counters *counters = &report->counters;
    const struct metric metrics[] = {
        {"leases", "gauge", "Leases held now.", report->totals.leases},
        {"lease_memory_bytes", "gauge", "Memory of the seat core.", report->totals.memory_used},
        {"epoch", "gauge", "How often this server has started.", server->epoch},
        {"start_time_seconds", "gauge", "UTC time of the last start.",
         (uint64_t)server->started_at.s},
        {"journal_records", "gauge", "Number of the last durable record.", report->durable_number},
        {"connections", "gauge", "Connections open now.", counters->connections_open},
        {"connections_total", "counter", "Connections accepted.", counters->connections},
        {"http_connections_total", "counter", "Connections that spoke HTTP.",
         counters->connections_http},
        {"commands_total", "counter", "RESP commands served.", counters->commands},
        {"protocol_errors_total", "counter", "Connections closed for a protocol error.",
         counters->protocol_errors},
        {"grants_total", "counter", "Leases granted.", counters->grants},
        {"reclaims_total", "counter", "Checkouts that were given their running lease again.",
         counters->reclaims},
        {"renewals_total", "counter", "Leases renewed.", counters->renewals},
        {"checkins_total", "counter", "Leases given back.", counters->checkins},
        {"denials_dropped_total", "counter",
         "Refusals that no note in the journal tells of: too many different ones at once.",
         report->denials_dropped},
        {"commits_total", "counter", "Groups of records made durable.", counters->commits},
        {"records_total", "counter", "Records made durable.", counters->records},
        {"signatures_total", "counter", "Roots of proofs signed.", counters->signatures},
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

static void metrics_denials(const struct report *report, struct buf *buf)
{
    buf_add_string(buf, "# HELP licet_denials_total Requests for seats refused, by the code that "
                        "the product was told.\n# TYPE licet_denials_total counter\n");
    for (int status = 1; status < STATUSES_COUNT; status++) {
        uint64_t count = report->counters.denials[status];

        if (count > 0 || metrics_is_denial((enum status)status))
            buf_printf(buf, "licet_denials_total{code=\"%s\"} %llu\n",
                       status_word((enum status)status), (unsigned long long)count);
    }
}

static uint64_t vendor_generation(const struct report_vendor *vendor)
{
    return vendor->generation;
}

static uint64_t vendor_list_number(const struct report_vendor *vendor)
{
    return vendor->list_number;
}

static uint64_t vendor_is_revoked(const struct report_vendor *vendor)
{
    return vendor->is_revoked;
}

static const struct {
    const char *name;
    const char *help;
    uint64_t (*value)(const struct report_vendor *vendor);
} vendor_metrics[] = {
    {"generation", "Generation of the installed license file; 0 where there is none.",
     vendor_generation},
    {"revocations_number", "Number of the installed revocation list; 0 where there is none.",
     vendor_list_number},
    {"license_revoked",
     "1 where the installed license file is signed by a key that the list revokes.",
     vendor_is_revoked},
};

static void metrics_vendors(const struct report *report, struct buf *buf)
{
    for (size_t row = 0; row < sizeof(vendor_metrics) / sizeof(vendor_metrics[0]); row++) {
        const char *name = vendor_metrics[row].name;

        buf_printf(buf, "# HELP licet_%s %s\n# TYPE licet_%s gauge\n", name,
                   vendor_metrics[row].help, name);
        for (uint32_t index = 0; index < report->server->vendors_count; index++)
            buf_printf(buf, "licet_%s{vendor=\"%s\"} %llu\n", name,
                       report->server->vendors[index].options->name,
                       (unsigned long long)vendor_metrics[row].value(&report->installed[index]));
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
static void metrics_features(const struct report *report, enum feature_value value, struct buf *buf)
{
    const struct names *names = report->server->names;
    const char *name = feature_metrics[value].name;

    buf_printf(buf, "# HELP licet_%s %s\n# TYPE licet_%s gauge\n", name,
               feature_metrics[value].help, name);
    for (uint32_t row = 0; row < report->rows_count && row < METRICS_FEATURES_MAX; row++) {
        const struct seat_feature_view *view = &report->rows[row];
        struct text vendor = names_text(names, view->vendor);
        struct text feature = names_text(names, view->feature);
        uint64_t number = feature_value(view, value);

        if (number == 0 && (value == VALUE_END || value == VALUE_MAINTENANCE))
            continue;
        buf_printf(buf, "licet_%s{vendor=\"%.*s\",feature=\"%.*s\"} %llu\n", name,
                   TEXT_ARGS(vendor), TEXT_ARGS(feature), (unsigned long long)number);
    }
}

struct buf metrics_write(const struct report *report)
{
    char *place = malloc(METRICS_BYTES_MAX);
    struct buf buf = buf_over(place, METRICS_BYTES_MAX);

    if (place == NULL)
        return buf;
    metrics_totals(report, &buf);
    metrics_denials(report, &buf);
    metrics_vendors(report, &buf);
    for (int value = 0; value < VALUES_COUNT; value++)
        metrics_features(report, (enum feature_value)value, &buf);
    return buf;
}

void metrics_handle(struct http_exchange *exchange)
{
    report_ask(exchange, REPORT_METRICS);
}
