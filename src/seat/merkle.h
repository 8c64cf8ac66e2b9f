/*
 * The hash tree over the leaves of one commit (R8.2): shape and prefixes of RFC 6962, section 2.1,
 * with BLAKE2b-256 in the place of SHA-256.
 *
 *   leaf  H(0x00 leaf)     node  H(0x01 left right)     left = the largest power of two < size
 *
 * The tree grows as leaves come in, so that closing a batch costs a hash a level, and keeps every
 * node, so that any leaf's path can be read afterwards. PURE: the memory is the caller's.
 */
#ifndef LICET_SEAT_MERKLE_H
#define LICET_SEAT_MERKLE_H

#include "base/limits.h"
#include "base/text.h"

#define MERKLE_HASH_BYTES 32

struct merkle_hash {
    uint8_t bytes[MERKLE_HASH_BYTES];
};

struct merkle {
    struct merkle_hash *nodes; /* the caller's: merkle_nodes(capacity) of them */
    uint32_t capacity;         /* leaves; a power of two, at most MERKLE_LEAVES_MAX */
    uint32_t count;
    bool is_closed;
};

/* Siblings from the leaf up. */
struct merkle_path {
    uint32_t depth;
    struct merkle_hash hashes[MERKLE_DEPTH_MAX];
};

/* Nodes that a tree of `capacity` leaves needs; they need not be cleared. */
size_t merkle_nodes(uint32_t capacity);
/* A place may be used for one batch after another. */
struct merkle merkle_over(struct merkle_hash *nodes, uint32_t capacity);

/* A leaf is at most MERKLE_LEAF_BYTES_MAX; ours are 119. */
#define MERKLE_LEAF_BYTES_MAX 254
void merkle_hash_leaf(const void *leaf, size_t size, struct merkle_hash *ret_hash);

/* Returns the leaf's index. The caller closes the batch before it is full (count < capacity). */
uint32_t merkle_add(struct merkle *merkle, const void *leaf, size_t size);
/* Once, after the last leaf; there is at least one. */
void merkle_close(struct merkle *merkle, struct merkle_hash *ret_root);
/* Of a closed tree; index < count. */
void merkle_path(const struct merkle *merkle, uint32_t index, struct merkle_path *ret_path);

/* How many siblings the path of that leaf has; index < size. */
uint32_t merkle_path_depth(uint32_t index, uint32_t size);
/* True where the path leads from the leaf at `index` of `size` to `root`: index inside the tree,
 * the depth exactly that of its place. Any values may be given. */
bool merkle_verify(const struct merkle_hash *leaf, uint32_t index, uint32_t size,
                   const struct merkle_path *path, const struct merkle_hash *root);

#endif
