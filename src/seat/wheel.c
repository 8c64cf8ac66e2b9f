/*
 * A timing wheel of four rings: milliseconds, quarters of a second, hours, centuries. A lease lies
 * in the lowest ring whose turn, as it is now, still holds its time; when the turn of a slot of a
 * higher ring comes, its leases move down. The second ring is wide, so that only a quarter of a
 * second's worth moves at once, whatever the ttl.
 */
#include <assert.h>

#include "seat/state.h"

static const struct wheel_ring {
    uint32_t shift, bits, first;
} wheel_rings[WHEEL_LEVELS] = {
    {0, 8, 0}, {8, 16, 256}, {24, 8, 256 + 65536}, {32, 16, 256 + 65536 + 256}};

static uint32_t wheel_index(const struct wheel_ring *ring, int64_t ms)
{
    return (uint32_t)((uint64_t)ms >> ring->shift) & ((1u << ring->bits) - 1);
}

/* The turn of a ring that holds a time: equal for all times that the ring can tell apart. */
static uint64_t wheel_turn(const struct wheel_ring *ring, int64_t ms)
{
    return (uint64_t)ms >> ring->shift >> ring->bits;
}

void wheel_start(struct seats *seats, int64_t now_ms)
{
    seats->wheel->now_ms = now_ms;
    seats->wheel->next_ms = INT64_MAX;
}

static uint32_t wheel_slot(const struct wheel *wheel, int64_t due_ms)
{
    const struct wheel_ring *last = &wheel_rings[WHEEL_LEVELS - 1];

    for (const struct wheel_ring *ring = wheel_rings; ring <= last; ring++) {
        if (wheel_turn(ring, due_ms) == wheel_turn(ring, wheel->now_ms))
            return ring->first + wheel_index(ring, due_ms);
    }
    return last->first + (1u << last->bits) - 1; /* 8,900 years from now */
}

static uint32_t wheel_shift(uint32_t slot)
{
    uint32_t level = WHEEL_LEVELS - 1;

    while (slot < wheel_rings[level].first)
        level--;
    return wheel_rings[level].shift;
}

void wheel_add(struct seats *seats, uint32_t lease)
{
    struct wheel *wheel = seats->wheel;
    struct lease *added = &seats->leases[lease];
    int64_t due_ms = added->deadline_ms + LEASE_MARGIN_MS;
    uint32_t slot;

    if (due_ms < wheel->now_ms)
        due_ms = wheel->now_ms;
    slot = wheel_slot(wheel, due_ms);
    added->wheel_slot = slot;
    added->wheel_prev = 0;
    added->wheel_next = wheel->slots[slot];
    if (added->wheel_next != 0)
        seats->leases[added->wheel_next].wheel_prev = lease;
    wheel->slots[slot] = lease;
    wheel->used[slot / 64] |= (uint64_t)1 << slot % 64;
    /* Not when it is due, but when its slot has to be looked at. */
    due_ms = (int64_t)((uint64_t)due_ms >> wheel_shift(slot) << wheel_shift(slot));
    if (due_ms < wheel->next_ms)
        wheel->next_ms = due_ms;
}

void wheel_remove(struct seats *seats, uint32_t lease)
{
    struct wheel *wheel = seats->wheel;
    const struct lease *removed = &seats->leases[lease];
    uint32_t slot = removed->wheel_slot;

    if (removed->wheel_next != 0)
        seats->leases[removed->wheel_next].wheel_prev = removed->wheel_prev;
    if (removed->wheel_prev != 0)
        seats->leases[removed->wheel_prev].wheel_next = removed->wheel_next;
    else
        wheel->slots[slot] = removed->wheel_next;
    if (wheel->slots[slot] == 0)
        wheel->used[slot / 64] &= ~((uint64_t)1 << slot % 64);
}

/* The first used slot of a ring at or after `index`, or the ring's size. */
static uint32_t wheel_scan(const struct wheel *wheel, const struct wheel_ring *ring, uint32_t index)
{
    uint32_t size = 1u << ring->bits;

    while (index < size) {
        uint32_t slot = ring->first + index;
        uint64_t word = wheel->used[slot / 64] >> slot % 64;

        if (word != 0)
            return index + (uint32_t)__builtin_ctzll(word);
        index += 64 - slot % 64;
    }
    return size;
}

/* When the next used slot begins, and which it is; INT64_MAX: the wheel is empty. */
static int64_t wheel_next(const struct wheel *wheel, uint32_t *ret_slot)
{
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        const struct wheel_ring *ring = &wheel_rings[level];
        uint32_t index = wheel_index(ring, wheel->now_ms);

        /* What lies in the present slot of a higher ring has been moved down. */
        index = wheel_scan(wheel, ring, level == 0 ? index : index + 1);
        if (index < 1u << ring->bits) {
            *ret_slot = ring->first + index;
            return (int64_t)((wheel_turn(ring, wheel->now_ms) << ring->bits | index)
                             << ring->shift);
        }
    }
    return INT64_MAX;
}

static void wheel_move_down(struct seats *seats, uint32_t slot)
{
    struct wheel *wheel = seats->wheel;
    uint32_t lease = wheel->slots[slot], next;

    wheel->slots[slot] = 0;
    wheel->used[slot / 64] &= ~((uint64_t)1 << slot % 64);
    for (; lease != 0; lease = next) {
        next = seats->leases[lease].wheel_next;
        wheel_add(seats, lease);
    }
}

uint32_t wheel_pop(struct seats *seats, int64_t now_ms)
{
    struct wheel *wheel = seats->wheel;

    while (wheel->next_ms <= now_ms) {
        uint32_t slot = 0, lease;
        int64_t next_ms = wheel_next(wheel, &slot);

        wheel->next_ms = next_ms;
        if (next_ms > now_ms)
            break;
        wheel->now_ms = next_ms;
        if (slot >= wheel_rings[1].first) {
            wheel_move_down(seats, slot);
            wheel->next_ms = next_ms;
            continue;
        }
        lease = wheel->slots[slot];
        wheel_remove(seats, lease);
        if (seats->leases[lease].deadline_ms + LEASE_MARGIN_MS <= now_ms)
            return lease;
        wheel_add(seats, lease); /* it was renewed since it came here */
    }
    if (now_ms > wheel->now_ms) /* nothing lies between */
        wheel->now_ms = now_ms;
    return 0;
}
