/*
 * The held state as records, in one order for one state: counters, installations by vendor, ended
 * ids from the oldest on, leases by pool and age. Installations come before leases, so that each
 * lease finds its family; ended ids before leases, so that none of them is pushed out.
 *
 * The cursor: stage 4 bits, then what the stage needs.
 */
#include <assert.h>

#include "seat/state.h"

enum snapshot_stage {
    SNAPSHOT_OPEN,
    SNAPSHOT_EPOCH,
    SNAPSHOT_REQUEST,
    SNAPSHOT_INSTALL, /* vendor 32 bits, row 16 bits; row 0: INSTALL, n: the nth LINE, last: END */
    SNAPSHOT_ENDED,   /* place of the one written last */
    SNAPSHOT_LEASE, /* index in the order of pools 28 bits, place 28 bits, "its mark is next" 1 bit
                     */
    SNAPSHOT_END,
};

#define SNAPSHOT_SHIFT 60

static enum snapshot_stage snapshot_stage(uint64_t cursor)
{
    return (enum snapshot_stage)(cursor >> SNAPSHOT_SHIFT);
}

static uint64_t snapshot_rest(uint64_t cursor)
{
    return cursor & (((uint64_t)1 << SNAPSHOT_SHIFT) - 1);
}

static uint64_t snapshot_at(enum snapshot_stage stage, uint64_t rest)
{
    return (uint64_t)stage << SNAPSHOT_SHIFT | rest;
}

static bool snapshot_counter(const struct seats *seats, uint64_t *cursor,
                             struct seat_record *record)
{
    enum snapshot_stage stage = snapshot_stage(*cursor);

    *cursor = snapshot_at(stage + 1, 0);
    if (stage == SNAPSHOT_OPEN && seats->is_open) {
        record->kind = SEAT_RECORD_OPEN;
        record->at = seats->open_at;
        memcpy(record->open.server_key, seats->server_key, sizeof(seats->server_key));
        return true;
    }
    if (stage == SNAPSHOT_EPOCH && seats->epoch > 0) {
        record->kind = SEAT_RECORD_EPOCH;
        record->at = seats->epoch_at;
        record->epoch.epoch = seats->epoch;
        return true;
    }
    if (stage == SNAPSHOT_REQUEST && seats->request_counter > 0) {
        record->kind = SEAT_RECORD_REQUEST;
        record->at = seats->request_at;
        record->request.counter = seats->request_counter;
        memcpy(record->request.response_hash, seats->response_hash, sizeof(seats->response_hash));
        return true;
    }
    return false;
}

/* The installed vendor with the lowest id from `from` on, or NULL. */
static const struct vendor *snapshot_vendor(const struct seats *seats, uint64_t from)
{
    const struct vendor *found = NULL;

    for (uint32_t i = 0; i < seats->vendors_count; i++) {
        const struct vendor *vendor = &seats->vendors[i];

        if (vendor->installation.vendor >= from &&
            (found == NULL || vendor->installation.vendor < found->installation.vendor))
            found = vendor;
    }
    return found;
}

static bool snapshot_install(const struct seats *seats, uint64_t *cursor,
                             struct seat_record *record)
{
    uint64_t rest = snapshot_rest(*cursor), row = rest & 0xffff;
    const struct vendor *vendor = snapshot_vendor(seats, rest >> 16);

    if (vendor == NULL) {
        *cursor = snapshot_at(SNAPSHOT_ENDED, 0);
        return false;
    }
    rest = (uint64_t)vendor->installation.vendor << 16 | (row + 1);
    record->at = vendor->installation.installed_at;
    if (row == 0) {
        record->kind = SEAT_RECORD_INSTALL;
        record->install = vendor->installation;
    } else if (row <= vendor->rows_count) {
        record->kind = SEAT_RECORD_LINE;
        record->line = vendor->rows[row - 1];
    } else {
        record->kind = SEAT_RECORD_INSTALL_END;
        rest = ((uint64_t)vendor->installation.vendor + 1) << 16;
    }
    *cursor = snapshot_at(SNAPSHOT_INSTALL, rest);
    return true;
}

