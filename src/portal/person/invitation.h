/* Invitations: a one-time token by which a person comes in and chooses a password. */
#ifndef LICET_PORTAL_PERSON_INVITATION_H
#define LICET_PORTAL_PERSON_INVITATION_H

#include "base/secret.h"
#include "base/time.h"

struct db_transaction;

/* Made before the transaction that stores it, told when that is done, and kept nowhere. */
struct invitation {
    struct unix_time ends;
    char token[TOKEN_TEXT_BYTES + 1];
    uint8_t hash[TOKEN_HASH_BYTES];
};

void invitation_prepare(struct invitation *invitation, struct unix_time now);
/* In place of the person's one before. */
enum status invitation_store(struct db_transaction *transaction,
                             const struct invitation *invitation, int64_t person_id,
                             struct error *error);

#endif
