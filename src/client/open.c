/* Options into a handle: everything is checked and all memory is taken here, once. */
#include "client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "client/api.h"
#include "client/device.h"

/* Roots in a file: 4 lines with comments. */
#define OPEN_ROOTS_BYTES_MAX 4096
#define OPEN_SERVER_BYTES_MAX (TCP_HOST_BYTES_MAX + 16)

struct instant client_now(const struct licet *client)
{
    return client->clock(client->clock_context);
}

static struct instant open_clock(void *context)
{
    (void)context;
    return clock_instant();
}

static struct unix_time open_calendar(void *context)
{
    (void)context;
    return clock_unix();
}

static void open_rest(void *context, uint32_t ms)
{
    (void)context;
    poll(NULL, 0, (int)ms);
}

void licet_options_init(licet_options *options, size_t size)
{
    const licet_options defaults = {
        .size = size,
        .timeout_ms = CLIENT_TIMEOUT_MS_DEFAULT,
        .leases_max = CLIENT_LEASES_DEFAULT,
    };

    api_struct_init(options, &defaults, sizeof(defaults), size);
}

/* An option, or what the environment names in its place. */
static const char *open_or_environment(const char *option, const char *variable)
{
    const char *value = option != NULL && option[0] != '\0' ? option : getenv(variable);

    return value == NULL ? "" : value;
}

static enum status open_check_numbers(const licet_options *options, struct error *error)
{
    if (options->timeout_ms < CLIENT_TIMEOUT_MS_MIN || options->timeout_ms > CLIENT_TIMEOUT_MS_MAX)
        return error_set(error, LICET_INVALID, "timeout_ms is %u, not between %d and %d",
                         options->timeout_ms, CLIENT_TIMEOUT_MS_MIN, CLIENT_TIMEOUT_MS_MAX);
    if (options->leases_max < 1 || options->leases_max > CLIENT_LEASES_MAX)
        return error_set(error, LICET_INVALID, "leases_max is %u, not between 1 and %d",
                         options->leases_max, CLIENT_LEASES_MAX);
    if (options->vendor != NULL && options->vendor[0] != '\0' &&
        !text_is_identifier(text_of(options->vendor)))
        return error_set(error, LICET_INVALID, "\"%.80s\" is not a vendor's name", options->vendor);
    if (options->state_path != NULL && strlen(options->state_path) >= PATH_MAX)
        return error_set(error, LICET_INVALID, "state_path is longer than %d bytes", PATH_MAX - 1);
    return LICET_OK;
}

static enum status open_check_transport(const licet_transport *transport, struct error *error)
{
    if (transport->size < offsetof(licet_transport, fd) || transport->connect == NULL ||
        transport->read == NULL || transport->write == NULL || transport->close == NULL)
        return error_set(error, LICET_INVALID,
                         "the transport needs its size, connect, read, write and close");
    return LICET_OK;
}

static enum status open_check_server(const char *server, bool is_tcp, struct error *error)
{
    char host[TCP_HOST_BYTES_MAX + 1], port[6];

    if (server[0] == '\0')
        return error_set(error, LICET_INVALID,
                         "no license server is named: set LICET_SERVER to its host:port");
    if (strlen(server) >= OPEN_SERVER_BYTES_MAX)
        return error_set(error, LICET_INVALID, "the license server's name is longer than %d bytes",
                         OPEN_SERVER_BYTES_MAX - 1);
    return is_tcp ? tcp_server_parse(server, host, port, error) : LICET_OK;
}

/* base/file.h would allocate. */
static enum status open_read_roots(const char *path, char *place, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = fd < 0 ? -1 : read(fd, place, OPEN_ROOTS_BYTES_MAX);
    int cause = errno;

    if (fd >= 0)
        close(fd);
    if (size < 0)
        return error_set(error, LICET_INVALID, "LICET_ROOT names %.300s, which cannot be read: %s",
                         path, strerror(cause));
    if (size == OPEN_ROOTS_BYTES_MAX)
        return error_set(error, LICET_INVALID,
                         "LICET_ROOT names %.300s, which is too large for root keys", path);
    place[size] = '\0';
    return LICET_OK;
}

enum status client_read_trust(const char *roots, const char *vendor, struct trust *ret_trust,
                              struct error *error)
{
    char from_file[OPEN_ROOTS_BYTES_MAX + 1];
    struct trust trust = {.vendor = text_of(vendor)};
    const char *path = getenv("LICET_ROOT");
    enum status status = LICET_OK;

    /* Security: only where the product pins none; else anybody could bring his own vendor. */
    if ((roots == NULL || roots[0] == '\0') && path != NULL && path[0] != '\0') {
        status = open_read_roots(path, from_file, error);
        roots = from_file;
    }
    if (status == LICET_OK)
        status = chain_roots_parse(text_of(roots), &trust, error);
    if (status == LICET_OK)
        *ret_trust = trust;
    return status;
}

/* ---- memory ------------------------------------------------------------------------------- */

/* Where the parts of a handle lie in its mapping. */
struct layout {
    size_t leases, server, state_path, in, out, items, chain, device, size;
};

