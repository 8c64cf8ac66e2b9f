/* GET /status: what is installed, and counts. No name of a user or host (R10.6). */
#include "seat/names.h"
#include "server/administrators.h"
#include "server/console/console.h"

/* Limit: 10,000 features are 3 MB of JSON, and 5 MB more where each is covered by 8 with the
 * longest names; FEATURES has pages for more. */
#define STATUS_FEATURES_MAX 10000u
#define STATUS_COVERS_MAX 8u /* features that are named as those that cover another */

static json_t *status_maintenance(uint32_t days)
{
    char place[16];
    struct buf buf = buf_over(place, sizeof(place));

    if (days == 0)
        return json_null();
    if (days == DATE_NONE)
        return json_string("none");
    date_print((struct date){(int32_t)days}, &buf);
    return console_json_text(buf_text(&buf));
}

static json_t *status_feature(const struct server *server, const struct seat_feature_view *view)
{
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:o, s:o, s:[]}", "vendor",
                     console_json_text(names_text(server->names, view->vendor)), "feature",
                     console_json_text(names_text(server->names, view->feature)), "seats",
                     (json_int_t)view->seats, "in_use", (json_int_t)view->in_use, "overdraft",
                     (json_int_t)view->overdraft, "overdraft_in_use",
                     (json_int_t)view->overdraft_in_use, "overhang", (json_int_t)view->overhang,
                     "lines", (int)view->lines_count, "lines_disabled", (int)view->lines_disabled,
                     "maintenance", status_maintenance(view->maintenance), "ends",
                     console_json_time(view->ends), "covered_by");
}

/* ---- covers: a feature may have no line of its own, and be served through those that cover it */

static void status_key(name_id vendor, name_id feature, char ret_key[24])
{
    snprintf(ret_key, 24, "%u %u", (unsigned)vendor, (unsigned)feature);
}

static bool status_serves(const struct server *server, const struct seat_line *line)
{
    int64_t now = server->now.utc.s;

    return line->state == LINE_ENABLED && (line->start == 0 || line->start <= now) &&
           (line->expiry == 0 || now < line->expiry);
}

static void status_cover(json_t *feature, struct text by)
{
    json_t *covered_by = json_object_get(feature, "covered_by");

    for (size_t index = 0; index < json_array_size(covered_by); index++) {
        if (text_is(by, json_string_value(json_array_get(covered_by, index))))
            return;
    }
    if (json_array_size(covered_by) < STATUS_COVERS_MAX)
        json_array_append_new(covered_by, console_json_text(by));
}

/* `index` finds a feature by status_key(): one walk over the lines, however many features. */
static void status_covers(const struct server *server, const struct vendor *vendor,
                          const json_t *index)
{
    struct seat_line line;
    uint64_t cursor = 0;

    while (seats_next_line(server->seats, vendor->name, &cursor, &line)) {
        for (uint32_t cover = 0; status_serves(server, &line) && cover < line.covers_count;
             cover++) {
            char key[24];
            json_t *feature;

            status_key(vendor->name, line.covers[cover], key);
            feature = json_object_get(index, key);
            if (feature != NULL)
                status_cover(feature, names_text(server->names, line.feature));
        }
    }
}

static json_t *status_features(const struct server *server)
{
    json_t *features = json_array(), *index = json_object();
    struct seat_feature_view view;
    uint64_t cursor = 0;

    while (json_array_size(features) < STATUS_FEATURES_MAX &&
           seats_next_feature(server->seats, server->now, &cursor, &view)) {
        json_t *feature = status_feature(server, &view);
        char key[24];

        status_key(view.vendor, view.feature, key);
        json_object_set(index, key, feature);
        json_array_append_new(features, feature);
    }
    for (uint32_t vendor = 0; vendor < server->vendors_count; vendor++)
        status_covers(server, &server->vendors[vendor], index);
    json_decref(index);
    return features;
}

static json_t *status_vendor(const struct vendor *vendor)
{
    const struct license *license = &vendor->license;
    const struct revocations *list = &vendor->revocations.list;
    json_t *json = json_pack("{s:s, s:n}", "vendor", vendor->options->name, "generation");

    if (vendor->file.data != NULL)
        json_object_update_new(json, json_pack("{s:i, s:o, s:o, s:o, s:o, s:b}", "generation",
                                               (int)license->head.generation, "customer",
                                               console_json_text(license->head.customer), "serial",
                                               console_json_text(license->head.serial), "issued",
                                               console_json_time(license->head.issued.s), "hash",
                                               console_json_hash(&license->payload_hash), "revoked",
                                               vendor_is_revoked_by(vendor, list)));
    if (vendor->revocations.text.data != NULL)
        json_object_set_new(json, "revocations",
                            json_pack("{s:I, s:o, s:i}", "number", (json_int_t)list->head.number,
                                      "issued", console_json_time(list->head.issued.s), "keys",
                                      (int)list->keys_count));
    return json;
}

static json_t *status_vendors(const struct server *server)
{
    json_t *vendors = json_array();

    for (uint32_t index = 0; index < server->vendors_count; index++)
        json_array_append_new(vendors, status_vendor(&server->vendors[index]));
    return vendors;
}

void status_handle(struct http_exchange *exchange)
{
    const struct server *server = http_context(exchange);
    struct seats_totals totals;

    seats_totals(server->seats, &totals);
    console_answer_json(
        exchange,
        json_pack("{s:s, s:s, s:o, s:I, s:I, s:o, s:I, s:b, s:o, s:o}", "version", LICET_VERSION,
                  "name", server->options.name, "key", console_json_hash(&server->key_hash),
                  "epoch", (json_int_t)server->epoch, "leases", (json_int_t)totals.leases,
                  "started", console_json_time(server->started_at.s), "connections",
                  (json_int_t)server->counters.connections_open, "has_administrator",
                  !administrators_is_empty(server->administrators), "vendors",
                  status_vendors(server), "features", status_features(server)));
}
