/*
 * POST /api/password {current, password}: another password; the person's other sessions end.
 *
 * Security: not request_act(), whose row would keep a plain hash of a body with two passwords. Asked
 * again, the new password is the one that counts already, and that is answered as it was.
 */
#include "portal/frame.h"
#include "portal/hashing.h"
#include "portal/session/session.h"
#include "store/session.h"
#include "store/store.h"

struct change {
    struct arena *arena;
    int64_t person_id, session_id;
    struct person person;
    char password_hash[PASSWORD_HASH_BYTES];
};

static enum status change_find(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct change *change = context;

    return store_person_get(transaction, change->person_id, change->arena, &change->person, error);
}

static enum status change_store(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    const struct change *change = context;
    enum status status = store_person_set_password(transaction, change->person_id,
                                                   text_of(change->password_hash), error);

    if (status == LICET_OK)
        status =
            store_session_delete_others(transaction, change->person_id, change->session_id, error);
    return status;
}

static enum status change_read(struct request *request, struct text *ret_current,
                               struct text *ret_password, struct error *error)
{
    enum status status = request_require_session(request, error);

    if (status == LICET_OK)
        status = request_json_only(request, "current password", error);
    if (status == LICET_OK)
        status = request_json_text(request, "current", 1, PASSWORD_BYTES_MAX, ret_current, error);
    if (status == LICET_OK)
        status = request_json_text(request, "password", PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
                                   ret_password, error);
    return status;
}

enum status password_change_handle(struct request *request, struct reply *reply,
                                   struct error *error)
{
    struct change change = {.arena = &request->arena,
                            .person_id = request_person(request),
                            .session_id = request->principal.session_id};
    struct text current, password;
    bool is_done = false;
    enum status status = change_read(request, &current, &password, error);

    if (status == LICET_OK)
        status = store_read(request_store(request), change_find, &change, error);
    if (status != LICET_OK)
        return status;
    /* Row 37: a session alone changes no password. */
    status =
        session_check_password(request, reply, change.person.email, &change.person, current, error);
    if (status == LICET_UNAUTHENTICATED &&
        hashing_check(change.person.password_hash.data, password, &is_done, NULL) == LICET_OK &&
        is_done)
        return reply_empty(reply);
    if (status == LICET_OK)
        status = hashing_make(password, change.password_hash, error);
    if (status == LICET_OK)
        status = store_transact(request_store(request), change_store, &change, error);
    return status == LICET_OK ? reply_empty(reply) : status;
}
