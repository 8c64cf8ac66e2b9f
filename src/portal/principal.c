/* Tokens to people, people to roles. */
#include "portal/principal.h"

#include "base/secret.h"
#include "portal/frame.h"
#include "store/session.h"
#include "store/store.h"

#define COOKIE_IDLE_SECONDS 1800 /* a browser that somebody left open */
/* Limit: when a token was used last is written at most once a minute, not with each request. */
#define USED_SECONDS 60

/* ---- whose token */

static struct text principal_cookie(const struct request *request)
{
    struct text cookies = {"", 0}, cookie;

    http_header(request->exchange, "Cookie", &cookies);
    while (text_split(&cookies, ';', &cookie)) {
        while (text_starts_with(cookie, " "))
            cookie = text_skip(cookie, 1);
        if (text_starts_with(cookie, SESSION_COOKIE "="))
            return text_skip(cookie, sizeof(SESSION_COOKIE));
    }
    return (struct text){"", 0};
}

struct principal_search {
    struct request *request;
    struct principal principal;
    struct text hash;
    bool is_cookie;
    struct unix_time used;
};

/* LICET_NOT_FOUND: it is none of a session. */
static enum status principal_of_session(struct db_transaction *transaction,
                                        struct principal_search *search, struct error *error)
{
    struct unix_time now = search->request->now;
    struct session session;
    enum status status = store_session_find(transaction, search->hash, now, MEMBERSHIPS_MAX,
                                            &session, search->principal.memberships,
                                            &search->principal.memberships_count, error);

    if (status != LICET_OK)
        return status;
    /* Security: a token that was given for a cookie is none for a header, nor the other way. */
    if (session.is_cookie != search->is_cookie ||
        (session.is_cookie && now.s - session.used.s >= COOKIE_IDLE_SECONDS))
        return LICET_NOT_FOUND;
    search->principal.person_id = session.person_id;
    search->principal.session_id = session.id;
    search->principal.can_write = true;
    search->principal.ends = session.ends;
    search->used = session.used;
    return LICET_OK;
}

static enum status principal_of_api_token(struct db_transaction *transaction,
                                          struct principal_search *search, struct error *error)
{
    struct api_token token;
    enum status status = store_api_token_find(transaction, search->hash, search->request->now,
                                              &search->request->arena, &token, error);

    if (status != LICET_OK)
        return status;
    search->principal.person_id = token.person_id;
    search->principal.api_token_id = token.id;
    search->principal.can_write = token.can_write;
    search->principal.ends = token.ends;
    search->used = token.used;
    return store_membership_list(transaction, token.person_id, MEMBERSHIPS_MAX,
                                 search->principal.memberships,
                                 &search->principal.memberships_count, error);
}

static enum status principal_read(struct db_transaction *transaction, void *context,
                                  struct error *error)
{
    struct principal_search *search = context;
    struct principal *principal = &search->principal;
    enum status status;

    principal->person_id = 0;
    status = principal_of_session(transaction, search, error);
    if (status == LICET_NOT_FOUND && !search->is_cookie)
        status = principal_of_api_token(transaction, search, error);
    if (status != LICET_NOT_FOUND)
        return status;
    principal->memberships_count = 0; /* nobody, whatever was read on the way */
    return LICET_OK;
}

static enum status principal_use(struct db_transaction *transaction, void *context,
                                 struct error *error)
{
    const struct principal_search *search = context;
    struct unix_time now = search->request->now;

    return search->principal.session_id != 0
               ? store_session_use(transaction, search->principal.session_id, now, error)
               : store_api_token_use(transaction, search->principal.api_token_id, now, error);
}

enum status principal_find(struct request *request, struct error *error)
{
    struct principal_search search = {.request = request};
    struct text token = http_bearer(request->exchange);
    uint8_t hash[TOKEN_HASH_BYTES];
    enum status status;

