/* License servers as acts show them. */
#ifndef LICET_PORTAL_SERVER_VIEW_H
#define LICET_PORTAL_SERVER_VIEW_H

#include <jansson.h>

#include "portal/request.h"
#include "store/server.h"

/* Of a struct server; the key as its fingerprint. */
json_t *server_json(const void *row);

/* {server} of the path, for `roles` of its customer. LICET_NOT_FOUND to strangers. */
enum status server_get(struct request *request, unsigned int roles, struct server *ret_server,
                       struct error *error);

#endif
