#include "portal/issue/view.h"

#include "base/limits.h"
#include "portal/reply.h"
#include "store/store.h"
#include "store/together.h"

json_t *issue_json(const void *row)
{
    const struct issue *issue = row;

    return json_pack(
        "{s:I, s:I, s:I, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id",
        (json_int_t)issue->id, "server", (json_int_t)issue->server_id, "generation",
        (json_int_t)issue->generation, "serial", json_of_text(issue->serial), "state",
        issue_state_name(issue->state), "waits_for",
        issue->waits_for.size == 0 ? json_null() : json_of_text(issue->waits_for), "act",
        json_of_text(issue->act), "created", json_of_time(issue->created), "issued",
        json_of_time(issue->issued), "payload_hash", json_of_text(issue->payload_hash),
        "not_served", json_of_text(issue->not_served), "problem", json_of_text(issue->problem),
        "override", json_of_text(issue->override), "void", json_of_text(issue->cancel));
}

enum status issue_whole_read(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct issue_whole *ret_whole, struct error *error)
{
    struct issue_whole whole = {.lines =
                                    arena_rows(arena, LICENSE_LINES_MAX, sizeof(*whole.lines))};
    enum status status;

    if (whole.lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of a server");
    status = store_issue_whole(transaction, id, arena, &whole.issue, whole.lines,
                               &whole.lines_count, &whole.server, error);
    if (status == LICET_OK)
        *ret_whole = whole;
    return status;
}

json_t *issue_whole_json(const struct issue_whole *whole)
{
    json_t *json = issue_json(&whole->issue), *lines = json_array();

    for (uint32_t index = 0; index < whole->lines_count; index++)
        json_array_append_new(lines, json_pack("{s:I, s:I}", "entitlement",
                                               (json_int_t)whole->lines[index].entitlement_id,
                                               "seats", (json_int_t)whole->lines[index].seats));
    if (json_object_set_new(json, "lines", lines) == 0)
        return json;
    json_decref(json);
    return NULL;
}

struct issue_found {
    struct arena *arena;
    int64_t id;
    struct issue_whole whole;
};

static enum status issue_find(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct issue_found *found = context;

    return issue_whole_read(transaction, found->id, found->arena, &found->whole, error);
}

enum status issue_whole_get(struct request *request, int64_t id, unsigned int roles,
                            struct issue_whole *ret_whole, struct error *error)
{
    struct issue_found found = {.arena = request_arena(request), .id = id};
    enum status status = store_read(request_store(request), issue_find, &found, error);

    if (status == LICET_OK)
        status = request_require(request, roles, found.whole.server.customer_id, "such generation",
                                 error);
    if (status == LICET_OK)
        *ret_whole = found.whole;
    return status;
}