    search.is_cookie = token.size == 0;
    if (search.is_cookie)
        token = principal_cookie(request);
    if (token.size == 0)
        return LICET_OK;
    /* R11: on a plain wire whoever listens would have the token, too. */
    if (!http_is_loopback(request->exchange))
        return error_set(
            error, LICET_FORBIDDEN,
            "tokens are taken over loopback only: put a proxy that speaks TLS in front");
    token_hash(token, hash);
    search.hash = text_make(hash, sizeof(hash));
    status = store_read(request_store(request), principal_read, &search, error);
    if (status == LICET_OK && search.principal.person_id != 0 &&
        request->now.s - search.used.s >= USED_SECONDS)
        status = store_transact(request_store(request), principal_use, &search, error);
    if (status == LICET_OK)
        request->principal = search.principal;
    return status;
}

/* ---- what she may */

static unsigned int principal_role(enum member_role role)
{
    static const unsigned int roles_of_members[MEMBER_ROLES_COUNT] = {
        [MEMBER_STAFF] = ROLE_STAFF,
        [MEMBER_PARTNER] = ROLE_PARTNER,
        [MEMBER_ADMINISTRATOR] = ROLE_ADMINISTRATOR,
        [MEMBER_VIEWER] = ROLE_VIEWER,
    };

    return roles_of_members[role];
}

/* At one organisation; 0: at all of them together. */
static unsigned int principal_roles(const struct principal *principal, int64_t organization_id)
{
    unsigned int roles = 0;

    for (uint32_t index = 0; index < principal->memberships_count; index++) {
        const struct membership *membership = &principal->memberships[index];

        if (organization_id == 0 || membership->organization_id == organization_id)
            roles |= principal_role(membership->role);
    }
    return roles;
}

static enum status principal_refuse(unsigned int roles, const char *where, struct error *error)
{
    char names[64];
    struct buf buf = buf_over(names, sizeof(names));

    roles_print(roles, " or ", &buf);
    return error_set(error, LICET_FORBIDDEN, "this needs the role %.*s%s", (int)buf.size, buf.data,
                     where);
}

enum status principal_admit(const struct request *request, struct error *error)
{
    unsigned int wanted = request->route->roles;

    /* Security: also where nobody need sign in. Whoever does acts as the person that she is. */
    if (request->principal.person_id != 0 && request->route->method != HTTP_GET &&
        !request->principal.can_write)
        return error_set(error, LICET_FORBIDDEN, "this API token is for reading alone");
    if ((wanted & ROLE_ANYBODY) != 0)
        return LICET_OK;
    if (request->principal.person_id == 0)
        return error_set(error, LICET_UNAUTHENTICATED,
                         "this token is not known here, or has ended: sign in again");
    if (((principal_roles(&request->principal, 0) | ROLE_PERSON) & wanted) == 0)
        return principal_refuse(wanted, "", error);
    return LICET_OK;
}

int64_t request_person(const struct request *request)
{
    return request->principal.person_id;
}

bool request_is_staff(const struct request *request)
{
    return (principal_roles(&request->principal, 0) & ROLE_STAFF) != 0;
}

unsigned int request_roles(const struct request *request, int64_t organization_id)
{
    return request_is_staff(request) ? ROLE_STAFF
                                     : principal_roles(&request->principal, organization_id);
}

const int64_t *request_organizations(struct request *request, unsigned int roles, size_t *ret_count)
{
    struct principal *principal = &request->principal;

    *ret_count = 0;
    if (request_is_staff(request))
        return NULL;
    for (uint32_t index = 0; index < principal->memberships_count; index++) {
        const struct membership *membership = &principal->memberships[index];
        int64_t id = membership->organization_id;

        if ((principal_role(membership->role) & roles) == 0)
            continue;
        if (*ret_count == 0 || principal->organizations[*ret_count - 1] != id) /* in their order */
            principal->organizations[(*ret_count)++] = id;
    }
    return principal->organizations;
}

enum status request_require(const struct request *request, unsigned int roles,
                            int64_t organization_id, const char *what, struct error *error)
{
    unsigned int has = request_roles(request, organization_id);

    if ((has & roles) != 0)
        return LICET_OK;
    if (has == 0)
        return error_set(error, LICET_NOT_FOUND, "there is no %s", what);
    return principal_refuse(roles, " of this organisation", error);
}

enum status request_require_session(const struct request *request, struct error *error)
{
    if (request->principal.session_id != 0)
        return LICET_OK;
    return error_set(error, LICET_FORBIDDEN,
                     "this needs a person who has signed in, not an API token");
}
