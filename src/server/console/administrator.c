/*
 * POST /administrators {token, name, password}: the first administrator, by the one-time token of
 * the first start; it also gets a token. POST /tokens {name, password, role, days}: signs an
 * administrator in.
 *
 * Passwords are hashed on libuv's pool (0.15 s and 64 MiB each), four at a time; who finds sixteen
 * waiting is told to come again.
 */
#include <sodium.h>

#include "base/log.h"
#include "server/administrators.h"
#include "server/console/console.h"

#define HASHES_WAITING_MAX 16
#define TOKEN_DAYS 1
#define TOKEN_DAYS_MAX 365

struct sign_in {
    uv_work_t work;
    struct http_exchange *exchange;
    struct server *server;
    bool is_first; /* creates the first administrator */
    char name[NAME_MAX_BYTES + 1];
    char password[PASSWORD_BYTES_MAX + 1];
    enum http_role role;
    uint32_t days;
    bool has_known_hash;
    char hash[PASSWORD_HASH_BYTES]; /* to check against, or the new one */
    enum status status;
    struct error error;
};

static enum status sign_in_options(json_t *body, struct sign_in *sign_in, struct error *error)
{
    json_t *role = json_object_get(body, "role"), *days = json_object_get(body, "days");

    sign_in->role = HTTP_ROLE_ADMINISTRATOR;
    sign_in->days = TOKEN_DAYS;
    if (role != NULL) {
        struct text text = text_of(json_string_value(role));

        if (!text_is(text, "viewer") && !text_is(text, "administrator"))
            return error_set(error, LICET_INVALID, "\"role\" is viewer or administrator");
        sign_in->role = text_is(text, "viewer") ? HTTP_ROLE_VIEWER : HTTP_ROLE_ADMINISTRATOR;
    }
    if (days != NULL) {
        if (!json_is_integer(days) || json_integer_value(days) < 1 ||
            json_integer_value(days) > TOKEN_DAYS_MAX)
            return error_set(error, LICET_INVALID, "\"days\" is a number from 1 to %d",
                             TOKEN_DAYS_MAX);
        sign_in->days = (uint32_t)json_integer_value(days);
    }
    return LICET_OK;
}

static enum status sign_in_read(struct http_exchange *exchange, struct sign_in *sign_in,
                                struct error *error)
{
    struct text text = http_body(exchange);
    char token[2 * TOKEN_TEXT_BYTES];
    json_error_t cause;
    json_t *body = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &cause);
    enum status status = LICET_OK;

    if (!json_is_object(body))
        status = error_set(error, LICET_INVALID, "the body is not a JSON object: %s",
                           body == NULL ? cause.text : "");
    if (status == LICET_OK)
        status = console_field(body, "name", sign_in->name, sizeof(sign_in->name), error);
    if (status == LICET_OK)
        status =
            console_field(body, "password", sign_in->password, sizeof(sign_in->password), error);
    if (status == LICET_OK)
        status = sign_in_options(body, sign_in, error);
    if (status == LICET_OK && sign_in->is_first)
        status = console_field(body, "token", token, sizeof(token), error);
    /* Security: nothing is created without the token that only the owner of the state folder can
     * read. */
    if (status == LICET_OK && sign_in->is_first &&
        !administrators_is_first_token(sign_in->server->administrators, text_of(token)))
        status = error_set(error, LICET_UNAUTHENTICATED,
                           "this is not the one-time token of %s/first-token, or it has been used",
                           sign_in->server->options.state);
    json_decref(body);
    return status;
}

static void sign_in_hash(uv_work_t *work)
{
    struct sign_in *sign_in = work->data;

    if (sign_in->is_first)
        sign_in->status = password_hash(text_of(sign_in->password), sign_in->hash, &sign_in->error);
    else if (!password_is_right(sign_in->has_known_hash ? sign_in->hash : NULL,
                                text_of(sign_in->password)))
        sign_in->status =
            error_set(&sign_in->error, LICET_UNAUTHENTICATED, "name or password is wrong");
}

