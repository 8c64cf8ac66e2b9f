/* OpenSSH user certificates for Ed25519 keys (the format of OpenSSH's PROTOCOL.certkeys). */
#include "license/certificate.h"

#include <sodium.h>

#include "license/ssh.h"

#define CERTIFICATE_TYPE "ssh-ed25519-cert-v01@openssh.com"
#define CERTIFICATE_USER 1u

/* OpenSSH writes all ones for a date that never comes. */
static int64_t certificate_time(uint64_t seconds)
{
    return seconds > INT64_MAX ? INT64_MAX : (int64_t)seconds;
}

static bool certificate_read_principals(struct text packed, struct certificate *certificate)
{
    struct ssh_reader reader = ssh_reader_over(packed);

    certificate->principals_count = 0;
    while (!reader.is_broken && reader.rest.size > 0) {
        if (certificate->principals_count == CERTIFICATE_PRINCIPALS_MAX)
            return false;
        certificate->principals[certificate->principals_count++] = ssh_read_string(&reader);
    }
    return !reader.is_broken;
}

static bool certificate_read(struct ssh_reader *reader, struct certificate *certificate,
                             uint32_t *ret_type, struct text *ret_options)
{
    struct text principals, root, reserved, signature;

    ssh_expect(reader, CERTIFICATE_TYPE);
    ssh_read_string(reader); /* the nonce: bytes that the root chose, of any size */
    ssh_read_bytes(reader, certificate->key.bytes, KEY_BYTES);
    certificate->serial = ssh_read_u64(reader);
    *ret_type = ssh_read_u32(reader);
    certificate->id = ssh_read_string(reader);
    principals = ssh_read_string(reader);
    certificate->after.s = certificate_time(ssh_read_u64(reader));
    certificate->before.s = certificate_time(ssh_read_u64(reader));
    *ret_options = ssh_read_string(reader);
    ssh_read_string(reader); /* extensions: what a login may do; they say nothing here */
    reserved = ssh_read_string(reader);
    root = ssh_read_string(reader);
    signature = ssh_read_string(reader);
    return ssh_reader_is_done(reader) && reserved.size == 0 &&
           certificate_read_principals(principals, certificate) &&
           ssh_read_ed25519(root, certificate->root.bytes, KEY_BYTES) &&
           ssh_read_ed25519(signature, certificate->signature, SIGNATURE_BYTES);
}

enum status certificate_parse(struct text blob, struct certificate *ret_certificate,
                              struct error *error)
{
    struct certificate certificate = {.blob = blob};
    struct ssh_reader reader = ssh_reader_over(blob);
    struct text options = {"", 0};
    uint32_t type = 0;

    if (blob.size > CERTIFICATE_BLOB_MAX ||
        !certificate_read(&reader, &certificate, &type, &options))
        return error_set(error, LICET_INVALID,
                         "the certificate is damaged, or it or its root is not of type Ed25519");
    if (type != CERTIFICATE_USER)
        return error_set(error, LICET_UNSUPPORTED,
                         "the certificate is not a user certificate: make it with licet key "
                         "certify, or with ssh-keygen -s and without -h");
    if (options.size > 0)
        return error_set(error, LICET_UNSUPPORTED,
                         "the certificate has a critical option, and licet knows none");
    *ret_certificate = certificate;
    return LICET_OK;
}

/* The signature is the last field: what it signs is everything before it. */
static struct text certificate_signed_part(const struct certificate *certificate)
{
    return text_head(certificate->blob, certificate->blob.size - (4 + CERTIFICATE_SIGNATURE_BYTES));
}

bool certificate_check(const struct certificate *certificate)
{
    struct text part = certificate_signed_part(certificate);

    return crypto_sign_verify_detached(certificate->signature, (const unsigned char *)part.data,
                                       part.size, certificate->root.bytes) == 0;
}

bool certificate_has_principal(const struct certificate *certificate, struct text principal)
{
    for (uint32_t index = 0; index < certificate->principals_count; index++) {
        if (text_equal(certificate->principals[index], principal))
            return true;
    }
    return false;
}

enum status certificate_parse_line(struct text line, struct arena *arena,
                                   struct certificate *ret_certificate, struct error *error)
{
    struct text rest = text_head(line, text_find(line, '\n')), type, base64 = {"", 0};
    uint8_t *blob = arena_take(arena, CERTIFICATE_BLOB_MAX, 1);
    size_t size;

