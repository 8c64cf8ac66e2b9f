/* Bytes of leaf, root and proof, and the signature of the root. */
#include "seat/leaf.h"

#include <assert.h>
#include <sodium.h>

#include "base/time.h"
#include "base/wire.h"

#define PROOF_VERSION 1
#define ROOT_VERSION 1

/* Where the fields of a leaf begin. */
enum leaf_at {
    LEAF_AT_ID = 0,
    LEAF_AT_NONCE = 16,
    LEAF_AT_FEATURE = 32,
    LEAF_AT_USER = 48,
    LEAF_AT_HOST = 64,
    LEAF_AT_DEVICE = 80,
    LEAF_AT_COUNT = 96,
    LEAF_AT_RELEASE = 100,
    LEAF_AT_KIND = 104,
    LEAF_AT_FLAGS = 105,
    LEAF_AT_TTL = 107,
    LEAF_AT_END = 111,
};

_Static_assert(LEAF_AT_END + 8 == LEAF_BYTES, "R8.2: a leaf is 119 bytes");

/* Where the parts of a proof begin; behind the vendor's name all moves by its size. */
enum proof_at {
    PROOF_AT_LEAF = 1,
    PROOF_AT_ROOT = PROOF_AT_LEAF + LEAF_BYTES,
    PROOF_AT_VENDOR = PROOF_AT_ROOT + 2,
    PROOF_AT_SIGNATURE = PROOF_AT_ROOT + ROOT_BYTES_MAX - NAME_MAX_BYTES,
    PROOF_AT_INDEX = PROOF_AT_SIGNATURE + SIGNATURE_BYTES,
    PROOF_AT_DEPTH = PROOF_AT_INDEX + 4,
    PROOF_AT_PATH = PROOF_AT_DEPTH + 1,
};

void leaf_hash_name(struct text name, uint8_t ret_hash[16])
{
    memset(ret_hash, 0, 16);
    if (name.size > 0)
        crypto_generichash_blake2b(ret_hash, 16, (const uint8_t *)name.data, name.size, NULL, 0);
}

void leaf_encode(const struct lease_leaf *leaf, uint8_t ret_bytes[LEAF_BYTES])
{
    memcpy(ret_bytes + LEAF_AT_ID, leaf->id, 16);
    memcpy(ret_bytes + LEAF_AT_NONCE, leaf->nonce, 16);
    memcpy(ret_bytes + LEAF_AT_FEATURE, leaf->feature, 16);
    memcpy(ret_bytes + LEAF_AT_USER, leaf->user, 16);
    memcpy(ret_bytes + LEAF_AT_HOST, leaf->host, 16);
    memcpy(ret_bytes + LEAF_AT_DEVICE, leaf->device, 16);
    wire_put_u32(ret_bytes + LEAF_AT_COUNT, leaf->count);
    wire_put_u32(ret_bytes + LEAF_AT_RELEASE, leaf->release);
    ret_bytes[LEAF_AT_KIND] = (uint8_t)leaf->kind;
    wire_put_u16(ret_bytes + LEAF_AT_FLAGS, leaf->flags);
    wire_put_u32(ret_bytes + LEAF_AT_TTL, leaf->ttl_s);
    wire_put_u64(ret_bytes + LEAF_AT_END, (uint64_t)leaf->end);
}