static size_t layout_add(size_t *at, size_t size)
{
    size_t place = *at;

    *at = (place + size + 63) & ~(size_t)63; /* a cache line, and aligned for any type */
    return place;
}

static struct layout layout_of(uint32_t leases_count, size_t state_path_size)
{
    struct layout layout;
    size_t at = 0;

    layout_add(&at, sizeof(struct licet));
    layout.leases = layout_add(&at, leases_count * sizeof(struct lease));
    layout.server = layout_add(&at, OPEN_SERVER_BYTES_MAX);
    layout.state_path = layout_add(&at, state_path_size);
    layout.items = layout_add(&at, CLIENT_REPLY_ITEMS_MAX * sizeof(struct reply_item));
    layout.out = layout_add(&at, 8 * CLIENT_COMMAND_BYTES_MAX);
    layout.in = layout_add(&at, CLIENT_REPLY_BYTES_MAX);
    layout.chain = layout_add(&at, CHAIN_MEMORY_BYTES);
    layout.device = layout_add(&at, device_memory());
    layout.size = at;
    return layout;
}

/* Zeroed, and touched only where it is used: a license file is rarely as large as it may be. */
static struct licet *open_map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static void open_lay_out(struct licet *client, const struct layout *layout,
                         const licet_options *options, const char *server)
{
    char *memory = (char *)client;
    char *path = memory + layout->state_path;

    client->memory_size = layout->size;
    client->clock = open_clock;
    client->rest = open_rest;
    client->calendar = open_calendar;
    client->server = memory + layout->server;
    snprintf(client->server, OPEN_SERVER_BYTES_MAX, "%s", server);
    client->timeout_ms = options->timeout_ms;
    client->leases_count = options->leases_max;
    client->leases = (struct lease *)(void *)(memory + layout->leases);
    client->session.in = memory + layout->in;
    client->session.out = buf_over(memory + layout->out, 8 * CLIENT_COMMAND_BYTES_MAX);
    client->session.reply =
        reply_over((struct reply_item *)(void *)(memory + layout->items), CLIENT_REPLY_ITEMS_MAX);
    if (options->state_path != NULL)
        snprintf(path, strlen(options->state_path) + 1, "%s", options->state_path);
    witness_init(&client->witness, options->state_path != NULL ? path : NULL);
    tcp_init(&client->tcp);
    client->transport = tcp_transport(&client->tcp);
    if (options->transport != NULL) {
        client->transport = (licet_transport){0};
        memcpy(&client->transport, options->transport,
               options->transport->size < sizeof(client->transport) ? options->transport->size
                                                                    : sizeof(client->transport));
    }
}

static enum status open_fill(struct licet *client, const struct layout *layout,
                             const licet_options *options, struct error *error)
{
    struct trust trust;
    enum status status;

    if (options->vendor != NULL)
        snprintf(client->vendor, sizeof(client->vendor), "%s", options->vendor);
    status = identity_init(&client->identity, options->user, options->host, options->device, error);
    if (status == LICET_OK)
        status = client_read_trust(options->roots, client->vendor, &trust, error);
    if (status == LICET_OK)
        status = chain_init(&client->chain, (char *)client + layout->chain, &trust,
                            text_of(options->revocations), error);
    if (status == LICET_OK && options->device_file != NULL)
        status = device_open(client, options, (char *)client + layout->device, error);
    return status;
}

static enum status open_check(const licet_options *options, const char *server, struct error *error)
{
    enum status status = open_check_numbers(options, error);

    if (status == LICET_OK && options->transport != NULL)
        status = open_check_transport(options->transport, error);
    if (status == LICET_OK && options->device_file == NULL)
        status = open_check_server(server, options->transport == NULL, error);
    if (status == LICET_OK && sodium_init() < 0)
        status = error_set(error, LICET_SYSTEM, "the operating system gives no random bytes");
    return status;
}

licet_status licet_open(const licet_options *options, licet **ret_licet, licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    licet_options known;
    struct layout layout;
    struct licet *client;
    const char *server;
    enum status status;

    if (options == NULL || ret_licet == NULL)
        return api_null(error);
    if (!api_struct_read(&known, sizeof(known), options, options->size))
        return error_set(error, LICET_INVALID, "the options were not set up: licet_options_init()");
    server = known.device_file != NULL ? "" : open_or_environment(known.server, "LICET_SERVER");
    status = open_check(&known, server, error);
    if (status != LICET_OK)
        return status;
    layout =
        layout_of(known.leases_max, known.state_path == NULL ? 1 : strlen(known.state_path) + 1);
    client = open_map(layout.size);
    if (client == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to hold a seat");
    open_lay_out(client, &layout, &known, server);
    status = open_fill(client, &layout, &known, error);
    if (status != LICET_OK) {
        munmap(client, layout.size);
        return status;
    }
    *ret_licet = client;
    return LICET_OK;
}

void licet_close(licet *client)
{
    if (client == NULL)
        return;
    session_close(client);
    munmap(client, client->memory_size);
}
