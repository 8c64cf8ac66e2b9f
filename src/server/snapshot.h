/*
 * Snapshots (docs/journal.md): a second fold of the journal in a thread of libuv's pool, written as
 * the records that fold to its state. Never from live memory: what a snapshot says was read back
 * from the disk, and checked.
 */
#ifndef LICET_SERVER_SNAPSHOT_H
#define LICET_SERVER_SNAPSHOT_H

#include <uv.h>

#include "journal/journal.h"
#include "seat/seat.h"

struct snapshot_maker {
    uv_work_t work;
    uv_loop_t *loop;
    char folder[1200]; /* the journal's */
    struct seats_options options;
    uint8_t server_key[32];
    bool has_denial_names;
    uint32_t records_between; /* snapshot-after */
    uint64_t last_number;     /* of the newest snapshot, or of the start */
    bool is_working;
    struct journal_head until; /* what the present one stands for */
    int64_t now;
    enum status status;
    struct error error;
    uint64_t records;
    uint32_t segments_removed;
};

/* After each commit: starts a snapshot when enough records have come since the last. `live` is how
 * many leases there are: a snapshot of many is worth more records between. Does nothing while one
 * is being made. */
void snapshot_consider(struct snapshot_maker *maker, const struct journal_head *head, uint64_t live,
                       int64_t now);

#endif
