/* A file instead of a server: who may hold what, until when. */
#include "client/device.h"

#include "base/clock.h"
#include "seat/flow.h"

#define DEVICE_CLASSES_MAX (CLIENT_LEASES_MAX + 1)

size_t device_memory(void)
{
    return flow_memory(FAMILY_LINES_MAX, DEVICE_CLASSES_MAX);
}

/* ---- opening ------------------------------------------------------------------------------ */

/* "device " and the serial stand for the key that a server would have. */
static enum status device_see_witness(struct licet *client, struct error *error)
{
    const struct license *license = &client->chain.file->license;
    char place[NAME_MAX_BYTES + sizeof("device ")];
    struct buf name = buf_over(place, sizeof(place));
    struct witness_mark mark = {.generation = license->head.generation};

    buf_add_string(&name, "device ");
    buf_add_text(&name, license->device->name);
    mark.server_key = hash_of(buf_text(&name));
    memcpy(mark.vendor, license->head.vendor.data, license->head.vendor.size);
    if (witness_see(&client->witness, &mark, NULL) == LICET_OK)
        return LICET_OK;
    return error_set(error, LICET_OLD_GENERATION,
                     "generation %u of the license file for the device %.*s is older than one that "
                     "was used here before: use the newest file",
                     license->head.generation, TEXT_ARGS(license->device->name));
}

enum status device_open(struct licet *client, const licet_options *options, void *memory,
                        struct error *error)
{
    bool has_key = options->device_key != NULL && options->device_key[0] != '\0';
    struct public_key key;
    enum status status = LICET_OK;

    if (has_key)
        status = public_key_parse(text_of(options->device_key), &key, NULL, error);
    if (status == LICET_OK)
        status = chain_see_device(
            &client->chain, text_make(options->device_file, options->device_file_size),
            text_of(client->identity.device), has_key ? &key : NULL, clock_unix(), error);
    if (status == LICET_OK)
        status = device_see_witness(client, error);
    if (status == LICET_OK)
        client->device_memory = memory;
    return status;
}

/* ---- which lines, now and later ----------------------------------------------------------- */

/* Limit: a request looks at 256 lines at most; a device with more of one family has the fewer
 * seats. */
struct device_lines {
    struct unix_time now;
    uint32_t count;
    const struct license_increment *items[FAMILY_LINES_MAX];
};

/* Security: a clock that was set back to before the file was issued wins nothing. */
static struct unix_time device_time(const struct licet *client)
{
    struct unix_time now = client->calendar(client->clock_context);
    struct unix_time issued = client->chain.file->license.head.issued;

    return now.s < issued.s ? issued : now;
}

static bool device_serves(const struct licet *client, const struct license_increment *line,
                          const struct lease *lease, struct unix_time now)
{
    return grant_line_serves(&client->chain.file->license, line, &lease->request, now);
}

/* The lines that serve somebody now: who holds a seat, or `asker`. */
static void device_find_lines(const struct licet *client, const struct lease *asker,
                              struct device_lines *lines)
{
    const struct license *license = &client->chain.file->license;

    lines->now = device_time(client);
    lines->count = 0;
    for (uint32_t index = 0; index < license->increments_count; index++) {
        const struct license_increment *line = &license->increments[index];
        bool is_wanted = device_serves(client, line, asker, lines->now);

        for (uint32_t other = 0; other < client->leases_count && !is_wanted; other++)
            is_wanted = client->leases[other].phase == LEASE_HELD &&
                        device_serves(client, line, &client->leases[other], lines->now);
        if (is_wanted && lines->count < FAMILY_LINES_MAX)
            lines->items[lines->count++] = line;
    }
}

static bool device_lasts(int64_t end, int64_t at)
{
    return end == 0 || end > at;
}

static uint32_t device_class(const struct licet *client, const struct device_lines *lines,
                             const struct lease *lease, int64_t at, struct flow *flow)
{
    struct flow_lines may = {{0}};

    for (uint32_t index = 0; index < lines->count; index++) {
        if (device_serves(client, lines->items[index], lease, lines->now) &&
            device_lasts(grant_line_end(lines->items[index]), at))
            flow_lines_add(&may, index);
    }
    return flow_class_add(flow, &may);
}

/* R4.3, R4.4: what is held beyond `at`, and what is asked for, has room on the lines that go on
 * beyond it. */
static bool device_fits(const struct licet *client, const struct device_lines *lines,
                        const struct lease *asker, int64_t at, bool *ret_overdraft)
{
    struct flow *flow = flow_create(client->device_memory, lines->count, DEVICE_CLASSES_MAX);

    for (uint32_t index = 0; index < lines->count; index++)
        flow_line(flow, index, lines->items[index]->seats, lines->items[index]->overdraft);
    for (uint32_t index = 0; index < client->leases_count; index++) {
        const struct lease *lease = &client->leases[index];

        if (lease->phase == LEASE_HELD && device_lasts(lease->end_s, at))
            flow_take(flow, device_class(client, lines, lease, at, flow),
                      lease->request.leaf.count);
    }
    return flow_fits(flow, device_class(client, lines, asker, at, flow), asker->request.leaf.count,
                     ret_overdraft);
}

