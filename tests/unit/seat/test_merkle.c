/* The tree: the shape of RFC 6962 against a naive copy of its definition, and paths that hold. */
#include "seat/merkle.h"

#include <sodium.h>

#include "tap.h"

#define SIZES 70
#define CAPACITY 128

static struct merkle_hash nodes[2 * CAPACITY];

static uint32_t leaf_of(uint32_t index)
{
    return index * 2654435761u + 1;
}

static void naive_hash(uint8_t prefix, const void *bytes, size_t size, struct merkle_hash *ret)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, 32);
    crypto_generichash_update(&state, &prefix, 1);
    crypto_generichash_update(&state, bytes, size);
    crypto_generichash_final(&state, ret->bytes, 32);
}

/* MTH(D[first:first + size]) as RFC 6962 defines it. */
static void naive_root(uint32_t first, uint32_t size, struct merkle_hash *ret)
{
    struct merkle_hash pair[2];
    uint32_t leaf = leaf_of(first);
    uint32_t split = 1;

    if (size == 1) {
        naive_hash(0, &leaf, sizeof(leaf), ret);
        return;
    }
    while (split * 2 < size)
        split *= 2;
    naive_root(first, split, &pair[0]);
    naive_root(first + split, size - split, &pair[1]);
    naive_hash(1, pair, sizeof(pair), ret);
}

/* PATH(index, D[first:first + size]), likewise. */
static void naive_path(uint32_t index, uint32_t first, uint32_t size, struct merkle_path *ret)
{
    uint32_t split = 1;

    if (size == 1)
        return;
    while (split * 2 < size)
        split *= 2;
    if (index < split) {
        naive_path(index, first, split, ret);
        naive_root(first + split, size - split, &ret->hashes[ret->depth++]);
    } else {
        naive_path(index - split, first + split, size - split, ret);
        naive_root(first, split, &ret->hashes[ret->depth++]);
    }
}

static struct merkle build(uint32_t size, uint32_t capacity, struct merkle_hash *ret_root)
{
    struct merkle merkle = merkle_over(nodes, capacity);

    memset(nodes, 0xee, sizeof(nodes)); /* a batch before this one left its nodes behind */
    for (uint32_t index = 0; index < size; index++) {
        uint32_t leaf = leaf_of(index);

        if (merkle_add(&merkle, &leaf, sizeof(leaf)) != index)
            ok(false, "leaf %u gets its index", index);
    }
    merkle_close(&merkle, ret_root);
    return merkle;
}

static void hash_of(uint32_t index, struct merkle_hash *ret_hash)
{
    uint32_t leaf = leaf_of(index);

    merkle_hash_leaf(&leaf, sizeof(leaf), ret_hash);
}

static bool same_path(const struct merkle_path *left, const struct merkle_path *right)
{
    return left->depth == right->depth &&
           memcmp(left->hashes, right->hashes, left->depth * sizeof(left->hashes[0])) == 0;
}

static void test_shape(void)
{
    for (uint32_t size = 1; size <= SIZES; size++) {
        struct merkle_hash root, expected, leaf;
        struct merkle merkle = build(size, CAPACITY, &root);
        bool paths = true, verified = true;

        naive_root(0, size, &expected);
        for (uint32_t index = 0; index < size; index++) {
            struct merkle_path path, naive = {0};

            merkle_path(&merkle, index, &path);
            naive_path(index, 0, size, &naive);
            hash_of(index, &leaf);
            paths = paths && same_path(&path, &naive);
            verified = verified && merkle_verify(&leaf, index, size, &path, &expected);
        }
        ok(memcmp(&root, &expected, sizeof(root)) == 0,
           "R8.2 the root of %u leaves is that of RFC 6962", size);
        ok(paths && verified, "R8.2 so are its paths, and each leads to the root");
    }
}

static void test_full(void)
{
    struct merkle_hash root, expected;

    for (uint32_t capacity = 1; capacity <= 64; capacity *= 2) {
        build(capacity, capacity, &root);
        naive_root(0, capacity, &expected);
        ok(memcmp(&root, &expected, sizeof(root)) == 0, "a tree of %u fills a place of %u",
           capacity, capacity);
    }
    ok(merkle_nodes(1) == 1 && merkle_nodes(64) == 127, "which is a node less than twice that");
}

