#include "server/held.h"

#include <stdlib.h>
#include <string.h>

/* Room for `size` bytes where the held ones begin: the same place or a larger one, NULL where there
 * is no memory. Security: what was dropped in front is room, too. Without that, whoever always
 * leaves half a command would have a place as large as all it ever sent (R10.2). Half of a place is
 * free when it is moved, so a byte is moved once. */
static struct held_bytes *held_room(struct held_bytes *old, size_t size)
{
    struct held_bytes *bytes;
    size_t capacity = size;

    if (old != NULL && old->start + size <= old->capacity)
        return old;
    if (old != NULL && size <= old->capacity / 2) {
        memmove(old->data, old->data + old->start, old->size);
        old->start = 0;
        return old;
    }
    if (old != NULL && capacity < 2 * (size_t)old->capacity)
        capacity = 2 * (size_t)old->capacity;
    bytes = malloc(sizeof(*bytes) + capacity);
    if (bytes == NULL)
        return NULL;
    *bytes = (struct held_bytes){.capacity = (uint32_t)capacity};
    if (old != NULL) {
        bytes->size = old->size;
        memcpy(bytes->data, old->data + old->start, old->size);
    }
    free(old);
    return bytes;
}

struct held_bytes *held_append(struct held_bytes *old, struct text text, size_t max)
{
    size_t size = (old == NULL ? 0 : old->size) + text.size;
    struct held_bytes *bytes;

    if (size > max)
        return NULL;
    bytes = held_room(old, size);
    if (bytes == NULL)
        return NULL;
    memcpy(bytes->data + bytes->start + bytes->size, text.data, text.size);
    bytes->size = (uint32_t)size;
    return bytes;
}

void held_drop(struct held_bytes **bytes, size_t count)
{
    struct held_bytes *held = *bytes;

    held->start += (uint32_t)count;
    held->size -= (uint32_t)count;
    if (held->size == 0) {
        free(held);
        *bytes = NULL;
    }
}

struct text held_text(const struct held_bytes *bytes)
{
    return bytes == NULL ? (struct text){"", 0}
                         : (struct text){bytes->data + bytes->start, bytes->size};
}
