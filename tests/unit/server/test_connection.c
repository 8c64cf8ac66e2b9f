/* Connections over real sockets: what a peer that does not read, hangs up or talks nonsense may
 * cost. */
#include "server/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

#define TURNS 50 /* of the loop, until nothing is left to do */

static struct server server;

static void server_begin(void)
{
    size_t replies = SCRATCH_BYTES_MAX + INPUT_BYTES * 2;

    memset(&server, 0, sizeof(server));
    uv_loop_init(&server.loop);
    batch_init(&server.batches[0], NULL);
    server.open = &server.batches[0];
    server.input = malloc(INPUT_BYTES);
    server.replies = buf_over(malloc(replies), replies);
}

static void server_turn(void)
{
    for (int turn = 0; turn < TURNS; turn++)
        uv_run(&server.loop, UV_RUN_NOWAIT);
}

static void server_end(void)
{
    server_turn();
    uv_loop_close(&server.loop);
    batch_finish(&server.batches[0]);
    free(server.input);
    free(server.replies.data);
}

/* The peer's end. */
static int peer_open(struct connection **ret_connection)
{
    struct address loopback;
    int ends[2];

    address_parse(TEXT("127.0.0.1:7380"), &loopback, NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
        exit(1);
    connection_take(&server, ends[0], &loopback);
    *ret_connection = server.doors.last;
    return ends[1];
}

static void peer_say(int peer, const char *text)
{
    if (send(peer, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        exit(1);
    server_turn();
}

static ssize_t peer_hear(int peer, char *place, size_t size)
{
    ssize_t got = recv(peer, place, size - 1, MSG_DONTWAIT);

    place[got < 0 ? 0 : got] = '\0';
    return got;
}

static void test_flood(void)
{
    static char flood[60000];
    struct buf buf = buf_over(flood, sizeof(flood) - 1);
    struct connection *connection;
    uint32_t asked = 0;
    int peer;

    server_begin();
    peer = peer_open(&connection);
    peer_say(peer, "*2\r\n$4\r\nECHO\r\n$5\r\nhe");
    ok(connection->input != NULL, "half a command is kept");
    buf_add_string(&buf, "llo\r\n");
    for (; buf.size + 20 < buf.capacity; asked++)
        buf_add_string(&buf, "*1\r\n$4\r\nHELP\r\n");
    flood[buf.size] = '\0';
    peer_say(peer, flood);
    ok(server.counters.connections_open == 0, "R10.2 who does not read is hung up on");
    ok(server.counters.commands > 0 && server.counters.commands < asked,
       "and none of its commands is run after that");
    ok(server.counters.protocol_errors == 0, "its input is not read either");
    close(peer);
    server_end();
}

#define HALVES 20000
#define PLACE_BYTES_MAX 4096 /* of a place that never holds more than a few dozen bytes */

/* Every read ends in half a command, and its other half comes with half of the next one. */
static void test_half_commands(void)
{
    uint32_t widest = 0;
    struct connection *connection;
    char heard[100];
    int peer;

    server_begin();
    peer = peer_open(&connection);
    peer_say(peer, "*1\r\n$4");
    for (int half = 0; half < HALVES && connection->input != NULL; half++) {
        if (send(peer, "\r\nPING\r\n*1\r\n$4", 14, MSG_NOSIGNAL) != 14)
            exit(1);
        uv_run(&server.loop, UV_RUN_NOWAIT);
        peer_hear(peer, heard, sizeof(heard));
        if (connection->input != NULL && connection->input->capacity > widest)
            widest = connection->input->capacity;
    }
    ok(server.counters.commands == HALVES, "commands in halves are all run");
    ok(widest <= PLACE_BYTES_MAX, "R10.2 and the place of a half stays small: %u bytes", widest);
    close(peer);
    server_end();
}

/* The peer reads half of what waits for it, again and again, and never all. */
static void test_half_replies(void)
{
    static char heard[65536];
    uint64_t sent = 0;
    struct connection *connection;
    int peer;

    server_begin();
    peer = peer_open(&connection);
    peer_say(peer, "*1\r\n$4\r\nPING\r\n");
    while (server.counters.connections_open == 1 && sent < 16 * OUTPUT_BYTES_MAX) {
        for (int line = 0; connection->output == NULL || line < 66; line++, sent += 1003) {
            buf_printf(&server.replies, "+%01000d\r\n", line);
            connection_emit(connection);
        }
        peer_hear(peer, heard, sizeof(heard));
        uv_run(&server.loop, UV_RUN_NOWAIT);
    }
    ok(server.counters.connections_open == 1, "who reads late is not hung up on");
    ok(connection->output != NULL && connection->output->capacity <= 4 * OUTPUT_BYTES_MAX,
       "R10.2 and what waits for it has a place of a bounded size");
    close(peer);
    server_end();
}

/* A reply that waits for the disk, as a CHECKOUT's. */
static void connection_wait(struct connection *connection, const char *reply)
{
    buf_add_string(&server.replies, reply);
    connection_hold(connection);
}

static void test_half_close(void)
{
    struct connection *connection;
    char heard[100];
    int peer;

    server_begin();
    peer = peer_open(&connection);
    peer_say(peer, "*1\r\n$4\r\nPING\r\n");
    peer_hear(peer, heard, sizeof(heard));
    connection_wait(connection, "+DURABLE\r\n");
    shutdown(peer, SHUT_WR);
    server_turn();
    connection_release(&server, server.open);
    peer_hear(peer, heard, sizeof(heard));
    tap_is(heard, "+DURABLE\r\n", "a peer that has shut its side is still answered");
    server_turn();
    ok(peer_hear(peer, heard, sizeof(heard)) == 0, "and then it is hung up on");
    close(peer);
    server_end();
}

/* One that waits for the disk, one that talks on and on, one at the door, one that reads nothing. */
static void test_stop(void)
{
    struct connection *connection;
    int waits, talks, door, deaf;
    uint64_t commands;
    char heard[100];

    server_begin();
    waits = peer_open(&connection);
    peer_say(waits, "*1\r\n$4\r\nPING\r\n");
    peer_hear(waits, heard, sizeof(heard));
    connection_wait(connection, "+DURABLE\r\n");
    deaf = peer_open(&connection);
    peer_say(deaf, "*1\r\n$4\r\nPING\r\n");
    for (int line = 0; connection->output == NULL && line < 10000; line++) {
        buf_printf(&server.replies, "+%01000d\r\n", line);
        connection_emit(connection);
    }
    talks = peer_open(&connection);
    peer_say(talks, "*1\r\n$4\r\nPING\r\n");
    door = peer_open(&connection);
    server.is_stopping = true;
    commands = server.counters.commands;
    if (send(waits, "*1\r\n$4\r\nPING\r\n", 14, MSG_NOSIGNAL) != 14 ||
        send(talks, "*1\r\n$4\r\nPING\r\n", 14, MSG_NOSIGNAL) != 14 ||
        send(door, "*1\r\n$4\r\nPING\r\n", 14, MSG_NOSIGNAL) != 14)
        exit(1);
    connection_end_all(&server);
    server_turn();
    ok(server.counters.commands == commands, "a server that stops reads nothing more");
    ok(server.counters.connections_open == 2, "and hangs up on whoever waits for nothing: %d left",
       (int)server.counters.connections_open);
    connection_release(&server, server.open);
    peer_hear(waits, heard, sizeof(heard));
    tap_is(heard, "+DURABLE\r\n", "what was decided is answered");
    ok(server.counters.connections_open == 1, "and then it is hung up on");
    connection_close_all(&server);
    server_turn();
    ok(server.counters.connections_open == 0, "who reads nothing does not hold the stop up");
    close(waits);
    close(talks);
    close(door);
    close(deaf);
    server_end();
}

static void test_full_batch(void)
{
    enum {
        PEERS = 4
    };
    struct pending pending = {.kind = PENDING_CALL};
    struct connection *connections[PEERS];
    char heard[100];
    int peers[PEERS];

    server_begin();
    for (int index = 0; index < PEERS; index++) {
        peers[index] = peer_open(&connections[index]);
        peer_say(peers[index], "*1\r\n$4\r\nPING\r\n");
        peer_hear(peers[index], heard, sizeof(heard));
        connection_wait(connections[index], "+DURABLE\r\n");
    }
    while (batch_has_room(server.open, 0, 0))
        batch_add_pending(server.open, &pending);
    for (int index = 0; index < PEERS; index++)
        peer_say(peers[index], "nonsense");
    ok(server.counters.protocol_errors == PEERS && server.open->pendings_count < BATCH_REPLIES_MAX,
       "nonsense takes no place in a batch that is full");
    server.open->pendings_count = PEERS; /* without those that only filled it */
    connection_release(&server, server.open);
    peer_hear(peers[0], heard, sizeof(heard));
    tap_is(heard, "+DURABLE\r\n", "what was decided before is answered");
    server_turn();
    ok(server.counters.connections_open == 0, "and who talked nonsense is hung up on");
    for (int index = 0; index < PEERS; index++)
        close(peers[index]);
    server_end();
}

int main(void)
{
    test_full_batch();
    test_half_close();
    test_flood();
    test_half_commands();
    test_half_replies();
    test_stop();
    return tap_done();
}
