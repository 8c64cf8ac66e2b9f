/* Signature blocks: the byte format, the armor, purposes, and OpenSSH's own samples. */
#include "license/ssh.h"

#include "files.h"

#include "tap.h"

static struct sshsig parsed;

static enum status parses(struct text armor, struct error *error)
{
    struct arena arena = fresh_arena();

    return sshsig_parse(armor, &arena, &parsed, error);
}

/* ---- purposes (R9) */

static void test_matrix(void)
{
    const struct text message = TEXT("what is signed\n");
    struct certificate certificate = data_certificate("issuing");
    struct secret_key keys[3];
    unsigned wrong = 0, cells = 0;

    data_secret_key("root", &keys[KEY_ROOT]);
    data_secret_key("issuing", &keys[KEY_ISSUING]);
    data_secret_key("server", &keys[KEY_SERVER]);
    for (int made = 0; made < PURPOSES_COUNT; made++) {
        enum key_kind kind = purpose_key_kind((enum purpose)made);
        char bytes[SSHSIG_ARMOR_MAX];
        struct buf buf = buf_over(bytes, sizeof(bytes));

        if (sshsig_sign(&keys[kind], kind == KEY_ISSUING ? &certificate : NULL, (enum purpose)made,
                        message, &buf, NULL) != LICET_OK ||
            parses(buf_text(&buf), NULL) != LICET_OK)
            wrong++;
        for (int wanted = 0; wanted < PURPOSES_COUNT; wanted++) {
            bool holds = sshsig_verify(&parsed, (enum purpose)wanted, message, NULL) == LICET_OK;
            bool bare = sshsig_check(&parsed.key, (enum purpose)wanted, message, parsed.signature);

            cells++;
            if (holds != (made == wanted) || bare != (made == wanted))
                wrong++;
        }
    }
    ok(wrong == 0 && cells == 64, "R9.1 each of 8 purposes is accepted as itself and as no other");
}

static void test_kinds(void)
{
    static const char *const names[PURPOSES_COUNT] = {
        "license@licet", "response@licet", "checkpoint@licet", "revocation@licet",
        "lease@licet",   "receipt@licet",  "request@licet",    "usage@licet"};
    struct certificate certificate = data_certificate("issuing");
    struct secret_key issuing, server;
    char bytes[SSHSIG_ARMOR_MAX];
    unsigned wrong = 0;

    data_secret_key("issuing", &issuing);
    data_secret_key("server", &server);
    for (int index = 0; index < PURPOSES_COUNT; index++) {
        bool is_issuing = index < 3;
        struct buf buf = buf_over(bytes, sizeof(bytes));
        /* The other form: a certificate where none belongs, none where one is needed. */
        enum status status = sshsig_sign(&issuing, is_issuing ? NULL : &certificate,
                                         (enum purpose)index, TEXT("x"), &buf, NULL);

        if (status != LICET_FORBIDDEN || buf.size > 0 ||
            strcmp(purpose_namespace((enum purpose)index), names[index]) != 0)
            wrong++;
    }
    ok(wrong == 0, "R9 a certificate goes with license, response and checkpoint, and only there");
    {
        struct buf buf = buf_over(bytes, sizeof(bytes));

        ok(sshsig_sign(&server, &certificate, PURPOSE_LICENSE, TEXT("x"), &buf, NULL) ==
               LICET_MISMATCH,
           "R9 a certificate of another key is refused");
    }
}

/* ---- the blob */

/* A block of our own making with one thing different. */
struct variant {
    const char *magic;
    uint32_t version;
    const char *name_space, *reserved, *hash;
    const char *key_type, *signature_type;
    size_t key_size, signature_size;
    const char *after;
};

static struct text variant_armor(const struct variant *variant)
{
    static char armor_bytes[4096];
    uint8_t blob_bytes[2048], inner_bytes[256];
    struct buf blob = buf_over(blob_bytes, sizeof(blob_bytes));
    struct buf armor = buf_over(armor_bytes, sizeof(armor_bytes));
    struct public_key key = data_public_key("server");
    static const uint8_t signature[128];
    uint8_t key_bytes[64] = {0};
    struct buf inner = buf_over(inner_bytes, sizeof(inner_bytes));

