/* Texts signed by a server's key. */
#include "license/server_text.h"

#include "license/exchange.h"

enum status server_text_open(struct text text, enum purpose purpose, struct arena *arena,
                             struct document *ret_document, struct public_key *ret_key,
                             struct error *error)
{
    struct document document;
    struct sshsig sshsig;
    enum status status;

    status = document_open(text, LICENSE_FILE_BYTES_MAX, arena, &document, error);
    if (status == LICET_OK)
        status = document_expect_end(&document, error);
    if (status == LICET_OK)
        status = sshsig_parse(document.armor, arena, &sshsig, error);
    if (status == LICET_OK)
        status = sshsig_verify(&sshsig, purpose, document.payload, error);
    if (status != LICET_OK)
        return status;
    *ret_document = document;
    *ret_key = sshsig.key;
    return LICET_OK;
}

enum status server_text_check_key(const struct hash *stated, const struct public_key *key,
                                  struct error *error)
{
    struct hash hash = public_key_hash(key);

    if (!hash_equal(stated, &hash))
        return error_set(error, LICET_MISMATCH,
                         "line 1: key= is not the fingerprint of the key that signed the text");
    return LICET_OK;
}

enum status server_text_sign(const struct document_lines *lines, const struct secret_key *key,
                             enum purpose purpose, struct buf *buf, struct error *error)
{
    size_t start = buf->size;

    document_print(lines, buf);
    if (buf->is_full)
        return error_set(error, LICET_TOO_LARGE, "the text does not fit");
    return sshsig_sign(key, NULL, purpose, text_skip(buf_text(buf), start), buf, error);
}
