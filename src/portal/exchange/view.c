#include "portal/exchange/view.h"

#include "base/limits.h"
#include "portal/reply.h"
#include "portal/server/view.h"
#include "store/issue.h"
#include "store/issue_content.h"
#include "store/store.h"

struct exchange_found {
    struct arena *arena;
    int64_t id;
    struct exchange_view view;
};

/* R5: an empty line and the license file stand behind the response. */
static enum status view_read_response(struct db_transaction *transaction, struct arena *arena,
                                      struct exchange_view *view, struct error *error)
{
    struct text head, file = {"", 0};
    struct buf whole;
    char *place;
    enum status status =
        store_exchange_response(transaction, view->exchange.id, arena, &head, error);

    if (status == LICET_OK && view->exchange.file_issue_id != 0)
        status = store_issue_file(transaction, view->exchange.file_issue_id, arena, &file, error);
    if (status != LICET_OK)
        return status;
    place = arena_take(arena, head.size + 1 + file.size, 1);
    if (place == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a response");
    whole = buf_over(place, head.size + 1 + file.size);
    buf_add_text(&whole, head);
    if (file.size > 0)
        buf_add_byte(&whole, '\n');
    buf_add_text(&whole, file);
    view->response = buf_text(&whole);
    return LICET_OK;
}

static enum status view_read_waiting(struct db_transaction *transaction, struct arena *arena,
                                     struct exchange_view *view, struct error *error)
{
    struct issue issue = {.waits_for = {"", 0}};
    enum status status = LICET_OK;

    if (view->exchange.issue_id != 0 && view->exchange.state == EXCHANGE_WAITING)
        status = store_issue_get(transaction, view->exchange.issue_id, arena, &issue, error);
    if (view->exchange.problem.data != NULL)
        issue.waits_for = TEXT("staff");
    view->waits_for = issue.waits_for.size > 0 ? issue.waits_for : TEXT("signer");
    return status;
}

static enum status exchange_find(struct db_transaction *transaction, void *context,
                                 struct error *error)
{
    struct exchange_found *found = context;
    struct exchange_view *view = &found->view;
    struct arena arena = *found->arena;
    enum status status = store_exchange_get(transaction, found->id, &arena, &view->exchange, error);

    view->results = arena_rows(&arena, REQUEST_ACTS_MAX, sizeof(*view->results));
    if (view->results == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the acts of a request");
    if (status == LICET_OK)
        status =
            store_server_get(transaction, view->exchange.server_id, &arena, &view->server, error);
    if (status == LICET_OK)
        status = store_exchange_results(transaction, found->id, REQUEST_ACTS_MAX, &arena,
                                        view->results, &view->results_count, error);
    if (status != LICET_OK)
        return status;
    status = view->exchange.state == EXCHANGE_ANSWERED
                 ? view_read_response(transaction, &arena, view, error)
                 : view_read_waiting(transaction, &arena, view, error);
    if (status == LICET_OK)
        *found->arena = arena;
    return status;
}

enum status exchange_view_get(struct request *request, int64_t id, struct exchange_view *ret_view,
                              struct error *error)
{
    struct exchange_found found = {.arena = request_arena(request), .id = id};
    enum status status = store_read(request_store(request), exchange_find, &found, error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such request");
    if (status == LICET_OK)
        *ret_view = found.view;
    return status;
}

static json_t *results_json(const struct exchange_view *view)
{
    json_t *results = json_array();

    for (uint32_t index = 0; index < view->results_count; index++) {
        const struct exchange_result *result = &view->results[index];

        json_array_append_new(
            results, json_pack("{s:I, s:o, s:o, s:I}", "act", (json_int_t)result->number, "status",
                               json_of_text(result->status), "sn",
                               result->sn.size == 0 ? json_null() : json_of_text(result->sn),
                               "seats", (json_int_t)result->seats));
    }
    return results;
}

json_t *exchange_json(const struct exchange_view *view)
{
    const struct exchange *exchange = &view->exchange;

    return json_pack(
        "{s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "id", (json_int_t)exchange->id,
        "server", server_json(&view->server), "counter", (json_int_t)exchange->counter, "received",
        json_of_time(exchange->received), "issue",
        exchange->issue_id == 0 ? json_null() : json_integer(exchange->issue_id), "waits_for",
        view->waits_for.size == 0 ? json_null() : json_of_text(view->waits_for), "problem",
        json_of_text(exchange->problem), "confirmed", exchange->is_confirmed, "results",
        results_json(view), "response", json_of_text(view->response));
}