    memcpy(key_bytes, key.bytes, KEY_BYTES);
    buf_add_string(&blob, variant->magic);
    ssh_add_u32(&blob, variant->version);
    ssh_add_string(&inner, text_of(variant->key_type));
    ssh_add_string(&inner, text_make(key_bytes, variant->key_size));
    ssh_add_string(&blob, buf_text(&inner));
    ssh_add_string(&blob, text_of(variant->name_space));
    ssh_add_string(&blob, text_of(variant->reserved));
    ssh_add_string(&blob, text_of(variant->hash));
    inner = buf_over(inner_bytes, sizeof(inner_bytes));
    ssh_add_string(&inner, text_of(variant->signature_type));
    ssh_add_string(&inner, text_make(signature, variant->signature_size));
    ssh_add_string(&blob, buf_text(&inner));
    buf_add_string(&blob, variant->after);
    armor_encode(buf_text(&blob), SSHSIG_BEGIN, SSHSIG_END, &armor);
    return buf_text(&armor);
}

static void test_blob(void)
{
    const struct variant good = {
        "SSHSIG", 1, "lease@licet", "", "sha512", "ssh-ed25519", "ssh-ed25519", 32, 64, ""};
    struct variant variant;

#define REFUSED(member, value, name)                                                               \
    variant = good;                                                                                \
    variant.member = (value);                                                                      \
    ok(parses(variant_armor(&variant), NULL) != LICET_OK, "%s is refused", name)

    ok(parses(variant_armor(&good), NULL) == LICET_OK &&
           text_is(parsed.name_space, "lease@licet") && !parsed.has_certificate,
       "a block as OpenSSH writes it is parsed");
    REFUSED(magic, "SSHSIH", "another magic");
    REFUSED(version, 0, "version 0");
    REFUSED(version, 2, "version 2");
    REFUSED(reserved, "x", "a reserved field that is not empty");
    REFUSED(hash, "sha256", "hash sha256");
    REFUSED(hash, "", "no hash");
    REFUSED(key_type, "ssh-rsa", "an RSA key");
    REFUSED(key_type, "sk-ssh-ed25519@openssh.com", "a hardware key");
    REFUSED(key_type, "ssh-ed25519\n", "a key type with a newline");
    REFUSED(key_size, 31, "a key of 31 bytes");
    REFUSED(key_size, 33, "a key of 33 bytes");
    REFUSED(signature_type, "ssh-dss", "another kind of signature");
    REFUSED(signature_size, 63, "a signature of 63 bytes");
    REFUSED(signature_size, 65, "a signature of 65 bytes");
    REFUSED(signature_size, 0, "an empty signature");
    REFUSED(after, "x", "a byte after the blob");
    variant = good;
    variant.name_space = "";
    ok(parses(variant_armor(&variant), NULL) == LICET_OK &&
           sshsig_verify(&parsed, PURPOSE_LEASE, TEXT("x"), NULL) == LICET_UNTRUSTED,
       "an empty namespace is none of ours");
    ok(parses(variant_armor(&good), NULL) == LICET_OK &&
           sshsig_verify(&parsed, PURPOSE_LEASE, TEXT("x"), NULL) == LICET_BAD_SIGNATURE,
       "a signature of zeros is refused");
}

static void test_cuts(void)
{
    const struct text files[] = {golden_read(0)};
    struct text armor = text_skip(files[0], payload_of(files[0]).size);
    uint8_t blob[SSHSIG_BLOB_MAX];
    char bytes[SSHSIG_ARMOR_MAX];
    size_t size, accepted = 0;

    if (armor_decode(armor, SSHSIG_BEGIN, SSHSIG_END, "block", blob, sizeof(blob), &size, NULL) !=
        LICET_OK)
        abort();
    for (size_t cut = 0; cut < size; cut++) {
        struct buf buf = buf_over(bytes, sizeof(bytes));

        armor_encode(text_make(blob, cut), SSHSIG_BEGIN, SSHSIG_END, &buf);
        accepted += parses(buf_text(&buf), NULL) == LICET_OK ? 1 : 0;
    }
    ok(accepted == 0, "a blob cut at each of its %zu bytes is refused", size);
}

/* ---- the armor: T-ARMOR */

static struct text changed(struct text armor, size_t at, size_t remove, const char *insert)
{
    static char bytes[8192];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    buf_add_text(&buf, text_head(armor, at));
    buf_add_string(&buf, insert);
    buf_add_text(&buf, text_skip(armor, at + remove));
    return buf_text(&buf);
}

