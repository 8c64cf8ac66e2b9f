#include "sim/oracle.h"

#include "sim/oracle_state.h"

/* INV-19: a tick leaves no lease behind whose time has passed. */
static void check_overdue(struct oracle *oracle, const struct oracle_act *act)
{
    for (uint32_t index = 0; index < oracle->live_count; index++)
        if (oracle->live[index]->deadline_max <= act->now.instant.ms)
            oracle_blame(oracle, "INV-19 lease %llu is held %lld ms beyond its deadline",
                         (unsigned long long)oracle->live[index]->granted_number,
                         (long long)(act->now.instant.ms - oracle->live[index]->deadline_max));
}

/* After a start every lease gets one fresh ttl (docs/ARCHITECTURE.md), cut at its end; an ended id,
 * if its window was not over, a whole one. */
static void apply_start(struct oracle *oracle, const struct oracle_act *act)
{
    facts_end_again(oracle, act->now.instant.ms);
    for (uint32_t index = 0; index < oracle->live_count; index++) {
        struct fact *fact = oracle->live[index];
        int64_t cut = ttl_cut(fact->ttl_s, fact_end(fact), act->now.utc.s);

        fact->deadline_min = act->now.instant.ms + cut;
        fact->deadline_max = act->now.instant.ms + (int64_t)fact->ttl_s * 1000 + LEASE_MARGIN_MS;
        fact->promised_ms = act->now.instant.ms + cut;
        if (fact_end(fact) == 0)
            fact->deadline_min = fact->deadline_max;
    }
}

/* Without a jump, UTC goes on with the instant, to the second. */
static void see_clock(struct oracle *oracle, struct seat_now now)
{
    int64_t ahead_s = now.utc.s - now.instant.ms / 1000;

    if (oracle->has_clock && ahead_s != oracle->clock_ahead_s)
        oracle->has_leapt = true;
    oracle->has_clock = true;
    oracle->clock_ahead_s = ahead_s;
}

void oracle_step(struct oracle *oracle, const struct oracle_act *act)
{
    const struct version *before = act->event->kind == SEAT_INSTALL
                                       ? version_of(oracle, act->event->installation->vendor)
                                       : NULL;

    if (act->was_disk_full)
        return; /* the core never saw it: nothing may change, which the next looks check */
    see_clock(oracle, act->now);
    if (act->now.utc.s > oracle->utc_max)
        oracle->utc_max = act->now.utc.s;
    if (act->records_count > 0 && act->first_number != oracle->last_number + 1)
        oracle_blame(oracle, "INV-23 records go on at %llu after %llu",
                     (unsigned long long)act->first_number,
                     (unsigned long long)oracle->last_number);
    for (uint32_t index = 0; index < act->records_count; index++) {
        oracle->last_number = act->first_number + index;
        apply_record(oracle, act, &act->records[index], oracle->last_number);
    }
    if (act->reply != NULL)
        check_reply(oracle, act, before);
    if (act->event->kind == SEAT_START)
        apply_start(oracle, act);
    if (act->event->kind == SEAT_TICK) {
        if (!act->wants_tick)
            check_overdue(oracle, act);
        check_drain(oracle, act);
    }
    if (++oracle->steps % 4096 == 0)
        facts_prune(oracle, act->now.instant.ms);
}

void oracle_reply_left(struct oracle *oracle, enum seat_event_kind kind, struct lease_id id,
                       const struct seat_reply *reply, uint64_t synced)
{
    struct fact *fact = fact_find(oracle, id);

    if (reply->depends_on > synced)
        oracle_blame(oracle, "INV-15 a reply left before record %llu was synced",
                     (unsigned long long)reply->depends_on);
    if (fact == NULL)
        return;
    if (reply->status == LICET_OK && (kind == SEAT_CHECKOUT || kind == SEAT_RENEW) &&
        fact->granted_number == reply->handle)
        fact->was_told_granted = true;
    if (fact->ended_number != 0 && fact->ended_number <= synced &&
        ((reply->status == LICET_OK && kind == SEAT_CHECKIN) || reply->status == LICET_LEASE_ENDED))
        fact->was_told_ended = true;
}

void oracle_synced(struct oracle *oracle, uint64_t number)
{
    oracle->synced = number;
    versions_prune(oracle);
}
