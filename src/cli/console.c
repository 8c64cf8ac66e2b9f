/* The console of a license server: whose token goes to it, and what it says for people. */
#include "cli/console.h"

#include <arpa/inet.h>
#include <sodium.h>

#include "base/file.h"
#include "client/tcp.h"

#define CONSOLE_TOKEN_FILE "token"

/* ---- the token ---------------------------------------------------------------------------- */

bool console_is_loopback(const char *host)
{
    struct in_addr address;

    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

enum status console_check_loopback(struct error *error)
{
    const char *server = getenv("LICET_SERVER");
    char host[TCP_HOST_BYTES_MAX + 1], port[6];
    enum status status;

    if (server == NULL || server[0] == '\0')
        return error_set(error, LICET_INVALID,
                         "no license server is named: set LICET_SERVER to its host:port");
    status = tcp_server_parse(server, host, port, error);
    if (status != LICET_OK || console_is_loopback(host))
        return status;
    return error_set(error, LICET_FORBIDDEN,
                     "nothing encrypts the way to %.80s yet, so no password or token is sent: do "
                     "this on the license server itself, with LICET_SERVER=127.0.0.1:%s",
                     host, port);
}

static enum status console_read_token(char *place, struct error *error)
{
    char path[KEPT_PATH_MAX];
    struct text text;
    enum status status = kept_read(CONSOLE_TOKEN_FILE, &text, error);
    size_t size;

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_UNAUTHENTICATED,
                         "this needs an administrator's token: set LICET_TOKEN, or put it into %s "
                         "(mode 0600); licet login gets one",
                         kept_path(CONSOLE_TOKEN_FILE, path) ? path : "a file under HOME");
    if (status != LICET_OK)
        return status;
    size = text_find(text, '\n');
    if (size > CALL_TOKEN_BYTES_MAX)
        size = 0; /* is no token */
    memcpy(place, text.data, size);
    place[size] = '\0';
    file_free(text);
    return LICET_OK;
}

/* What LICET_TOKEN or the file says. */
static enum status console_find_token(char place[CALL_TOKEN_BYTES_MAX + 1], struct error *error)
{
    const char *token = getenv("LICET_TOKEN");

    if (token == NULL || token[0] == '\0')
        return console_read_token(place, error);
    if (strlen(token) > CALL_TOKEN_BYTES_MAX)
        return error_set(error, LICET_INVALID, "LICET_TOKEN is longer than %d bytes",
                         CALL_TOKEN_BYTES_MAX);
    memcpy(place, token, strlen(token) + 1);
    return LICET_OK;
}

enum status console_token(char ret_token[CALL_TOKEN_BYTES_MAX + 1], struct error *error)
{
    enum status status = console_check_loopback(error);

    if (status == LICET_OK)
        status = console_find_token(ret_token, error);
    if (status == LICET_OK && !call_is_token(ret_token))
        return error_set(error, LICET_INVALID, "the token has bytes that no token has");
    return status;
}

enum status console_keep_token(const char *token, char ret_path[KEPT_PATH_MAX], struct error *error)
{
    char line[CALL_TOKEN_BYTES_MAX + 2];
    enum status status;
    int size;

    if (!call_is_token(token))
        return error_set(error, LICET_PROTOCOL, "what the server gave as a token is none");
    size = snprintf(line, sizeof(line), "%s\n", token);
    status = kept_write(CONSOLE_TOKEN_FILE, text_make(line, (size_t)size), ret_path, error);
    sodium_memzero(line, sizeof(line));
    return status;
}

/* ---- the call ----------------------------------------------------------------------------- */

static enum status console_url(const char *path, char *url, size_t url_size, struct error *error)
{
    const char *server = getenv("LICET_SERVER");
    char host[TCP_HOST_BYTES_MAX + 1], port[6];
    enum status status;

    if (server == NULL || server[0] == '\0')
        return error_set(error, LICET_INVALID,
                         "no license server is named: set LICET_SERVER to its host:port");
    status = tcp_server_parse(server, host, port, error);
    if (status == LICET_OK)
        snprintf(url, url_size, strchr(host, ':') != NULL ? "http://[%s]:%s%s" : "http://%s:%s%s",
                 host, port, path);
    return status;
}

enum status console_call(const char *path, struct text body, bool needs_token,
                         struct call_answer *ret_answer, struct error *error)
{
    char url[TCP_HOST_BYTES_MAX + 256], token[CALL_TOKEN_BYTES_MAX + 1];
    struct call call = {.peer = "license server", .url = url, .body = body};
    enum status status = console_url(path, url, sizeof(url), error);

    if (status == LICET_OK && needs_token) {
        status = console_token(token, error);
        call.token = token;
    }
    if (status == LICET_OK)
        status = call_send(&call, ret_answer, NULL, error);
    sodium_memzero(token, sizeof(token));
    return status;
}

/* ---- what it says ------------------------------------------------------------------------- */

enum status console_load(const struct call_answer *answer, json_t **ret_json, struct error *error)
{
    return call_load(answer, "license server", ret_json, error);
}

/* Security: what stands in a license file, or what a server that is none says, is shown on an
 * administrator's terminal. */
const char *console_text(json_t *text, const char *otherwise)
{
    const char *value = json_string_value(text);
    char *copy = value == NULL ? NULL : strdup(value);

    if (copy == NULL)
        return otherwise;
    text_make_printable(copy, strlen(copy));
    if (strcmp(copy, value) != 0) /* else what was borrowed before stays where it is */
        json_string_set(text, copy);
    free(copy);
    return json_string_value(text);
}

const char *console_string(const json_t *object, const char *key, const char *otherwise)
{
    return console_text(json_object_get(object, key), otherwise);
}

long long console_number(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}
