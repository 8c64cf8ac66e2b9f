/* Connections: the door, RESP in, replies out in the order of their requests. */
#include "server/connection.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "server/report.h"

enum connection_state {
    CONNECTION_DOOR,
    CONNECTION_RESP,
    CONNECTION_CLOSING,
};

#define FIRST_BYTE_RESP '*'
#define FIRST_BYTE_TLS 0x16
#define DOOR_SECONDS 10   /* a client that connects and says nothing */
#define EMIT_BYTES 65536u /* replies of one read are sent in parts of this size */
#define ERROR_REPLY_BYTES_MAX (ERROR_TEXT_MAX + 64) /* the word, a sentence, CR LF */

static void connection_ready(uv_poll_t *poll, int status, int events);

/* ---- lists ---- */

static void list_add(struct connection_list *list, struct connection *connection)
{
    connection->previous = list->last;
    if (list->last != NULL)
        list->last->next = connection;
    else
        list->first = connection;
    list->last = connection;
}

static void list_remove(struct connection_list *list, struct connection *connection)
{
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        list->first = connection->next;
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        list->last = connection->previous;
    connection->previous = connection->next = NULL;
}

static struct connection_list *list_of(const struct connection *connection)
{
    struct server *server = connection->server;

    if (connection->state == CONNECTION_DOOR)
        return &server->doors;
    if (!connection->is_stalled)
        return &server->talking;
    return connection->waits_for_report ? &server->reports : &server->stalled;
}

static void stalled_add(struct connection *connection, bool waits_for_report)
{
    list_remove(list_of(connection), connection);
    connection->is_stalled = true;
    connection->waits_for_report = waits_for_report;
    list_add(list_of(connection), connection);
    if (connection->waits_for_report)
        report_wake(connection->server);
}

static void stalled_remove(struct connection *connection)
{
    list_remove(list_of(connection), connection);
    connection->is_stalled = connection->waits_for_report = false;
    list_add(list_of(connection), connection);
}

/* ---- life ---- */

static void connection_free_if_done(struct connection *connection)
{
    if (connection->is_handle_closed && connection->pendings_count == 0)
        free(connection);
}

static void connection_handle_closed(uv_handle_t *handle)
{
    struct connection *connection = handle->data;

    connection->is_handle_closed = true;
    connection_free_if_done(connection);
}

/* Leaves the loop without closing the descriptor. */
static void connection_detach(struct connection *connection)
{
    list_remove(list_of(connection), connection);
    connection->state = CONNECTION_CLOSING;
    free(connection->input);
    free(connection->output);
    connection->input = connection->output = NULL;
    uv_close((uv_handle_t *)&connection->poll, connection_handle_closed);
}

void connection_close(struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSING)
        return;
    connection_detach(connection);
    close(connection->fd);
    connection->fd = -1;
    connection->server->counters.connections_open--;
}

static void connection_watch(struct connection *connection)
{
    int events = connection->is_stalled || connection->is_ending ? 0 : UV_READABLE;

    if (connection->output != NULL)
        events |= UV_WRITABLE;
    /* A peer that has said all it wants and shut its side (`nc -N`) still waits for its replies, so
     * nothing but a failed write ends it before they have left. */
    if (events == 0)
        uv_poll_stop(&connection->poll);
    else
        uv_poll_start(&connection->poll, events, connection_ready);
}

static bool connection_is_allowed(const struct server *server, const struct address *peer)
{
    if (address_is_loopback(peer))
        return true;
    for (uint32_t index = 0; index < server->options.allows_count; index++) {
        if (network_has(&server->options.allows[index], peer))
            return true;
    }
    return false;
}

/* Said once a second at most: a flood of strangers must not fill the disk with lines. */
static void connection_log_stranger(struct server *server, const struct address *peer)
{
    char text[ADDRESS_TEXT_MAX];
    struct buf buf = buf_over(text, sizeof(text));

    if (server->now.instant.ms - server->stranger_logged_at.ms < 1000)
        return;
    server->stranger_logged_at = server->now.instant;
    address_print_host(peer, &buf);
    log_warning("connection.refused", "address=%.*s cause=\"no network of allow= has it\"",
                (int)buf.size, buf.data);
}

void connection_take(struct server *server, int fd, const struct address *peer)
{
    struct connection *connection;

    server_read_clocks(server);
    server->counters.connections++;
    if (!connection_is_allowed(server, peer)) {
        connection_log_stranger(server, peer);
        close(fd);
        return;
    }
    connection = server->is_stopping ? NULL : calloc(1, sizeof(*connection));
    if (connection == NULL) {
        close(fd);
        return;
    }
    connection->server = server;
    connection->fd = fd;
    connection->state = CONNECTION_DOOR;
    connection->protocol = RESP_2;
    connection->role = ROLE_PRODUCT;
    connection->is_loopback = address_is_loopback(peer);
    connection->since_s = (uint32_t)(server->now.instant.ms / 1000);
    if (uv_poll_init(&server->loop, &connection->poll, fd) != 0) {
        close(fd);
        free(connection);
        return;
    }
    connection->poll.data = connection;
    server->counters.connections_open++;
    list_add(&server->doors, connection);
    connection_watch(connection);
}

