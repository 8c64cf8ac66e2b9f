/* One region of memory, cut into tables. Only what is used is ever touched. */
#include <assert.h>

#include "seat/state.h"

struct seats_cut {
    char *at; /* NULL: only counting */
    size_t size;
};

static void *seats_cut(struct seats_cut *cut, size_t count, size_t size)
{
    void *taken = cut->at == NULL ? NULL : cut->at + cut->size;

    cut->size += (count * size + 63) & ~(size_t)63;
    return taken;
}

static struct seats_options seats_options_of(const struct seats_options *options)
{
    struct seats_options with = options != NULL ? *options : (struct seats_options){0};

    if (with.leases_max == 0 || with.leases_max > LEASES_MAX)
        with.leases_max = LEASES_MAX;
    if (with.pools_max == 0 || with.pools_max > POOLS_MAX)
        with.pools_max = POOLS_MAX;
    if (with.leases_of_source_max == 0)
        with.leases_of_source_max = LEASES_OF_SOURCE_MAX;
    if (with.names_max == 0 || with.names_max > NAMES_MAX)
        with.names_max = NAMES_MAX;
    return with;
}

/* Place 0 of a table whose rows are named by number is none, so such a table has one more. */
static void seats_cut_leases(struct seats *seats, struct seats_cut *cut)
{
    const struct seats_options *options = &seats->options;

    seats->lease_buckets = seats_cut(cut, table_buckets(options->leases_max), sizeof(uint32_t));
    seats->leases = seats_cut(cut, (size_t)options->leases_max + 1, sizeof(struct lease));
    seats->lease_memo = seats_cut(cut, 1, sizeof(struct lease_memo));
    seats->sources = seats_cut(cut, (size_t)options->names_max + 1, sizeof(struct source));
    seats->wheel = seats_cut(cut, 1, sizeof(struct wheel));
    seats->cell_buckets = seats_cut(cut, table_buckets(options->leases_max), sizeof(uint32_t));
    /* A cell a live lease, and an empty one that a pool keeps. */
    seats->cells =
        seats_cut(cut, (size_t)options->leases_max + options->pools_max + 1, sizeof(struct cell));
}

static void seats_cut_pools(struct seats *seats, struct seats_cut *cut)
{
    const struct seats_options *options = &seats->options;

    seats->pools = seats_cut(cut, (size_t)options->pools_max + 1, sizeof(struct pool));
    seats->pool_order =
        seats_cut(cut, 1, sizeof(struct pool_order) + options->pools_max * sizeof(uint32_t));
    seats->pool_of_name = seats_cut(cut, (size_t)options->names_max + 1, sizeof(uint32_t));
    seats->row_of_sn = seats_cut(cut, (size_t)options->names_max + 1, sizeof(uint32_t));
    seats->families = seats_cut(cut, (size_t)options->pools_max + 1, sizeof(struct family));
    for (uint32_t i = 0; i < VENDORS_MAX; i++) {
        seats->vendors[i].rows = seats_cut(cut, SEAT_ROWS_MAX, sizeof(struct seat_line));
        seats->vendors[i].held = seats_cut(cut, SEAT_ROWS_MAX, sizeof(uint32_t));
    }
    seats->staged = seats_cut(cut, SEAT_ROWS_MAX, sizeof(struct seat_line));
    seats->flow_region = seats_cut(cut, SEAT_FLOW_BYTES, 1);
    /* A flow of one family, and while a drain chooses, an entry a pool. */
    seats->scratch = seats_cut(cut, SEAT_FLOW_BYTES + (size_t)options->pools_max * 64, 1);
}

size_t seats_memory(const struct seats_options *options)
{
    struct seats seats = {.options = seats_options_of(options)};
    struct seats_cut cut = {0};

    seats_cut(&cut, 1, sizeof(struct seats));
    seats_cut_leases(&seats, &cut);
    seats_cut_pools(&seats, &cut);
    return cut.size;
}

struct seats *seats_create(void *memory, const struct seats_options *options)
{
    struct seats_cut cut = {.at = memory};
    struct seats *seats = seats_cut(&cut, 1, sizeof(struct seats));

    assert(memory != NULL);
    seats->options = seats_options_of(options);
    seats->next_number = 1;
    seats->stamp = 1;
    seats->vendors_table = seats->vendors;
    seats_cut_leases(seats, &cut);
    seats_cut_pools(seats, &cut);
    table_init(&seats->lease_table);
    table_init(&seats->cell_table);
    seats->wheel->next_ms = INT64_MAX;
    seats->drain_next_ms = INT64_MAX;
    return seats;
}

/* What the tables in use hold, without the room that is only reserved. */
static uint64_t seats_memory_used(const struct seats *seats)
{
    return sizeof(struct seats) + (uint64_t)seats->leases_used * sizeof(struct lease) +
           (uint64_t)(seats->lease_table.mask + 1 + seats->lease_table.split) * sizeof(uint32_t) +
           (uint64_t)seats->cells_used * (sizeof(struct cell) + sizeof(uint32_t)) +
           (uint64_t)seats->pools_used * (sizeof(struct pool) + sizeof(struct family)) +
           seats->flow_used;
}

void seats_totals(const struct seats *seats, struct seats_totals *ret_totals)
{
    *ret_totals = (struct seats_totals){
        .leases = seats->live_count,
        .pools = seats->pools_count,
        .tombstones = seats->ended_count,
        .next_number = seats->next_number,
        .epoch = seats->epoch,
        .memory_used = seats_memory_used(seats),
        .request_counter = seats->request_counter,
    };
}

const struct seat_installation *seats_installation(const struct seats *seats, name_id vendor)
{
    const struct vendor *found = vendor_find(seats, vendor);

    return found == NULL ? NULL : &found->installation;
}
