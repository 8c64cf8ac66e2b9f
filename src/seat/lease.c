/* Places of leases: the index by id, and the ended ids, which keep their place until it is needed.
 */
#include <assert.h>

#include <sodium/crypto_shorthash.h>

#include "seat/state.h"

/* An event asks for the same id several times, so the last hash is kept. */
static uint32_t lease_hash(const struct seats *seats, const struct lease_id *id)
{
    struct lease_memo *memo = seats->lease_memo;
    uint8_t hash[crypto_shorthash_BYTES];

    if (memo->is_set && memcmp(&memo->id, id, sizeof(*id)) == 0)
        return memo->hash;
    /* Security: with a key, or a client could choose ids that all lie in one bucket. */
    crypto_shorthash(hash, id->bytes, sizeof(id->bytes), seats->options.hash_key);
    memcpy(&memo->hash, hash, sizeof(memo->hash));
    memo->id = *id;
    memo->is_set = true;
    return memo->hash;
}

/* A link of the index says, beside the lease's place, what a walk would have to look at the lease
 * for: some bits of its id's hash, and that nothing follows it. Leases lie by chance, so a look is
 * a cache miss; most ids that nobody holds are told without one. */
#define LINK_LEASE 0x00ffffffu
#define LINK_LAST 0x01000000u
#define LINK_TAG 0xfe000000u

_Static_assert(LEASES_MAX <= LINK_LEASE, "a link has 24 bits for the lease");

static uint32_t *lease_bucket(const struct seats *seats, uint32_t hash)
{
    return &seats->lease_buckets[table_bucket(&seats->lease_table, hash)];
}

uint32_t lease_find(const struct seats *seats, const struct lease_id *id)
{
    uint32_t hash = lease_hash(seats, id);
    uint32_t link = *lease_bucket(seats, hash);

    while (link != 0) {
        uint32_t lease = link & LINK_LEASE;

        if (((link ^ hash) & LINK_TAG) == 0 &&
            memcmp(&seats->leases[lease].id, id, sizeof(*id)) == 0)
            return lease;
        link = (link & LINK_LAST) != 0 ? 0 : seats->leases[lease].next;
    }
    return 0;
}

uint32_t lease_find_handle(const struct seats *seats, uint64_t handle)
{
    for (uint32_t lease = 1; lease <= seats->leases_used; lease++) {
        if (seats->leases[lease].handle == handle && seats->leases[lease].state != LEASE_FREE)
            return lease;
    }
    return 0;
}

/* At the front of its chain: so a link that says LAST stays true, for nothing comes behind. */
static void lease_hang(struct seats *seats, uint32_t lease)
{
    uint32_t hash = lease_hash(seats, &seats->leases[lease].id);
    uint32_t *bucket = lease_bucket(seats, hash);

    seats->leases[lease].next = *bucket;
    *bucket = lease | (*bucket == 0 ? LINK_LAST : 0) | (hash & LINK_TAG);
}

/* The chain of one bucket is hung anew; the id that is being added keeps its place in the memo. */
static void lease_split(struct seats *seats)
{
    struct lease_memo memo = *seats->lease_memo;
    uint32_t from, to, link, next;

    if (!table_split(&seats->lease_table, seats->options.leases_max, &from, &to))
        return;
    link = seats->lease_buckets[from];
    seats->lease_buckets[from] = 0;
    for (; link != 0; link = next) {
        next = seats->leases[link & LINK_LEASE].next;
        lease_hang(seats, link & LINK_LEASE);
    }
    *seats->lease_memo = memo;
}

void lease_index(struct seats *seats, uint32_t lease)
{
    seats->lease_table.count++;
    lease_split(seats);
    lease_hang(seats, lease);
}

static void lease_unindex(struct seats *seats, uint32_t lease)
{
    uint32_t *at = lease_bucket(seats, lease_hash(seats, &seats->leases[lease].id));

    while ((*at & LINK_LEASE) != lease)
        at = &seats->leases[*at & LINK_LEASE].next;
    *at = seats->leases[lease].next;
    seats->lease_table.count--;
}

uint32_t lease_place(struct seats *seats)
{
    uint32_t lease = seats->lease_free;

    if (lease == 0 && seats->leases_used == seats->options.leases_max && seats->ended_first != 0) {
        lease_forget(seats, seats->ended_first);
        lease = seats->lease_free;
    }
    if (lease != 0)
        seats->lease_free = seats->leases[lease].next;
    else if (seats->leases_used < seats->options.leases_max)
        lease = ++seats->leases_used;
    return lease;
}

void lease_end(struct seats *seats, uint32_t lease)
{
    struct lease *ended = &seats->leases[lease];
    struct source *source = &seats->sources[ended->source];

    ended->state = LEASE_ENDED;
    ended->wheel_prev = seats->ended_last;
    ended->wheel_next = 0;
    *(seats->ended_last != 0 ? &seats->leases[seats->ended_last].wheel_next : &seats->ended_first) =
        lease;
    seats->ended_last = lease;
    ended->list_prev = source->ended_last;
    ended->list_next = 0;
    *(source->ended_last != 0 ? &seats->leases[source->ended_last].list_next
                              : &source->ended_first) = lease;
    source->ended_last = lease;
    source->ended++;
    seats->ended_count++;
    /* Security: one source cannot push the ended ids of others out (R8.1). */
    if (source->ended > TOMBSTONES_OF_SOURCE_MAX)
        lease_forget(seats, source->ended_first);
}

void lease_forget(struct seats *seats, uint32_t lease)
{
    struct lease *ended = &seats->leases[lease];
    struct source *source = &seats->sources[ended->source];

    assert(ended->state == LEASE_ENDED);
    *(ended->wheel_prev != 0 ? &seats->leases[ended->wheel_prev].wheel_next : &seats->ended_first) =
        ended->wheel_next;
    *(ended->wheel_next != 0 ? &seats->leases[ended->wheel_next].wheel_prev : &seats->ended_last) =
        ended->wheel_prev;
    *(ended->list_prev != 0 ? &seats->leases[ended->list_prev].list_next : &source->ended_first) =
        ended->list_next;
    *(ended->list_next != 0 ? &seats->leases[ended->list_next].list_prev : &source->ended_last) =
        ended->list_prev;
    source->ended--;
    seats->ended_count--;
    lease_unindex(seats, lease);
    ended->state = LEASE_FREE;
    ended->next = seats->lease_free;
    seats->lease_free = lease;
}

uint32_t lease_stale(const struct seats *seats, int64_t now_ms)
{
    uint32_t lease = seats->ended_first, count = 0;

    while (lease != 0 && count < SEAT_FORGETS_MAX &&
           now_ms - seats->leases[lease].deadline_ms >= TOMBSTONE_MS) {
        lease = seats->leases[lease].wheel_next;
        count++;
    }
    return count;
}