static enum status leaf_decode(const uint8_t bytes[LEAF_BYTES], struct lease_leaf *leaf,
                               struct error *error)
{
    memcpy(leaf->id, bytes + LEAF_AT_ID, 16);
    memcpy(leaf->nonce, bytes + LEAF_AT_NONCE, 16);
    memcpy(leaf->feature, bytes + LEAF_AT_FEATURE, 16);
    memcpy(leaf->user, bytes + LEAF_AT_USER, 16);
    memcpy(leaf->host, bytes + LEAF_AT_HOST, 16);
    memcpy(leaf->device, bytes + LEAF_AT_DEVICE, 16);
    leaf->count = wire_get_u32(bytes + LEAF_AT_COUNT);
    leaf->release = wire_get_u32(bytes + LEAF_AT_RELEASE);
    leaf->flags = wire_get_u16(bytes + LEAF_AT_FLAGS);
    leaf->ttl_s = wire_get_u32(bytes + LEAF_AT_TTL);
    leaf->end = (int64_t)wire_get_u64(bytes + LEAF_AT_END);
    if (bytes[LEAF_AT_KIND] < LEAF_GRANT || bytes[LEAF_AT_KIND] > LEAF_RETURN)
        return error_set(error, LICET_INVALID, "the proof's leaf is of the unknown kind %d",
                         bytes[LEAF_AT_KIND]);
    leaf->kind = (enum leaf_kind)bytes[LEAF_AT_KIND];
    if (leaf->count == 0 || leaf->count > LEASE_COUNT_MAX || leaf->release > DATE_MAX_DAYS ||
        leaf->end < 0)
        return error_set(error, LICET_INVALID,
                         "count, release date or end of the proof's leaf is out of range");
    return LICET_OK;
}

static void root_encode(const struct lease_root *root, struct buf *buf)
{
    uint8_t numbers[8];

    assert(text_is_identifier(root->vendor));
    buf_add_byte(buf, ROOT_VERSION);
    buf_add_byte(buf, (char)root->vendor.size);
    buf_add_text(buf, root->vendor);
    buf_add(buf, root->payload_hash, 32);
    wire_put_u32(numbers, root->generation);
    buf_add(buf, numbers, 4);
    buf_add(buf, root->server_key, 32);
    wire_put_u64(numbers, root->epoch);
    buf_add(buf, numbers, 8);
    wire_put_u64(numbers, (uint64_t)root->time);
    buf_add(buf, numbers, 8);
    wire_put_u32(numbers, root->tree_size);
    buf_add(buf, numbers, 4);
    buf_add(buf, root->hash.bytes, MERKLE_HASH_BYTES);
}

/* `bytes` are 122 and as many as their second one says. */
static enum status root_decode(const uint8_t *bytes, struct lease_root *root, struct error *error)
{
    const uint8_t *rest = bytes + 2 + bytes[1];

    if (bytes[0] != ROOT_VERSION)
        return error_set(error, LICET_INVALID, "the proof's root has the unknown version %d",
                         bytes[0]);
    root->vendor = text_make(bytes + 2, bytes[1]);
    if (!text_is_identifier(root->vendor))
        return error_set(error, LICET_INVALID, "the proof's root does not name a vendor");
    memcpy(root->payload_hash, rest, 32);
    root->generation = wire_get_u32(rest + 32);
    memcpy(root->server_key, rest + 36, 32);
    root->epoch = wire_get_u64(rest + 68);
    root->time = (int64_t)wire_get_u64(rest + 76);
    root->tree_size = wire_get_u32(rest + 84);
    memcpy(root->hash.bytes, rest + 88, MERKLE_HASH_BYTES);
    if (root->time < 0 || root->tree_size == 0 || root->tree_size > MERKLE_LEAVES_MAX)
        return error_set(error, LICET_INVALID,
                         "time or tree size of the proof's root is out of"
                         " range");
    return LICET_OK;
}

/* What SSHSIG signs: a preamble and strings, each behind its size in four bytes. */
#define SIGNED_PREFIX "SSHSIG\0\0\0\013lease@licet\0\0\0\0\0\0\0\006sha512\0\0\0\100"
#define SIGNED_PREFIX_BYTES (sizeof(SIGNED_PREFIX) - 1)
#define SIGNED_BYTES (SIGNED_PREFIX_BYTES + crypto_hash_sha512_BYTES)

static void root_signed_bytes(struct text root, uint8_t ret_bytes[SIGNED_BYTES])
{
    memcpy(ret_bytes, SIGNED_PREFIX, SIGNED_PREFIX_BYTES);
    crypto_hash_sha512(ret_bytes + SIGNED_PREFIX_BYTES, (const uint8_t *)root.data, root.size);
}

void root_sign(const struct lease_root *root, const uint8_t secret_key[64],
               uint8_t ret_signature[SIGNATURE_BYTES])
{
    uint8_t bytes[ROOT_BYTES_MAX];
    uint8_t signed_bytes[SIGNED_BYTES];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    root_encode(root, &buf);
    root_signed_bytes(buf_text(&buf), signed_bytes);
    crypto_sign_detached(ret_signature, NULL, signed_bytes, sizeof(signed_bytes), secret_key);
}

