/* Evidence: the same verdict years later, from a file and a proof, with nothing but a root key. */
#include "world.h"

#include <time.h>

#include <sodium.h>

#include "tap.h"

struct evidence {
    char file[16384];
    size_t file_size;
    uint8_t proof[LICET_PROOF_SIZE_MAX];
    size_t proof_size;
    licet_lease_info lease;
};

static void gather(struct world *world, struct evidence *evidence)
{
    licet *client = world_open(world, NULL);
    licet_lease lease;
    licet_error error;

    ok(licet_chain(client, evidence->file, sizeof(evidence->file), &evidence->file_size, &error) ==
           LICET_NOT_FOUND,
       "there is no evidence before anything was verified");
    licet_checkout(client, "cad_pro", "2026-11-24", 2, &lease, &error);
    licet_lease_info_init(&evidence->lease, sizeof(evidence->lease));
    licet_lease_get(client, lease, &evidence->lease, NULL);
    ok(licet_lease_proof(client, lease, evidence->proof, 10, &evidence->proof_size, &error) ==
               LICET_TOO_LARGE &&
           evidence->proof_size > 10,
       "a place that is too small is told the size");
    ok(licet_lease_proof(client, lease, evidence->proof, sizeof(evidence->proof),
                         &evidence->proof_size, &error) == LICET_OK &&
           licet_chain(client, evidence->file, sizeof(evidence->file), &evidence->file_size,
                       &error) == LICET_OK,
       "file and proof are handed out");
    licet_close(client);
}

static licet_status judge(const struct world *world, const struct evidence *evidence,
                          licet_verdict *verdict, licet_error *error)
{
    size_t size = licet_verify_memory(evidence->file_size);
    void *memory = malloc(size);
    licet_claim claim;
    licet_status status;

    licet_claim_init(&claim, sizeof(claim));
    licet_verdict_init(verdict, sizeof(*verdict));
    claim.roots = world->keys.root_line;
    claim.vendor = "acme";
    claim.file = evidence->file;
    claim.file_size = evidence->file_size;
    claim.proof = evidence->proof;
    claim.proof_size = evidence->proof_size;
    claim.lease = &evidence->lease;
    status = licet_verify(&claim, memory, size, verdict, error);
    free(memory);
    return status;
}

static void test_good_evidence(const struct world *world, const struct evidence *evidence)
{
    licet_verdict verdict;
    licet_error error = {0};

    if (!ok(judge(world, evidence, &verdict, &error) == LICET_OK,
            "INV-32 offline, the lease is as good as it was on-line"))
        printf("# %s\n", error.text);
    ok(verdict.generation == 4 && strcmp(verdict.vendor, "acme") == 0 &&
           strcmp(verdict.customer, "C-1") == 0 && verdict.lines == 2 &&
           verdict.granted_s == world->utc && verdict.end_s == world->utc + WORLD_TTL_S &&
           strncmp(verdict.server_key, "SHA256:", 7) == 0,
       "and the verdict says what was signed");
}

static void test_file_alone(const struct world *world, const struct evidence *evidence)
{
    static uint8_t memory[2 * 1024 * 1024];
    licet_claim claim;
    licet_verdict verdict;
    licet_error error;

    licet_claim_init(&claim, sizeof(claim));
    licet_verdict_init(&verdict, sizeof(verdict));
    claim.roots = world->keys.root_line;
    claim.file = evidence->file;
    claim.file_size = evidence->file_size;
    ok(licet_verify(&claim, memory, sizeof(memory), &verdict, &error) == LICET_OK &&
           verdict.granted_s == 0 && verdict.generation == 4,
       "a file is verified without a lease");
    ok(licet_verify(&claim, memory + 1, licet_verify_memory(claim.file_size), &verdict, &error) ==
           LICET_OK,
       "in memory of any alignment and the size that was told");
    ok(licet_verify(&claim, memory, 1000, &verdict, &error) == LICET_NO_MEMORY,
       "too little memory is said");
    claim.vendor = "other";
    ok(licet_verify(&claim, memory, sizeof(memory), &verdict, &error) == LICET_UNTRUSTED,
       "another vendor's product does not take it");
}

