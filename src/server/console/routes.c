/* What may be asked over HTTP, by whom, with how large a body. A row without a role would be served
 * to nobody. */
#include "base/log.h"
#include "server/administrators.h"
#include "server/console/console.h"

#define CREDENTIALS_BYTES_MAX                                                                      \
    4096 /* a name, a password of 128 bytes, a token, in JSON with escapes */

#define NAME_BYTES_MAX 1024 /* one name in JSON: 64 bytes, each an escape of 6 */

const struct http_route server_routes[] = {
    {HTTP_GET, HTTP_ROLE_ANYBODY, "/health", 0, health_handle},
    {HTTP_GET, HTTP_ROLE_ANYBODY, "/status", 0, status_handle},
    {HTTP_GET, HTTP_ROLE_ANYBODY, "/metrics", 0, metrics_handle},
    {HTTP_POST, HTTP_ROLE_ADMINISTRATOR, "/license/preview", RESPONSE_BYTES_MAX,
     license_preview_handle},
    {HTTP_POST, HTTP_ROLE_ADMINISTRATOR, "/license/install", RESPONSE_BYTES_MAX,
     license_install_handle},
    {HTTP_POST, HTTP_ROLE_ADMINISTRATOR, "/revocations/preview", REVOCATIONS_BYTES_MAX,
     revocations_preview_handle},
    {HTTP_POST, HTTP_ROLE_ADMINISTRATOR, "/revocations/install", REVOCATIONS_BYTES_MAX,
     revocations_install_handle},
    {HTTP_POST, HTTP_ROLE_ADMINISTRATOR, "/leases/end", 0, lease_end_handle},
    {HTTP_POST, HTTP_ROLE_ADMINISTRATOR, "/names/forget", NAME_BYTES_MAX, name_forget_handle},
    {HTTP_GET, HTTP_ROLE_ADMINISTRATOR, "/request", 0, request_handle},
    {HTTP_GET, HTTP_ROLE_ADMINISTRATOR, "/receipt", 0, receipt_handle},
    {HTTP_POST, HTTP_ROLE_ANYBODY, "/administrators", CREDENTIALS_BYTES_MAX,
     administrator_create_handle},
    {HTTP_POST, HTTP_ROLE_ANYBODY, "/tokens", CREDENTIALS_BYTES_MAX, token_create_handle},
};

const size_t server_routes_count = sizeof(server_routes) / sizeof(server_routes[0]);

enum status server_identify(void *context, struct http_exchange *exchange, struct text bearer,
                            enum http_role *ret_role, struct error *error)
{
    struct server *server = context;

    server_read_clocks(server);
    *ret_role = HTTP_ROLE_ANYBODY;
    if (bearer.size == 0)
        return LICET_OK;
    /* Security: without TLS a token on the network would be read by whoever listens (R10.5). */
    if (!http_is_loopback(exchange))
        return error_set(
            error, LICET_FORBIDDEN,
            "tokens are taken from this machine only, until connections are encrypted");
    return administrators_identify(server->administrators, bearer, server->now.utc, ret_role,
                                   error);
}

enum status console_vendor(struct http_exchange *exchange, struct vendor **ret_vendor,
                           struct error *error)
{
    struct server *server = http_context(exchange);
    struct text name = {"", 0};

    http_query(exchange, "vendor", &name);
    *ret_vendor = server_vendor(server, name);
    if (*ret_vendor == NULL)
        return name.size == 0
                   ? error_set(error, LICET_INVALID,
                               "several vendors are installed here; say which: ?vendor=NAME")
                   : error_set(error, LICET_NOT_FOUND, "this server knows no vendor \"%.*s\"",
                               TEXT_ARGS(text_head(name, NAME_MAX_BYTES)));
    return LICET_OK;
}

const char *console_by(const struct http_exchange *exchange)
{
    const struct server *server = http_context(exchange);

    return administrators_name(server->administrators, http_bearer(exchange));
}

void console_refuse(struct http_exchange *exchange, const char *event, const char *act,
                    enum status status, const struct error *error)
{
    log_warning(event, "act=%s code=%s by=\"%s\"", act, status_word(status), console_by(exchange));
    http_answer_error(exchange, status, error);
}

enum status console_check_hash(const struct http_exchange *exchange, const struct hash *previewed,
                               bool *ret_is_confirmed, struct error *error)
{
    struct hash confirmed;
    struct text text;

    if (!http_query(exchange, "hash", &text)) {
        *ret_is_confirmed = false;
        return LICET_OK;
    }
    if (hash_parse(text, &confirmed, error) != LICET_OK)
        return LICET_INVALID;
    if (!hash_equal(&confirmed, previewed))
        return error_set(error, LICET_CONFLICT,
                         "this is not the file that was previewed; preview it again");
    *ret_is_confirmed = true;
    return LICET_OK;
}
