/*
 * What the seat core costs in process: pairs of checkout and check-in beside more and more live
 * leases and pools, heartbeats, denials, a replay, and bytes a lease. Prints a table; it is no
 * test.
 *
 * Usage: seat_bench [leases ...]     (default: 0 1000000 5000000)
 */
#include <sys/mman.h>
#include <time.h>

#include "base/parse.h"
#include "seat/seat.h"

enum {
    FEATURE_FIRST = 100,
    PAIRS = 1000000,
    SOURCES = 1000,
    SOURCE_FIRST = 60000
};

/* Of the processor, not of the wall: neighbours on the machine do not count. */
static int64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

static struct seats *bench_seats(void **ret_memory)
{
    size_t size = seats_memory(NULL);

    *ret_memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (*ret_memory == MAP_FAILED)
        return NULL;
    madvise(*ret_memory, size, MADV_HUGEPAGE); /* as licetd does */
    return seats_create(*ret_memory, NULL);
}

/* Distinct and without order, as clients choose them. */
static struct lease_id bench_id(uint64_t number)
{
    uint64_t mixed = number * 0x9e3779b97f4a7c15u,
             other = (mixed ^ mixed >> 31) * 0xbf58476d1ce4e5b9u;
    struct lease_id id;

    memcpy(id.bytes, &mixed, 8);
    memcpy(id.bytes + 8, &other, 8);
    return id;
}

static void bench_install(struct seats *seats, struct seat_now now, uint32_t pools)
{
    static struct seat_line lines[LICENSE_LINES_MAX];
    static struct seat_effects effects;
    struct seat_event more = {.kind = SEAT_MORE};

    /* 4,096 lines a file: 50,000 pools are 13 vendors. */
    for (uint32_t first = 0; first < pools; first += LICENSE_LINES_MAX) {
        uint32_t count = pools - first < LICENSE_LINES_MAX ? pools - first : LICENSE_LINES_MAX;
        struct seat_installation installation = {
            .vendor = 1 + first / LICENSE_LINES_MAX, .generation = 1, .lines_count = count};
        struct seat_event event = {
            .kind = SEAT_INSTALL, .installation = &installation, .lines = lines};

        for (uint32_t i = 0; i < count; i++)
            lines[i] = (struct seat_line){.sn = 1 + i,
                                          .feature = FEATURE_FIRST + first + i,
                                          .seats = SEATS_MAX,
                                          .maintenance = DATE_NONE,
                                          .ttl_s = LEASE_TTL_SECONDS_MAX,
                                          .drain_s = DRAIN_SECONDS};
        seat_step(seats, now, &event, &effects);
        while (effects.more)
            seat_step(seats, now, &more, &effects);
        if (effects.reply.status != LICET_OK)
            fprintf(stderr, "seat_bench: installation: %s\n", status_text(effects.reply.status));
    }
}

static struct seat_event bench_event(enum seat_event_kind kind, uint64_t number, uint32_t pools)
{
    uint32_t pool = (uint32_t)(number * 2654435761u % pools);

    return (struct seat_event){.kind = kind,
                               .id = bench_id(number),
                               .vendor = 1 + pool / LICENSE_LINES_MAX,
                               .feature = FEATURE_FIRST + pool,
                               .user = 1 + (uint32_t)(number % 50000),
                               .host = 1 + (uint32_t)(number % 50000),
                               .source = SOURCE_FIRST + (uint32_t)(number % SOURCES),
                               .count = 1,
                               .release = 20000};
}

static double bench_pairs(struct seats *seats, struct seat_now *now, uint64_t first, uint32_t pools)
{
    static struct seat_effects effects;
    int64_t began = clock_ns();

    for (uint64_t number = first; number < first + PAIRS; number++) {
        struct seat_event event = bench_event(SEAT_CHECKOUT, number, pools);

        now->instant.ms += (number & 1023) == 0 ? 1000 : 0;
        now->utc.s += (number & 1023) == 0; /* so ended ids grow old: 600,000 of them are kept */
        seat_step(seats, *now, &event, &effects);
        event.kind = SEAT_CHECKIN;
        seat_step(seats, *now, &event, &effects);
    }
    return (double)(clock_ns() - began) / PAIRS;
}

static double bench_renewals(struct seats *seats, struct seat_now *now, uint64_t leases,
                             uint32_t pools)
{
    static struct seat_effects effects;
    int64_t began;

    if (leases == 0)
        return 0;
    began = clock_ns();
    for (uint64_t number = 0; number < PAIRS; number++) {
        struct seat_event event = bench_event(SEAT_RENEW, number * 7919 % leases, pools);

        now->instant.ms += (number & 511) == 0;
        seat_step(seats, *now, &event, &effects);
    }
    return (double)(clock_ns() - began) / PAIRS;
}