    if (blob == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for the certificate");
    text_split(&rest, ' ', &type);
    text_split(&rest, ' ', &base64);
    if (!text_is(type, CERTIFICATE_TYPE))
        return error_set(error, LICET_INVALID,
                         "\"%.*s\" is not a certificate of an Ed25519 key: give the -cert.pub file",
                         TEXT_ARGS(text_head(type, 40)));
    if (!base64_decode(base64, blob, CERTIFICATE_BLOB_MAX, &size))
        return error_set(error, LICET_INVALID, "the certificate is damaged: it is not base64");
    return certificate_parse(text_make(blob, size), ret_certificate, error);
}

void certificate_print_line(const struct certificate *certificate, struct text comment,
                            struct buf *buf)
{
    buf_add_string(buf, CERTIFICATE_TYPE " ");
    base64_encode(certificate->blob, true, buf);
    if (comment.size > 0) {
        buf_add_byte(buf, ' ');
        buf_add_text(buf, comment);
    }
    buf_add_byte(buf, '\n');
}

static void certificate_add_principals(const struct certificate *certificate, struct buf *blob)
{
    uint8_t bytes[CERTIFICATE_BLOB_MAX];
    struct buf packed = buf_over(bytes, sizeof(bytes));

    for (uint32_t index = 0; index < certificate->principals_count; index++)
        ssh_add_string(&packed, certificate->principals[index]);
    blob->is_full |= packed.is_full;
    ssh_add_string(blob, buf_text(&packed));
}

static void certificate_add_fields(const struct certificate *certificate,
                                   const struct public_key *root,
                                   const uint8_t nonce[CERTIFICATE_NONCE_BYTES], struct buf *blob)
{
    uint8_t root_blob[KEY_BLOB_BYTES];

    public_key_blob(root, root_blob);
    ssh_add_string(blob, TEXT(CERTIFICATE_TYPE));
    ssh_add_string(blob, text_make(nonce, CERTIFICATE_NONCE_BYTES));
    ssh_add_string(blob, text_make(certificate->key.bytes, KEY_BYTES));
    ssh_add_u64(blob, certificate->serial);
    ssh_add_u32(blob, CERTIFICATE_USER);
    ssh_add_string(blob, certificate->id);
    certificate_add_principals(certificate, blob);
    ssh_add_u64(blob, (uint64_t)certificate->after.s);
    ssh_add_u64(blob,
                certificate->before.s == INT64_MAX ? UINT64_MAX : (uint64_t)certificate->before.s);
    ssh_add_string(blob, TEXT("")); /* critical options */
    ssh_add_string(blob, TEXT("")); /* extensions: nobody shall log in with it */
    ssh_add_string(blob, TEXT("")); /* reserved */
    ssh_add_string(blob, text_make(root_blob, sizeof(root_blob)));
}

static void certificate_add_signature(const struct secret_key *root, struct buf *blob)
{
    uint8_t signature[SIGNATURE_BYTES], bytes[CERTIFICATE_SIGNATURE_BYTES];
    struct buf signature_blob = buf_over(bytes, sizeof(bytes));

    crypto_sign_detached(signature, NULL, (const unsigned char *)blob->data, blob->size,
                         root->bytes);
    ssh_add_ed25519(&signature_blob, signature, sizeof(signature));
    ssh_add_string(blob, buf_text(&signature_blob));
}

enum status certificate_sign(struct certificate *certificate, const struct secret_key *root,
                             const uint8_t nonce[CERTIFICATE_NONCE_BYTES], struct arena *arena,
                             struct error *error)
{
    uint8_t *bytes = arena_take(arena, CERTIFICATE_BLOB_MAX, 1);
    struct buf blob = buf_over(bytes, CERTIFICATE_BLOB_MAX);
    struct public_key root_public = secret_key_public(root);
    enum status status;

    if (bytes == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for the certificate");
    if (certificate->after.s < 0 || certificate->before.s <= certificate->after.s)
        return error_set(error, LICET_INVALID, "the certificate would end before it begins");
    if (public_key_equal(&root_public, &certificate->key))
        return error_set(error, LICET_INVALID,
                         "the root key cannot certify itself: make an issuing key of its own");
    certificate_add_fields(certificate, &root_public, nonce, &blob);
    certificate_add_signature(root, &blob);
    if (blob.is_full)
        return error_set(error, LICET_TOO_LARGE, "the certificate would be larger than %d bytes",
                         CERTIFICATE_BLOB_MAX);
    status = certificate_parse(buf_text(&blob), certificate, error);
    if (status == LICET_OK && !certificate_check(certificate))
        status = error_set(error, LICET_SYSTEM,
                           "the new signature does not verify: this machine computes wrongly");
    return status;
}
