/* SSHSIG blocks: which key signs what (R9), the bytes that are signed, the armored form. */
#include "license/sshsig.h"

#include <sodium.h>

#include "license/ssh.h"

#define SSHSIG_MAGIC "SSHSIG"
#define SSHSIG_MAGIC_BYTES 6
#define SSHSIG_VERSION 1u
#define SSHSIG_HASH "sha512"
/* magic, namespace of at most 20, reserved, "sha512", 64 bytes of hash, four lengths */
#define SSHSIG_SIGNED_MAX 128

struct purpose_row {
    const char *name_space;
    enum key_kind key_kind;
};

/* R9. */
static const struct purpose_row purpose_rows[PURPOSES_COUNT] = {
    [PURPOSE_LICENSE] = {"license@licet", KEY_ISSUING},
    [PURPOSE_RESPONSE] = {"response@licet", KEY_ISSUING},
    [PURPOSE_CHECKPOINT] = {"checkpoint@licet", KEY_ISSUING},
    [PURPOSE_REVOCATION] = {"revocation@licet", KEY_ROOT},
    [PURPOSE_LEASE] = {"lease@licet", KEY_SERVER},
    [PURPOSE_RECEIPT] = {"receipt@licet", KEY_SERVER},
    [PURPOSE_REQUEST] = {"request@licet", KEY_SERVER},
    [PURPOSE_USAGE] = {"usage@licet", KEY_SERVER},
};

const char *purpose_namespace(enum purpose purpose)
{
    return purpose_rows[purpose].name_space;
}

enum key_kind purpose_key_kind(enum purpose purpose)
{
    return purpose_rows[purpose].key_kind;
}

const char *key_kind_name(enum key_kind kind)
{
    static const char *const names[] = {"root key", "issuing key", "server key"};

    return names[kind];
}

void principal_print(struct text vendor, struct buf *buf)
{
    buf_add_string(buf, "licensing@");
    buf_add_text(buf, vendor);
}

/* The bytes under every signature. Version and key are not among them: the key is bound by the
 * caller, who compares it with one it trusts. */
static void sshsig_signed_bytes(enum purpose purpose, struct text message, struct buf *buf)
{
    uint8_t digest[crypto_hash_sha512_BYTES];

    crypto_hash_sha512(digest, (const unsigned char *)message.data, message.size);
    buf_add(buf, SSHSIG_MAGIC, SSHSIG_MAGIC_BYTES);
    ssh_add_string(buf, text_of(purpose_namespace(purpose)));
    ssh_add_string(buf, TEXT("")); /* reserved: OpenSSH always signs an empty one */
    ssh_add_string(buf, TEXT(SSHSIG_HASH));
    ssh_add_string(buf, text_make(digest, sizeof(digest)));
}

