/* SHA-256 in OpenSSH's printed form. */
#include "license/hash.h"

#include <sodium.h>

#include "license/ssh.h"

#define HASH_PREFIX "SHA256:"

struct hash hash_of(struct text text)
{
    struct hash hash;

    crypto_hash_sha256(hash.bytes, (const unsigned char *)text.data, text.size);
    return hash;
}

bool hash_is_none(const struct hash *hash)
{
    static const struct hash none;

    return hash_equal(hash, &none);
}

bool hash_equal(const struct hash *left, const struct hash *right)
{
    return memcmp(left->bytes, right->bytes, HASH_BYTES) == 0;
}

bool hash_digits_parse(struct text text, uint8_t bytes[HASH_BYTES])
{
    char padded[45];
    size_t size;

    if (text.size != 43)
        return false;
    memcpy(padded, text.data, 43);
    padded[43] = '=';
    return base64_decode(text_make(padded, 44), bytes, HASH_BYTES, &size) && size == HASH_BYTES;
}

enum status hash_parse(struct text text, struct hash *ret_hash, struct error *error)
{
    struct hash hash;

    if (!text_starts_with(text, HASH_PREFIX) ||
        !hash_digits_parse(text_skip(text, sizeof(HASH_PREFIX) - 1), hash.bytes) ||
        hash_is_none(&hash))
        return error_set(error, LICET_INVALID,
                         "\"%.*s\" is not SHA256: and 43 characters of base64",
                         TEXT_ARGS(text_head(text, 60)));
    *ret_hash = hash;
    return LICET_OK;
}

void hash_digits_print(const uint8_t bytes[HASH_BYTES], struct buf *buf)
{
    base64_encode(text_make(bytes, HASH_BYTES), false, buf);
}

void hash_print(const struct hash *hash, struct buf *buf)
{
    buf_add_string(buf, HASH_PREFIX);
    hash_digits_print(hash->bytes, buf);
}
