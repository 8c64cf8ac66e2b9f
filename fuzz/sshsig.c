/*
 * Signature blocks, certificates and key files out of hostile bytes. Beyond "no crash": armor that
 * is accepted is the only one for its bytes, a key prints back to a file that reads as the same
 * key, and nothing here ever verifies.
 */
#include <assert.h>

#include "license/ssh.h"
#include "license/sshsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_armor(struct text input)
{
    uint8_t blob[SSHSIG_BLOB_MAX];
    char armor[2 * SSHSIG_BLOB_MAX];
    struct buf buf = buf_over(armor, sizeof(armor));
    struct error error;
    size_t size;

    if (armor_decode(input, SSHSIG_BEGIN, SSHSIG_END, "block", blob, sizeof(blob), &size, &error) !=
        LICET_OK)
        return;
    armor_encode(text_make(blob, size), SSHSIG_BEGIN, SSHSIG_END, &buf);
    assert(text_equal(buf_text(&buf), input));
}

/* The whole block, and the same bytes as a bare blob put into armor. */
static void fuzz_block(struct text input)
{
    char memory[SSHSIG_BLOB_MAX + 64], armor[2 * SSHSIG_BLOB_MAX];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct buf buf = buf_over(armor, sizeof(armor));
    struct sshsig sshsig;
    struct error error;

    if (sshsig_parse(input, &arena, &sshsig, &error) == LICET_OK)
        assert(sshsig_verify(&sshsig, PURPOSE_USAGE, input, &error) != LICET_OK);
    arena.size = 0;
    armor_encode(text_head(input, SSHSIG_BLOB_MAX), SSHSIG_BEGIN, SSHSIG_END, &buf);
    if (sshsig_parse(buf_text(&buf), &arena, &sshsig, &error) == LICET_OK)
        assert(sshsig.name_space.size <= SSHSIG_BLOB_MAX);
}

static void fuzz_certificate(struct text input)
{
    char memory[CERTIFICATE_BLOB_MAX + 64];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct certificate certificate;
    struct error error;

    if (certificate_parse(input, &certificate, &error) == LICET_OK) {
        assert(certificate.principals_count <= CERTIFICATE_PRINCIPALS_MAX);
        certificate_check(&certificate);
    }
    certificate_parse_line(input, &arena, &certificate, &error);
}

static void fuzz_key(struct text input)
{
    char bytes[SECRET_KEY_FILE_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct public_key public_key, public_again;
    struct secret_key key, again;
    struct text comment;

    if (public_key_parse(input, &public_key, &comment, NULL) == LICET_OK) {
        public_key_print(&public_key, TEXT(""), &buf);
        assert(public_key_parse(buf_text(&buf), &public_again, NULL, NULL) == LICET_OK &&
               public_key_equal(&public_key, &public_again));
    }
    buf = buf_over(bytes, sizeof(bytes));
    if (secret_key_parse(input, &key, NULL) == LICET_OK) {
        secret_key_print(&key, 1, TEXT("comment"), &buf);
        assert(secret_key_parse(buf_text(&buf), &again, NULL) == LICET_OK &&
               memcmp(&key, &again, sizeof(key)) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = text_make(data, size);

    fuzz_armor(input);
    fuzz_block(input);
    fuzz_certificate(input);
    fuzz_key(input);
    return 0;
}
