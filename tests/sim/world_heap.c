/* What happens next: a heap, ordered by time and then by sequence. */
#include "sim/world.h"

#include <assert.h>

static bool happening_before(const struct happening *left, const struct happening *right)
{
    return left->at_ms != right->at_ms ? left->at_ms < right->at_ms
                                       : left->sequence < right->sequence;
}

static void heap_swap(struct world *world, uint32_t left, uint32_t right)
{
    struct happening held = world->heap[left];

    world->heap[left] = world->heap[right];
    world->heap[right] = held;
}

void heap_push(struct world *world, struct happening *happening)
{
    uint32_t index = world->heap_count++;

    assert(index < HEAP_MAX);
    happening->sequence = ++world->sequence;
    world->heap[index] = *happening;
    while (index > 0 && happening_before(&world->heap[index], &world->heap[(index - 1) / 2])) {
        heap_swap(world, index, (index - 1) / 2);
        index = (index - 1) / 2;
    }
}

struct happening heap_pop(struct world *world)
{
    struct happening first = world->heap[0];
    uint32_t index = 0;

    world->heap[0] = world->heap[--world->heap_count];
    for (;;) {
        uint32_t child = index * 2 + 1;

        if (child >= world->heap_count)
            break;
        if (child + 1 < world->heap_count &&
            happening_before(&world->heap[child + 1], &world->heap[child]))
            child++;
        if (!happening_before(&world->heap[child], &world->heap[index]))
            break;
        heap_swap(world, index, child);
        index = child;
    }
    return first;
}

void happen_in(struct world *world, enum happening_kind kind, int64_t delay_ms)
{
    struct happening happening = {.kind = kind, .at_ms = world->now_ms + delay_ms};

    heap_push(world, &happening);
}

void slot_wake_in(struct world *world, uint32_t client, uint32_t slot, int64_t delay_ms)
{
    struct happening happening = {.kind = HAPPEN_CLIENT,
                                  .at_ms = world->now_ms + delay_ms,
                                  .client = client,
                                  .slot = slot,
                                  .token = world->slots[client][slot].token};

    heap_push(world, &happening);
}
