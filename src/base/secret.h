/* Tokens and passwords: made, hashed, compared. Both are kept as their hashes alone. */
#ifndef LICET_BASE_SECRET_H
#define LICET_BASE_SECRET_H

#include "base/status.h"
#include "base/text.h"

/* "licet_" and 32 bytes in base64url. */
#define TOKEN_TEXT_BYTES (6 + 43)
#define TOKEN_HASH_BYTES 32
#define PASSWORD_BYTES_MIN 12
#define PASSWORD_BYTES_MAX 128
#define PASSWORD_HASH_BYTES 128 /* crypto_pwhash_STRBYTES */

/* A token is 256 random bits: a plain hash is enough, there is nothing to guess. */
void token_make(char ret_token[TOKEN_TEXT_BYTES + 1]);
void token_hash(struct text token, uint8_t ret_hash[TOKEN_HASH_BYTES]);

/* Argon2id over 64 MiB in two passes, about 0.15 s: on no thread that others wait for. LICET_INVALID
 * for a password outside the limits. */
enum status password_hash(struct text password, char ret_hash[PASSWORD_HASH_BYTES],
                          struct error *error);
/* Takes as long when `hash` is NULL, so that an unknown name cannot be told from a wrong password.
 */
bool password_is_right(const char *hash, struct text password);

#endif
