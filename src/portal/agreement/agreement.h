/* License programs and customers' agreements, as acts show them. */
#ifndef LICET_PORTAL_AGREEMENT_H
#define LICET_PORTAL_AGREEMENT_H

#include <jansson.h>

#include "portal/page.h"
#include "store/agreement.h"

json_t *program_json(const void *row);   /* a struct program */
json_t *agreement_json(const void *row); /* a struct agreement */

/* In a transaction of its own. LICET_NOT_FOUND. */
enum status agreement_get(struct request *request, int64_t id, struct agreement *ret_agreement,
                          struct error *error);

#endif
