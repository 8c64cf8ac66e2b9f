/* POST /api/setup {token, organization, email, name, password, cookie?}: the vendor and its first
 * person, by the one-time token that licet-portal init printed. */
#include "portal/frame.h"
#include "portal/hashing.h"
#include "portal/session/session.h"
#include "store/session.h"
#include "store/store.h"

#define VENDOR_NUMBER TEXT("V-1") /* there is one */

struct setup {
    uint8_t token_hash[TOKEN_HASH_BYTES];
    struct unix_time now;
    struct text organization, email, name, password;
    char password_hash[PASSWORD_HASH_BYTES];
    struct new_session session;
    int64_t person_id;
};

static struct text setup_hash(const struct setup *setup)
{
    return text_make(setup->token_hash, sizeof(setup->token_hash));
}

/* Security: one of an invitation makes no staff. */
static enum status setup_check_person(int64_t person_id, struct error *error)
{
    return person_id == 0 ? LICET_OK
                          : error_set(error, LICET_UNAUTHENTICATED,
                                      "this one-time token is for POST /api/invitation");
}

static enum status setup_find(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    const struct setup *setup = context;
    int64_t person_id;
    enum status status =
        store_one_time_find(transaction, setup_hash(setup), setup->now, &person_id, error);

    return status == LICET_OK ? setup_check_person(person_id, error) : status;
}

static enum status setup_store(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct setup *setup = context;
    struct organization vendor = {
        .kind = ORGANIZATION_VENDOR, .name = setup->organization, .number = VENDOR_NUMBER};
    struct person person = {.email = setup->email,
                            .name = setup->name,
                            .password_hash = text_of(setup->password_hash),
                            .created = setup->now};
    int64_t vendor_id, token_person_id;
    enum status status =
        store_one_time_take(transaction, setup_hash(setup), setup->now, &token_person_id, error);

    if (status == LICET_OK)
        status = setup_check_person(token_person_id, error);
    if (status == LICET_OK)
        status = store_organization_insert(transaction, &vendor, &vendor_id, error);
    if (status == LICET_OK && vendor_id == 0)
        status = error_set(error, LICET_CONFLICT, "this portal has been set up");
    if (status == LICET_OK)
        status = store_person_insert(transaction, &person, &setup->person_id, error);
    if (status == LICET_OK)
        status = store_membership_insert(transaction, setup->person_id, vendor_id, MEMBER_STAFF,
                                         setup->now, error);
    if (status == LICET_OK)
        status = session_store(transaction, &setup->session, setup->person_id, error);
    return status;
}

static enum status setup_read(struct request *request, struct setup *setup, struct error *error)
{
    struct text token;
    enum status status = session_check_way(request, error);

    if (status == LICET_OK)
        status = request_json_only(request, "token organization email name password cookie", error);
    if (status == LICET_OK)
        status = request_json_text(request, "token", 1, TOKEN_TEXT_BYTES, &token, error);
    if (status == LICET_OK)
        status = request_json_text(request, "organization", 1, ORGANIZATION_NAME_BYTES_MAX,
                                   &setup->organization, error);
    if (status == LICET_OK)
        status = session_read_email(request, &setup->email, error);
    if (status == LICET_OK)
        status = request_json_text(request, "name", 1, PERSON_NAME_BYTES_MAX, &setup->name, error);
    if (status == LICET_OK)
        status = request_json_text(request, "password", PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX,
                                   &setup->password, error);
    if (status == LICET_OK)
        status = session_prepare(request, &setup->session, error);
    if (status == LICET_OK)
        token_hash(token, setup->token_hash);
    return status;
}

enum status setup_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct setup setup = {.now = request->now};
    enum status status = setup_read(request, &setup, error);

    /* Order: the token first, for hashing is work that a stranger does not get for nothing. */
    if (status == LICET_OK)
        status = store_read(request_store(request), setup_find, &setup, error);
    if (status == LICET_OK)
        status = hashing_make(setup.password, setup.password_hash, error);
    if (status == LICET_OK)
        status = store_transact(request_store(request), setup_store, &setup, error);
    if (status != LICET_OK)
        return status;
    return session_reply(reply, &setup.session, setup.person_id, setup.email, setup.name, error);
}
