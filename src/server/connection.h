/*
 * A connection: a descriptor whose first byte decides what it speaks (R10.1), and for RESP its
 * input, its output and its place in the order of replies.
 *
 *     DOOR ──'*'──▶ RESP ──protocol error, QUIT, end──▶ CLOSING ──last pending reply──▶ gone
 *       ├──else──▶ handed to the HTTP server
 *       └──0x16, 10 s of silence──▶ CLOSING
 *
 * Memory (goal: at most 256 bytes while idle): buffers exist only while they hold
 * something.
 */
#ifndef LICET_SERVER_CONNECTION_H
#define LICET_SERVER_CONNECTION_H

#include "server/held.h"
#include "server/server.h"

struct connection {
    uv_poll_t poll;
    struct server *server;
    struct connection *previous, *next; /* in one of the server's lists, until it is closed */
    struct held_bytes *input;           /* an unfinished command, or commands that wait for room */
    struct held_bytes *output;          /* what the socket did not take yet */
    struct resp_reader reader;
    int fd;
    name_id source;          /* 0: not interned yet */
    uint32_t source_forgets; /* server->forgets when it was: an address may be forgotten, too */
    uint32_t pendings_count;
    uint8_t state;    /* enum connection_state */
    uint8_t role;     /* enum role */
    uint8_t protocol; /* enum resp_protocol */
    bool is_loopback : 1;
    bool is_stalled : 1;       /* in server->stalled or server->reports; nothing more is read */
    bool waits_for_report : 1; /* stalled in server->reports */
    bool is_ending : 1;        /* close when the last reply has left */
    bool is_handle_closed : 1;
    uint32_t since_s;      /* when it came to the door; seconds of CLOCK_BOOTTIME */
    uint8_t administrator; /* who signed in for its token; 0: nobody */
};

/* Takes the descriptor. */
void connection_take(struct server *server, int fd, const struct address *peer);
void connection_close(struct connection *connection);
/* Closes what has been at the door too long. */
void connection_check_doors(struct server *server);

/* At the stop: nothing more is read, and each ends when what was decided for it has left. */
void connection_end_all(struct server *server);
/* After the last batch: whoever does not read what was sent is hung up on. */
void connection_close_all(struct server *server);

/* Formats what a durable batch held back, in order, and sends it. */
void connection_release(struct server *server, struct batch *batch);
/* Goes on with commands that waited for room. */
void connection_resume_stalled(struct server *server);
/* R10.1: goes on with the connection that has waited longest to report. One page is written in a
 * turn of the loop, so whoever else has a command waits for one page at most. */
void connection_resume_report(struct server *server);

/* Sends the replies written so far, or queues them behind those that wait for the disk. Whoever
 * adds a pending of this connection calls it first, so that no reply overtakes another. */
void connection_emit(struct connection *connection);

/* Queues the replies written so far behind the open batch, whether or not something of this
 * connection waits. */
void connection_hold(struct connection *connection);

/* A reply as bytes (R10.3). `batch` is the durable one that holds its proof; NULL where there is
 * none. */
void pending_format(const struct batch *batch, const struct pending *pending, struct buf *buf);

/* The peer's address as the text by which it is counted. */
void connection_print_source(const struct connection *connection, struct buf *buf);

/* One command being served. */
struct command_call {
    struct server *server;
    struct connection *connection;
    const struct command *command;
    const struct text *arguments; /* without the name */
    uint32_t count;
    struct buf *reply; /* write the reply here, or queue a pending */
    bool is_stalled;   /* no room in the batch: nothing was done, the same command is asked again
                          later */
    bool waits_for_report; /* likewise, for a turn in which it may report */
};

#endif
