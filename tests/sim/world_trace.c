/* What a run leaves behind: its hash, and a trace for people. */
#include "sim/world.h"

#include <inttypes.h>
#include <sodium.h>

void hash_u64(struct run *run, uint64_t value)
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

void world_note(struct world *world, const struct oracle_act *act)
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

void trace_say(const struct world *world, const char *what)
{
    if (world->run->is_traced)
        printf("%10.3f -- %s\n", (double)world->now_ms / 1000, what);
}
