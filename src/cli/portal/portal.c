#include "cli/portal/portal.h"

#include <time.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/file.h"
#include "base/parse.h"
#include "cli/console.h"

#define PORTAL_FILE "portal"
#define PORTAL_PEER "portal"
#define PORTAL_SENDS_MAX 4 /* after 1, 2 and 4 seconds: a portal that is started again is back */
#define PORTAL_KEY_BYTES 16

/* ---- address and token -------------------------------------------------------------------- */

/* One part of an address; "" where there is none. */
static void portal_part(CURLU *url, CURLUPart part, char *place, size_t size)
{
    char *text = NULL;

    place[0] = '\0';
    if (curl_url_get(url, part, &text, 0) == CURLUE_OK)
        snprintf(place, size, "%s", text);
    curl_free(text);
}

static bool portal_has_part(CURLU *url, CURLUPart part)
{
    char place[2];

    portal_part(url, part, place, sizeof(place));
    return place[0] != '\0';
}

static enum status portal_judge(struct portal *portal, CURLU *url, struct error *error)
{
    char scheme[8] = "", host[256] = "", port[8], path[4], bare[256];

    portal_part(url, CURLUPART_SCHEME, scheme, sizeof(scheme));
    portal_part(url, CURLUPART_HOST, host, sizeof(host));
    portal_part(url, CURLUPART_PORT, port, sizeof(port));
    portal_part(url, CURLUPART_PATH, path, sizeof(path));
    snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(host + (host[0] == '['), "]"),
             host + (host[0] == '['));
    if ((strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) || host[0] == '\0' ||
        strcmp(path, "/") != 0 || portal_has_part(url, CURLUPART_USER) ||
        portal_has_part(url, CURLUPART_QUERY) || portal_has_part(url, CURLUPART_FRAGMENT))
        return error_set(error, LICET_INVALID,
                         "the address of a portal is https://HOST or https://HOST:PORT, or on this "
                         "machine http://127.0.0.1:PORT, and nothing more");
    portal->is_loopback = console_is_loopback(bare);
    if (strcmp(scheme, "https") != 0 && !portal->is_loopback)
        return error_set(error, LICET_FORBIDDEN,
                         "nothing encrypts the way to http://%.80s, so no password or token is "
                         "sent: its address begins with https://; who runs the portal knows it",
                         host);
    snprintf(portal->address, sizeof(portal->address), "%s://%s%s%s", scheme, host,
             port[0] == '\0' ? "" : ":", port);
    return LICET_OK;
}

enum status portal_set_address(struct portal *portal, const char *address, struct error *error)
{
    CURLU *url = curl_url();
    enum status status;

    if (url == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for an address");
    if (strlen(address) > PORTAL_ADDRESS_BYTES_MAX ||
        curl_url_set(url, CURLUPART_URL, address, 0) != CURLUE_OK)
        status = error_set(error, LICET_INVALID,
                           "the address of a portal is https://HOST or https://HOST:PORT, or on "
                           "this machine http://127.0.0.1:PORT");
    else
        status = portal_judge(portal, url, error);
    curl_url_cleanup(url);
    return status;
}

/* The kept file: a line of the address, a line of the token. */
static enum status portal_read_kept(char address[PORTAL_ADDRESS_BYTES_MAX + 1],
                                    char token[CALL_TOKEN_BYTES_MAX + 1], struct error *error)
{
    struct text file, rest, first, second;
    enum status status = kept_read(PORTAL_FILE, &file, error);

    if (status != LICET_OK)
        return status;
    rest = file;
    if (text_split(&rest, '\n', &first) && text_split(&rest, '\n', &second) &&
        first.size <= PORTAL_ADDRESS_BYTES_MAX && second.size <= CALL_TOKEN_BYTES_MAX) {
        snprintf(address, PORTAL_ADDRESS_BYTES_MAX + 1, "%.*s", TEXT_ARGS(first));
        snprintf(token, CALL_TOKEN_BYTES_MAX + 1, "%.*s", TEXT_ARGS(second));
    } else {
        status = error_set(error, LICET_DAMAGED,
                           "the kept address and token of the portal are damaged: licet login "
                           "--portal URL gets others");
    }
    file_free(file);
    return status;
}

static const char *portal_environment(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || value[0] == '\0' ? NULL : value;
}

/* Security: a kept token goes to the portal that gave it alone, whatever LICET_PORTAL says. */
static enum status portal_find_token(struct portal *portal, struct error *error)
{
    const char *token =
        portal_environment("LICET_PORTAL") ? portal_environment("LICET_TOKEN") : NULL;
    char kept[PORTAL_ADDRESS_BYTES_MAX + 1] = "";
    enum status status;

