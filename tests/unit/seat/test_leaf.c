/*
 * Leaves, roots and proofs: their bytes, their signature, and everything that is refused. The
 * worked vector of docs/protocol.md is made here again; its path is this program's argument.
 */
#include "seat/leaf.h"

#include <sodium.h>

#include "base/parse.h"
#include "base/wire.h"
#include "tap.h"

#define LEAVES 3
#define PROVED 1

static uint8_t public_key[32], secret_key[64];
static struct lease_leaf leaves[LEAVES];
static struct lease_proof vector;
static uint8_t vector_bytes[PROOF_BYTES_MAX];
static struct text vector_text; /* over vector_bytes */
static struct error error;

static void fill(uint8_t *bytes, size_t size, uint8_t first)
{
    for (size_t index = 0; index < size; index++)
        bytes[index] = (uint8_t)(first + index);
}

static void name_leaf(struct lease_leaf *leaf, const char *feature, const char *user,
                      const char *host, const char *device)
{
    leaf_hash_name(text_of(feature), leaf->feature);
    leaf_hash_name(text_of(user), leaf->user);
    leaf_hash_name(text_of(host), leaf->host);
    leaf_hash_name(text_of(device), leaf->device);
}

static void make_leaves(void)
{
    leaves[0] = (struct lease_leaf){.count = 1, .kind = LEAF_RENEWAL, .ttl_s = 300};
    fill(leaves[0].id, 16, 0x10);
    name_leaf(&leaves[0], "sim_solver", "bob", "tk-03", "");
    leaves[1] = (struct lease_leaf){.count = 2,
                                    .release = 20758, /* 2026-11-01 */
                                    .kind = LEAF_GRANT,
                                    .flags = 1,
                                    .ttl_s = 300,
                                    .end = 1798804800}; /* 2027-01-01T12:00:00Z */
    fill(leaves[1].id, 16, 0x20);
    fill(leaves[1].nonce, 16, 0x80);
    name_leaf(&leaves[1], "cad_pro", "alice", "ws-17.example.com", "");
    leaves[2] = (struct lease_leaf){.count = 1, .kind = LEAF_RETURN};
    fill(leaves[2].id, 16, 0x30);
    fill(leaves[2].nonce, 16, 0x90);
    name_leaf(&leaves[2], "cad_pro", "carol", "ws-18.example.com", "laptop-9");
}

static void make_root(struct lease_root *root)
{
    *root = (struct lease_root){.vendor = TEXT("acme"),
                                .generation = 4,
                                .epoch = 7,
                                .time = 1795511553, /* 2026-11-24T09:12:33Z */
                                .tree_size = LEAVES};
    fill(root->payload_hash, 32, 0xa0);
    memcpy(root->server_key, public_key, 32);
}

static void make_vector(void)
{
    struct merkle_hash nodes[7];
    struct merkle merkle = merkle_over(nodes, 4);
    struct buf buf = buf_over(vector_bytes, sizeof(vector_bytes));
    uint8_t seed[32], bytes[LEAF_BYTES];

    fill(seed, sizeof(seed), 0);
    crypto_sign_seed_keypair(public_key, secret_key, seed);
    make_leaves();
    for (size_t index = 0; index < LEAVES; index++) {
        leaf_encode(&leaves[index], bytes);
        merkle_add(&merkle, bytes, sizeof(bytes));
    }
    vector.leaf = leaves[PROVED];
    vector.index = PROVED;
    make_root(&vector.root);
    merkle_close(&merkle, &vector.root.hash);
    merkle_path(&merkle, PROVED, &vector.path);
    root_sign(&vector.root, secret_key, vector.signature);
    proof_encode(&vector, &buf);
    vector_text = buf_text(&buf);
}

static enum status verify(struct text bytes, const struct lease_leaf *expected,
                          struct lease_proof *ret_proof)
{
    uint8_t *copy = malloc(bytes.size + 1); /* of its exact size for the sanitizer */
    enum status status;

