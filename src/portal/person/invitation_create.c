/* POST /api/people/{person}/invitation: another one-time token for a person who lost hers, or her
 * password. What she has now goes on until she uses it. */
#include <sodium.h>

#include "portal/person/invitation.h"
#include "portal/reply.h"
#include "portal/request.h"
#include "store/person.h"

struct invite {
    int64_t person_id;
    struct invitation invitation;
};

static enum status invite_store(struct db_transaction *transaction, void *context,
                                int64_t *ret_resource, struct error *error)
{
    struct invite *invite = context;
    char place[1024];
    struct arena arena = arena_over(place, sizeof(place));
    struct person person;
    enum status status = store_person_get(transaction, invite->person_id, &arena, &person, error);

    if (status != LICET_OK)
        return status;
    *ret_resource = person.id;
    return invitation_store(transaction, &invite->invitation, person.id, error);
}

enum status invitation_create_handle(struct request *request, struct reply *reply,
                                     struct error *error)
{
    struct invite invite = {.person_id = 0};
    int64_t person_id = 0;
    enum status status = request_require_session(request, error);

    if (status == LICET_OK)
        status = request_path_int(request, "person", &invite.person_id, error);
    invitation_prepare(&invite.invitation, request_time(request));
    if (status == LICET_OK)
        status = request_act(request, invite_store, &invite, &person_id, error);
    if (status == LICET_OK)
        status = reply_json(reply,
                            json_pack("{s:I, s:o}", "person", (json_int_t)person_id, "invitation",
                                      request_is_repeated(request)
                                          ? json_null()
                                          : json_string(invite.invitation.token)),
                            error);
    sodium_memzero(&invite, sizeof(invite));
    return status;
}
