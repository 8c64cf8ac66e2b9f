/*
 * Every act of the portal, in one list (portal/routes.def): who may ask, where, and how much a body
 * may hold. Dispatch, authorisation, `licet-portal routes` and the tests' authorisation matrix come
 * from the row. A row without roles does not compile.
 *
 * To add an act, say "approve an order":
 *
 * 1. A row in portal/routes.def:
 *
 *        ROUTE(order_approve, POST, "/api/orders/{id}/approve", ROLE_STAFF, BODY_SMALL)
 *
 * 2. src/portal/order/order_approve.c with order_approve_handle(), which this header declares
 *    from the row; its name in src/portal/order/meson.build. It reads (portal/request.h), authorises for
 *    the object (request_require()), acts (request_act()), answers (portal/reply.h). It holds no SQL,
 *    no status number and no JSON text.
 *
 * 3. The path in src/portal/openapi.json. A test compares the two lists, calls every path, and
 *    validates every answer.
 *
 * Before a handler runs the frame has: refused a request that the gate does not trust; found out
 * who asks (session cookie, session token or API token); compared his roles with the row, and the
 * scope of his API token with the method; and checked Content-Type, size and well-formedness of a
 * JSON body.
 */
#ifndef LICET_PORTAL_ROUTE_H
#define LICET_PORTAL_ROUTE_H

#include "http/http.h"

struct request;
struct reply;

/* Who may ask. A person has the roles of all her memberships together; of which organisation the
 * object has to be is request_require()'s question. */
enum role {
    ROLE_ANYBODY = 1,        /* also without signing in */
    ROLE_PERSON = 2,         /* everybody who is signed in */
    ROLE_STAFF = 4,          /* of the vendor: sees every organisation */
    ROLE_PARTNER = 8,        /* of a partner: places orders */
    ROLE_ADMINISTRATOR = 16, /* license administrator of a customer */
    ROLE_VIEWER = 32,        /* of a customer or partner: sees, and changes nothing */
};
#define ROLES_ALL 63u
/* Whoever belongs to an organisation, and staff. */
#define ROLES_OF_MEMBERS (ROLE_STAFF | ROLE_PARTNER | ROLE_ADMINISTRATOR | ROLE_VIEWER)
/* Who sees entitlements and license servers of a customer. */
#define ROLES_OF_SEATS (ROLE_STAFF | ROLE_ADMINISTRATOR | ROLE_VIEWER)

/* Their names, the lowest first. */
void roles_print(unsigned int roles, const char *separator, struct buf *buf);

#define BODY_NONE 0
#define BODY_SMALL 16384  /* forms: names, numbers, dates */
#define BODY_LINES 262144 /* 4,096 lines of two numbers */
#define BODY_TEXT 1310720 /* a request text or a license file of 1 MiB (R2.1), escaped as JSON */

struct route {
    const char *name; /* of the act: order_approve */
    enum http_method method;
    const char *path;   /* {name} stands for one segment: request_path_int(request, "name", ...) */
    unsigned int roles; /* of enum role; any one of them is enough */
    size_t body_bytes_max;
    enum status (*handle)(struct request *request, struct reply *reply, struct error *error);
};

extern const struct route routes[];
extern const size_t routes_count;

/* A line each: name, method, path, roles with commas, largest body. */
void routes_print(FILE *file);

#define ROUTE(act, method, path, roles, body)                                                      \
    enum status act##_handle(struct request *request, struct reply *reply, struct error *error);
#include "portal/routes.def"
#undef ROUTE

#endif
