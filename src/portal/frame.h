/* What a request and an answer are made of. Private to the frame: acts use portal/request.h and
 * portal/reply.h. */
#ifndef LICET_PORTAL_FRAME_H
#define LICET_PORTAL_FRAME_H

#include "portal/principal.h"
#include "portal/reply.h"
#include "portal/request.h"

#define REQUEST_ID_BYTES 16 /* hexadecimal digits of 64 random bits */
#define REPLY_HEADERS_MAX 8
/* Limit: a request's memory: what an allocation needs (4.1 MiB), a license file of 1 MiB as it is
 * stored and as it goes out, and a page of 100 rows. The text of a license server takes 12.5 MiB to
 * be read (1 MiB of it), 10.5 MiB to be taken, and its response 2 MiB in two copies. The system gives
 * only what is touched. */
#define REQUEST_ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define REQUEST_TEXT_ARENA_BYTES ((size_t)28 * 1024 * 1024)

struct request {
    struct portal *portal;
    struct http_exchange *exchange;
    const struct route *route;
    struct unix_time now;
    char id[REQUEST_ID_BYTES + 1];
    struct arena arena;
    json_t *json; /* the body; NULL: none */
    struct principal principal;
    bool is_repeated;
};

struct reply {
    struct arena *arena; /* the request's: copies of headers */
    int http;            /* 0: the act has not answered */
    const char *content_type;
    struct text body;
    char *owned; /* by jansson */
    struct http_header headers[REPLY_HEADERS_MAX];
    size_t headers_count;
};

/* Answers an exchange, on a worker's thread. */
void frame_run(struct http_exchange *exchange);

#endif
