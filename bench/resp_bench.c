/*
 * How fast bytes become commands, grants become bytes, and leaves become signed proofs; on one
 * core, beside the bare cryptography in the same run. Not a test: it fails only where something
 * does not work at all.
 */
#include <sodium.h>

#include "resp/checkout.h"
#include "resp/lease.h"
#include "resp/reader.h"
#include "seat/leaf.h"

#define ROUNDS 5
#define BATCH 1000
#define PIPELINE 4096

static uint8_t public_key[32], secret_key[64];

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The best of a few rounds: what the code can do when the machine lets it. */
static void report(const char *name, const char *unit, uint64_t (*run)(void))
{
    double best = 0;

    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds_now();
        uint64_t count = run();
        double rate = (double)count / (seconds_now() - start);

        if (rate > best)
            best = rate;
    }
    printf("%-52s %12.0f %s/s %8.3f us\n", name, best, unit, 1e6 / best);
}

#define ID "202122232425262728292a2b2c2d2e2f"
#define CHECKOUT "*3\r\n$8\r\nCHECKOUT\r\n$7\r\ncad_pro\r\n$32\r\n" ID "\r\n"
#define CHECKOUT_ALL                                                                               \
    "*19\r\n$8\r\nCHECKOUT\r\n$7\r\ncad_pro\r\n$32\r\n" ID "\r\n$5\r\nCOUNT\r\n$1\r\n2\r\n"        \
    "$7\r\nRELEASE\r\n$10\r\n2026-11-01\r\n$4\r\nUSER\r\n$5\r\nalice\r\n$4\r\nHOST\r\n$5\r\n"      \
    "ws-17\r\n$6\r\nDEVICE\r\n$8\r\nlaptop-9\r\n$6\r\nVENDOR\r\n$4\r\nacme\r\n$5\r\nNONCE\r\n$"    \
    "32\r\n" ID "\r\n$5\r\nPROOF\r\n$3\r\nraw\r\n"

/* Clients' ids are random: with equal ones the processor would learn their digits by heart. */
static void randomise_ids(struct buf *buf)
{
    static const char digits[] = "0123456789abcdef";
    const char *end = buf->data + buf->size;
    char *id = buf->data;

    while ((id = memmem(id, (size_t)(end - id), ID, sizeof(ID) - 1)) != NULL) {
        for (size_t index = 0; index < sizeof(ID) - 1; index++)
            *id++ = digits[randombytes_uniform(16)];
    }
}

/* Commands as they come from a pipeline: many in one buffer, too many
 * to be learnt. */
static uint64_t parse_stream(const char *command, bool has_arguments)
{
    static char place[PIPELINE * sizeof(CHECKOUT_ALL)];
    struct buf buf = buf_over(place, sizeof(place));
    struct resp_limits limits = RESP_LIMITS_STRANGER;
    uint64_t count = 0;

    for (int index = 0; index < PIPELINE; index++)
        buf_add_string(&buf, command);
    randomise_ids(&buf);
    for (int round = 0; round < 100; round++) {
        struct text rest = buf_text(&buf);
        struct resp_reader reader = {0};
        struct resp_command parsed;
        struct checkout_args args;

        while (resp_read(&reader, rest, &limits, &parsed, NULL) == RESP_COMMAND) {
            if (has_arguments &&
                checkout_args_parse(parsed.arguments + 1, parsed.arguments_count - 1, &args,
                                    NULL) != LICET_OK)
                abort();
            rest = text_skip(rest, parsed.size);
            count++;
        }
    }
    return count;
}

static uint64_t parse_short(void)
{
    return parse_stream(CHECKOUT, false);
}

static uint64_t parse_short_arguments(void)
{
    return parse_stream(CHECKOUT, true);
}

static uint64_t parse_long_arguments(void)
{
    return parse_stream(CHECKOUT_ALL, true);
}

/* The worst client: one byte a packet. Counted in bytes. */
static uint64_t parse_dripping(void)
{
    static char place[RESP_COMMAND_BYTES_MAX];
    struct buf buf = buf_over(place, sizeof(place));
    struct resp_limits limits = RESP_LIMITS_KNOWN;
    struct resp_reader reader = {0};
    struct resp_command parsed;

    buf_add_string(&buf, "*64\r\n");
    for (int index = 0; index < 64; index++) {
        buf_add_string(&buf, "$1000\r\n");
        for (int byte = 0; byte < 1000; byte++)
            buf_add_byte(&buf, 'x');
        buf_add_string(&buf, "\r\n");
    }
    for (size_t size = 0; size <= buf.size; size++) {
        if (resp_read(&reader, text_head(buf_text(&buf), size), &limits, &parsed, NULL) ==
            RESP_BROKEN)
            abort();
    }
    return buf.size;
}

static uint64_t write_grants(void)
{
    static char place[65536];
    struct granted_reply granted = {4711, 300000, 4, 0, {"", 0}};
    uint64_t count = 0;

    for (int round = 0; round < 4000; round++) {
        struct buf buf = buf_over(place, sizeof(place));

        for (int index = 0; index < 128; index++, count++)
            granted_reply_write(&granted, RESP_2, &buf);
    }
    return count;
}

