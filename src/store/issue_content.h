/* What the license file of a generation says, gathered from the tables that say it. */
#ifndef LICET_STORE_ISSUE_CONTENT_H
#define LICET_STORE_ISSUE_CONTENT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

/* A line: its count in this generation, and its entitlement's dates and edition. */
struct issue_grant {
    struct text sn;
    struct text feature;
    uint32_t seats;
    struct text maintenance; /* a date, or none */
    struct text expiry;      /* a date, or permanent */
    int64_t product_id;
    uint32_t rank;
    bool is_bound_by_name;
    uint32_t overdraft_percent;
    uint32_t ttl_s, drain_s, grace_s, borrow_s;
};

struct issue_content {
    struct text customer_number;
    struct text server_number, server_name;
    struct text public_key; /* one line as OpenSSH prints it; data NULL: only the name is known */
    struct text serves;     /* R2.5, with blanks between; data NULL: no request has told */
    uint32_t generation;
    struct text serial;
    struct unix_time
        last_issued;            /* the latest issue time of the server's files; 0: there is none */
    struct issue_grant *grants; /* by entitlement */
    uint32_t grants_count;
};

/* LICET_OVER_LIMIT where it has more lines than `max`, which have their place in the arena. */
enum status store_issue_content(struct db_transaction *transaction, int64_t issue_id, uint32_t max,
                                struct arena *arena, struct issue_content *ret_content,
                                struct error *error);
/* Features of the product's editions below `rank`, the highest first; the first `max`. */
enum status store_issue_covers(struct db_transaction *transaction, int64_t product_id,
                               uint32_t rank, uint32_t max, struct arena *arena,
                               struct text *features, uint32_t *ret_count, struct error *error);

/* The exact bytes that were numbered, for whoever signs them; the whole file, for whoever downloads
 * it: LICET_NOT_FOUND while it is not released. */
enum status store_issue_payload(struct db_transaction *transaction, int64_t issue_id,
                                struct arena *arena, struct text *ret_payload, struct error *error);
enum status store_issue_file(struct db_transaction *transaction, int64_t issue_id,
                             struct arena *arena, struct text *ret_file, struct error *error);

#endif
