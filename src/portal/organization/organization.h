/* Organisations and their people, as acts show and change them. */
#ifndef LICET_PORTAL_ORGANIZATION_ORGANIZATION_H
#define LICET_PORTAL_ORGANIZATION_ORGANIZATION_H

#include <jansson.h>

#include "portal/page.h"
#include "portal/request.h"
#include "store/person.h"

#define ORGANIZATION_PAGE_MAX PAGE_ROWS_MAX

json_t *organization_json(const void *row); /* a struct organization: for page_reply() too */

/* In a transaction of its own. LICET_NOT_FOUND. */
enum status organization_get(struct request *request, int64_t id,
                             struct organization *ret_organization, struct error *error);

/* ?after= and ?limit= of a list. */
enum status organization_page(const struct request *request, int64_t *ret_after,
                              uint32_t *ret_limit, struct error *error);

#endif
