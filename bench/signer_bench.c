/*
 * The signer alone: license files made, judged, journalled, signed and verified, beside the bare
 * Ed25519 signature and verification of the same bytes in the same run. The journal is real, its
 * fsync shared by a batch; the ratio of CPU times leaves the waiting for a shared disk out.
 *
 *   signer_bench FOLDER [SECONDS]     FOLDER must exist; a folder of its own is made inside
 *   signer_bench bare SECONDS         the bare pair alone, of the bytes on standard input
 */
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "license/license.h"
#include "signer/issuer.h"
#include "signer/signer.h"

#define BENCH_ARENA_BYTES (256u * 1024)
#define BENCH_LINES 3u

static struct error error;
static struct signer_options options;
static struct signer_item items[SIGNER_ITEMS_MAX];
static struct signer_decision decisions[SIGNER_ITEMS_MAX];
static char payloads[SIGNER_ITEMS_MAX][2048];
static uint64_t files_made;

static void fail(const char *what)
{
    fprintf(stderr, "signer_bench: %s: %s\n", what, error.text);
    exit(1);
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- a vendor */

static void write_text(const char *path, struct buf *buf, mode_t mode)
{
    if (file_create(path, buf_text(buf), mode, &error) != LICET_OK)
        fail(path);
}

static void make_vendor(struct hash *ret_certificate)
{
    static const uint8_t root_seed[KEY_SEED_BYTES] = {1}, seed[KEY_SEED_BYTES] = {2},
                         nonce[CERTIFICATE_NONCE_BYTES] = {3};
    static char arena_bytes[BENCH_ARENA_BYTES], bytes[SECRET_KEY_FILE_MAX];
    struct arena arena = arena_over(arena_bytes, sizeof(arena_bytes));
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct secret_key root, key;
    struct certificate certificate = {.id = TEXT("bench"),
                                      .principals = {TEXT("licensing@acme")},
                                      .principals_count = 1,
                                      .before = {INT64_MAX}};

    secret_key_init(&root, root_seed);
    secret_key_init(&key, seed);
    secret_key_print(&key, 0, TEXT("bench"), &buf);
    write_text(options.key, &buf, 0400);
    buf.size = 0;
    certificate.key = secret_key_public(&key);
    certificate.root = secret_key_public(&root);
    if (certificate_sign(&certificate, &root, nonce, &arena, &error) != LICET_OK)
        fail("certificate");
    certificate_print_line(&certificate, TEXT("bench"), &buf);
    write_text(options.certificates[0], &buf, 0444);
    *ret_certificate = hash_of(certificate.blob);
}

/* ---- one file */

static struct text make_payload(char *bytes, size_t capacity, struct unix_time now)
{
    static char arena_bytes[BENCH_ARENA_BYTES];
    struct arena arena = arena_over(arena_bytes, sizeof(arena_bytes));
    struct buf buf = buf_over(bytes, capacity);
    struct license_increment lines[BENCH_LINES];
    struct license_host server;
    struct license license = {.servers = &server, .servers_count = 1};
    char serial[24], id[24];
    static const char *const numbers[BENCH_LINES] = {"LA-7K2M9-1", "LA-7K2M9-2", "LA-7K2M9-3"};

    snprintf(serial, sizeof(serial), "T%llu", (unsigned long long)files_made);
    snprintf(id, sizeof(id), "S-%llu", (unsigned long long)files_made++);
    line_init(LINE_LICENSE, &license.head);
    line_init(LINE_SERVER, &server);
    license.head.vendor = TEXT("acme");
    license.head.customer = TEXT("C-4829137");
    license.head.generation = 4;
    license.head.issued = now;
    license.head.serial = text_of(serial);
    server.name = TEXT("LONDON-LIC01");
    server.id = text_of(id);
    server.key = hash_of(TEXT("key"));
    for (uint32_t index = 0; index < BENCH_LINES; index++) {
        line_init(LINE_INCREMENT, &lines[index]);
        lines[index].feature = TEXT("cad_pro");
        lines[index].sn = text_of(numbers[index]);
        lines[index].seats = 300;
        lines[index].maintenance = 21000;
        lines[index].expiry = FIELD_DATE_NEVER;
    }
    license.increments = lines;
    license.increments_count = BENCH_LINES;
    if (license_arrange(&license, &arena, &error) != LICET_OK)
        fail("arrange");
    license_print(&license, &buf);
    return buf_text(&buf);
}

static void make_batch(uint32_t count, const struct hash *certificate)
{
    struct unix_time now = clock_unix();

    for (uint32_t index = 0; index < count; index++)
        items[index] = (struct signer_item){
            .act = SIGNER_LICENSE,
            .certificate = *certificate,
            .reason = TEXT(""),
            .payload = make_payload(payloads[index], sizeof(payloads[index]), now)};
}

/* ---- the two that are compared */

static void sign_batch(struct signer_state *signer, uint32_t count)
{
    static char bytes[FRAME_SIZE_BYTES + FRAME_ANSWERS_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct unix_time now = clock_unix();

    for (uint32_t index = 0; index < count; index++)
        signer_take(signer, &items[index], now, &decisions[index]);
    if (signer_commit(signer, &error) != LICET_OK)
        fail("commit");
    for (uint32_t index = 0; index < count; index++) {
        if (decisions[index].status != LICET_OK) {
            fprintf(stderr, "signer_bench: %s\n", decisions[index].sentence);
            exit(1);
        }
        signer_answer(signer, &items[index], &decisions[index], now, &buf);
    }
    if (signer_prepare(signer, &error) != LICET_OK)
        fail("prepare");
}

static void bare_batch(uint32_t count)
{
    static uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
    uint8_t signature[crypto_sign_BYTES];

    if (public_key[0] == 0)
        crypto_sign_keypair(public_key, secret_key);
    for (uint32_t index = 0; index < count; index++) {
        const unsigned char *bytes = (const unsigned char *)items[index].payload.data;

        crypto_sign_detached(signature, NULL, bytes, items[index].payload.size, secret_key);
        if (crypto_sign_verify_detached(signature, bytes, items[index].payload.size, public_key) !=
            0)
            fail("bare");
    }
}

static void bench_batches(struct signer_state *signer, const struct hash *certificate,
                          uint32_t count, double seconds)
{
    double wall = 0, cpu = 0, bare = 0, begin = seconds_of(CLOCK_MONOTONIC);
    uint64_t files = 0;

    while (seconds_of(CLOCK_MONOTONIC) - begin < seconds) {
        double wall_begin = seconds_of(CLOCK_MONOTONIC);
        double cpu_begin = seconds_of(CLOCK_PROCESS_CPUTIME_ID), cpu_end;

        make_batch(count, certificate);
        sign_batch(signer, count);
        cpu_end = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        wall += seconds_of(CLOCK_MONOTONIC) - wall_begin;
        cpu += cpu_end - cpu_begin;
        bare_batch(count);
        bare += seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_end;
        files += count;
    }
    printf("%8u %12.0f %14.1f %14.1f %9.2f\n", count, (double)files / wall,
           cpu / (double)files * 1e6, bare / (double)files * 1e6, bare / cpu);
}

static void bench_bare(double seconds)
{
    double begin = seconds_of(CLOCK_MONOTONIC), end;
    uint64_t files = 0;

    items[0].payload = text_make(payloads[0], fread(payloads[0], 1, sizeof(payloads[0]), stdin));
    do {
        bare_batch(1);
        files++;
        end = seconds_of(CLOCK_MONOTONIC);
    } while (end - begin < seconds);
    printf("files_s=%.1f\n", (double)files / (end - begin));
}

static void bench_in(const char *folder, double seconds)
{
    static const uint32_t counts[] = {1, 8, 32, SIGNER_ITEMS_MAX};
    struct signer_state *signer;
    struct hash certificate;

    options.caps = (struct policy_caps){
        .seats_an_hour = UINT64_MAX / 2, .seats_a_line = UINT32_MAX, .files_an_hour = UINT32_MAX};
    snprintf(options.state, sizeof(options.state), "%s", folder);
    snprintf(options.key, sizeof(options.key), "%s/issuing", folder);
    snprintf(options.certificates[0], sizeof(options.certificates[0]), "%s-cert.pub", options.key);
    options.certificates_count = 1;
    make_vendor(&certificate);
    if (signer_init(&options, &error) != LICET_OK ||
        signer_open(&options, &signer, &error) != LICET_OK)
        fail(folder);
    printf("%8s %12s %14s %14s %9s   (goal >= 0.9)\n", "batch", "files/s", "CPU us/file",
           "bare us/file", "bare/CPU");
    for (size_t index = 0; index < sizeof(counts) / sizeof(counts[0]); index++)
        bench_batches(signer, &certificate, counts[index], seconds);
    signer_close(signer);
}

int main(int argc, char **argv)
{
    uint32_t seconds = 1;
    char path[512], command[600];

    if (argc < 2 || argc > 3 || sodium_init() < 0 ||
        (argc == 3 && parse_u32(text_of(argv[2]), 1, 60, &seconds, &error) != LICET_OK)) {
        fprintf(stderr, "usage: signer_bench FOLDER|bare [SECONDS]\n");
        return 2;
    }
    if (strcmp(argv[1], "bare") == 0) {
        bench_bare(seconds);
        return 0;
    }
    snprintf(path, sizeof(path), "%s/signer-bench", argv[1]);
    if (mkdir(path, 0700) != 0)
        fail(path);
    bench_in(path, seconds);
    snprintf(command, sizeof(command), "rm -r '%s'", path);
    if (system(command) != 0)
        fail("remove");
    return 0;
}
