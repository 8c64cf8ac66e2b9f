/* One HTTP call by libcurl, with every limit set. */
#include "cli/console.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sodium.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/tcp.h"

#define CONSOLE_TIMEOUT_S 60L
#define CONSOLE_CONNECT_TIMEOUT_S 10L

#define CONSOLE_TOKEN_ALPHABET                                                                     \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/="

/* ---- the token ---------------------------------------------------------------------------- */

enum status console_check_loopback(struct error *error)
{
    const char *server = getenv("LICET_SERVER");
    char host[TCP_HOST_BYTES_MAX + 1], port[6];
    struct in_addr address;
    enum status status;

    if (server == NULL || server[0] == '\0')
        return error_set(error, LICET_INVALID,
                         "no license server is named: set LICET_SERVER to its host:port");
    status = tcp_server_parse(server, host, port, error);
    if (status != LICET_OK || strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
        return status;
    if (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127)
        return LICET_OK;
    return error_set(error, LICET_FORBIDDEN,
                     "nothing encrypts the way to %.80s yet, so no password or token is sent: do "
                     "this on the license server itself, with LICET_SERVER=127.0.0.1:%s",
                     host, port);
}

static bool console_token_path(char path[CONSOLE_PATH_MAX])
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int size = -1;

    if (config != NULL && config[0] == '/')
        size = snprintf(path, CONSOLE_PATH_MAX, "%s/licet/token", config);
    else if (home != NULL && home[0] == '/')
        size = snprintf(path, CONSOLE_PATH_MAX, "%s/.config/licet/token", home);
    return size > 0 && size < CONSOLE_PATH_MAX;
}

static enum status console_read_token(const char *path, char *place, struct error *error)
{
    struct text text;
    struct stat stat_now;
    enum status status;
    size_t size;

    if (stat(path, &stat_now) != 0)
        return error_set(error, LICET_UNAUTHENTICATED,
                         "this needs an administrator's token: set LICET_TOKEN, or put it into %s "
                         "(mode 0600); licet login gets one",
                         path);
    if ((stat_now.st_mode & 077) != 0)
        return error_set(error, LICET_FORBIDDEN,
                         "others can read the token in %s: chmod 600 it, and have it replaced",
                         path);
    status = file_read(path, CONSOLE_TOKEN_BYTES_MAX, &text, error);
    if (status != LICET_OK)
        return status;
    size = text_find(text, '\n');
    memcpy(place, text.data, size);
    place[size] = '\0';
    file_free(text);
    return LICET_OK;
}

/* What LICET_TOKEN or the file says. */
static enum status console_find_token(char place[CONSOLE_TOKEN_BYTES_MAX + 1], struct error *error)
{
    const char *token = getenv("LICET_TOKEN");
    char path[CONSOLE_PATH_MAX];

    if (token == NULL || token[0] == '\0') {
        if (!console_token_path(path))
            return error_set(
                error, LICET_UNAUTHENTICATED,
                "this needs an administrator's token: set HOME for licet login, or LICET_TOKEN");
        return console_read_token(path, place, error);
    }
    if (strlen(token) > CONSOLE_TOKEN_BYTES_MAX)
        return error_set(error, LICET_INVALID, "LICET_TOKEN is longer than %d bytes",
                         CONSOLE_TOKEN_BYTES_MAX);
    memcpy(place, token, strlen(token) + 1);
    return LICET_OK;
}

/* A token goes into a header line: nothing that could end the line. */
static bool console_is_token(const char *token)
{
    return token[0] != '\0' && strlen(token) <= CONSOLE_TOKEN_BYTES_MAX &&
           token[strspn(token, CONSOLE_TOKEN_ALPHABET)] == '\0';
}

enum status console_token(char ret_token[CONSOLE_TOKEN_BYTES_MAX + 1], struct error *error)
{
    enum status status = console_check_loopback(error);

    if (status == LICET_OK)
        status = console_find_token(ret_token, error);
    if (status == LICET_OK && !console_is_token(ret_token))
        return error_set(error, LICET_INVALID, "the token has bytes that no token has");
    return status;
}

static enum status console_authorisation(char *place, size_t place_size, struct error *error)
{
    char token[CONSOLE_TOKEN_BYTES_MAX + 1];
    enum status status = console_token(token, error);

    if (status == LICET_OK)
        snprintf(place, place_size, "Authorization: Bearer %s", token);
    return status;
}

/* The folder of the token, and the one above it where the user has none yet. */
static enum status console_make_folder(const char *path, struct error *error)
{
    char above[CONSOLE_PATH_MAX], folder[CONSOLE_PATH_MAX];

    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(above, sizeof(above), "%.*s", (int)(strrchr(folder, '/') - folder), folder);
    if ((mkdir(above, 0700) == 0 || errno == EEXIST) &&
        (mkdir(folder, 0700) == 0 || errno == EEXIST))
        return LICET_OK;
    return error_set(error, LICET_SYSTEM, "the folder %s cannot be made: %s", folder,
                     strerror(errno));
}

