/*
 * The tree, level by level: level 0 are the leaf hashes, each level has half as many places as the
 * one below. Pairing neighbours from the left, and lifting a last one without a neighbour
 * unchanged, gives RFC 6962's shape: its left part is always the largest full tree that fits.
 */
#include "seat/merkle.h"

#include <assert.h>
#include <sodium.h>

static void merkle_hash(const uint8_t *bytes, size_t size, struct merkle_hash *ret_hash)
{
    crypto_generichash_blake2b(ret_hash->bytes, sizeof(ret_hash->bytes), bytes, size, NULL, 0);
}

void merkle_hash_leaf(const void *leaf, size_t size, struct merkle_hash *ret_hash)
{
    uint8_t bytes[1 + MERKLE_LEAF_BYTES_MAX];

    assert(size <= MERKLE_LEAF_BYTES_MAX);
    bytes[0] = 0x00;
    memcpy(bytes + 1, leaf, size);
    merkle_hash(bytes, 1 + size, ret_hash);
}

static void merkle_hash_node(const struct merkle_hash *left, const struct merkle_hash *right,
                             struct merkle_hash *ret_hash)
{
    uint8_t bytes[1 + 2 * MERKLE_HASH_BYTES];

    bytes[0] = 0x01;
    memcpy(bytes + 1, left->bytes, MERKLE_HASH_BYTES);
    memcpy(bytes + 1 + MERKLE_HASH_BYTES, right->bytes, MERKLE_HASH_BYTES);
    merkle_hash(bytes, sizeof(bytes), ret_hash);
}

size_t merkle_nodes(uint32_t capacity)
{
    return 2 * (size_t)capacity - 1;
}

struct merkle merkle_over(struct merkle_hash *nodes, uint32_t capacity)
{
    assert(capacity > 0 && capacity <= MERKLE_LEAVES_MAX && (capacity & (capacity - 1)) == 0);
    return (struct merkle){.nodes = nodes, .capacity = capacity};
}

/* Levels of capacity, capacity / 2, ... places lie one after another. */
static struct merkle_hash *merkle_level(const struct merkle *merkle, uint32_t level)
{
    size_t twice = 2 * (size_t)merkle->capacity;

    return merkle->nodes + twice - (twice >> level);
}

uint32_t merkle_add(struct merkle *merkle, const void *leaf, size_t size)
{
    uint32_t index = merkle->count++;

    assert(index < merkle->capacity && !merkle->is_closed);
    merkle_hash_leaf(leaf, size, &merkle->nodes[index]);
    /* Each trailing one of the index ends a full pair, one level higher each. */
    for (uint32_t level = 0, at = index; (at & 1) != 0; level++, at >>= 1) {
        const struct merkle_hash *pair = merkle_level(merkle, level) + (at - 1);

        merkle_hash_node(&pair[0], &pair[1], merkle_level(merkle, level + 1) + at / 2);
    }
    return index;
}

void merkle_close(struct merkle *merkle, struct merkle_hash *ret_root)
{
    uint32_t level = 0;

    assert(merkle->count > 0 && !merkle->is_closed);
    /* Only the last node of a level can still be missing. */
    for (uint32_t last = merkle->count - 1; last > 0; level++, last /= 2) {
        const struct merkle_hash *node = merkle_level(merkle, level) + last;
        struct merkle_hash *parent = merkle_level(merkle, level + 1) + last / 2;

        if ((last & 1) == 0)
            *parent = *node;
        else
            merkle_hash_node(node - 1, node, parent);
    }
    merkle->is_closed = true;
    *ret_root = *merkle_level(merkle, level);
}

void merkle_path(const struct merkle *merkle, uint32_t index, struct merkle_path *ret_path)
{
    uint32_t last = merkle->count - 1;

    assert(merkle->is_closed && index < merkle->count);
    ret_path->depth = 0;
    for (uint32_t level = 0; last > 0; level++, index /= 2, last /= 2) {
        uint32_t sibling = index ^ 1;

        if (sibling <= last)
            ret_path->hashes[ret_path->depth++] = merkle_level(merkle, level)[sibling];
    }
}

uint32_t merkle_path_depth(uint32_t index, uint32_t size)
{
    uint32_t depth = 0;

    for (uint32_t last = size - 1; last > 0; index /= 2, last /= 2)
        depth += (index ^ 1) <= last ? 1 : 0;
    return depth;
}

bool merkle_verify(const struct merkle_hash *leaf, uint32_t index, uint32_t size,
                   const struct merkle_path *path, const struct merkle_hash *root)
{
    struct merkle_hash hash = *leaf;
    const struct merkle_hash *sibling = path->hashes;

    if (index >= size || size > MERKLE_LEAVES_MAX || path->depth != merkle_path_depth(index, size))
        return false;
    for (uint32_t last = size - 1; last > 0; index /= 2, last /= 2) {
        if ((index & 1) != 0)
            merkle_hash_node(sibling++, &hash, &hash);
        else if (index < last)
            merkle_hash_node(&hash, sibling++, &hash);
    }
    return memcmp(hash.bytes, root->bytes, MERKLE_HASH_BYTES) == 0;
}
