/*
 * The world of a round: one server, its disk, the network and everybody who talks to it, in virtual
 * time and from one seed. A run is a row of rounds; every round draws its own world (how many
 * clients, how small the pools, which faults how often) and lives a few thousand events.
 */
#include "sim/run.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>

#include "base/clock.h"
#include "sim/random.h"
#include "sim/seating.h"
#include "sim/shell.h"
#include "sim/store.h"

#define CLIENTS_MAX 16
#define SLOTS_MAX 4
#define FEATURES_COUNT 6
#define VENDORS_COUNT 2
#define SERIALS_COUNT 7
#define PAST_MAX 64
#define REFUSALS_MAX 5
#define HEAP_MAX 16384
#define OPERATOR_CONNECTION 60
#define THIEF_CONNECTION 61
#define UTC_START 1795500000 /* 24 November 2026 */
#define FIRST_VENDOR 1
#define FIRST_FEATURE 10
#define FIRST_USER 20
#define FIRST_HOST 70
#define FIRST_DEVICE 130
#define FIRST_SOURCE 190
#define FIRST_SERIAL 220
#define MAINTENANCE_DAY 20000

/* ---- what happens when ---- */

enum happening_kind {
    HAPPEN_CLIENT,  /* a client's slot wakes up */
    HAPPEN_REQUEST, /* a message reaches the server */
    HAPPEN_REPLY,   /* a message reaches a client */
    HAPPEN_TIMER,
    HAPPEN_SYNCED,
    HAPPEN_OPERATOR,
    HAPPEN_THIEF,
    HAPPEN_CRASH,
    HAPPEN_START,
    HAPPEN_CLOCK,
    HAPPEN_PAUSE,
    HAPPEN_DISK,
};

struct happening {
    int64_t at_ms;
    uint64_t sequence;
    enum happening_kind kind;
    uint32_t client, slot;
    uint64_t token;
    struct request request;
    struct seat_reply reply;
};

enum slot_state {
    SLOT_IDLE,
    SLOT_ASKING,
    SLOT_HELD,
    SLOT_RETURNING,
};

/* One lease of one client, as liblicet would carry it. */
struct slot {
    enum slot_state state;
    struct seat_event request; /* the checkout; its id is the lease's */
    uint64_t token;            /* of the request whose answer is awaited */
    uint32_t tries;
    uint32_t refusals; /* since the last grant */
    int64_t sent_ms;
    int64_t valid_until_ms; /* counted from sending (R8.5) */
    uint32_t ttl_ms;
};

/* Rates are hits in 2^32; 0: off. Times in ms. */
struct settings {
    uint32_t clients, slots, features, vendors, lines, seats_max;
    uint32_t ttl_s_max, drain_s_max, think_ms, patience_ms, timeout_ms;
    uint32_t delay_ms, sync_ms;
    uint32_t loses, repeats, delays, crashes, dies_at_store, abandons;
    uint32_t clock_ms, pause_ms, disk_ms, operator_ms, thief_ms; /* mean gap; 0: off */
    uint32_t snapshot_records, source_cap, counts_max;
    bool has_dates, has_covers, has_maintenance, has_overdraft, has_disabled, has_huge_jumps;
};

struct world {
    struct run *run;
    struct settings settings;
    struct random workload, network, faults, ids;
    struct happening heap[HEAP_MAX];
    uint32_t heap_count;
    uint64_t sequence, tokens;
    int64_t now_ms, utc_shift_s;
    int64_t paused_until_ms;
    int64_t timer_ms; /* of the earliest timer in the heap */
    uint32_t ticks_at_once;
    int64_t ticked_ms;
    struct shell *shell;
    struct oracle *oracle;
    struct store store;
    struct slot slots[CLIENTS_MAX][SLOTS_MAX];
    struct seat_event past[PAST_MAX]; /* what the thief has overheard */
    uint32_t past_count;
    struct seat_installation files[VENDORS_COUNT]; /* the newest file of each vendor */
    struct seat_line lines[VENDORS_COUNT][SEATING_LINES_MAX];
    struct seat_installation old_files[VENDORS_COUNT];
    struct seat_line old_lines[VENDORS_COUNT][SEATING_LINES_MAX];
    uint64_t store_operations;
    uint64_t granted, refused; /* new checkouts, as clients heard */
    bool is_over;              /* clients are dead, faults have stopped */
};

static struct seat_now world_now(const struct world *world)
{
    int64_t utc = UTC_START + world->now_ms / 1000 + world->utc_shift_s;

    return (struct seat_now){{world->now_ms}, {utc}};
}

/* ---- the heap, ordered by time and then by sequence ---- */

static bool happening_before(const struct happening *left, const struct happening *right)
{
    return left->at_ms != right->at_ms ? left->at_ms < right->at_ms
                                       : left->sequence < right->sequence;
}

static void heap_swap(struct world *world, uint32_t left, uint32_t right)
{
    struct happening held = world->heap[left];

    world->heap[left] = world->heap[right];
    world->heap[right] = held;
}

static void heap_push(struct world *world, struct happening *happening)
{
    uint32_t index = world->heap_count++;

    assert(index < HEAP_MAX);
    happening->sequence = ++world->sequence;
    world->heap[index] = *happening;
    while (index > 0 && happening_before(&world->heap[index], &world->heap[(index - 1) / 2])) {
        heap_swap(world, index, (index - 1) / 2);
        index = (index - 1) / 2;
    }
}

static struct happening heap_pop(struct world *world)
{
    struct happening first = world->heap[0];
    uint32_t index = 0;

    world->heap[0] = world->heap[--world->heap_count];
    for (;;) {
        uint32_t child = index * 2 + 1;

        if (child >= world->heap_count)
            break;
        if (child + 1 < world->heap_count &&
            happening_before(&world->heap[child + 1], &world->heap[child]))
            child++;
        if (!happening_before(&world->heap[child], &world->heap[index]))
            break;
        heap_swap(world, index, child);
        index = child;
    }
    return first;
}

