/* POST /api/session {email, password, cookie?}: signs in. */
#include "portal/frame.h"
#include "portal/session/session.h"
#include "store/session.h"
#include "store/store.h"

struct sign_in {
    struct arena *arena;
    struct text email, password;
    bool is_known;
    struct person person;
    struct new_session session;
};

static enum status sign_in_find(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct sign_in *sign_in = context;
    enum status status = store_person_find_email(transaction, sign_in->email, sign_in->arena,
                                                 &sign_in->person, error);

    sign_in->is_known = status == LICET_OK;
    return status == LICET_NOT_FOUND ? LICET_OK : status;
}

static enum status sign_in_store(struct db_transaction *transaction, void *context,
                                 struct error *error)
{
    const struct sign_in *sign_in = context;
    char place[1024];
    struct arena arena = arena_over(place, sizeof(place));
    struct person person;
    enum status status = store_person_get(transaction, sign_in->person.id, &arena, &person, error);

    if (status != LICET_OK)
        return status;
    /* Security: a password that was changed while it was compared opens nothing. */
    if (!text_equal(person.password_hash, sign_in->person.password_hash))
        return error_set(error, LICET_UNAUTHENTICATED, "e-mail address or password is wrong");
    status = store_failures_clear(transaction, sign_in->email, error);
    return status == LICET_OK ? session_store(transaction, &sign_in->session, person.id, error)
                              : status;
}

static enum status sign_in_read(struct request *request, struct sign_in *sign_in,
                                struct error *error)
{
    enum status status = session_check_way(request, error);

    if (status == LICET_OK)
        status = request_json_only(request, "email password cookie", error);
    if (status == LICET_OK)
        status = session_read_email(request, &sign_in->email, error);
    if (status == LICET_OK)
        status = request_json_text(request, "password", 1, PASSWORD_BYTES_MAX, &sign_in->password,
                                   error);
    if (status == LICET_OK)
        status = session_prepare(request, &sign_in->session, error);
    return status;
}

enum status session_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct sign_in sign_in = {.arena = &request->arena};
    enum status status = sign_in_read(request, &sign_in, error);

    if (status == LICET_OK)
        status = store_read(request_store(request), sign_in_find, &sign_in, error);
    if (status == LICET_OK)
        status = session_check_password(request, reply, sign_in.email,
                                        sign_in.is_known ? &sign_in.person : NULL, sign_in.password,
                                        error);
    if (status == LICET_OK)
        status = store_transact(request_store(request), sign_in_store, &sign_in, error);
    if (status != LICET_OK)
        return status;
    return session_reply(reply, &sign_in.session, sign_in.person.id, sign_in.person.email,
                         sign_in.person.name, error);
}
