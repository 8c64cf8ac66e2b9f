/*
 * The portal's tables: opening them, and transactions over them. What may be done in one stands in
 * the headers beside this, a noun each; all SQL of the portal is in this folder.
 */
#ifndef LICET_STORE_STORE_H
#define LICET_STORE_STORE_H

#include "base/status.h"

struct store;
struct db_transaction;

/* Opens the database that `url` names (sqlite:PATH) and brings its schema to this version. Errors
 * as db_open(). */
enum status store_open(const char *url, struct store **ret_store, struct error *error);
/* After the last transaction has returned. NULL is fine. */
void store_close(struct store *store);

/* As db_transact() and db_read(): `run` touches only its context and may run again; whatever
 * status it returns but LICET_OK leaves no effect. */
enum status store_transact(struct store *store,
                           enum status (*run)(struct db_transaction *transaction, void *context,
                                              struct error *error),
                           void *context, struct error *error);
enum status store_read(struct store *store,
                       enum status (*run)(struct db_transaction *transaction, void *context,
                                          struct error *error),
                       void *context, struct error *error);

#endif