static void happen_in(struct world *world, enum happening_kind kind, int64_t delay_ms)
{
    struct happening happening = {.kind = kind, .at_ms = world->now_ms + delay_ms};

    heap_push(world, &happening);
}

static void slot_wake_in(struct world *world, uint32_t client, uint32_t slot, int64_t delay_ms)
{
    struct happening happening = {.kind = HAPPEN_CLIENT,
                                  .at_ms = world->now_ms + delay_ms,
                                  .client = client,
                                  .slot = slot,
                                  .token = world->slots[client][slot].token};

    heap_push(world, &happening);
}

/* ---- hash and trace ---- */

static void hash_u64(struct run *run, uint64_t value)
{
    uint8_t bytes[8];

    for (int index = 0; index < 8; index++)
        bytes[index] = (uint8_t)(value >> (index * 8));
    crypto_generichash_update(&run->hash, bytes, sizeof(bytes));
}

static const char *event_name(enum seat_event_kind kind)
{
    static const char *const names[] = {"CHECKOUT", "RENEW", "CHECKIN", "END",
                                        "INSTALL",  "TICK",  "START",   "MORE"};

    return names[kind];
}

static const char *record_name(enum seat_record_kind kind)
{
    static const char *const names[] = {"?",      "OPEN",        "EPOCH",   "INSTALL",
                                        "LINE",   "INSTALL_END", "GRANT",   "CHECKIN",
                                        "EXPIRE", "ENDING",      "REQUEST", "END"};

    return names[kind];
}

static void trace_line(const struct seat_line *line)
{
    printf("      line %u feature=%u seats=%u+%u maintenance=%u start=%" PRId64 " expiry=%" PRId64
           " refresh=%" PRId64 " ttl=%u drain=%u state=%u held_over=%u covers=",
           line->sn, line->feature, line->seats, line->overdraft, line->maintenance, line->start,
           line->expiry, line->refresh_by, line->ttl_s, line->drain_s, (unsigned)line->state,
           line->held_over);
    for (uint32_t index = 0; index < line->covers_count; index++)
        printf("%u ", line->covers[index]);
    printf("\n");
}

static void trace_records(const struct oracle_act *act)
{
    for (uint32_t index = 0; index < act->records_count; index++) {
        const struct seat_record *record = &act->records[index];

        printf("    #%" PRIu64 " %s", act->first_number + index, record_name(record->kind));
        if (record->kind == SEAT_RECORD_GRANT)
            printf(" ttl=%u end=%" PRId64 " flags=%u", record->grant.ttl_s, record->grant.end,
                   record->grant.flags);
        if (seat_record_is_ended(record->kind))
            printf(" lease %" PRIu64, record->ended.handle);
        if (record->kind == SEAT_RECORD_ENDING)
            printf(" lease %" PRIu64 " end=%" PRId64, record->ending.handle, record->ending.end);
        printf("\n");
        if (record->kind == SEAT_RECORD_LINE)
            trace_line(&record->line);
    }
}

static void trace_act(const struct oracle_act *act)
{
    const struct seat_event *event = act->event;

    printf("%10.3f utc=%" PRId64 " %s", (double)act->now.instant.ms / 1000, act->now.utc.s,
           event_name(event->kind));
    if (event->kind == SEAT_INSTALL) {
        printf(" vendor=%u generation=%u\n", event->installation->vendor,
               event->installation->generation);
        for (uint32_t index = 0; index < event->installation->lines_count; index++)
            trace_line(&event->lines[index]);
    } else if (event->kind == SEAT_END) {
        printf(" handle=%" PRIu64, event->handle);
    } else if (event->kind < SEAT_INSTALL) {
        printf(" %02x%02x%02x%02x vendor=%u feature=%u count=%u release=%u user=%u source=%u",
               event->id.bytes[0], event->id.bytes[1], event->id.bytes[2], event->id.bytes[3],
               event->vendor, event->feature, event->count, event->release, event->user,
               event->source);
    }
    if (act->reply != NULL)
        printf(" -> %s handle=%" PRIu64 " ttl=%u end=%" PRId64 " flags=%u depends=%" PRIu64 "%s",
               status_word(act->reply->status), act->reply->handle, act->reply->ttl_ms,
               act->reply->end, act->reply->flags, act->reply->depends_on,
               act->reply->is_reclaim ? " again" : "");
    printf("\n");
    trace_records(act);
}

static void hash_record(struct run *run, const struct seat_record *record)
{
    hash_u64(run, (uint64_t)record->kind);
    hash_u64(run, (uint64_t)record->at);
    if (record->kind == SEAT_RECORD_GRANT) {
        crypto_generichash_update(&run->hash, record->grant.id.bytes, 16);
        hash_u64(run, record->grant.handle);
        hash_u64(run, (uint64_t)record->grant.end);
        hash_u64(run, (uint64_t)record->grant.ttl_s << 32 | record->grant.flags);
    } else if (seat_record_is_ended(record->kind)) {
        crypto_generichash_update(&run->hash, record->ended.id.bytes, 16);
        hash_u64(run, record->ended.forgets);
    } else if (record->kind == SEAT_RECORD_ENDING) {
        crypto_generichash_update(&run->hash, record->ending.id.bytes, 16);
        hash_u64(run, (uint64_t)record->ending.end);
    } else if (record->kind == SEAT_RECORD_LINE) {
        hash_u64(run, (uint64_t)record->line.sn << 32 | record->line.held_over);
    }
}

