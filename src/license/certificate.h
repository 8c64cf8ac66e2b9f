/*
 * OpenSSH certificates (ssh-ed25519-cert-v01@openssh.com) by which a root key vouches for an
 * issuing key (R9). Made by us or by `ssh-keygen -s`; parsed and judged here.
 */
#ifndef LICET_LICENSE_CERTIFICATE_H
#define LICET_LICENSE_CERTIFICATE_H

#include "base/arena.h"
#include "base/time.h"
#include "license/key.h"

#define CERTIFICATE_NONCE_BYTES 32
/* Blob of a certificate: 32 nonce, 2 keys, signature of 83, key id and principals of up to 64 bytes
 * each, and the five empty or flag-like extensions that ssh-keygen adds: under 700; 2 KiB leaves
 * room for a long key id. */
#define CERTIFICATE_BLOB_MAX 2048
/* A signature with its type and lengths: 4 + 11 + 4 + 64. */
#define CERTIFICATE_SIGNATURE_BYTES 83
#define CERTIFICATE_PRINCIPALS_MAX 8

struct certificate {
    struct public_key key; /* the certified (issuing) key */
    struct public_key root;
    uint64_t serial;
    struct text id; /* ssh-keygen -I: words for people */
    struct text principals[CERTIFICATE_PRINCIPALS_MAX];
    uint32_t principals_count;
    struct unix_time after;  /* first second */
    struct unix_time before; /* first second no more; INT64_MAX: for ever */
    uint8_t signature[SIGNATURE_BYTES];
    struct text blob; /* the bytes it came from; the texts above point into it */
};

/* Structure only: type user, Ed25519 keys, no critical option, nothing after. The signature is
 * certificate_check()'s to judge, the root, principal and dates are trust.h's. LICET_UNSUPPORTED,
 * LICET_INVALID. */
enum status certificate_parse(struct text blob, struct certificate *ret_certificate,
                              struct error *error);
/* The root named in the certificate signed it. */
bool certificate_check(const struct certificate *certificate);
bool certificate_has_principal(const struct certificate *certificate, struct text principal);

/* The one-line file `ssh-ed25519-cert-v01@openssh.com BASE64 [comment]`; its blob is put into the
 * arena. */
enum status certificate_parse_line(struct text line, struct arena *arena,
                                   struct certificate *ret_certificate, struct error *error);
void certificate_print_line(const struct certificate *certificate, struct text comment,
                            struct buf *buf);

/* Fills blob (into the arena) from key, serial, id, principals, after, before; root is the secret
 * key's. */
enum status certificate_sign(struct certificate *certificate, const struct secret_key *root,
                             const uint8_t nonce[CERTIFICATE_NONCE_BYTES], struct arena *arena,
                             struct error *error);

#endif
