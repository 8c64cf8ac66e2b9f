/* Organisations and their people, as acts show and change them. */
#ifndef LICET_PORTAL_ORGANIZATION_ORGANIZATION_H
#define LICET_PORTAL_ORGANIZATION_ORGANIZATION_H

#include <jansson.h>

#include "portal/request.h"
#include "store/person.h"

json_t *organization_json(const struct organization *organization);

/* In a transaction of its own. LICET_NOT_FOUND. */
enum status organization_get(struct request *request, int64_t id,
                             struct organization *ret_organization, struct error *error);

#endif
