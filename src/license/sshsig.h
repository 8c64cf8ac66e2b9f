/*
 * OpenSSH signatures (SSHSIG) over texts and bytes, Ed25519 with SHA-512, one namespace a purpose
 * (R9).
 *
 * There is one function that checks a signature, sshsig_check(), and no unsigned mode. Armor is
 * read in its canonical form only: two armored blocks that differ never carry the same signature.
 * Never use a signature's bytes as an identity: other verifiers accept changed ones.
 */
#ifndef LICET_LICENSE_SSHSIG_H
#define LICET_LICENSE_SSHSIG_H

#include "license/certificate.h"

/* What a signature is for; the order of the table in sshsig.c. */
enum purpose {
    PURPOSE_LICENSE,    /* issuing key */
    PURPOSE_RESPONSE,   /* issuing key */
    PURPOSE_CHECKPOINT, /* issuing key */
    PURPOSE_REVOCATION, /* root */
    PURPOSE_LEASE,      /* server key */
    PURPOSE_RECEIPT,    /* server key */
    PURPOSE_REQUEST,    /* server key */
    PURPOSE_USAGE,      /* server key */
};
#define PURPOSES_COUNT 8

enum key_kind {
    KEY_ROOT,
    KEY_ISSUING,
    KEY_SERVER,
};

const char *purpose_namespace(enum purpose purpose); /* "license@licet" */
enum key_kind purpose_key_kind(enum purpose purpose);
const char *key_kind_name(enum key_kind kind); /* "issuing key" */

/* The bare 64 bytes: what leases carry. */
void sshsig_make(const struct secret_key *key, enum purpose purpose, struct text message,
                 uint8_t signature[SIGNATURE_BYTES]);
bool sshsig_check(const struct public_key *key, enum purpose purpose, struct text message,
                  const uint8_t signature[SIGNATURE_BYTES]);

/* An armored block as it was read. With a certificate, `key` is the certified key. */
struct sshsig {
    struct public_key key;
    bool has_certificate;
    struct certificate certificate; /* its texts lie in the arena given to sshsig_parse() */
    struct text name_space;         /* as the block has it */
    uint8_t signature[SIGNATURE_BYTES];
};

#define SSHSIG_BEGIN "-----BEGIN SSH SIGNATURE-----"
#define SSHSIG_END "-----END SSH SIGNATURE-----"
/* Blob with a certificate 2,048 + 200, in base64 with newlines 3,100; the two border lines. */
#define SSHSIG_BLOB_MAX (CERTIFICATE_BLOB_MAX + 256)
#define SSHSIG_ARMOR_MAX 3328

/* The block as OpenSSH writes it, newline after its last line; nothing before, nothing after.
 * Nothing is verified yet: sshsig_verify() does that. LICET_INVALID, LICET_UNSUPPORTED (other kinds
 * of key). */
enum status sshsig_parse(struct text armor, struct arena *arena, struct sshsig *ret_sshsig,
                         struct error *error);

/* The block is for this purpose, by the kind of key that signs for it (with a certificate exactly
 * where that is an issuing key), and the signatures of key and certificate hold. Whether key or
 * root are trusted is the caller's to know (trust.h). LICET_UNTRUSTED, LICET_BAD_SIGNATURE. */
enum status sshsig_verify(const struct sshsig *sshsig, enum purpose purpose, struct text message,
                          struct error *error);

/* "licensing@acme", in a buffer of NAME_MAX_BYTES + 16. */
void principal_print(struct text vendor, struct buf *buf);
#define PRINCIPAL_BYTES_MAX (NAME_MAX_BYTES + 16)

/* Signs and prints a block; `certificate` NULL: the plain key. Verifies what it made before it lets
 * it out. LICET_FORBIDDEN where this kind of key does not sign for this purpose; LICET_MISMATCH
 * where certificate and key differ; LICET_TOO_LARGE where buf is too small. */
enum status sshsig_sign(const struct secret_key *key, const struct certificate *certificate,
                        enum purpose purpose, struct text message, struct buf *buf,
                        struct error *error);

#endif
