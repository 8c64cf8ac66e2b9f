/* From events to the core, and from its effects to the open batch and the timers. */
#include "base/clock.h"
#include "base/log.h"
#include "seat/names.h"
#include "server/server.h"

void server_read_clocks(struct server *server)
{
    server->now = (struct seat_now){.instant = clock_instant(), .utc = clock_unix()};
}

bool server_has_room(const struct server *server, enum journal_class class, size_t records_bytes)
{
    return journal_room(server->journal,
                        server->in_flight_bytes + server->open->body.size + records_bytes, class);
}

void server_mind_timer(struct server *server)
{
    int64_t at = server->effects.next_timer.ms;

    if (at == server->timer_at.ms || !server->is_serving)
        return;
    server->timer_at = server->effects.next_timer;
    if (at == INT64_MAX)
        uv_timer_stop(&server->seat_timer);
    else
        uv_timer_start(&server->seat_timer, server->seat_timer.timer_cb,
                       at > server->now.instant.ms ? (uint64_t)(at - server->now.instant.ms) : 0,
                       0);
}

static void server_queue_records(struct server *server)
{
    const struct seat_effects *effects = &server->effects;

    for (uint32_t index = 0; index < effects->records_count; index++)
        batch_add_record(server->open, effects->first_number + index, &effects->records[index]);
    if (effects->records_count > 0)
        server->open->names_last = names_last(server->names);
}

void server_step(struct server *server, const struct seat_event *event)
{
    struct seat_event again = *event;

    do {
        seat_step(server->seats, server->now, &again, &server->effects);
        server_queue_records(server);
        if (server->effects.has_reply)
            server->reply = server->effects.reply;
        again.kind = SEAT_MORE;
    } while (server->effects.more);
    server_mind_timer(server);
}

uint64_t server_next_number(const struct server *server)
{
    struct seats_totals totals;

    seats_totals(server->seats, &totals);
    return totals.next_number;
}

enum status server_apply(struct server *server, const struct seat_record *record,
                         struct error *error)
{
    uint64_t number = server_next_number(server);
    enum status status = seat_apply(server->seats, number, record, error);

    if (status != LICET_OK)
        return status;
    batch_add_record(server->open, number, record);
    server->open->names_last = names_last(server->names);
    return LICET_OK;
}

void server_when_durable(struct server *server, void (*run)(void *context), void *context)
{
    struct pending pending = {.kind = PENDING_CALL, .call = {.run = run, .context = context}};

    batch_add_pending(server->open, &pending);
}
