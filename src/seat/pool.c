/* Pools by (vendor, feature), and cells: the holders of one pool that ask for one release. */
#include <assert.h>

#include "seat/state.h"

uint32_t pool_find(const struct seats *seats, name_id vendor, name_id feature)
{
    uint32_t pool = seats->pool_of_name[feature];

    while (pool != 0 && seats->pools[pool].vendor != vendor)
        pool = seats->pools[pool].next_of_name;
    return pool;
}

uint32_t pool_get(struct seats *seats, name_id vendor, name_id feature)
{
    uint32_t pool = pool_find(seats, vendor, feature);

    if (pool != 0)
        return pool;
    pool = seats->pool_free;
    if (pool != 0)
        seats->pool_free = seats->pools[pool].next_of_name;
    else if (seats->pools_used < seats->options.pools_max)
        pool = ++seats->pools_used;
    else
        return 0;
    seats->pools[pool] = (struct pool){.vendor = vendor, .feature = feature};
    seats->pools[pool].parent = pool;
    seats->pools[pool].next_of_name = seats->pool_of_name[feature];
    seats->pool_of_name[feature] = pool;
    seats->pools_count++;
    return pool;
}

void pool_free(struct seats *seats, uint32_t pool)
{
    struct pool *freed = &seats->pools[pool];
    uint32_t *at = &seats->pool_of_name[freed->feature];

    assert(freed->leases == 0);
    while (*at != pool)
        at = &seats->pools[*at].next_of_name;
    *at = freed->next_of_name;
    if (freed->cell != 0)
        cell_drop(seats, freed->cell);
    *freed = (struct pool){.next_of_name = seats->pool_free};
    seats->pool_free = pool;
    seats->pools_count--;
}

void pool_append(struct seats *seats, uint32_t pool, uint32_t lease)
{
    struct pool *of = &seats->pools[pool];
    struct lease *added = &seats->leases[lease];

    added->list_prev = of->last;
    added->list_next = 0;
    *(of->last != 0 ? &seats->leases[of->last].list_next : &of->first) = lease;
    of->last = lease;
    of->leases++;
    of->units += added->count;
}

void pool_remove(struct seats *seats, uint32_t pool, uint32_t lease)
{
    struct pool *of = &seats->pools[pool];
    const struct lease *removed = &seats->leases[lease];

    *(removed->list_prev != 0 ? &seats->leases[removed->list_prev].list_next : &of->first) =
        removed->list_next;
    *(removed->list_next != 0 ? &seats->leases[removed->list_next].list_prev : &of->last) =
        removed->list_prev;
    of->leases--;
    of->units -= removed->count;
}

/* Releases are chosen by clients: the key is mixed in here as well. */
static uint32_t cell_hash(const struct seats *seats, uint32_t pool, uint32_t release)
{
    uint64_t key, mixed;

    memcpy(&key, seats->options.hash_key, sizeof(key));
    mixed = (((uint64_t)pool << 32 | release) ^ key) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 29;
    return (uint32_t)(mixed * 0xbf58476d1ce4e5b9u >> 32);
}

static uint32_t *cell_bucket(const struct seats *seats, const struct cell *cell)
{
    uint32_t hash = cell_hash(seats, cell->pool, cell->release);

    return &seats->cell_buckets[table_bucket(&seats->cell_table, hash)];
}

static void cell_split(struct seats *seats)
{
    uint32_t from, to, cell, next;

    if (!table_split(&seats->cell_table, seats->options.leases_max, &from, &to))
        return;
    cell = seats->cell_buckets[from];
    seats->cell_buckets[from] = 0;
    for (; cell != 0; cell = next) {
        uint32_t *bucket = cell_bucket(seats, &seats->cells[cell]);

        next = seats->cells[cell].next;
        seats->cells[cell].next = *bucket;
        *bucket = cell;
    }
}

uint32_t pool_class(const struct seats *seats, uint32_t pool, uint32_t release)
{
    const struct pool *of = &seats->pools[pool];

    if (of->cell != 0 && seats->cells[of->cell].release == release)
        return seats->cells[of->cell].class;
    return family_class(seats, &seats->families[of->family], pool, release);
}

static uint32_t cell_new(struct seats *seats, uint32_t pool, uint32_t release)
{
    uint32_t cell = seats->cell_free, *bucket;

    if (cell != 0)
        seats->cell_free = seats->cells[cell].next;
    else
        cell = ++seats->cells_used;
    seats->cells[cell] = (struct cell){.pool = pool, .release = release};
    seats->cell_table.count++;
    cell_split(seats);
    bucket = cell_bucket(seats, &seats->cells[cell]);
    seats->cells[cell].next = *bucket;
    *bucket = cell;
    return cell;
}

/* A pool keeps the cell it used last, even an empty one: the next request is most often alike. */
uint32_t cell_get(struct seats *seats, uint32_t pool, uint32_t release)
{
    struct pool *of = &seats->pools[pool];
    struct cell wanted = {.pool = pool, .release = release};
    uint32_t cell = of->cell, kept = of->cell;

    if (cell != 0 && seats->cells[cell].release == release)
        return cell;
    cell = *cell_bucket(seats, &wanted);
    while (cell != 0 && (seats->cells[cell].pool != pool || seats->cells[cell].release != release))
        cell = seats->cells[cell].next;
    if (kept != 0 && seats->cells[kept].leases == 0)
        cell_drop(seats, kept);
    if (cell == 0) {
        cell = cell_new(seats, pool, release);
        seats->cells[cell].class = family_class(seats, &seats->families[of->family], pool, release);
    }
    of->cell = cell;
    return cell;
}

void cell_drop(struct seats *seats, uint32_t cell)
{
    uint32_t *at = cell_bucket(seats, &seats->cells[cell]);

    assert(seats->cells[cell].leases == 0);
    while (*at != cell)
        at = &seats->cells[*at].next;
    *at = seats->cells[cell].next;
    seats->cell_table.count--;
    if (seats->pools[seats->cells[cell].pool].cell == cell)
        seats->pools[seats->cells[cell].pool].cell = 0;
    seats->cells[cell] = (struct cell){.next = seats->cell_free};
    seats->cell_free = cell;
}
