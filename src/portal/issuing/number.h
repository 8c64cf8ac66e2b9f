/*
 * The first transaction of issuing (R6.8): waiting intents get their place in the vendor's issue log
 * and their final bytes, in the order in which they were committed.
 */
#ifndef LICET_PORTAL_ISSUING_NUMBER_H
#define LICET_PORTAL_ISSUING_NUMBER_H

#include "portal/issuing/payload.h"

struct numbering {
    int64_t fence; /* of store_issuer_take() */
    struct text vendor;
    const struct certificate *certificate; /* that the signer signs with now */
    struct unix_time now;
    uint32_t max;     /* how many at most */
    char *memory;     /* NUMBERING_BYTES */
    bool is_replaced; /* out: another issuer has taken the fence */
    uint32_t done;    /* out: that were numbered, or set aside for staff */
};

/* Memory of a numbering: an arena and a payload. */
#define NUMBERING_BYTES (PAYLOAD_ARENA_BYTES + LICENSE_FILE_BYTES_MAX)

/* As store_transact() runs it; `context` is a struct numbering. An intent of which no file can be
 * made is set aside with its problem, and stops nobody. */
enum status numbering_run(struct db_transaction *transaction, void *context, struct error *error);

/* What cannot be said in a text is a matter for staff, not for the queue behind it. */
bool numbering_is_for_staff(enum status status);

#endif
