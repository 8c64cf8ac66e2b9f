/* Connecting, asking, reading the answers. Starting a signer is child.c. */
#include "signer/client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "signer/child.h"

#define CLIENT_PAUSE_MS 10
#define CLIENT_ATTEMPTS 3

struct signer_client {
    struct signer_client_options options;
    struct signer_child child;
    int fd;          /* -1: not connected */
    uint8_t *answer; /* FRAME_ANSWERS_MAX */
};

enum status signer_client_create(const struct signer_client_options *options,
                                 struct signer_client **ret_client, struct error *error)
{
    struct signer_client *client = calloc(1, sizeof(*client));

    if (strlen(options->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        free(client);
        return error_set(error, LICET_INVALID, "the path of the signer's socket is too long");
    }
    if (client != NULL)
        client->answer = malloc(FRAME_ANSWERS_MAX);
    if (client == NULL || client->answer == NULL) {
        free(client);
        return error_set(error, LICET_NO_MEMORY, "no memory is left to ask the signer");
    }
    client->options = *options;
    client->fd = -1;
    *ret_client = client;
    return LICET_OK;
}

static void client_disconnect(struct signer_client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

void signer_client_destroy(struct signer_client *client)
{
    if (client == NULL)
        return;
    client_disconnect(client);
    signer_child_stop(&client->child);
    free(client->answer);
    free(client);
}

/* ---- connecting */

/* LICET_UNREACHABLE: nobody listens there now. */
static enum status client_connect_once(struct signer_client *client, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int cause;

    memcpy(address.sun_path, client->options.socket, strlen(client->options.socket));
    if (fd < 0)
        return error_set(error, LICET_SYSTEM, "no socket can be made: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        client->fd = fd;
        return LICET_OK;
    }
    cause = errno;
    close(fd);
    return error_set(error, LICET_UNREACHABLE, "the signer does not answer on %s: %s",
                     client->options.socket, strerror(cause));
}

static enum status client_start(struct signer_client *client, bool *was_started,
                                struct error *error)
{
    if (*was_started)
        return error_set(error, LICET_UNREACHABLE,
                         "the signer %s ended with %d right after its start: its log says why",
                         client->options.program, client->child.exit_code);
    *was_started = true;
    return signer_child_start(&client->child, client->options.program, client->options.config,
                              error);
}

/* Until somebody answers, or the time is over. Where no child of ours runs, one is started, once. */
static enum status client_connect(struct signer_client *client, struct instant deadline,
                                  struct error *error)
{
    bool was_started = false;

    if (client->fd >= 0)
        return LICET_OK;
    for (;;) {
        enum status status = client_connect_once(client, error);

        if (status != LICET_UNREACHABLE || client->options.program == NULL ||
            clock_instant().ms >= deadline.ms)
            return status;
        if (signer_child_has_ended(&client->child)) {
            status = client_start(client, &was_started, error);
            if (status != LICET_OK)
                return status;
        }
        poll(NULL, 0, CLIENT_PAUSE_MS);
    }
}

/* ---- a frame out, a frame in */

static enum status client_wait(const struct signer_client *client, short events,
                               struct instant deadline, struct error *error)
{
    struct pollfd place = {.fd = client->fd, .events = events};
    int64_t left = deadline.ms - clock_instant().ms;

    if (left > 0 && poll(&place, 1, (int)left) > 0)
        return LICET_OK;
    return left > 0 && errno == EINTR
               ? LICET_OK
               : error_set(error, LICET_TIMEOUT, "the signer did not answer in time: ask again");
}

static enum status client_broken(struct error *error)
{
    return error_set(error, LICET_UNREACHABLE,
                     "the signer closed the connection without an answer: its log says why");
}

static enum status client_send(const struct signer_client *client, struct text bytes,
                               struct instant deadline, struct error *error)
{
    enum status status = LICET_OK;

    while (status == LICET_OK && bytes.size > 0) {
        ssize_t put = send(client->fd, bytes.data, bytes.size, MSG_NOSIGNAL);

        if (put > 0)
            bytes = text_skip(bytes, (size_t)put);
        else if (errno == EAGAIN || errno == EINTR)
            status = client_wait(client, POLLOUT, deadline, error);
        else
            status = client_broken(error);
    }
    return status;
}

static enum status client_receive(const struct signer_client *client, uint8_t *place, size_t size,
                                  struct instant deadline, struct error *error)
{
    enum status status = LICET_OK;

    while (status == LICET_OK && size > 0) {
        ssize_t got = recv(client->fd, place, size, 0);

        if (got > 0) {
            place += got;
            size -= (size_t)got;
        } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            status = client_wait(client, POLLIN, deadline, error);
        } else {
            status = client_broken(error);
        }
    }
    return status;
}

static enum status client_exchange(struct signer_client *client, struct text frame, uint32_t count,
                                   struct signer_answer *answers, struct instant deadline,
                                   struct error *error)
{
    uint8_t head[FRAME_SIZE_BYTES];
    uint32_t size = 0;
    enum status status = client_send(client, frame, deadline, error);