static void world_note(struct world *world, const struct oracle_act *act)
{
    struct run *run = world->run;

    run->acts++;
    hash_u64(run, (uint64_t)act->event->kind);
    hash_u64(run, (uint64_t)act->now.instant.ms);
    hash_u64(run, (uint64_t)act->now.utc.s);
    for (uint32_t index = 0; index < act->records_count; index++)
        hash_record(run, &act->records[index]);
    if (act->reply != NULL) {
        hash_u64(run, (uint64_t)act->reply->status);
        hash_u64(run, act->reply->handle);
        hash_u64(run, act->reply->depends_on);
        hash_u64(run, act->reply->ttl_ms);
        hash_u64(run, (uint64_t)act->reply->end);
        hash_u64(run, act->reply->denial.is_ended_by_administrator);
    }
    if (run->is_traced)
        trace_act(act);
}

static void trace_say(const struct world *world, const char *what)
{
    if (world->run->is_traced)
        printf("%10.3f -- %s\n", (double)world->now_ms / 1000, what);
}

/* ---- network ---- */

static int64_t network_delay(struct world *world)
{
    struct random *random = &world->network;

    if (random_hits(random, world->settings.delays))
        return random_between(random, 0, 3 * (int64_t)world->settings.timeout_ms);
    return random_between(random, 0, world->settings.delay_ms);
}

/* Sends a message none, one or two times. */
static void network_send(struct world *world, struct happening *happening)
{
    if (random_hits(&world->network, world->settings.loses))
        return;
    happening->at_ms = world->now_ms + network_delay(world);
    heap_push(world, happening);
    if (!random_hits(&world->network, world->settings.repeats))
        return;
    happening->at_ms = world->now_ms + network_delay(world);
    heap_push(world, happening);
}

static void world_remember(struct world *world, const struct seat_event *event)
{
    world->past[world->past_count++ % PAST_MAX] = *event;
}

static void request_send(struct world *world, uint32_t connection, uint64_t token,
                         const struct seat_event *event)
{
    struct happening happening = {.kind = HAPPEN_REQUEST};

    happening.request.event = *event;
    happening.request.connection = connection;
    happening.request.token = token;
    world_remember(world, event);
    network_send(world, &happening);
}

static void world_send(struct world *world, const struct request *request,
                       const struct seat_reply *reply)
{
    struct happening happening = {.kind = HAPPEN_REPLY, .request = *request, .reply = *reply};

    if (request->connection < CLIENTS_MAX)
        network_send(world, &happening);
}

/* ---- clients ---- */

static void slot_send(struct world *world, uint32_t client, uint32_t number,
                      enum seat_event_kind kind)
{
    struct slot *slot = &world->slots[client][number];
    struct seat_event event = slot->request;

    event.kind = kind;
    slot->token = ++world->tokens;
    slot->sent_ms = world->now_ms;
    request_send(world, client, slot->token, &event);
    slot_wake_in(world, client, number, world->settings.timeout_ms); /* unless an answer comes */
}

static uint32_t release_draw(struct world *world)
{
    if (!world->settings.has_maintenance || random_below(&world->workload, 3) == 0)
        return 0;
    return MAINTENANCE_DAY + random_below(&world->workload, 4);
}

static bool feature_is_in_file(const struct world *world, name_id vendor, name_id feature)
{
    uint32_t index = vendor - FIRST_VENDOR;

    for (uint32_t line = 0; line < world->files[index].lines_count; line++)
        if (seating_line_covers(&world->lines[index][line], feature))
            return true;
    return false;
}

/* Most often one that the newest file has. */
static name_id feature_draw(struct world *world, name_id vendor)
{
    name_id feature = 0;

    for (uint32_t tries = 0; tries < 8; tries++) {
        feature = FIRST_FEATURE + random_below(&world->workload, world->settings.features);
        if (feature_is_in_file(world, vendor, feature))
            break;
    }
    return feature;
}

static void slot_ask(struct world *world, uint32_t client, uint32_t number)
{
    struct random *random = &world->workload;
    struct slot *slot = &world->slots[client][number];
    struct seat_event *event = &slot->request;

    *event = (struct seat_event){.kind = SEAT_CHECKOUT};
    for (int index = 0; index < 16; index++)
        event->id.bytes[index] = (uint8_t)(random_next(&world->ids) >> 56);
    event->vendor = FIRST_VENDOR + random_below(random, world->settings.vendors);
    event->feature = feature_draw(world, event->vendor);
    event->user = FIRST_USER + client / 2;
    event->host = FIRST_HOST + client;
    event->device = random_below(random, 2) == 0 ? 0 : FIRST_DEVICE + client;
    event->source = FIRST_SOURCE + client / 2;
    event->count = 1 + random_below(random, world->settings.counts_max);
    if (random_below(random, 200) == 0)
        event->count = 0;
    event->release = release_draw(world);
    slot->state = SLOT_ASKING;
    slot->tries = 0;
    slot_send(world, client, number, SEAT_CHECKOUT);
}

static void slot_rest_for(struct world *world, uint32_t client, uint32_t number, int64_t mean_ms)
{
    struct slot *slot = &world->slots[client][number];

    slot->state = SLOT_IDLE;
    slot->token = ++world->tokens;
    slot_wake_in(world, client, number, random_between(&world->workload, 0, 2 * mean_ms));
}

static void slot_rest(struct world *world, uint32_t client, uint32_t number)
{
    slot_rest_for(world, client, number, world->settings.think_ms);
}

/* Who is refused again and again asks less and less often, or most of a run would be refusals. */
static void slot_refused(struct world *world, uint32_t client, uint32_t number)
{
    uint32_t *refusals = &world->slots[client][number].refusals;

    world->refused++;
    slot_rest_for(world, client, number, (int64_t)world->settings.patience_ms << *refusals);
    if (*refusals < REFUSALS_MAX)
        ++*refusals;
}

static void slot_return(struct world *world, uint32_t client, uint32_t number)
{
    world->slots[client][number].state = SLOT_RETURNING;
    world->slots[client][number].tries = 0;
    slot_send(world, client, number, SEAT_CHECKIN);
}

