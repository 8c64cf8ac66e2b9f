/*
 * POST /api/organizations/{organization}/people {email, name, role}: a person gets a role. One who
 * has never come gets an invitation, which is told to whoever asks, once: until there is mail, she
 * carries it.
 *
 * Security: only staff may. An address is not proved before mail is sent to it, so a customer could
 * make a person of another's address, and be inside when the other makes her its administrator.
 */
#include <sodium.h>

#include "portal/organization/organization.h"
#include "portal/person/invitation.h"
#include "portal/reply.h"
#include "portal/session/session.h"
#include "store/store.h"

struct member_form {
    struct arena *arena;
    int64_t organization_id;
    enum member_role role;
    struct person person;
    struct unix_time now;
    struct invitation invitation;
    bool is_invited; /* by this call */
};

static enum status member_check_role(const struct organization *organization, enum member_role role,
                                     struct error *error)
{
    static const bool fits[][MEMBER_ROLES_COUNT] = {
        [ORGANIZATION_VENDOR] = {[MEMBER_STAFF] = true},
        [ORGANIZATION_CUSTOMER] = {[MEMBER_ADMINISTRATOR] = true, [MEMBER_VIEWER] = true},
        [ORGANIZATION_PARTNER] = {[MEMBER_PARTNER] = true, [MEMBER_VIEWER] = true},
    };

    if (fits[organization->kind][role])
        return LICET_OK;
    return error_set(error, LICET_INVALID, "a %s has no %s",
                     organization_kind_name(organization->kind), member_role_name(role));
}

/* The person of this address, who is made where there is none. */
static enum status member_person(struct db_transaction *transaction, struct member_form *form,
                                 struct person *ret_person, struct error *error)
{
    int64_t id;
    enum status status =
        store_person_find_email(transaction, form->person.email, form->arena, ret_person, error);

    if (status != LICET_NOT_FOUND)
        return status;
    status = store_person_insert(transaction, &form->person, &id, error);
    return status == LICET_OK ? store_person_get(transaction, id, form->arena, ret_person, error)
                              : status;
}

static enum status member_store(struct db_transaction *transaction, void *context,
                                int64_t *ret_resource, struct error *error)
{
    struct member_form *form = context;
    struct person person;
    enum status status = member_person(transaction, form, &person, error);

    if (status == LICET_OK)
        status = store_membership_insert(transaction, person.id, form->organization_id, form->role,
                                         form->now, error);
    if (status != LICET_OK)
        return status;
    *ret_resource = person.id;
    form->is_invited = person.password_hash.data == NULL;
    return form->is_invited ? invitation_store(transaction, &form->invitation, person.id, error)
                            : LICET_OK;
}

static enum status member_read(struct request *request, struct member_form *form,
                               struct error *error)
{
    unsigned int role;
    enum status status = request_json_only(request, "email name role", error);

    if (status == LICET_OK)
        status = session_read_email(request, &form->person.email, error);
    if (status == LICET_OK)
        status =
            request_json_text(request, "name", 1, PERSON_NAME_BYTES_MAX, &form->person.name, error);
    if (status == LICET_OK)
        status =
            request_json_word(request, "role", "staff partner administrator viewer", &role, error);
    if (status != LICET_OK)
        return status;
    form->role = (enum member_role)role;
    form->person.created = form->now;
    invitation_prepare(&form->invitation, form->now);
    return LICET_OK;
}

static enum status member_authorise(struct request *request, struct member_form *form,
                                    struct error *error)
{
    struct organization organization;
    enum status status = request_path_int(request, "organization", &form->organization_id, error);

    if (status == LICET_OK)
        status = organization_get(request, form->organization_id, &organization, error);
    /* Security: an API token that could make staff could make itself lasting. */
    if (status == LICET_OK && organization.kind == ORGANIZATION_VENDOR)
        status = request_require_session(request, error);
    if (status == LICET_OK)
        status = member_check_role(&organization, form->role, error);
    return status;
}

static enum status member_reply(struct reply *reply, const struct member_form *form,
                                int64_t person_id, struct error *error)
{
    json_t *token = form->is_invited ? json_string(form->invitation.token) : json_null();

    return reply_json(reply,
                      json_pack("{s:I, s:I, s:o, s:s, s:o}", "organization",
                                (json_int_t)form->organization_id, "person", (json_int_t)person_id,
                                "email", json_of_text(form->person.email), "role",
                                member_role_name(form->role), "invitation", token),
                      error);
}

enum status member_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct member_form form = {.arena = request_arena(request), .now = request_time(request)};
    int64_t person_id;
    enum status status = member_read(request, &form, error);

    if (status == LICET_OK)
        status = member_authorise(request, &form, error);
    if (status == LICET_OK)
        status = request_act(request, member_store, &form, &person_id, error);
    if (status == LICET_OK)
        status = member_reply(reply, &form, person_id, error);
    sodium_memzero(&form, sizeof(form));
    return status;
}
