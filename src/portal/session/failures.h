/* Wrong guesses of a secret in a row: each makes the next one wait. */
#ifndef LICET_PORTAL_SESSION_FAILURES_H
#define LICET_PORTAL_SESSION_FAILURES_H

#include "portal/reply.h"
#include "portal/request.h"

/* Whose guesses: an e-mail address, or words with a blank, which no address has. LICET_OVER_LIMIT
 * while it has to wait, with Retry-After; `what` was wrong ("passwords"). */
enum status failures_check(struct request *request, struct reply *reply, struct text subject,
                           const char *what, struct error *error);
/* Another one was wrong. `status` and its sentence come back where that is noted. */
enum status failures_count(struct request *request, struct text subject, enum status status,
                           struct error *error);

#endif
