/*
 * The gate. libmicrohttpd 0.9.75 answers requests with two lengths, two hosts or a folded header:
 * each of them can be read differently by a proxy in front, and the second reading is an attack.
 */
#include "http/gate.h"

struct gate_headers {
    const char *const *hosts;
    struct text host, origin, fetch_site, length, encoding, content_encoding;
    uint32_t host_count, length_count, encoding_count;
    bool is_malformed;
};

enum status gate_target(const char *target, struct error *error)
{
    struct text text = text_of(target);

    if (text.size == 0 || text.data[0] != '/' || text_starts_with(text, "//"))
        return error_set(error, LICET_INVALID, "the request's target is not a path of this server");
    for (size_t index = 0; index < text.size; index++) {
        if ((unsigned char)text.data[index] <= 0x20 || (unsigned char)text.data[index] >= 0x7f)
            return error_set(error, LICET_INVALID,
                             "the request's target has a byte that must be encoded");
        if (text_starts_with(text_skip(text, index), "%00"))
            return error_set(error, LICET_INVALID, "the request's target has a NUL");
    }
    return LICET_OK;
}

static bool gate_is_token(struct text name)
{
    static const char extra[] = "!#$%&'*+-.^_`|~";

    for (size_t index = 0; index < name.size; index++) {
        char byte = name.data[index];

        if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'z') &&
            !(byte >= 'A' && byte <= 'Z') && memchr(extra, byte, sizeof(extra) - 1) == NULL)
            return false;
    }
    return name.size > 0;
}

static enum MHD_Result gate_header(void *context, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    struct gate_headers *headers = context;
    struct text name = text_of(key);

    (void)kind;
    if (!gate_is_token(name)) /* a folded line arrives here as a name with blanks */
        headers->is_malformed = true;
    if (text_is_nocase(name, "host")) {
        headers->host = text_of(value);
        headers->host_count++;
    } else if (text_is_nocase(name, "content-length")) {
        headers->length = text_of(value);
        headers->length_count++;
    } else if (text_is_nocase(name, "transfer-encoding")) {
        headers->encoding = text_of(value);
        headers->encoding_count++;
    } else if (text_is_nocase(name, "content-encoding")) {
        headers->content_encoding = text_of(value);
    } else if (text_is_nocase(name, "origin")) {
        headers->origin = text_of(value);
    } else if (text_is_nocase(name, "sec-fetch-site")) {
        headers->fetch_site = text_of(value);
    }
    return MHD_YES;
}

static bool gate_is_digits(struct text text)
{
    for (size_t index = 0; index < text.size; index++) {
        if (text.data[index] < '0' || text.data[index] > '9')
            return false;
    }
    return text.size > 0;
}

static enum status gate_framing(const struct gate_headers *headers, struct error *error)
{
    if (headers->is_malformed)
        return error_set(error, LICET_INVALID,
                         "a header's name has a byte that does not belong there");
    if (headers->length_count > 1 || headers->encoding_count > 1 ||
        (headers->length_count > 0 && headers->encoding_count > 0))
        return error_set(error, LICET_INVALID, "the request says in two ways how long it is");
    if (headers->length_count == 1 && !gate_is_digits(headers->length))
        return error_set(error, LICET_INVALID, "Content-Length is not a number");
    if (headers->encoding_count == 1 && !text_is_nocase(headers->encoding, "chunked"))
        return error_set(error, LICET_INVALID, "Transfer-Encoding is not \"chunked\"");
    if (headers->host_count != 1)
        return error_set(error, LICET_INVALID, "the request has %u Host headers, not one",
                         headers->host_count);
    if (headers->content_encoding.size > 0)
        return error_set(error, LICET_UNSUPPORTED, "send the body without Content-Encoding");
    return LICET_OK;
}

/* "name", "name:port", "[v6]:port" without the port; empty where anything else follows the name. */
static struct text gate_host_name(struct text host)
{
    bool is_ipv6 = host.size > 0 && host.data[0] == '[';
    size_t end = is_ipv6 ? text_find(host, ']') + 1 : text_find(host, ':');
    struct text name = text_head(host, end), rest = text_skip(host, end);
    bool has_port = rest.size >= 2 && rest.size <= 6 && rest.data[0] == ':' &&
                    gate_is_digits(text_skip(rest, 1));

    return rest.size == 0 || has_port ? name : (struct text){"", 0};
}

/* Security: without this list a web page could reach a console on loopback through a name of its
 * own (DNS rebinding). */
static bool gate_is_our_host(const struct gate_headers *headers)
{
    struct text name = gate_host_name(headers->host);

    for (size_t index = 0; headers->hosts[index] != NULL; index++) {
        if (text_is_nocase(name, headers->hosts[index]))
            return true;
    }
    return false;
}

/* Security: a page of another origin must not be able to make its visitor's browser act here. */
static bool gate_is_same_origin(const struct gate_headers *headers)
{
    if (headers->fetch_site.size > 0)
        return text_is(headers->fetch_site, "same-origin") || text_is(headers->fetch_site, "none");
    if (headers->origin.size > 0) {
        struct text rest = headers->origin;

        if (!text_starts_with(rest, "http://") && !text_starts_with(rest, "https://"))
            return false;
        rest = text_skip(rest, text_find(rest, ':') + 3);
        return text_equal_nocase(rest, headers->host);
    }
    return true; /* not a browser */
}

enum status gate_headers(struct MHD_Connection *connection, enum http_method method,
                         const char *const *hosts, struct error *error)
{
    struct gate_headers headers = {.hosts = hosts};
    enum status status;

    MHD_get_connection_values(connection, MHD_HEADER_KIND, gate_header, &headers);
    status = gate_framing(&headers, error);
    if (status != LICET_OK)
        return status;
    if (!gate_is_our_host(&headers))
        return error_set(error, LICET_FORBIDDEN,
                         "this server is not called \"%.*s\"; its names are the host= lines of its "
                         "configuration",
                         TEXT_ARGS(text_head(headers.host, 80)));
    if (method != HTTP_GET && !gate_is_same_origin(&headers))
        return error_set(error, LICET_FORBIDDEN, "the request comes from a page of another origin");
    return LICET_OK;
}
