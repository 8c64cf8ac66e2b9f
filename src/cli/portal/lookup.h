/* What people read (O-7K2M9, C-4829138, LA-7K2M9-1, a name, an e-mail address) to the ids that acts
 * take. */
#ifndef LICET_CLI_PORTAL_LOOKUP_H
#define LICET_CLI_PORTAL_LOOKUP_H

#include "cli/portal/act.h"
#include "cli/portal/portal.h"

/* An id is taken as it is. What belongs to an organisation is looked for at `organization`, or where
 * that is 0 at the customers that one belongs to. A generation is typed SERVER:GENERATION.
 * LICET_NOT_FOUND, LICET_CONFLICT where several are called so. */
enum status lookup_id(struct portal *portal, enum word_kind kind, const char *typed,
                      json_int_t organization, json_int_t *ret_id, struct error *error);

/* The one organisation of KIND_CUSTOMER or KIND_PARTNER that one belongs to. LICET_INVALID where
 * there are none or several. */
enum status lookup_own(struct portal *portal, enum word_kind kind, json_int_t *ret_id,
                       struct error *error);

#endif
