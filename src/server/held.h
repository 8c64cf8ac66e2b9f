/* Bytes of a connection that wait: a buffer that exists only while it holds something. */
#ifndef LICET_SERVER_HELD_H
#define LICET_SERVER_HELD_H

#include "base/text.h"

struct held_bytes { /* NULL: nothing is held */
    uint32_t start, size, capacity;
    char data[];
};

/* With `text` at its end; NULL where there is no memory or more than `max` bytes would be held, and
 * then nothing has changed. */
struct held_bytes *held_append(struct held_bytes *old, struct text text, size_t max);

/* The first `count` are done with. */
void held_drop(struct held_bytes **bytes, size_t count);

struct text held_text(const struct held_bytes *bytes);

#endif
