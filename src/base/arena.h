/*
 * Memory for one request or one parsed file: handed out from a fixed place, gone all at once. It
 * never grows: a full arena returns NULL, and the caller says LICET_NO_MEMORY or LICET_TOO_LARGE.
 */
#ifndef LICET_BASE_ARENA_H
#define LICET_BASE_ARENA_H

#include "base/text.h"

struct arena {
    char *data;
    size_t size;
    size_t capacity;
};

struct arena arena_over(void *data, size_t capacity);
void *arena_take(struct arena *arena, size_t count,
                 size_t size); /* count items, zeroed, aligned for any type */
/* The same, not zeroed: for as many rows as there may be, of which each is written before it is read.
 * What is not written costs nothing, not even memory. */
void *arena_rows(struct arena *arena, size_t count, size_t size);
struct text arena_copy(struct arena *arena,
                       struct text text); /* data is NULL when the arena is full */

#endif
