/*
 * seat_apply(): the one function that changes held state, live and at a replay. What it computes
 * depends on records alone; their `at` is its only clock.
 */
#include <assert.h>

#include "seat/state.h"

static enum status apply_damaged(struct error *error, uint64_t number, const char *what)
{
    return error_set(error, LICET_DAMAGED, "record %llu: %s", (unsigned long long)number, what);
}

/* ---- counters */

static enum status apply_epoch(struct seats *seats, uint64_t number,
                               const struct seat_record *record, struct error *error)
{
    if (record->epoch.epoch <= seats->epoch)
        return apply_damaged(error, number, "the epoch does not rise");
    seats->epoch = record->epoch.epoch;
    seats->epoch_at = record->at;
    return LICET_OK;
}

static enum status apply_open(struct seats *seats, uint64_t number,
                              const struct seat_record *record, struct error *error)
{
    if (seats->is_open)
        return apply_damaged(error, number, "a journal begins twice");
    memcpy(seats->server_key, record->open.server_key, sizeof(seats->server_key));
    seats->open_at = record->at;
    seats->is_open = true;
    return LICET_OK;
}

static enum status apply_request(struct seats *seats, uint64_t number,
                                 const struct seat_record *record, struct error *error)
{
    if (record->request.counter <= seats->request_counter)
        return apply_damaged(error, number, "the counter of requests does not rise");
    seats->request_counter = record->request.counter;
    seats->request_at = record->at;
    memcpy(seats->response_hash, record->request.response_hash, sizeof(seats->response_hash));
    return LICET_OK;
}

/* ---- leases */

static bool grant_is_sound(const struct seats *seats, const struct seat_record *record)
{
    uint32_t names_max = seats->options.names_max;

    return record->grant.vendor != 0 && record->grant.vendor <= names_max &&
           record->grant.feature != 0 && record->grant.feature <= names_max &&
           record->grant.source <= names_max && record->grant.count > 0 &&
           record->grant.count <= LEASE_COUNT_MAX && record->grant.release <= DATE_MAX_DAYS &&
           record->grant.ttl_s <= LEASE_TTL_SECONDS_MAX && record->at >= 0;
}

static uint32_t apply_pool(struct seats *seats, const struct seat_record *record)
{
    uint32_t pool = pool_find(seats, record->grant.vendor, record->grant.feature);

    if (pool != 0)
        return pool;
    pool = pool_get(seats, record->grant.vendor, record->grant.feature);
    return pool != 0 && family_add_orphan(seats, pool, record->at) ? pool : 0;
}

static void apply_lease(struct seats *seats, uint32_t lease, uint32_t pool,
                        const struct seat_record *record)
{
    struct lease *granted = &seats->leases[lease];
    struct family *family = family_at(seats, pool, record->at);
    uint32_t cell = cell_get(seats, pool, record->grant.release);

    *granted = (struct lease){
        .id = record->grant.id,
        .handle = record->grant.handle,
        .end = record->grant.end,
        .at = (uint64_t)record->at & (((uint64_t)1 << 40) - 1),
        .ttl_s = record->grant.ttl_s & 0x3ffff,
        .flags = record->grant.flags & 15,
        .cell = cell,
        .user = record->grant.user,
        .host = record->grant.host,
        .device = record->grant.device,
        .source = record->grant.source,
        .count = record->grant.count,
        .state = LEASE_LIVE,
    };
    lease_index(seats, lease);
    pool_append(seats, pool, lease);
    seats->cells[cell].leases++;
    seats->cells[cell].units += granted->count;
    flow_take(family->flow, seats->cells[cell].class, granted->count);
    seats->sources[granted->source].live++;
    seats->live_count++;
}

static enum status apply_grant(struct seats *seats, uint64_t number,
                               const struct seat_record *record, struct error *error)
{
    uint32_t lease, pool;

    if (!grant_is_sound(seats, record) || (number != 0 && record->grant.handle > number))
        return apply_damaged(error, number, "a lease has a value out of its range");
    lease = lease_find(seats, &record->grant.id);
    if (lease != 0 && seats->leases[lease].state == LEASE_LIVE)
        return apply_damaged(error, number, "a lease is granted twice");
    if (lease != 0)
        lease_forget(seats, lease);
    lease = lease_place(seats);
    if (lease == 0)
        return apply_damaged(error, number, "more leases than this license server may hold");
    pool = apply_pool(seats, record);
    if (pool == 0)
        return apply_damaged(error, number, "more features than this license server may hold");
    apply_lease(seats, lease, pool, record);
    return LICET_OK;
}

