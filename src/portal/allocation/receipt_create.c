/*
 * POST /api/receipts {text}: brings the receipt of a license server (R5.1), whose key signed it, so
 * that anybody may. One that is older or was brought before changes nothing.
 */
#include "portal/allocation/allocation.h"
#include "portal/allocation/receipt.h"
#include "portal/portal.h"
#include "portal/reply.h"
#include "portal/server/server.h"
#include "portal/server/view.h"
#include "store/store.h"

struct bringing {
    struct arena *arena;
    struct text vendor, text;
    struct receipt receipt;
    struct unix_time now;
    struct server server;
    bool is_new;
};

static enum status bringing_run(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct bringing *bringing = context;
    struct arena arena = *bringing->arena; /* it may run again */
    const struct receipt *receipt = &bringing->receipt;
    struct receipt_taken taken = {.is_new = false};
    enum status status;

    if (!text_equal(receipt->head.vendor, bringing->vendor))
        return error_set(error, LICET_WRONG_SERVER,
                         "this receipt is for the vendor %.*s, and this is the portal of %.*s",
                         TEXT_ARGS(receipt->head.vendor), TEXT_ARGS(bringing->vendor));
    status = server_by_key(transaction, &receipt->key, receipt->head.server, 0, bringing->now,
                           &arena, &bringing->server, error);
    if (status == LICET_OK)
        status = receipt_take(transaction, receipt, bringing->text, &bringing->server,
                              bringing->now, &arena, &taken, error);
    bringing->is_new = taken.is_new;
    return status;
}

/* What `server` borrows is still in the arena: nothing was taken from it since. */
static enum status bringing_reply(struct reply *reply, const struct bringing *bringing,
                                  struct error *error)
{
    return reply_json(reply,
                      json_pack("{s:o, s:b}", "server", server_json(&bringing->server), "is_new",
                                bringing->is_new),
                      error);
}

enum status receipt_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct bringing bringing = {.arena = request_arena(request),
                                .vendor = portal_vendor(request_portal(request)),
                                .now = request_time(request)};
    enum status status = request_json_only(request, "text", error);

    if (status == LICET_OK)
        status = request_json_lines(request, "text", LICENSE_FILE_BYTES_MAX, &bringing.text, error);
    if (status == LICET_OK)
        status = receipt_read(bringing.text, request_arena(request), &bringing.receipt, error);
    if (status == LICET_OK)
        status = store_transact(request_store(request), bringing_run, &bringing, error);
    return status == LICET_OK ? bringing_reply(reply, &bringing, error) : status;
}
