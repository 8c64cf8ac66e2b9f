/*
 * Who may sign what (R9): the roots that a product or a licetd was given, the certificates below
 * them, the root's numbered list of revoked issuing keys.
 */
#ifndef LICET_LICENSE_TRUST_H
#define LICET_LICENSE_TRUST_H

#include "license/revocation.h"
#include "license/sshsig.h"

/* Current and next, and the same again while a product changes hands. */
#define TRUST_ROOTS_MAX 4
#define TRUST_MAINTENANCE_YEARS 10

struct trust {
    struct text vendor; /* empty: whatever vendor a file names, if a root certifies it */
    struct public_key roots[TRUST_ROOTS_MAX];
    uint32_t roots_count;
    const struct revocations *revocations; /* NULL: no list yet */
};

/* Who signed, for people and for the journal. */
struct signer {
    struct public_key key;
    struct hash key_hash;
    struct hash root_hash;
    struct hash certificate_hash; /* SHA-256 of the certificate's blob */
    uint64_t serial;
    struct text id;
    struct unix_time after, before;
};

/* The block over `message` is by an issuing key that a root of `trust` certified for `vendor`, in
 * this purpose. Dates and revocations are judged by trust_judge(), when the message's own issue
 * time is known. The finder's order: namespace, kind of key, root, principal, signature.
 * LICET_UNTRUSTED, LICET_BAD_SIGNATURE, LICET_INVALID. */
enum status trust_verify(const struct trust *trust, enum purpose purpose, struct text message,
                         struct text armor, struct arena *arena, struct signer *ret_signer,
                         struct sshsig *ret_sshsig, struct error *error);

/* The certificate names licensing@`vendor`, was valid at `issued`, and its key is not revoked from
 * a time at or before `issued`. LICET_UNTRUSTED, LICET_REVOKED. */
enum status trust_judge(const struct trust *trust, const struct sshsig *sshsig, struct text vendor,
                        struct unix_time issued, struct error *error);

/* The same of a text that is not signed yet: what trust_judge() would say of this certificate,
 * revocations apart. LICET_UNTRUSTED. */
enum status trust_judge_certificate(const struct certificate *certificate, struct text vendor,
                                    struct unix_time issued, struct error *error);

/* R9: an issuing key whose certificate ends at `end` vouches for maintenance dates to at most 10
 * years past it. */
bool trust_vouches_for(struct unix_time end, struct date maintenance);

#endif
