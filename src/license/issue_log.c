/* The issue log's frontier: appending is adding one in binary, a carry is a hash of two roots. */
#include "license/issue_log.h"

#include <sodium.h>

static bool issue_log_has(uint64_t size, unsigned level)
{
    return (size >> level & 1) != 0;
}

static struct hash issue_log_node(const struct hash *left, const struct hash *right)
{
    uint8_t bytes[1 + 2 * HASH_BYTES] = {0x01};

    memcpy(bytes + 1, left->bytes, HASH_BYTES);
    memcpy(bytes + 1 + HASH_BYTES, right->bytes, HASH_BYTES);
    return hash_of(text_make(bytes, sizeof(bytes)));
}

static struct hash issue_log_leaf(const struct hash *payload)
{
    uint8_t bytes[1 + HASH_BYTES] = {0x00};

    memcpy(bytes + 1, payload->bytes, HASH_BYTES);
    return hash_of(text_make(bytes, sizeof(bytes)));
}

void issue_log_append(struct issue_log *log, const struct hash *payload)
{
    struct hash carry = issue_log_leaf(payload);
    unsigned level = 0;

    for (; issue_log_has(log->size, level); level++)
        carry = issue_log_node(&log->frontier[level], &carry);
    log->frontier[level] = carry;
    log->size++;
}

struct field_log issue_log_head(const struct issue_log *log)
{
    struct field_log head = {.size = log->size};
    struct hash root = hash_of((struct text){.data = "", .size = 0});
    bool is_first = true;

    for (unsigned level = 0; level < ISSUE_LOG_LEVELS; level++) {
        if (!issue_log_has(log->size, level))
            continue;
        root = is_first ? log->frontier[level] : issue_log_node(&log->frontier[level], &root);
        is_first = false;
    }
    memcpy(head.root, root.bytes, HASH_BYTES);
    return head;
}

struct text issue_log_print(const struct issue_log *log, uint8_t bytes[ISSUE_LOG_BYTES_MAX])
{
    size_t size = 0;

    for (unsigned level = 0; level < ISSUE_LOG_LEVELS; level++) {
        if (!issue_log_has(log->size, level))
            continue;
        memcpy(bytes + size, log->frontier[level].bytes, HASH_BYTES);
        size += HASH_BYTES;
    }
    return text_make(bytes, size);
}

enum status issue_log_parse(uint64_t size, struct text bytes, struct issue_log *ret_log,
                            struct error *error)
{
    struct issue_log log = {.size = size};
    size_t taken = 0, wanted = 0;

    for (unsigned level = 0; level < ISSUE_LOG_LEVELS; level++)
        wanted += issue_log_has(size, level) ? HASH_BYTES : 0;
    if (size > INT64_MAX || bytes.size != wanted)
        return error_set(error, LICET_DAMAGED, "%zu bytes are not the frontier of %llu leaves",
                         bytes.size, (unsigned long long)size);
    for (unsigned level = 0; level < ISSUE_LOG_LEVELS; level++) {
        if (!issue_log_has(size, level))
            continue;
        memcpy(log.frontier[level].bytes, bytes.data + taken, HASH_BYTES);
        taken += HASH_BYTES;
    }
    *ret_log = log;
    return LICET_OK;
}
