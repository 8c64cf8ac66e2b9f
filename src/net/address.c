/* Socket addresses as text and as members of networks. */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/parse.h"

#define LISTEN_BACKLOG                                                                             \
    4096 /* 15,000 clients that come back within seconds wait here, not in SYN retries */

#define MAPPED_BITS 96 /* an IPv4 address is the last 32 bits of ::ffff:0:0/96 */

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* inet_pton wants a NUL-terminated string. */
static bool address_number(int family, struct text text, void *ret_bytes)
{
    char copy[INET6_ADDRSTRLEN];

    if (text.size == 0 || text.size >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return inet_pton(family, copy, ret_bytes) == 1;
}

static enum status address_refuse(struct text text, struct error *error)
{
    return error_set(error, LICET_INVALID,
                     "\"%.*s\" is not an address with a port, such as 127.0.0.1:7380 or [::1]:7380",
                     TEXT_ARGS(text_head(text, 60)));
}

enum status address_parse(struct text text, struct address *ret_address, struct error *error)
{
    struct address address = {.size = 0};
    struct text host = text, port = {"", 0};
    uint32_t number;

    for (size_t index = text.size; index > 0;
         index--) { /* the last colon: an IPv6 address has more */
        if (text.data[index - 1] == ':') {
            host = text_head(text, index - 1);
            port = text_skip(text, index);
            break;
        }
    }
    if (parse_u32(port, 0, 65535, &number, NULL) != LICET_OK)
        return address_refuse(text, error);
    if (host.size >= 2 && host.data[0] == '[' && host.data[host.size - 1] == ']') {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address.storage;

        if (!address_number(AF_INET6, text_head(text_skip(host, 1), host.size - 2),
                            &in6->sin6_addr))
            return address_refuse(text, error);
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)number);
        address.size = sizeof(*in6);
    } else {
        struct sockaddr_in *in = (struct sockaddr_in *)&address.storage;

        if (!address_number(AF_INET, host.size == 0 ? TEXT("127.0.0.1") : host, &in->sin_addr))
            return address_refuse(text, error);
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)number);
        address.size = sizeof(*in);
    }
    *ret_address = address;
    return LICET_OK;
}

uint16_t address_port(const struct address *address)
{
    if (address->storage.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

/* All addresses as 16 bytes, so that one comparison serves both families. */
static void address_bytes(const struct address *address, uint8_t *ret_bytes)
{
    if (address->storage.ss_family == AF_INET6) {
        memcpy(ret_bytes, &((const struct sockaddr_in6 *)&address->storage)->sin6_addr, 16);
        return;
    }
    memcpy(ret_bytes, mapped_prefix, sizeof(mapped_prefix));
    memcpy(ret_bytes + sizeof(mapped_prefix),
           &((const struct sockaddr_in *)&address->storage)->sin_addr, 4);
}

void address_print_host(const struct address *address, struct buf *buf)
{
    char text[INET6_ADDRSTRLEN] = "";
    uint8_t bytes[16];

    address_bytes(address, bytes);
    if (memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) == 0)
        inet_ntop(AF_INET, bytes + sizeof(mapped_prefix), text, sizeof(text));
    else
        inet_ntop(AF_INET6, bytes, text, sizeof(text));
    buf_add_string(buf, text);
}

void address_print_source(const struct address *address, struct buf *buf)
{
    struct address prefix = *address;
    struct in6_addr *bytes = &((struct sockaddr_in6 *)&prefix.storage)->sin6_addr;
    bool is_wide = address->storage.ss_family == AF_INET6 && !address_is_loopback(address) &&
                   !IN6_IS_ADDR_V4MAPPED(bytes);

    if (is_wide)
        memset(&bytes->s6_addr[8], 0, 8);
    address_print_host(&prefix, buf);
    buf_add_string(buf, is_wide ? "/64" : "");
}

void address_print(const struct address *address, struct buf *buf)
{
    bool is_ipv6 = address->storage.ss_family == AF_INET6;

    buf_add_string(buf, is_ipv6 ? "[" : "");
    address_print_host(address, buf);
    buf_printf(buf, "%s:%u", is_ipv6 ? "]" : "", address_port(address));
}

bool address_is_loopback(const struct address *address)
{
    static const struct network ipv4 = {
        .bytes = {[10] = 0xff, [11] = 0xff, [12] = 127},
        .prefix_bits = MAPPED_BITS + 8,
    };
    static const struct network ipv6 = {.bytes = {[15] = 1}, .prefix_bits = 128};

    return network_has(&ipv4, address) || network_has(&ipv6, address);
}

static int address_bind(const struct address *address)
{
    const int on = 1;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&address->storage, address->size) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0) {
        int cause = errno;

        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

enum status address_listen(const struct address *address, int *ret_fd, struct address *ret_bound,
                           struct error *error)
{
    char text[ADDRESS_TEXT_MAX];
    struct buf buf = buf_over(text, sizeof(text));
    int fd = address_bind(address);

    if (fd < 0) {
        int cause = errno;

        address_print(address, &buf);
        return error_set(error, LICET_SYSTEM, "cannot listen on %.*s: %s", (int)buf.size, buf.data,
                         strerror(cause));
    }
    *ret_bound = (struct address){.size = sizeof(ret_bound->storage)};
    getsockname(fd, (struct sockaddr *)&ret_bound->storage, &ret_bound->size);
    *ret_fd = fd;
    return LICET_OK;
}

enum status network_parse(struct text text, struct network *ret_network, struct error *error)
{
    size_t slash = text_find(text, '/');
    struct text host = text_head(text, slash);
    struct network network = {.prefix_bits = 128};
    uint32_t bits_max = 128, prefix_bits;

    if (address_number(AF_INET, host, network.bytes + sizeof(mapped_prefix))) {
        memcpy(network.bytes, mapped_prefix, sizeof(mapped_prefix));
        bits_max = 32;
    } else if (!address_number(AF_INET6, host, network.bytes)) {
        return error_set(error, LICET_INVALID,
                         "\"%.*s\" is not a network such as 10.0.0.0/8 or fd00::/8",
                         TEXT_ARGS(text_head(text, 60)));
    }
    if (slash < text.size) {
        if (parse_u32(text_skip(text, slash + 1), 0, bits_max, &prefix_bits, NULL) != LICET_OK)
            return error_set(error, LICET_INVALID, "the prefix of \"%.*s\" is not between 0 and %u",
                             TEXT_ARGS(text_head(text, 60)), bits_max);
        network.prefix_bits = prefix_bits + (128 - bits_max);
    }
    *ret_network = network;
    return LICET_OK;
}

bool network_has(const struct network *network, const struct address *address)
{
    uint32_t whole = network->prefix_bits / 8, rest = network->prefix_bits % 8;
    uint8_t bytes[16];

    address_bytes(address, bytes);
    if (memcmp(bytes, network->bytes, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ network->bytes[whole]) >> (8 - rest) == 0;
}