/* Takes a live lease out of everything that counts it. */
static void apply_release(struct seats *seats, uint32_t lease, int64_t at)
{
    struct lease *released = &seats->leases[lease];
    struct cell *cell = &seats->cells[released->cell];
    struct pool *pool = &seats->pools[cell->pool];
    struct family *family = family_at(seats, cell->pool, at);

    if (seats->is_started)
        wheel_remove(seats, lease);
    level_clear(seats, lease);
    flow_give(family->flow, cell->class, released->count);
    pool_remove(seats, cell->pool, lease);
    cell->units -= released->count;
    cell->leases--;
    if (cell->leases == 0 && pool->cell != released->cell)
        cell_drop(seats, released->cell);
    seats->sources[released->source].live--;
    seats->live_count--;
    if (family->vendor < seats->vendors_count && seats->vendors[family->vendor].held_count > 0)
        install_clamp(seats, family->vendor, at);
}

static void apply_tombstone(struct seats *seats, uint32_t lease, uint64_t number,
                            const struct seat_record *record)
{
    struct lease *ended = &seats->leases[lease];

    ended->ended_number = number;
    ended->deadline_ms = seats->now_ms;
    ended->at = (uint64_t)record->at & (((uint64_t)1 << 40) - 1);
    ended->ended_by = (uint8_t)record->kind;
    ended->is_ending = 0;
    lease_end(seats, lease);
}

static enum status apply_ended(struct seats *seats, uint64_t number,
                               const struct seat_record *record, struct error *error)
{
    uint32_t lease = lease_find(seats, &record->ended.id);

    if (record->ended.source > seats->options.names_max)
        return apply_damaged(error, number, "a source has a number out of its range");
    if (lease == 0) { /* of a snapshot: the id stays ended */
        lease = lease_place(seats);
        if (lease == 0)
            return apply_damaged(error, number, "more leases than this license server may hold");
        seats->leases[lease] = (struct lease){
            .id = record->ended.id, .handle = record->ended.handle, .source = record->ended.source};
        lease_index(seats, lease);
        apply_tombstone(seats, lease, number, record);
        return LICET_OK;
    }
    if (seats->leases[lease].state != LEASE_LIVE)
        return apply_damaged(error, number, "a lease ends twice");
    if (seats->leases[lease].handle != record->ended.handle)
        return apply_damaged(error, number, "a lease ends under another handle");
    if (record->ended.forgets > seats->ended_count)
        return apply_damaged(error, number, "more ended ids are forgotten than there are");
    apply_release(seats, lease, record->at);
    /* Order: before the cap of its source may forget one that is counted here. */
    for (uint32_t i = 0; i < record->ended.forgets; i++)
        lease_forget(seats, seats->ended_first);
    apply_tombstone(seats, lease, number, record);
    return LICET_OK;
}

static enum status apply_ending(struct seats *seats, uint64_t number,
                                const struct seat_record *record, struct error *error)
{
    uint32_t lease = lease_find(seats, &record->ending.id);

    if (lease == 0 || seats->leases[lease].state != LEASE_LIVE ||
        seats->leases[lease].handle != record->ending.handle)
        return apply_damaged(error, number, "a lease that does not live is marked");
    if (record->ending.end == 0)
        seats->leases[lease].is_ending = 1;
    else
        seats->leases[lease].end = record->ending.end == INT64_MAX ? 0 : record->ending.end;
    seats->ending_number = number;
    return LICET_OK;
}

static enum status apply_kind(struct seats *seats, uint64_t number,
                              const struct seat_record *record, struct error *error)
{
    switch (record->kind) {
    case SEAT_RECORD_OPEN:
        return apply_open(seats, number, record, error);
    case SEAT_RECORD_EPOCH:
        return apply_epoch(seats, number, record, error);
    case SEAT_RECORD_INSTALL:
        return install_apply_begin(seats, record, error);
    case SEAT_RECORD_LINE:
        return install_apply_line(seats, record, error);
    case SEAT_RECORD_INSTALL_END:
        return install_apply_end(seats, record, error);
    case SEAT_RECORD_GRANT:
        return apply_grant(seats, number, record, error);
    case SEAT_RECORD_CHECKIN:
    case SEAT_RECORD_EXPIRE:
    case SEAT_RECORD_END:
        return apply_ended(seats, number, record, error);
    case SEAT_RECORD_ENDING:
        return apply_ending(seats, number, record, error);
    case SEAT_RECORD_REQUEST:
        return apply_request(seats, number, record, error);
    default:
        return apply_damaged(error, number, "an unknown kind: it needs a newer licetd");
    }
}

enum status seat_apply(struct seats *seats, uint64_t number, const struct seat_record *record,
                       struct error *error)
{
    enum status status;

    if (number != 0 && number < seats->next_number)
        return apply_damaged(error, number, "the numbers of records do not rise");
    status = apply_kind(seats, number, record, error);
    if (status == LICET_OK && number != 0)
        seats->next_number = number + 1;
    return status;
}
