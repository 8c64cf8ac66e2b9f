/*
 * Commands out of the bytes of a connection: the server's side of RESP (R10.2).
 *
 * Only arrays of bulk strings, `*N` then N times `$size`: no inline commands, so that a browser or
 * a mailer that is made to talk to this port never says a command. Any error is final: the caller
 * sends the sentence, closes, and never looks for the next command in what follows.
 *
 * Nothing is copied or allocated, least of all by a declared size: the reader looks at the bytes at
 * hand. It remembers how far it came, so a command that arrives byte by byte is looked at twice and
 * not a thousand times.
 */
#ifndef LICET_RESP_READER_H
#define LICET_RESP_READER_H

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

/* Arguments include the command's name; command bytes include every header and line end. None may
 * pass RESP_ARGUMENTS_MAX, RESP_ARGUMENT_BYTES_MAX, RESP_COMMAND_BYTES_MAX. */
struct resp_limits {
    uint32_t arguments_max;
    uint32_t argument_bytes_max;
    uint32_t command_bytes_max; /* no connection's buffer needs to be larger */
};

#define RESP_LIMITS_STRANGER                                                                       \
    ((struct resp_limits){RESP_STRANGER_ARGUMENTS_MAX, RESP_STRANGER_ARGUMENT_BYTES_MAX,           \
                          RESP_STRANGER_COMMAND_BYTES_MAX})
#define RESP_LIMITS_KNOWN                                                                          \
    ((struct resp_limits){RESP_ARGUMENTS_MAX, RESP_ARGUMENT_BYTES_MAX, RESP_COMMAND_BYTES_MAX})

/* One a connection, zeroed at its start; the fields are the reader's own. */
struct resp_reader {
    uint32_t at;              /* bytes of the command in progress that are checked */
    uint32_t arguments_count; /* declared; 0: the command's first line is not complete */
    uint32_t arguments_left;
    bool is_broken;
};

enum resp_result {
    RESP_NEED_MORE, /* no whole command yet: call again with the same bytes and those after them */
    RESP_COMMAND,
    RESP_BROKEN, /* a protocol error, now and for ever on this connection */
};

struct resp_command {
    size_t size;              /* bytes that the command took: skip them before the next call */
    uint32_t arguments_count; /* at least 1 */
    struct text arguments[RESP_ARGUMENTS_MAX]; /* the name first; borrowed from the bytes */
};

/* `bytes` begins where the command begins: the same place of the stream until RESP_COMMAND, though
 * it may lie elsewhere in memory at each call. Limits may change between commands (AUTH). The
 * error is LICET_PROTOCOL or LICET_TOO_LARGE; `ret_command` holds something only for
 * RESP_COMMAND. */
enum resp_result resp_read(struct resp_reader *reader, struct text bytes,
                           const struct resp_limits *limits, struct resp_command *ret_command,
                           struct error *error);

#endif