void connection_check_doors(struct server *server)
{
    uint32_t now_s = (uint32_t)(server->now.instant.ms / 1000);

    while (server->doors.first != NULL && now_s - server->doors.first->since_s >= DOOR_SECONDS)
        connection_close(server->doors.first);
}

void connection_print_source(const struct connection *connection, struct buf *buf)
{
    struct address peer = {.size = sizeof(peer.storage)};

    if (getpeername(connection->fd, (struct sockaddr *)&peer.storage, &peer.size) == 0)
        address_print_source(&peer, buf);
    else
        buf_add_string(buf, "unknown");
}

/* ---- replies out ---- */

static void connection_write(struct connection *connection)
{
    struct text text = held_text(connection->output);
    ssize_t sent = send(connection->fd, text.data, text.size, MSG_NOSIGNAL);

    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (sent < 0) {
        connection_close(connection);
        return;
    }
    held_drop(&connection->output, (size_t)sent);
    if (connection->output == NULL) {
        if (connection->is_ending && connection->pendings_count == 0)
            connection_close(connection);
        else
            connection_watch(connection);
    }
}

/* Security: a client that does not read its replies must not grow our memory (R10.2). */
static void connection_keep_output(struct connection *connection, struct text text)
{
    bool was_empty = connection->output == NULL;
    struct held_bytes *output = held_append(connection->output, text, OUTPUT_BYTES_MAX);

    if (output == NULL) {
        log_warning("connection.closed", "cause=\"%u bytes of replies were not read\"",
                    OUTPUT_BYTES_MAX);
        connection_close(connection);
        return;
    }
    connection->output = output;
    if (was_empty)
        connection_watch(connection);
}

static void connection_send(struct connection *connection, struct text text)
{
    ssize_t sent = 0;

    if (connection->state == CONNECTION_CLOSING || text.size == 0)
        return;
    if (connection->output == NULL) {
        sent = send(connection->fd, text.data, text.size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            connection_close(connection);
            return;
        }
    }
    text = text_skip(text, sent < 0 ? 0 : (size_t)sent);
    if (text.size > 0)
        connection_keep_output(connection, text);
}

void connection_hold(struct connection *connection)
{
    struct buf *replies = &connection->server->replies;

    batch_add_bytes(connection->server->open, connection, buf_text(replies));
    connection->pendings_count++;
    replies->size = 0;
}

void connection_emit(struct connection *connection)
{
    struct buf *replies = &connection->server->replies;

    if (replies->size == 0)
        return;
    if (connection->pendings_count > 0) {
        connection_hold(connection);
        return;
    }
    connection_send(connection, buf_text(replies));
    replies->size = 0;
}

void pending_format(const struct batch *batch, const struct pending *pending, struct buf *buf)
{
    char proof[PROOF_BYTES_MAX], text[PROOF_TEXT_BYTES_MAX];
    struct buf proof_buf = buf_over(proof, sizeof(proof)), text_buf = buf_over(text, sizeof(text));
    struct granted_reply granted = pending->grant.reply;

    switch (pending->kind) {
    case PENDING_BYTES:
        buf_add(buf, batch->bytes.data + pending->bytes.offset, pending->bytes.size);
        return;
    case PENDING_ENDED:
        ended_reply_write(granted.handle, buf);
        return;
    case PENDING_GRANT:
        if (pending->grant.leaf != BATCH_NO_LEAF) {
            batch_proof(batch, pending->grant.leaf, &proof_buf);
            granted.proof = buf_text(&proof_buf);
        }
        if (pending->grant.proof == PROOF_TEXT) {
            proof_print_text(granted.proof, &text_buf);
            granted.proof = buf_text(&text_buf);
        }
        granted_reply_write(&granted, pending->protocol, buf);
        return;
    case PENDING_CALL:
        return;
    }
}

static void release_flush(struct connection *connection, struct buf *replies)
{
    if (connection != NULL) {
        connection_send(connection, buf_text(replies));
        if (connection->state != CONNECTION_CLOSING && connection->is_ending &&
            connection->pendings_count == 0 && connection->output == NULL)
            connection_close(connection);
        connection_free_if_done(connection);
    }
    replies->size = 0;
}

