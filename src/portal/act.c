/* An act that happens once, whatever number of times it is asked for (R6.9). */
#include <sodium.h>

#include "portal/frame.h"
#include "store/idempotency.h"
#include "store/store.h"

struct act {
    enum status (*run)(struct db_transaction *transaction, void *context, int64_t *ret_resource,
                       struct error *error);
    void *context;
    struct idempotency idempotency;
    struct unix_time now;
    int64_t resource;
    bool is_new;
};

/* Of everything that may make the call another one: where, and what. An act that changes something
 * reads no query. */
static void act_hash(const struct request *request, uint8_t ret_hash[crypto_generichash_BYTES])
{
    struct text body = http_body(request->exchange), path = http_path_whole(request->exchange);
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, crypto_generichash_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)path.data, path.size + 1); /* and its NUL */
    crypto_generichash_update(&state, (const uint8_t *)body.data, body.size);
    crypto_generichash_final(&state, ret_hash, crypto_generichash_BYTES);
}

static enum status act_once(struct db_transaction *transaction, void *context, struct error *error)
{
    struct act *act = context;
    enum status status;

    act->resource = 0;
    status = store_idempotency_take(transaction, &act->idempotency, act->now, &act->is_new,
                                    &act->resource, error);
    if (status != LICET_OK || !act->is_new)
        return status;
    status = act->run(transaction, act->context, &act->resource, error);
    return status == LICET_OK
               ? store_idempotency_set(transaction, &act->idempotency, act->resource, error)
               : status;
}

enum status request_act(struct request *request,
                        enum status (*run)(struct db_transaction *transaction, void *context,
                                           int64_t *ret_resource, struct error *error),
                        void *context, int64_t *ret_resource, struct error *error)
{
    uint8_t hash[crypto_generichash_BYTES];
    struct act act = {.run = run,
                      .context = context,
                      .idempotency = {.person_id = request_person(request),
                                      .act = text_of(request->route->name),
                                      .hash = text_make(hash, sizeof(hash))},
                      .now = request->now};
    enum status status;

    if (!http_header(request->exchange, "Idempotency-Key", &act.idempotency.key) ||
        !text_is_name(act.idempotency.key))
        return error_set(error, LICET_INVALID,
                         "this call changes something: send an Idempotency-Key of 1 to %d letters "
                         "and digits, the same when you ask again",
                         NAME_MAX_BYTES);
    act_hash(request, hash);
    status = store_transact(request_store(request), act_once, &act, error);
    if (status != LICET_OK)
        return status;
    request->is_repeated = !act.is_new;
    *ret_resource = act.resource;
    return LICET_OK;
}
