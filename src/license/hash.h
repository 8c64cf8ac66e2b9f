/* SHA-256 values as OpenSSH prints them: `SHA256:` and 43 characters of base64 without padding. One
 * form for keys (as `ssh-keygen -l` shows them) and for payloads (R2.6), so that people compare
 * like with like. */
#ifndef LICET_LICENSE_HASH_H
#define LICET_LICENSE_HASH_H

#include "base/status.h"
#include "base/text.h"

#define HASH_BYTES 32
#define HASH_TEXT_BYTES 50 /* "SHA256:" + 43 */

/* All bytes zero: there is none. No text hashes to that; hash_parse() refuses it. */
struct hash {
    uint8_t bytes[HASH_BYTES];
};

struct hash hash_of(struct text text); /* SHA-256 of the bytes */
bool hash_is_none(const struct hash *hash);
bool hash_equal(const struct hash *left, const struct hash *right);

/* Canonical form only: LICET_INVALID for padding, for spare bits that are not zero, for another
 * algorithm. */
enum status hash_parse(struct text text, struct hash *ret_hash, struct error *error);
/* The 43 characters alone, as log= has them; false where they are not canonical. */
bool hash_digits_parse(struct text text, uint8_t bytes[HASH_BYTES]);
void hash_digits_print(const uint8_t bytes[HASH_BYTES], struct buf *buf);
void hash_print(const struct hash *hash, struct buf *buf);

#endif