void connection_release(struct server *server, struct batch *batch)
{
    struct buf *replies = &server->replies;
    struct connection *connection = NULL; /* whose replies are being collected */

    batch->is_releasing =
        true; /* it may be the open one already: until it is cleared it takes nothing */
    for (uint32_t index = 0; index < batch->pendings_count; index++) {
        struct pending *pending = &batch->pendings[index];

        if (pending->kind == PENDING_CALL) {
            pending->call.run(pending->call.context);
            continue;
        }
        if (connection == NULL || pending->connection != connection || replies->size > EMIT_BYTES) {
            release_flush(connection, replies);
            connection = pending->connection;
        }
        connection->pendings_count--;
        if (connection->state != CONNECTION_CLOSING)
            pending_format(batch, pending, replies);
    }
    release_flush(connection, replies);
}

/* ---- commands in ---- */

static void call_run(struct command_call *call, struct error *error)
{
    size_t start = call->reply->size;
    enum status status;

    if (call->command->role > call->connection->role)
        status = error_set(error, LICET_UNAUTHENTICATED, "%s needs the token of %s: AUTH token",
                           call->command->name,
                           call->command->role == ROLE_VIEWER ? "a viewer" : "an administrator");
    else
        status = command_check(call->command, call->count, error);
    if (status == LICET_OK)
        status = call->command->run(call, error);
    if (call->is_stalled || status != LICET_OK)
        call->reply->size = start;
    if (!call->is_stalled && status != LICET_OK)
        resp_write_status(call->reply, status, error);
}

/* False where the command must wait: it was not done. */
static bool connection_run(struct connection *connection, const struct resp_command *command,
                           bool *ret_waits_for_report)
{
    struct server *server = connection->server;
    struct error error = {0};
    struct command_call call = {
        .server = server,
        .connection = connection,
        .command = command_find(server_commands, server_commands_count, command->arguments[0]),
        .arguments = command->arguments + 1,
        .count = command->arguments_count - 1,
        .reply = &server->replies,
    };

    if (!batch_has_room(server->open, SEAT_STEP_BYTES, SCRATCH_BYTES_MAX))
        return false;
    if (call.command == NULL) {
        server->counters.commands++;
        error_set(&error, LICET_NOT_FOUND, "there is no command \"%.*s\"; HELP lists them",
                  TEXT_ARGS(text_head(command->arguments[0], NAME_MAX_BYTES)));
        resp_write_status(&server->replies, LICET_NOT_FOUND, &error);
        return true;
    }
    call_run(&call, &error);
    *ret_waits_for_report = call.waits_for_report;
    server->counters.commands += !call.is_stalled; /* it comes again */
    return !call.is_stalled;
}

static struct resp_limits connection_limits(const struct connection *connection)
{
    return connection->role == ROLE_PRODUCT ? RESP_LIMITS_STRANGER : RESP_LIMITS_KNOWN;
}

/* Serves whole commands at the front of `bytes`; returns how many bytes are done with. Order: a
 * reply that cannot be sent closes the connection, and its input, which may be `bytes`, goes with
 * it. */
static size_t connection_serve(struct connection *connection, struct text bytes)
{
    struct server *server = connection->server;
    size_t done = 0;

    while (!connection->is_ending && connection->state != CONNECTION_CLOSING) {
        struct resp_limits limits = connection_limits(connection);
        struct error error = {0};
        bool waits_for_report = false;
        enum resp_result result = resp_read(&connection->reader, text_skip(bytes, done), &limits,
                                            &server->command, &error);

        if (result == RESP_NEED_MORE)
            break;
        if (result == RESP_BROKEN) {
            server->counters.protocol_errors++;
            /* The sentence may have to wait for the disk, as a command's reply; unlike a command it
             * cannot be asked again later, so where the batch is full it is left out. */
            if (batch_has_room(server->open, 0, ERROR_REPLY_BYTES_MAX))
                resp_write_status(&server->replies, error.status, &error);
            connection->is_ending = true;
            break;
        }
        if (!connection_run(connection, &server->command, &waits_for_report)) {
            stalled_add(connection, waits_for_report);
            break;
        }
        done += server->command.size;
        if (server->replies.size > EMIT_BYTES)
            connection_emit(connection);
    }
    connection_emit(connection);
    return connection->is_ending ? bytes.size : done;
}

static void connection_settle(struct connection *connection)
{
    if (connection->state == CONNECTION_CLOSING)
        return;
    if (connection->is_ending && connection->pendings_count == 0 && connection->output == NULL)
        connection_close(connection);
    else
        connection_watch(connection);
}

void connection_end_all(struct server *server)
{
    struct connection *next;

    while (server->stalled.first != NULL)
        stalled_remove(server->stalled.first);
    while (server->reports.first != NULL)
        stalled_remove(server->reports.first);
    for (struct connection *connection = server->talking.first; connection != NULL;
         connection = next) {
        next = connection->next;
        connection->is_ending = true;
        connection_settle(connection);
    }
}

