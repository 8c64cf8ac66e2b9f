/*
 * The signer's socket: one thread, poll(2). A turn reads what has come, judges one frame a
 * connection, makes all of it durable at once, signs, and answers.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/wire.h"
#include "signer/signer.h"

#define SERVE_BACKLOG 16
/* How long nothing must have come before the journal is sealed. */
#define SERVE_IDLE_MS 1000

struct peer {
    int fd; /* -1: free */
    uint8_t size_bytes[FRAME_SIZE_BYTES];
    size_t taken;  /* of the size, then of the frame behind it */
    uint32_t size; /* of the frame, once its size is whole */
    bool has_size;
    char *frame; /* `size` bytes; NULL between two frames */
    struct signer_item items[SIGNER_ITEMS_MAX];
    struct signer_decision decisions[SIGNER_ITEMS_MAX];
    uint32_t items_count;
    struct buf answer;
    size_t sent;
};

struct serve {
    struct signer_state *signer;
    const struct signer_options *options;
    int listen_fd, signal_fd;
    bool is_stopping, is_sealed, was_full;
    struct peer peers[SIGNER_CONNECTIONS_MAX];
    char answers[SIGNER_CONNECTIONS_MAX][FRAME_SIZE_BYTES + FRAME_ANSWERS_MAX];
};

/* ---- connections */

static void peer_rest(struct peer *peer)
{
    free(peer->frame);
    peer->frame = NULL;
    peer->has_size = false;
    peer->taken = 0;
    peer->items_count = 0;
    peer->answer.size = 0;
    peer->sent = 0;
}

static void peer_close(struct peer *peer)
{
    peer_rest(peer);
    close(peer->fd);
    peer->fd = -1;
}

static void peer_refuse(struct peer *peer, const struct error *error)
{
    log_warning("connection.closed", "cause=\"%s\"", error->text);
    peer_close(peer);
}

/* Security: the socket's mode keeps strangers out; this keeps them out where somebody changed it. */
static bool serve_may_ask(const struct serve *serve, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    if (peer.uid == geteuid() || (serve->options->has_client && peer.uid == serve->options->client))
        return true;
    log_warning("connection.refused", "uid=%u cause=\"this user may not ask\"", peer.uid);
    return false;
}

static struct peer *serve_free_place(struct serve *serve)
{
    for (uint32_t index = 0; index < SIGNER_CONNECTIONS_MAX; index++) {
        if (serve->peers[index].fd < 0)
            return &serve->peers[index];
    }
    return NULL;
}