enum status console_keep_token(const char *token, char ret_path[CONSOLE_PATH_MAX],
                               struct error *error)
{
    char line[CONSOLE_TOKEN_BYTES_MAX + 2];
    enum status status;
    int size;

    if (!console_is_token(token))
        return error_set(error, LICET_PROTOCOL, "what the server gave as a token is none");
    if (!console_token_path(ret_path))
        return error_set(error, LICET_INVALID,
                         "there is no place to keep a token: set HOME or XDG_CONFIG_HOME");
    status = console_make_folder(ret_path, error);
    if (status != LICET_OK)
        return status;
    size = snprintf(line, sizeof(line), "%s\n", token);
    status = file_replace(ret_path, text_make(line, (size_t)size), 0600, error);
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

static size_t console_receive(char *data, size_t size, size_t count, void *context)
{
    struct console_answer *answer = context;
    char *larger;

    size *= count;
    if (size > CONSOLE_ANSWER_BYTES_MAX - answer->size)
        return 0;
    larger = realloc(answer->data, answer->size + size + 1);
    if (larger == NULL)
        return 0;
    memcpy(larger + answer->size, data, size);
    answer->data = larger;
    answer->size += size;
    larger[answer->size] = '\0';
    return size;
}

static void console_set(CURL *curl, const char *url, struct text body, struct curl_slist *headers,
                        struct console_answer *answer)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* a license server is reached directly */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, CONSOLE_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONSOLE_CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, console_receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (body.data == NULL)
        return;
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.size);
}

static enum status console_perform(CURL *curl, const char *url, struct console_answer *answer,
                                   struct error *error)
{
    CURLcode code = curl_easy_perform(curl);

    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set(error, LICET_TIMEOUT, "the license server at %s did not answer in time",
                         url);
    if (code == CURLE_WRITE_ERROR)
        return error_set(error, LICET_TOO_LARGE, "the license server's answer is too large");
    if (code != CURLE_OK)
        return error_set(error, LICET_UNREACHABLE, "the license server at %s cannot be reached: %s",
                         url, curl_easy_strerror(code));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->http);
    return LICET_OK;
}

/* The server's own words: application/problem+json with a code of our list. */
static enum status console_refusal(const struct console_answer *answer, struct error *error)
{
    json_t *problem = answer->size == 0
                          ? NULL
                          : json_loadb(answer->data, answer->size, JSON_REJECT_DUPLICATES, NULL);
    const char *code = json_string_value(json_object_get(problem, "code"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    enum status status = code == NULL ? LICET_PROTOCOL : status_of_word(code, strlen(code));

    if (code == NULL || detail == NULL)
        error_set(error, status,
                  "the server answered HTTP %ld without words that licet knows: is "
                  "it a license server?",
                  answer->http);
    else
        error_set(error, status, "%s", detail);
    json_decref(problem);
    return status == LICET_OK ? LICET_PROTOCOL : status;
}

/* The portal takes JSON only where it is called so; a license file begins with a comment. */
static const char *console_type(struct text body)
{
    if (body.data == NULL)
        return "Accept: */*";
    return text_starts_with(body, "{") ? "Content-Type: application/json"
                                       : "Content-Type: text/plain";
}

enum status console_call(const char *path, struct text body, bool needs_token,
                         struct console_answer *ret_answer, struct error *error)
{
    char url[TCP_HOST_BYTES_MAX + 256], authorisation[CONSOLE_TOKEN_BYTES_MAX + 32];
    struct console_answer answer = {0};
    struct curl_slist *headers = NULL;
    enum status status = console_url(path, url, sizeof(url), error);
    CURL *curl = NULL;

    if (status == LICET_OK && needs_token)
        status = console_authorisation(authorisation, sizeof(authorisation), error);
    if (status != LICET_OK)
        return status;
    headers = curl_slist_append(NULL, console_type(body));
    if (needs_token && headers != NULL)
        curl_slist_append(headers, authorisation);
    curl = curl_easy_init();
    if (curl == NULL || headers == NULL) {
        status = error_set(error, LICET_NO_MEMORY, "no memory is left for an HTTP call");
        goto out;
    }
    console_set(curl, url, body, headers, &answer);
    status = console_perform(curl, url, &answer, error);
    if (status == LICET_OK && answer.http / 100 != 2)
        status = console_refusal(&answer, error);
out:
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (status == LICET_OK)
        *ret_answer = answer;
    else
        console_answer_finish(&answer);
    return status;
}

void console_answer_finish(struct console_answer *answer)
{
    if (answer->data != NULL)
        sodium_memzero(answer->data, answer->size);
    free(answer->data);
    *answer = (struct console_answer){0};
}

/* ---- what it says ------------------------------------------------------------------------- */

enum status console_load(const struct console_answer *answer, json_t **ret_json,
                         struct error *error)
{
    json_t *json = answer->size == 0
                       ? NULL
                       : json_loadb(answer->data, answer->size, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(json)) {
        json_decref(json);
        return error_set(error, LICET_PROTOCOL,
                         "the answer is not one of a license server: check LICET_SERVER");
    }
    *ret_json = json;
    return LICET_OK;
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
