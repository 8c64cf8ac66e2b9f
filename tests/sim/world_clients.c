/* Clients over a network that loses, repeats and delays; and a thief who repeats what he heard. */
#include "sim/world.h"

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

void world_send(struct world *world, const struct request *request, const struct seat_reply *reply)
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

void slot_rest(struct world *world, uint32_t client, uint32_t number)
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

void client_wake(struct world *world, const struct happening *happening)
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

void client_reply(struct world *world, const struct happening *happening)
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

/* ---- thief ---- */

void thief_act(struct world *world)
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