static void serve_accept(struct serve *serve)
{
    struct peer *peer;
    int fd = accept4(serve->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return;
    peer = serve_free_place(serve);
    if (peer == NULL)
        log_warning("connection.refused", "cause=\"%u connections are open\"",
                    SIGNER_CONNECTIONS_MAX);
    if (peer == NULL || !serve_may_ask(serve, fd)) {
        close(fd);
        return;
    }
    peer->fd = fd;
}

/* ---- reading a frame */

/* Bytes that came, 0 where none are there; -1 where the connection is over. */
static ssize_t peer_receive(const struct peer *peer, void *place, size_t size)
{
    ssize_t got = recv(peer->fd, place, size, 0);

    if (got > 0)
        return got;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static enum status peer_begin_frame(struct peer *peer, struct error *error)
{
    enum status status = frame_size(peer->size_bytes, SIGNER_FRAME_BYTES_MAX, &peer->size, error);

    if (status != LICET_OK)
        return status;
    peer->frame = malloc((size_t)peer->size + 1);
    if (peer->frame == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a frame");
    peer->has_size = true;
    peer->taken = 0;
    return LICET_OK;
}

/* Reads up to the end of one frame and no further: what follows waits in the kernel. */
static void peer_read(struct peer *peer)
{
    struct error error;
    ssize_t got = 0;

    if (!peer->has_size) {
        got = peer_receive(peer, peer->size_bytes + peer->taken, FRAME_SIZE_BYTES - peer->taken);
        peer->taken += got > 0 ? (size_t)got : 0;
        if (got > 0 && peer->taken == FRAME_SIZE_BYTES &&
            peer_begin_frame(peer, &error) != LICET_OK) {
            peer_refuse(peer, &error);
            return;
        }
    }
    if (got >= 0 && peer->has_size && peer->taken < peer->size) {
        got = peer_receive(peer, peer->frame + peer->taken, peer->size - peer->taken);
        peer->taken += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        peer_close(peer);
}

static bool peer_has_frame(const struct peer *peer)
{
    return peer->fd >= 0 && peer->has_size && peer->taken == peer->size && peer->answer.size == 0;
}

/* ---- a turn */

static void serve_take(struct serve *serve, struct peer *peer, struct unix_time now)
{
    struct error error;

    if (frame_parse(text_make(peer->frame, peer->size), peer->items, &peer->items_count, &error) !=
        LICET_OK) {
        peer_refuse(peer, &error);
        return;
    }
    for (uint32_t index = 0; index < peer->items_count; index++)
        signer_take(serve->signer, &peer->items[index], now, &peer->decisions[index]);
}

static void serve_answer(struct serve *serve, struct peer *peer, struct unix_time now)
{
    frame_answers_open(&peer->answer);
    for (uint32_t index = 0; index < peer->items_count; index++)
        signer_answer(serve->signer, &peer->items[index], &peer->decisions[index], now,
                      &peer->answer);
    frame_answers_close(&peer->answer);
}

static void peer_write(struct peer *peer)
{
    ssize_t put = send(peer->fd, peer->answer.data + peer->sent, peer->answer.size - peer->sent,
                       MSG_NOSIGNAL);

    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        peer_close(peer);
        return;
    }
    peer->sent += put > 0 ? (size_t)put : 0;
    if (peer->sent == peer->answer.size)
        peer_rest(peer);
}

/* Order: everything that was judged is durable before the first signature is made. */
static enum status serve_frames(struct serve *serve, struct error *error)
{
    struct unix_time now = clock_unix();
    bool is_ready[SIGNER_CONNECTIONS_MAX];
    enum status status;

    for (uint32_t index = 0; index < SIGNER_CONNECTIONS_MAX; index++) {
        struct peer *peer = &serve->peers[index];

        is_ready[index] = peer_has_frame(peer);
        if (is_ready[index])
            serve_take(serve, peer, now);
    }
    status = signer_commit(serve->signer, error);
    for (uint32_t index = 0; status == LICET_OK && index < SIGNER_CONNECTIONS_MAX; index++) {
        struct peer *peer = &serve->peers[index];

        if (!is_ready[index] || peer->fd < 0)
            continue;
        serve->is_sealed = false;
        serve_answer(serve, peer, now);
        peer_write(peer);
    }
    return status;
}

/* Room for what comes; a full disk is told once and asked again. */
static enum status serve_prepare(struct serve *serve, struct error *error)
{
    enum status status = signer_prepare(serve->signer, error);

    if (status == LICET_DISK_FULL && !serve->was_full)
        log_warning("disk.full", "cause=\"%s\"", error_text(error, status));
    serve->was_full = status == LICET_DISK_FULL;
    return serve->was_full ? LICET_OK : status;
}

static enum status serve_idle(struct serve *serve, struct error *error)
{
    enum status status = serve->is_sealed ? LICET_OK : signer_seal(serve->signer, error);

    serve->is_sealed = status == LICET_OK;
    return status;
}

/* One place each for the socket, the signals, and every connection. */
#define SERVE_POLLS (2 + SIGNER_CONNECTIONS_MAX)

static void serve_ask_for(const struct serve *serve, struct pollfd polls[SERVE_POLLS])
{
    polls[0] = (struct pollfd){.fd = serve->listen_fd, .events = POLLIN};
    polls[1] = (struct pollfd){.fd = serve->signal_fd, .events = POLLIN};
    for (uint32_t index = 0; index < SIGNER_CONNECTIONS_MAX; index++) {
        const struct peer *peer = &serve->peers[index];

        polls[2 + index] =
            (struct pollfd){.fd = peer->fd, .events = peer->answer.size > 0 ? POLLOUT : POLLIN};
    }
}

static void serve_look_at(struct serve *serve, const struct pollfd polls[SERVE_POLLS])
{
    for (uint32_t index = 0; index < SIGNER_CONNECTIONS_MAX; index++) {
        struct peer *peer = &serve->peers[index];

        if (peer->fd < 0 || polls[2 + index].revents == 0)
            continue;
        if (peer->answer.size > 0)
            peer_write(peer);
        else
            peer_read(peer);
    }
    if (polls[0].revents != 0)
        serve_accept(serve);
    serve->is_stopping = polls[1].revents != 0;
}

static enum status serve_turn(struct serve *serve, struct error *error)
{
    struct pollfd polls[SERVE_POLLS];
    enum status status = LICET_OK;
    int count;

    serve_ask_for(serve, polls);
    count = poll(polls, SERVE_POLLS, serve->is_sealed && !serve->was_full ? -1 : SERVE_IDLE_MS);
    if (count < 0 && errno != EINTR)
        return error_set(error, LICET_SYSTEM, "poll: %s", strerror(errno));
    if (count == 0)
        status = serve_idle(serve, error);
    if (count > 0)
        serve_look_at(serve, polls);
    if (count > 0 && status == LICET_OK)
        status = serve_frames(serve, error);
    return status == LICET_OK ? serve_prepare(serve, error) : status;
}

/* ---- start and end */

/* A socket that an earlier signer left: nobody listens on it, for the journal's lock is ours. */
static void serve_remove_old(const char *path)
{
    struct stat found;

    if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode))
        unlink(path);
}

static enum status serve_listen(struct serve *serve, struct error *error)
{
    const char *path = serve->options->socket;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    mode_t mask = umask(0177);

    memcpy(address.sun_path, path, strlen(path));
    serve_remove_old(path);
    serve->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (serve->listen_fd < 0 ||
        bind(serve->listen_fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        (serve->options->has_client && chmod(path, 0666) != 0) ||
        listen(serve->listen_fd, SERVE_BACKLOG) != 0)
        return error_set(error, LICET_SYSTEM, "cannot listen on %s: %s", path, strerror(errno));
    umask(mask);
    return LICET_OK;
}

static enum status serve_catch_signals(struct serve *serve, struct error *error)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    serve->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
    return serve->signal_fd >= 0 ? LICET_OK
                                 : error_set(error, LICET_SYSTEM, "signalfd: %s", strerror(errno));
}

static void serve_init(struct serve *serve, struct signer_state *signer,
                       const struct signer_options *options)
{
    serve->signer = signer;
    serve->options = options;
    serve->listen_fd = serve->signal_fd = -1;
    for (uint32_t index = 0; index < SIGNER_CONNECTIONS_MAX; index++) {
        serve->peers[index].fd = -1;
        serve->peers[index].answer = buf_over(serve->answers[index], sizeof(serve->answers[index]));
    }
}

enum status signer_serve(struct signer_state *signer, const struct signer_options *options,
                         struct error *error)
{
    static struct serve serve;
    enum status status;

    serve_init(&serve, signer, options);
    status = serve_catch_signals(&serve, error);
    if (status == LICET_OK)
        status = serve_listen(&serve, error);
    if (status == LICET_OK)
        status = sandbox_enter(options->state, error);
    if (status == LICET_OK && (!options->has_client || options->client == geteuid()))
        log_warning("key.not_separated", "cause=\"whoever asks runs as the signer's own user, and "
                                         "can read the issuing key: give the signer a user of its "
                                         "own, and name the other one with client=\"");
    if (status == LICET_OK)
        log_info("signer.serving", "socket=\"%s\"", options->socket);
    while (status == LICET_OK && !serve.is_stopping)
        status = serve_turn(&serve, error);
    return status;
}
