/* Exchanges, routing and answers over libmicrohttpd. */
#include "http/http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <unistd.h>

#include "http/gate.h"

#define DRAIN_TURNS 200 /* of 5 ms: a second for peers that read their answer */

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_options options;
    struct http_exchange *deferred; /* list of exchanges that wait for their answer */
    _Atomic bool is_stopping;
};

struct http_exchange {
    struct http_server *server;
    struct MHD_Connection *connection; /* also of a peer that has left: while an exchange is
                                          deferred nobody looks at its socket */
    const char *path;                  /* decoded, in the connection's own memory */
    const struct http_route *route;
    enum http_role role;
    bool has_begun;   /* headers are judged */
    bool is_answered; /* a response is queued, or waits in `response` */
    bool is_deferred;
    struct error target_error; /* found by the gate before there was anything to answer on */
    char *body;
    size_t body_size, body_capacity;
    struct MHD_Response *response; /* of a deferred exchange, until it is resumed */
    unsigned int response_status;
    struct http_exchange *previous, *next;
};

/* ---- answers ---- */

/* NULL where no memory is left for an answer. */
static struct MHD_Response *http_make_response(const char *content_type, struct text body)
{
    struct MHD_Response *response;
    char *copy = malloc(body.size + 1); /* libmicrohttpd frees it */

    if (copy == NULL)
        return NULL;
    memcpy(copy, body.data, body.size);
    response = MHD_create_response_from_buffer(body.size, copy, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(copy);
        return NULL;
    }
    MHD_add_response_header(response, "Content-Type", content_type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; frame-ancestors 'none'");
    /* Security: nothing after a request is ever read, so nothing hidden behind one is answered. */
    MHD_add_response_header(response, "Connection", "close");
    return response;
}

/* Without memory for it the connection is closed instead, by http_access() where it is asked again.
 */
static void http_respond(struct http_exchange *exchange, unsigned int http_status,
                         struct MHD_Response *response)
{
    struct http_server *server = exchange->server;

    assert(!exchange->is_answered);
    exchange->is_answered = true;
    if (exchange->is_deferred) {
        exchange->response = response;
        exchange->response_status = http_status;
        MHD_resume_connection(exchange->connection); /* from here on it is not ours */
        if (server->options.wake != NULL)
            server->options.wake(server->options.context);
    } else if (response != NULL) {
        MHD_queue_response(exchange->connection, http_status, response);
        MHD_destroy_response(response);
    }
}

void http_answer_with(struct http_exchange *exchange, int http_status, const char *content_type,
                      const struct http_header *headers, size_t headers_count, struct text body)
{
    struct MHD_Response *response = http_make_response(content_type, body);

    for (size_t index = 0; response != NULL && index < headers_count; index++) {
        if (MHD_add_response_header(response, headers[index].name, headers[index].value) == MHD_YES)
            continue;
        MHD_destroy_response(response); /* an answer without its cookie is not that answer */
        response = NULL;
    }
    http_respond(exchange, (unsigned int)http_status, response);
}

void http_answer(struct http_exchange *exchange, int http_status, const char *content_type,
                 struct text body)
{
    http_answer_with(exchange, http_status, content_type, NULL, 0, body);
}

static void http_problem(struct http_exchange *exchange, enum status status, int http_status,
                         const struct error *error, const struct http_header *headers,
                         size_t headers_count)
{
    json_t *problem =
        json_pack("{s:s, s:s, s:i, s:s}", "title", status_text(status), "code", status_word(status),
                  "status", http_status, "detail", error_text(error, status));
    char *text = problem == NULL ? NULL : json_dumps(problem, JSON_COMPACT);

    http_answer_with(exchange, http_status, "application/problem+json", headers, headers_count,
                     text == NULL ? TEXT("{}") : text_of(text));
    free(text);
    json_decref(problem);
}

void http_answer_error(struct http_exchange *exchange, enum status status,
                       const struct error *error)
{
    http_problem(exchange, status, status_http(status), error, NULL, 0);
}

void http_answer_error_with(struct http_exchange *exchange, enum status status,
                            const struct error *error, const struct http_header *headers,
                            size_t headers_count)
{
    http_problem(exchange, status, status_http(status), error, headers, headers_count);
}

void http_answer_busy(struct http_exchange *exchange, const char *sentence)
{
    static const struct http_header soon = {"Retry-After", "1"};
    struct error error;

    http_problem(exchange, error_set(&error, LICET_OVER_LIMIT, "%s", sentence), 503, &error, &soon,
                 1);
}

static void http_list_remove(struct http_exchange *exchange)
{
    if (exchange->next != NULL)
        exchange->next->previous = exchange->previous;
    if (exchange->previous != NULL)
        exchange->previous->next = exchange->next;
    else if (exchange->server->deferred == exchange)
        exchange->server->deferred = exchange->next;
    exchange->previous = exchange->next = NULL;
}

void http_defer(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;

    assert(!exchange->is_deferred && !exchange->is_answered);
    exchange->is_deferred = true;
    exchange->next = server->deferred;
    if (server->deferred != NULL)
        server->deferred->previous = exchange;
    server->deferred = exchange;
    MHD_suspend_connection(exchange->connection);
}

/* ---- a request arrives ---- */

static const char *const method_names[] = {
    [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_DELETE] = "DELETE"};

const char *http_method_name(enum http_method method)
{
    return method_names[method];
}

/* 0: none that is understood. */
static enum http_method http_method_of(const char *name)
{
    if (strcmp(name, "HEAD") == 0)
        return HTTP_GET;
    for (int method = HTTP_GET; method <= HTTP_DELETE; method++) {
        if (strcmp(name, method_names[method]) == 0)
            return (enum http_method)method;
    }
    return 0;
}

/* Whether a path is one of the pattern's; its segment for {name} goes to ret_value, where a name
 * is asked for. An empty segment stands for nothing. */
static bool http_path_fits(const char *pattern, const char *path, const char *name,
                           struct text *ret_value)
{
    struct text wanted = text_of(pattern), given = text_of(path), want, have;

