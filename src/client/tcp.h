/*
 * The transport that liblicet uses where a product brings none: TCP, never waiting longer than it
 * is told, never raising a signal.
 */
#ifndef LICET_CLIENT_TCP_H
#define LICET_CLIENT_TCP_H

#include <sys/socket.h>

#include "base/status.h"
#include "base/text.h"
#include "licet.h"

#define TCP_ADDRESSES_MAX 8 /* of one name: a host with IPv4 and IPv6 on four networks */
#define TCP_HOST_BYTES_MAX 255

struct tcp_address {
    struct sockaddr_storage address;
    socklen_t size;
};

struct tcp {
    int fd; /* -1: none */
    bool is_connected;
    uint32_t addresses_count; /* 0: the name is to be looked up */
    uint32_t next;            /* the address to be tried next */
    struct tcp_address addresses[TCP_ADDRESSES_MAX];
};

/* "host", "host:port", "[ipv6]:port". ret_port gets the text of the port. LICET_INVALID. */
enum status tcp_server_parse(const char *server, char ret_host[TCP_HOST_BYTES_MAX + 1],
                             char ret_port[6], struct error *error);

void tcp_init(struct tcp *tcp);
/* Its callbacks over `tcp`, which must stay where it is. */
licet_transport tcp_transport(struct tcp *tcp);

#endif
