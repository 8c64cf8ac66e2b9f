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
struct text arena_copy(struct arena *arena,
                       struct text text); /* data is NULL when the arena is full */

#endif
