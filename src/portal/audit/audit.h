/*
 * licet-portal audit: everything that the database says, computed again from what lies under it and
 * compared. Sums from the rows of the ledger, charges from issues and receipts, hashes and signatures
 * from the bytes, the issue log leaf by leaf.
 *
 * It trusts no rule of the acts that made the rows: what they do by SQL is done here in C, once more.
 * It reads one moment of the database and writes nothing, so it may run beside a serving portal.
 */
#ifndef LICET_PORTAL_AUDIT_H
#define LICET_PORTAL_AUDIT_H

#include "license/trust.h"
#include "store/store.h"

/* What was looked at. */
struct audit_summary {
    uint64_t order_lines, entitlements, steps, servers, generations, files, receipts, exchanges;
    uint64_t log_size;
    uint64_t findings;
};

struct audit_options {
    /* The vendor's roots. Without one no text is looked at: no file, receipt, request or log. */
    const struct trust *trust;
    /* A line without its end: the invariant, the row by the numbers that people know, what is stored
     * and what it should be, who can do something about it. Secrets are not in it. */
    void (*found)(void *context, const char *line);
    void *context;
};

/* LICET_OK: it was looked at to the end, whatever was found. */
enum status portal_audit(struct store *store, const struct audit_options *options,
                         struct audit_summary *ret_summary, struct error *error);
/* The same inside a transaction of the caller's. */
enum status audit_transaction(struct db_transaction *transaction,
                              const struct audit_options *options,
                              struct audit_summary *ret_summary, struct error *error);

#endif