    if (status == LICET_OK)
        status = client_receive(client, head, sizeof(head), deadline, error);
    if (status == LICET_OK)
        status = frame_size(head, FRAME_ANSWERS_MAX, &size, error);
    if (status == LICET_OK)
        status = client_receive(client, client->answer, size, deadline, error);
    if (status == LICET_OK)
        status = frame_answers_parse(text_make(client->answer, size), count, answers, error);
    if (status != LICET_OK)
        client_disconnect(client); /* an answer that comes late belongs to nobody */
    return status;
}

/* ---- asking */

static uint32_t client_count_fitting(const struct signer_item *items, uint32_t count,
                                     size_t *ret_size)
{
    uint32_t fitting = 0;

    *ret_size = FRAME_SIZE_BYTES;
    while (fitting < count && fitting < SIGNER_ITEMS_MAX) {
        size_t size = frame_item_size(&items[fitting]);

        if (items[fitting].reason.size > UINT16_MAX ||
            size > FRAME_SIZE_BYTES + SIGNER_FRAME_BYTES_MAX - *ret_size)
            break;
        *ret_size += size;
        fitting++;
    }
    return fitting;
}

/* The signer may have been started anew since the last frame, and one that is being killed still
 * takes connections for a moment. */
static enum status client_insist(struct signer_client *client, struct text frame, uint32_t count,
                                 struct signer_answer *answers, struct error *error)
{
    struct instant deadline = instant_add_ms(clock_instant(), client->options.timeout_ms);

    for (int attempt = 1;; attempt++) {
        enum status status = client_connect(client, deadline, error);

        if (status != LICET_OK)
            return status;
        status = client_exchange(client, frame, count, answers, deadline, error);
        if (status != LICET_UNREACHABLE || attempt == CLIENT_ATTEMPTS)
            return status;
        poll(NULL, 0, CLIENT_PAUSE_MS);
    }
}

enum status signer_client_ask(struct signer_client *client, const struct signer_item *items,
                              uint32_t count, struct signer_answer *ret_answers,
                              uint32_t *ret_count, struct error *error)
{
    enum status status;
    struct buf frame;
    size_t size;
    uint32_t fitting = client_count_fitting(items, count, &size);

    if (fitting == 0)
        return error_set(error, LICET_TOO_LARGE, "a payload of %zu bytes cannot be sent",
                         items->payload.size);
    frame = buf_over(malloc(size), size);
    if (frame.data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to ask the signer");
    frame_print(items, fitting, &frame);
    status = client_insist(client, buf_text(&frame), fitting, ret_answers, error);
    free(frame.data);
    if (status == LICET_OK)
        *ret_count = fitting;
    return status;
}
