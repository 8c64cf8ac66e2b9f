/*
 * The vendor's issue log (R2.2, R2.6, R6.8): a hash tree as RFC 6962, section 2.1, over the payload
 * hashes of all files in the order in which they were numbered.
 *
 *   leaf  SHA-256(0x00 payload-hash)     node  SHA-256(0x01 left right)
 *
 * Kept is the *frontier* alone: the roots of the full trees that stand side by side, one for each
 * one bit of the size. It is all that appending and the root need, at most 63 hashes.
 */
#ifndef LICET_LICENSE_ISSUE_LOG_H
#define LICET_LICENSE_ISSUE_LOG_H

#include "license/field.h"
#include "license/hash.h"

#define ISSUE_LOG_LEVELS 63

struct issue_log {
    uint64_t size;
    struct hash frontier[ISSUE_LOG_LEVELS]; /* [level] is set where that bit of `size` is */
};

#define ISSUE_LOG_EMPTY ((struct issue_log){.size = 0})

/* `payload` is the file's payload hash. */
void issue_log_append(struct issue_log *log, const struct hash *payload);
/* What log= of the next file says. The empty log has the root that RFC 6962 gives it: the hash of
 * nothing. */
struct field_log issue_log_head(const struct issue_log *log);

/* The frontier as bytes, for whoever keeps it: the set hashes from the lowest level up. */
#define ISSUE_LOG_BYTES_MAX (ISSUE_LOG_LEVELS * HASH_BYTES)
struct text issue_log_print(const struct issue_log *log, uint8_t bytes[ISSUE_LOG_BYTES_MAX]);
/* LICET_DAMAGED where the bytes are not the frontier of `size` leaves. */
enum status issue_log_parse(uint64_t size, struct text bytes, struct issue_log *ret_log,
                            struct error *error);

#endif
