/*
 * A bounded pool of threads that answer deferred exchanges, for handlers that wait for a database.
 *
 * Order: an exchange is deferred before a worker can see it, so that no answer comes before its
 * connection is suspended. From then on the pool owns it. Where the queue is full it is answered
 * "not now" at once, by the thread that brought it: whoever waits longer than the queue is long
 * would have given up.
 */
#ifndef LICET_HTTP_WORKERS_H
#define LICET_HTTP_WORKERS_H

#include "http/http.h"

struct http_workers;

/* `run` answers one exchange, on one of `threads_count` threads. */
enum status http_workers_create(uint32_t threads_count, uint32_t queue_max,
                                void (*run)(struct http_exchange *exchange),
                                struct http_workers **ret_workers, struct error *error);
/* Answers all that wait, and ends. What is pushed afterwards is answered "not now". The memory goes
 * with http_workers_destroy(), after the HTTP server. */
void http_workers_stop(struct http_workers *workers);
void http_workers_destroy(struct http_workers *workers); /* stopped or not; NULL is fine */

/* In a route's handler: defers the exchange and queues it, or answers it. */
void http_workers_push(struct http_workers *workers, struct http_exchange *exchange);

#endif
