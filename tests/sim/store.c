#include "sim/store.h"

#include <assert.h>
#include <sodium.h>

#include "base/wire.h"
#include "seat/record.h"

/* A group: size of its records 4, first number 8, count of records 4, checksum 16; then the
 * records.
 */
#define GROUP_HEAD_BYTES 32
#define GROUP_SUM_BYTES 16

void store_init(struct store *store, enum bug bug, uint64_t seed)
{
    *store = (struct store){.bug = bug, .bugs = random_of(seed, 99)};
}

void store_finish(struct store *store)
{
    free(store->log);
    free(store->snapshot);
}

static void store_reserve(uint8_t **bytes, size_t *capacity, size_t size)
{
    if (size <= *capacity)
        return;
    *capacity = size * 2;
    *bytes = realloc(*bytes, *capacity);
    assert(*bytes != NULL);
}

static void group_sum(const uint8_t *group, size_t size, uint8_t sum[GROUP_SUM_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, GROUP_SUM_BYTES);
    crypto_generichash_update(&state, group, GROUP_HEAD_BYTES - GROUP_SUM_BYTES);
    crypto_generichash_update(&state, group + GROUP_HEAD_BYTES, size);
    crypto_generichash_final(&state, sum, GROUP_SUM_BYTES);
}

/* Appends one record to a group that ends at *size. */
static void group_add(uint8_t **bytes, size_t *size, size_t *capacity,
                      const struct seat_record *record)
{
    store_reserve(bytes, capacity, *size + SEAT_RECORD_BYTES_MAX);
    *size += record_encode(record, *bytes + *size);
}

static void group_close(uint8_t *group, size_t size, uint64_t first_number, uint32_t count)
{
    wire_put_u32(group, (uint32_t)(size - GROUP_HEAD_BYTES));
    wire_put_u64(group + 4, first_number);
    wire_put_u32(group + 12, count);
    group_sum(group, size - GROUP_HEAD_BYTES, group + 16);
}

void store_append(struct store *store, uint64_t first_number, const struct seat_record *records,
                  uint32_t count)
{
    size_t start = store->log_size;

    store_reserve(&store->log, &store->log_capacity, start + GROUP_HEAD_BYTES);
    store->log_size += GROUP_HEAD_BYTES;
    for (uint32_t index = 0; index < count; index++) {
        struct seat_record record = records[index];

        if (store->bug == BUG_HELD_OVER_LOST && record.kind == SEAT_RECORD_LINE)
            record.line.held_over = 0;
        group_add(&store->log, &store->log_size, &store->log_capacity, &record);
    }
    group_close(store->log + start, store->log_size - start, first_number, count);
}

void store_sync(struct store *store)
{
    store->syncs++;
    if (store->bug == BUG_SYNC_SKIPPED && random_below(&store->bugs, 1000) == 0)
        return;
    store->log_synced = store->log_size;
}

void store_crash(struct store *store, enum crash_variant variant)
{
    size_t unsynced = store->log_size - store->log_synced;
    size_t kept[CRASH_VARIANTS_COUNT];

    kept[CRASH_LOSES] = 0;
    kept[CRASH_KEEPS] = unsynced;
    kept[CRASH_TEARS_1] = unsynced < 1 ? unsynced : 1;
    kept[CRASH_TEARS_8] = unsynced < 8 ? unsynced : 8;
    kept[CRASH_TEARS_HALF] = unsynced / 2;
    kept[CRASH_TEARS_LAST] = unsynced > 0 ? unsynced - 1 : 0;
    store->log_size = store->log_synced + kept[variant];
}

/* The size of the whole group at `bytes`, or 0 where it is not whole. */
static size_t group_check(const uint8_t *bytes, size_t size)
{
    uint8_t sum[GROUP_SUM_BYTES];
    size_t records_size;

    if (size < GROUP_HEAD_BYTES)
        return 0;
    records_size = wire_get_u32(bytes);
    if (records_size > size - GROUP_HEAD_BYTES)
        return 0;
    group_sum(bytes, records_size, sum);
    return memcmp(sum, bytes + 16, GROUP_SUM_BYTES) == 0 ? GROUP_HEAD_BYTES + records_size : 0;
}

static bool store_passes_over(struct store *store, const struct seat_record *record)
{
    return store->bug == BUG_CHECKIN_NOT_REPLAYED && record->kind == SEAT_RECORD_CHECKIN &&
           random_below(&store->bugs, 50) == 0;
}

/* Applies the records of one whole group. Those of a snapshot have no number but the last. */
static enum status group_apply(struct store *store, const uint8_t *group, bool is_snapshot,
                               struct seats *seats, struct error *error)
{
    uint64_t number = wire_get_u64(group + 4);
    uint32_t count = wire_get_u32(group + 12);
    const uint8_t *at = group + GROUP_HEAD_BYTES;
    size_t left = wire_get_u32(group), size;

    for (uint32_t index = 0; index < count; index++) {
        uint64_t own = is_snapshot ? (index + 1 == count ? number : 0) : number + index;
        struct seat_record record;
        enum status status = record_decode(at, left, &record, &size, error);

        if (status != LICET_OK)
            return status;
        at += size;
        left -= size;
        if (store_passes_over(store, &record))
            continue;
        status = seat_apply(seats, own, &record, error);
        if (status != LICET_OK)
            return status;
    }
    return LICET_OK;
}

static enum status store_fold(struct store *store, size_t log_size, struct seats *seats,
                              size_t *ret_whole, struct error *error)
{
    enum status status = LICET_OK;
    size_t at = 0;

    if (store->snapshot_size > 0) {
        if (group_check(store->snapshot, store->snapshot_size) == 0)
            return error_set(error, LICET_DAMAGED, "the snapshot is damaged");
        status = group_apply(store, store->snapshot, true, seats, error);
    }
    while (status == LICET_OK && at < log_size) {
        size_t size = group_check(store->log + at, log_size - at);

        if (size == 0)
            break;
        status = group_apply(store, store->log + at, false, seats, error);
        at += size;
    }
    *ret_whole = at;
    return status;
}

enum status store_recover(struct store *store, struct seats *seats, struct error *error)
{
    size_t whole = 0;
    enum status status = store_fold(store, store->log_size, seats, &whole, error);

    store->log_size = whole;
    store->log_synced = whole; /* what recovery has read is written again before it goes on */
    return status;
}

enum status store_snapshot(struct store *store, struct seats *scratch, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t size = GROUP_HEAD_BYTES, capacity = 0, whole;
    struct seats_totals totals;
    struct seat_record record;
    uint64_t cursor = 0;
    uint32_t count = 0;
    enum status status = store_fold(store, store->log_synced, scratch, &whole, error);

    if (status != LICET_OK)
        return status;
    seats_totals(scratch, &totals);
    store_reserve(&bytes, &capacity, GROUP_HEAD_BYTES);
    while (seats_snapshot_next(scratch, &cursor, &record)) {
        bool is_ended = seat_record_is_ended(record.kind);

        if (store->bug == BUG_TOMBSTONES_FORGOTTEN && is_ended)
            continue;
        group_add(&bytes, &size, &capacity, &record);
        count++;
    }
    group_close(bytes, size, totals.next_number - 1, count);
    free(store->snapshot);
    store->snapshot = bytes;
    store->snapshot_size = size;
    store->snapshot_capacity = capacity;
    store->snapshot_number = totals.next_number - 1;
    memmove(store->log, store->log + whole, store->log_size - whole);
    store->log_size -= whole;
    store->log_synced -= whole;
    return LICET_OK;
}