/* No answer came: ask again with the same id, or give up. */
static void slot_retry(struct world *world, uint32_t client, uint32_t number)
{
    struct slot *slot = &world->slots[client][number];

    if (++slot->tries > 6) {
        if (slot->state == SLOT_ASKING && random_below(&world->workload, 2) == 0)
            slot_return(world, client, number);
        else
            slot_rest(world, client, number);
        return;
    }
    slot_send(world, client, number, slot->state == SLOT_RETURNING ? SEAT_CHECKIN : SEAT_CHECKOUT);
}

/* The holder's turn: it renews, re-claims, returns, or is gone for ever without a word. */
static void slot_hold(struct world *world, uint32_t client, uint32_t number)
{
    struct slot *slot = &world->slots[client][number];
    uint32_t choice = random_below(&world->workload, 100);

    if (world->now_ms >= slot->valid_until_ms) {
        slot_rest(world, client, number); /* lost: it asks again with another id */
        return;
    }
    if (random_hits(&world->workload, world->settings.abandons))
        slot_rest(world, client, number);
    else if (choice < 25)
        slot_return(world, client, number);
    else
        slot_send(world, client, number, choice < 35 ? SEAT_CHECKOUT : SEAT_RENEW);
}

static void client_wake(struct world *world, const struct happening *happening)
{
    struct slot *slot = &world->slots[happening->client][happening->slot];

    if (happening->token != slot->token || world->is_over)
        return; /* an answer came in the meantime */
    switch (slot->state) {
    case SLOT_IDLE:
        slot_ask(world, happening->client, happening->slot);
        break;
    case SLOT_ASKING:
    case SLOT_RETURNING:
        slot_retry(world, happening->client, happening->slot);
        break;
    case SLOT_HELD:
        slot_hold(world, happening->client, happening->slot);
        break;
    }
}

static void slot_granted(struct world *world, uint32_t client, uint32_t number, uint32_t ttl_ms)
{
    struct slot *slot = &world->slots[client][number];

    world->granted += slot->state == SLOT_ASKING;
    slot->state = SLOT_HELD;
    slot->refusals = 0;
    slot->ttl_ms = ttl_ms;
    slot->valid_until_ms = slot->sent_ms + ttl_ms;
    slot->token = ++world->tokens;
    slot_wake_in(world, client, number, random_between(&world->workload, ttl_ms / 4, ttl_ms));
}

static void client_reply(struct world *world, const struct happening *happening)
{
    uint32_t client = happening->request.connection;
    enum status status = happening->reply.status;

    for (uint32_t number = 0; number < world->settings.slots; number++) {
        struct slot *slot = &world->slots[client][number];

        if (slot->token != happening->request.token)
            continue;
        if (status == LICET_DISK_FULL)
            return; /* the same again at the time-out */
        if (status == LICET_OK && happening->request.event.kind != SEAT_CHECKIN)
            slot_granted(world, client, number, happening->reply.ttl_ms);
        else if (status != LICET_OK && slot->state == SLOT_ASKING)
            slot_refused(world, client, number);
        else
            slot_rest(world, client, number);
        return;
    }
}

/* ---- license files ---- */

static int64_t date_draw(struct world *world)
{
    struct random *random = &world->workload;
    int64_t utc = world_now(world).utc.s;
    uint32_t choice = random_below(random, 6);

    if (!world->settings.has_dates || choice < 3)
        return 0;
    if (choice == 3)
        return utc + random_between(random, -20, 5);
    if (choice == 4)
        return utc + random_between(random, 1, 3 * (int64_t)world->settings.ttl_s_max);
    return utc + random_between(random, 1, 400000000);
}

static void line_draw_covers(struct world *world, struct seat_line *line)
{
    uint32_t count = world->settings.has_covers ? random_below(&world->workload, 3) : 0;

    for (uint32_t index = 0; index < count; index++) {
        name_id covered = FIRST_FEATURE + random_below(&world->workload, world->settings.features);

        if (!seating_line_covers(line, covered))
            line->covers[line->covers_count++] = covered;
    }
}

static void line_draw(struct world *world, name_id serial, struct seat_line *line)
{
    const struct settings *settings = &world->settings;
    struct random *random = &world->workload;

    *line = (struct seat_line){.sn = serial, .maintenance = DATE_NONE};
    line->feature = FIRST_FEATURE + serial % settings->features;
    line->seats = 1 + random_below(random, settings->seats_max);
    if (settings->has_overdraft)
        line->overdraft = random_below(random, 3);
    if (settings->has_maintenance && random_below(random, 3) > 0)
        line->maintenance = MAINTENANCE_DAY + random_below(random, 4);
    line->ttl_s = (uint32_t)random_between(random, LEASE_TTL_SECONDS_MIN, settings->ttl_s_max);
    line->drain_s = 1 + random_below(random, settings->drain_s_max);
    line->expiry = date_draw(world);
    if (random_below(random, 3) == 0)
        line->refresh_by = date_draw(world);
    if (settings->has_dates && random_below(random, 8) == 0)
        line->start = world_now(world).utc.s + random_between(random, -10, 60);
    if (settings->has_disabled && random_below(random, 6) == 0)
        line->state = LINE_NOT_SERVED;
    line_draw_covers(world, line);
}

static void file_draw_lines(struct world *world, uint32_t vendor)
{
    struct random *random = &world->workload;
    struct seat_installation *file = &world->files[vendor];

    file->lines_count = 0;
    for (name_id serial = 0; serial < SERIALS_COUNT; serial++) {
        struct seat_line *line = &world->lines[vendor][file->lines_count];
        const struct seat_line *old = NULL;

        for (uint32_t index = 0; index < world->old_files[vendor].lines_count; index++)
            if (world->old_lines[vendor][index].sn == FIRST_SERIAL + serial)
                old = &world->old_lines[vendor][index];
        if (random_below(random, SERIALS_COUNT) >= world->settings.lines)
            continue; /* this line is not in the file */
        line_draw(world, FIRST_SERIAL + serial, line);
        if (old != NULL && random_below(random, 2) == 0) {
            uint32_t seats = line->seats;

            *line = *old; /* only the count changes */
            line->seats = seats;
        }
        file->lines_count++;
    }
}