void sshsig_make(const struct secret_key *key, enum purpose purpose, struct text message,
                 uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t bytes[SSHSIG_SIGNED_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    sshsig_signed_bytes(purpose, message, &buf);
    crypto_sign_detached(signature, NULL, bytes, buf.size, key->bytes);
}

bool sshsig_check(const struct public_key *key, enum purpose purpose, struct text message,
                  const uint8_t signature[SIGNATURE_BYTES])
{
    uint8_t bytes[SSHSIG_SIGNED_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    sshsig_signed_bytes(purpose, message, &buf);
    return crypto_sign_verify_detached(signature, bytes, buf.size, key->bytes) == 0;
}

/* The key of a block: a plain one, or a whole certificate. */
static enum status sshsig_read_key(struct text blob, struct sshsig *sshsig, struct error *error)
{
    struct ssh_reader reader = ssh_reader_over(blob);
    struct text type = ssh_read_string(&reader);
    enum status status;

    if (text_is(type, "ssh-ed25519-cert-v01@openssh.com")) {
        status = certificate_parse(blob, &sshsig->certificate, error);
        sshsig->has_certificate = true;
        sshsig->key = sshsig->certificate.key;
        return status;
    }
    if (!text_is(type, "ssh-ed25519"))
        return error_set(error, LICET_UNSUPPORTED,
                         "the signature is by a key of type %.*s; licet uses ssh-ed25519 only",
                         TEXT_ARGS(text_head(type, 40)));
    if (!ssh_read_ed25519(blob, sshsig->key.bytes, KEY_BYTES))
        return error_set(error, LICET_INVALID, "the key in the signature block is damaged");
    return LICET_OK;
}

static enum status sshsig_read_blob(struct text blob, struct sshsig *sshsig, struct error *error)
{
    struct ssh_reader reader;
    struct text key, signature;
    enum status status;
    uint32_t version;

    if (!text_starts_with(blob, SSHSIG_MAGIC))
        return error_set(error, LICET_INVALID, "the signature block is not an SSH signature");
    reader = ssh_reader_over(text_skip(blob, SSHSIG_MAGIC_BYTES));
    version = ssh_read_u32(&reader);
    if (!reader.is_broken && version != SSHSIG_VERSION)
        return error_set(error, LICET_UNSUPPORTED, "SSH signatures of version %u are not known",
                         version);
    key = ssh_read_string(&reader);
    sshsig->name_space = ssh_read_string(&reader);
    ssh_expect(&reader, ""); /* reserved */
    ssh_expect(&reader, SSHSIG_HASH);
    signature = ssh_read_string(&reader);
    if (!ssh_reader_is_done(&reader))
        return error_set(error, LICET_INVALID,
                         "the signature block is damaged, or its hash is not " SSHSIG_HASH);
    status = sshsig_read_key(key, sshsig, error);
    if (status != LICET_OK)
        return status;
    if (!ssh_read_ed25519(signature, sshsig->signature, SIGNATURE_BYTES))
        return error_set(error, LICET_INVALID,
                         "the signature block does not hold an Ed25519 signature of 64 bytes");
    return LICET_OK;
}

enum status sshsig_parse(struct text armor, struct arena *arena, struct sshsig *ret_sshsig,
                         struct error *error)
{
    uint8_t *blob = arena_take(arena, SSHSIG_BLOB_MAX, 1);
    struct sshsig sshsig = {.has_certificate = false};
    enum status status;
    size_t size;

    if (blob == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for the signature block");
    status = armor_decode(armor, SSHSIG_BEGIN, SSHSIG_END, "signature block", blob, SSHSIG_BLOB_MAX,
                          &size, error);
    if (status == LICET_OK)
        status = sshsig_read_blob(text_make(blob, size), &sshsig, error);
    if (status == LICET_OK)
        *ret_sshsig = sshsig;
    return status;
}

static enum status sshsig_check_kind(const struct sshsig *sshsig, enum purpose purpose,
                                     struct error *error)
{
    bool wants_certificate = purpose_key_kind(purpose) == KEY_ISSUING;

    if (!text_is(sshsig->name_space, purpose_namespace(purpose)))
        return error_set(error, LICET_UNTRUSTED,
                         "the signature was made for \"%.*s\"; here it must be for \"%s\"",
                         TEXT_ARGS(text_head(sshsig->name_space, 40)), purpose_namespace(purpose));
    if (wants_certificate && !sshsig->has_certificate)
        return error_set(error, LICET_UNTRUSTED,
                         "the signature carries no certificate of a root: the vendor signs with "
                         "licet file sign, or with ssh-keygen -Y sign -f KEY-cert.pub");
    if (!wants_certificate && sshsig->has_certificate)
        return error_set(error, LICET_UNTRUSTED,
                         "the signature carries a certificate, but \"%s\" is signed by a bare %s",
                         purpose_namespace(purpose), key_kind_name(purpose_key_kind(purpose)));
    return LICET_OK;
}

enum status sshsig_verify(const struct sshsig *sshsig, enum purpose purpose, struct text message,
                          struct error *error)
{
    enum status status = sshsig_check_kind(sshsig, purpose, error);

    if (status != LICET_OK)
        return status;
    if (!sshsig_check(&sshsig->key, purpose, message, sshsig->signature))
        return error_set(error, LICET_BAD_SIGNATURE,
                         "the signature does not fit the text: the text was changed after it was "
                         "signed, or the signature block belongs to another text");
    if (sshsig->has_certificate && !certificate_check(&sshsig->certificate))
        return error_set(error, LICET_BAD_SIGNATURE,
                         "the certificate in the signature block was not signed by its root");
    return LICET_OK;
}

static void sshsig_print(const struct public_key *key, const struct certificate *certificate,
                         enum purpose purpose, const uint8_t signature[SIGNATURE_BYTES],
                         struct buf *buf)
{
    uint8_t bytes[SSHSIG_BLOB_MAX], key_blob[KEY_BLOB_BYTES];
    uint8_t signature_bytes[CERTIFICATE_SIGNATURE_BYTES];
    struct buf blob = buf_over(bytes, sizeof(bytes));
    struct buf signature_blob = buf_over(signature_bytes, sizeof(signature_bytes));

    public_key_blob(key, key_blob);
    ssh_add_ed25519(&signature_blob, signature, SIGNATURE_BYTES);
    buf_add(&blob, SSHSIG_MAGIC, SSHSIG_MAGIC_BYTES);
    ssh_add_u32(&blob, SSHSIG_VERSION);
    ssh_add_string(&blob,
                   certificate != NULL ? certificate->blob : text_make(key_blob, sizeof(key_blob)));
    ssh_add_string(&blob, text_of(purpose_namespace(purpose)));
    ssh_add_string(&blob, TEXT(""));
    ssh_add_string(&blob, TEXT(SSHSIG_HASH));
    ssh_add_string(&blob, buf_text(&signature_blob));
    if (blob.is_full)
        buf->is_full = true;
    armor_encode(buf_text(&blob), SSHSIG_BEGIN, SSHSIG_END, buf);
}

enum status sshsig_sign(const struct secret_key *key, const struct certificate *certificate,
                        enum purpose purpose, struct text message, struct buf *buf,
                        struct error *error)
{
    struct public_key public_key = secret_key_public(key);
    uint8_t signature[SIGNATURE_BYTES];

    if ((certificate != NULL) != (purpose_key_kind(purpose) == KEY_ISSUING))
        return error_set(error, LICET_FORBIDDEN, "\"%s\" is signed by the %s: %s",
                         purpose_namespace(purpose), key_kind_name(purpose_key_kind(purpose)),
                         certificate != NULL ? "no certificate goes with it"
                                             : "its certificate is missing");
    if (certificate != NULL && !public_key_equal(&public_key, &certificate->key))
        return error_set(error, LICET_MISMATCH, "the certificate is for another key");
    sshsig_make(key, purpose, message, signature);
    /* Security: a fault while signing can give the key away with the result. */
    if (!sshsig_check(&public_key, purpose, message, signature))
        return error_set(error, LICET_SYSTEM,
                         "the new signature does not verify: this machine computes wrongly");
    sshsig_print(&public_key, certificate, purpose, signature, buf);
    if (buf->is_full)
        return error_set(error, LICET_TOO_LARGE, "the signature block does not fit");
    return LICET_OK;
}
