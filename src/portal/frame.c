/*
 * From an exchange to its act and back: admit, act, answer, and say what changed.
 *
 * A failure that is not the caller's (5xx) is told to him by its kind and the request's id alone;
 * the sentence, which may name files and tables, goes to the log.
 */
#include "portal/frame.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "portal/portal.h"

static void frame_make_id(char ret_id[REQUEST_ID_BYTES + 1])
{
    uint8_t bytes[REQUEST_ID_BYTES / 2];

    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(ret_id, REQUEST_ID_BYTES + 1, bytes, sizeof(bytes));
}

/* Security: a page of another origin can send a form, but not this type. */
static bool frame_is_json(const struct http_exchange *exchange)
{
    struct text type = {"", 0};

    http_header(exchange, "Content-Type", &type);
    return text_is_nocase(text_head(type, text_find(type, ';')), "application/json");
}

/*
 * Security: a long body is one object of texts and numbers. A megabyte of brackets would become a
 * hundred of objects, and whoever sends one need not have signed in.
 */
static bool frame_is_flat(struct text body)
{
    bool is_in_text = false;
    uint32_t brackets = 0;

    for (size_t index = 0; index < body.size; index++) {
        char byte = body.data[index];

        if (is_in_text && byte == '\\')
            index++;
        else if (byte == '"')
            is_in_text = !is_in_text;
        else if (!is_in_text && (byte == '{' || byte == '['))
            brackets++;
    }
    return brackets <= 1;
}

static enum status frame_read_body(struct request *request, struct error *error)
{
    struct text body = http_body(request->exchange);
    json_error_t cause;

    if (body.size == 0)
        return LICET_OK;
    if (!frame_is_json(request->exchange))
        return error_set(error, LICET_INVALID,
                         "the body must be JSON, and Content-Type application/json");
    if (request->route->body_bytes_max == BODY_TEXT && !frame_is_flat(body))
        return error_set(error, LICET_INVALID, "the body must be one JSON object without others");
    request->json = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES, &cause);
    if (request->json == NULL)
        return error_set(error, LICET_INVALID, "the body is not JSON, in line %d: %s", cause.line,
                         cause.text);
    if (!json_is_object(request->json))
        return error_set(error, LICET_INVALID, "the body is not a JSON object");
    return LICET_OK;
}

static enum status frame_act(struct request *request, struct reply *reply, struct error *error)
{
    enum status status = principal_find(request, error);

    if (status == LICET_OK)
        status = principal_admit(request, error);
    if (status == LICET_OK)
        status = frame_read_body(request, error);
    if (status == LICET_OK)
        status = request->route->handle(request, reply, error);
    return status;
}

static void frame_log(const struct request *request, enum status status, int http_status,
                      const struct error *error)
{
    if (http_status >= 500)
        log_error("act.failed", "act=%s code=%s person=%lld request=%s cause=\"%s\"",
                  request->route->name, status_word(status),
                  (long long)request->principal.person_id, request->id, error_text(error, status));
    else if (request->route->method != HTTP_GET)
        log_info("act.answered", "act=%s http=%d code=%s person=%lld request=%s",
                 request->route->name, http_status, status_word(status),
                 (long long)request->principal.person_id, request->id);
}

static void frame_answer(struct request *request, struct reply *reply, enum status status,
                         const struct error *error)
{
    int http_status = status == LICET_OK ? reply->http : status_http(status);
    struct error own = {0};

    frame_log(request, status, http_status, error);
    reply->headers[reply->headers_count++] = (struct http_header){"X-Request-Id", request->id};
    if (status == LICET_OK) {
        http_answer_with(request->exchange, http_status, reply->content_type, reply->headers,
                         reply->headers_count, reply->body);
        return;
    }
    if (http_status >= 500)
        error_set(&own, status, "%s; ask whoever runs the portal about request %s",
                  status_text(status), request->id);
    http_answer_error_with(request->exchange, status, http_status >= 500 ? &own : error,
                           reply->headers, reply->headers_count);
}

void frame_run(struct http_exchange *exchange)
{
    struct portal *portal = http_context(exchange);
    struct request request = {.portal = portal,
                              .exchange = exchange,
                              .route = portal_route(portal, http_exchange_route(exchange)),
                              .now = clock_unix()};
    struct reply reply = {.arena = &request.arena};
    struct error error = {0};
    size_t size =
        request.route->body_bytes_max == BODY_TEXT ? REQUEST_TEXT_ARENA_BYTES : REQUEST_ARENA_BYTES;
    char *place = malloc(size);
    enum status status = LICET_NO_MEMORY;

    frame_make_id(request.id);
    if (place != NULL) {
        request.arena = arena_over(place, size);
        status = frame_act(&request, &reply, &error);
    }
    frame_answer(&request, &reply, status, &error);
    portal_sweep(portal, request.now);
    json_decref(request.json);
    free(reply.owned);
    free(place);
}