/* A new file: most often the next generation, sometimes a later one; rarely without any line. */
static void file_draw(struct world *world, uint32_t vendor)
{
    struct random *random = &world->workload;
    struct seat_installation *file = &world->files[vendor];

    world->old_files[vendor] = *file;
    memcpy(world->old_lines[vendor], world->lines[vendor], sizeof(world->lines[vendor]));
    file->vendor = FIRST_VENDOR + vendor;
    file->generation += random_below(random, 8) == 0 ? 1 + random_below(random, 100) : 1;
    for (int index = 0; index < 32; index++)
        file->payload_hash[index] = (uint8_t)(random_next(random) >> 56);
    if (random_below(random, 20) == 0)
        file->lines_count = 0;
    else
        file_draw_lines(world, vendor);
}

static bool file_install(struct world *world, const struct seat_installation *file,
                         const struct seat_line *lines)
{
    struct request request = {.connection = OPERATOR_CONNECTION};
    struct seat_installation installed = *file;

    installed.installed_at = world_now(world).utc.s;
    request.event.kind = SEAT_INSTALL;
    request.event.vendor = file->vendor;
    request.event.installation = &installed;
    request.event.lines = lines;
    return shell_request(world->shell, world_now(world), &request);
}

/* Most often one of which there is no line. */
static uint32_t operator_vendor(struct world *world)
{
    uint32_t vendor = random_below(&world->workload, world->settings.vendors);

    for (uint32_t other = 0; other < world->settings.vendors; other++)
        if (world->files[other].lines_count == 0 && random_below(&world->workload, 4) > 0)
            return other;
    return vendor;
}

static int64_t operator_gap_ms(struct world *world)
{
    int64_t gap_ms = random_between(&world->workload, 1, 2 * (int64_t)world->settings.operator_ms);

    for (uint32_t vendor = 0; vendor < world->settings.vendors; vendor++)
        if (world->files[vendor].lines_count == 0)
            return 1 + gap_ms / 8; /* somebody complains */
    return gap_ms;
}

/* Ends a lease that the server shows, and now and then one that it does not. */
static bool operator_end(struct world *world)
{
    struct request request = {.connection = OPERATOR_CONNECTION, .event = {.kind = SEAT_END}};
    uint32_t steps = 1 + random_below(&world->workload, 8);
    struct seat_lease_view view = {.handle = 1};
    uint64_t cursor = 0;

    while (steps-- > 0 &&
           seats_next_lease(world->shell->seats, world_now(world), 0, 0, &cursor, &view))
        ;
    request.event.handle = view.handle;
    return shell_request(world->shell, world_now(world), &request);
}

/* The administrator: ends a lease, or brings a newer file, now and then the same again, an older one, or another text under
 * the same number. */
static bool operator_act(struct world *world)
{
    uint32_t vendor = operator_vendor(world);
    uint32_t choice = random_below(&world->workload, 20);
    struct seat_installation other;

    if (choice > 12)
        return operator_end(world);
    if (choice == 0 && world->old_files[vendor].generation > 0)
        return file_install(world, &world->old_files[vendor], world->old_lines[vendor]);
    if (choice == 1 && world->files[vendor].generation > 0)
        return file_install(world, &world->files[vendor], world->lines[vendor]);
    if (choice == 2 && world->files[vendor].generation > 0) {
        other = world->files[vendor];
        other.payload_hash[0] ^= 1;
        return file_install(world, &other, world->lines[vendor]);
    }
    file_draw(world, vendor);
    return file_install(world, &world->files[vendor], world->lines[vendor]);
}

/* ---- thief ---- */

static void thief_act(struct world *world)
{
    struct random *random = &world->workload;
    struct seat_event event;
    uint32_t choice = random_below(random, 6);

    if (world->past_count == 0)
        return;
    event = world->past[random_below(random,
                                     world->past_count < PAST_MAX ? world->past_count : PAST_MAX)];
    if (choice == 0)
        event.user = FIRST_USER + CLIENTS_MAX; /* a known id, another user */
    else if (choice == 1)
        event.count++;
    else if (choice == 2)
        event.id.bytes[3] ^= 1; /* a guess */
    else if (choice == 3)
        event.feature = FIRST_FEATURE + random_below(random, FEATURES_COUNT);
    else if (choice == 4)
        event.kind = SEAT_CHECKOUT; /* an old id, as it was */
    if (event.kind == SEAT_CHECKIN && choice != 2)
        event.kind = SEAT_CHECKOUT; /* whoever knows an id may end the lease: that shows nothing */
    request_send(world, THIEF_CONNECTION, 0, &event);
}

/* ---- faults ---- */

static void server_down(struct world *world, const char *why)
{
    enum crash_variant variant =
        world->run->die_at != 0
            ? world->run->variant
            : (enum crash_variant)random_below(&world->faults, CRASH_VARIANTS_COUNT);

    if (world->shell->seats == NULL)
        return;
    trace_say(world, why);
    shell_die(world->shell);
    world->timer_ms = INT64_MAX;
    store_crash(&world->store, variant);
    happen_in(world, HAPPEN_START, random_between(&world->faults, 1, 4000));
}

/* Called by the shell at each store operation. */
static bool world_dies(struct world *world, const char *where)
{
    uint64_t operation = ++world->store_operations;
    struct run *run = world->run;
    bool dies;

    if (run->die_at != 0)
        dies = operation == run->die_at || operation == run->die_again_at;
    else
        dies = !world->is_over && random_hits(&world->faults, world->settings.dies_at_store);
    if (dies && world->run->is_traced)
        printf("%10.3f -- dies %s\n", (double)world->now_ms / 1000, where);
    return dies;
}

