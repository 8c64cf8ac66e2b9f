/* Waiting for the issuing thread, on a worker's thread. */
#ifndef LICET_PORTAL_ISSUE_SETTLE_H
#define LICET_PORTAL_ISSUE_SETTLE_H

#include "portal/issue/view.h"

/* Wakes it, and waits for ten seconds at most until the generation is released, voided, or waits
 * for somebody else than the signer. What it is then; that it is none of these is no failure. */
enum status issue_settle(struct request *request, int64_t id, struct issue_whole *ret_whole,
                         struct error *error);

#endif