    while (text_split(&wanted, '/', &want)) {
        if (!text_split(&given, '/', &have))
            return false;
        if (!text_starts_with(want, "{")) {
            if (!text_equal(want, have))
                return false;
            continue;
        }
        if (have.size == 0)
            return false;
        if (name != NULL && text_is(text_head(text_skip(want, 1), want.size - 2), name))
            *ret_value = have;
    }
    return given.data == NULL;
}

static const struct http_route *http_route_find(const struct http_server *server, const char *path,
                                                enum http_method method, bool *ret_other_method)
{
    *ret_other_method = false;
    for (size_t index = 0; index < server->options.routes_count; index++) {
        const struct http_route *route = &server->options.routes[index];

        if (!http_path_fits(route->path, path, NULL, NULL))
            continue;
        if (route->method == method)
            return route;
        *ret_other_method = true;
    }
    return NULL;
}

struct text http_bearer(const struct http_exchange *exchange)
{
    struct text text = {"", 0};

    http_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION, &text);
    return text_is_nocase(text_head(text, 7), "Bearer ") ? text_skip(text, 7)
                                                         : (struct text){"", 0};
}

static uint64_t http_content_length(struct http_exchange *exchange)
{
    const char *value = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND,
                                                    MHD_HTTP_HEADER_CONTENT_LENGTH);

    return value == NULL ? 0 : strtoull(value, NULL, 10); /* the gate has seen that it is digits */
}

/* Judges everything but the body. On failure *ret_http_status is what the peer is told. */
static enum status http_judge(struct http_exchange *exchange, const char *url,
                              const char *method_name, int *ret_http_status, struct error *error)
{
    struct http_server *server = exchange->server;
    enum http_method method = http_method_of(method_name);
    bool is_other_method;
    enum status status;

    status = gate_headers(exchange->connection, method, server->options.hosts, error);
    *ret_http_status = status == LICET_UNSUPPORTED ? 415 : status_http(status);
    if (status != LICET_OK)
        return status;
    if (method == 0) {
        *ret_http_status = 405;
        return error_set(error, LICET_INVALID,
                         "only GET, HEAD, POST, PUT and DELETE are understood");
    }
    exchange->path = url;
    exchange->route = http_route_find(server, url, method, &is_other_method);
    if (exchange->route == NULL) {
        *ret_http_status = is_other_method ? 405 : 404;
        return is_other_method ? error_set(error, LICET_INVALID, "this path wants another method")
                               : error_set(error, LICET_NOT_FOUND, "there is no such path here");
    }
    /* Security: who asks is settled before a byte of the body is read; a row without a role is
     * served to nobody. */
    status = server->options.identify(server->options.context, exchange, http_bearer(exchange),
                                      &exchange->role, error);
    if (status == LICET_OK &&
        (exchange->route->role < HTTP_ROLE_ANYBODY || exchange->role < exchange->route->role))
        status = exchange->role == HTTP_ROLE_ANYBODY
                     ? error_set(error, LICET_UNAUTHENTICATED, "this needs the token of %s",
                                 exchange->route->role == HTTP_ROLE_VIEWER ? "a viewer"
                                                                           : "an administrator")
                     : error_set(error, LICET_FORBIDDEN, "this needs the role of an administrator");
    if (status == LICET_OK && http_content_length(exchange) > exchange->route->body_bytes_max)
        status = error_set(error, LICET_TOO_LARGE, "the body is larger than %zu bytes",
                           exchange->route->body_bytes_max);
    *ret_http_status = status_http(status);
    return status;
}

