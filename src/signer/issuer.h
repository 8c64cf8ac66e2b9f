/* The issuing key and its certificates: read and verified once, at start (R9.4). */
#ifndef LICET_SIGNER_ISSUER_H
#define LICET_SIGNER_ISSUER_H

#include "license/sshsig.h"
#include "signer/options.h"

struct issuer {
    struct secret_key key;
    struct hash key_hash;
    struct certificate certificates[SIGNER_CERTIFICATES_MAX];
    struct hash hashes[SIGNER_CERTIFICATES_MAX]; /* of their blobs */
    uint32_t count;
    char blobs[SIGNER_CERTIFICATES_MAX * (CERTIFICATE_BLOB_MAX + 64)];
};

/* LICET_FORBIDDEN where others may read the key; LICET_MISMATCH where a certificate is for another
 * key; LICET_BAD_SIGNATURE where its root did not sign it. In place, for the texts point into it. */
enum status issuer_open(struct issuer *issuer, const struct signer_options *options,
                        struct error *error);
void issuer_finish(struct issuer *issuer);

/* By the hash that an intent names; NULL: no such one. */
const struct certificate *issuer_find(const struct issuer *issuer, const struct hash *hash);
/* The one to name in new intents: of those that have begun, the one that began last. NULL: none. */
const struct certificate *issuer_current(const struct issuer *issuer, struct unix_time now);

#endif
