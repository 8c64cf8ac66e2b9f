/*
 * One listening socket in a libuv loop. It hands out each accepted connection as a non-blocking
 * descriptor, which is the receiver's to close. Order: the receiver peeks at the first byte before
 * anybody reads (R10.1).
 */
#ifndef LICET_NET_LISTENER_H
#define LICET_NET_LISTENER_H

#include <uv.h>

#include "net/address.h"

struct listener {
    uv_poll_t poll;
    uv_timer_t pause; /* after "too many open files": accepting again at once would spin */
    int fd;
    struct address address; /* as bound: with the port that the system chose where 0 was asked */
    void (*take)(void *context, int fd, const struct address *peer);
    void *context;
};

/* Binds and listens. `take` is called in the loop's thread. */
enum status listener_init(struct listener *listener, uv_loop_t *loop, const struct address *address,
                          void (*take)(void *context, int fd, const struct address *peer),
                          void *context, struct error *error);
/* Stops; its handles close as the loop runs on. */
void listener_finish(struct listener *listener);

#endif
