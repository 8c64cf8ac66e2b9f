#include "cli/call.h"

#include <curl/curl.h>
#include <sodium.h>

#define CALL_TIMEOUT_S 60L
#define CALL_CONNECT_TIMEOUT_S 10L

#define CALL_TOKEN_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/="

bool call_is_token(const char *token)
{
    return token[0] != '\0' && strlen(token) <= CALL_TOKEN_BYTES_MAX &&
           token[strspn(token, CALL_TOKEN_ALPHABET)] == '\0';
}

static size_t call_receive(char *data, size_t size, size_t count, void *context)
{
    struct call_answer *answer = context;
    char *larger;

    size *= count;
    if (size > CALL_ANSWER_BYTES_MAX - answer->size)
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

/* ---- what is sent ------------------------------------------------------------------------- */

/* The portal takes JSON only where it is called so; a license file begins with a comment. */
static const char *call_type(struct text body)
{
    if (body.data == NULL)
        return "Accept: */*";
    return text_starts_with(body, "{") ? "Content-Type: application/json"
                                       : "Content-Type: text/plain";
}

static bool call_add_header(struct curl_slist **headers, const char *name, const char *value)
{
    char line[CALL_TOKEN_BYTES_MAX + 32];
    struct curl_slist *longer;

    if (value == NULL)
        return true;
    snprintf(line, sizeof(line), "%s%s", name, value);
    longer = curl_slist_append(*headers, line);
    sodium_memzero(line, sizeof(line));
    if (longer != NULL)
        *headers = longer;
    return longer != NULL;
}

static bool call_make_headers(const struct call *call, struct curl_slist **headers)
{
    return call_add_header(headers, "", call_type(call->body)) &&
           call_add_header(headers, "Authorization: Bearer ", call->token) &&
           call_add_header(headers, "Idempotency-Key: ", call->key);
}

static void call_set(CURL *curl, const struct call *call, struct curl_slist *headers,
                     struct call_answer *answer)
{
    curl_easy_setopt(curl, CURLOPT_URL, call->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, call->must_be_encrypted ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (call->authorities != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, call->authorities);
    if (!call->may_use_a_proxy)
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CALL_CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, call_receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (call->body.data != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
    }
    if (call->method != NULL)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
}

/* ---- what came of it ---------------------------------------------------------------------- */

/* A call that found nobody was not heard. */
static bool call_was_unheard(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_SSL_CONNECT_ERROR ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

static enum status call_fail(const struct call *call, CURLcode code, struct error *error)
{
    if (code == CURLE_OPERATION_TIMEDOUT)
        return error_set(error, LICET_TIMEOUT, "the %s at %s did not answer in time", call->peer,
                         call->url);
    if (code == CURLE_WRITE_ERROR)
        return error_set(error, LICET_TOO_LARGE, "the %s's answer is too large", call->peer);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return error_set(error, LICET_UNTRUSTED,
                         "the certificate of the %s at %s is none that this machine trusts, and "
                         "nothing was sent: who runs it can say which authority vouches for it",
                         call->peer, call->url);
    return error_set(error, LICET_UNREACHABLE, "the %s at %s cannot be reached: %s", call->peer,
                     call->url, curl_easy_strerror(code));
}

/* The peer's own words: application/problem+json with a code of our list. */
static enum status call_refusal(const struct call *call, const struct call_answer *answer,
                                bool *ret_is_lost, struct error *error)
{
    json_t *problem = answer->size == 0
                          ? NULL
                          : json_loadb(answer->data, answer->size, JSON_REJECT_DUPLICATES, NULL);
    const char *code = json_string_value(json_object_get(problem, "code"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    enum status status = code == NULL ? LICET_PROTOCOL : status_of_word(code, strlen(code));

    *ret_is_lost = code == NULL && answer->http >= 502 && answer->http <= 504; /* a proxy's */
    if (*ret_is_lost)
        status = error_set(error, LICET_UNREACHABLE,
                           "the %s at %s is not there: something before it answers HTTP %ld",
                           call->peer, call->url, answer->http);
    else if (code == NULL || detail == NULL)
        error_set(error, status,
                  "the server answered HTTP %ld without words that licet knows: is it a %s?",
                  answer->http, call->peer);
    else
        error_set(error, status, "%s", detail);
    if (error != NULL)
        text_make_printable(error->text, strlen(error->text));
    json_decref(problem);
    return status == LICET_OK ? LICET_PROTOCOL : status;
}

enum status call_send(const struct call *call, struct call_answer *ret_answer, bool *ret_is_lost,
                      struct error *error)
{
    struct call_answer answer = {0};
    struct curl_slist *headers = NULL;
    enum status status = LICET_OK;
    bool is_lost = false;
    CURL *curl = curl_easy_init();
    CURLcode code;

    if (curl == NULL || !call_make_headers(call, &headers)) {
        status = error_set(error, LICET_NO_MEMORY, "no memory is left for an HTTP call");
        goto out;
    }
    call_set(curl, call, headers, &answer);
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.http);
    is_lost = code != CURLE_OK && code != CURLE_WRITE_ERROR && !call_was_unheard(code);
    if (code != CURLE_OK)
        status = call_fail(call, code, error);
    else if (answer.http / 100 != 2)
        status = call_refusal(call, &answer, &is_lost, error);
out:
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (ret_is_lost != NULL)
        *ret_is_lost = is_lost;
    if (status == LICET_OK)
        *ret_answer = answer;
    else
        call_finish(&answer);
    return status;
}

void call_finish(struct call_answer *answer)
{
    if (answer->data != NULL)
        sodium_memzero(answer->data, answer->size);
    free(answer->data);
    *answer = (struct call_answer){0};
}

enum status call_load(const struct call_answer *answer, const char *peer, json_t **ret_json,
                      struct error *error)
{
    json_t *json = answer->size == 0
                       ? NULL
                       : json_loadb(answer->data, answer->size, JSON_REJECT_DUPLICATES, NULL);

    if (!json_is_object(json)) {
        json_decref(json);
        return error_set(error, LICET_PROTOCOL, "the answer is not one of a %s: check its address",
                         peer);
    }
    *ret_json = json;
    return LICET_OK;
}
