/*
 * The portal's tables: opening them, and transactions over them. What may be done in one stands in
 * the headers beside this, a noun each; all SQL of the portal is in this folder.
 *
 * A function of those headers is called store_<noun>_<verb>(transaction, ...). Whoever calls it
 * needs no more of the database than this: nothing outside includes db/.
 */
#ifndef LICET_STORE_STORE_H
#define LICET_STORE_STORE_H

#include "base/status.h"

struct store;
struct db_transaction;

/* Opens what `url` names (sqlite:PATH or postgresql://...) and brings its schema to this version.
 * Errors as db_open(). */
enum status store_open(const char *url, struct store **ret_store, struct error *error);

/* The same for looking only: nothing is made or migrated. LICET_UNSUPPORTED: the schema is another. */
enum status store_open_existing(const char *url, struct store **ret_store, struct error *error);

/* After the last transaction has returned. NULL is fine. */
void store_close(struct store *store);

/* Whether the database answers. */
enum status store_check(struct store *store, struct error *error);

/*
 * As db_transact() and db_read(): `run` touches only its context and may run again; a status other
 * than LICET_OK leaves no effect, but after LICET_TIMEOUT nobody knows, and the caller asks again
 * with the same key. store_read() shows one moment and is never decided from.
 */
enum status store_transact(struct store *store,
                           enum status (*run)(struct db_transaction *transaction, void *context,
                                              struct error *error),
                           void *context, struct error *error);
enum status store_read(struct store *store,
                       enum status (*run)(struct db_transaction *transaction, void *context,
                                          struct error *error),
                       void *context, struct error *error);

#endif
