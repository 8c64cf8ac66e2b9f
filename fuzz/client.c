/*
 * Bytes of a license server against liblicet: whatever comes, it returns in time, and holds nothing
 * that was not signed (INV-29, INV-30). The first byte says how the rest is cut into reads; no
 * signature can be good, because the root key is one whose secret nobody has.
 */
#include <stdint.h>

#include "client/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char root_line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER root";

struct stream {
    const uint8_t *data;
    size_t size, at, chunk;
    int64_t now_ms;
};

static licet_status stream_connect(void *context, const char *server, uint32_t timeout_ms,
                                   licet_error *error)
{
    struct stream *stream = context;

    (void)server, (void)error;
    stream->now_ms += timeout_ms;
    return stream->at < stream->size ? LICET_OK : LICET_UNREACHABLE;
}

static int64_t stream_read(void *context, void *data, size_t data_size, uint32_t timeout_ms)
{
    struct stream *stream = context;
    size_t size = stream->size - stream->at;

    stream->now_ms += timeout_ms;
    if (size == 0)
        return -1;
    size = size < stream->chunk ? size : stream->chunk;
    size = size < data_size ? size : data_size;
    memcpy(data, stream->data + stream->at, size);
    stream->at += size;
    return (int64_t)size;
}

static int64_t stream_write(void *context, const void *data, size_t data_size, uint32_t timeout_ms)
{
    (void)context, (void)data, (void)timeout_ms;
    return (int64_t)data_size;
}

static void stream_close(void *context)
{
    (void)context;
}

static struct instant stream_clock(void *context)
{
    struct stream *stream = context;

    stream->now_ms++;
    return (struct instant){stream->now_ms};
}

static void stream_rest(void *context, uint32_t ms)
{
    struct stream *stream = context;

    stream->now_ms += ms;
}

static void stream_options(licet_options *options, const licet_transport *transport)
{
    licet_options_init(options, sizeof(*options));
    options->server = "license.example:7380";
    options->roots = root_line;
    options->user = "ada";
    options->host = "desk7";
    options->device = "";
    options->timeout_ms = 200;
    options->transport = transport;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream stream = {.data = data, .size = size, .at = size > 0, .now_ms = 1};
    licet_transport transport = {.size = sizeof(transport),
                                 .context = &stream,
                                 .connect = stream_connect,
                                 .read = stream_read,
                                 .write = stream_write,
                                 .close = stream_close};
    licet_options options;
    licet_reason reason;
    licet_lease lease;
    licet *client;

    stream.chunk = size > 0 && data[0] % 4 != 0 ? data[0] : SIZE_MAX;
    stream_options(&options, &transport);
    if (licet_open(&options, &client, NULL) != LICET_OK)
        abort();
    client->clock = stream_clock;
    client->rest = stream_rest;
    client->clock_context = &stream;
    licet_reason_init(&reason, sizeof(reason));
    licet_why(client, "cad_pro", NULL, 1, &reason, NULL);
    if (licet_checkout(client, "cad_pro", NULL, 1, &lease, NULL) == LICET_OK)
        abort();
    for (int round = 0; round < 4; round++)
        licet_tick(client, NULL);
    if (stream.now_ms > 60000)
        abort();
    licet_close(client);
    return 0;
}
