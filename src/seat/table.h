/*
 * Linear hashing: which bucket a hash lies in, and which bucket is split next. It holds no entries:
 * buckets and chains are the owner's, so a lease and a name each keep one link and nothing more.
 * The index grows a bucket at a time, so no event pays for a rehash.
 */
#ifndef LICET_SEAT_TABLE_H
#define LICET_SEAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_BUCKETS_MIN 8u

struct table {
    uint32_t mask;  /* of the round that is being split: a power of two, less 1 */
    uint32_t split; /* buckets below it have been split in this round */
    uint32_t count; /* entries; the owner counts them */
};

/* How many buckets the owner keeps room for, where it never has more than `entries_max` entries. */
static inline size_t table_buckets(size_t entries_max)
{
    return entries_max < TABLE_BUCKETS_MIN ? TABLE_BUCKETS_MIN : entries_max;
}

static inline void table_init(struct table *table)
{
    *table = (struct table){.mask = TABLE_BUCKETS_MIN - 1};
}

static inline uint32_t table_bucket(const struct table *table, uint32_t hash)
{
    uint32_t bucket = hash & table->mask;

    return bucket < table->split ? hash & (table->mask * 2 + 1) : bucket;
}

/* True where there are more entries than buckets: then the owner hangs the chain of `from` anew,
 * each entry to from or to `to`, by table_bucket(). */
static inline bool table_split(struct table *table, uint32_t buckets_max, uint32_t *ret_from,
                               uint32_t *ret_to)
{
    uint32_t buckets = table->mask + 1 + table->split;

    if (table->count <= buckets || buckets >= buckets_max)
        return false;
    *ret_from = table->split;
    *ret_to = buckets;
    if (++table->split > table->mask) {
        table->mask = table->mask * 2 + 1;
        table->split = 0;
    }
    return true;
}

#endif
