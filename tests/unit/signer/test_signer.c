/* The signer without its socket: what a turn writes, and when it signs. */
#include "signer/signer.h"

#include <sodium.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/io.h"
#include "license/license.h"

#include "tap.h"

#define NOW 1795511553
#define ITEMS 100

static char folder[] = "/tmp/licet-test-signer-XXXXXX";
static struct signer_options options;
static struct hash certificate_hash;
static struct io_calls calls;
static unsigned syncs;

static int counted_sync(int fd)
{
    syncs++;
    return io_system.sync(fd);
}

/* ---- a key, its certificate, a journal */

static void write_buf(const char *path, struct buf *buf, mode_t mode)
{
    if (file_create(path, buf_text(buf), mode, NULL) != LICET_OK)
        abort();
    buf->size = 0;
}

static void make_issuer(void)
{
    static const uint8_t root_seed[KEY_SEED_BYTES] = {1}, seed[KEY_SEED_BYTES] = {2},
                         nonce[CERTIFICATE_NONCE_BYTES] = {3};
    static char arena_bytes[16384], bytes[SECRET_KEY_FILE_MAX];
    struct arena arena = arena_over(arena_bytes, sizeof(arena_bytes));
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct secret_key root, key;
    struct certificate certificate = {.id = TEXT("test"),
                                      .principals = {TEXT("licensing@acme")},
                                      .principals_count = 1,
                                      .before = {INT64_MAX}};

    secret_key_init(&root, root_seed);
    secret_key_init(&key, seed);
    certificate.key = secret_key_public(&key);
    certificate.root = secret_key_public(&root);
    secret_key_print(&key, 0, TEXT("test"), &buf);
    write_buf(options.key, &buf, 0400);
    if (certificate_sign(&certificate, &root, nonce, &arena, NULL) != LICET_OK)
        abort();
    certificate_print_line(&certificate, TEXT("test"), &buf);
    write_buf(options.certificates[0], &buf, 0444);
    certificate_hash = hash_of(certificate.blob);
}

static void set_options(void)
{
    snprintf(options.state, sizeof(options.state), "%s", folder);
    snprintf(options.key, sizeof(options.key), "%s/issuing", folder);
    snprintf(options.certificates[0], sizeof(options.certificates[0]), "%s-cert.pub", options.key);
    options.certificates_count = 1;
    options.caps =
        (struct policy_caps){.seats_an_hour = 1000000, .seats_a_line = 1000, .files_an_hour = 1000};
}

static struct signer_state *open_signer(void)
{
    struct signer_state *signer;

    return signer_open(&options, &signer, NULL) == LICET_OK ? signer : NULL;
}

/* ---- items */

static struct signer_item item_of(unsigned server, uint32_t generation)
{
    static char bytes[2 * ITEMS][512];
    static unsigned turn;
    struct buf buf = buf_over(bytes[turn++ % (2 * ITEMS)], sizeof(bytes[0]));

    buf_printf(&buf,
               LICENSE_FIRST_LINE
               "\nLICENSE 1 vendor=acme customer=C-1 generation=%u \\\n"
               "    issued=2026-11-24T09:12:33Z serial=T%u.%u\n"
               "SERVER lon id=S-%u key=SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n"
               "INCREMENT cad_pro sn=L-1 seats=3 maintenance=2027-11-24 expiry=permanent\n",
               generation, server, generation, server);
    return (struct signer_item){.act = SIGNER_LICENSE,
                                .certificate = certificate_hash,
                                .reason = TEXT(""),
                                .payload = buf_text(&buf)};
}