/* Every way to say something else about one leaf. */
static uint32_t accepted_lies(const struct merkle *merkle, uint32_t index,
                              const struct merkle_hash *root)
{
    struct merkle_path path, changed;
    struct merkle_hash leaf, hash;
    uint32_t accepted = 0, size = merkle->count;

    merkle_path(merkle, index, &path);
    hash_of(index, &leaf);
    for (uint32_t bit = 0; bit < 256; bit++) {
        hash = leaf;
        hash.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        accepted += merkle_verify(&hash, index, size, &path, root);
        hash = *root;
        hash.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        accepted += merkle_verify(&leaf, index, size, &path, &hash);
    }
    for (uint32_t bit = 0; bit < path.depth * 256; bit++) {
        changed = path;
        changed.hashes[bit / 256].bytes[bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
        accepted += merkle_verify(&leaf, index, size, &changed, root);
    }
    for (uint32_t other = 0; other < size + 10; other++)
        accepted += other != index && merkle_verify(&leaf, other, size, &path, root);
    accepted += merkle_verify(&leaf, UINT32_MAX, size, &path, root);
    for (uint32_t depth = 0; depth <= MERKLE_DEPTH_MAX; depth++) {
        changed = path;
        changed.depth = depth;
        accepted += depth != path.depth && merkle_verify(&leaf, index, size, &changed, root);
    }
    return accepted;
}

static void test_lies(void)
{
    for (uint32_t size = 1; size <= SIZES; size += size < 20 ? 1 : 7) {
        struct merkle_hash root;
        struct merkle merkle = build(size, CAPACITY, &root);
        uint32_t accepted = 0;

        for (uint32_t index = 0; index < size; index++)
            accepted += accepted_lies(&merkle, index, &root);
        ok(accepted == 0,
           "R8.2 of %u leaves, no changed bit, other index or other depth is accepted", size);
    }
}

/* RFC 6962 binds a path to its size only through its depth: the signed root holds the size. */
static void test_sizes(void)
{
    struct merkle_hash root, leaf;
    struct merkle merkle = build(5, CAPACITY, &root);
    struct merkle_path path;

    merkle_path(&merkle, 4, &path);
    hash_of(4, &leaf);
    ok(path.depth == 1 && merkle_verify(&leaf, 4, 5, &path, &root), "the fifth of five");
    for (uint32_t size = 0; size <= SIZES; size++) {
        if (size != 5 && merkle_verify(&leaf, 4, size, &path, &root))
            ok(false, "R8.2 the path of a tree of 5 is refused for one of %u", size);
    }
    ok(!merkle_verify(&leaf, 4, 0, &path, &root) &&
           !merkle_verify(&leaf, 4, UINT32_MAX, &path, &root) &&
           !merkle_verify(&leaf, 4, MERKLE_LEAVES_MAX + 1, &path, &root),
       "R8.2 no tree is empty or larger than the limit");
    path.depth = UINT32_MAX;
    ok(!merkle_verify(&leaf, 4, 5, &path, &root), "a depth beyond the place for it is refused");
}

static void test_large(void)
{
    struct merkle_hash *large = malloc(merkle_nodes(MERKLE_LEAVES_MAX) * sizeof(*large));
    struct merkle_hash root, leaf;
    struct merkle_path path;
    struct merkle merkle;
    bool verified = true;

    if (large == NULL)
        abort();
    merkle = merkle_over(large, MERKLE_LEAVES_MAX);
    for (uint32_t index = 0; index < MERKLE_LEAVES_MAX; index++) {
        uint32_t value = leaf_of(index);

        merkle_add(&merkle, &value, sizeof(value));
    }
    merkle_close(&merkle, &root);
    for (uint32_t index = 0; index < MERKLE_LEAVES_MAX; index += 997) {
        merkle_path(&merkle, index, &path);
        hash_of(index, &leaf);
        verified = verified && path.depth == MERKLE_DEPTH_MAX &&
                   merkle_verify(&leaf, index, MERKLE_LEAVES_MAX, &path, &root);
    }
    ok(verified, "R8.2 paths of the largest tree lead to its root");
    free(large);
}

int main(void)
{
    if (sodium_init() < 0)
        abort();
    test_shape();
    test_full();
    test_lies();
    test_sizes();
    test_large();
    return tap_done();
}