static bool snapshot_ended(const struct seats *seats, uint64_t *cursor, struct seat_record *record)
{
    uint64_t last = snapshot_rest(*cursor);
    uint32_t lease = last == 0 ? seats->ended_first : seats->leases[last].wheel_next;
    const struct lease *of = &seats->leases[lease];

    if (lease == 0) {
        *cursor = snapshot_at(SNAPSHOT_LEASE, 0);
        return false;
    }
    record->kind = (enum seat_record_kind)of->ended_by;
    record->at = (int64_t)of->at;
    record->ended.handle = of->handle;
    record->ended.id = of->id;
    record->ended.source = of->source;
    *cursor = snapshot_at(SNAPSHOT_ENDED, lease);
    return true;
}

static void snapshot_grant(const struct seats *seats, uint32_t lease, struct seat_record *record)
{
    const struct lease *of = &seats->leases[lease];
    const struct cell *cell = &seats->cells[of->cell];

    record->kind = SEAT_RECORD_GRANT;
    record->at = (int64_t)of->at;
    record->grant.handle = of->handle;
    record->grant.id = of->id;
    record->grant.vendor = seats->pools[cell->pool].vendor;
    record->grant.feature = seats->pools[cell->pool].feature;
    record->grant.user = of->user;
    record->grant.host = of->host;
    record->grant.device = of->device;
    record->grant.source = of->source;
    record->grant.count = of->count;
    record->grant.release = cell->release;
    record->grant.end = of->end;
    record->grant.ttl_s = (uint32_t)of->ttl_s;
    record->grant.flags = (uint32_t)of->flags;
}

static uint64_t snapshot_lease_at(uint64_t index, uint64_t lease, bool mark)
{
    return snapshot_at(SNAPSHOT_LEASE, index << 32 | lease << 1 | (mark ? 1 : 0));
}

/* `lease` in the cursor was written last; its mark, if it has one, comes first. */
static bool snapshot_lease(const struct seats *seats, uint64_t *cursor, struct seat_record *record)
{
    const struct pool_order *order = pool_order(seats);
    uint64_t rest = snapshot_rest(*cursor), index = rest >> 32;
    uint32_t lease = (uint32_t)(rest & 0xffffffff) >> 1;

    if ((rest & 1) != 0) {
        record->kind = SEAT_RECORD_ENDING;
        record->at = (int64_t)seats->leases[lease].at;
        record->ending.handle = seats->leases[lease].handle;
        record->ending.id = seats->leases[lease].id;
        record->ending.end = 0;
        *cursor = snapshot_lease_at(index, lease, false);
        return true;
    }
    if (index == order->count) {
        *cursor = snapshot_at(SNAPSHOT_END, 0);
        return false;
    }
    lease = lease == 0 ? seats->pools[order->pools[index]].first : seats->leases[lease].list_next;
    if (lease == 0) {
        *cursor = snapshot_lease_at(index + 1, 0, false);
        return false;
    }
    snapshot_grant(seats, lease, record);
    *cursor = snapshot_lease_at(index, lease, seats->leases[lease].is_ending != 0);
    return true;
}

bool seats_snapshot_next(const struct seats *seats, uint64_t *cursor,
                         struct seat_record *ret_record)
{
    memset(ret_record, 0, sizeof(*ret_record));
    for (;;) {
        bool has_record = false;

        switch (snapshot_stage(*cursor)) {
        case SNAPSHOT_OPEN:
        case SNAPSHOT_EPOCH:
        case SNAPSHOT_REQUEST:
            has_record = snapshot_counter(seats, cursor, ret_record);
            break;
        case SNAPSHOT_INSTALL:
            has_record = snapshot_install(seats, cursor, ret_record);
            break;
        case SNAPSHOT_ENDED:
            has_record = snapshot_ended(seats, cursor, ret_record);
            break;
        case SNAPSHOT_LEASE:
            has_record = snapshot_lease(seats, cursor, ret_record);
            break;
        case SNAPSHOT_END:
            return false;
        }
        if (has_record)
            return true;
    }
}