void proof_encode(const struct lease_proof *proof, struct buf *buf)
{
    uint8_t leaf[LEAF_BYTES];
    uint8_t index[4];

    assert(proof->path.depth <= MERKLE_DEPTH_MAX);
    buf_add_byte(buf, PROOF_VERSION);
    leaf_encode(&proof->leaf, leaf);
    buf_add(buf, leaf, sizeof(leaf));
    root_encode(&proof->root, buf);
    buf_add(buf, proof->signature, SIGNATURE_BYTES);
    wire_put_u32(index, proof->index);
    buf_add(buf, index, sizeof(index));
    buf_add_byte(buf, (char)proof->path.depth);
    buf_add(buf, proof->path.hashes, proof->path.depth * sizeof(proof->path.hashes[0]));
}

/* Size of the vendor's name, so that every part is known to lie inside. */
static enum status proof_check_size(struct text bytes, size_t *ret_vendor_size, struct error *error)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    size_t vendor_size = bytes.size < PROOF_AT_VENDOR ? 0 : data[PROOF_AT_VENDOR - 1];
    size_t path_at = PROOF_AT_PATH + vendor_size;

    if (bytes.size < path_at || vendor_size > NAME_MAX_BYTES)
        return error_set(error, LICET_INVALID, "the proof is cut after %zu bytes", bytes.size);
    if (data[0] != PROOF_VERSION)
        return error_set(error, LICET_INVALID,
                         "the proof has version %d, and this program knows 1: it may be too old",
                         data[0]);
    if (bytes.size != path_at + (size_t)data[path_at - 1] * MERKLE_HASH_BYTES)
        return error_set(error, LICET_INVALID,
                         "the proof is %zu bytes, which does not fit a path"
                         " of %d",
                         bytes.size, data[path_at - 1]);
    *ret_vendor_size = vendor_size;
    return LICET_OK;
}

static enum status proof_decode_path(const uint8_t *data, struct lease_proof *proof,
                                     struct error *error)
{
    uint32_t depth = data[PROOF_AT_DEPTH];

    proof->index = wire_get_u32(data + PROOF_AT_INDEX);
    if (proof->index >= proof->root.tree_size ||
        depth != merkle_path_depth(proof->index, proof->root.tree_size))
        return error_set(error, LICET_INVALID,
                         "the proof's path does not lead to leaf %u of a tree of %u", proof->index,
                         proof->root.tree_size);
    proof->path.depth = depth;
    memcpy(proof->path.hashes, data + PROOF_AT_PATH, depth * sizeof(proof->path.hashes[0]));
    return LICET_OK;
}

enum status proof_decode(struct text bytes, struct lease_proof *ret_proof, struct error *error)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    struct lease_proof proof = {0};
    size_t vendor_size = 0;
    enum status status;

    status = proof_check_size(bytes, &vendor_size, error);
    if (status != LICET_OK)
        return status;
    status = leaf_decode(data + PROOF_AT_LEAF, &proof.leaf, error);
    if (status != LICET_OK)
        return status;
    status = root_decode(data + PROOF_AT_ROOT, &proof.root, error);
    if (status != LICET_OK)
        return status;
    status = proof_decode_path(data + vendor_size, &proof, error);
    if (status != LICET_OK)
        return status;
    memcpy(proof.signature, data + PROOF_AT_SIGNATURE + vendor_size, SIGNATURE_BYTES);
    *ret_proof = proof;
    return LICET_OK;
}

