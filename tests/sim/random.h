/*
 * xoshiro256** seeded by splitmix64: the same numbers on every machine and compiler. The simulator
 * keeps one stream a purpose (workload, network, faults, ids), so that taking a fault out does not
 * reshuffle the clients.
 */
#ifndef LICET_TESTS_SIM_RANDOM_H
#define LICET_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state[4];
};

static inline uint64_t random_mix(uint64_t *seed)
{
    uint64_t mixed = (*seed += 0x9e3779b97f4a7c15u);

    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

static inline struct random random_of(uint64_t seed, uint64_t stream)
{
    struct random random;
    uint64_t mixed = seed * 0x100000001b3u + stream;

    for (int index = 0; index < 4; index++)
        random.state[index] = random_mix(&mixed);
    return random;
}

static inline uint64_t random_rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static inline uint64_t random_next(struct random *random)
{
    uint64_t *state = random->state;
    uint64_t next = random_rotate(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;

    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = random_rotate(state[3], 45);
    return next;
}

/* 0 to count - 1; the tiny bias of the remainder does not matter here. */
static inline uint32_t random_below(struct random *random, uint32_t count)
{
    return (uint32_t)((random_next(random) >> 32) % count);
}

static inline int64_t random_between(struct random *random, int64_t low, int64_t high)
{
    return low + (int64_t)(random_next(random) % (uint64_t)(high - low + 1));
}

/* True `rate` times in 2^32. Rates are integers, so that no compiler's arithmetic changes a run. */
static inline bool random_hits(struct random *random, uint32_t rate)
{
    return (uint32_t)(random_next(random) >> 32) < rate;
}

#endif