    if (copy == NULL)
        abort();
    if (bytes.size > 0)
        memcpy(copy + 1, bytes.data, bytes.size);
    status = lease_proof_verify(text_make(copy + 1, bytes.size), public_key, expected, ret_proof,
                                &error);
    free(copy);
    return status;
}

static void test_layout(void)
{
    uint8_t bytes[LEAF_BYTES], expected[LEAF_BYTES] = {0};
    struct lease_leaf *leaf = &leaves[PROVED];
    uint8_t zero[16] = {0};

    memcpy(expected, leaf->id, 16);
    memcpy(expected + 16, leaf->nonce, 16);
    crypto_generichash(expected + 32, 16, (const uint8_t *)"cad_pro", 7, NULL, 0);
    crypto_generichash(expected + 48, 16, (const uint8_t *)"alice", 5, NULL, 0);
    crypto_generichash(expected + 64, 16, (const uint8_t *)"ws-17.example.com", 17, NULL, 0);
    expected[99] = 2;
    wire_put_u32(expected + 100, 20758);
    expected[104] = 1;
    expected[106] = 1;
    wire_put_u32(expected + 107, 300);
    wire_put_u64(expected + 111, 1798804800);
    leaf_encode(leaf, bytes);
    ok(LEAF_BYTES == 6 * 16 + 4 + 4 + 1 + 2 + 4 + 8, "R8.2 a leaf is 119 bytes");
    ok(memcmp(bytes, expected, sizeof(bytes)) == 0, "R8.2 each field at its place");
    ok(memcmp(leaf->device, zero, 16) == 0, "R8.2 a name that is not given is zero bytes");
}

/* The signed bytes, string by string. */
static void add_string(struct buf *buf, const void *data, size_t size)
{
    uint8_t length[4];

    wire_put_u32(length, (uint32_t)size);
    buf_add(buf, length, 4);
    buf_add(buf, data, size);
}

static void sign_as(const char *space, const void *root, size_t size, uint8_t ret_signature[64])
{
    char place[512];
    struct buf buf = buf_over(place, sizeof(place));
    uint8_t hash[64];

    crypto_hash_sha512(hash, root, size);
    buf_add_string(&buf, "SSHSIG");
    add_string(&buf, space, strlen(space));
    add_string(&buf, "", 0);
    add_string(&buf, "sha512", 6);
    add_string(&buf, hash, sizeof(hash));
    crypto_sign_detached(ret_signature, NULL, (const uint8_t *)place, buf.size, secret_key);
}

static void test_signature(void)
{
    static const char *const others[] = {
        "license@licet",    "receipt@licet",    "request@licet", "usage@licet", "response@licet",
        "checkpoint@licet", "revocation@licet", "lease@licet.",  "lease",       ""};
    uint8_t changed[PROOF_BYTES_MAX], signature[64];
    struct lease_proof proof;
    size_t root_at = 1 + LEAF_BYTES, root_size = 122 + 4;

    sign_as("lease@licet", vector_bytes + root_at, root_size, signature);
    ok(memcmp(signature, vector.signature, 64) == 0,
       "R9 the signature is SSHSIG's in the namespace lease@licet");
    ok(memcmp(vector_bytes + root_at + root_size, signature, 64) == 0,
       "and stands behind the root");
    memcpy(changed, vector_bytes, sizeof(changed));
    for (size_t index = 0; index < sizeof(others) / sizeof(others[0]); index++) {
        sign_as(others[index], vector_bytes + root_at, root_size, changed + root_at + root_size);
        ok(verify(text_make(changed, vector_text.size), &leaves[PROVED], &proof) ==
               LICET_BAD_SIGNATURE,
           "R9 a signature in the namespace \"%s\" is refused", others[index]);
    }
    crypto_sign_detached(changed + root_at + root_size, NULL, vector_bytes + root_at, root_size,
                         secret_key);
    ok(verify(text_make(changed, vector_text.size), &leaves[PROVED], &proof) == LICET_BAD_SIGNATURE,
       "R9 a signature over the bare root is refused");
}

