/* GET /api/servers/{server}: with its newest generation, and what its last receipt said. */
#include "base/limits.h"
#include "portal/issue/view.h"
#include "portal/reply.h"
#include "portal/server/view.h"
#include "store/receipt.h"
#include "store/store.h"

struct server_details {
    struct arena *arena;
    struct server server;
    bool has_issue;
    struct issue_whole newest;
    struct stored_receipt receipt;
    struct receipt_row *lines;
    uint32_t lines_count;
};

static enum status details_read_issue(struct db_transaction *transaction,
                                      struct server_details *details, struct error *error)
{
    struct issue newest;
    enum status status =
        store_issue_newest(transaction, details->server.id, details->arena, &newest, error);

    details->has_issue = status == LICET_OK;
    if (status == LICET_NOT_FOUND)
        return LICET_OK;
    return status == LICET_OK
               ? issue_whole_read(transaction, newest.id, details->arena, &details->newest, error)
               : status;
}

static enum status details_read(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct server_details *details = context;
    int64_t receipt_id = details->server.receipt_id;
    enum status status = details_read_issue(transaction, details, error);

    if (status != LICET_OK || receipt_id == 0)
        return status;
    details->lines = arena_rows(details->arena, LICENSE_LINES_MAX, sizeof(*details->lines));
    if (details->lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of a receipt");
    status = store_receipt_get(transaction, receipt_id, details->arena, &details->receipt, error);
    if (status == LICET_OK)
        status = store_receipt_lines(transaction, receipt_id, LICENSE_LINES_MAX, details->arena,
                                     details->lines, &details->lines_count, error);
    return status;
}

static json_t *receipt_line_json(const struct receipt_row *row)
{
    return json_pack("{s:I, s:o, s:I, s:I, s:o}", "entitlement",
                     (json_int_t)row->line.entitlement_id, "sn", json_of_text(row->sn), "seats",
                     (json_int_t)row->line.seats, "overhang", (json_int_t)row->line.overhang,
                     "until", json_of_time(row->line.until));
}

static json_t *receipt_json(const struct server_details *details)
{
    const struct stored_receipt *receipt = &details->receipt;
    json_t *lines = json_array();

    for (uint32_t index = 0; index < details->lines_count; index++)
        json_array_append_new(lines, receipt_line_json(&details->lines[index]));
    return json_pack("{s:I, s:I, s:I, s:o, s:o}", "generation", (json_int_t)receipt->generation,
                     "epoch", (json_int_t)receipt->epoch, "counter", (json_int_t)receipt->counter,
                     "received", json_of_time(receipt->received), "lines", lines);
}

enum status server_show_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct server_details details = {.arena = request_arena(request)};
    json_t *issue, *receipt;
    enum status status = server_get(request, ROLES_OF_SEATS, &details.server, error);

    if (status == LICET_OK)
        status = store_read(request_store(request), details_read, &details, error);
    if (status != LICET_OK)
        return status;
    issue = details.has_issue ? issue_whole_json(&details.newest) : json_null();
    receipt = details.server.receipt_id != 0 ? receipt_json(&details) : json_null();
    return reply_json(reply,
                      json_pack("{s:o, s:o, s:o}", "server", server_json(&details.server), "issue",
                                issue, "receipt", receipt),
                      error);
}