void connection_close_all(struct server *server)
{
    while (server->doors.first != NULL)
        connection_close(server->doors.first);
    while (server->talking.first != NULL) {
        server->talking.first->pendings_count = 0; /* no batch answers it any more */
        connection_close(server->talking.first);
    }
}

static void connection_serve_input(struct connection *connection)
{
    size_t done = connection_serve(connection, held_text(connection->input));

    if (connection->state == CONNECTION_CLOSING)
        return;
    if (done > 0)
        held_drop(&connection->input, done);
}

/* False where the connection had to be closed. */
static bool connection_keep_input(struct connection *connection, struct text text)
{
    struct held_bytes *input =
        held_append(connection->input, text, RESP_COMMAND_BYTES_MAX + INPUT_BYTES);

    if (input == NULL) {
        connection_close(connection);
        return false;
    }
    connection->input = input;
    return true;
}

static void connection_input(struct connection *connection, struct text text)
{
    size_t done;

    if (connection->input != NULL) {
        if (connection_keep_input(connection, text))
            connection_serve_input(connection);
        return;
    }
    done = connection_serve(connection, text);
    if (connection->state != CONNECTION_CLOSING && done < text.size)
        connection_keep_input(connection, text_skip(text, done));
}

static void connection_read(struct connection *connection)
{
    struct server *server = connection->server;
    ssize_t got = recv(connection->fd, server->input, INPUT_BYTES, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0) {
        connection_close(connection);
        return;
    }
    if (got == 0)
        connection->is_ending = true; /* it may still wait for replies */
    else
        connection_input(connection, text_make(server->input, (size_t)got));
    if (got == 0 || connection->is_stalled || connection->is_ending)
        connection_settle(connection);
}

static void connection_resume(struct connection *connection)
{
    stalled_remove(connection);
    connection_serve_input(connection);
    connection_settle(connection);
}

/* Once each: who finds no room again is behind `last`. */
void connection_resume_stalled(struct server *server)
{
    struct connection *last = server->stalled.last;
    bool is_last = last == NULL;

    while (!is_last && server->stalled.first != NULL) {
        is_last = server->stalled.first == last;
        connection_resume(server->stalled.first);
    }
}

void connection_resume_report(struct server *server)
{
    if (server->reports.first == NULL)
        return;
    server->may_report = true;
    connection_resume(server->reports.first);
    server->may_report = false;
}

/* ---- the door ---- */

static void door_to_http(struct connection *connection)
{
    struct server *server = connection->server;
    struct address peer = {.size = sizeof(peer.storage)};
    int fd = connection->fd;
    struct error error;

    connection->server->counters.connections_open--;
    connection_detach(connection);
    connection->fd = -1;
    if (getpeername(fd, (struct sockaddr *)&peer.storage, &peer.size) != 0) {
        close(fd);
        return;
    }
    if (http_server_take_fd(server->http, fd, (struct sockaddr *)&peer.storage, peer.size,
                            &error) != LICET_OK)
        return;
    server->counters.connections_http++;
    uv_timer_start(&server->http_timer, server->http_timer.timer_cb, 0, 0);
}

/* R10.1: the first byte decides, once, for the connection's life. */
static void door_open(struct connection *connection)
{
    unsigned char first;
    ssize_t got = recv(connection->fd, &first, 1, MSG_PEEK);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || first == FIRST_BYTE_TLS) {
        if (got > 0)
            log_info("connection.refused", "cause=\"TLS is not offered\"");
        connection_close(connection);
        return;
    }
    if (first != FIRST_BYTE_RESP) {
        door_to_http(connection); /* also when the server stops: there it is told so */
        return;
    }
    if (connection->server->is_stopping) {
        connection_close(connection);
        return;
    }
    list_remove(&connection->server->doors, connection);
    connection->state = CONNECTION_RESP;
    list_add(&connection->server->talking, connection);
    connection_read(connection);
}

static void connection_ready(uv_poll_t *poll, int status, int events)
{
    struct connection *connection = poll->data;

    if (connection->state == CONNECTION_CLOSING)
        return;
    server_read_clocks(connection->server);
    if (status < 0) {
        connection_close(connection);
        return;
    }
    if ((events & UV_WRITABLE) != 0 && connection->output != NULL)
        connection_write(connection);
    if (connection->state == CONNECTION_CLOSING || (events & UV_READABLE) == 0)
        return;
    if (connection->state == CONNECTION_DOOR)
        door_open(connection);
    else if (!connection->is_stalled && !connection->is_ending)
        connection_read(connection);
}