    if (token != NULL) {
        if (!call_is_token(token))
            return error_set(error, LICET_INVALID, "LICET_TOKEN has bytes that no token has");
        snprintf(portal->token, sizeof(portal->token), "%s", token);
        return LICET_OK;
    }
    status = portal_read_kept(kept, portal->token, error);
    if (status != LICET_OK && status != LICET_NOT_FOUND)
        return status;
    if (status == LICET_OK && strcmp(kept, portal->address) == 0 && call_is_token(portal->token))
        return LICET_OK;
    portal->token[0] = '\0';
    return error_set(error, LICET_UNAUTHENTICATED,
                     "you are not signed in at %.100s: licet login --portal %.100s does it, or set "
                     "LICET_PORTAL and LICET_TOKEN",
                     portal->address, portal->address);
}

static enum status portal_find_address(struct portal *portal, struct error *error)
{
    const char *address = portal_environment("LICET_PORTAL");
    char kept[PORTAL_ADDRESS_BYTES_MAX + 1], token[CALL_TOKEN_BYTES_MAX + 1];
    enum status status;

    if (address != NULL)
        return portal_set_address(portal, address, error);
    status = portal_read_kept(kept, token, error);
    sodium_memzero(token, sizeof(token));
    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_INVALID,
                         "no portal is named: licet login --portal URL signs in on one, or set "
                         "LICET_PORTAL to its address; the vendor knows it");
    return status == LICET_OK ? portal_set_address(portal, kept, error) : status;
}

static enum status portal_set_key(struct portal *portal, const char *key, struct error *error)
{
    uint8_t bytes[PORTAL_KEY_BYTES];
    struct buf buf = buf_over(portal->key, sizeof(portal->key) - 1);

    if (key != NULL && (strlen(key) > CALL_KEY_BYTES_MAX || !call_is_token(key)))
        return error_set(
            error, LICET_INVALID,
            "--key is 1 to %d letters, digits and signs of -_.~+/=", CALL_KEY_BYTES_MAX);
    if (key != NULL) {
        buf_add_string(&buf, key);
    } else {
        randombytes_buf(bytes, sizeof(bytes));
        print_hex(bytes, sizeof(bytes), &buf);
    }
    portal->key[buf.size] = '\0';
    return LICET_OK;
}

enum status portal_open(struct portal *portal, const char *address, bool needs_token,
                        const char *key, struct error *error)
{
    enum status status;

    *portal = (struct portal){.who = NULL};
    status = portal_set_key(portal, key, error);
    if (status == LICET_OK)
        status = address != NULL ? portal_set_address(portal, address, error)
                                 : portal_find_address(portal, error);
    return status == LICET_OK && needs_token ? portal_find_token(portal, error) : status;
}

void portal_close(struct portal *portal)
{
    json_decref(portal->who);
    sodium_memzero(portal, sizeof(*portal));
}

enum status portal_keep(const struct portal *portal, const char *token,
                        char ret_path[KEPT_PATH_MAX], struct error *error)
{
    char lines[KEPT_BYTES_MAX];
    enum status status;
    int size;

    if (!call_is_token(token))
        return error_set(error, LICET_PROTOCOL, "what the portal gave as a token is none");
    size = snprintf(lines, sizeof(lines), "%s\n%s\n", portal->address, token);
    status = kept_write(PORTAL_FILE, text_make(lines, (size_t)size), ret_path, error);
    sodium_memzero(lines, sizeof(lines));
    return status;
}

enum status portal_forget(struct error *error)
{
    return kept_remove(PORTAL_FILE, error);
}

/* ---- calls -------------------------------------------------------------------------------- */

/* R6.9: nobody knows what came of a call whose answer is lost; asked again under the same key it
 * happens once. */
static enum status portal_send_again(struct portal *portal, const struct call *call,
                                     struct call_answer *ret_answer, struct error *error)
{
    enum status status = error->status;
    bool is_lost = true;

