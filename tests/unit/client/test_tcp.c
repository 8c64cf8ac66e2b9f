/* The transport that liblicet brings: addresses, sockets on loopback, and never a wait too long. */
#include "client/tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

static bool parses_to(const char *server, const char *host, const char *port)
{
    char found_host[TCP_HOST_BYTES_MAX + 1] = "", found_port[6] = "";

    return tcp_server_parse(server, found_host, found_port, NULL) == LICET_OK &&
           strcmp(found_host, host) == 0 && strcmp(found_port, port) == 0;
}

static void test_names(void)
{
    static const char *const bad[] = {"",        ":7380",  "a:",   "a:b",  "a:0",
                                      "a:65536", "[::1",   "[]",   "[]:1", "[::1]x",
                                      "a:1:2",   "[::1]:", "a: 1", "a:+1"};
    char host[TCP_HOST_BYTES_MAX + 1], port[6], long_name[400];
    bool is_refused = true;

    ok(parses_to("lic01", "lic01", "7380"), "a host alone is port 7380");
    ok(parses_to("lic01.example:1", "lic01.example", "1"), "host and port");
    ok(parses_to("192.0.2.1:65535", "192.0.2.1", "65535"), "address and port");
    ok(parses_to("[2001:db8::1]:7381", "2001:db8::1", "7381"), "IPv6 in brackets, with a port");
    ok(parses_to("[::1]", "::1", "7380"), "and without");
    for (size_t index = 0; index < sizeof(bad) / sizeof(bad[0]); index++) {
        if (tcp_server_parse(bad[index], host, port, NULL) == LICET_OK) {
            is_refused = false;
            printf("# \"%s\" was taken\n", bad[index]);
        }
    }
    ok(is_refused, "what names no server is refused");
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    ok(tcp_server_parse(long_name, host, port, NULL) == LICET_INVALID, "so is a name without end");
}

/* A listener on loopback; its port goes into `server`. */
static int listen_on(char server[32])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        abort();
    snprintf(server, 32, "127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

static void test_conversation(void)
{
    struct tcp tcp;
    licet_transport transport;
    licet_error error;
    char server[32], data[16];
    int listener = listen_on(server), peer;
    int64_t before;

    tcp_init(&tcp);
    transport = tcp_transport(&tcp);
    ok(transport.connect(transport.context, server, 1000, &error) == LICET_OK, "it connects");
    ok(transport.fd(transport.context) >= 0, "and has a descriptor");
    peer = accept(listener, NULL, NULL);
    ok(transport.write(transport.context, "ping", 4, 0) == 4 && read(peer, data, 4) == 4,
       "it writes");
    ok(transport.read(transport.context, data, sizeof(data), 0) == 0, "nothing to read is 0");
    before = clock_instant().ms;
    ok(transport.read(transport.context, data, sizeof(data), 100) == 0 &&
           clock_instant().ms - before >= 95 && clock_instant().ms - before < 2000,
       "after the time that was given");
    ok(write(peer, "pong", 4) == 4 && transport.read(transport.context, data, 16, 1000) == 4,
       "it reads");
    close(peer);
    ok(transport.read(transport.context, data, sizeof(data), 1000) < 0, "an end is an end");
    transport.write(transport.context, "more", 4, 0);
    usleep(20000);
    ok(transport.write(transport.context, "more", 4, 0) < 0,
       "INV-31 a write to a closed connection raises no signal");
    transport.close(transport.context);
    ok(transport.fd(transport.context) == -1, "closed");
    close(listener);
    ok(transport.connect(transport.context, server, 1000, &error) == LICET_UNREACHABLE &&
           strstr(error.text, server) != NULL && strstr(error.text, "refused") != NULL,
       "nobody listens: the sentence names the server and the system's reason");
    transport.close(transport.context);
}

static void test_names_that_are_not(void)
{
    struct tcp tcp;
    licet_transport transport;
    licet_error error;

    tcp_init(&tcp);
    transport = tcp_transport(&tcp);
    ok(transport.connect(transport.context, "127.0.0.1.nothing.invalid:7380", 0, &error) ==
               LICET_UNREACHABLE &&
           strstr(error.text, "nothing.invalid") != NULL,
       "a name that cannot be looked up is named");
    transport.close(transport.context);
}

int main(void)
{
    test_names();
    test_conversation();
    test_names_that_are_not();
    return tap_done();
}
