/* The root's numbered list of revoked issuing keys (R9.3): compiled into products, installed in
 * licetd, the highest number wins. */
#ifndef LICET_LICENSE_REVOCATION_H
#define LICET_LICENSE_REVOCATION_H

#include "base/arena.h"
#include "base/time.h"
#include "license/field.h"
#include "license/key.h"

struct revocations_head {
    struct text vendor;
    uint32_t number;
    struct unix_time issued;
    struct field_extras extras;
};

/* A REVOKED line, here and in license files. */
struct revoked_key {
    struct hash key;       /* fingerprint: an issuing key here, a server key in a license file */
    struct unix_time from; /* what it signed at or after this is refused */
    struct field_extras extras;
};

struct revocations {
    struct revocations_head head;
    struct revoked_key *keys;
    uint32_t keys_count;
    struct public_key root; /* that signed it */
    struct hash payload_hash;
};

/* Normalise, verify by one of the roots, parse. LICET_INVALID, LICET_UNTRUSTED,
 * LICET_BAD_SIGNATURE, LICET_TOO_LARGE. */
enum status revocations_read(struct text text, const struct public_key *roots, uint32_t roots_count,
                             struct arena *arena, struct revocations *ret_revocations,
                             struct error *error);
enum status revocations_sign(const struct revocations *revocations, const struct secret_key *root,
                             struct arena *arena, struct buf *buf, struct error *error);
/* A key revoked at `issued`. */
bool revocations_has(const struct revocations *revocations, const struct hash *key,
                     struct unix_time issued);
/* The same as a sentence: LICET_REVOKED where it has. A list that is NULL has none. */
enum status revocations_check(const struct revocations *revocations, const struct hash *key,
                              struct unix_time issued, struct error *error);

#endif
