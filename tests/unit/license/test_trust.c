/* Keys, certificates and who may sign what for whom and when (R9). */
#include "license/ssh.h"

#include "files.h"

#include "tap.h"

static enum status read_with(struct text file, const struct trust *trust, struct error *error)
{
    struct arena arena = fresh_arena();
    struct license license;

    return license_read(file, trust, &arena, &license, error);
}

static void judged(struct text file, const struct trust *trust, enum status wanted,
                   const char *part, const char *name)
{
    struct error error = {.status = LICET_OK};
    enum status status = read_with(file, trust, &error);

    ok(status == wanted && strstr(error.text, part) != NULL, "%s", name);
    if (status != wanted || strstr(error.text, part) == NULL)
        printf("#   %s: %s\n", status_word(status), error.text);
}

/* ---- key files */

static void test_key_files(void)
{
    char bytes[SECRET_KEY_FILE_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct text file = data_read("keys/server");
    struct public_key public_key = data_public_key("server");
    struct hash hash = public_key_hash(&public_key);
    struct secret_key key, again;
    struct text comment;
    struct error error;
    size_t accepted = 0, others = 0;

    data_secret_key("server", &key);
    secret_key_print(&key, 0x01020304, TEXT("a comment"), &buf);
    ok(secret_key_parse(buf_text(&buf), &again, NULL) == LICET_OK &&
           memcmp(&key, &again, sizeof(key)) == 0,
       "a private key is written and read back");
    for (size_t at = 0; at < file.size; at++) {
        char *changed = malloc(file.size);

        memcpy(changed, file.data, file.size);
        changed[at] ^= 1;
        if (secret_key_parse(text_make(changed, file.size), &again, NULL) == LICET_OK) {
            accepted++;
            others += memcmp(&key, &again, sizeof(key)) == 0 ? 0 : 1;
        }
        free(changed);
    }
    ok(others == 0, "a bit flipped anywhere in its file gives no other key");
    /* The comment's 26 bytes are 36 characters of base64. */
    ok(accepted > 0 && accepted <= 36, "and is noticed, but in the comment (%zu)", accepted);
    ok(secret_key_parse(data_read("keys/server.pub"), &again, &error) == LICET_INVALID &&
           strstr(error.text, "public key") != NULL,
       "a public key in its place is named");
    ok(secret_key_parse(data_read("keys/ecdsa"), &again, &error) == LICET_UNSUPPORTED &&
           strstr(error.text, "ecdsa-sha2-nistp256") != NULL,
       "a private key of another type is named");
    ok(secret_key_parse(data_read("keys/with-passphrase"), &again, &error) == LICET_UNSUPPORTED &&
           strstr(error.text, "passphrase, which is not supported") != NULL,
       "a private key with a passphrase is named");
    secret_key_finish(&again);
    ok(sodium_is_zero(again.bytes, sizeof(again.bytes)) == 1, "a key that has served is wiped");
    buf = buf_over(bytes, sizeof(bytes));
    hash_print(&hash, &buf);
    ok(text_is(buf_text(&buf), "SHA256:SqbRk06FCcXAvhwVFZhLR4dh58hjb/lY86x8Ke4OaVE"),
       "a fingerprint is what ssh-keygen -l prints");
    ok(public_key_parse(data_read("keys/server.pub"), &public_key, &comment, NULL) == LICET_OK &&
           text_is(comment, "test server, worth nothing"),
       "a public key's comment is read");
}

/* ---- certificates */

static struct certificate make_certificate(const char *principal, int64_t after, int64_t before,
                                           const char *root_name, struct error *error)
{
    static char memory[16][4096];
    static unsigned turn;
    struct arena arena = arena_over(memory[turn++ % 16], sizeof(memory[0]));
    struct certificate certificate = {.key = data_public_key("issuing"),
                                      .id = TEXT("test"),
                                      .principals = {text_of(principal)},
                                      .principals_count = 1,
                                      .after = {after},
                                      .before = {before}};
    struct secret_key root;
    static const uint8_t nonce[CERTIFICATE_NONCE_BYTES] = {7};

    data_secret_key(root_name, &root);
    if (certificate_sign(&certificate, &root, nonce, &arena, error) != LICET_OK)
        certificate.blob.size = 0;
    return certificate;
}

#define ISSUED 1795511553 /* 2026-11-24T09:12:33Z, as the golden files have it */

/* A golden payload signed with the issuing key and this certificate. */
static struct text sign_with(const struct certificate *certificate)
{
    static char bytes[16384];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct text payload = payload_of(golden_read(0));
    struct secret_key key;

    data_secret_key("issuing", &key);
    buf_add_text(&buf, payload);
    if (sshsig_sign(&key, certificate, PURPOSE_LICENSE, payload, &buf, NULL) != LICET_OK)
        abort();
    return buf_text(&buf);
}

static void test_windows(void)
{
    struct trust trust = data_trust();
    struct certificate certificate =
        make_certificate("licensing@acme", ISSUED, ISSUED + 1, "root", NULL);

    judged(sign_with(&certificate), &trust, LICET_OK, "",
           "R9 a certificate that begins and ends around the second of issue is enough");
    certificate = make_certificate("licensing@acme", ISSUED + 1, ISSUED + 99, "root", NULL);
    judged(sign_with(&certificate), &trust, LICET_UNTRUSTED, "begins at 2026-11-24T09:12:34Z",
           "R9 a certificate that begins a second later is refused");
    certificate = make_certificate("licensing@acme", 1, ISSUED, "root", NULL);
    judged(sign_with(&certificate), &trust, LICET_UNTRUSTED, "ended at 2026-11-24T09:12:33Z",
           "R9 a certificate that ended at the second of issue is refused");
    certificate = make_certificate("licensing@acme", 0, INT64_MAX, "root", NULL);
    judged(sign_with(&certificate), &trust, LICET_OK, "",
           "R9 a certificate without an end is accepted");
    certificate = make_certificate("licensing@acme", 0, INT64_MAX, "next-root", NULL);
    judged(sign_with(&certificate), &trust, LICET_OK, "", "R3.5 the vendor's next root serves too");
    certificate = make_certificate("licensing@acm", 0, INT64_MAX, "root", NULL);
    judged(sign_with(&certificate), &trust, LICET_UNTRUSTED, "does not name licensing@acme",
           "R9 another principal is refused");
    certificate = make_certificate("acme", 0, INT64_MAX, "root", NULL);
    judged(sign_with(&certificate), &trust, LICET_UNTRUSTED, "does not name licensing@acme",
           "R9 the vendor's bare name is no principal");
    judged(sign_text(payload_of(golden_read(0)), "old-issuing", "old-issuing", PURPOSE_LICENSE),
           &trust, LICET_UNTRUSTED, "ended at 2026-02-01T00:00:00Z",
           "an expired certificate is refused");
    {
        struct text payload = payload_of(golden_read(0));
        char *early = malloc(payload.size);

        memcpy(early, payload.data, payload.size);
        memcpy(memmem(early, payload.size, "2026-11-24T", 11), "2025-11-24T", 11);
        judged(sign_text(text_make(early, payload.size), "old-issuing", "old-issuing",
                         PURPOSE_LICENSE),
               &trust, LICET_OK, "",
               "R9 a file of its time is good for ever: judged at its own issue instant");
        free(early);
    }
}

static void test_strangers(void)
{
    struct trust trust = data_trust();
    struct text payload = payload_of(golden_read(0));
    struct text file = golden_read(0);

    judged(sign_text(payload, "issuing", "other-root-issuing", PURPOSE_LICENSE), &trust,
           LICET_UNTRUSTED, "which is not trusted here", "R9 another root is refused");
    judged(sign_text(payload, "issuing", "other-vendor", PURPOSE_LICENSE), &trust, LICET_UNTRUSTED,
           "does not name licensing@acme", "R9 a certificate for another vendor is refused");
    judged(sign_text(payload, "server", NULL, PURPOSE_REQUEST), &trust, LICET_UNTRUSTED,
           "made for \"request@licet\"", "R9.1 a server's signature is none for a license file");
    judged(sign_text(payload, "issuing", "issuing", PURPOSE_RESPONSE), &trust, LICET_UNTRUSTED,
           "made for \"response@licet\"", "R9.1 nor is the issuing key's for a response");
    trust.vendor = TEXT("globex");
    judged(file, &trust, LICET_UNTRUSTED, "here globex is expected",
           "R3.5 a file of another vendor is refused, whatever its root");
    trust = data_trust();
    trust.roots_count = 0;
    judged(file, &trust, LICET_UNTRUSTED, "not trusted here", "without a root nothing is trusted");
    trust = data_trust();
    trust.vendor = TEXT("");
    judged(file, &trust, LICET_OK, "", "without a vendor the roots alone decide");
}

static void test_certificate_forms(void)
{
    struct certificate good = data_certificate("issuing");
    struct text blob = good.blob;
    struct certificate parsed;
    struct error error;
    uint8_t *bytes = malloc(blob.size + 1);
    size_t accepted = 0;

    for (size_t at = 0; at < blob.size; at++) {
        memcpy(bytes, blob.data, blob.size);
        bytes[at] ^= 1;
        if (certificate_parse(text_make(bytes, blob.size), &parsed, NULL) == LICET_OK)
            accepted += certificate_check(&parsed) ? 1 : 0;
        accepted += certificate_parse(text_head(blob, at), &parsed, NULL) == LICET_OK ? 1 : 0;
    }
    ok(accepted == 0, "a certificate with one bit flipped, or cut, is refused");
    memcpy(bytes, blob.data, blob.size);
    bytes[blob.size] = 0;
    ok(certificate_parse(text_make(bytes, blob.size + 1), &parsed, NULL) == LICET_INVALID,
       "a byte behind a certificate is refused");
    /* The type stands behind type string, nonce, key and serial: 4 + 32, 4 + 32, 4 + 32, 8. */
    memcpy(bytes, blob.data, blob.size);
    bytes[36 + 36 + 36 + 8 + 3] = 2;
    ok(certificate_parse(text_make(bytes, blob.size), &parsed, &error) == LICET_UNSUPPORTED &&
           strstr(error.text, "not a user certificate") != NULL,
       "R9 a host certificate is refused");
    free(bytes);
    make_certificate("licensing@acme", 9, 9, "root", &error);
    ok(strstr(error.text, "end before it begins") != NULL, "an empty window is refused");
}

/* A critical option is added by building the blob anew around it. */
static void test_critical_option(void)
{
    uint8_t bytes[CERTIFICATE_BLOB_MAX], root_blob[KEY_BLOB_BYTES], inner_bytes[256];
    struct buf blob = buf_over(bytes, sizeof(bytes)),
               inner = buf_over(inner_bytes, sizeof(inner_bytes));
    struct public_key issuing = data_public_key("issuing"), root = data_public_key("root");
    uint8_t signature[SIGNATURE_BYTES];
    struct certificate certificate;
    struct secret_key key;
    struct error error;

    data_secret_key("root", &key);
    public_key_blob(&root, root_blob);
    ssh_add_string(&blob, TEXT("ssh-ed25519-cert-v01@openssh.com"));
    ssh_add_string(&blob, TEXT("nonce"));
    ssh_add_string(&blob, text_make(issuing.bytes, KEY_BYTES));
    ssh_add_u64(&blob, 1);
    ssh_add_u32(&blob, 1);
    ssh_add_string(&blob, TEXT("id"));
    ssh_add_string(&inner, TEXT("licensing@acme"));
    ssh_add_string(&blob, buf_text(&inner));
    ssh_add_u64(&blob, 0);
    ssh_add_u64(&blob, UINT64_MAX);
    inner = buf_over(inner_bytes, sizeof(inner_bytes));
    ssh_add_string(&inner, TEXT("force-command"));
    ssh_add_string(&inner, TEXT("x"));
    ssh_add_string(&blob, buf_text(&inner));
    ssh_add_string(&blob, TEXT(""));
    ssh_add_string(&blob, TEXT(""));
    ssh_add_string(&blob, text_make(root_blob, sizeof(root_blob)));
    crypto_sign_detached(signature, NULL, bytes, blob.size, key.bytes);
    inner = buf_over(inner_bytes, sizeof(inner_bytes));
    ssh_add_ed25519(&inner, signature, sizeof(signature));
    ssh_add_string(&blob, buf_text(&inner));
    ok(certificate_parse(buf_text(&blob), &certificate, &error) == LICET_UNSUPPORTED &&
           strstr(error.text, "critical option") != NULL,
       "R9 a critical option that is not known is refused");
}

static void test_maintenance_bound(void)
{
    struct trust trust = data_trust();
    struct text payload = payload_of(golden_read(0));
    char *late = malloc(payload.size);

    /* The certificate ends on 2027-02-01: ten years later is the last date it can vouch for. */
    memcpy(late, payload.data, payload.size);
    memcpy(memmem(late, payload.size, "2027-11-24", 10), "2037-02-01", 10);
    judged(sign_text(text_make(late, payload.size), "issuing", "issuing", PURPOSE_LICENSE), &trust,
           LICET_OK, "", "R9 maintenance ten years past the certificate's end is vouched for");
    memcpy(memmem(late, payload.size, "2037-02-01", 10), "2037-02-02", 10);
    judged(sign_text(text_make(late, payload.size), "issuing", "issuing", PURPOSE_LICENSE), &trust,
           LICET_UNTRUSTED, "more than 10 years", "R9 a day later it is not");
    free(late);
}

/* ---- revocation lists (R9.3) */

static struct text revocation_list(uint32_t number, int64_t from, const char *root_name,
                                   enum status *ret_status)
{
    static char places[4][8192], memory[16384];
    static unsigned turn;
    struct buf buf = buf_over(places[turn++ % 4], sizeof(places[0]));
    struct arena arena = arena_over(memory, sizeof(memory));
    struct public_key issuing = data_public_key("issuing");
    struct revoked_key revoked = {.key = public_key_hash(&issuing), .from = {from}};
    struct revocations list = {
        .head = {.vendor = TEXT("acme"), .number = number, .issued = {ISSUED}},
        .keys = &revoked,
        .keys_count = 1};
    struct secret_key root;

    data_secret_key(root_name, &root);
    *ret_status = revocations_sign(&list, &root, &arena, &buf, NULL);
    return buf_text(&buf);
}

static void test_revocations(void)
{
    static char memory[32768], room[8 * REVOCATIONS_BYTES_MAX], large[REVOCATIONS_BYTES_MAX + 1];
    struct arena arena = arena_over(memory, sizeof(memory)), roomy = arena_over(room, sizeof(room));
    struct trust trust = data_trust();
    struct revocations list;
    struct public_key issuing = data_public_key("issuing");
    struct hash hash = public_key_hash(&issuing);
    enum status status;
    struct text text = revocation_list(3, ISSUED, "root", &status);

    ok(status == LICET_OK && text_starts_with(text, "REVOCATIONS 1 vendor=acme number=3 issued="),
       "R5 a revocation list is printed and signed by the root");
    ok(revocations_read(text, trust.roots, trust.roots_count, &arena, &list, NULL) == LICET_OK &&
           list.head.number == 3 && list.keys_count == 1,
       "R9.3 and read back by one of the roots");
    ok(revocations_has(&list, &hash, (struct unix_time){ISSUED}) &&
           !revocations_has(&list, &hash, (struct unix_time){ISSUED - 1}),
       "R9.3 a key is revoked from its time on");
    trust.revocations = &list;
    judged(golden_read(0), &trust, LICET_REVOKED, "revoked by the vendor (list 3)",
           "R9.3 a file signed by a revoked key is refused");
    text = revocation_list(4, ISSUED + 1, "root", &status);
    arena.size = 0;
    ok(revocations_read(text, trust.roots, trust.roots_count, &arena, &list, NULL) == LICET_OK,
       "a later list is read");
    judged(golden_read(0), &trust, LICET_OK, "", "R9.3 a file issued before that time goes on");
    text = revocation_list(5, ISSUED, "other-root", &status);
    ok(revocations_read(text, trust.roots, trust.roots_count, &arena, &list, NULL) ==
           LICET_UNTRUSTED,
       "R9.3 a list of another root is refused");
    text = sign_text(TEXT("REVOCATIONS 1 vendor=acme number=9 issued=2026-11-24T09:12:33Z\n"),
                     "issuing", "issuing", PURPOSE_LICENSE);
    ok(revocations_read(text, trust.roots, trust.roots_count, &arena, &list, NULL) ==
           LICET_UNTRUSTED,
       "R9.3 a list of an issuing key is refused");
    text =
        sign_text(TEXT("REVOCATIONS 1 vendor=acme number=9 issued=2026-11-24T09:12:33Z\nZONE a\n"),
                  "root", NULL, PURPOSE_REVOCATION);
    ok(revocations_read(text, trust.roots, trust.roots_count, &arena, &list, NULL) ==
           LICET_UNSUPPORTED,
       "R2.5 a list with an unknown line is refused whole");
    memset(large, '\n', sizeof(large));
    text = revocation_list(6, ISSUED, "root", &status);
    memcpy(large, text.data, text.size);
    ok(revocations_read(text_make(large, sizeof(large) - 1), trust.roots, trust.roots_count, &roomy,
                        &list, NULL) == LICET_OK &&
           revocations_read(text_make(large, sizeof(large)), trust.roots, trust.roots_count, &roomy,
                            &list, NULL) == LICET_TOO_LARGE,
       "R9.3 a list is at most as large as an installed one may be");
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    data_folder = argv[1];
    test_key_files();
    test_windows();
    test_strangers();
    test_certificate_forms();
    test_critical_option();
    test_maintenance_bound();
    test_revocations();
    return tap_done();
}