static void sign_in_answer(struct sign_in *sign_in)
{
    struct server *server = sign_in->server;
    struct unix_time end = {server->now.utc.s + (int64_t)sign_in->days * SECONDS_A_DAY};
    char token[TOKEN_TEXT_BYTES + 1], end_text[32];
    struct buf buf = buf_over(end_text, sizeof(end_text) - 1);
    enum status status =
        administrators_add_token(server->administrators, text_of(sign_in->name), sign_in->role, end,
                                 server->now.utc, token, &sign_in->error);

    if (status != LICET_OK) {
        http_answer_error(sign_in->exchange, status, &sign_in->error);
        return;
    }
    log_info(sign_in->is_first ? "administrator.created" : "administrator.signed-in", "name=\"%s\"",
             sign_in->name);
    unix_time_print(end, &buf);
    end_text[buf.size] = '\0';
    console_answer_json(sign_in->exchange,
                        json_pack("{s:s, s:s, s:s, s:s}", "name", sign_in->name, "role",
                                  sign_in->role == HTTP_ROLE_VIEWER ? "viewer" : "administrator",
                                  "token", token, "end", end_text));
    sodium_memzero(token, sizeof(token));
}

/* Security: a name that nobody has may be a password in the wrong place. */
static void sign_in_refuse(const struct sign_in *sign_in)
{
    log_warning("administrator.refused", "code=%s name=\"%s\"", status_word(sign_in->status),
                sign_in->is_first || sign_in->has_known_hash ? sign_in->name : "?");
    http_answer_error(sign_in->exchange, sign_in->status, &sign_in->error);
}

static void sign_in_hashed(uv_work_t *work, int uv_status)
{
    struct sign_in *sign_in = work->data;
    struct server *server = sign_in->server;

    server->hashes_waiting--;
    server_read_clocks(server);
    if (uv_status != 0)
        sign_in->status = LICET_UNREACHABLE;
    /* Security: asked again, for others may have brought the token while this one was hashed. */
    if (sign_in->status == LICET_OK && sign_in->is_first &&
        !administrators_is_empty(server->administrators))
        sign_in->status =
            error_set(&sign_in->error, LICET_UNAUTHENTICATED, "the one-time token has been used");
    if (sign_in->status == LICET_OK && sign_in->is_first)
        sign_in->status = administrators_add(server->administrators, text_of(sign_in->name),
                                             sign_in->hash, &sign_in->error);
    if (sign_in->status == LICET_OK)
        sign_in_answer(sign_in);
    else
        sign_in_refuse(sign_in);
    sodium_memzero(sign_in, sizeof(*sign_in));
    free(sign_in);
}

static enum status sign_in_begin(struct sign_in *sign_in, struct error *error)
{
    struct server *server = sign_in->server;
    const char *known;

    if (!http_is_loopback(sign_in->exchange))
        return error_set(error, LICET_FORBIDDEN,
                         "signing in works on this machine only, until connections are encrypted");
    if (server->is_stopping)
        return error_set(error, LICET_UNREACHABLE, "the server is stopping; ask again in a moment");
    if (server->hashes_waiting == HASHES_WAITING_MAX)
        return error_set(error, LICET_OVER_LIMIT,
                         "too many people are signing in just now; try again in a second");
    known = sign_in->is_first
                ? NULL
                : administrators_password(server->administrators, text_of(sign_in->name));
    sign_in->has_known_hash = known != NULL;
    if (known != NULL)
        snprintf(sign_in->hash, sizeof(sign_in->hash), "%s", known);
    sign_in->work.data = sign_in;
    if (uv_queue_work(&server->loop, &sign_in->work, sign_in_hash, sign_in_hashed) != 0)
        return error_set(error, LICET_NO_MEMORY, "no thread is free to hash a password");
    server->hashes_waiting++;
    http_defer(sign_in->exchange);
    return LICET_OK;
}

static void sign_in_handle(struct http_exchange *exchange, bool is_first)
{
    struct sign_in *sign_in = calloc(1, sizeof(*sign_in));
    struct error error = {0};
    enum status status = LICET_NO_MEMORY;

    if (sign_in != NULL) {
        sign_in->exchange = exchange;
        sign_in->server = http_context(exchange);
        sign_in->is_first = is_first;
        status = sign_in_read(exchange, sign_in, &error);
    }
    if (status == LICET_OK)
        status = sign_in_begin(sign_in, &error);
    if (status == LICET_OK)
        return;
    http_answer_error(exchange, status, &error);
    if (sign_in != NULL)
        sodium_memzero(sign_in, sizeof(*sign_in));
    free(sign_in);
}

void administrator_create_handle(struct http_exchange *exchange)
{
    sign_in_handle(exchange, true);
}

void token_create_handle(struct http_exchange *exchange)
{
    sign_in_handle(exchange, false);
}
