/* Waiting for the issuing thread, on a worker's thread. */
#ifndef LICET_PORTAL_ISSUE_SETTLE_H
#define LICET_PORTAL_ISSUE_SETTLE_H

#include "portal/issue/view.h"

/*
 * Wakes it, and looks again and again, for ten seconds at most, until a look says that there is
 * nothing more to wait for; once, where as many wait as may, or nobody issues here any more. That
 * there still is something is no failure. Every look finds the request's arena as it was before the
 * first one.
 */
typedef enum status settle_look_fn(struct request *request, void *context, bool *ret_is_settled,
                                   struct error *error);
enum status settle(struct request *request, settle_look_fn *look, void *context,
                   struct error *error);

/* Until the generation is released, voided, or waits for somebody else than the signer: what it is
 * then. */
enum status issue_settle(struct request *request, int64_t id, struct issue_whole *ret_whole,
                         struct error *error);
/* The same as the answer of an act that made this generation. */
enum status issue_reply(struct request *request, int64_t id, struct reply *reply,
                        struct error *error);

#endif