static void test_accepted(void)
{
    struct lease_proof proof;
    struct lease_leaf expected = leaves[PROVED];
    char place[PROOF_BYTES_MAX];
    struct buf buf = buf_over(place, sizeof(place));

    expected.ttl_s = 1;
    expected.end = 0;
    expected.flags = 0xffff;
    ok(lease_proof_verify(vector_text, public_key, &expected, &proof, &error) == LICET_OK,
       "R8.3 the proof of the lease that was asked for holds");
    ok(proof.leaf.ttl_s == 300 && proof.leaf.end == 1798804800 && proof.leaf.flags == 1,
       "R8.3 ttl, end and flags are the server's to say, and reported");
    ok(text_is(proof.root.vendor, "acme") && proof.root.generation == 4 && proof.root.epoch == 7 &&
           proof.root.time == 1795511553 && proof.root.payload_hash[0] == 0xa0,
       "so are vendor, file, generation, epoch and time");
    proof_encode(&proof, &buf);
    ok(text_equal(buf_text(&buf), vector_text), "what is decoded encodes to the same bytes");
}

static void test_every_bit(void)
{
    uint8_t changed[PROOF_BYTES_MAX];
    struct lease_proof proof = {0};
    uint32_t accepted = 0;

    for (size_t bit = 0; bit < vector_text.size * 8; bit++) {
        memcpy(changed, vector_bytes, sizeof(changed));
        changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        accepted +=
            verify(text_make(changed, vector_text.size), &leaves[PROVED], &proof) == LICET_OK;
    }
    ok(accepted == 0, "R8.3 no bit of a proof can be changed");
    for (size_t size = 0; size < vector_text.size; size++)
        accepted += verify(text_head(vector_text, size), &leaves[PROVED], &proof) != LICET_INVALID;
    ok(accepted == 0, "R8.3 nor can it be cut");
    memcpy(changed, vector_bytes, sizeof(changed));
    for (size_t more = 1; more <= 64; more++)
        accepted += verify(text_make(changed, vector_text.size + more), &leaves[PROVED], &proof) !=
                    LICET_INVALID;
    ok(accepted == 0, "R8.3 nor can anything follow it");
    ok(proof.root.generation == 0, "and results are untouched on failure");
}

/* Leaf, root or key of somebody else, each well signed. */
static void test_others(void)
{
    struct lease_proof proof, ret;
    uint8_t bytes[PROOF_BYTES_MAX], other[32];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    memcpy(other, public_key, 32);
    other[0] ^= 1;
    ok(lease_proof_verify(vector_text, other, &leaves[PROVED], &ret, &error) == LICET_BAD_SIGNATURE,
       "R8.3 a proof is of the key that the license file names");
    proof = vector;
    proof.root.server_key[0] ^= 1;
    root_sign(&proof.root, secret_key, proof.signature);
    proof_encode(&proof, &buf);
    ok(lease_proof_verify(buf_text(&buf), public_key, &leaves[PROVED], &ret, &error) ==
           LICET_BAD_SIGNATURE,
       "R8.2 and the root names that key");
    proof = vector;
    proof.leaf = leaves[0];
    buf.size = 0;
    proof_encode(&proof, &buf);
    ok(lease_proof_verify(buf_text(&buf), public_key, &leaves[0], &ret, &error) ==
           LICET_BAD_SIGNATURE,
       "R8.3 another leaf does not fit the path");
    ok(strstr(error.text, "path") != NULL, "and the sentence says so");
}

static bool refuses_leaf(struct lease_leaf expected, const char *word)
{
    struct lease_proof proof;

    return verify(vector_text, &expected, &proof) == LICET_MISMATCH &&
           strstr(error.text, word) != NULL;
}

