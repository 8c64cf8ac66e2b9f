/* GET /api/session: who am I, and what may I do where. */
#include "portal/frame.h"
#include "store/store.h"

struct who {
    struct request *request;
    struct person person;
    json_t *memberships;
};

static json_t *who_membership(const struct organization *organization, enum member_role role)
{
    return json_pack("{s:I, s:s, s:o, s:o, s:s}", "organization", (json_int_t)organization->id,
                     "kind", organization_kind_name(organization->kind), "name",
                     json_of_text(organization->name), "number", json_of_text(organization->number),
                     "role", member_role_name(role));
}

static enum status who_read(struct db_transaction *transaction, void *context, struct error *error)
{
    struct who *who = context;
    struct principal *principal = &who->request->principal;
    struct arena *arena = &who->request->arena;
    enum status status =
        store_person_get(transaction, principal->person_id, arena, &who->person, error);

    json_array_clear(who->memberships);
    for (uint32_t index = 0; status == LICET_OK && index < principal->memberships_count; index++) {
        const struct membership *membership = &principal->memberships[index];
        struct organization organization;

        status = store_organization_get(transaction, membership->organization_id, arena,
                                        &organization, error);
        if (status == LICET_OK)
            json_array_append_new(who->memberships,
                                  who_membership(&organization, membership->role));
    }
    return status;
}

enum status session_show_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct who who = {.request = request, .memberships = json_array()};
    enum status status = store_read(request_store(request), who_read, &who, error);
    json_t *person;

    if (status != LICET_OK) {
        json_decref(who.memberships);
        return status;
    }
    person = json_pack("{s:I, s:o, s:o}", "id", (json_int_t)who.person.id, "email",
                       json_of_text(who.person.email), "name", json_of_text(who.person.name));
    return reply_json(reply,
                      json_pack("{s:o, s:s, s:o, s:o}", "person", person, "scope",
                                request->principal.can_write ? "write" : "read", "ends",
                                json_of_time(request->principal.ends), "memberships",
                                who.memberships),
                      error);
}
