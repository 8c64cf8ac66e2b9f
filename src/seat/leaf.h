/*
 * What a license server signs about a lease (R8.2, R8.3): leaf, root, and the proof that joins
 * them. Bytes and a worked vector stand in docs/protocol.md. All numbers are big-endian.
 *
 *   leaf, LEAF_BYTES
 *     0  id 16       client-chosen lease id           96  count 4     seats
 *    16  nonce 16    the client's, fresh              100  release 4   days since 1970, 0: none
 *    32  feature 16  BLAKE2b-128 of the name          104  kind 1      enum leaf_kind
 *    48  user 16     likewise; zero where none        105  flags 2     SEAT_FLAG_...
 *    64  host 16                                      107  ttl 4       seconds
 *    80  device 16                                    111  end 8       UTC seconds, 0: none
 *
 *   root, at most ROOT_BYTES_MAX
 *     version 1 (= 1), vendor 1 + n, file payload hash 32, generation 4, server key 32, epoch 8,
 *     server time 8 (UTC seconds), tree size 4, root hash 32
 *
 *   proof, at most PROOF_BYTES_MAX
 *     version 1 (= 1), leaf 119, root 122 + n, signature 64, leaf index 4, depth 1, depth x 32
 *
 * The signature is Ed25519 over what SSHSIG signs, with namespace `lease@licet` and sha512, so that
 * no signature made for another purpose fits here, nor this one there (R9). Needs libsodium to be
 * initialised. PURE.
 */
#ifndef LICET_SEAT_LEAF_H
#define LICET_SEAT_LEAF_H

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"
#include "seat/merkle.h"

#define LEAF_BYTES 119
#define ROOT_BYTES_MAX (122 + NAME_MAX_BYTES)
#define SIGNATURE_BYTES 64
#define PROOF_BYTES_MAX                                                                            \
    (1 + LEAF_BYTES + ROOT_BYTES_MAX + SIGNATURE_BYTES + 4 + 1 +                                   \
     MERKLE_DEPTH_MAX * MERKLE_HASH_BYTES)
/* Four digits for three bytes, the last group not padded. */
#define PROOF_TEXT_BYTES_MAX ((PROOF_BYTES_MAX * 4 + 2) / 3)

enum leaf_kind {
    LEAF_GRANT = 1, /* a re-claim is a grant again, with the new nonce */
    LEAF_RENEWAL = 2,
    LEAF_RETURN = 3,
};

struct lease_leaf {
    uint8_t id[16];
    uint8_t nonce[16];
    uint8_t feature[16]; /* leaf_hash_name() */
    uint8_t user[16];
    uint8_t host[16];
    uint8_t device[16];
    uint32_t count;
    uint32_t release; /* days since 1970; 0: none */
    enum leaf_kind kind;
    uint16_t flags;
    uint32_t ttl_s;
    int64_t end; /* UTC seconds; 0: goes on while it is renewed */
};

struct lease_root {
    struct text vendor;       /* R1.1; borrowed */
    uint8_t payload_hash[32]; /* R2.6: of the license file; the 32 bytes, not their text */
    uint32_t generation;
    uint8_t server_key[32];
    uint64_t epoch;
    int64_t time; /* UTC seconds */
    uint32_t tree_size;
    struct merkle_hash hash;
};

struct lease_proof {
    struct lease_leaf leaf;
    struct lease_root root; /* vendor is borrowed from the decoded bytes */
    uint8_t signature[SIGNATURE_BYTES];
    uint32_t index;
    struct merkle_path path;
};

/* BLAKE2b-128 of the name, zero for the empty one. Costs a hash: keep it by name where leaves are
 * many. */
void leaf_hash_name(struct text name, uint8_t ret_hash[16]);
void leaf_encode(const struct lease_leaf *leaf, uint8_t ret_bytes[LEAF_BYTES]);

/* Signs what is equal for a commit. `secret_key` is libsodium's: seed and public key. */
void root_sign(const struct lease_root *root, const uint8_t secret_key[64],
               uint8_t ret_signature[SIGNATURE_BYTES]);

void proof_encode(const struct lease_proof *proof, struct buf *buf);
/* Strict: each length, version, kind, index and depth as they must be, nothing after. Says nothing
 * about signatures. LICET_INVALID. */
enum status proof_decode(struct text bytes, struct lease_proof *ret_proof, struct error *error);

/* base64url without padding, one form only for each proof. */
void proof_print_text(struct text bytes, struct buf *buf);
enum status proof_parse_text(struct text text, struct buf *bytes, struct error *error);

/* R8.3. Decodes and checks: the root names `server_key` and is signed by it, the path leads from
 * the leaf to it, and the leaf is the `expected` one in id, nonce, feature, count, release, user,
 * host, device and kind. ttl, end and flags of `expected` are not looked at. The caller checks
 * against the CHAIN file what `ret_proof` says of ttl, end, vendor, payload hash and generation,
 * and that generation and epoch are not behind what it has seen (R7.5). LICET_INVALID,
 * LICET_BAD_SIGNATURE, or LICET_MISMATCH where it proves another lease. */
enum status lease_proof_verify(struct text bytes, const uint8_t server_key[32],
                               const struct lease_leaf *expected, struct lease_proof *ret_proof,
                               struct error *error);

#endif
