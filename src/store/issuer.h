/*
 * The one consumer of the issuing queue (R6.8): a fence that whoever numbers and signs must hold,
 * and the frontier of the issue log.
 *
 * Each start of an issuer raises the fence; every write names the fence it was given, so a portal
 * that was thought dead can write nothing more.
 */
#ifndef LICET_STORE_ISSUER_H
#define LICET_STORE_ISSUER_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

enum status store_issuer_take(struct db_transaction *transaction, int64_t *ret_fence,
                              struct error *error);
/* Keeps the row until the transaction ends. LICET_CONFLICT where another issuer has taken over. */
enum status store_issuer_lock(struct db_transaction *transaction, int64_t fence,
                              struct arena *arena, int64_t *ret_log_size,
                              struct text *ret_log_frontier, struct error *error);
enum status store_issuer_set_log(struct db_transaction *transaction, int64_t log_size,
                                 struct text log_frontier, struct error *error);

#endif
