/* Addresses: where to listen, who may connect, and the text by which a peer is counted (R10.4). */
#ifndef LICET_NET_ADDRESS_H
#define LICET_NET_ADDRESS_H

#include <sys/socket.h>

#include "base/status.h"
#include "base/text.h"

/* "[" 39 "]:" 5 and a NUL: the longest IPv6 address with its port. */
#define ADDRESS_TEXT_MAX 56

struct address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* "127.0.0.1:7380", "[::1]:7380", ":7380" (loopback). Numbers only: a daemon asks no name server.
 */
enum status address_parse(struct text text, struct address *ret_address, struct error *error);
void address_print(const struct address *address, struct buf *buf); /* with its port */
void address_print_host(const struct address *address,
                        struct buf *buf); /* without; IPv4 mapped into IPv6 as IPv4 */
/* By whom limits count (R10.4): an IPv4 address, or the /64 of an IPv6 one, in which one machine has
 * as many addresses as it likes; the loopback address itself. */
void address_print_source(const struct address *address, struct buf *buf);
uint16_t address_port(const struct address *address);
bool address_is_loopback(const struct address *address);

/* A non-blocking socket that listens there, yours to close, and the address as bound: with the port
 * that the system chose where 0 was asked. */
enum status address_listen(const struct address *address, int *ret_fd, struct address *ret_bound,
                           struct error *error);

/* A network: address and prefix, as in "10.0.0.0/8" or "fd00::/8"; a bare address is a network of
 * one. */
struct network {
    uint8_t bytes[16]; /* IPv4 is mapped into IPv6 */
    uint32_t prefix_bits;
};

enum status network_parse(struct text text, struct network *ret_network, struct error *error);
bool network_has(const struct network *network, const struct address *address);

#endif
