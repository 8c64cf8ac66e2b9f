/*
 * Replies and commands as RESP bytes, into a struct buf. A full buf takes nothing more, so callers
 * check `is_full` once, at the end.
 *
 * A connection speaks RESP2 until its client says HELLO 3. The two differ here only in null and in
 * maps.
 */
#ifndef LICET_RESP_WRITER_H
#define LICET_RESP_WRITER_H

#include "base/status.h"
#include "base/text.h"

enum resp_protocol {
    RESP_2 = 2,
    RESP_3 = 3,
};

void resp_write_simple(struct buf *buf, const char *string); /* one line, ours: "OK" */
/* `-word sentence`. Control characters of the sentence become blanks, so nothing that was quoted
 * in it can begin a reply of its own. */
void resp_write_error(struct buf *buf, const char *word, struct text sentence);
/* The word of `status`, and the sentence of `error` (NULL: the list's own). */
void resp_write_status(struct buf *buf, enum status status, const struct error *error);
void resp_write_integer(struct buf *buf, int64_t value);
void resp_write_bulk(struct buf *buf, struct text text);
void resp_write_null(struct buf *buf, enum resp_protocol protocol); /* where a bulk could stand */
void resp_write_null_array(struct buf *buf, enum resp_protocol protocol);
/* What follows must be `count` items, or `count` pairs of key and value. */
void resp_write_array(struct buf *buf, uint32_t count);
void resp_write_map(struct buf *buf, enum resp_protocol protocol, uint32_t count);

/* A client's command: an array of bulk strings. */
void resp_write_command(struct buf *buf, const struct text *arguments, uint32_t count);

#endif
