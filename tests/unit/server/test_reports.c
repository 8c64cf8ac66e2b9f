/* R10.1: what a report may cost those who wait beside it, counted in places and in turns of the
 * loop. */
#include "server/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include "seat/names.h"
#include "server/administrators.h"
#include "server/denials.h"
#include "server/rates.h"
#include "server/report.h"
#include "unit/seat/seat_test.h"

#define FEATURES_COUNT 4000u
#define FEATURE_FIRST 1000u
#define LEASES_COUNT 5000u
#define PAGES 40u /* asked for in one write; an output of 2 MiB that nobody reads would end it */
#define FLOOD_PEERS 5

static struct server server;
static struct world world;
static void *names_place;
static const struct vendor_options vendor_options = {.name = "acme"};

static char folder[] = "/tmp/licet-reports-XXXXXX";

/* turn() runs HTTP in any case. */
static void http_woken(void *context)
{
    (void)context;
}

static void http_timer(uv_timer_t *timer)
{
    (void)timer;
}

static void core_begin(void)
{
    static struct seat_line lines[FEATURES_COUNT];
    static const uint8_t key[16];

    world_begin(&world, (struct seats_options){.pools_max = FEATURES_COUNT + 10});
    world.is_checked = false;
    world_start(&world);
    names_place = mmap(NULL, names_memory(0), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    server.names = names_create(names_place, 0, key);
    for (uint32_t index = 0; index < FEATURES_COUNT; index++) {
        char place[32];
        struct buf name = buf_over(place, sizeof(place));

        buf_printf(&name, "feature_%u", index);
        names_load(server.names, FEATURE_FIRST + index, buf_text(&name), NULL);
        lines[index] = line_of(FEATURE_FIRST + FEATURES_COUNT + index, FEATURE_FIRST + index, 9000);
    }
    names_load(server.names, ACME, TEXT("acme"), NULL);
    world_install(&world, lines, FEATURES_COUNT);
    for (uint32_t id = 1; id <= LEASES_COUNT; id++)
        checkout(&world, id, FEATURE_FIRST + (id == LEASES_COUNT ? 1 : 0));
    server.seats = world.seats;
}

static void http_begin(void)
{
    static const char *hosts[] = {"localhost", NULL};
    struct http_options options = {
        .routes = server_routes,
        .routes_count = server_routes_count,
        .hosts = hosts,
        .connections_max = 10,
        .idle_seconds = 600,
        .context = &server,
        .wake = http_woken,
        .identify = server_identify,
    };

    if (mkdtemp(folder) == NULL ||
        administrators_open(folder, &server.administrators, NULL) != LICET_OK ||
        http_server_create(&options, &server.http, NULL) != LICET_OK)
        exit(1);
    uv_timer_init(&server.loop, &server.http_timer);
    server.http_timer.timer_cb = http_timer;
}

static void http_end(void)
{
    char path[100];

    server.is_stopping = true;
    while (server.is_report_written) /* as server_drain() does */
        uv_run(&server.loop, UV_RUN_ONCE);
    http_server_destroy(server.http);
    administrators_close(server.administrators);
    uv_close((uv_handle_t *)&server.http_timer, NULL);
    snprintf(path, sizeof(path), "%s/first-token", folder);
    unlink(path);
    rmdir(folder);
}

static void rates_begin(uint32_t a_second_max)
{
    source_rates_destroy(server.report_rates);
    source_rates_create(a_second_max, "reports", "sign in as a viewer", &server.report_rates, NULL);
}

static void server_begin(void)
{
    size_t replies = SCRATCH_BYTES_MAX + INPUT_BYTES * 2;

    memset(&server, 0, sizeof(server));
    uv_loop_init(&server.loop);
    denials_create(true, &server.denials, NULL);
    report_open(&server, NULL);
    batch_init(&server.batches[0], NULL);
    server.open = &server.batches[0];
    server.input = malloc(INPUT_BYTES);
    server.replies = buf_over(malloc(replies), replies);
    rates_begin(1000);
    http_begin();
    core_begin();
    server.vendors_count = 1;
    server.vendors[0].name = ACME;
    server.vendors[0].options = &vendor_options;
}

static void server_end(void)
{
    http_end();
    uv_close((uv_handle_t *)&server.report_turn, NULL);
    uv_run(&server.loop, UV_RUN_DEFAULT);
    uv_loop_close(&server.loop);
    batch_finish(&server.batches[0]);
    source_rates_destroy(server.report_rates);
    denials_destroy(server.denials);
    report_close(&server);
    free(server.input);
    free(server.replies.data);
    munmap(names_place, names_memory(0));
    world_end(&world);
}

static void turn(void)
{
    uv_run(&server.loop, UV_RUN_NOWAIT);
    http_server_run(server.http);
}

static int peer_open(enum role role)
{
    struct address loopback;
    int ends[2];

    address_parse(TEXT("127.0.0.1:7380"), &loopback, NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
        exit(1);
    connection_take(&server, ends[0], &loopback);
    server.doors.last->role = (uint8_t)role;
    return ends[1];
}

static void peer_say(int peer, const char *text)
{
    if (send(peer, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
        exit(1);
}

static uint32_t rows_in(const char *text, const char *row)
{
    uint32_t rows = 0;

    for (const char *at = text; (at = strstr(at, row)) != NULL; at++)
        rows++;
    return rows;
}

/* Everything that has come, behind what is `heard` already. */
static void peer_hear(int peer, struct buf *heard)
{
    ssize_t got;

    while ((got = recv(peer, heard->data + heard->size, heard->capacity - heard->size - 1,
                       MSG_DONTWAIT)) > 0)
        heard->size += (size_t)got;
    heard->data[heard->size] = '\0';
}

static uint32_t peer_hear_rows(int peer, const char *row)
{
    static char place[4 * 1024 * 1024];
    struct buf heard = buf_over(place, sizeof(place));

    peer_hear(peer, &heard);
    return rows_in(place, row);
}

static void say_pages(int peer, uint32_t count)
{
    for (uint32_t page = 0; page < count; page++)
        peer_say(peer, "*3\r\n$8\r\nFEATURES\r\n$5\r\nLIMIT\r\n$4\r\n1000\r\n");
}

static void test_heartbeat_beside_reports(void)
{
    int floods[FLOOD_PEERS], product = peer_open(ROLE_PRODUCT);
    uint32_t pages_most = 0, turns_late = 0, rows_all = 0;

    for (int index = 0; index < FLOOD_PEERS; index++) {
        floods[index] = peer_open(ROLE_VIEWER);
        say_pages(floods[index], PAGES);
    }
    for (uint32_t turns = 0; turns < FLOOD_PEERS * PAGES + 10; turns++) {
        uint32_t rows = 0;

        peer_say(product, "*1\r\n$4\r\nPING\r\n");
        turn();
        for (int index = 0; index < FLOOD_PEERS; index++)
            rows += peer_hear_rows(floods[index], "$6\r\nvendor\r\n");
        rows_all += rows;
        pages_most = rows > pages_most ? rows : pages_most;
        if (turns > 1 && peer_hear_rows(product, "+PONG\r\n") != (turns == 2 ? 3 : 1))
            turns_late++;
    }
    ok(turns_late == 0, "R10.1 beside five floods of reports a heartbeat is answered in its turn");
    ok(pages_most <= REPORT_PLACES_A_TURN, "R10.1 a turn writes one page at most: %u rows",
       pages_most);
    ok(rows_all == FLOOD_PEERS * PAGES * 1000, "and every page is written at last: %u", rows_all);
    for (int index = 0; index < FLOOD_PEERS; index++)
        close(floods[index]);
    close(product);
    for (int turns = 0; turns < 10; turns++)
        turn();
    ok(server.counters.connections_open == 0 && server.reports.first == NULL, "nothing is left");
}

static void test_waiting_peer_leaves(void)
{
    int peer = peer_open(ROLE_VIEWER);

    say_pages(peer, PAGES);
    turn();
    turn();
    close(peer);
    for (uint32_t turns = 0; turns < PAGES + 10; turns++)
        turn();
    ok(server.counters.connections_open == 0 && !uv_is_active((uv_handle_t *)&server.report_turn),
       "a peer that leaves while it waits for a page is forgotten, and the loop rests");
}

static void test_strangers_rate(void)
{
    int peer = peer_open(ROLE_PRODUCT);
    uint32_t refused = 0;

    rates_begin(3);
    say_pages(peer, 8); /* a second may begin between them: six in two seconds */
    for (uint32_t turns = 0; turns < 20; turns++) {
        turn();
        refused += peer_hear_rows(peer, "-OVERLIMIT");
    }
    ok(refused >= 2, "R10.4 a stranger has so many pages a second");
    close(peer);
    turn();
    turn();
}

static int http_ask(const char *path)
{
    int peer = peer_open(ROLE_PRODUCT);
    char request[100];

    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    peer_say(peer, request);
    return peer;
}

/* Turns until what `peer` asked for is copied, a product's PING being answered in each; 0: it was
 * not. */
static uint32_t http_turns(int peer, int product, const char *row, uint32_t *ret_rows)
{
    static char place[8 * 1024 * 1024];
    struct buf heard = buf_over(place, sizeof(place));
    uint32_t turns = 0, late = 0, after = 0;
    bool is_copied = false;

    while (after < 100) { /* more of it than the socket holds at once */
        peer_say(product, "*1\r\n$4\r\nPING\r\n");
        turn();
        late += peer_hear_rows(product, "+PONG\r\n") == 0;
        peer_hear(peer, &heard);
        turns += !is_copied;
        is_copied = is_copied || server.is_report_written;
        after += heard.size > 0;
    }
    *ret_rows = rows_in(place, row);
    close(peer);
    return late > 2 ? 0 : turns; /* the first is at the door, as is whoever asks */
}

static void test_status(void)
{
    int product = peer_open(ROLE_PRODUCT), peer = http_ask("/status");
    uint32_t slices = 2 * FEATURES_COUNT / REPORT_PLACES_A_TURN, rows, turns;

    turns = http_turns(peer, product, "\"in_use\":", &rows);
    ok(turns > slices && rows == FEATURES_COUNT,
       "R10.1 /status of %u features is copied in slices, products are answered in each turn",
       rows);
    peer = http_ask("/metrics");
    turns = http_turns(peer, product, "licet_feature_seats{", &rows);
    ok(turns > slices && rows == FEATURES_COUNT, "R10.1 so is /metrics: %u", rows);
    close(product);
}

/* Every feature has 9,000 seats before, 8,000 after: one answer never tells of both. */
static void test_status_and_installation(void)
{
    static struct seat_line lines[FEATURES_COUNT];
    int product = peer_open(ROLE_PRODUCT), peer = http_ask("/status");
    uint32_t rows;

    for (int turns = 0; turns < 5; turns++)
        turn();
    for (uint32_t index = 0; index < FEATURES_COUNT; index++)
        lines[index] = line_of(FEATURE_FIRST + FEATURES_COUNT + index, FEATURE_FIRST + index, 8000);
    world_install(&world, lines, FEATURES_COUNT);
    server.vendors[0].installed_number = world.records_count;
    http_turns(peer, product, "\"seats\": 8000,", &rows);
    ok(rows == FEATURES_COUNT, "an installation begins the copy anew: %u rows of the new file",
       rows);
    close(product);
}

static void test_status_rate(void)
{
    int peers[8];
    uint32_t refused = 0;

    rates_begin(3);
    for (int index = 0; index < 8; index++) {
        peers[index] = http_ask("/metrics");
        turn();
        turn();
        turn();
    }
    for (int index = 0; index < 8; index++) {
        refused += peer_hear_rows(peers[index], "HTTP/1.1 429 ");
        close(peers[index]);
    }
    ok(refused >= 2, "R10.4 reports over HTTP are counted too");
}

/* A walk with a pause after every `places` places; *ret_pauses of them. */
static uint32_t walk_leases(name_id vendor, name_id feature, uint32_t places, uint32_t *ret_pauses)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;
    uint32_t rows = 0, left = places;
    enum seat_walk walk;

    *ret_pauses = 0;
    while ((walk = seats_walk_leases(world.seats, world.now, vendor, feature, &cursor, &left,
                                     &view)) != SEAT_WALK_END) {
        rows += walk == SEAT_WALK_ROW;
        if (walk == SEAT_WALK_PAUSE) {
            ++*ret_pauses;
            left = places;
        }
    }
    return rows;
}

static void test_walks(void)
{
    struct seat_lease_view view;
    uint64_t cursor = 0;
    uint32_t pauses, left = 10;

    ok(walk_leases(OTHER, 0, 100, &pauses) == 0 && pauses >= LEASES_COUNT / 100 - 1,
       "R10.1 a walk that finds nothing pauses all the same");
    ok(walk_leases(ACME, 0, 7, &pauses) == LEASES_COUNT && pauses >= LEASES_COUNT / 7 - 1,
       "and shows each lease once");
    ok(walk_leases(ACME, FEATURE_FIRST, 7, &pauses) == LEASES_COUNT - 1, "so does one of a pool");
    while (left > 5)
        seats_walk_leases(world.seats, world.now, ACME, FEATURE_FIRST, &cursor, &left, &view);
    for (uint32_t id = 6; id < LEASES_COUNT; id++) /* where the cursor stood, and all behind it */
        checkin(&world, id);
    checkout(&world, LEASES_COUNT + 1, FEATURE_FIRST);
    left = 3;
    ok(seats_walk_leases(world.seats, world.now, ACME, FEATURE_FIRST, &cursor, &left, &view) ==
               SEAT_WALK_PAUSE &&
           left == 0,
       "R10.1 where its lease has ended, a walk looks for its place within bounds too");
    left = 100;
    ok(seats_walk_leases(world.seats, world.now, ACME, FEATURE_FIRST, &cursor, &left, &view) ==
               SEAT_WALK_ROW &&
           view.handle == world.records_count &&
           seats_walk_leases(world.seats, world.now, ACME, FEATURE_FIRST, &cursor, &left, &view) ==
               SEAT_WALK_END,
       "and shows nobody twice");
}

int main(void)
{
    server_begin();
    test_heartbeat_beside_reports();
    test_waiting_peer_leaves();
    test_status();
    test_status_and_installation();
    test_strangers_rate();
    test_status_rate();
    test_walks();
    server_end();
    return tap_done();
}