static void bench_row(uint64_t leases, uint32_t pools)
{
    static struct seat_effects effects;
    struct seat_now now = {{1000000}, {1795600800}};
    struct seat_event start = {.kind = SEAT_START};
    struct seats_totals totals;
    void *memory;
    struct seats *seats = bench_seats(&memory);
    double pair_ns, renew_ns, bytes;

    if (seats == NULL)
        return;
    seat_step(seats, now, &start, &effects);
    bench_install(seats, now, pools);
    for (uint64_t number = 0; number < leases; number++) {
        struct seat_event event = bench_event(SEAT_CHECKOUT, number, pools);

        seat_step(seats, now, &event, &effects);
    }
    seats_totals(seats, &totals);
    bytes = totals.leases == 0 ? 0 : (double)totals.memory_used / (double)totals.leases;
    bench_pairs(seats, &now, (uint64_t)1 << 40, pools);
    pair_ns = bench_pairs(seats, &now, (uint64_t)2 << 40, pools);
    renew_ns = bench_renewals(seats, &now, leases, pools);
    printf("%10llu %8u %12.0f %14.0f %12.0f %14.1f\n", (unsigned long long)totals.leases, pools,
           pair_ns, 1e9 / pair_ns, renew_ns, bytes);
    munmap(memory, seats_memory(NULL));
}

static void bench_replay(void)
{
    static struct seat_effects effects;
    struct seat_now now = {{1000000}, {1795600800}};
    struct seat_record record;
    struct seat_event start = {.kind = SEAT_START};
    void *memory, *installed_memory;
    struct seats *seats = bench_seats(&memory), *installed = bench_seats(&installed_memory);
    uint64_t number = 100000, cursor = 0; /* after the records of the installation */
    int64_t began, applied;

    if (seats == NULL || installed == NULL)
        return;
    bench_install(installed, now, 1000);
    while (seats_snapshot_next(installed, &cursor, &record))
        seat_apply(seats, 0, &record, NULL);
    munmap(installed_memory, seats_memory(NULL));
    record = (struct seat_record){.kind = SEAT_RECORD_GRANT, .at = now.utc.s};
    began = clock_ns();
    for (uint64_t i = 0; i < 1000000; i++, number++) {
        record.grant.handle = number;
        record.grant.id = bench_id(i);
        record.grant.vendor = 1;
        record.grant.feature = FEATURE_FIRST + (uint32_t)(i % 1000);
        record.grant.source = SOURCE_FIRST + (uint32_t)(i % SOURCES);
        record.grant.count = 1;
        record.grant.ttl_s = LEASE_TTL_SECONDS;
        if (seat_apply(seats, number, &record, NULL) != LICET_OK)
            fprintf(stderr, "seat_bench: record %llu is refused\n", (unsigned long long)number);
    }
    applied = clock_ns();
    seat_step(seats, now, &start, &effects);
    printf("replay of 1,000,000 GRANT records: %.3f s, start after it: %.3f s\n",
           (double)(applied - began) / 1e9, (double)(clock_ns() - applied) / 1e9);
    munmap(memory, seats_memory(NULL));
}

static double bench_denials(uint32_t holders)
{
    static struct seat_effects effects;
    struct seat_now now = {{1000000}, {1795600800}};
    struct seat_line line = {.sn = 1, .feature = FEATURE_FIRST, .seats = holders, .ttl_s = 300};
    struct seat_installation installation = {.vendor = 1, .generation = 1, .lines_count = 1};
    struct seat_event event = {.kind = SEAT_INSTALL, .installation = &installation, .lines = &line};
    void *memory;
    struct seats *seats = bench_seats(&memory);
    int64_t began;

    if (seats == NULL)
        return 0;
    line.maintenance = DATE_NONE;
    seat_step(seats, now, &event, &effects);
    for (uint64_t number = 0; number < holders; number++) {
        event = bench_event(SEAT_CHECKOUT, number, 1);
        seat_step(seats, now, &event, &effects);
    }
    began = clock_ns();
    for (uint64_t number = 0; number < PAIRS / 10; number++) {
        event = bench_event(SEAT_CHECKOUT, holders + number, 1);
        seat_step(seats, now, &event, &effects);
    }
    began = clock_ns() - began;
    munmap(memory, seats_memory(NULL));
    return (double)began / (PAIRS / 10);
}