void proof_print_text(struct text bytes, struct buf *buf)
{
    char text[PROOF_TEXT_BYTES_MAX + 1];

    assert(bytes.size <= PROOF_BYTES_MAX);
    sodium_bin2base64(text, sizeof(text), (const uint8_t *)bytes.data, bytes.size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    buf_add_string(buf, text);
}

/* Printing it again must give the same text: libsodium 1.0.18 takes some bytes above 0x7f for
 * digits. */
static bool proof_text_is(struct text text, const uint8_t *bytes, size_t size)
{
    char place[PROOF_TEXT_BYTES_MAX];
    struct buf again = buf_over(place, sizeof(place));

    proof_print_text(text_make(bytes, size), &again);
    return text_equal(buf_text(&again), text);
}

enum status proof_parse_text(struct text text, struct buf *bytes, struct error *error)
{
    uint8_t binary[PROOF_BYTES_MAX];
    size_t size;

    if (text.size > PROOF_TEXT_BYTES_MAX ||
        sodium_base642bin(binary, sizeof(binary), text.data, text.size, NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        !proof_text_is(text, binary, size))
        return error_set(error, LICET_INVALID,
                         "the proof is not base64url without padding: was it cut or wrapped?");
    buf_add(bytes, binary, size);
    return LICET_OK;
}

/* What must be the lease that was asked for; the rest of a leaf is the server's to say. */
static enum status proof_check_leaf(const uint8_t leaf[LEAF_BYTES],
                                    const struct lease_leaf *expected, struct error *error)
{
    static const struct {
        const char *name;
        uint8_t at, size;
    } fields[] = {
        {"lease id", LEAF_AT_ID, 16},     {"nonce", LEAF_AT_NONCE, 16},
        {"feature", LEAF_AT_FEATURE, 16}, {"user", LEAF_AT_USER, 16},
        {"host", LEAF_AT_HOST, 16},       {"device", LEAF_AT_DEVICE, 16},
        {"count", LEAF_AT_COUNT, 4},      {"release date", LEAF_AT_RELEASE, 4},
        {"kind", LEAF_AT_KIND, 1},
    };
    uint8_t wanted[LEAF_BYTES];

    leaf_encode(expected, wanted);
    for (size_t index = 0; index < sizeof(fields) / sizeof(fields[0]); index++) {
        if (memcmp(leaf + fields[index].at, wanted + fields[index].at, fields[index].size) != 0)
            return error_set(error, LICET_MISMATCH,
                             "the proof is of another lease than the one asked for: its %s differs",
                             fields[index].name);
    }
    return LICET_OK;
}

static enum status proof_check_signature(const struct lease_proof *proof, struct text root,
                                         const uint8_t leaf[LEAF_BYTES],
                                         const uint8_t server_key[32], struct error *error)
{
    uint8_t signed_bytes[SIGNED_BYTES];
    struct merkle_hash hash;

    if (memcmp(proof->root.server_key, server_key, 32) != 0)
        return error_set(error, LICET_BAD_SIGNATURE,
                         "the proof is by another server's key than the license file names");
    merkle_hash_leaf(leaf, LEAF_BYTES, &hash);
    if (!merkle_verify(&hash, proof->index, proof->root.tree_size, &proof->path, &proof->root.hash))
        return error_set(error, LICET_BAD_SIGNATURE,
                         "the proof's path does not lead from the lease to the signed root");
    root_signed_bytes(root, signed_bytes);
    if (crypto_sign_verify_detached(proof->signature, signed_bytes, sizeof(signed_bytes),
                                    server_key) != 0)
        return error_set(error, LICET_BAD_SIGNATURE,
                         "the proof's signature does not fit the license server's key");
    return LICET_OK;
}

enum status lease_proof_verify(struct text bytes, const uint8_t server_key[32],
                               const struct lease_leaf *expected, struct lease_proof *ret_proof,
                               struct error *error)
{
    const uint8_t *data = (const uint8_t *)bytes.data;
    struct lease_proof proof;
    struct text root;
    enum status status;

    status = proof_decode(bytes, &proof, error);
    if (status != LICET_OK)
        return status;
    root =
        text_make(data + PROOF_AT_ROOT, ROOT_BYTES_MAX - NAME_MAX_BYTES + proof.root.vendor.size);
    status = proof_check_signature(&proof, root, data + PROOF_AT_LEAF, server_key, error);
    if (status != LICET_OK)
        return status;
    status = proof_check_leaf(data + PROOF_AT_LEAF, expected, error);
    if (status != LICET_OK)
        return status;
    *ret_proof = proof;
    return LICET_OK;
}
