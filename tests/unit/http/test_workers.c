/* A server with a thread of its own and a pool of workers, over loopback: paths, methods, many at
 * once, a full queue, a peer that leaves, and the end. */
#include "http/workers.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "unit/http/anybody.h"

#define PEERS 32
#define THREADS 4
#define QUEUE 4

static struct http_workers *workers;
static struct http_server *server;
static uint16_t port;

/* While it is closed workers stand still in slow_run(). */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int running;

static void exchange_run(struct http_exchange *exchange)
{
    struct text value = {"", 0};
    struct http_header header = {"X-Test", "yes"};

    if (strcmp(http_exchange_route(exchange)->path, "/slow") == 0) {
        running++;
        pthread_mutex_lock(&gate);
        pthread_mutex_unlock(&gate);
    }
    http_path(exchange, "id", &value);
    http_answer_with(exchange, 200, "text/plain", &header, 1, value);
}

static void exchange_push(struct http_exchange *exchange)
{
    http_workers_push(workers, exchange);
}

static const struct http_route routes[] = {
    {HTTP_GET, HTTP_ROLE_ANYBODY, "/slow", 0, exchange_push},
    {HTTP_GET, HTTP_ROLE_ANYBODY, "/orders/{id}", 0, exchange_push},
    {HTTP_DELETE, HTTP_ROLE_ANYBODY, "/orders/{order}/lines/{id}", 0, exchange_push},
    {HTTP_PUT, HTTP_ROLE_ANYBODY, "/orders/{id}", 10, exchange_push},
};

static void begin(void)
{
    static const char *const hosts[] = {"localhost", NULL};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    struct http_options options = {.routes = routes,
                                   .routes_count = sizeof(routes) / sizeof(routes[0]),
                                   .hosts = hosts,
                                   .connections_max = 100,
                                   .idle_seconds = 30,
                                   .identify = anybody_identify,
                                   .listen_fd = socket(AF_INET, SOCK_STREAM, 0)};

    if (bind(options.listen_fd, (struct sockaddr *)&address, size) != 0 ||
        listen(options.listen_fd, PEERS) != 0 ||
        getsockname(options.listen_fd, (struct sockaddr *)&address, &size) != 0 ||
        http_workers_create(THREADS, QUEUE, exchange_run, &workers, NULL) != LICET_OK ||
        http_server_create(&options, &server, NULL) != LICET_OK)
        exit(1);
    port = ntohs(address.sin_port);
    running = 0;
}

static void end(void)
{
    http_workers_stop(workers);
    http_server_destroy(server);
    http_workers_destroy(workers);
}

static int peer_open(const char *method, const char *path)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    char request[200];
    int size = snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        method, path);

    if (connect(peer, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        send(peer, request, (size_t)size, MSG_NOSIGNAL) != size)
        exit(1);
    return peer;
}

static const char *peer_hear(int peer)
{
    static char heard[4096];
    size_t size = 0;
    ssize_t got;

    while ((got = recv(peer, heard + size, sizeof(heard) - 1 - size, 0)) > 0)
        size += (size_t)got;
    heard[size] = '\0';
    close(peer);
    return heard;
}

static bool is_answer(const char *heard, const char *status, const char *body)
{
    const char *end_of_head = strstr(heard, "\r\n\r\n");

    return text_starts_with(text_skip(text_of(heard), strlen("HTTP/1.1 ")), status) &&
           end_of_head != NULL && strcmp(end_of_head + 4, body) == 0;
}

static bool is_status(const char *heard, const char *status)
{
    return text_starts_with(text_skip(text_of(heard), strlen("HTTP/1.1 ")), status);
}

static void test_paths(void)
{
    const char *heard;

    begin();
    heard = peer_hear(peer_open("GET", "/orders/17"));
    ok(is_answer(heard, "200", "17"), "a segment of the path is the value of its name");
    ok(strstr(heard, "\r\nX-Test: yes\r\n") != NULL, "an answer has the headers that it was given");
    ok(is_answer(peer_hear(peer_open("DELETE", "/orders/17/lines/4?id=9")), "200", "4"),
       "of two names each has its own");
    ok(is_answer(peer_hear(peer_open("PUT", "/orders/x")), "200", "x"),
       "PUT is a method of its own");
    ok(is_status(peer_hear(peer_open("POST", "/orders/x")), "405"), "which says nothing of POST");
    ok(is_status(peer_hear(peer_open("GET", "/orders/")), "404") &&
           is_status(peer_hear(peer_open("GET", "/orders")), "404") &&
           is_status(peer_hear(peer_open("GET", "/orders/1/2")), "404") &&
           is_status(peer_hear(peer_open("GET", "/orders/1%2f2")), "404"),
       "a name stands for one segment, not for none and not for two");
    end();
}

/* The index of a peer that has been answered. */
static int peers_wait(const int *peers, int count)
{
    struct pollfd polls[THREADS + QUEUE + 1];

    for (int index = 0; index < count; index++)
        polls[index] = (struct pollfd){.fd = peers[index], .events = POLLIN};
    if (poll(polls, (nfds_t)count, -1) < 1)
        exit(1);
    for (int index = 0; index < count; index++) {
        if (polls[index].revents != 0)
            return index;
    }
    return 0;
}

static void test_many(void)
{
    int peers[THREADS + QUEUE + 1], count = THREADS + QUEUE + 1, answered = 0, refused;

    begin();
    pthread_mutex_lock(&gate);
    for (int index = 0; index < count; index++) {
        while (index == THREADS && running < THREADS)
            usleep(1000);
        peers[index] = peer_open("GET", "/slow");
    }
    refused = peers_wait(peers, count);
    ok(is_status(peer_hear(peers[refused]), "503"), "one more than can wait is told 503 at once");
    peers[refused] = peers[--count];
    close(peers[--count]); /* another does not wait for its answer */
    pthread_mutex_unlock(&gate);
    for (int index = 0; index < count; index++)
        answered += is_status(peer_hear(peers[index]), "200");
    ok(answered == THREADS + QUEUE - 1, "what was queued is answered, whoever else has left");
    ok(is_answer(peer_hear(peer_open("GET", "/orders/5")), "200", "5"), "and work goes on");
    end();
}

static void test_end(void)
{
    int peer, late;

    begin();
    pthread_mutex_lock(&gate);
    peer = peer_open("GET", "/slow");
    while (running < 1)
        usleep(1000);
    pthread_mutex_unlock(&gate);
    http_workers_stop(workers);
    late = peer_open("GET", "/orders/5");
    ok(is_status(peer_hear(late), "503"), "a pool that has stopped takes nothing more");
    end();
    ok(is_status(peer_hear(peer), "200"), "what a worker had taken is answered before the end");
}

int main(void)
{
    test_paths();
    test_many();
    test_end();
    return tap_done();
}