static struct text rewrapped(struct text armor, size_t columns, const char *newline)
{
    static char bytes[8192];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    size_t column = 0;

    buf_add_string(&buf, SSHSIG_BEGIN "\n");
    for (size_t at = sizeof(SSHSIG_BEGIN); armor.data[at] != '-'; at++) {
        if (armor.data[at] == '\n')
            continue;
        buf_add_byte(&buf, armor.data[at]);
        if (++column % columns == 0)
            buf_add_string(&buf, newline);
    }
    if (column % columns != 0)
        buf_add_string(&buf, newline);
    buf_add_string(&buf, SSHSIG_END "\n");
    return buf_text(&buf);
}

static void test_armor(void)
{
    struct text file = golden_read(0);
    struct text armor = text_skip(file, payload_of(file).size);
    size_t first = sizeof(SSHSIG_BEGIN), last = armor.size - sizeof(SSHSIG_END) - 1;
    static const size_t columns[] = {1, 4, 35, 60, 64, 69, 71, 72, 76, 1000};

#define ARMOR_REFUSED(text, name)                                                                  \
    ok(parses(text, NULL) == LICET_INVALID, "armor with %s is refused", name)

    ok(parses(armor, NULL) == LICET_OK, "armor in lines of 70 is parsed");
    ok(parses(rewrapped(armor, 70, "\n"), NULL) == LICET_OK, "so is the same, wrapped again");
    for (size_t index = 0; index < sizeof(columns) / sizeof(columns[0]); index++) {
        char name[64];

        snprintf(name, sizeof(name), "lines of %zu", columns[index]);
        ARMOR_REFUSED(rewrapped(armor, columns[index], "\n"), name);
    }
    ARMOR_REFUSED(rewrapped(armor, 70, "\r\n"), "carriage returns");
    ARMOR_REFUSED(rewrapped(armor, 70, "\n\n"), "empty lines");
    ARMOR_REFUSED(rewrapped(armor, 70, " \n"), "trailing blanks");
    ARMOR_REFUSED(rewrapped(armor, 70, "\t\n"), "trailing tabs");
    ARMOR_REFUSED(rewrapped(armor, 70, "\v\n"), "vertical tabs");
    ARMOR_REFUSED(changed(armor, 0, 0, "\n"), "an empty line before it");
    ARMOR_REFUSED(changed(armor, 0, 0, " "), "a blank before it");
    ARMOR_REFUSED(changed(armor, 0, 0, "text\n"), "text before it");
    ARMOR_REFUSED(changed(armor, 0, 1, ""), "a dash less in the first line");
    ARMOR_REFUSED(changed(armor, 0, 0, "-"), "a dash more in the first line");
    ARMOR_REFUSED(changed(armor, 11, 3, "ssh"), "lower case in the first line");
    ARMOR_REFUSED(changed(armor, first - 1, 1, " \n"), "a blank behind the first line");
    ARMOR_REFUSED(changed(armor, first, 0, "\n"), "an empty line inside");
    ARMOR_REFUSED(changed(armor, first, 0, "Comment: x\n"), "a header line");
    ARMOR_REFUSED(changed(armor, first, 1, ""), "a character less");
    ARMOR_REFUSED(changed(armor, first, 0, "A"), "a character more");
    ARMOR_REFUSED(changed(armor, first + 9, 1, "*"), "a character that is not base64");
    ARMOR_REFUSED(changed(armor, first + 9, 1, "_"), "a character of base64url");
    ARMOR_REFUSED(changed(armor, first + 9, 1, "="), "padding inside");
    ARMOR_REFUSED(changed(armor, first + 9, 1, "\x80"), "a byte beyond ASCII");
    ARMOR_REFUSED(changed(armor, last - 1, 1, ""), "a padding character less");
    ARMOR_REFUSED(changed(armor, last - 2, 2, ""), "no padding");
    ARMOR_REFUSED(changed(armor, last, 0, "="), "a padding character more");
    ARMOR_REFUSED(changed(armor, last - 3, 1, "x"), "spare bits that are not zero");
    ARMOR_REFUSED(changed(armor, last, 1, ""), "no newline before the last line");
    ARMOR_REFUSED(changed(armor, last + 1, 0, "\n"), "an empty line before the last line");
    ARMOR_REFUSED(changed(armor, armor.size - 1, 1, ""), "no newline at the end");
    ARMOR_REFUSED(changed(armor, armor.size - 2, 1, ""), "a dash less in the last line");
    ARMOR_REFUSED(changed(armor, armor.size, 0, "\n"), "an empty line behind it");
    ARMOR_REFUSED(changed(armor, armor.size, 0, "text"), "text behind it");
    ARMOR_REFUSED(changed(armor, first, last - first + 1, ""), "nothing inside");
    ARMOR_REFUSED(text_make("", 0), "nothing at all");
    ARMOR_REFUSED(text_head(armor, first), "its first line alone");
}

