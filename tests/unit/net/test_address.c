/* Addresses and networks. */
#include "net/address.h"

#include "tap.h"

static bool prints_as(const char *string, const char *expected)
{
    struct address address;
    char place[ADDRESS_TEXT_MAX];
    struct buf buf = buf_over(place, sizeof(place));

    if (address_parse(text_of(string), &address, NULL) != LICET_OK)
        return false;
    address_print(&address, &buf);
    return text_is(buf_text(&buf), expected);
}

static bool counts_as(const char *string, const char *expected)
{
    struct address address;
    char place[ADDRESS_TEXT_MAX];
    struct buf buf = buf_over(place, sizeof(place));

    if (address_parse(text_of(string), &address, NULL) != LICET_OK)
        return false;
    address_print_source(&address, &buf);
    return text_is(buf_text(&buf), expected);
}

static bool has(const char *network_text, const char *address_text)
{
    struct network network;
    struct address address;

    return network_parse(text_of(network_text), &network, NULL) == LICET_OK &&
           address_parse(text_of(address_text), &address, NULL) == LICET_OK &&
           network_has(&network, &address);
}

static bool is_refused(const char *string)
{
    struct address address;

    return address_parse(text_of(string), &address, NULL) == LICET_INVALID;
}

static bool is_refused_network(const char *string)
{
    struct network network;

    return network_parse(text_of(string), &network, NULL) == LICET_INVALID;
}

static bool is_loopback(const char *string)
{
    struct address address;

    return address_parse(text_of(string), &address, NULL) == LICET_OK &&
           address_is_loopback(&address);
}

int main(void)
{
    ok(prints_as("127.0.0.1:7380", "127.0.0.1:7380"), "an IPv4 address");
    ok(prints_as("[2001:DB8::1]:65535", "[2001:db8::1]:65535"), "an IPv6 address");
    ok(counts_as("10.1.2.3:9", "10.1.2.3") && counts_as("[::ffff:10.1.2.3]:9", "10.1.2.3") &&
           counts_as("[::1]:9", "::1"),
       "R10.4 limits count an IPv4 address and the loopback address by themselves");
    ok(counts_as("[2001:db8:1:2:3:4:5:6]:9", "2001:db8:1:2::/64") &&
           counts_as("[2001:db8:1:2::9]:9", "2001:db8:1:2::/64"),
       "R10.4 and all addresses of an IPv6 network of 64 bits as one");
    ok(prints_as(":7380", "127.0.0.1:7380"), "R10.4 a port alone is loopback");
    ok(is_refused("127.0.0.1") && is_refused("127.0.0.1:") && is_refused("127.0.0.1:65536"),
       "a port is needed, and has a range");
    ok(is_refused("lic1.example:7380"), "a daemon asks no name server: names are refused");
    ok(is_refused("::1:7380"), "an IPv6 address stands in brackets");
    ok(is_refused("127.0.0.1:+1") && is_refused("127.0.0.1:08") && is_refused(" 127.0.0.1:8"),
       "a number is digits");
    ok(has("10.0.0.0/8", "10.255.0.1:1") && !has("10.0.0.0/8", "11.0.0.1:1"),
       "R10.4 a network and its border");
    ok(has("192.0.2.128/25", "192.0.2.128:1") && !has("192.0.2.128/25", "192.0.2.127:1"),
       "a prefix inside a byte");
    ok(has("192.0.2.7", "192.0.2.7:1") && !has("192.0.2.7", "192.0.2.8:1"),
       "a bare address is a network of one");
    ok(has("10.0.0.0/8", "[::ffff:10.1.2.3]:1"),
       "an IPv4 address that came in over IPv6 is the same");
    ok(has("0.0.0.0/0", "8.8.8.8:1") && !has("0.0.0.0/0", "[2001:db8::1]:1"),
       "all of IPv4 is not all of IPv6");
    ok(has("::/0", "[2001:db8::1]:1") && has("fd00::/8", "[fd12::1]:1"), "networks of IPv6");
    ok(is_refused_network("10.0.0.0/33") && is_refused_network("fd00::/129") &&
           is_refused_network("10.0.0/8") && is_refused_network(""),
       "prefixes beyond the address and unfinished addresses are refused");
    ok(is_loopback("127.9.9.9:1") && is_loopback("[::1]:1") && is_loopback("[::ffff:127.0.0.1]:1"),
       "what is loopback");
    ok(!is_loopback("128.0.0.1:1") && !is_loopback("[::2]:1"), "and what is not");
    return tap_done();
}
