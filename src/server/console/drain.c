/* What a preview says of leases: whom the drain of a file would end (R4.2). */
#include "seat/names.h"
#include "server/console/console.h"

/* Limit: about 200 KB of JSON. The counts are those of all. */
#define LEASES_SHOWN_MAX 1000u

struct drain_answer {
    const struct names *names;
    json_t *features, *leases;
    name_id feature; /* of the last row of `features` */
    uint32_t leases_count;
    uint64_t seats_count;
};

static json_t *drain_name(const struct drain_answer *answer, name_id id)
{
    return id == 0 ? json_null() : console_json_text(names_text(answer->names, id));
}

static void drain_end_feature(struct drain_answer *answer)
{
    if (answer->leases_count > 0)
        json_array_append_new(
            answer->features,
            json_pack("{s:o, s:I, s:I}", "feature", drain_name(answer, answer->feature), "leases",
                      (json_int_t)answer->leases_count, "seats", (json_int_t)answer->seats_count));
    answer->leases_count = 0;
    answer->seats_count = 0;
}

/* One feature after another. */
static void drain_see(void *context, const struct seat_lease_view *lease)
{
    struct drain_answer *answer = context;

    if (lease->feature != answer->feature)
        drain_end_feature(answer);
    answer->feature = lease->feature;
    answer->leases_count++;
    answer->seats_count += lease->count;
    if (json_array_size(answer->leases) < LEASES_SHOWN_MAX)
        json_array_append_new(answer->leases, json_pack("{s:I, s:o, s:o, s:o, s:o, s:I}", "handle",
                                                        (json_int_t)lease->handle, "feature",
                                                        drain_name(answer, lease->feature), "user",
                                                        drain_name(answer, lease->user), "host",
                                                        drain_name(answer, lease->host), "device",
                                                        drain_name(answer, lease->device), "seats",
                                                        (json_int_t)lease->count));
}

enum status console_drain(struct server *server, const struct installation *installation,
                          json_t *answer, struct error *error)
{
    struct drain_answer drain = {server->names, json_array(), json_array(), 0, 0, 0};
    struct seat_drain_watcher watcher = {drain_see, &drain};
    enum status status = LICET_OK;

    if (installation->shrinks && !installation->is_installed_already)
        status = installation_rehearse(server, installation, &watcher, error);
    drain_end_feature(&drain);
    json_object_set_new(
        answer, "drain",
        json_pack("{s:o, s:o}", "features", drain.features, "leases", drain.leases));
    return status;
}
