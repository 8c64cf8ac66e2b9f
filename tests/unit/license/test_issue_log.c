/* The issue log's frontier against a plain copy of RFC 6962's definition over all leaves. */
#include "license/issue_log.h"

#include <sodium.h>

#include "tap.h"

#define LEAVES 200

static struct hash leaf_of(uint32_t index)
{
    return hash_of(text_make(&index, sizeof(index)));
}

static struct hash plain_hash(uint8_t prefix, const void *bytes, size_t size)
{
    crypto_hash_sha256_state state;
    struct hash hash;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    crypto_hash_sha256_update(&state, bytes, size);
    crypto_hash_sha256_final(&state, hash.bytes);
    return hash;
}

/* MTH(D[first:first + size]). */
static struct hash plain_root(uint32_t first, uint32_t size)
{
    struct hash pair[2];
    uint32_t split = 1;

    if (size == 1) {
        struct hash leaf = leaf_of(first);

        return plain_hash(0, leaf.bytes, HASH_BYTES);
    }
    while (split * 2 < size)
        split *= 2;
    pair[0] = plain_root(first, split);
    pair[1] = plain_root(first + split, size - split);
    return plain_hash(1, pair, sizeof(pair));
}

static bool log_is_equal(const struct issue_log *left, const struct issue_log *right)
{
    uint8_t left_bytes[ISSUE_LOG_BYTES_MAX], right_bytes[ISSUE_LOG_BYTES_MAX];

    return left->size == right->size &&
           text_equal(issue_log_print(left, left_bytes), issue_log_print(right, right_bytes));
}

static void test_roots(void)
{
    struct issue_log log = ISSUE_LOG_EMPTY;
    struct field_log head = issue_log_head(&log);
    char bytes[64];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    bool is_equal = true, is_kept = true;

    hash_digits_print(head.root, &buf);
    ok(head.size == 0 && text_is(buf_text(&buf), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"),
       "R2.2 before the first file the log is empty and its root is the hash of nothing");
    for (uint32_t size = 1; size <= LEAVES; size++) {
        uint8_t frontier[ISSUE_LOG_BYTES_MAX];
        struct hash payload = leaf_of(size - 1);
        struct issue_log again = ISSUE_LOG_EMPTY;
        struct hash root = plain_root(0, size);

        issue_log_append(&log, &payload);
        head = issue_log_head(&log);
        is_equal = is_equal && head.size == size && memcmp(head.root, root.bytes, HASH_BYTES) == 0;
        is_kept =
            is_kept &&
            issue_log_parse(size, issue_log_print(&log, frontier), &again, NULL) == LICET_OK &&
            log_is_equal(&log, &again);
    }
    ok(is_equal, "R2.6 the root of every size up to %d is that of RFC 6962", LEAVES);
    ok(is_kept, "the frontier of every size comes back from its bytes");
}

static void test_damage(void)
{
    struct issue_log log = ISSUE_LOG_EMPTY;
    uint8_t bytes[ISSUE_LOG_BYTES_MAX];
    struct hash payload = leaf_of(1);
    struct text text;

    issue_log_append(&log, &payload);
    text = issue_log_print(&log, bytes);
    ok(text.size == HASH_BYTES, "one leaf is one hash");
    ok(issue_log_parse(3, text, &log, NULL) == LICET_DAMAGED,
       "a frontier that is too short for its size is damaged");
    ok(issue_log_parse(0, text, &log, NULL) == LICET_DAMAGED,
       "a frontier that is too long for its size is damaged");
    ok(issue_log_parse(UINT64_MAX, text, &log, NULL) == LICET_DAMAGED,
       "a size that no log reaches is damaged");
}

int main(void)
{
    test_roots();
    test_damage();
    return tap_done();
}
