/* A bump allocator over a place that the caller owns. */
#include "base/arena.h"

#include <stddef.h>

struct arena arena_over(void *data, size_t capacity)
{
    return (struct arena){.data = data, .capacity = capacity};
}

void *arena_rows(struct arena *arena, size_t count, size_t size)
{
    const size_t alignment = _Alignof(max_align_t);
    uintptr_t address = (uintptr_t)(arena->data + arena->size);
    size_t padding = (alignment - address % alignment) % alignment;
    size_t wanted;
    char *taken;

    if (__builtin_mul_overflow(count, size, &wanted) ||
        __builtin_add_overflow(wanted, padding, &wanted) || wanted > arena->capacity - arena->size)
        return NULL;
    taken = arena->data + arena->size + padding;
    arena->size += wanted;
    return taken;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    void *taken = arena_rows(arena, count, size);

    if (taken != NULL)
        memset(taken, 0, count * size);
    return taken;
}

struct text arena_copy(struct arena *arena, struct text text)
{
    char *copy = arena_take(arena, text.size + 1, 1);

    if (copy == NULL)
        return (struct text){NULL, 0};
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    return (struct text){copy, text.size};
}
