/* What setup, sign-in, invitation and a change of password have in common. */
#include "portal/session/session.h"

#include <sodium.h>

#include "portal/frame.h"
#include "portal/hashing.h"
#include "portal/session/failures.h"
#include "store/session.h"
#include "store/store.h"

#define SESSION_SECONDS (12 * 3600) /* a working day, and no night */
#define EMAIL_BYTES_MAX 254         /* RFC 5321 */

enum status session_check_way(const struct request *request, struct error *error)
{
    if (http_is_loopback(request->exchange))
        return LICET_OK;
    return error_set(error, LICET_FORBIDDEN,
                     "nobody signs in over a connection that is not encrypted: whoever runs the "
                     "portal puts a proxy that speaks TLS in front");
}

/* As much of an address as can be judged without sending a mail to it. */
static bool session_is_email(struct text email)
{
    size_t at = text_find(email, '@');
    struct text domain = text_skip(email, at + 1);

    return text_find(email, ' ') == email.size && at > 0 && domain.size > 0 &&
           text_find(domain, '@') == domain.size;
}

enum status session_read_email(struct request *request, struct text *ret_email, struct error *error)
{
    struct text text;
    char *copy;
    enum status status = request_json_text(request, "email", 3, EMAIL_BYTES_MAX, &text, error);

    if (status != LICET_OK)
        return status;
    if (!session_is_email(text))
        return error_set(error, LICET_INVALID, "\"email\" is not an e-mail address");
    copy = arena_take(&request->arena, text.size, 1);
    if (copy == NULL)
        return LICET_NO_MEMORY;
    for (size_t index = 0; index < text.size; index++)
        copy[index] = (char)(text.data[index] >= 'A' && text.data[index] <= 'Z'
                                 ? text.data[index] + ('a' - 'A')
                                 : text.data[index]);
    *ret_email = text_make(copy, text.size);
    return LICET_OK;
}

/* ---- the password */

enum status session_check_password(struct request *request, struct reply *reply, struct text email,
                                   const struct person *person, struct text password,
                                   struct error *error)
{
    bool is_known = person != NULL && person->password_hash.data != NULL, is_right = false;
    enum status status = failures_check(request, reply, email, "passwords", error);

    if (status == LICET_OK)
        status =
            hashing_check(is_known ? person->password_hash.data : NULL, password, &is_right, error);
    if (status != LICET_OK || is_right)
        return status;
    return failures_count(
        request, email,
        error_set(error, LICET_UNAUTHENTICATED, "e-mail address or password is wrong"), error);
}

/* ---- the session */

enum status session_prepare(const struct request *request, struct new_session *ret_session,
                            struct error *error)
{
    struct new_session session = {.now = request->now, .ends = {request->now.s + SESSION_SECONDS}};

    if (request_json_has(request, "cookie")) {
        enum status status = request_json_bool(request, "cookie", &session.is_cookie, error);

        if (status != LICET_OK)
            return status;
    }
    token_make(session.token);
    token_hash(text_of(session.token), session.hash);
    *ret_session = session;
    return LICET_OK;
}

enum status session_store(struct db_transaction *transaction, const struct new_session *session,
                          int64_t person_id, struct error *error)
{
    struct session row = {.person_id = person_id,
                          .is_cookie = session->is_cookie,
                          .created = session->now,
                          .used = session->now,
                          .ends = session->ends};
    int64_t id;

    return store_session_insert(transaction, text_make(session->hash, sizeof(session->hash)), &row,
                                &id, error);
}

/* Row 42: for this host, for TLS, out of reach of scripts and of other sites. */
static enum status session_reply_cookie(struct reply *reply, const char *value, int64_t seconds,
                                        struct error *error)
{
    char cookie[sizeof(SESSION_COOKIE) + TOKEN_TEXT_BYTES + 100];

    snprintf(cookie, sizeof(cookie),
             SESSION_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=%lld", value,
             (long long)seconds);
    return reply_header(reply, "Set-Cookie", cookie, error);
}

enum status session_reply_end(struct reply *reply, struct error *error)
{
    return session_reply_cookie(reply, "", 0, error);
}

enum status session_reply(struct reply *reply, struct new_session *session, int64_t person_id,
                          struct text email, struct text name, struct error *error)
{
    json_t *token = session->is_cookie ? json_null() : json_string(session->token);
    json_t *person = json_pack("{s:I, s:o, s:o}", "id", (json_int_t)person_id, "email",
                               json_of_text(email), "name", json_of_text(name));
    enum status status = reply_json(reply,
                                    json_pack("{s:o, s:o, s:o}", "person", person, "token", token,
                                              "ends", json_of_time(session->ends)),
                                    error);

    if (status == LICET_OK && session->is_cookie)
        status = session_reply_cookie(reply, session->token, SESSION_SECONDS, error);
    sodium_memzero(session, sizeof(*session));
    return status;
}