/* R4.4: the first end of a line at which there is no room any more; 0: never. */
static int64_t device_find_end(const struct licet *client, const struct device_lines *lines,
                               const struct lease *asker)
{
    int64_t at = lines->now.s, next;
    bool unused;

    do {
        next = 0;
        for (uint32_t index = 0; index < lines->count; index++) {
            int64_t end = grant_line_end(lines->items[index]);

            if (end > at && (next == 0 || end < next))
                next = end;
        }
        at = next;
    } while (next != 0 && device_fits(client, lines, asker, next, &unused));
    return next;
}

/* ---- refusals ----------------------------------------------------------------------------- */

/* No line serves the request: which reason went furthest? */
static enum status device_deny_line(const struct licet *client, const struct lease *asker,
                                    struct unix_time now, struct error *error)
{
    const struct license *license = &client->chain.file->license;
    enum status reason = LICET_NO_FEATURE;

    for (uint32_t index = 0; index < license->increments_count; index++) {
        const struct license_increment *line = &license->increments[index];
        int64_t end = grant_line_end(line);

        if (!grant_line_has(line, asker->request.feature))
            continue;
        if (license_increment_state(license, line, NULL) != LICENSE_LINE_ENABLED)
            reason = reason == LICET_NO_FEATURE ? LICET_DISABLED : reason;
        else if (line->maintenance < asker->request.leaf.release)
            reason =
                reason == LICET_NO_FEATURE || reason == LICET_DISABLED ? LICET_MAINTENANCE : reason;
        else
            reason = end != 0 && now.s >= end ? LICET_EXPIRED : LICET_NOT_STARTED;
    }
    return error_set(error, reason,
                     "%s on this device: %s (generation %u of its license file; the vendor can "
                     "issue another)",
                     asker->feature, status_text(reason), license->head.generation);
}

static enum status device_decide(const struct licet *client, const struct device_lines *lines,
                                 const struct lease *asker, uint32_t *ret_flags,
                                 struct error *error)
{
    bool is_served = false, is_overdraft = false;

    for (uint32_t index = 0; index < lines->count && !is_served; index++)
        is_served = device_serves(client, lines->items[index], asker, lines->now);
    if (!is_served)
        return device_deny_line(client, asker, lines->now, error);
    if (!device_fits(client, lines, asker, lines->now.s, &is_overdraft))
        return error_set(error, LICET_NO_SEAT,
                         "the license file of this device has not so many seats of %s beside those "
                         "that are held: check one in, or ask the vendor for more",
                         asker->feature);
    *ret_flags = is_overdraft ? LICET_FLAG_OVERDRAFT : 0;
    return LICET_OK;
}

/* ---- holding ------------------------------------------------------------------------------ */

enum status device_checkout(struct licet *client, struct lease *lease, struct error *error)
{
    struct instant now = client_now(client);
    struct device_lines lines;
    uint32_t flags;
    enum status status;

    device_find_lines(client, lease, &lines);
    status = device_decide(client, &lines, lease, &flags, error);
    if (status != LICET_OK) {
        lease_free(lease);
        return status;
    }
    lease->end_s = device_find_end(client, &lines, lease);
    lease->end.ms =
        lease->end_s == 0 ? INT64_MAX : instant_add_ms(now, (lease->end_s - lines.now.s) * 1000).ms;
    lease->phase = LEASE_HELD;
    lease->ask_at = (struct instant){INT64_MAX}; /* of nobody, ever */
    lease->number = lease->serial;
    lease->generation = client->chain.file->license.head.generation;
    lease->flags = flags;
    lease->granted_s = lines.now.s;
    lease->grants = 1;
    return LICET_OK;
}

void device_why(const struct licet *client, const struct lease *lease, licet_reason *ret_reason)
{
    struct device_lines lines;
    struct error error = {.text = ""};
    uint32_t flags;

    *ret_reason = (licet_reason){.next_free_s = 0};
    device_find_lines(client, lease, &lines);
    ret_reason->status = device_decide(client, &lines, lease, &flags, &error);
    if (ret_reason->status != LICET_OK)
        ret_reason->next_free_s = -1;
    for (uint32_t index = 0; index < lines.count; index++) {
        if (device_serves(client, lines.items[index], lease, lines.now))
            ret_reason->seats +=
                (uint64_t)lines.items[index]->seats + lines.items[index]->overdraft;
    }
    for (uint32_t index = 0; index < client->leases_count; index++) {
        const struct lease *held = &client->leases[index];

        if (held->phase == LEASE_HELD && text_equal(held->request.feature, lease->request.feature))
            ret_reason->in_use += held->request.leaf.count;
    }
    snprintf(ret_reason->text, sizeof(ret_reason->text), "%s",
             error_text(&error, (enum status)ret_reason->status));
}

void device_tick(struct licet *client)
{
    struct instant now = client_now(client);

    for (uint32_t index = 0; index < client->leases_count; index++) {
        struct lease *lease = &client->leases[index];

        if (now.ms < lease_ends_at(lease).ms)
            continue;
        lease->phase = LEASE_LOST;
        error_set(&lease->failure, LICET_EXPIRED,
                  "the right to use %s on this device has ended: ask the vendor for a newer "
                  "license file",
                  lease->feature);
    }
}