static struct lease_leaf make_leaf(uint32_t number)
{
    struct lease_leaf leaf = {.count = 1, .kind = LEAF_GRANT, .ttl_s = 300};

    memcpy(leaf.id, &number, sizeof(number));
    leaf_hash_name(TEXT("cad_pro"), leaf.feature);
    return leaf;
}

static struct merkle add_leaves(struct merkle_hash *nodes, struct lease_leaf *leaf)
{
    struct merkle merkle = merkle_over(nodes, 1024);
    uint8_t bytes[LEAF_BYTES];

    for (uint32_t number = 0; number < BATCH; number++) {
        memcpy(leaf->id, &number, sizeof(number));
        leaf_encode(leaf, bytes);
        merkle_add(&merkle, bytes, sizeof(bytes));
    }
    return merkle;
}

static struct merkle_hash nodes[2048];

static uint64_t build_trees(void)
{
    struct lease_leaf leaf = make_leaf(0);
    struct merkle_hash root;

    for (int round = 0; round < 100; round++) {
        struct merkle merkle = add_leaves(nodes, &leaf);

        merkle_close(&merkle, &root);
    }
    return 100 * BATCH;
}

/* All of it: leaves, tree, signature, and each leaf's proof as bytes. */
static uint64_t prove_batches(void)
{
    struct lease_proof proof = {.leaf = make_leaf(0)};
    uint8_t place[PROOF_BYTES_MAX];

    for (int round = 0; round < 100; round++) {
        struct merkle merkle = add_leaves(nodes, &proof.leaf);

        proof.root = (struct lease_root){.vendor = TEXT("acme"), .tree_size = BATCH};
        memcpy(proof.root.server_key, public_key, 32);
        merkle_close(&merkle, &proof.root.hash);
        root_sign(&proof.root, secret_key, proof.signature);
        for (uint32_t index = 0; index < BATCH; index++) {
            struct buf buf = buf_over(place, sizeof(place));

            memcpy(proof.leaf.id, &index, sizeof(index));
            proof.index = index;
            merkle_path(&merkle, index, &proof.path);
            proof_encode(&proof, &buf);
        }
    }
    return 100 * BATCH;
}

static uint64_t hash_names(void)
{
    uint8_t hash[16];

    for (int index = 0; index < 100000; index++)
        leaf_hash_name(TEXT("ws-17.example.com"), hash);
    return 100000;
}

static uint64_t sign_bare(void)
{
    uint8_t message[103] = {0}, signature[64];

    for (int index = 0; index < 2000; index++)
        crypto_sign_detached(signature, NULL, message, sizeof(message), secret_key);
    return 2000;
}

static uint64_t verify_bare(void)
{
    uint8_t message[103] = {0}, signature[64];

    crypto_sign_detached(signature, NULL, message, sizeof(message), secret_key);
    for (int index = 0; index < 2000; index++) {
        if (crypto_sign_verify_detached(signature, message, sizeof(message), public_key) != 0)
            abort();
    }
    return 2000;
}

static uint64_t verify_proofs(void)
{
    struct lease_leaf leaf = make_leaf(0);
    struct lease_proof proof = {.index = BATCH - 1}, ret;
    struct merkle merkle = add_leaves(nodes, &leaf);
    uint8_t place[PROOF_BYTES_MAX];
    struct buf buf = buf_over(place, sizeof(place));

    proof.leaf = leaf;
    proof.root = (struct lease_root){.vendor = TEXT("acme"), .tree_size = BATCH};
    memcpy(proof.root.server_key, public_key, 32);
    merkle_close(&merkle, &proof.root.hash);
    merkle_path(&merkle, proof.index, &proof.path);
    root_sign(&proof.root, secret_key, proof.signature);
    proof_encode(&proof, &buf);
    for (int index = 0; index < 2000; index++) {
        if (lease_proof_verify(buf_text(&buf), public_key, &leaf, &ret, NULL) != LICET_OK)
            abort();
    }
    return 2000;
}

int main(void)
{
    uint8_t seed[32] = {0};

    if (sodium_init() < 0)
        return 1;
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    report("CHECKOUT of 3 arguments, read", "commands", parse_short);
    report("CHECKOUT of 3 arguments, read and checked", "commands", parse_short_arguments);
    report("CHECKOUT of 19 arguments, read and checked", "commands", parse_long_arguments);
    report("a command of 64 KiB, a byte at a time", "bytes", parse_dripping);
    report("GRANTED, written", "replies", write_grants);
    report("a name, hashed", "names", hash_names);
    report("trees of 1,000 leaves", "leaves", build_trees);
    report("trees, signature and every proof", "leaves", prove_batches);
    report("Ed25519 signature, bare", "signatures", sign_bare);
    report("Ed25519 verification, bare", "verifications", verify_bare);
    report("proof of a lease, verified", "proofs", verify_proofs);
    return 0;
}
