#include "portal/person/invitation.h"

#include "store/session.h"

#define INVITATION_SECONDS (7 * 86400) /* it is carried by hand, over a weekend */

void invitation_prepare(struct invitation *invitation, struct unix_time now)
{
    invitation->ends.s = now.s + INVITATION_SECONDS;
    token_make(invitation->token);
    token_hash(text_of(invitation->token), invitation->hash);
}

enum status invitation_store(struct db_transaction *transaction,
                             const struct invitation *invitation, int64_t person_id,
                             struct error *error)
{
    return store_one_time_insert(transaction, text_make(invitation->hash, sizeof(invitation->hash)),
                                 person_id, invitation->ends, error);
}
