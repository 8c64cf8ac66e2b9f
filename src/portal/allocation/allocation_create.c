/*
 * POST /api/organizations/{organization}/allocations {server, lines: [{entitlement, seats}], after?}: what
 * a license server, by its number or a host name (R3.2), is to have. A smaller count than before is a
 * return, which ends with the server's receipt. The answer is the generation that says so.
 */
#include <stdlib.h>

#include "portal/allocation/allocation.h"
#include "portal/issue/settle.h"
#include "portal/number.h"
#include "portal/reply.h"
#include "portal/server/server.h"

struct allocating {
    struct arena *arena;
    int64_t customer_id;
    struct text server;
    struct change_set changes;
};

static enum status allocating_run(struct db_transaction *transaction, void *context,
                                  int64_t *ret_resource, struct error *error)
{
    const struct allocating *allocating = context;
    struct arena arena = *allocating->arena; /* it may run again */
    struct change_set changes = allocating->changes;
    struct serial serial = serial_draw();
    struct server server;
    enum status status = server_by_text(transaction, allocating->customer_id, allocating->server,
                                        changes.now, &arena, &server, error);

    if (status != LICET_OK)
        return status;
    changes.server_id = server.id;
    changes.serial = text_of(serial.text);
    return allocation_change(transaction, &changes, &arena, ret_resource, error);
}

static enum status line_read(json_t *json, struct issue_line *line, size_t number,
                             struct error *error)
{
    json_int_t entitlement, seats;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:I, s:I}", "entitlement", &entitlement, "seats",
                       &seats) != 0 ||
        entitlement < 1 || seats < 0 || seats > SEATS_MAX)
        return error_set(error, LICET_INVALID,
                         "line %zu must have \"entitlement\", a number, and \"seats\", 0 to %u",
                         number, SEATS_MAX);
    *line = (struct issue_line){entitlement, (uint32_t)seats};
    return LICET_OK;
}

static int line_compare(const void *left, const void *right)
{
    const struct issue_line *one = left, *other = right;

    return (one->entitlement_id > other->entitlement_id) -
           (one->entitlement_id < other->entitlement_id);
}

static enum status lines_read(struct request *request, struct change_set *changes,
                              struct error *error)
{
    const json_t *json = json_object_get(request_json(request), "lines");
    size_t count = json_array_size(json);
    struct issue_line *lines;
    enum status status = LICET_OK;

    if (count == 0 || count > LICENSE_LINES_MAX)
        return error_set(error, LICET_INVALID, "\"lines\" must be a list of 1 to %u lines",
                         (unsigned)LICENSE_LINES_MAX);
    lines = arena_take(request_arena(request), count, sizeof(*lines));
    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for this many lines");
    for (size_t index = 0; status == LICET_OK && index < count; index++)
        status = line_read(json_array_get(json, index), &lines[index], index + 1, error);
    if (status != LICET_OK)
        return status;
    qsort(lines, count, sizeof(*lines), line_compare);
    for (size_t index = 1; index < count; index++) {
        if (lines[index].entitlement_id == lines[index - 1].entitlement_id)
            return error_set(error, LICET_INVALID, "entitlement %lld is in two lines",
                             (long long)lines[index].entitlement_id);
    }
    changes->lines = lines;
    changes->lines_count = (uint32_t)count;
    return LICET_OK;
}

static enum status allocating_read(struct request *request, struct allocating *allocating,
                                   struct error *error)
{
    int64_t after = 0;
    enum status status = request_path_int(request, "organization", &allocating->customer_id, error);

    if (status == LICET_OK)
        status = request_require(request, ROLE_ADMINISTRATOR, allocating->customer_id,
                                 "such organisation", error);
    if (status == LICET_OK)
        status = request_json_only(request, "server lines after", error);
    if (status == LICET_OK)
        status =
            request_json_text(request, "server", 1, NAME_MAX_BYTES, &allocating->server, error);
    if (status == LICET_OK && request_json_has(request, "after"))
        status = request_json_int(request, "after", 1, UINT32_MAX, &after, error);
    allocating->changes.after = (uint32_t)after;
    return status == LICET_OK ? lines_read(request, &allocating->changes, error) : status;
}

enum status allocation_create_handle(struct request *request, struct reply *reply,
                                     struct error *error)
{
    struct allocating allocating = {
        .arena = request_arena(request),
        .changes = {.person_id = request_person(request), .now = request_time(request)}};
    int64_t issue_id;
    enum status status = allocating_read(request, &allocating, error);

    if (status == LICET_OK)
        status = request_act(request, allocating_run, &allocating, &issue_id, error);
    return status == LICET_OK ? issue_reply(request, issue_id, reply, error) : status;
}
