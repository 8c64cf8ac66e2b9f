/*
 * The load that `make bench` gives to licet-portal: clients that allocate, each on a thread of
 * its own, one seat more on its own license server, again as soon as the answer is there. Every call
 * has a connection of its own: the portal closes it behind each answer. An answer that is no 201, or
 * lacks the words it must have, ends all, and the caller throws the whole cell away.
 *
 *   acts PORT ORGANIZATION ENTITLEMENT CLIENTS SEATS WARM-MS MS WORDS
 *
 * The license servers are bench-0, bench-1 and so on; the first count asked for is SEATS. The token
 * of the license administrator comes on standard input, so that nobody sees it in a list of
 * processes. Prints one line of key=value: `seats` is the first count that nobody has asked for.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/parse.h"

#define CLIENTS_MAX 256u
#define ANSWER_BYTES 16384u /* a generation of one line is less than 1 KiB */
#define NS_OF_MS 1000000u

struct acts {
    uint32_t port, organization, entitlement, clients, seats, warm_ms, ms;
    const char *words;
    char token[256];
    uint64_t begin_ns, end_ns; /* what is answered between them counts */
};

struct client {
    const struct acts *acts;
    pthread_t thread;
    int fd;
    uint32_t index, seats;
    uint64_t count;
    char answer[ANSWER_BYTES + 1];
};

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- one call */

static void client_connect(struct client *client)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)client->acts->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;

    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
        errx(1, "port %u cannot be reached", client->acts->port);
}

static void client_send(const struct client *client)
{
    const struct acts *acts = client->acts;
    char body[256], call[1024];
    int body_size = snprintf(body, sizeof(body),
                             "{\"server\":\"bench-%u\",\"lines\":[{\"entitlement\":%u,"
                             "\"seats\":%u}]}",
                             client->index, acts->entitlement, client->seats);
    int size =
        snprintf(call, sizeof(call),
                 "POST /api/organizations/%u/allocations HTTP/1.1\r\n"
                 "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
                 "Idempotency-Key: bench-%u-%u\r\nContent-Type: application/json\r\n"
                 "Content-Length: %d\r\n\r\n%s",
                 acts->organization, acts->token, client->index, client->seats, body_size, body);

    if (send(client->fd, call, (size_t)size, MSG_NOSIGNAL) != size)
        errx(1, "a call is not sent");
}

/* The bytes of the whole answer, or 0 where some are missing. */
static size_t answer_size(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n"),
               *length = strcasestr(answer, "\r\ncontent-length:");
    size_t size;

    if (end == NULL)
        return 0;
    if (length == NULL || length > end)
        errx(1, "an answer without a length: %.200s", answer);
    size = (size_t)(end + 4 - answer) + strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    if (size > ANSWER_BYTES)
        errx(1, "an answer of %zu bytes", size);
    return size;
}

static void client_receive(struct client *client)
{
    size_t size = 0, whole = 0;

    while (whole == 0 || size < whole) {
        ssize_t more = recv(client->fd, client->answer + size, ANSWER_BYTES - size, 0);

        if (more <= 0)
            errx(1, "a connection is lost");
        size += (size_t)more;
        client->answer[size] = '\0';
        whole = answer_size(client->answer);
    }
    if (strncmp(client->answer, "HTTP/1.1 201 ", 13) != 0 ||
        strstr(client->answer, client->acts->words) == NULL)
        errx(1, "refused: %s", client->answer);
}

static void *client_run(void *context)
{
    struct client *client = context;
    uint64_t now;

    do {
        client_connect(client);
        client_send(client);
        client_receive(client);
        close(client->fd);
        client->seats++;
        now = now_ns();
        if (now >= client->acts->begin_ns && now < client->acts->end_ns)
            client->count++;
    } while (now < client->acts->end_ns);
    return NULL;
}

/* ---- all of them */

static void acts_run(struct acts *acts, struct client *clients)
{
    uint64_t count = 0;
    uint32_t seats = acts->seats;

    for (uint32_t index = 0; index < acts->clients; index++) {
        clients[index].acts = acts;
        clients[index].index = index;
        clients[index].seats = acts->seats;
    }
    acts->begin_ns = now_ns() + (uint64_t)acts->warm_ms * NS_OF_MS;
    acts->end_ns = acts->begin_ns + (uint64_t)acts->ms * NS_OF_MS;
    for (uint32_t index = 0; index < acts->clients; index++) {
        if (pthread_create(&clients[index].thread, NULL, client_run, &clients[index]) != 0)
            errx(1, "no thread");
    }
    for (uint32_t index = 0; index < acts->clients; index++) {
        pthread_join(clients[index].thread, NULL);
        count += clients[index].count;
        seats = clients[index].seats > seats ? clients[index].seats : seats;
    }
    printf("acts_s=%.1f seats=%u\n", (double)count * 1000 / acts->ms, seats);
}

static void acts_read(struct acts *acts, char **argv)
{
    uint32_t *const numbers[] = {&acts->port,    &acts->organization, &acts->entitlement,
                                 &acts->clients, &acts->seats,        &acts->warm_ms,
                                 &acts->ms};
    struct error error;

    for (size_t index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
        if (parse_u32(text_of(argv[index + 1]), index < 5 ? 1 : 0, UINT32_MAX, numbers[index],
                      &error) != LICET_OK)
            errx(1, "%s", error.text);
    }
    acts->words = argv[8];
    if (acts->clients > CLIENTS_MAX || acts->ms == 0 || acts->port > UINT16_MAX ||
        fgets(acts->token, sizeof(acts->token), stdin) == NULL)
        errx(1, "a number is out of its range, or the token is missing");
    acts->token[strcspn(acts->token, "\n")] = '\0';
}

int main(int argc, char **argv)
{
    static struct client clients[CLIENTS_MAX];
    struct acts acts = {0};

    if (argc != 9)
        errx(1, "usage: acts PORT ORGANIZATION ENTITLEMENT CLIENTS SEATS WARM-MS MS WORDS");
    acts_read(&acts, argv);
    acts_run(&acts, clients);
    return 0;
}
