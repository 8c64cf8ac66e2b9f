/* Ed25519 keys in OpenSSH's files. Secrets are wiped from every place they were copied to. */
#include "license/key.h"

#include <sodium.h>

#include "license/ssh.h"

#define KEY_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define KEY_END "-----END OPENSSH PRIVATE KEY-----"
#define KEY_MAGIC "openssh-key-v1" /* and a NUL */
#define KEY_BLOCK 8                /* private parts are padded to this, cipher "none" included */

void secret_key_init(struct secret_key *key, const uint8_t seed[KEY_SEED_BYTES])
{
    uint8_t public_bytes[KEY_BYTES];

    crypto_sign_seed_keypair(public_bytes, key->bytes, seed);
}

void secret_key_finish(struct secret_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

struct public_key secret_key_public(const struct secret_key *key)
{
    struct public_key public_key;

    memcpy(public_key.bytes, key->bytes + KEY_SEED_BYTES, KEY_BYTES);
    return public_key;
}

void public_key_blob(const struct public_key *key, uint8_t blob[KEY_BLOB_BYTES])
{
    struct buf buf = buf_over(blob, KEY_BLOB_BYTES);

    ssh_add_ed25519(&buf, key->bytes, KEY_BYTES);
}

struct hash public_key_hash(const struct public_key *key)
{
    uint8_t blob[KEY_BLOB_BYTES];

    public_key_blob(key, blob);
    return hash_of(text_make(blob, sizeof(blob)));
}

bool public_key_equal(const struct public_key *left, const struct public_key *right)
{
    return memcmp(left->bytes, right->bytes, KEY_BYTES) == 0;
}

enum status public_key_parse(struct text text, struct public_key *ret_key, struct text *ret_comment,
                             struct error *error)
{
    struct text line = text_head(text, text_find(text, '\n'));
    struct text comment = line, type, base64 = {"", 0};
    uint8_t blob[KEY_BLOB_BYTES];
    size_t size;

    if (line.size > 0 && line.data[line.size - 1] == '\r')
        comment.size--;
    text_split(&comment, ' ', &type);
    text_split(&comment, ' ', &base64);
    if (!text_is(type, "ssh-ed25519"))
        return error_set(error, LICET_UNSUPPORTED,
                         "\"%.*s\" is not a key that licet uses: give the .pub file of an "
                         "ssh-ed25519 key",
                         TEXT_ARGS(text_head(type, 40)));
    if (!base64_decode(base64, blob, sizeof(blob), &size) ||
        !ssh_read_ed25519(text_make(blob, size), ret_key->bytes, KEY_BYTES))
        return error_set(error, LICET_INVALID,
                         "the public key is damaged: it does not decode to an Ed25519 key");
    if (ret_comment != NULL)
        *ret_comment = comment.data == NULL ? text_make("", 0) : comment;
    return LICET_OK;
}

void public_key_print(const struct public_key *key, struct text comment, struct buf *buf)
{
    uint8_t blob[KEY_BLOB_BYTES];

    public_key_blob(key, blob);
    buf_add_string(buf, "ssh-ed25519 ");
    base64_encode(text_make(blob, sizeof(blob)), true, buf);
    if (comment.size > 0) {
        buf_add_byte(buf, ' ');
        buf_add_text(buf, comment);
    }
    buf_add_byte(buf, '\n');
}

/* What stands between the borders: public key, then the private part. */
static enum status secret_key_open(struct text blob, struct text *ret_public,
                                   struct text *ret_private, struct error *error)
{
    struct ssh_reader reader = ssh_reader_over(blob);
    struct text cipher, kdf, kdf_options;
    uint32_t count;

    if (blob.size < sizeof(KEY_MAGIC) || memcmp(blob.data, KEY_MAGIC, sizeof(KEY_MAGIC)) != 0)
        return error_set(error, LICET_INVALID, "the private key is not in OpenSSH's own format");
    reader.rest = text_skip(blob, sizeof(KEY_MAGIC));
    cipher = ssh_read_string(&reader);
    kdf = ssh_read_string(&reader);
    kdf_options = ssh_read_string(&reader);
    count = ssh_read_u32(&reader);
    *ret_public = ssh_read_string(&reader);
    if (!reader.is_broken && !text_is(cipher, "none"))
        return error_set(error, LICET_UNSUPPORTED,
                         "the private key has a passphrase, which is not supported: take a copy "
                         "without one (ssh-keygen -p -N '' -f COPY) on a machine you trust");
    *ret_private = ssh_read_string(&reader);
    if (!ssh_reader_is_done(&reader) || count != 1 || !text_is(kdf, "none") ||
        kdf_options.size != 0)
        return error_set(error, LICET_INVALID, "the private key file is damaged");
    return LICET_OK;
}

/* 1, 2, 3 ... up to a whole block. */
static bool secret_key_padding_is_right(struct text padding)
{
    if (padding.size >= KEY_BLOCK)
        return false;
    for (size_t index = 0; index < padding.size; index++) {
        if ((uint8_t)padding.data[index] != index + 1)
            return false;
    }
    return true;
}

static enum status secret_key_read(struct text private_part, struct text public_blob,
                                   struct secret_key *ret_key, struct error *error)
{
    struct ssh_reader reader = ssh_reader_over(private_part);
    uint32_t check = ssh_read_u32(&reader), check_again = ssh_read_u32(&reader);
    struct text type = ssh_read_string(&reader);
    uint8_t public_bytes[KEY_BYTES] = {0}, outer_bytes[KEY_BYTES];
    struct secret_key stored = {{0}}, key;
    enum status status = LICET_OK;

    if (!reader.is_broken && check == check_again && !text_is(type, "ssh-ed25519"))
        return error_set(error, LICET_UNSUPPORTED,
                         "the private key is of type %.*s; licet uses ssh-ed25519 only",
                         TEXT_ARGS(text_head(type, 40)));
    ssh_read_bytes(&reader, public_bytes, sizeof(public_bytes));
    ssh_read_bytes(&reader, stored.bytes, sizeof(stored.bytes));
    ssh_read_string(&reader); /* the comment */
    secret_key_init(&key, stored.bytes);
    if (reader.is_broken || check != check_again || private_part.size % KEY_BLOCK != 0 ||
        !secret_key_padding_is_right(reader.rest))
        status = error_set(error, LICET_INVALID, "the private key file is damaged");
    else if (memcmp(stored.bytes, key.bytes, sizeof(key.bytes)) != 0 ||
             memcmp(public_bytes, key.bytes + KEY_SEED_BYTES, KEY_BYTES) != 0 ||
             !ssh_read_ed25519(public_blob, outer_bytes, KEY_BYTES) ||
             memcmp(outer_bytes, public_bytes, KEY_BYTES) != 0)
        status = error_set(error, LICET_INVALID,
                           "the private key file holds a public key of another private key");
    else
        *ret_key = key;
    sodium_memzero(&stored, sizeof(stored));
    sodium_memzero(&key, sizeof(key));
    return status;
}

enum status secret_key_parse(struct text text, struct secret_key *ret_key, struct error *error)
{
    uint8_t bytes[SECRET_KEY_FILE_MAX];
    struct text public_blob, private_part;
    enum status status;
    size_t size;

    if (text_starts_with(text, "ssh-"))
        return error_set(error, LICET_INVALID, "this is a public key; give the private key's file");
    status =
        armor_decode(text, KEY_BEGIN, KEY_END, "private key", bytes, sizeof(bytes), &size, error);
    if (status == LICET_OK)
        status = secret_key_open(text_make(bytes, size), &public_blob, &private_part, error);
    if (status == LICET_OK)
        status = secret_key_read(private_part, public_blob, ret_key, error);
    sodium_memzero(bytes, sizeof(bytes));
    return status;
}

static void secret_key_private_part(const struct secret_key *key, uint32_t check,
                                    struct text comment, struct buf *buf)
{
    struct public_key public_key = secret_key_public(key);

    ssh_add_u32(buf, check);
    ssh_add_u32(buf, check);
    ssh_add_ed25519(buf, public_key.bytes, KEY_BYTES);
    ssh_add_string(buf, text_make(key->bytes, sizeof(key->bytes)));
    ssh_add_string(buf, comment);
    for (char padding = 1; buf->size % KEY_BLOCK != 0 && !buf->is_full; padding++)
        buf_add_byte(buf, padding);
}

void secret_key_print(const struct secret_key *key, uint32_t check, struct text comment,
                      struct buf *buf)
{
    uint8_t private_bytes[SECRET_KEY_FILE_MAX / 2], bytes[SECRET_KEY_FILE_MAX];
    struct buf private_part = buf_over(private_bytes, sizeof(private_bytes));
    struct buf blob = buf_over(bytes, sizeof(bytes));
    struct public_key public_key = secret_key_public(key);
    uint8_t public_blob[KEY_BLOB_BYTES];

    public_key_blob(&public_key, public_blob);
    secret_key_private_part(key, check, comment, &private_part);
    buf_add(&blob, KEY_MAGIC, sizeof(KEY_MAGIC));
    ssh_add_string(&blob, TEXT("none"));
    ssh_add_string(&blob, TEXT("none"));
    ssh_add_string(&blob, TEXT(""));
    ssh_add_u32(&blob, 1);
    ssh_add_string(&blob, text_make(public_blob, sizeof(public_blob)));
    ssh_add_string(&blob, buf_text(&private_part));
    if (private_part.is_full || blob.is_full)
        buf->is_full = true;
    else
        armor_encode(buf_text(&blob), KEY_BEGIN, KEY_END, buf);
    sodium_memzero(private_bytes, sizeof(private_bytes));
    sodium_memzero(bytes, sizeof(bytes));
}
