/*
 * A seat core with a journal that tests can read: every record is kept, and after each event the
 * core counts itself again. world_replays() folds the journal, and its own snapshot, and compares
 * all three.
 */
#ifndef LICET_TESTS_UNIT_SEAT_SEAT_TEST_H
#define LICET_TESTS_UNIT_SEAT_SEAT_TEST_H

#include <sys/mman.h>

#include "seat/record.h"
#include "tap.h"

#define DAY 86400
#define NOON ((int64_t)1795600800) /* 2026-11-25T10:00:00Z */

enum {
    ACME = 1,
    OTHER,
    EDITOR,
    VIEWER,
    SUITE,
    SOLVER,
    LA1,
    LA2,
    LA3,
    LA4,
    ALICE,
    BOB,
    HOST_A,
    HOST_B,
    SRC_A,
    SRC_B,
    NAME_LAST = 200
};

struct world {
    struct seats_options options;
    struct seats *seats;
    void *memory;
    struct seat_now now;
    struct seat_record *records;
    uint64_t records_count;
    struct seat_effects effects; /* of the last call of the last event */
    uint32_t event_records;      /* of all calls of the last event */
    uint32_t generation;
    bool is_checked; /* after each event */
};

#define WORLD_RECORDS_MAX 200000

__attribute__((unused)) static struct seats *world_seats(const struct seats_options *options,
                                                         void **ret_memory)
{
    *ret_memory = mmap(NULL, seats_memory(options), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return seats_create(*ret_memory, options);
}

__attribute__((unused)) static void world_begin(struct world *world, struct seats_options options)
{
    memset(world, 0, sizeof(*world));
    world->options = options;
    if (options.names_max == 0)
        world->options.names_max = 100000;
    if (options.leases_max == 0)
        world->options.leases_max = 100000;
    if (options.pools_max == 0)
        world->options.pools_max = 1000;
    world->seats = world_seats(&world->options, &world->memory);
    world->now = (struct seat_now){{1000000}, {NOON}};
    world->records = mmap(NULL, WORLD_RECORDS_MAX * sizeof(*world->records), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    world->is_checked = true;
}

__attribute__((unused)) static void world_end(struct world *world)
{
    munmap(world->memory, seats_memory(&world->options));
    munmap(world->records, WORLD_RECORDS_MAX * sizeof(*world->records));
}

/* All calls of one event; the reply is that of the call which has one. */
__attribute__((unused)) static struct seat_reply world_step(struct world *world,
                                                            const struct seat_event *event)
{
    struct seat_event more = {.kind = SEAT_MORE};
    struct seat_reply reply = {.status = LICET_INVALID};
    const char *wrong;

    world->event_records = 0;
    do {
        seat_step(world->seats, world->now, event, &world->effects);
        for (uint32_t i = 0; i < world->effects.records_count; i++) {
            if (world->effects.first_number + i != world->records_count + 1)
                ok(false, "records are numbered one after another");
            world->records[world->records_count++] = world->effects.records[i];
        }
        world->event_records += world->effects.records_count;
        if (world->effects.has_reply)
            reply = world->effects.reply;
        event = &more;
    } while (world->effects.more);
    wrong = world->is_checked ? seats_check(world->seats) : NULL;
    if (wrong != NULL)
        ok(false, "the core counts itself right: %s", wrong);
    return reply;
}

__attribute__((unused)) static void world_start(struct world *world)
{
    world_step(world, &(struct seat_event){.kind = SEAT_START});
}

__attribute__((unused)) static void world_tick(struct world *world)
{
    world_step(world, &(struct seat_event){.kind = SEAT_TICK});
}

__attribute__((unused)) static void world_pass_ms(struct world *world, int64_t ms)
{
    world->now.utc.s += (world->now.instant.ms % 1000 + ms) / 1000;
    world->now.instant.ms += ms;
}

__attribute__((unused)) static struct seat_line line_of(name_id sn, name_id feature, uint32_t seats)
{
    return (struct seat_line){.sn = sn,
                              .feature = feature,
                              .seats = seats,
                              .maintenance = DATE_NONE,
                              .ttl_s = 60,
                              .drain_s = 3600};
}

__attribute__((unused)) static struct seat_reply
world_install_of(struct world *world, name_id vendor, uint32_t generation,
                 const struct seat_line *lines, uint32_t count)
{
    struct seat_installation installation = {
        .vendor = vendor, .generation = generation, .lines_count = count};
    struct seat_event event = {.kind = SEAT_INSTALL, .installation = &installation, .lines = lines};

    memset(installation.payload_hash, (int)(generation & 255), 32);
    return world_step(world, &event);
}

__attribute__((unused)) static struct seat_reply
world_install(struct world *world, const struct seat_line *lines, uint32_t count)
{
    return world_install_of(world, ACME, ++world->generation, lines, count);
}

__attribute__((unused)) static struct seat_event event_of(enum seat_event_kind kind, uint32_t id,
                                                          name_id feature, uint32_t count)
{
    struct seat_event event = {.kind = kind,
                               .vendor = ACME,
                               .feature = feature,
                               .user = ALICE,
                               .host = HOST_A,
                               .count = count,
                               .source = SRC_A};

    memcpy(event.id.bytes, &id, sizeof(id));
    return event;
}

__attribute__((unused)) static struct seat_reply checkout(struct world *world, uint32_t id,
                                                          name_id feature)
{
    struct seat_event event = event_of(SEAT_CHECKOUT, id, feature, 1);

    return world_step(world, &event);
}

__attribute__((unused)) static struct seat_reply checkout_release(struct world *world, uint32_t id,
                                                                  name_id feature, uint32_t release)
{
    struct seat_event event = event_of(SEAT_CHECKOUT, id, feature, 1);

    event.release = release;
    return world_step(world, &event);
}

__attribute__((unused)) static struct seat_reply checkout_count(struct world *world, uint32_t id,
                                                                name_id feature, uint32_t count)
{
    struct seat_event event = event_of(SEAT_CHECKOUT, id, feature, count);

    return world_step(world, &event);
}

__attribute__((unused)) static struct seat_reply renew(struct world *world, uint32_t id)
{
    struct seat_event event = event_of(SEAT_RENEW, id, 0, 0);

    return world_step(world, &event);
}

__attribute__((unused)) static void world_keep_alive(struct world *world, uint32_t first,
                                                     uint32_t last, int64_t seconds)
{
    for (int64_t passed = 0; passed < seconds; passed += 30) {
        world_pass_ms(world, 30000);
        for (uint32_t id = first; id <= last; id++)
            renew(world, id);
    }
}

__attribute__((unused)) static struct seat_reply checkin(struct world *world, uint32_t id)
{
    struct seat_event event = event_of(SEAT_CHECKIN, id, 0, 0);

    return world_step(world, &event);
}

__attribute__((unused)) static uint64_t world_live(const struct world *world)
{
    struct seats_totals totals;

    seats_totals(world->seats, &totals);
    return totals.leases;
}

__attribute__((unused)) static struct seat_feature_view world_feature(const struct world *world,
                                                                      name_id feature)
{
    struct seat_feature_view view = {0};
    uint64_t cursor = 0;

    while (seats_next_feature(world->seats, world->now, &cursor, &view) && view.feature != feature)
        ;
    return view;
}

/* Two cores hold the same, byte for byte. */
__attribute__((unused)) static bool seats_are_equal(const struct seats *left,
                                                    const struct seats *right)
{
    uint64_t left_cursor = 0, right_cursor = 0;
    struct seat_record a, b;
    uint8_t a_bytes[SEAT_RECORD_BYTES_MAX], b_bytes[SEAT_RECORD_BYTES_MAX];

    for (;;) {
        bool has_a = seats_snapshot_next(left, &left_cursor, &a);
        bool has_b = seats_snapshot_next(right, &right_cursor, &b);
        size_t size;

        if (has_a != has_b)
            return false;
        if (!has_a)
            return true;
        size = record_encode(&a, a_bytes);
        if (record_encode(&b, b_bytes) != size || memcmp(a_bytes, b_bytes, size) != 0) {
            printf("#   record kind %d differs from kind %d\n", (int)a.kind, (int)b.kind);
            return false;
        }
    }
}

/* A new core from the journal. The caller unmaps *ret_memory. */
__attribute__((unused)) static struct seats *world_replay(const struct world *world,
                                                          void **ret_memory)
{
    struct seats *seats = world_seats(&world->options, ret_memory);
    struct error error;

    for (uint64_t i = 0; i < world->records_count; i++) {
        if (seat_apply(seats, i + 1, &world->records[i], &error) != LICET_OK)
            printf("#   record %d: %s\n", (int)i + 1, error.text);
    }
    return seats;
}

__attribute__((unused)) static struct seats *world_from_snapshot(const struct world *world,
                                                                 void **ret_memory)
{
    struct seats *seats = world_seats(&world->options, ret_memory);
    struct seat_record record;
    uint64_t cursor = 0;
    struct error error;

    while (seats_snapshot_next(world->seats, &cursor, &record)) {
        if (seat_apply(seats, 0, &record, &error) != LICET_OK)
            printf("#   snapshot: %s\n", error.text);
    }
    return seats;
}

__attribute__((unused)) static bool world_replays(const struct world *world)
{
    void *first_memory, *second_memory;
    struct seats *first = world_replay(world, &first_memory);
    struct seats *second = world_from_snapshot(world, &second_memory);
    bool equal = seats_are_equal(world->seats, first) && seats_are_equal(world->seats, second);
    const char *wrong = seats_check(first);

    if (wrong == NULL)
        wrong = seats_check(second);
    if (wrong != NULL)
        printf("#   %s\n", wrong);
    munmap(first_memory, seats_memory(&world->options));
    munmap(second_memory, seats_memory(&world->options));
    return equal && wrong == NULL;
}

/* A crash: all that is soft is gone, the journal is folded again. `ms` pass meanwhile. */
__attribute__((unused)) static void world_restart(struct world *world, int64_t ms)
{
    void *memory;
    struct seats *seats = world_replay(world, &memory);

    munmap(world->memory, seats_memory(&world->options));
    world->seats = seats;
    world->memory = memory;
    world_pass_ms(world, ms);
    world_start(world);
}

#endif