static void world_sync_begins(struct world *world)
{
    happen_in(world, HAPPEN_SYNCED, 1 + random_between(&world->faults, 0, world->settings.sync_ms));
}

static void world_timer(struct world *world, struct instant at)
{
    struct happening happening = {.kind = HAPPEN_TIMER, .at_ms = at.ms};

    if (happening.at_ms < world->now_ms)
        happening.at_ms = world->now_ms;
    if (at.ms == INT64_MAX ||
        (world->timer_ms <= happening.at_ms && world->timer_ms > world->now_ms))
        return; /* one comes before it, and asks again */
    world->timer_ms = happening.at_ms;
    heap_push(world, &happening);
}

static void clock_jump(struct world *world)
{
    static const int64_t jumps_s[] = {1,     -1,       30,        -30,       3600,
                                      -3600, 31557600, -31557600, 315576000, -315576000};
    struct random *random = &world->faults;

    if (world->settings.has_huge_jumps && random_below(random, 4) == 0)
        world->utc_shift_s = random_below(random, 2) == 0 ? 4294967296 - UTC_START - 30
                                                          : 2147483648 - UTC_START - 30;
    else if (random_below(random, 3) == 0)
        world->utc_shift_s = 0;
    else
        world->utc_shift_s +=
            jumps_s[random_below(random, world->settings.has_huge_jumps ? 10 : 6)];
    trace_say(world, "the clock jumps");
}

static void fault_again(struct world *world, enum happening_kind kind, uint32_t gap_ms)
{
    if (gap_ms > 0)
        happen_in(world, kind, random_between(&world->faults, 1, 2 * (int64_t)gap_ms));
}

static const struct shell_calls world_calls = {
    .send = world_send,
    .sync_begins = world_sync_begins,
    .timer = world_timer,
    .dies = world_dies,
    .note = world_note,
};

/* ---- a round ---- */

/* Off half of the time, else log-uniform between 2^-2 and 2^-10. */
static uint32_t rate_draw(struct random *random)
{
    uint32_t shift = 2 + random_below(random, 9);

    return random_below(random, 2) == 0 ? 0 : UINT32_MAX >> shift;
}

static uint32_t gap_draw(struct random *random, uint32_t low_ms)
{
    uint32_t shift = random_below(random, 6);

    return random_below(random, 2) == 0 ? 0 : low_ms << shift;
}

static void settings_draw_faults(struct settings *settings, struct random *random)
{
    settings->loses = rate_draw(random);
    settings->repeats = rate_draw(random);
    settings->delays = rate_draw(random);
    settings->abandons = rate_draw(random);
    settings->crashes = gap_draw(random, 3000);
    settings->dies_at_store = rate_draw(random) / 4;
    settings->clock_ms = gap_draw(random, 4000);
    settings->pause_ms = gap_draw(random, 4000);
    settings->disk_ms = gap_draw(random, 8000);
    settings->thief_ms = gap_draw(random, 300);
    settings->has_huge_jumps = random_below(random, 2) == 0;
}

/* Seats of a line: most often about enough for all clients, sometimes few, which is where overhang,
 * cuts and drains are. */
static uint32_t seats_draw(const struct settings *settings, struct random *random)
{
    uint32_t slots = settings->clients * settings->slots;

    if (random_below(random, 4) == 0)
        return 1 + random_below(random, 5);
    return 1 + slots / 4 + random_below(random, 3 + 2 * slots);
}

static void settings_draw(struct settings *settings, struct random *random)
{
    settings->clients = 1 + random_below(random, CLIENTS_MAX);
    settings->slots = 1 + random_below(random, SLOTS_MAX);
    settings->features = 1 + random_below(random, FEATURES_COUNT);
    settings->vendors = random_below(random, 3) == 0 ? 2 : 1;
    settings->lines = 2 + random_below(random, SERIALS_COUNT - 1);
    settings->seats_max = seats_draw(settings, random);
    settings->ttl_s_max = LEASE_TTL_SECONDS_MIN + random_below(random, 30);
    settings->drain_s_max = 1 + random_below(random, 60);
    settings->think_ms = 200u << random_below(random, 5);
    settings->patience_ms = 500u << random_below(random, 5); /* of who was refused */
    settings->timeout_ms = 500u << random_below(random, 4);
    settings->delay_ms = 1 + random_below(random, 200);
    settings->sync_ms = random_below(random, 30);
    settings->operator_ms = 3000u << random_below(random, 5);
    settings->snapshot_records = 4u << random_below(random, 8);
    settings->source_cap =
        random_below(random, 3) == 0 ? 1 + random_below(random, 2 * SLOTS_MAX) : 1000;
    settings->counts_max = random_below(random, 2) == 0 ? 1 : 1 + random_below(random, 3);
    settings->has_dates = random_below(random, 2) == 0;
    settings->has_covers = random_below(random, 2) == 0;
    settings->has_maintenance = random_below(random, 2) == 0;
    settings->has_overdraft = random_below(random, 2) == 0;
    settings->has_disabled = random_below(random, 2) == 0;
    settings_draw_faults(settings, random);
}

static void world_begin(struct world *world)
{
    for (uint32_t client = 0; client < world->settings.clients; client++)
        for (uint32_t slot = 0; slot < world->settings.slots; slot++)
            slot_rest(world, client, slot);
    happen_in(world, HAPPEN_START, 0);
    happen_in(world, HAPPEN_OPERATOR, 10);
    fault_again(world, HAPPEN_THIEF, world->settings.thief_ms);
    fault_again(world, HAPPEN_CRASH, world->settings.crashes);
    fault_again(world, HAPPEN_CLOCK, world->settings.clock_ms);
    fault_again(world, HAPPEN_PAUSE, world->settings.pause_ms);
    fault_again(world, HAPPEN_DISK, world->settings.disk_ms);
}

