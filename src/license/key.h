/*
 * OpenSSH key files, Ed25519 only: one-line public keys, and private keys (openssh-key-v1) without
 * a passphrase. Texts in, texts out: who reads or writes the file is the caller, and so is the
 * source of random bytes.
 */
#ifndef LICET_LICENSE_KEY_H
#define LICET_LICENSE_KEY_H

#include "license/hash.h"

#define KEY_BYTES 32
#define KEY_SECRET_BYTES 64
#define KEY_SEED_BYTES 32
#define SIGNATURE_BYTES 64
#define KEY_BLOB_BYTES 51 /* 4 + "ssh-ed25519" + 4 + 32 */

struct public_key {
    uint8_t bytes[KEY_BYTES];
};

/* Wipe it with secret_key_finish() as soon as it has served. */
struct secret_key {
    uint8_t bytes[KEY_SECRET_BYTES]; /* as libsodium keeps it: seed, then public key */
};

/* A key from 32 random bytes (or from a test's fixed ones). */
void secret_key_init(struct secret_key *key, const uint8_t seed[KEY_SEED_BYTES]);
void secret_key_finish(struct secret_key *key);
struct public_key secret_key_public(const struct secret_key *key);

/* The key's wire form, and its fingerprint as `ssh-keygen -l` prints it. */
void public_key_blob(const struct public_key *key, uint8_t blob[KEY_BLOB_BYTES]);
struct hash public_key_hash(const struct public_key *key);
bool public_key_equal(const struct public_key *left, const struct public_key *right);

/* One line `ssh-ed25519 BASE64 [comment]`. ret_comment (may be NULL) points into the text.
 * LICET_UNSUPPORTED for other key types, by name; LICET_INVALID for anything damaged. */
enum status public_key_parse(struct text text, struct public_key *ret_key, struct text *ret_comment,
                             struct error *error);
void public_key_print(const struct public_key *key, struct text comment, struct buf *buf);

/* A private key file. LICET_UNSUPPORTED where it has a passphrase or is not Ed25519. The public key
 * inside must be the one that belongs to the seed (Security: signing with a wrong one would give
 * the secret away). */
enum status secret_key_parse(struct text text, struct secret_key *ret_key, struct error *error);
/* `check` are 4 random bytes that OpenSSH writes twice to notice a wrong passphrase; any will do.
 */
void secret_key_print(const struct secret_key *key, uint32_t check, struct text comment,
                      struct buf *buf);
#define SECRET_KEY_FILE_MAX 4096

#endif
