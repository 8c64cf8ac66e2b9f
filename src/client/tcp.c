/* Non-blocking sockets under the callbacks of licet_transport. */
#include "client/tcp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include "base/parse.h"

#define TCP_PORT_DEFAULT "7380"

static enum status tcp_port_take(struct text port, char ret_port[6], struct error *error)
{
    uint32_t number;

    if (parse_u32(port, 1, UINT16_MAX, &number, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID,
                         "\"%.*s\" is not a port: a server is named host:port",
                         TEXT_ARGS(text_head(port, 40)));
    memcpy(ret_port, port.data, port.size);
    ret_port[port.size] = '\0';
    return LICET_OK;
}

enum status tcp_server_parse(const char *server, char ret_host[TCP_HOST_BYTES_MAX + 1],
                             char ret_port[6], struct error *error)
{
    struct text rest = text_of(server), host;
    bool is_bracketed = text_starts_with(rest, "[");
    size_t end = is_bracketed ? text_find(rest, ']') : text_find(rest, ':');

    host = text_head(text_skip(rest, is_bracketed), end - is_bracketed);
    rest = text_skip(rest, end + is_bracketed);
    if (host.size == 0 || host.size > TCP_HOST_BYTES_MAX || (is_bracketed && end == strlen(server)))
        return error_set(error, LICET_INVALID,
                         "\"%.80s\" does not name a server: host:port is wanted, or [address]:port",
                         server);
    if (rest.size == 0)
        rest = TEXT(":" TCP_PORT_DEFAULT);
    else if (rest.data[0] != ':')
        return error_set(error, LICET_INVALID, "\"%.80s\" has no \":port\" after its bracket",
                         server);
    if (tcp_port_take(text_skip(rest, 1), ret_port, error) != LICET_OK)
        return LICET_INVALID;
    memcpy(ret_host, host.data, host.size);
    ret_host[host.size] = '\0';
    return LICET_OK;
}

static enum status tcp_look_up(struct tcp *tcp, const char *server, struct error *error)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[TCP_HOST_BYTES_MAX + 1], port[6];
    enum status status = tcp_server_parse(server, host, port, error);
    int failure;

    if (status != LICET_OK)
        return status;
    failure = getaddrinfo(host, port, &hints, &found);
    if (failure != 0)
        return error_set(error, LICET_UNREACHABLE,
                         "the license server's name %.80s cannot be looked up: %s", host,
                         gai_strerror(failure));
    tcp->addresses_count = 0;
    tcp->next = 0;
    for (struct addrinfo *item = found; item != NULL && tcp->addresses_count < TCP_ADDRESSES_MAX;
         item = item->ai_next) {
        struct tcp_address *address = &tcp->addresses[tcp->addresses_count++];

        memcpy(&address->address, item->ai_addr, item->ai_addrlen);
        address->size = item->ai_addrlen;
    }
    freeaddrinfo(found);
    return LICET_OK;
}

static void tcp_hang_up(struct tcp *tcp)
{
    if (tcp->fd >= 0)
        close(tcp->fd);
    tcp->fd = -1;
    tcp->is_connected = false;
}

/* Starts with the next address. False: this one failed at once, errno says why. */
static bool tcp_start(struct tcp *tcp)
{
    const struct tcp_address *address = &tcp->addresses[tcp->next++];
    const int on = 1;
    int saved;

    tcp->fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->fd < 0)
        return false;
    setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(tcp->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (connect(tcp->fd, (const struct sockaddr *)&address->address, address->size) == 0 ||
        errno == EINPROGRESS)
        return true;
    saved = errno;
    tcp_hang_up(tcp);
    errno = saved;
    return false;
}

/* Waits for the connection that was started. LICET_UNREACHABLE with errno set where it failed. */
static enum status tcp_finish(struct tcp *tcp, uint32_t timeout_ms)
{
    struct pollfd poll_fd = {.fd = tcp->fd, .events = POLLOUT};
    int failure = 0;
    socklen_t size = sizeof(failure);

    if (poll(&poll_fd, 1, (int)timeout_ms) <= 0)
        return LICET_TIMEOUT;
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0) {
        tcp->is_connected = true;
        return LICET_OK;
    }
    tcp_hang_up(tcp);
    errno = failure;
    return LICET_UNREACHABLE;
}

static licet_status tcp_connect(void *context, const char *server, uint32_t timeout_ms,
                                licet_error *ret_error)
{
    struct tcp *tcp = context;
    struct error *error = (struct error *)ret_error;
    enum status status;

    if (tcp->addresses_count == 0) {
        status = tcp_look_up(tcp, server, error);
        if (status != LICET_OK)
            return status;
    }
    errno = 0;
    while (tcp->fd >= 0 || tcp->next < tcp->addresses_count) {
        if (tcp->fd < 0 && !tcp_start(tcp))
            continue;
        status = tcp_finish(tcp, timeout_ms);
        if (status != LICET_UNREACHABLE)
            return status;
        timeout_ms = 0; /* Limit: the wait is one for all addresses of a call */
    }
    /* All of them failed; the name may have moved. */
    tcp->addresses_count = 0;
    return error_set(error, LICET_UNREACHABLE, "the license server %.80s cannot be reached: %s",
                     server, strerror(errno));
}

static bool tcp_is_pause(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* False: nothing will come or go within timeout_ms. */
static bool tcp_wait(struct tcp *tcp, short events, uint32_t timeout_ms)
{
    struct pollfd poll_fd = {.fd = tcp->fd, .events = events};

    return timeout_ms > 0 && poll(&poll_fd, 1, (int)timeout_ms) > 0;
}

static int64_t tcp_read(void *context, void *data, size_t data_size, uint32_t timeout_ms)
{
    struct tcp *tcp = context;
    ssize_t size = recv(tcp->fd, data, data_size, 0);

    if (size < 0 && tcp_is_pause()) {
        if (!tcp_wait(tcp, POLLIN, timeout_ms))
            return 0;
        size = recv(tcp->fd, data, data_size, 0);
    }
    if (size < 0 && tcp_is_pause())
        return 0;
    return size > 0 ? size : -1;
}

static int64_t tcp_write(void *context, const void *data, size_t data_size, uint32_t timeout_ms)
{
    struct tcp *tcp = context;
    ssize_t size = send(tcp->fd, data, data_size, MSG_NOSIGNAL);

    if (size < 0 && tcp_is_pause()) {
        if (!tcp_wait(tcp, POLLOUT, timeout_ms))
            return 0;
        size = send(tcp->fd, data, data_size, MSG_NOSIGNAL);
    }
    if (size < 0 && tcp_is_pause())
        return 0;
    return size < 0 ? -1 : size;
}

static void tcp_close(void *context)
{
    struct tcp *tcp = context;

    /* Order: an address that answered is tried first again; one that hung is left for the next. */
    if (tcp->is_connected && tcp->next > 0)
        tcp->next--;
    else if (tcp->next >= tcp->addresses_count)
        tcp->addresses_count = 0;
    tcp_hang_up(tcp);
}

static int32_t tcp_fd(void *context)
{
    const struct tcp *tcp = context;

    return tcp->fd;
}

void tcp_init(struct tcp *tcp)
{
    *tcp = (struct tcp){.fd = -1};
}

licet_transport tcp_transport(struct tcp *tcp)
{
    return (licet_transport){
        .size = sizeof(licet_transport),
        .context = tcp,
        .connect = tcp_connect,
        .read = tcp_read,
        .write = tcp_write,
        .close = tcp_close,
        .fd = tcp_fd,
    };
}
