/*
 * A proof that a hostile server may send. What is decoded encodes to the same bytes, in both
 * forms; and of all inputs only one verifies: the single proof that the key ever signed (the
 * worked example of docs/protocol.md, made here again).
 */
#include <assert.h>
#include <sodium.h>

#include "seat/leaf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t public_key[32];
static struct lease_leaf leaves[3];
static uint8_t signed_bytes[PROOF_BYTES_MAX];
static struct text signed_proof;

static void fill(uint8_t *bytes, size_t size, uint8_t first)
{
    for (size_t index = 0; index < size; index++)
        bytes[index] = (uint8_t)(first + index);
}

static void make_leaf(struct lease_leaf *leaf, uint8_t number, const char *const names[4])
{
    fill(leaf->id, 16, (uint8_t)(0x10 * (number + 1)));
    if (number > 0)
        fill(leaf->nonce, 16, (uint8_t)(0x70 + 0x10 * number));
    leaf_hash_name(text_of(names[0]), leaf->feature);
    leaf_hash_name(text_of(names[1]), leaf->user);
    leaf_hash_name(text_of(names[2]), leaf->host);
    leaf_hash_name(text_of(names[3]), leaf->device);
}

static void make_leaves(void)
{
    static const char *const names[3][4] = {{"sim_solver", "bob", "tk-03", ""},
                                            {"cad_pro", "alice", "ws-17.example.com", ""},
                                            {"cad_pro", "carol", "ws-18.example.com", "laptop-9"}};

    leaves[0] = (struct lease_leaf){.count = 1, .kind = LEAF_RENEWAL, .ttl_s = 300};
    leaves[1] = (struct lease_leaf){.count = 2,
                                    .release = 20758,
                                    .kind = LEAF_GRANT,
                                    .flags = 1,
                                    .ttl_s = 300,
                                    .end = 1798804800};
    leaves[2] = (struct lease_leaf){.count = 1, .kind = LEAF_RETURN};
    for (uint8_t number = 0; number < 3; number++)
        make_leaf(&leaves[number], number, names[number]);
}

static void make_proof(void)
{
    struct lease_proof proof = {.index = 1};
    struct merkle_hash nodes[7];
    struct merkle merkle = merkle_over(nodes, 4);
    struct buf buf = buf_over(signed_bytes, sizeof(signed_bytes));
    uint8_t seed[32], secret_key[64], leaf[LEAF_BYTES];

    fill(seed, 32, 0);
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    make_leaves();
    for (size_t number = 0; number < 3; number++) {
        leaf_encode(&leaves[number], leaf);
        merkle_add(&merkle, leaf, sizeof(leaf));
    }
    proof.leaf = leaves[1];
    proof.root = (struct lease_root){
        .vendor = TEXT("acme"), .generation = 4, .epoch = 7, .time = 1795511553, .tree_size = 3};
    fill(proof.root.payload_hash, 32, 0xa0);
    memcpy(proof.root.server_key, public_key, 32);
    merkle_close(&merkle, &proof.root.hash);
    merkle_path(&merkle, 1, &proof.path);
    root_sign(&proof.root, secret_key, proof.signature);
    proof_encode(&proof, &buf);
    signed_proof = buf_text(&buf);
}

static void check_bytes(struct text bytes)
{
    char place[PROOF_BYTES_MAX];
    struct buf again = buf_over(place, sizeof(place));
    struct lease_proof proof;
    struct error error;
    bool is_signed = text_equal(bytes, signed_proof);

    assert((lease_proof_verify(bytes, public_key, &leaves[1], &proof, &error) == LICET_OK) ==
           is_signed);
    if (proof_decode(bytes, &proof, &error) != LICET_OK)
        return;
    proof_encode(&proof, &again);
    assert(text_equal(buf_text(&again), bytes));
}

static void check_text(struct text text)
{
    char place[PROOF_BYTES_MAX], text_place[PROOF_TEXT_BYTES_MAX];
    struct buf bytes = buf_over(place, sizeof(place));
    struct buf again = buf_over(text_place, sizeof(text_place));
    struct error error;

    if (proof_parse_text(text, &bytes, &error) != LICET_OK)
        return;
    proof_print_text(buf_text(&bytes), &again);
    assert(text_equal(buf_text(&again), text));
    check_bytes(buf_text(&bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (signed_proof.size == 0) {
        if (sodium_init() < 0)
            return 1;
        make_proof();
    }
    check_bytes(text_make(data, size));
    check_text(text_make(data, size));
    return 0;
}