static struct signer_answer answer_to(struct signer_state *signer, const struct signer_item *item,
                                      const struct signer_decision *decision)
{
    static char bytes[FRAME_SIZE_BYTES + FRAME_ANSWERS_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct signer_answer answer = {.status = LICET_SYSTEM};

    signer_answer(signer, item, decision, (struct unix_time){NOW}, &buf);
    frame_answers_parse(buf_text(&buf), 1, &answer, NULL);
    return answer;
}

static void test_one_sync(struct signer_state *signer)
{
    static struct signer_decision decisions[ITEMS];
    static struct signer_item items[ITEMS];
    unsigned before = syncs, good = 0;

    for (unsigned index = 0; index < ITEMS; index++) {
        items[index] = item_of(index, 1);
        signer_take(signer, &items[index], (struct unix_time){NOW}, &decisions[index]);
    }
    ok(syncs == before, "judging writes nothing");
    ok(signer_commit(signer, NULL) == LICET_OK && syncs == before + 1,
       "R9.4 a hundred items share one sync");
    for (unsigned index = 0; index < ITEMS; index++) {
        struct signer_answer answer = answer_to(signer, &items[index], &decisions[index]);

        good += answer.status == LICET_OK && text_starts_with(answer.text, SSHSIG_BEGIN) ? 1 : 0;
    }
    ok(good == ITEMS && syncs == before + 1, "and each has its signature");
    before = syncs;
    signer_take(signer, &items[0], (struct unix_time){NOW}, &decisions[0]);
    ok(signer_commit(signer, NULL) == LICET_OK && syncs == before &&
           answer_to(signer, &items[0], &decisions[0]).status == LICET_OK,
       "R9.4 the same bytes again need none");
}

/* Two of one frame: the second is judged as if the first were signed already. */
static void test_within_a_turn(struct signer_state *signer)
{
    struct signer_decision first, second;
    struct signer_item item = item_of(7, 2), rival = item_of(7, 2);
    char *seats = strstr((char *)(uintptr_t)rival.payload.data, "seats=3");

    seats[6] = '4';
    signer_take(signer, &item, (struct unix_time){NOW}, &first);
    signer_take(signer, &rival, (struct unix_time){NOW}, &second);
    ok(first.status == LICET_OK && second.status == LICET_SIGNER_POLICY &&
           signer_commit(signer, NULL) == LICET_OK,
       "R9.4 of two contents in one turn the second is refused");
}

static void test_shape_of_answers(struct signer_state *signer)
{
    struct signer_decision decision;
    struct signer_item item = item_of(8, 2);
    struct signer_answer answer;

    item.certificate.bytes[0] ^= 1;
    signer_take(signer, &item, (struct unix_time){NOW}, &decision);
    answer = answer_to(signer, &item, &decision);
    ok(answer.status == LICET_NOT_FOUND && answer.text.size > 20,
       "a refusal is a status and a sentence");
    item =
        (struct signer_item){.act = SIGNER_LAST, .reason = TEXT(""), .payload = TEXT("acme S-7")};
    signer_take(signer, &item, (struct unix_time){NOW}, &decision);
    answer = answer_to(signer, &item, &decision);
    ok(answer.status == LICET_OK && text_is(answer.text, "2"), "a question has its answer");
}

static enum status open_status(const char *words)
{
    struct signer_state *signer;
    struct error error = {.text = ""};
    enum status status = signer_open(&options, &signer, &error);

    return strstr(error.text, words) != NULL ? status : LICET_OK;
}

static void test_start(void)
{
    ok(open_status("run licet-signer init") == LICET_NOT_FOUND,
       "R9.4 without a journal it does not open");
    ok(signer_init(&options, NULL) == LICET_OK, "R9.4 init makes one");
    ok(signer_init(&options, NULL) == LICET_CONFLICT, "and no second one");
}

int main(void)
{
    struct signer_state *signer;

    if (sodium_init() < 0 || mkdtemp(folder) == NULL)
        return 1;
    calls = io_system;
    calls.sync = counted_sync;
    io_use(&calls);
    set_options();
    make_issuer();
    test_start();
    signer = open_signer();
    ok(signer != NULL, "and with it the signer opens");
    test_one_sync(signer);
    test_within_a_turn(signer);
    test_shape_of_answers(signer);
    ok(open_status("") == LICET_CONFLICT, "a second signer on its journal is refused");
    signer_close(signer);
    signer = open_signer();
    test_within_a_turn(signer);
    signer_close(signer);
    return tap_done();
}
