/* Signing in: a password for a session. */
#ifndef LICET_PORTAL_SESSION_SESSION_H
#define LICET_PORTAL_SESSION_SESSION_H

#include "base/secret.h"
#include "portal/reply.h"
#include "portal/request.h"
#include "store/person.h"

/* R11: LICET_FORBIDDEN where the way to here is neither loopback nor, by a proxy on it, TLS. */
enum status session_check_way(const struct request *request, struct error *error);

/* "email": in lower case, in the request's arena. */
enum status session_read_email(struct request *request, struct text *ret_email,
                               struct error *error);

/*
 * Whether it is the password of the person, whom NULL stands in for where nobody has the address.
 * LICET_UNAUTHENTICATED where it is not, which is counted; after some in a row LICET_OVER_LIMIT for
 * a while, with Retry-After, before anything is compared.
 */
enum status session_check_password(struct request *request, struct reply *reply, struct text email,
                                   const struct person *person, struct text password,
                                   struct error *error);

/* A session to be: made before the transaction that stores it, told when that is done. */
struct new_session {
    struct unix_time now, ends;
    bool is_cookie;
    char token[TOKEN_TEXT_BYTES + 1];
    uint8_t hash[TOKEN_HASH_BYTES];
};

/* "cookie": true, or a token in the answer. */
enum status session_prepare(const struct request *request, struct new_session *ret_session,
                            struct error *error);
enum status session_store(struct db_transaction *transaction, const struct new_session *session,
                          int64_t person_id, struct error *error);
/* 200 with the person, and the token in JSON or in a cookie. Wipes it. */
enum status session_reply(struct reply *reply, struct new_session *session, int64_t person_id,
                          struct text email, struct text name, struct error *error);
/* The cookie that ends the one before. */
enum status session_reply_end(struct reply *reply, struct error *error);

#endif