static void test_changed_evidence(const struct world *world, struct evidence *evidence)
{
    licet_verdict verdict;
    licet_error error;
    uint32_t believed = 0;

    for (size_t index = 0; index < evidence->proof_size; index++) {
        evidence->proof[index] ^= 0x10;
        believed += judge(world, evidence, &verdict, &error) == LICET_OK;
        evidence->proof[index] ^= 0x10;
    }
    ok(believed == 0, "INV-29 no changed byte of a proof is believed");
    for (size_t size = 0; size < evidence->proof_size; size++) {
        struct evidence cut = *evidence;

        cut.proof_size = size;
        believed += judge(world, &cut, &verdict, &error) == LICET_OK;
    }
    ok(believed == 0, "nor a part of it");
    for (size_t index = 0; index < evidence->file_size; index += 3) {
        evidence->file[index] ^= 0x01;
        believed += judge(world, evidence, &verdict, &error) == LICET_OK;
        evidence->file[index] ^= 0x01;
    }
    ok(believed == 0, "nor a changed byte of the file");
    evidence->lease.count = 3;
    ok(judge(world, evidence, &verdict, &error) == LICET_MISMATCH, "nor another count");
    evidence->lease.count = 2;
    memset(evidence->lease.user, 'x', sizeof(evidence->lease.user));
    ok(judge(world, evidence, &verdict, &error) == LICET_MISMATCH,
       "nor another user, even one without an end");
}

/* ---- speed: beside the bare signatures ------------------------------------------------------ */

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Three bare verifications over as many bytes: certificate, file, lease. */
static double bare_seconds(const struct evidence *evidence, int rounds)
{
    uint8_t key[32], secret[64], file_signature[64], small_signature[64], small[400] = {0};
    const uint8_t *file = (const uint8_t *)evidence->file;
    double start;

    crypto_sign_keypair(key, secret);
    crypto_sign_detached(file_signature, NULL, file, evidence->file_size, secret);
    crypto_sign_detached(small_signature, NULL, small, sizeof(small), secret);
    start = seconds();
    for (int round = 0; round < rounds; round++) {
        if (crypto_sign_verify_detached(small_signature, small, sizeof(small), key) != 0 ||
            crypto_sign_verify_detached(file_signature, file, evidence->file_size, key) != 0 ||
            crypto_sign_verify_detached(small_signature, small, sizeof(small), key) != 0)
            abort();
    }
    return seconds() - start;
}

static double ours_seconds(const struct world *world, const struct evidence *evidence, int rounds)
{
    static uint8_t memory[2 * 1024 * 1024];
    licet_claim claim;
    licet_verdict verdict;
    double start;

    licet_claim_init(&claim, sizeof(claim));
    licet_verdict_init(&verdict, sizeof(verdict));
    claim.roots = world->keys.root_line;
    claim.file = evidence->file;
    claim.file_size = evidence->file_size;
    claim.proof = evidence->proof;
    claim.proof_size = evidence->proof_size;
    claim.lease = &evidence->lease;
    start = seconds();
    for (int round = 0; round < rounds; round++) {
        if (licet_verify(&claim, memory, sizeof(memory), &verdict, NULL) != LICET_OK)
            abort();
    }
    return seconds() - start;
}

static void show_speed(const struct world *world, const struct evidence *evidence)
{
    double ours = 1e9, bare = 1e9;

    for (int round = 0; round < 20; round++) { /* the best of many: the machine is shared */
        double now = bare_seconds(evidence, 20);

        bare = now < bare ? now : bare;
        now = ours_seconds(world, evidence, 20);
        ours = now < ours ? now : ours;
    }
    printf("# file and lease: %.1f us; the bare signatures: %.1f us; ratio %.2f\n", ours / 20 * 1e6,
           bare / 20 * 1e6, ours / bare);
}

int main(void)
{
    struct world *world = world_create();
    struct evidence evidence = {.file_size = 0};

    gather(world, &evidence);
    test_good_evidence(world, &evidence);
    test_file_alone(world, &evidence);
    show_speed(world, &evidence);
    test_changed_evidence(world, &evidence);
    world_destroy(world);
    return tap_done();
}
