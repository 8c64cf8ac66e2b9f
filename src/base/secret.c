/* libsodium's generic hash and Argon2id. */
#include "base/secret.h"

#include <sodium.h>

void token_hash(struct text token, uint8_t ret_hash[TOKEN_HASH_BYTES])
{
    crypto_generichash(ret_hash, TOKEN_HASH_BYTES, (const uint8_t *)token.data, token.size, NULL,
                       0);
}

void token_make(char ret_token[TOKEN_TEXT_BYTES + 1])
{
    uint8_t bytes[32];

    randombytes_buf(bytes, sizeof(bytes));
    memcpy(ret_token, "licet_", 6);
    sodium_bin2base64(ret_token + 6, TOKEN_TEXT_BYTES + 1 - 6, bytes, sizeof(bytes),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof(bytes));
}

enum status password_hash(struct text password, char ret_hash[PASSWORD_HASH_BYTES],
                          struct error *error)
{
    if (password.size < PASSWORD_BYTES_MIN || password.size > PASSWORD_BYTES_MAX)
        return error_set(error, LICET_INVALID, "a password has between %d and %d bytes",
                         PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX);
    if (crypto_pwhash_str(ret_hash, password.data, password.size,
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to hash a password; try again");
    return LICET_OK;
}

bool password_is_right(const char *hash, struct text password)
{
    char unused[PASSWORD_HASH_BYTES];

    if (hash != NULL)
        return crypto_pwhash_str_verify(hash, password.data, password.size) == 0;
    if (crypto_pwhash_str(unused, password.data, password.size, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return false;
    return false; /* the work is done for its time alone */
}
