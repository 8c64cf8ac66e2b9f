/* Exchanges over real sockets: answers that come later, peers that do not wait for them, and the
 * end of the server. */
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "tap.h"
#include "unit/http/anybody.h"

#define TURNS 20 /* of the server, until nothing is left to do */

static struct http_exchange *waiting; /* the one that /later has deferred */
static int handled, woken;

static void now_handle(struct http_exchange *exchange)
{
    handled++;
    http_answer(exchange, 200, "text/plain", TEXT("now"));
}

static void later_handle(struct http_exchange *exchange)
{
    handled++;
    waiting = exchange;
    http_defer(exchange);
}

static const struct http_route routes[] = {
    {HTTP_GET, HTTP_ROLE_ANYBODY, "/now", 0, now_handle},
    {HTTP_GET, HTTP_ROLE_ANYBODY, "/later", 0, later_handle},
};

static void wake(void *context)
{
    (void)context;
    woken++;
}

static struct http_server *server_begin(uint32_t connections_max)
{
    static const char *const hosts[] = {"localhost", NULL};
    struct http_options options = {.routes = routes,
                                   .routes_count = sizeof(routes) / sizeof(routes[0]),
                                   .hosts = hosts,
                                   .connections_max = connections_max,
                                   .idle_seconds = 30,
                                   .wake = wake,
                                   .identify = anybody_identify};
    struct http_server *server = NULL;

    if (http_server_create(&options, &server, NULL) != LICET_OK)
        exit(1);
    handled = woken = 0;
    return server;
}

static void server_turn(struct http_server *server)
{
    for (int turn = 0; turn < TURNS; turn++)
        http_server_run(server);
}

/* The peer's end; *ret_fd is the server's. */
static int peer_open(struct http_server *server, enum status *ret_status, int *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
        exit(1);
    *ret_fd = ends[0];
    *ret_status =
        http_server_take_fd(server, ends[0], (struct sockaddr *)&address, sizeof(address), NULL);
    return ends[1];
}

static void peer_ask(int peer, const char *path)
{
    char request[100];
    int size =
        snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);

    if (send(peer, request, (size_t)size, MSG_NOSIGNAL) != size)
        exit(1);
}

static int peer_begin(struct http_server *server, const char *path)
{
    enum status status;
    int fd, peer = peer_open(server, &status, &fd);

    peer_ask(peer, path);
    server_turn(server);
    return peer;
}

/* What came, whole: an answer ends with its connection. */
static const char *peer_hear(int peer)
{
    static char heard[4096];
    size_t size = 0;
    ssize_t got;

    while ((got = recv(peer, heard + size, sizeof(heard) - 1 - size, MSG_DONTWAIT)) > 0)
        size += (size_t)got;
    heard[size] = '\0';
    return heard;
}

static bool is_answer(const char *heard, const char *status)
{
    return text_starts_with(text_skip(text_of(heard), strlen("HTTP/1.1 ")), status);
}

static void test_deferred(void)
{
    struct http_server *server = server_begin(10);
    int peer = peer_begin(server, "/later");

    ok(handled == 1 && peer_hear(peer)[0] == '\0', "a deferred exchange is not answered yet");
    http_answer(waiting, 200, "text/plain", TEXT("later"));
    ok(woken == 1, "its answer wakes the server");
    server_turn(server);
    ok(is_answer(peer_hear(peer), "200"), "which then sends it");
    close(peer);
    http_server_destroy(server);
}

static void test_peer_leaves(void)
{
    struct http_server *server = server_begin(10);
    int peer = peer_begin(server, "/later");

    close(peer);
    server_turn(server);
    http_answer(waiting, 200, "text/plain", TEXT("to nobody"));
    server_turn(server);
    ok(handled == 1, "an exchange whose peer has left can be answered, and is asked for once");
    peer = peer_begin(server, "/now");
    ok(is_answer(peer_hear(peer), "200"), "and the server goes on");
    close(peer);
    http_server_destroy(server);
}

static void test_stop(void)
{
    struct http_server *server = server_begin(10);
    int deferred = peer_begin(server, "/later"), last;
    enum status status;
    int fd;

    last = peer_open(server, &status, &fd);
    server_turn(server);
    peer_ask(last, "/later"); /* comes too late: the server will not have looked at it */
    http_server_destroy(server);
    ok(is_answer(peer_hear(deferred), "503"), "who still waits when the server stops is told so");
    ok(handled == 1 && !is_answer(peer_hear(last), "200"),
       "and nothing is begun that could not be ended");
    close(deferred);
    close(last);
}

static void test_limit(void)
{
    struct http_server *server = server_begin(1);
    enum status status;
    int fd, first = peer_open(server, &status, &fd), second;

    ok(status == LICET_OK, "a connection is taken");
    second = peer_open(server, &status, &fd);
    ok(status == LICET_OVER_LIMIT, "one more than the limit is not");
    ok(fcntl(fd, F_GETFD) == -1 && errno == EBADF, "and its descriptor is closed already");
    close(first);
    close(second);
    http_server_destroy(server);
}

int main(void)
{
    test_deferred();
    test_peer_leaves();
    test_stop();
    test_limit();
    return tap_done();
}
