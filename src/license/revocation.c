/* Revocation lists: read, asked, signed. */
#include "license/revocation.h"

#include "license/document.h"
#include "license/sshsig.h"

static bool revocations_knows_root(const struct public_key *roots, uint32_t roots_count,
                                   const struct public_key *key)
{
    for (uint32_t index = 0; index < roots_count; index++) {
        if (public_key_equal(&roots[index], key))
            return true;
    }
    return false;
}

enum status revocations_read(struct text text, const struct public_key *roots, uint32_t roots_count,
                             struct arena *arena, struct revocations *ret_revocations,
                             struct error *error)
{
    struct document_section sections[] = {
        {LINE_REVOCATIONS, 1, 1, 0, NULL},
        {LINE_REVOKED, 0, REVOKED_KEYS_MAX, 0, NULL},
    };
    struct document_lines lines;
    struct revocations revocations;
    struct document document;
    struct sshsig sshsig;
    enum status status;

    status = document_open(text, REVOCATIONS_BYTES_MAX, arena, &document, error);
    if (status == LICET_OK)
        status = document_expect_end(&document, error);
    if (status == LICET_OK)
        status = sshsig_parse(document.armor, arena, &sshsig, error);
    if (status == LICET_OK && !revocations_knows_root(roots, roots_count, &sshsig.key))
        status = error_set(error, LICET_UNTRUSTED,
                           "the revocation list is not signed by a root key that is trusted here");
    if (status == LICET_OK)
        status = sshsig_verify(&sshsig, PURPOSE_REVOCATION, document.payload, error);
    if (status == LICET_OK)
        status = document_parse(document.payload, 1, sections, 2, false, arena, &lines, error);
    if (status != LICET_OK)
        return status;
    memcpy(&revocations.head, sections[0].items, sizeof(revocations.head));
    revocations.keys = sections[1].items;
    revocations.keys_count = sections[1].count;
    revocations.root = sshsig.key;
    revocations.payload_hash = hash_of(document.payload);
    *ret_revocations = revocations;
    return LICET_OK;
}

enum status revocations_sign(const struct revocations *revocations, const struct secret_key *root,
                             struct arena *arena, struct buf *buf, struct error *error)
{
    struct public_key root_public = secret_key_public(root);
    struct revocations_head head = revocations->head;
    struct document_section sections[] = {
        {LINE_REVOCATIONS, 1, 1, 1, &head},
        {LINE_REVOKED, 0, REVOKED_KEYS_MAX, revocations->keys_count, revocations->keys},
    };
    struct document_lines lines;
    struct revocations again;
    size_t start = buf->size;
    enum status status;

    status = document_arrange(sections, 2, arena, &lines, error);
    if (status != LICET_OK)
        return status;
    document_print(&lines, buf);
    status =
        sshsig_sign(root, NULL, PURPOSE_REVOCATION, text_skip(buf_text(buf), start), buf, error);
    if (status != LICET_OK)
        return status;
    return revocations_read(text_skip(buf_text(buf), start), &root_public, 1, arena, &again, error);
}

bool revocations_has(const struct revocations *revocations, const struct hash *key,
                     struct unix_time issued)
{
    for (uint32_t index = 0; index < revocations->keys_count; index++) {
        const struct revoked_key *revoked = &revocations->keys[index];

        if (hash_equal(&revoked->key, key) && issued.s >= revoked->from.s)
            return true;
    }
    return false;
}

enum status revocations_check(const struct revocations *revocations, const struct hash *key,
                              struct unix_time issued, struct error *error)
{
    if (revocations == NULL || !revocations_has(revocations, key, issued))
        return LICET_OK;
    return error_set(error, LICET_REVOKED,
                     "the key that signed the text was revoked by the vendor (list %u): ask the "
                     "vendor for a file signed by its new key",
                     revocations->head.number);
}
