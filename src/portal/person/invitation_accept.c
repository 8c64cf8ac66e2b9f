/* POST /api/invitation {token, password, cookie?}: comes in by a one-time token. Whatever
 * opened the portal to this person before does so no more. */
#include "portal/frame.h"
#include "portal/hashing.h"
#include "portal/session/session.h"
#include "store/session.h"
#include "store/store.h"

struct acceptance {
    struct arena *arena;
    struct unix_time now;
    uint8_t token_hash[TOKEN_HASH_BYTES];
    char password_hash[PASSWORD_HASH_BYTES];
    struct new_session session;
    struct person person;
};

static struct text acceptance_hash(const struct acceptance *acceptance)
{
    return text_make(acceptance->token_hash, sizeof(acceptance->token_hash));
}

/* Security: the token of the setup belongs to nobody. */
static enum status acceptance_check(int64_t person_id, struct error *error)
{
    return person_id != 0 ? LICET_OK
                          : error_set(error, LICET_UNAUTHENTICATED,
                                      "this one-time token is for POST /api/setup");
}

static enum status acceptance_find(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    const struct acceptance *acceptance = context;
    int64_t person_id;
    enum status status = store_one_time_find(transaction, acceptance_hash(acceptance),
                                             acceptance->now, &person_id, error);

    return status == LICET_OK ? acceptance_check(person_id, error) : status;
}

static enum status acceptance_store(struct db_transaction *transaction, void *context,
                                    struct error *error)
{
    struct acceptance *acceptance = context;
    int64_t person_id;
    enum status status = store_one_time_take(transaction, acceptance_hash(acceptance),
                                             acceptance->now, &person_id, error);

    if (status == LICET_OK)
        status = acceptance_check(person_id, error);
    if (status == LICET_OK)
        status =
            store_person_get(transaction, person_id, acceptance->arena, &acceptance->person, error);
    if (status == LICET_OK)
        status = store_person_set_password(transaction, person_id,
                                           text_of(acceptance->password_hash), error);
    if (status == LICET_OK)
        status = store_session_delete_others(transaction, person_id, 0, error);
    if (status == LICET_OK)
        status = store_api_token_delete_all(transaction, person_id, error);
    if (status == LICET_OK)
        status = store_failures_clear(transaction, acceptance->person.email, error);
    if (status == LICET_OK)
        status = session_store(transaction, &acceptance->session, person_id, error);
    return status;
}

static enum status acceptance_read(struct request *request, struct acceptance *acceptance,
                                   struct text *ret_password, struct error *error)
{
    struct text token;
    enum status status = session_check_way(request, error);

    if (status == LICET_OK)
        status = request_json_only(request, "token password cookie", error);
    if (status == LICET_OK)
        status = request_json_text(request, "token", 1, TOKEN_TEXT_BYTES, &token, error);
    if (status == LICET_OK)
        status = request_json_text(request, "password", PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
                                   ret_password, error);
    if (status == LICET_OK)
        status = session_prepare(request, &acceptance->session, error);
    if (status == LICET_OK)
        token_hash(token, acceptance->token_hash);
    return status;
}

enum status invitation_accept_handle(struct request *request, struct reply *reply,
                                     struct error *error)
{
    struct acceptance acceptance = {.arena = &request->arena, .now = request->now};
    struct text password;
    enum status status = acceptance_read(request, &acceptance, &password, error);

    if (status == LICET_OK)
        status = store_read(request_store(request), acceptance_find, &acceptance, error);
    if (status == LICET_OK)
        status = hashing_make(password, acceptance.password_hash, error);
    if (status == LICET_OK)
        status = store_transact(request_store(request), acceptance_store, &acceptance, error);
    if (status != LICET_OK)
        return status;
    return session_reply(reply, &acceptance.session, acceptance.person.id, acceptance.person.email,
                         acceptance.person.name, error);
}