    portal->is_repeated = true;
    for (unsigned sends = 1;
         sends < PORTAL_SENDS_MAX && status != LICET_OK && (is_lost || status == LICET_UNREACHABLE);
         sends++) {
        fprintf(stderr, "licet: %s; asking again under the same key (%u of %u)\n", error->text,
                sends + 1, (unsigned)PORTAL_SENDS_MAX);
        nanosleep(&(struct timespec){.tv_sec = 1L << (sends - 1)}, NULL);
        status = call_send(call, ret_answer, &is_lost, error);
    }
    if (status != LICET_UNREACHABLE && status != LICET_TIMEOUT)
        return status;
    fprintf(stderr,
            "licet: whether it has happened is not known: the same command with --key %s does it "
            "once, whenever it is typed\n",
            portal->key);
    return status;
}

enum status portal_call(struct portal *portal, const char *method, const char *path,
                        struct text body, struct call_answer *ret_answer, struct error *error)
{
    bool has_key = strcmp(method, "GET") != 0 && portal->key[0] != '\0', is_lost;
    char *url = NULL;
    struct call call = {
        .peer = PORTAL_PEER,
        .method = method,
        .token = portal->token[0] == '\0' ? NULL : portal->token,
        .key = has_key ? portal->key : NULL,
        .body = body,
        .authorities = portal_environment("LICET_PORTAL_CA"),
        .may_use_a_proxy = !portal->is_loopback,
        .must_be_encrypted = strncmp(portal->address, "https:", 6) == 0,
    };
    enum status status;

    if (asprintf(&url, "%s%s", portal->address, path) < 0)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for an address");
    call.url = url;
    status = call_send(&call, ret_answer, &is_lost, error);
    if (status != LICET_OK && is_lost && has_key)
        status = portal_send_again(portal, &call, ret_answer, error);
    free(url);
    return status;
}

enum status portal_ask(struct portal *portal, const char *method, const char *path,
                       const json_t *body, json_t **ret_json, struct error *error)
{
    struct call_answer answer = {0};
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    enum status status;

    if (body != NULL && text == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a call");
    status = portal_call(portal, method, path,
                         text == NULL ? (struct text){NULL, 0} : text_of(text), &answer, error);
    if (text != NULL)
        sodium_memzero(text, strlen(text)); /* it may have had a password */
    free(text);
    if (status == LICET_OK && answer.size == 0)
        *ret_json = json_object();
    else if (status == LICET_OK)
        status = call_load(&answer, PORTAL_PEER, ret_json, error);
    call_finish(&answer);
    return status;
}

/* One page more; *ret_next is 0 after the last. */
static enum status portal_page(struct portal *portal, const char *path, json_t *rows,
                               json_int_t *ret_next, struct error *error)
{
    json_t *page, *items;
    enum status status = portal_ask(portal, "GET", path, NULL, &page, error);

    if (status != LICET_OK)
        return status;
    items = json_object_get(page, "items");
    *ret_next = json_integer_value(json_object_get(page, "next"));
    if (!json_is_array(items) || (*ret_next != 0 && json_array_size(items) == 0))
        status = error_set(error, LICET_PROTOCOL, "this is no page of a list: is it a portal?");
    else
        json_array_extend(rows, items);
    json_decref(page);
    return status;
}

enum status portal_list(struct portal *portal, const char *path, const char *cursor,
                        json_t **ret_rows, struct error *error)
{
    json_t *rows = json_array();
    json_int_t next = 0;
    enum status status = LICET_OK;

    for (unsigned pages = 0; status == LICET_OK && (pages == 0 || next != 0); pages++) {
        char more[64] = "", *target = NULL;

        if (pages == PORTAL_PAGES_MAX) {
            fprintf(stderr, "licet: only the first %u pages are shown\n", pages);
            break;
        }
        if (next != 0)
            snprintf(more, sizeof(more), "%c%s=%lld", strchr(path, '?') == NULL ? '?' : '&', cursor,
                     (long long)next);
        if (asprintf(&target, "%s%s", path, more) < 0)
            status = error_set(error, LICET_NO_MEMORY, "no memory is left for a list");
        else
            status = portal_page(portal, target, rows, &next, error);
        free(target);
    }
    if (status == LICET_OK)
        *ret_rows = rows;
    else
        json_decref(rows);
    return status;
}

enum status portal_who(struct portal *portal, const json_t **ret_who, struct error *error)
{
    enum status status = LICET_OK;

    if (portal->who == NULL)
        status = portal_ask(portal, "GET", "/api/session", NULL, &portal->who, error);
    if (status == LICET_OK)
        *ret_who = portal->who;
    return status;
}