static void http_begin(struct http_exchange *exchange, const char *url, const char *method_name)
{
    struct error error = exchange->target_error;
    enum status status = error.status;
    int http_status = status_http(status);

    exchange->has_begun = true;
    if (status == LICET_OK)
        status = http_judge(exchange, url, method_name, &http_status, &error);
    if (status != LICET_OK)
        http_problem(exchange, status, http_status, &error, NULL, 0);
}

static enum MHD_Result http_take_body(struct http_exchange *exchange, const char *data,
                                      size_t *size)
{
    size_t wanted;

    if (exchange->is_answered) { /* refused already: what still comes is thrown away */
        *size = 0;
        return MHD_YES;
    }
    if (__builtin_add_overflow(exchange->body_size, *size, &wanted) ||
        wanted > exchange->route->body_bytes_max)
        return MHD_NO; /* a chunked body said nothing of its length: the connection is closed */
    if (wanted > exchange->body_capacity) {
        size_t capacity =
            wanted > 2 * exchange->body_capacity ? wanted : 2 * exchange->body_capacity;
        char *larger = realloc(exchange->body, capacity);

        if (larger == NULL)
            return MHD_NO;
        exchange->body = larger;
        exchange->body_capacity = capacity;
    }
    memcpy(exchange->body + exchange->body_size, data, *size);
    exchange->body_size = wanted;
    *size = 0;
    return MHD_YES;
}

/* libmicrohttpd calls this when the headers are complete, for every part of the body, and at its
 * end. The answer is queued in the last call: an answer in the first one closes the connection,
 * which is meant for refusals only. */
static enum MHD_Result http_access(void *context, struct MHD_Connection *connection,
                                   const char *url, const char *method, const char *version,
                                   const char *upload, size_t *upload_size,
                                   void **connection_context)
{
    struct http_exchange *exchange = *connection_context;

    (void)context;
    (void)version;
    if (exchange == NULL)
        return MHD_NO;
    exchange->connection = connection;
    if (!exchange->has_begun) {
        http_begin(exchange, url, method);
        return MHD_YES;
    }
    if (*upload_size > 0)
        return http_take_body(exchange, upload, upload_size);
    if (exchange->response != NULL) { /* resumed */
        enum MHD_Result result =
            MHD_queue_response(connection, exchange->response_status, exchange->response);

        MHD_destroy_response(exchange->response);
        exchange->response = NULL;
        return result;
    }
    if (exchange->is_answered || exchange->server->is_stopping)
        return MHD_NO; /* no memory was left for its answer, or the answer could come too late */
    exchange->route->handle(exchange);
    /* Order: of a deferred one nothing more is read, a worker may be answering it. */
    return exchange->is_deferred || exchange->is_answered ? MHD_YES : MHD_NO;
}

static void *http_open_exchange(void *context, const char *target,
                                struct MHD_Connection *connection)
{
    struct http_exchange *exchange = calloc(1, sizeof(*exchange));

    if (exchange == NULL)
        return NULL;
    exchange->server = context;
    exchange->connection = connection;
    gate_target(target, &exchange->target_error);
    return exchange;
}

static void http_close_exchange(void *context, struct MHD_Connection *connection,
                                void **connection_context, enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *connection_context;

    (void)context;
    (void)connection;
    (void)code;
    if (exchange == NULL)
        return;
    http_list_remove(exchange);
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
    free(exchange->body);
    free(exchange);
    *connection_context = NULL;
}

/* ---- the server ---- */

enum status http_server_create(const struct http_options *options, struct http_server **ret_server,
                               struct error *error)
{
    struct http_server *server = calloc(1, sizeof(*server));
    bool has_thread = options->listen_fd > 0;

