/* POST /api/password {current, password}: another password; the person's other sessions end. */
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
                                int64_t *ret_resource, struct error *error)
{
    const struct change *change = context;
    enum status status = store_person_set_password(transaction, change->person_id,
                                                   text_of(change->password_hash), error);

    if (status == LICET_OK)
        status =
            store_session_delete_others(transaction, change->person_id, change->session_id, error);
    *ret_resource = change->person_id;
    return status;
}

enum status password_change_handle(struct request *request, struct reply *reply,
                                   struct error *error)
{
    struct change change = {.arena = &request->arena,
                            .person_id = request_person(request),
                            .session_id = request->principal.session_id};
    struct text current, password;
    int64_t person_id;
    enum status status = request_require_session(request, error);

    if (status == LICET_OK)
        status = request_json_only(request, "current password", error);
    if (status == LICET_OK)
        status = request_json_text(request, "current", 1, PASSWORD_BYTES_MAX, &current, error);
    if (status == LICET_OK)
        status = request_json_text(request, "password", PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
                                   &password, error);
    if (status == LICET_OK)
        status = store_read(request_store(request), change_find, &change, error);
    /* Row 37: a session alone changes no password. */
    if (status == LICET_OK)
        status = session_check_password(request, reply, change.person.email, &change.person,
                                        current, error);
    if (status == LICET_OK)
        status = hashing_make(password, change.password_hash, error);
    if (status == LICET_OK)
        status = request_act(request, change_store, &change, &person_id, error);
    return status == LICET_OK ? reply_empty(reply) : status;
}