/* The worst family: 256 lines, each with its own maintenance date, one seat each, all held; a
 * request of the rarest class is refused, and an installation builds it all anew. */
static void bench_largest(void)
{
    static struct seat_effects effects;
    static struct seat_line lines[FAMILY_LINES_MAX];
    struct seat_now now = {{1000000}, {1795600800}};
    struct seat_installation installation = {
        .vendor = 1, .generation = 1, .lines_count = FAMILY_LINES_MAX};
    struct seat_event event = {.kind = SEAT_INSTALL, .installation = &installation, .lines = lines};
    struct seat_event more = {.kind = SEAT_MORE};
    void *memory;
    struct seats *seats = bench_seats(&memory);
    int64_t began;

    if (seats == NULL)
        return;
    for (uint32_t i = 0; i < FAMILY_LINES_MAX; i++)
        lines[i] = (struct seat_line){.sn = 1 + i,
                                      .feature = FEATURE_FIRST,
                                      .seats = 1,
                                      .maintenance = 20000 + i,
                                      .ttl_s = 300};
    seat_step(seats, now, &event, &effects);
    while (effects.more)
        seat_step(seats, now, &more, &effects);
    began = clock_ns();
    for (uint32_t i = 0; i < FAMILY_LINES_MAX;
         i++) { /* the oldest release last: it takes the latest line */
        event = bench_event(SEAT_CHECKOUT, i, 1);
        event.release = 20000 + i;
        seat_step(seats, now, &event, &effects);
    }
    printf("256 lines of 256 dates: %.1f us a checkout", (double)(clock_ns() - began) / 256e3);
    began = clock_ns();
    event = bench_event(SEAT_CHECKOUT, 1000, 1);
    event.release = 20000;
    seat_step(seats, now, &event, &effects);
    printf(", %.1f us a denial (%s)\n", (double)(clock_ns() - began) / 1e3,
           status_word(effects.reply.status));
    munmap(memory, seats_memory(NULL));
}

/* Seconds of one installation beside other leases and pools: every family is built twice. */
static void bench_reinstall(uint64_t leases, uint32_t pools)
{
    static struct seat_effects effects;
    static struct seat_line line = {.sn = 1,
                                    .feature = FEATURE_FIRST,
                                    .seats = SEATS_MAX,
                                    .maintenance = DATE_NONE,
                                    .ttl_s = LEASE_TTL_SECONDS};
    struct seat_now now = {{1000000}, {1795600800}};
    struct seat_installation installation = {.vendor = 99, .generation = 1, .lines_count = 1};
    struct seat_event event;
    void *memory;
    struct seats *seats = bench_seats(&memory);
    int64_t began;

    if (seats == NULL)
        return;
    bench_install(seats, now, pools);
    for (uint64_t number = 0; number < leases; number++) {
        event = bench_event(SEAT_CHECKOUT, number, pools);
        seat_step(seats, now, &event, &effects);
    }
    event =
        (struct seat_event){.kind = SEAT_INSTALL, .installation = &installation, .lines = &line};
    began = clock_ns();
    seat_step(seats, now, &event, &effects);
    printf("installation of a line beside %llu leases in %u pools: %.1f ms\n",
           (unsigned long long)leases, pools, (double)(clock_ns() - began) / 1e6);
    munmap(memory, seats_memory(NULL));
}

int main(int argc, char **argv)
{
    static const uint32_t pools[] = {1, 50000};
    static const char *const defaults[] = {"0", "1000000", "5000000"};
    size_t count = argc > 1 ? (size_t)argc - 1 : sizeof(defaults) / sizeof(defaults[0]);

    printf("%10s %8s %12s %14s %12s %14s\n", "leases", "pools", "pair ns", "pairs/s", "renewal ns",
           "bytes/lease");
    for (size_t i = 0; i < count; i++) {
        uint64_t leases;

        if (parse_u64(text_of(argc > 1 ? argv[i + 1] : defaults[i]), 0, LEASES_MAX, &leases,
                      NULL) != LICET_OK)
            return 2;
        for (size_t j = 0; j < sizeof(pools) / sizeof(pools[0]); j++)
            bench_row(leases, pools[j]);
    }
    bench_replay();
    printf("denial, 10 holders: %.0f ns, 60,000 holders: %.0f ns\n", bench_denials(10),
           bench_denials(60000));
    bench_largest();
    bench_reinstall(1000000, 1000);
    bench_reinstall(1000000, 50000);
    printf("address space: %zu MiB\n", seats_memory(NULL) >> 20);
    return 0;
}
