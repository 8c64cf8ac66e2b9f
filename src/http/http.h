/*
 * HTTP for Licet's programs: libmicrohttpd behind a strict gate, a route table with a role in every
 * row, bodies with a ceiling, and one form of answer.
 *
 * licetd's own loop drives it through one descriptor; nothing starts a thread then, and everything
 * is called on the thread that calls http_server_run(). The portal gives a listening socket
 * instead: a thread of the library's own calls the handlers, which hand each exchange to a pool of
 * workers (http/workers.h); a deferred exchange belongs to the thread that will answer it.
 *
 * Every answer closes its connection. Consoles and monitors ask seldom, and what the library's
 * parser makes of bytes behind a request (a nameless header ends the head for it) is then nobody's
 * request.
 *
 * The gate (http/gate.c) refuses what libmicrohttpd's lenient parser lets through: a request that
 * two readers could understand differently is answered with 400 and the connection is closed.
 */
#ifndef LICET_HTTP_HTTP_H
#define LICET_HTTP_HTTP_H

#include <sys/socket.h>

#include "base/status.h"
#include "base/text.h"

struct http_server;
struct http_exchange;

enum http_method {
    HTTP_GET = 1, /* HEAD is answered as GET without its body */
    HTTP_POST = 2,
    HTTP_PUT = 3,
    HTTP_DELETE = 4,
};

const char *http_method_name(enum http_method method);

/* Greater includes less. */
enum http_role {
    HTTP_ROLE_ANYBODY = 1,
    HTTP_ROLE_VIEWER = 2,
    HTTP_ROLE_ADMINISTRATOR = 3,
};

/* One act. `role` has no default: a row without one is never served, and a test reads every row. */
struct http_route {
    enum http_method method;
    enum http_role role;
    const char *path;      /* compared whole; {name} is any one segment; no path names a file */
    size_t body_bytes_max; /* 0: a body is refused */
    void (*handle)(struct http_exchange *exchange); /* answers now, or later after http_defer() */
};

struct http_options {
    const struct http_route *routes;
    size_t routes_count;
    const char *const
        *hosts; /* names under which we may be called (Host), without port; NULL-terminated */
    uint32_t connections_max;
    uint32_t idle_seconds;
    void *context; /* for handlers and for what follows */
    /* A deferred answer is there: http_server_run() is wanted soon, but not from inside this call.
     */
    void (*wake)(void *context); /* NULL with listen_fd */
    int listen_fd; /* 0: the program's loop gives connections; else a listening socket, which is
                      taken, and a thread of our own */
    /* The role of a request from its bearer token (empty: none). Never fails: no token is ANYBODY.
     * LICET_UNAUTHENTICATED where the token is unknown. */
    enum status (*identify)(void *context, struct http_exchange *exchange, struct text bearer,
                            enum http_role *ret_role, struct error *error);
};

enum status http_server_create(const struct http_options *options, struct http_server **ret_server,
                               struct error *error);
/* NULL is fine. Deferred exchanges are answered 503; with listen_fd whoever answers them has done so
 * before. */
void http_server_destroy(struct http_server *server);

int http_server_fd(const struct http_server *server); /* readable: call http_server_run() */
void http_server_run(struct http_server *server);
int64_t http_server_timeout_ms(
    const struct http_server *server); /* until run() is wanted anyway; -1: never */

/* Takes a connected, non-blocking socket: it is the server's to close, and closed already where
 * this fails. */
enum status http_server_take_fd(struct http_server *server, int fd, const struct sockaddr *peer,
                                socklen_t peer_size, struct error *error);

/* ---- in a handler: everything is borrowed until the answer ---- */

void *http_context(const struct http_exchange *exchange);
enum http_role http_exchange_role(const struct http_exchange *exchange);
/* The token it came with, empty: none. A secret: for looking up whose it is. */
struct text http_bearer(const struct http_exchange *exchange);
struct text http_body(const struct http_exchange *exchange);
const struct http_route *http_exchange_route(const struct http_exchange *exchange);
bool http_query(const struct http_exchange *exchange, const char *name, struct text *ret_value);
/* The peer's address; 0: it is not known. */
socklen_t http_peer(const struct http_exchange *exchange, struct sockaddr_storage *ret_address);
/* The first header of this name. */
bool http_header(const struct http_exchange *exchange, const char *name, struct text *ret_value);
/* Decoded, without its query. */
struct text http_path_whole(const struct http_exchange *exchange);
/* The segment that stands for {name} in the route's path. */
bool http_path(const struct http_exchange *exchange, const char *name, struct text *ret_value);
bool http_is_loopback(const struct http_exchange *exchange); /* the peer's address */

/* The answer comes after the handler returned: exactly one http_answer...() must follow, on any
 * thread. Until then the exchange stays, also where its peer has left. */
void http_defer(struct http_exchange *exchange);

struct http_header {
    const char *name;
    const char *value; /* printable; whoever takes it from outside has checked */
};

void http_answer(struct http_exchange *exchange, int http_status, const char *content_type,
                 struct text body);
void http_answer_with(struct http_exchange *exchange, int http_status, const char *content_type,
                      const struct http_header *headers, size_t headers_count, struct text body);
/* application/problem+json (RFC 9457) from the list of failures and its sentence. */
void http_answer_error(struct http_exchange *exchange, enum status status,
                       const struct error *error);
void http_answer_error_with(struct http_exchange *exchange, enum status status,
                            const struct error *error, const struct http_header *headers,
                            size_t headers_count);
/* The same with 503: not now. */
void http_answer_busy(struct http_exchange *exchange, const char *sentence);

#endif