    if (server == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the HTTP server");
    server->options = *options;
    server->daemon = MHD_start_daemon(
        MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
            (has_thread ? MHD_USE_EPOLL_INTERNAL_THREAD : MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET),
        0, NULL, NULL, http_access, server, MHD_OPTION_URI_LOG_CALLBACK, http_open_exchange, server,
        MHD_OPTION_NOTIFY_COMPLETED, http_close_exchange, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_CONNECTION_LIMIT, options->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        options->idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768,
        has_thread ? MHD_OPTION_LISTEN_SOCKET : MHD_OPTION_END, options->listen_fd, MHD_OPTION_END);
    if (server->daemon == NULL) {
        free(server);
        return error_set(error, LICET_SYSTEM, "the HTTP server cannot be started");
    }
    *ret_server = server;
    return LICET_OK;
}

/* Whoever answers has ended, so all that is left is to send. */
static void http_drain(struct http_server *server)
{
    const struct timespec pause = {0, 5000000};
    int fd = MHD_quiesce_daemon(server->daemon);

    for (int turn = 0; turn < DRAIN_TURNS; turn++) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

        if (info == NULL || info->num_connections == 0)
            break;
        nanosleep(&pause, NULL);
    }
    MHD_stop_daemon(server->daemon);
    if (fd >= 0)
        close(fd);
    free(server);
}

void http_server_destroy(struct http_server *server)
{
    static const struct error stopping = {LICET_UNREACHABLE,
                                          "the server is stopping; ask again in a moment"};

    if (server == NULL)
        return;
    server->is_stopping = true;
    if (server->options.listen_fd > 0) {
        http_drain(server);
        return;
    }
    for (struct http_exchange *exchange = server->deferred; exchange != NULL;
         exchange = exchange->next) {
        if (!exchange->is_answered)
            http_problem(exchange, LICET_UNREACHABLE, 503, &stopping, NULL, 0);
    }
    http_server_run(server);
    MHD_stop_daemon(server->daemon);
    free(server);
}

int http_server_fd(const struct http_server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    return info == NULL ? -1 : info->epoll_fd;
}

void http_server_run(struct http_server *server)
{
    MHD_run(server->daemon);
}

int64_t http_server_timeout_ms(const struct http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;

    return MHD_get_timeout(server->daemon, &timeout) == MHD_YES ? (int64_t)timeout : -1;
}

enum status http_server_take_fd(struct http_server *server, int fd, const struct sockaddr *peer,
                                socklen_t peer_size, struct error *error)
{
    if (MHD_add_connection(server->daemon, fd, peer, peer_size) != MHD_YES)
        return error_set(error, LICET_OVER_LIMIT, "no more HTTP connections are taken now");
    return LICET_OK;
}

/* ---- what a handler may ask ---- */

void *http_context(const struct http_exchange *exchange)
{
    return exchange->server->options.context;
}

enum http_role http_exchange_role(const struct http_exchange *exchange)
{
    return exchange->role;
}

struct text http_body(const struct http_exchange *exchange)
{
    return (struct text){exchange->body == NULL ? "" : exchange->body, exchange->body_size};
}

const struct http_route *http_exchange_route(const struct http_exchange *exchange)
{
    return exchange->route;
}

struct text http_path_whole(const struct http_exchange *exchange)
{
    return text_of(exchange->path);
}

bool http_path(const struct http_exchange *exchange, const char *name, struct text *ret_value)
{
    struct text value = {NULL, 0};

    http_path_fits(exchange->route->path, exchange->path, name, &value);
    if (value.data == NULL)
        return false;
    *ret_value = value;
    return true;
}

/* `kind` is a header or an argument of the query. */
static bool http_value(const struct http_exchange *exchange, enum MHD_ValueKind kind,
                       const char *name, struct text *ret_value)
{
    const char *value = MHD_lookup_connection_value(exchange->connection, kind, name);

    if (value == NULL)
        return false;
    *ret_value = text_of(value);
    return true;
}

bool http_header(const struct http_exchange *exchange, const char *name, struct text *ret_value)
{
    return http_value(exchange, MHD_HEADER_KIND, name, ret_value);
}

bool http_query(const struct http_exchange *exchange, const char *name, struct text *ret_value)
{
    return http_value(exchange, MHD_GET_ARGUMENT_KIND, name, ret_value);
}

socklen_t http_peer(const struct http_exchange *exchange, struct sockaddr_storage *ret_address)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
    socklen_t size = 0;

    memset(ret_address, 0, sizeof(*ret_address));
    if (address != NULL && address->sa_family == AF_INET)
        size = sizeof(struct sockaddr_in);
    else if (address != NULL && address->sa_family == AF_INET6)
        size = sizeof(struct sockaddr_in6);
    if (size > 0)
        memcpy(ret_address, address, size);
    return size;
}

bool http_is_loopback(const struct http_exchange *exchange)
{
    struct sockaddr_storage place;
    const void *address = &place;

    if (http_peer(exchange, &place) == 0)
        return false;
    if (place.ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}
