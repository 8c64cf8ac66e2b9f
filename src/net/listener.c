/* Accepting connections. */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/log.h"

#define ACCEPTS_A_TURN 64 /* then those already connected get their turn */
#define PAUSE_MS 100
/* A client that vanished without a word is noticed within 60 + 3 x 10 s; data it does not
 * acknowledge, in 60 s. */
#define KEEPALIVE_IDLE_SECONDS 60
#define KEEPALIVE_INTERVAL_SECONDS 10
#define KEEPALIVE_COUNT 3
#define UNACKNOWLEDGED_MS_MAX 60000u

static void listener_set_options(int fd)
{
    const int on = 1, idle = KEEPALIVE_IDLE_SECONDS, interval = KEEPALIVE_INTERVAL_SECONDS,
              count = KEEPALIVE_COUNT;
    const unsigned int unacknowledged = UNACKNOWLEDGED_MS_MAX;

    /* Each is an improvement, none a condition: a failure is not an error. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
}

static void listener_accept(uv_poll_t *poll, int poll_status, int events);

static void listener_resume(uv_timer_t *timer)
{
    struct listener *listener = timer->data;

    uv_poll_start(&listener->poll, UV_READABLE, listener_accept);
}

static void listener_accept(uv_poll_t *poll, int poll_status, int events)
{
    struct listener *listener = poll->data;

    (void)events;
    if (poll_status < 0)
        return;
    for (int count = 0; count < ACCEPTS_A_TURN; count++) {
        struct address peer = {.size = sizeof(peer.storage)};
        int fd = accept4(listener->fd, (struct sockaddr *)&peer.storage, &peer.size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                log_warning("connection.refused", "cause=\"%s\"", strerror(errno));
                uv_poll_stop(&listener->poll);
                uv_timer_start(&listener->pause, listener_resume, PAUSE_MS, 0);
            }
            return;
        }
        listener_set_options(fd);
        listener->take(listener->context, fd, &peer);
    }
}

enum status listener_init(struct listener *listener, uv_loop_t *loop, const struct address *address,
                          void (*take)(void *context, int fd, const struct address *peer),
                          void *context, struct error *error)
{
    struct address bound;
    int fd;
    enum status status = address_listen(address, &fd, &bound, error);

    if (status != LICET_OK)
        return status;
    *listener = (struct listener){.fd = fd, .address = bound, .take = take, .context = context};
    uv_poll_init(loop, &listener->poll, fd);
    uv_timer_init(loop, &listener->pause);
    listener->poll.data = listener->pause.data = listener;
    uv_poll_start(&listener->poll, UV_READABLE, listener_accept);
    return LICET_OK;
}

static void listener_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;

    if (handle == (uv_handle_t *)&listener->poll)
        close(listener->fd);
}

void listener_finish(struct listener *listener)
{
    uv_close((uv_handle_t *)&listener->poll, listener_closed);
    uv_close((uv_handle_t *)&listener->pause, listener_closed);
}
