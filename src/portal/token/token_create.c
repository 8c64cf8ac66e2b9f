/* POST /api/tokens {name, scope, days}: a token, which is told once. */
#include <sodium.h>

#include "base/secret.h"
#include "portal/frame.h"
#include "portal/token/token.h"
#include "store/store.h"

struct token_form {
    struct arena *arena;
    struct api_token row;
    char token[TOKEN_TEXT_BYTES + 1];
    uint8_t hash[TOKEN_HASH_BYTES];
};

static enum status token_store(struct db_transaction *transaction, void *context,
                               int64_t *ret_resource, struct error *error)
{
    struct token_form *form = context;
    struct api_token tokens[API_TOKENS_MAX];
    uint32_t count;
    enum status status = store_api_token_list(transaction, form->row.person_id, API_TOKENS_MAX,
                                              form->arena, tokens, &count, error);

    if (status != LICET_OK)
        return status;
    if (count == API_TOKENS_MAX)
        return error_set(error, LICET_OVER_LIMIT, "you have %d API tokens: revoke one first",
                         API_TOKENS_MAX);
    return store_api_token_insert(transaction, text_make(form->hash, sizeof(form->hash)),
                                  &form->row, ret_resource, error);
}

static enum status token_read(struct request *request, struct token_form *form, struct error *error)
{
    unsigned int scope;
    int64_t days;
    enum status status = request_json_only(request, "name scope days", error);

    if (status == LICET_OK)
        status = request_json_text(request, "name", 1, NAME_MAX_BYTES, &form->row.name, error);
    if (status == LICET_OK)
        status = request_json_word(request, "scope", "read write", &scope, error);
    if (status == LICET_OK)
        status = request_json_int(request, "days", 1, API_TOKEN_DAYS_MAX, &days, error);
    if (status != LICET_OK)
        return status;
    token_make(form->token);
    token_hash(text_of(form->token), form->hash);
    form->row.prefix = text_make(form->token, API_TOKEN_PREFIX_BYTES);
    form->row.can_write = scope == 1;
    form->row.ends.s = form->row.created.s + days * SECONDS_A_DAY;
    return LICET_OK;
}

struct token_found {
    struct arena *arena;
    int64_t person_id, id;
    struct api_token row;
};

static enum status token_find(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct token_found *found = context;

    return store_api_token_get(transaction, found->person_id, found->id, found->arena, &found->row,
                               error);
}

static enum status token_reply(struct request *request, struct reply *reply,
                               const struct token_form *form, int64_t id, struct error *error)
{
    struct token_found found = {
        .arena = &request->arena, .person_id = request_person(request), .id = id};
    enum status status = store_read(request_store(request), token_find, &found, error);
    json_t *json;

    if (status != LICET_OK)
        return status;
    json = api_token_json(&found.row);
    /* R6.9: no secret is stored, so a repeat cannot tell it again. */
    if (json_object_set_new(json, "token",
                            request_is_repeated(request) ? json_null()
                                                         : json_string(form->token)) != 0) {
        json_decref(json);
        json = NULL;
    }
    return reply_created(reply, "/api/tokens", id, json, error);
}

enum status token_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct token_form form = {
        .arena = &request->arena,
        .row = {.person_id = request_person(request), .created = request_time(request)}};
    int64_t id;
    enum status status = request_require_session(request, error);

    if (status == LICET_OK)
        status = token_read(request, &form, error);
    if (status == LICET_OK)
        status = request_act(request, token_store, &form, &id, error);
    if (status == LICET_OK)
        status = token_reply(request, reply, &form, id, error);
    sodium_memzero(&form, sizeof(form));
    return status;
}
