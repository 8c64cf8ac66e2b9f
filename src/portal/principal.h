/* Who asks: found out once for each request, before its act is called. */
#ifndef LICET_PORTAL_PRINCIPAL_H
#define LICET_PORTAL_PRINCIPAL_H

#include "base/status.h"
#include "base/time.h"
#include "store/person.h"

/* A person in the pay of a large reseller: several roles at some dozen organisations. */
#define MEMBERSHIPS_MAX 256

struct request;

struct principal {
    int64_t person_id;  /* 0: nobody is signed in */
    int64_t session_id; /* 0: by an API token */
    int64_t api_token_id;
    bool can_write;        /* an API token may be for reading alone */
    struct unix_time ends; /* of the session or token */
    struct membership memberships[MEMBERSHIPS_MAX];
    uint32_t memberships_count;
    int64_t organizations[MEMBERSHIPS_MAX]; /* what request_organizations() lends */
};

/* Under this name browsers keep a session: __Host- binds it to this host and to TLS. */
#define SESSION_COOKIE "__Host-licet"

/* Fills request->principal from the bearer token or the cookie; nobody where there is none. */
enum status principal_find(struct request *request, struct error *error);
/* Whether one of its roles is in the row, and its token is for such a method. */
enum status principal_admit(const struct request *request, struct error *error);

#endif