static void test_expected(void)
{
    struct lease_leaf expected;

#define DIFFERS(field, value, word)                                                                \
    expected = leaves[PROVED];                                                                     \
    expected.field = (value);                                                                      \
    ok(refuses_leaf(expected, word), "R8.3 a proof with another %s than asked is refused", word)
    DIFFERS(id[15], 0, "lease id");
    DIFFERS(nonce[0], 0, "nonce");
    DIFFERS(feature[3], 0, "feature");
    DIFFERS(user[3], 0, "user");
    DIFFERS(host[3], 0, "host");
    DIFFERS(device[3], 9, "device");
    DIFFERS(count, 1, "count");
    DIFFERS(release, 0, "release date");
    DIFFERS(kind, LEAF_RENEWAL, "kind");
#undef DIFFERS
}

/* Values that no server of ours signs, well signed. */
static void test_ranges(void)
{
    struct lease_proof good = vector, ret;
    uint8_t bytes[PROOF_BYTES_MAX];
    struct buf buf;

#define OUT_OF_RANGE(field, value)                                                                 \
    good = vector;                                                                                 \
    good.field = (value);                                                                          \
    buf = buf_over(bytes, sizeof(bytes));                                                          \
    proof_encode(&good, &buf);                                                                     \
    ok(proof_decode(buf_text(&buf), &ret, &error) == LICET_INVALID,                                \
       #field " of " #value " is refused")
    OUT_OF_RANGE(leaf.count, 0);
    OUT_OF_RANGE(leaf.count, LEASE_COUNT_MAX + 1);
    OUT_OF_RANGE(leaf.release, 2932897);
    OUT_OF_RANGE(leaf.kind, 0);
    OUT_OF_RANGE(leaf.kind, 4);
    OUT_OF_RANGE(leaf.end, -1);
    OUT_OF_RANGE(root.time, -1);
    OUT_OF_RANGE(root.tree_size, 0);
    OUT_OF_RANGE(root.tree_size, MERKLE_LEAVES_MAX + 1);
    OUT_OF_RANGE(root.tree_size, 2);
    OUT_OF_RANGE(index, 3);
    OUT_OF_RANGE(path.depth, 1);
    OUT_OF_RANGE(path.depth, 3);
#undef OUT_OF_RANGE
    good = vector;
    good.root.tree_size = MERKLE_LEAVES_MAX + 1;
    good.index = MERKLE_LEAVES_MAX; /* its path has one hash, so that only the size is wrong */
    good.path.depth = 1;
    buf = buf_over(bytes, sizeof(bytes));
    proof_encode(&good, &buf);
    ok(proof_decode(buf_text(&buf), &ret, &error) == LICET_INVALID &&
           strstr(error.text, "tree size") != NULL,
       "R8.2 a tree beyond the limit is refused for its size");
    memcpy(bytes, vector_bytes, sizeof(bytes));
    bytes[1 + LEAF_BYTES] = 2;
    ok(proof_decode(text_make(bytes, vector_text.size), &ret, &error) == LICET_INVALID &&
           strstr(error.text, "version 2") != NULL,
       "a root of another version is refused");
    memcpy(bytes, vector_bytes, sizeof(bytes));
    bytes[1 + LEAF_BYTES + 2] = '1';
    ok(proof_decode(text_make(bytes, vector_text.size), &ret, &error) == LICET_INVALID,
       "R1.1 a vendor that is no name is refused");
    bytes[0] = 2;
    ok(proof_decode(text_make(bytes, vector_text.size), &ret, &error) == LICET_INVALID &&
           strstr(error.text, "version 2") != NULL,
       "another version is named");
}

static enum status parse_text(struct text text, struct text *ret_bytes)
{
    static char place[PROOF_BYTES_MAX];
    struct buf buf = buf_over(place, sizeof(place));
    enum status status = proof_parse_text(text, &buf, &error);

    *ret_bytes = buf_text(&buf);
    return status;
}

static void test_text(void)
{
    char place[PROOF_TEXT_BYTES_MAX + 8];
    struct buf buf = buf_over(place, sizeof(place));
    struct text bytes;
    uint32_t same = 0;
    char last;

    proof_print_text(vector_text, &buf);
    ok(parse_text(buf_text(&buf), &bytes) == LICET_OK && text_equal(bytes, vector_text),
       "R8.4 PROOF text is the same proof");
    last = place[buf.size - 1];
    for (int byte = 0; byte < 256; byte++) {
        place[buf.size - 1] = (char)byte;
        same += parse_text(buf_text(&buf), &bytes) == LICET_OK && text_equal(bytes, vector_text);
    }
    ok(same == 1, "in one form only");
    place[buf.size - 1] = last;
    for (size_t index = 0; index < buf.size; index++) {
        char before = place[index];

        for (int byte = 128; byte < 256; byte++) {
            place[index] = (char)byte;
            same += parse_text(buf_text(&buf), &bytes) == LICET_OK;
        }
        place[index] = before;
    }
    ok(same == 1, "in digits only: no byte above 0x7f stands for one");
    place[buf.size - 1] = last;
    buf_add_byte(&buf, '=');
    ok(parse_text(buf_text(&buf), &bytes) == LICET_INVALID, "without padding");
    place[buf.size - 1] = '\n';
    ok(parse_text(buf_text(&buf), &bytes) == LICET_INVALID, "without a line end");
    buf.size--;
    place[10] = '+';
    ok(parse_text(buf_text(&buf), &bytes) == LICET_INVALID, "with - and _ for + and /");
    memset(place, 'A', sizeof(place));
    ok(parse_text(text_make(place, PROOF_TEXT_BYTES_MAX), &bytes) == LICET_OK &&
           parse_text(text_make(place, PROOF_TEXT_BYTES_MAX + 1), &bytes) == LICET_INVALID,
       "and never larger than the largest proof");
}

/* The document's letters without blanks and line ends. */
static bool document_read(const char *path, struct buf *document)
{
    FILE *file = fopen(path, "r");
    int byte;

    if (file == NULL)
        return false;
    while ((byte = fgetc(file)) != EOF) {
        if (byte != ' ' && byte != '\n')
            buf_add_byte(document, (char)byte);
    }
    fclose(file);
    buf_add_byte(document, '\0');
    return !document->is_full;
}

static void document_has(const struct buf *document, const void *bytes, size_t size,
                         const char *name)
{
    char place[2 * PROOF_BYTES_MAX + 1];
    struct buf hex = buf_over(place, sizeof(place));

    print_hex(bytes, size, &hex);
    buf_add_byte(&hex, '\0');
    if (!ok(strstr(document->data, hex.data) != NULL, "the document shows %s", name))
        printf("# %s\n", hex.data);
}

static void test_document(const char *path)
{
    static char place[1 << 18];
    struct buf document = buf_over(place, sizeof(place));
    char text[PROOF_TEXT_BYTES_MAX + 1];
    struct buf buf = buf_over(text, sizeof(text));
    uint8_t bytes[LEAF_BYTES];

    if (!ok(document_read(path, &document), "the document is read"))
        return;
    for (size_t index = 0; index < LEAVES; index++) {
        struct merkle_hash hash;

        leaf_encode(&leaves[index], bytes);
        merkle_hash_leaf(bytes, sizeof(bytes), &hash);
        document_has(&document, bytes, sizeof(bytes), "each leaf");
        document_has(&document, &hash, sizeof(hash), "its hash");
    }
    document_has(&document, vector.root.hash.bytes, 32, "the root");
    document_has(&document, vector_bytes + 1 + LEAF_BYTES, 126, "the signed root");
    document_has(&document, vector.signature, 64, "its signature");
    document_has(&document, vector_text.data, vector_text.size, "the proof");
    proof_print_text(vector_text, &buf);
    buf_add_byte(&buf, '\0');
    if (!ok(strstr(document.data, text) != NULL, "and its text"))
        printf("# %s\n", text);
}

int main(int argument_count, char **arguments)
{
    if (sodium_init() < 0 || argument_count != 2)
        abort();
    make_vector();
    test_layout();
    test_signature();
    test_accepted();
    test_every_bit();
    test_others();
    test_expected();
    test_ranges();
    test_text();
    test_document(arguments[1]);
    return tap_done();
}
