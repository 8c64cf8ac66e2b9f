/*
 * License servers of a customer: reserved by a host name (R3.2), known by the key of their first
 * request (R3.3).
 */
#ifndef LICET_PORTAL_SERVER_H
#define LICET_PORTAL_SERVER_H

#include "license/key.h"
#include "store/server.h"

/* How a host name is found (R1.2): its first label in lower case, `-` for `_`. In `buf`. */
void server_short_name(struct text name, struct buf *buf);

/* The customer's server that a host name means, as people type it: the known one, or a new one that
 * waits for its key. LICET_CONFLICT where several are meant: the sentence has their numbers.
 * LICET_INVALID where it is no host name. */
enum status server_by_name(struct db_transaction *transaction, int64_t customer_id,
                           struct text name, struct unix_time now, struct arena *arena,
                           struct server *ret_server, struct error *error);

/* The customer's server that people type by its number (S-7K2M9) or by its host name, as above.
 * LICET_NOT_FOUND where a number is nobody's, or another customer's. */
enum status server_by_text(struct db_transaction *transaction, int64_t customer_id,
                           struct text text, struct unix_time now, struct arena *arena,
                           struct server *ret_server, struct error *error);

/*
 * The server whose key signed a request that calls it `name`. A key that nobody knows counts only
 * when a license administrator brings it (`customer_id` is whose; 0: nobody is signed in,
 * LICET_UNAUTHENTICATED): it is given to the name that was reserved for it, or to a new server.
 * LICET_CONFLICT: the key is another customer's.
 */
enum status server_by_key(struct db_transaction *transaction, const struct public_key *key,
                          struct text name, int64_t customer_id, struct unix_time now,
                          struct arena *arena, struct server *ret_server, struct error *error);

/* A key as the table has it: one line, no comment. In the arena; data NULL: it is full. */
struct text server_key_line(const struct public_key *key, struct arena *arena);

#endif
