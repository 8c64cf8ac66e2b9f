/*
 * A request of a license server arrives (R5): its receipt is taken, its acts are done, and the
 * generation that they ask for is committed. portal/issuing writes and signs the response once that
 * generation is settled; the same request again has the same response.
 */
#ifndef LICET_PORTAL_EXCHANGE_H
#define LICET_PORTAL_EXCHANGE_H

#include "license/exchange.h"
#include "portal/allocation/allocation.h"

struct exchange_form {
    struct text vendor;                   /* whose portal this is */
    const struct server_request *request; /* was read, so its signature holds */
    struct text text;                     /* what it was read from */
    int64_t customer_id; /* whose license administrator brings it; 0: nobody does */
    int64_t person_id;
    struct unix_time now;
};

/*
 * Acts that cannot be done are told in the response and stop no other. LICET_WRONG_SERVER: for
 * another vendor; LICET_UNAUTHENTICATED, LICET_CONFLICT as server_by_key() and receipt_take();
 * LICET_OLD_GENERATION: a later request of this server was taken already.
 */
enum status exchange_take(struct db_transaction *transaction, const struct exchange_form *form,
                          struct arena *arena, int64_t *ret_id, struct error *error);

/* Arena bytes of one: an allocation, the request's lines as a receipt, results of all acts. */
#define EXCHANGE_ARENA_BYTES                                                                       \
    (2 * ALLOCATION_ARENA_BYTES + (size_t)LICENSE_LINES_MAX * 512 + REQUEST_ACTS_MAX * 1024)

#endif
