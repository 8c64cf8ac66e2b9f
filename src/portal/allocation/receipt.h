/*
 * A license server's receipt arrives (R5.1, R6.2): what it may still be running falls, and what it
 * no longer runs becomes available. Receipts are cumulative; an older or repeated one changes
 * nothing.
 */
#ifndef LICET_PORTAL_ALLOCATION_RECEIPT_H
#define LICET_PORTAL_ALLOCATION_RECEIPT_H

#include "license/exchange.h"
#include "store/server.h"

struct receipt_taken {
    bool is_new;        /* false: an older or repeated one */
    int64_t receipt_id; /* of the new one */
};

/*
 * `receipt` was read, so its signature holds; `text` is what it was read from; `server` is whose
 * key signed it. LICET_CONFLICT: it says what this portal never issued (another payload for its
 * generation, other counts, more held over than is charged): a fork, a restored portal, or a
 * server that lies. Nothing is given back on its word, and staff must look.
 */
enum status receipt_take(struct db_transaction *transaction, const struct receipt *receipt,
                         struct text text, const struct server *server, struct unix_time now,
                         struct arena *arena, struct receipt_taken *ret_taken, struct error *error);

#endif
