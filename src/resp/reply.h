/*
 * Replies out of the bytes that a server sent: the client's side of RESP. Reads RESP2 and what
 * RESP3 adds of nulls and maps.
 *
 * A reply is a tree, given as a list in reading order: an array is followed by its items. Nothing
 * is copied or allocated; texts are borrowed from the bytes, items lie in the caller's array, whose
 * size is the limit of how many there may be.
 */
#ifndef LICET_RESP_REPLY_H
#define LICET_RESP_REPLY_H

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

enum reply_kind {
    REPLY_NULL,
    REPLY_SIMPLE,  /* text */
    REPLY_ERROR,   /* text: the whole line, "NOSEAT every seat ..." */
    REPLY_INTEGER, /* integer */
    REPLY_BULK,    /* text */
    REPLY_ARRAY,   /* count items follow */
    REPLY_MAP,     /* count items follow: key, value, key, value */
};

struct reply_item {
    enum reply_kind kind;
    uint32_t count; /* items directly in it */
    uint32_t next;  /* index of the item after it and all that is in it */
    int64_t integer;
    struct text text;
};

struct reply {
    struct reply_item *items; /* the caller's; items[0] is the reply itself */
    uint32_t items_max;
    uint32_t items_count; /* set by reply_read() */
    size_t size;          /* set by reply_read(): bytes it took, to be skipped before the next */
    size_t wanted;        /* so many bytes at least are needed; reply_read() keeps it */
};

enum reply_result {
    REPLY_NEED_MORE, /* call again with the same bytes and those after them */
    REPLY_READ,
    REPLY_BROKEN, /* the other side does not speak RESP, or said more than the limits: hang up */
};

/* Over `items_max` places at `items` (at least 1). */
struct reply reply_over(struct reply_item *items, uint32_t items_max);

/* `bytes` begins where the reply begins. The error is LICET_PROTOCOL or LICET_TOO_LARGE. */
enum reply_result reply_read(struct reply *reply, struct text bytes, struct error *error);

/* The item number `index` directly in `parent`, or NULL where there is none. */
const struct reply_item *reply_child(const struct reply *reply, const struct reply_item *parent,
                                     uint32_t index);

/* The status whose word opens the error line; LICET_SYSTEM for a word that is not ours.
 * `ret_sentence` is what follows the word. */
enum status reply_error_status(const struct reply_item *item, struct text *ret_sentence);

#endif