static struct world *world_create(struct run *run, uint64_t round)
{
    struct world *world = calloc(1, sizeof(*world));
    uint64_t seed = run->seed * 1000003u + round;
    struct random swarm = random_of(seed, 0);
    struct seats_options options = {.leases_max = 8192, .pools_max = 256, .names_max = 512};

    assert(world != NULL);
    world->run = run;
    world->workload = random_of(seed, 1);
    world->network = random_of(seed, 2);
    world->faults = random_of(seed, 3);
    world->ids = random_of(seed, 4);
    settings_draw(&world->settings, &swarm);
    if (run->die_at != 0)
        world->settings.crashes = 0; /* it dies where it is told to */
    world->now_ms = 1000000;
    world->timer_ms = INT64_MAX;
    options.leases_of_source_max = world->settings.source_cap;
    world->oracle = oracle_create(world->settings.source_cap);
    assert(world->oracle != NULL);
    /* These bugs hide in what is shown too: only what the server does may give them away. */
    if (run->bug == BUG_SEATS_OFF_BY_ONE || run->bug == BUG_COVERS_IGNORED ||
        run->bug == BUG_MAINTENANCE_STRICT || run->bug == BUG_END_NOT_CUT ||
        run->bug == BUG_OVERDRAFT_IGNORED || run->bug == BUG_DISABLED_SERVED ||
        run->bug == BUG_NOT_BEGUN_SERVED)
        oracle_ignore_shown(world->oracle);
    store_init(&world->store, run->bug, seed);
    world->shell =
        shell_create(world, &world_calls, world->oracle, &world->store, run->bug, seed, &options);
    world_begin(world);
    return world;
}

static void world_destroy(struct world *world)
{
    shell_destroy(world->shell);
    store_finish(&world->store);
    oracle_destroy(world->oracle);
    free(world);
}

static bool world_is_paused(struct world *world, struct happening *happening)
{
    if (world->now_ms >= world->paused_until_ms)
        return false;
    happening->at_ms = world->paused_until_ms; /* it waits in the socket */
    heap_push(world, happening);
    return true;
}

static bool timer_happening(struct world *world)
{
    world->timer_ms = INT64_MAX;
    world->ticks_at_once = world->ticked_ms == world->now_ms ? world->ticks_at_once + 1 : 0;
    world->ticked_ms = world->now_ms;
    if (world->ticks_at_once > 1000)
        oracle_blame(world->oracle, "INV-25 the server wants ticks for ever, without a pause");
    if (world->shell->timer_at.ms <= world->now_ms)
        return shell_tick(world->shell, world_now(world));
    world_timer(world, world->shell->timer_at);
    return true;
}

static void server_happening(struct world *world, struct happening *happening)
{
    bool lives = true;

    if (world->shell->seats == NULL || world_is_paused(world, happening))
        return;
    if (happening->kind == HAPPEN_REQUEST)
        lives = shell_request(world->shell, world_now(world), &happening->request);
    else if (happening->kind == HAPPEN_SYNCED)
        lives = !world->shell->is_syncing || shell_synced(world->shell);
    else
        lives = timer_happening(world);
    if (lives && world->shell->records_since_snapshot > world->settings.snapshot_records)
        lives = shell_snapshot(world->shell);
    if (!lives)
        server_down(world, "died at a store operation");
}

static void server_start(struct world *world)
{
    if (world->shell->seats != NULL)
        return;
    if (!shell_start(world->shell, world_now(world))) {
        if (world->shell->seats == NULL)
            happen_in(world, HAPPEN_START, 100);
        else
            server_down(world, "died while it started");
    }
}

static void operator_happening(struct world *world)
{
    happen_in(world, HAPPEN_OPERATOR, operator_gap_ms(world));
    if (world->shell->seats == NULL || world->now_ms < world->paused_until_ms || world->is_over)
        return;
    if (!operator_act(world))
        server_down(world, "died while it installed");
}

static void clock_happening(struct world *world)
{
    fault_again(world, HAPPEN_CLOCK, world->settings.clock_ms);
    if (world->is_over)
        return;
    clock_jump(world);
    /* The system tells a server of a jump (TFD_TIMER_CANCEL_ON_SET): dates may have come. */
    if (world->shell->seats != NULL && !shell_tick(world->shell, world_now(world)))
        server_down(world, "died at a store operation");
}

static void disk_happening(struct world *world)
{
    world->shell->is_disk_full = !world->shell->is_disk_full && !world->is_over;
    trace_say(world, world->shell->is_disk_full ? "the disk is full" : "the disk has room");
    if (world->shell->is_disk_full)
        happen_in(world, HAPPEN_DISK, random_between(&world->faults, 1, 5000));
    else
        fault_again(world, HAPPEN_DISK, world->settings.disk_ms);
    if (!world->shell->is_disk_full && world->shell->seats != NULL &&
        !shell_tick(world->shell, world_now(world)))
        server_down(world, "died at a store operation");
}

static void world_happen(struct world *world, struct happening *happening)
{
    switch (happening->kind) {
    case HAPPEN_CLIENT:
        client_wake(world, happening);
        break;
    case HAPPEN_REQUEST:
    case HAPPEN_TIMER:
    case HAPPEN_SYNCED:
        server_happening(world, happening);
        break;
    case HAPPEN_REPLY:
        client_reply(world, happening);
        break;
    case HAPPEN_OPERATOR:
        operator_happening(world);
        break;
    case HAPPEN_THIEF:
        fault_again(world, HAPPEN_THIEF, world->settings.thief_ms);
        if (!world->is_over)
            thief_act(world);
        break;
    case HAPPEN_CRASH:
        fault_again(world, HAPPEN_CRASH, world->settings.crashes);
        if (!world->is_over)
            server_down(world, "the machine dies");
        break;
    case HAPPEN_START:
        server_start(world);
        break;
    case HAPPEN_CLOCK:
        clock_happening(world);
        break;
    case HAPPEN_PAUSE:
        fault_again(world, HAPPEN_PAUSE, world->settings.pause_ms);
        if (!world->is_over)
            world->paused_until_ms = world->now_ms + random_between(&world->faults, 1, 20000);
        break;
    case HAPPEN_DISK:
        disk_happening(world);
        break;
    }
}