/* ---- malleability: T-MALL */

/* s + L, where L is the order of the group: the same signature to a careless verifier. */
static void add_order(uint8_t s[32])
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    unsigned carry = 0;

    for (size_t index = 0; index < 32; index++) {
        carry += (unsigned)s[index] + order[index];
        s[index] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void test_malleability(void)
{
    const struct text message = TEXT("message");
    uint8_t signature[SIGNATURE_BYTES];
    struct public_key key = data_public_key("server"), none = {{1}};
    struct secret_key secret;

    data_secret_key("server", &secret);
    sshsig_make(&secret, PURPOSE_LEASE, message, signature);
    ok(sshsig_check(&key, PURPOSE_LEASE, message, signature), "a bare signature holds");
    add_order(signature + 32);
    ok(!sshsig_check(&key, PURPOSE_LEASE, message, signature),
       "T-MALL a signature with the order added to S is refused");
    memset(signature, 0, sizeof(signature));
    signature[0] = 1;
    ok(!sshsig_check(&none, PURPOSE_LEASE, message, signature),
       "the neutral point as key and signature is refused");
}

/* ---- OpenSSH's samples */

static void test_samples(void)
{
    static const char *const others[] = {
        "rsa", "ecdsa", "ecdsa_sk", "ed25519_sk", "ecdsa_sk_webauthn", "mldsa44-ed25519"};
    struct error error = {.status = LICET_OK};
    struct public_key key;
    struct secret_key secret;

    ok(parses(data_read("sshsig/ed25519.sig"), NULL) == LICET_OK &&
           text_is(parsed.name_space, "unittest"),
       "OpenSSH's Ed25519 sample is parsed");
    ok(public_key_parse(data_read("sshsig/ed25519.pub"), &key, NULL, NULL) == LICET_OK &&
           public_key_equal(&key, &parsed.key),
       "it names the key that lies beside it");
    ok(sshsig_verify(&parsed, PURPOSE_REQUEST, data_read("sshsig/signed-data"), &error) ==
               LICET_UNTRUSTED &&
           strstr(error.text, "\"unittest\"") != NULL,
       "R9 its namespace is none of ours");
    {
        /* The bytes under it, built here: magic, namespace, reserved, hash name, hash of the
         * message. */
        struct text data = data_read("sshsig/signed-data");
        uint8_t bytes[128], digest[64];
        struct buf buf = buf_over(bytes, sizeof(bytes));

        crypto_hash_sha512(digest, (const unsigned char *)data.data, data.size);
        buf_add_string(&buf, "SSHSIG");
        ssh_add_string(&buf, TEXT("unittest"));
        ssh_add_string(&buf, TEXT(""));
        ssh_add_string(&buf, TEXT("sha512"));
        ssh_add_string(&buf, text_make(digest, sizeof(digest)));
        ok(crypto_sign_verify_detached(parsed.signature, bytes, buf.size, key.bytes) == 0,
           "its signature holds over the bytes that we sign, but for the namespace");
    }
    for (size_t index = 0; index < sizeof(others) / sizeof(others[0]); index++) {
        char name[64];

        snprintf(name, sizeof(name), "sshsig/%s.sig", others[index]);
        ok(parses(data_read(name), NULL) != LICET_OK, "OpenSSH's %s sample is refused",
           others[index]);
        snprintf(name, sizeof(name), "sshsig/%s.pub", others[index]);
        ok(public_key_parse(data_read(name), &key, NULL, &error) == LICET_UNSUPPORTED,
           "so is its public key");
    }
    ok(secret_key_parse(data_read("sshsig/ed25519"), &secret, NULL) == LICET_OK,
       "OpenSSH's Ed25519 private key is read");
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    data_folder = argv[1];
    test_matrix();
    test_kinds();
    test_blob();
    test_cuts();
    test_armor();
    test_malleability();
    test_samples();
    return tap_done();
}
