/* GET /status: what is installed, and counts. No name of a user or host (R10.6). */
#include "seat/names.h"
#include "server/console/console.h"
#include "server/report.h"

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

static json_t *status_features(const struct report *report)
{
    json_t *features = json_array(), *index = json_object(); /* of features by status_key() */
    char key[24];

    for (uint32_t row = 0; row < report->rows_count; row++) {
        json_t *feature = status_feature(report->server, &report->rows[row]);

        status_key(report->rows[row].vendor, report->rows[row].feature, key);
        json_object_set(index, key, feature);
        json_array_append_new(features, feature);
    }
    for (uint32_t at = 0; at < report->covers_count; at++) {
        const struct report_cover *cover = &report->covers[at];
        json_t *feature;

        status_key(cover->vendor, cover->feature, key);
        feature = json_object_get(index, key);
        if (feature != NULL)
            status_cover(feature, names_text(report->server->names, cover->by));
    }
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

json_t *status_vendors(const struct server *server)
{
    json_t *vendors = json_array();

    for (uint32_t index = 0; index < server->vendors_count; index++)
        json_array_append_new(vendors, status_vendor(&server->vendors[index]));
    return vendors;
}

struct buf status_write(const struct report *report)
{
    const struct server *server = report->server;
    json_t *json = json_pack(
        "{s:s, s:s, s:o, s:I, s:I, s:o, s:I, s:b, s:O, s:o}", "version", LICET_VERSION, "name",
        server->options.name, "key", console_json_hash(&server->key_hash), "epoch",
        (json_int_t)server->epoch, "leases", (json_int_t)report->totals.leases, "started",
        console_json_time(server->started_at.s), "connections",
        (json_int_t)report->counters.connections_open, "has_administrator",
        report->has_administrator, "vendors", report->vendors, "features", status_features(report));
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    json_decref(json);
    return (struct buf){.data = text, .size = text == NULL ? 0 : strlen(text)};
}

void status_handle(struct http_exchange *exchange)
{
    report_ask(exchange, REPORT_STATUS);
}