static bool world_live(struct world *world, uint64_t events)
{
    struct run *run = world->run;

    for (uint64_t event = 0; event < events && world->heap_count > 0; event++) {
        struct happening happening = heap_pop(world);

        world->now_ms = happening.at_ms;
        run->events++;
        hash_u64(run, (uint64_t)happening.kind);
        hash_u64(run, (uint64_t)happening.at_ms);
        world_happen(world, &happening);
        if (event % 64 == 0 && world->shell->seats != NULL)
            oracle_look(world->oracle, world->shell->seats, world_now(world));
        if (oracle_violation(world->oracle) != NULL)
            return false;
        if (run->events >= run->events_max)
            return true;
    }
    return true;
}

/* All faults stop and the clients are gone: within a ttl and a tick every seat is free (INV-19);
 * two ttls, where a last planned death gives all of them a fresh one. */
static bool world_end(struct world *world)
{
    int64_t until_ms = world->now_ms + (int64_t)(world->settings.ttl_s_max * 2 + 60) * 1000;
    struct seats_totals totals;

    world->is_over = true;
    if (world->shell->is_disk_full)
        disk_happening(world);
    while (world->heap_count > 0 && world->heap[0].at_ms <= until_ms)
        if (!world_live(world, 1))
            return false;
    if (world->shell->seats == NULL)
        return true; /* only where a round was cut short by its number of events */
    seats_totals(world->shell->seats, &totals);
    if (totals.leases > 0)
        oracle_blame(world->oracle, "INV-19 %llu leases are held a ttl after all clients died",
                     (unsigned long long)totals.leases);
    return oracle_violation(world->oracle) == NULL;
}

static void counts_add(struct oracle_counts *sum, struct oracle_counts counts)
{
    sum->grants += counts.grants;
    sum->reclaims += counts.reclaims;
    sum->refusals += counts.refusals;
    sum->expiries += counts.expiries;
    sum->ends += counts.ends;
    sum->cuts += counts.cuts;
    sum->drains += counts.drains;
    sum->installs += counts.installs;
    sum->crashes += counts.crashes;
    sum->looks += counts.looks;
    sum->held_over += counts.held_over;
}

/* False where the oracle found a contradiction; run->violation says which. */
static bool run_round(struct run *run, uint64_t round)
{
    struct world *world = world_create(run, round);
    bool holds = world_live(world, run->round_events);

    if (holds && run->events < run->events_max)
        holds = world_end(world);
    if (!holds)
        snprintf(run->violation, sizeof(run->violation), "round %" PRIu64 " at %.3f s: %s", round,
                 (double)world->now_ms / 1000, oracle_violation(world->oracle));
    run->rounds++;
    run->store_operations = world->store_operations;
    counts_add(&run->counts, oracle_counts(world->oracle));
    run->generous += 2 * world->granted >= world->refused;
    run->granted += world->granted;
    run->refused += world->refused;
    world_destroy(world);
    return holds;
}

struct run run_of(uint64_t seed, enum bug bug)
{
    struct run run = {.seed = seed, .bug = bug, .events_max = UINT64_MAX, .round_events = 3000};

    crypto_generichash_init(&run.hash, NULL, 0, 32);
    return run;
}

bool run_all(struct run *run)
{
    struct instant start = clock_instant();

    for (uint64_t round = run->round_first; run->events < run->events_max; round++) {
        if (!run_round(run, round))
            return false;
        if (run->rounds_max > 0 && run->rounds >= run->rounds_max)
            break;
        if (run->seconds > 0 && clock_instant().ms - start.ms >= run->seconds * 1000)
            break;
    }
    return true;
}

/* One round that dies at `operation`, and again at `again` where that is not 0. */
static bool run_dying(struct run *sum, uint64_t round, uint64_t operation, uint64_t again,
                      enum crash_variant variant)
{
    struct run run = run_of(sum->seed, sum->bug);
    bool holds;

    run.round_events = sum->round_events;
    run.is_traced = sum->is_traced;
    run.die_at = operation;
    run.die_again_at = again;
    run.variant = variant;
    holds = run_round(&run, round);
    sum->events += run.events;
    sum->rounds++;
    sum->store_operations = run.store_operations;
    counts_add(&sum->counts, run.counts);
    if (!holds)
        snprintf(sum->violation, sizeof(sum->violation),
                 "dying at store operation %" PRIu64 " (then %" PRIu64 "), variant %u: %.800s",
                 operation, again, (unsigned)variant, run.violation);
    return holds;
}

bool run_enumerated(struct run *run, uint64_t round)
{
    uint64_t operations;

    if (!run_dying(run, round, UINT64_MAX, 0, CRASH_LOSES))
        return false;
    operations = run->store_operations;
    for (uint64_t operation = 1; operation <= operations; operation++) {
        for (uint32_t variant = 0; variant < CRASH_VARIANTS_COUNT; variant++)
            if (!run_dying(run, round, operation, 0, (enum crash_variant)variant))
                return false;
        if (!run_dying(run, round, operation, operation + 1, CRASH_TEARS_HALF))
            return false; /* and again at the first store operation of the recovery */
    }
    run->store_operations = operations;
    return true;
}

void run_hash(struct run *run, char ret_hex[65])
{
    uint8_t hash[32];

    crypto_generichash_final(&run->hash, hash, sizeof(hash));
    sodium_bin2hex(ret_hex, 65, hash, sizeof(hash));
}

const char *bug_text(uint32_t bug)
{
    static const char *const texts[] = {
#define BUG(number, name, text) [number] = text,
#include "sim/bugs.def"
#undef BUG
    };

    return bug == 0 || bug > BUG_LAST ? "none" : texts[bug];
}
