/* What is judged before a signer signs (R9.4), against what a reader refuses; checkpoints. */
#include "license/checkpoint.h"
#include "license/exchange.h"

#include "files.h"

#include "tap.h"

static struct text payload_with(const char *line)
{
    static char bytes[8][4096];
    static unsigned turn;
    struct buf buf = buf_over(bytes[turn++ % 8], sizeof(bytes[0]));

    buf_add_string(&buf, line);
    return buf_text(&buf);
}

#define ACME(issued, maintenance)                                                                  \
    LICENSE_FIRST_LINE                                                                             \
    "\nLICENSE 1 vendor=acme customer=C-1 generation=1 \\\n"                                       \
    "    issued=" issued " serial=T1\n"                                                            \
    "SERVER lon id=S-1 key=SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n"                   \
    "INCREMENT cad_pro sn=L-1 seats=3 maintenance=" maintenance " expiry=permanent\n"

static enum status lint(struct text payload, const char *certificate_name)
{
    struct certificate certificate = data_certificate(certificate_name);
    struct arena arena = fresh_arena();
    struct license license;

    return license_lint(payload, &certificate, &arena, &license, NULL);
}

/* What a reader says of the same payload behind a good signature. */
static enum status read_signed(struct text payload, const char *key_name)
{
    struct trust trust = data_trust();
    struct arena arena = fresh_arena();
    struct license license;

    return license_read(sign_text(payload, key_name, key_name, PURPOSE_LICENSE), &trust, &arena,
                        &license, NULL);
}

static void test_license(void)
{
    static const struct {
        const char *payload;
        enum status status;
        const char *name;
    } cases[] = {
        {ACME("2026-11-24T09:12:33Z", "2027-11-24"), LICET_OK, "a good payload"},
        {ACME("2019-11-24T09:12:33Z", "2027-11-24"), LICET_UNTRUSTED,
         "issued before the certificate begins"},
        {ACME("2126-11-24T09:12:33Z", "2027-11-24"), LICET_UNTRUSTED,
         "issued after the certificate has ended"},
        {ACME("2026-11-24T09:12:33Z", "2127-11-24"), LICET_UNTRUSTED,
         "maintenance that the certificate cannot vouch for"},
        {ACME("2026-11-24T09:12:33", "2027-11-24"), LICET_INVALID, "an issue time without a zone"},
        {ACME("2026-11-24T09:12:33Z", "2027-11-24") "\n", LICET_INVALID,
         "an empty line at the end"},
        {ACME("2026-11-24T09:12:33Z", "2027-11-24") SSHSIG_BEGIN "\n", LICET_INVALID,
         "a border of a signature block inside"},
    };

    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        struct text payload = payload_with(cases[index].payload);

        ok(lint(payload, "issuing") == cases[index].status, "R9.4 before signing: %s: %s",
           cases[index].name, cases[index].status == LICET_OK ? "passes" : "is refused");
        if (cases[index].status == LICET_UNTRUSTED || cases[index].status == LICET_OK)
            ok(read_signed(payload, "issuing") == cases[index].status,
               "R9.4 ... and a reader says the same");
    }
    ok(lint(payload_of(golden_read(0)), "issuing") == LICET_OK, "a file of the examples passes");
}

static void test_vendor(void)
{
    struct certificate certificate = data_certificate("issuing");
    struct text payload = payload_with(ACME("2026-11-24T09:12:33Z", "2027-11-24"));
    struct arena arena = fresh_arena();
    struct license license;
    struct error error;

    certificate.principals[0] = TEXT("licensing@other");
    ok(certificate.principals_count == 1 &&
           license_lint(payload, &certificate, &arena, &license, &error) == LICET_UNTRUSTED &&
           strstr(error.text, "licensing@acme") != NULL,
       "R9.4 before signing: a vendor that the certificate does not name is refused");
}

static enum status lint_response(struct text payload)
{
    struct certificate certificate = data_certificate("issuing");
    struct arena arena = fresh_arena();
    struct response response;

    return response_lint(payload, &certificate, &arena, &response, NULL);
}

#define RESPONSE_LINE(issued)                                                                      \
    "RESPONSE 1 vendor=acme server=S-1 \\\n"                                                       \
    "    request=SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU \\\n"                          \
    "    issued=" issued "\n"

static void test_response(void)
{
    ok(lint_response(payload_with(RESPONSE_LINE("2026-11-24T09:12:33Z") "RESULT 1 ok\n")) ==
           LICET_OK,
       "R9.4 before signing: a response passes");
    ok(lint_response(payload_with(RESPONSE_LINE("2026-11-24T09:12:33Z") "RESULT 2 ok\n")) ==
           LICET_INVALID,
       "R9.4 before signing: results in no order are refused");
    ok(lint_response(payload_with(RESPONSE_LINE("2126-11-24T09:12:33Z"))) == LICET_UNTRUSTED,
       "R9.4 before signing: a response outside the certificate's dates is refused");
    ok(lint_response(payload_of(golden_read(0))) == LICET_INVALID,
       "R9.4 before signing: a license file is no response");
}

static struct text checkpoint_payload(uint64_t size, struct unix_time issued)
{
    static char bytes[512];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct checkpoint checkpoint = {
        .vendor = TEXT("acme"), .log = {.size = size, .root = {7}}, .issued = issued};

    checkpoint_print(&checkpoint, &buf);
    return buf_text(&buf);
}

static void test_checkpoint(void)
{
    struct trust trust = data_trust();
    struct certificate certificate = data_certificate("issuing");
    struct text payload = checkpoint_payload(118, (struct unix_time){1795511553});
    struct text signed_text = sign_text(payload, "issuing", "issuing", PURPOSE_CHECKPOINT);
    struct arena arena = fresh_arena();
    struct checkpoint read;

    ok(text_starts_with(payload, "CHECKPOINT 1 vendor=acme \\\n    log=118:") &&
           checkpoint_lint(payload, &certificate, &arena, &read, NULL) == LICET_OK,
       "R6.8 a checkpoint is one line that names vendor, size and root");
    ok(checkpoint_read(signed_text, &trust, &arena, &read, NULL) == LICET_OK &&
           read.log.size == 118 && read.log.root[0] == 7 && read.issued.s == 1795511553,
       "R6.8 a signed checkpoint is read back");
    ok(checkpoint_read(sign_text(payload, "issuing", "issuing", PURPOSE_RESPONSE), &trust, &arena,
                       &read, NULL) == LICET_UNTRUSTED,
       "R9.1 a checkpoint signed as a response is refused");
    payload = checkpoint_payload(118, (struct unix_time){4795511553});
    ok(checkpoint_lint(payload, &certificate, &arena, &read, NULL) == LICET_UNTRUSTED,
       "R9.4 before signing: a checkpoint outside the certificate's dates is refused");
}

int main(int argc, char **argv)
{
    if (argc < 2 || sodium_init() < 0)
        return 1;
    data_folder = argv[1];
    test_license();
    test_vendor();
    test_response();
    test_checkpoint();
    return tap_done();
}
