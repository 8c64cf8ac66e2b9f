/* A generation's bytes: the license file without its signature block. */
#ifndef LICET_PORTAL_ISSUING_PAYLOAD_H
#define LICET_PORTAL_ISSUING_PAYLOAD_H

#include "license/certificate.h"
#include "license/field.h"

struct db_transaction;
struct issue_content;

struct payload_frame {
    struct text vendor;
    struct unix_time issued;
    struct field_log log;                  /* the issue log before this file's leaf */
    const struct certificate *certificate; /* that it will be signed with */
};

/*
 * Writes and lints it: what this returns the signer and every licetd accept. `buf` has
 * LICENSE_FILE_BYTES_MAX, and `not_served`, for what the license server does not serve of it (R2.5),
 * has LICENSE_KEYS_BYTES_MAX. The error is the sentence that staff read: LICET_INVALID and its like
 * where what was sold cannot be said in a file, LICET_TOO_LARGE where there is too much of it.
 */
enum status payload_write(struct db_transaction *transaction, const struct issue_content *content,
                          const struct payload_frame *frame, struct arena *arena, struct buf *buf,
                          struct buf *not_served, struct error *error);

/* Arena bytes for one: rows and structs of all lines, and what linting takes of the largest file. */
#define PAYLOAD_ARENA_BYTES (LICENSE_ARENA_BYTES(LICENSE_FILE_BYTES_MAX) + (size_t)8 * 1024 * 1024)

#endif
