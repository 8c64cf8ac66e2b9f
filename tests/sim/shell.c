#include "sim/shell.h"

#include <assert.h>
#include <sodium.h>
#include <sys/mman.h>

#include "seat/record.h"
#include "sim/seating.h"

#define ACT_RECORDS_MAX 8192

static void *memory_map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    assert(memory != MAP_FAILED);
    return memory;
}

/* Makes the memory zero again without touching the parts that were never used. */
static void memory_forget(void *memory, size_t size)
{
    int failed = madvise(memory, size, MADV_DONTNEED);

    assert(failed == 0);
    (void)failed;
}

struct shell *shell_create(struct world *world, const struct shell_calls *calls,
                           struct oracle *oracle, struct store *store, enum bug bug, uint64_t seed,
                           const struct seats_options *options)
{
    struct shell *shell = calloc(1, sizeof(*shell));

    assert(shell != NULL);
    shell->world = world;
    shell->calls = calls;
    shell->oracle = oracle;
    shell->store = store;
    shell->bug = bug;
    shell->bugs = random_of(seed, 98);
    shell->options = *options;
    if (bug == BUG_SOURCE_CAP_OFF)
        shell->options.leases_of_source_max = 0;
    shell->memory_size = seats_memory(&shell->options);
    shell->memory = memory_map(shell->memory_size);
    shell->scratch = memory_map(shell->memory_size);
    return shell;
}

void shell_destroy(struct shell *shell)
{
    if (shell == NULL)
        return;
    munmap(shell->memory, shell->memory_size);
    munmap(shell->scratch, shell->memory_size);
    free(shell);
}

/* ---- replies ---- */

static bool shell_may_send(const struct shell *shell, const struct waiting *waiting)
{
    if (waiting->reply.depends_on > shell->synced_number && shell->bug != BUG_ACK_BEFORE_SYNC)
        return false;
    if (shell->bug == BUG_REPLY_OVERTAKES)
        return true;
    for (const struct waiting *other = shell->waiting; other < waiting; other++)
        if (other->request.connection == waiting->request.connection)
            return false; /* replies of a connection keep their order */
    return true;
}

static void shell_send(struct shell *shell, uint32_t index)
{
    struct waiting sent = shell->waiting[index];
    uint32_t connection = sent.request.connection;

    memmove(&shell->waiting[index], &shell->waiting[index + 1],
            (shell->waiting_count - index - 1) * sizeof(sent));
    shell->waiting_count--;
    if (sent.order < shell->sent_orders[connection])
        oracle_blame(shell->oracle, "a reply overtook an earlier one of its connection");
    shell->sent_orders[connection] = sent.order;
    oracle_reply_left(shell->oracle, sent.request.event.kind, sent.request.event.id, &sent.reply,
                      shell->synced_number);
    shell->calls->send(shell->world, &sent.request, &sent.reply);
}

static void shell_release(struct shell *shell)
{
    for (uint32_t index = 0; index < shell->waiting_count;) {
        if (shell_may_send(shell, &shell->waiting[index]))
            shell_send(shell, index);
        else
            index++;
    }
}

static void shell_reply(struct shell *shell, const struct request *request,
                        const struct seat_reply *reply)
{
    assert(shell->waiting_count < SHELL_WAITING_MAX);
    shell->waiting[shell->waiting_count++] =
        (struct waiting){.request = *request, .reply = *reply, .order = ++shell->orders};
}

/* ---- planted bugs around the core ---- */

/* The grant of a lease that the core holds under this id. */
static bool bugs_find_grant(const struct shell *shell, struct lease_id id,
                            struct seat_record *ret_record)
{
    uint64_t cursor = 0;

    while (seats_snapshot_next(shell->seats, &cursor, ret_record))
        if (ret_record->kind == SEAT_RECORD_GRANT &&
            memcmp(&ret_record->grant.id, &id, sizeof(id)) == 0)
            return true;
    return false;
}

static void bugs_change_lines(const struct shell *shell, struct seat_line *lines, uint32_t count)
{
    for (uint32_t index = 0; index < count; index++) {
        struct seat_line *line = &lines[index];

        if (shell->bug == BUG_SEATS_OFF_BY_ONE)
            line->seats++;
        if (shell->bug == BUG_COVERS_IGNORED)
            line->covers_count = 0;
        if (shell->bug == BUG_MAINTENANCE_STRICT && line->maintenance != DATE_NONE)
            line->maintenance--;
        if (shell->bug == BUG_END_NOT_CUT)
            line->refresh_by = 0;
        if (shell->bug == BUG_OVERDRAFT_IGNORED)
            line->overdraft = 0;
        if (shell->bug == BUG_DISABLED_SERVED)
            line->state = LINE_ENABLED;
        if (shell->bug == BUG_NOT_BEGUN_SERVED)
            line->start = 0;
    }
}

struct bent {
    struct seat_event event;
    struct seat_installation installation;
    struct seat_line lines[SEATING_LINES_MAX];
    struct seat_now now;
};

/* The event as a server with the planted bug would understand it. */
static void bugs_bend(struct shell *shell, const struct seat_event *event, struct bent *bent)
{
    const struct seat_installation *installed;
    struct seat_record grant;

    bent->event = *event;
    if (event->kind == SEAT_INSTALL) {
        bent->installation = *event->installation;
        memcpy(bent->lines, event->lines,
               event->installation->lines_count * sizeof(bent->lines[0]));
        bugs_change_lines(shell, bent->lines, event->installation->lines_count);
        installed = seats_installation(shell->seats, event->installation->vendor);
        if (shell->bug == BUG_OLD_GENERATION && installed != NULL &&
            installed->generation > bent->installation.generation)
            bent->installation.generation = installed->generation + 1;
        bent->event.installation = &bent->installation;
        bent->event.lines = bent->lines;
    }
    if (shell->bug == BUG_SECOND_LEASE && event->kind == SEAT_CHECKOUT &&
        bugs_find_grant(shell, event->id, &grant))
        bent->event.id.bytes[15] ^= 0x55;
    if (shell->bug == BUG_EXPIRY_FROM_UTC) {
        if (shell->bug_instant_ms < bent->now.utc.s * 1000)
            shell->bug_instant_ms = bent->now.utc.s * 1000;
        bent->now.instant.ms = shell->bug_instant_ms;
    }
    if (shell->bug == BUG_START_WITHOUT_TTL && event->kind == SEAT_START)
        bent->now.instant.ms -= 8000;
}

/* A re-claim with another user is served, because the server looks at the id alone. */
static void bugs_forge_user(const struct shell *shell, struct seat_event *event)
{
    struct seat_record record;

    if (!bugs_find_grant(shell, event->id, &record))
        return;
    event->user = record.grant.user;
    event->feature = record.grant.feature;
    event->count = record.grant.count;
}

/* After a drain has marked some, one more is marked. */
static void bugs_mark_more(struct shell *shell, struct seat_now now, struct seat_effects *effects)
{
    struct seat_record record = {.kind = SEAT_RECORD_ENDING, .at = now.utc.s};
    struct seat_record grant;
    uint64_t cursor = 0;
    bool has_mark = false;

    for (uint32_t index = 0; index < effects->records_count; index++)
        has_mark = has_mark || (effects->records[index].kind == SEAT_RECORD_ENDING &&
                                effects->records[index].ending.end == 0);
    if (!has_mark || effects->records_count == SEAT_EFFECT_RECORDS_MAX)
        return;
    while (seats_snapshot_next(shell->seats, &cursor, &grant)) {
        bool is_marked = false;

        if (grant.kind != SEAT_RECORD_GRANT)
            continue;
        for (uint32_t index = 0; index < effects->records_count; index++)
            is_marked = is_marked || effects->records[index].ending.handle == grant.grant.handle;
        if (is_marked || grant.grant.end != 0)
            continue;
        record.ending.handle = grant.grant.handle;
        record.ending.id = grant.grant.id;
        if (seat_apply(shell->seats, effects->first_number + effects->records_count, &record,
                       NULL) == LICET_OK)
            effects->records[effects->records_count++] = record;
        return;
    }
}

static bool bugs_is_marked(const struct shell *shell, uint64_t handle)
{
    struct seat_record record;
    uint64_t cursor = 0;

    while (seats_snapshot_next(shell->seats, &cursor, &record))
        if (record.kind == SEAT_RECORD_ENDING && record.ending.handle == handle)
            return true;
    return false;
}

/* The oldest lease that is like the marked one and has no mark. */
static bool bugs_find_oldest(const struct shell *shell, const struct seat_record *marked,
                             struct seat_record *ret_grant)
{
    struct seat_record like;
    uint64_t cursor = 0;

    if (!bugs_find_grant(shell, marked->ending.id, &like))
        return false;
    while (seats_snapshot_next(shell->seats, &cursor, ret_grant)) /* the oldest of a pool first */
        if (ret_grant->kind == SEAT_RECORD_GRANT && ret_grant->grant.vendor == like.grant.vendor &&
            ret_grant->grant.feature == like.grant.feature &&
            ret_grant->grant.count == like.grant.count &&
            ret_grant->grant.handle < like.grant.handle &&
            !bugs_is_marked(shell, ret_grant->grant.handle))
            return true;
    return false;
}

/* The records of a drain mark the oldest in the newest's stead. */
static void bugs_mark_oldest(const struct shell *shell, struct seat_effects *effects)
{
    struct seat_record grant;

    for (uint32_t index = 0; index < effects->records_count; index++) {
        struct seat_record *record = &effects->records[index];

        if (record->kind != SEAT_RECORD_ENDING || record->ending.end != 0 ||
            !bugs_find_oldest(shell, record, &grant))
            continue;
        record->ending.handle = grant.grant.handle;
        record->ending.id = grant.grant.id;
        seat_apply(shell->seats, 0, record, NULL);
    }
}

static void bugs_bend_effects(struct shell *shell, struct seat_now now,
                              const struct seat_event *event, struct seat_effects *effects)
{
    if (shell->bug == BUG_DRAIN_TOO_MANY && event->kind == SEAT_TICK)
        bugs_mark_more(shell, now, effects);
    if (shell->bug == BUG_DRAIN_OLDEST && event->kind == SEAT_TICK)
        bugs_mark_oldest(shell, effects);
    if (shell->bug == BUG_RECLAIM_WAITS_NOT && effects->has_reply && effects->reply.is_reclaim)
        effects->reply.depends_on = 0;
    if (shell->bug == BUG_CHECKIN_WAITS_NOT && effects->has_reply && event->kind == SEAT_CHECKIN)
        effects->reply.depends_on = 0;
    if (shell->bug == BUG_TIMER_LATE && effects->next_timer.ms != INT64_MAX)
        effects->next_timer.ms += 5000;
    if (shell->bug == BUG_EXPIRY_FROM_UTC && effects->next_timer.ms != INT64_MAX)
        effects->next_timer.ms += now.instant.ms - shell->bug_instant_ms;
    if (shell->bug == BUG_MARGIN_FORGOTTEN && effects->has_reply && event->kind == SEAT_RENEW &&
        effects->reply.status == LICET_OK && effects->reply.end == 0)
        effects->reply.ttl_ms += LEASE_MARGIN_MS; /* what the server waits, it promises */
}

/* ---- steps ---- */

static void shell_batch(struct shell *shell, const struct seat_effects *effects)
{
    if (effects->records_count == 0)
        return;
    shell->last_number = effects->first_number + effects->records_count - 1;
    if (shell->bug == BUG_DISK_FULL_IGNORED && shell->is_disk_full)
        return; /* they are in memory alone */
    assert(shell->batch_count + effects->records_count <= SHELL_BATCH_MAX);
    if (shell->batch_count == 0)
        shell->batch_first = effects->first_number;
    memcpy(&shell->batch[shell->batch_count], effects->records,
           effects->records_count * sizeof(shell->batch[0]));
    shell->batch_count += effects->records_count;
}

/* One event through the core with all its calls; the oracle hears of it as one act. */
static void shell_step(struct shell *shell, struct seat_now now, const struct seat_event *event,
                       struct seat_reply *ret_reply, bool *ret_has_reply)
{
    static struct seat_record records[ACT_RECORDS_MAX];
    static struct bent bent;
    struct oracle_act act = {.now = now, .event = event, .records = records};
    struct seat_effects effects;

    bent.now = now;
    bugs_bend(shell, event, &bent);
    if (shell->bug == BUG_MISMATCH_UNCHECKED && event->kind == SEAT_CHECKOUT)
        bugs_forge_user(shell, &bent.event);
    *ret_has_reply = false;
    do {
        seat_step(shell->seats, bent.now, &bent.event, &effects);
        bugs_bend_effects(shell, now, event, &effects);
        assert(act.records_count + effects.records_count <= ACT_RECORDS_MAX);
        if (effects.records_count > 0 && act.records_count == 0)
            act.first_number = effects.first_number;
        memcpy(&records[act.records_count], effects.records,
               effects.records_count * sizeof(records[0]));
        act.records_count += effects.records_count;
        shell_batch(shell, &effects);
        if (effects.has_reply) {
            *ret_reply = effects.reply;
            *ret_has_reply = true;
        }
        bent.event.kind = SEAT_MORE;
    } while (effects.more);
    if (act.records_count == 0)
        act.first_number = shell->last_number + 1;
    act.reply = *ret_has_reply ? ret_reply : NULL;
    act.wants_tick = effects.next_timer.ms <= now.instant.ms;
    shell->timer_at = effects.next_timer;
    shell->records_since_snapshot += act.records_count;
    oracle_step(shell->oracle, &act);
    shell->calls->note(shell->world, &act);
    shell->calls->timer(shell->world, effects.next_timer);
}

static bool shell_has_room(const struct shell *shell)
{
    return !shell->is_disk_full || shell->bug == BUG_DISK_FULL_IGNORED;
}

static void shell_refuse(struct shell *shell, struct seat_now now, const struct request *request)
{
    struct seat_reply reply = {.status = LICET_DISK_FULL};
    struct oracle_act act = {
        .now = now, .event = &request->event, .reply = &reply, .was_disk_full = true};

    oracle_step(shell->oracle, &act);
    shell->calls->note(shell->world, &act);
    shell_reply(shell, request, &reply);
}

/* BUG_RENEWAL_FORGOTTEN: the answer is right, but nothing was done. */
static bool bugs_forget_renewal(struct shell *shell, struct seat_now now,
                                const struct request *request)
{
    struct seat_lease_view view;
    struct seat_record record;
    struct seat_reply reply = {.status = LICET_OK};
    struct oracle_act act = {.now = now, .event = &request->event, .reply = &reply};
    uint64_t cursor = 0;

    if (shell->bug != BUG_RENEWAL_FORGOTTEN || request->event.kind != SEAT_RENEW ||
        random_below(&shell->bugs, 20) != 0)
        return false;
    while (seats_snapshot_next(shell->seats, &cursor, &record))
        if (record.kind == SEAT_RECORD_GRANT && record.grant.end == 0 &&
            memcmp(&record.grant.id, &request->event.id, sizeof(record.grant.id)) == 0) {
            reply.handle = record.grant.handle;
            reply.ttl_ms = record.grant.ttl_s * 1000;
        }
    if (reply.handle == 0)
        return false;
    for (cursor = 0; seats_next_lease(shell->seats, now, request->event.vendor, 0, &cursor, &view);)
        if (view.handle == reply.handle && (view.is_ending || view.end != 0))
            return false;
    reply.depends_on = shell->last_number;
    act.first_number = shell->last_number + 1;
    oracle_step(shell->oracle, &act);
    shell_reply(shell, request, &reply);
    return true;
}

bool shell_request(struct shell *shell, struct seat_now now, const struct request *request)
{
    struct seat_reply reply;
    bool has_reply;

    if (!shell_has_room(shell)) {
        shell_refuse(shell, now, request);
    } else {
        if (shell->timer_at.ms <= now.instant.ms && !shell_tick(shell, now))
            return false;
        if (!bugs_forget_renewal(shell, now, request)) {
            shell_step(shell, now, &request->event, &reply, &has_reply);
            if (has_reply)
                shell_reply(shell, request, &reply);
            else
                oracle_blame(shell->oracle, "a request got no reply");
        }
    }
    if (!shell_flush(shell))
        return false;
    shell_release(shell);
    return true;
}

bool shell_tick(struct shell *shell, struct seat_now now)
{
    struct seat_event event = {.kind = SEAT_TICK};
    struct seat_reply reply;
    bool has_reply;

    if (!shell_has_room(shell))
        return true; /* it waits for room */
    shell_step(shell, now, &event, &reply, &has_reply);
    return shell_flush(shell);
}

bool shell_flush(struct shell *shell)
{
    if (shell->is_syncing || shell->batch_count == 0)
        return true;
    if (shell->calls->dies(shell->world, "before append"))
        return false;
    store_append(shell->store, shell->batch_first, shell->batch, shell->batch_count);
    shell->syncing_number = shell->batch_first + shell->batch_count - 1;
    shell->batch_count = 0;
    shell->is_syncing = true;
    if (shell->calls->dies(shell->world, "after append"))
        return false;
    shell->calls->sync_begins(shell->world);
    return true;
}

bool shell_synced(struct shell *shell)
{
    store_sync(shell->store);
    shell->is_syncing = false;
    shell->synced_number = shell->syncing_number;
    if (shell->bug == BUG_DISK_FULL_IGNORED)
        shell->synced_number = shell->last_number;
    oracle_synced(shell->oracle, shell->synced_number);
    if (shell->calls->dies(shell->world, "after sync"))
        return false;
    shell_release(shell);
    return shell_flush(shell);
}

bool shell_snapshot(struct shell *shell)
{
    struct error error;

    if (shell->is_syncing || shell->batch_count > 0)
        return true;
    if (shell->calls->dies(shell->world, "before snapshot"))
        return false;
    memory_forget(shell->scratch, shell->memory_size);
    if (store_snapshot(shell->store, seats_create(shell->scratch, &shell->options), &error) !=
        LICET_OK)
        oracle_blame(shell->oracle, "INV-22 a snapshot cannot be made: %s", error.text);
    shell->records_since_snapshot = 0;
    return !shell->calls->dies(shell->world, "after snapshot");
}

/* ---- death and birth ---- */

static void shell_dump(const struct seats *seats, uint8_t hash[32])
{
    crypto_generichash_state state;
    struct seat_record record;
    uint8_t bytes[SEAT_RECORD_BYTES_MAX];
    uint64_t cursor = 0;

    crypto_generichash_init(&state, NULL, 0, 32);
    while (seats_snapshot_next(seats, &cursor, &record)) {
        size_t size = record_encode(&record, bytes);

        crypto_generichash_update(&state, bytes, size);
    }
    crypto_generichash_final(&state, hash, 32);
}

void shell_die(struct shell *shell)
{
    struct seats_totals totals;

    if (shell->seats == NULL)
        return;
    seats_totals(shell->seats, &totals);
    shell->dump_number = totals.next_number - 1;
    shell_dump(shell->seats, shell->dump);
    shell->seats = NULL;
    shell->batch_count = 0;
    shell->waiting_count = 0;
    shell->is_syncing = false;
    shell->timer_at.ms = INT64_MAX;
}

/* INV-22: where nothing was lost, the folded state is the state that died, byte for byte. */
static void shell_compare(struct shell *shell)
{
    struct seats_totals totals;
    uint8_t hash[32];

    seats_totals(shell->seats, &totals);
    if (totals.next_number - 1 != shell->dump_number || shell->dump_number == 0 ||
        shell->bug == BUG_DRAIN_OLDEST) /* the core has marked both: not what is to be found */
        return;
    shell_dump(shell->seats, hash);
    if (memcmp(hash, shell->dump, sizeof(hash)) != 0)
        oracle_blame(shell->oracle, "INV-22 the state folded from the records differs from the "
                                    "state that died");
}

bool shell_start(struct shell *shell, struct seat_now now)
{
    struct seat_event event = {.kind = SEAT_START};
    struct seats_totals totals;
    struct seat_reply reply;
    struct error error;
    bool has_reply;

    memory_forget(shell->memory, shell->memory_size);
    shell->seats = seats_create(shell->memory, &shell->options);
    if (store_recover(shell->store, shell->seats, &error) != LICET_OK) {
        oracle_blame(shell->oracle, "INV-22 INV-23 the log cannot be folded: %s", error.text);
        return true;
    }
    if (shell->calls->dies(shell->world, "in recovery")) {
        shell->seats = NULL;
        return false;
    }
    shell_compare(shell);
    oracle_recovered(shell->oracle, shell->seats);
    seats_totals(shell->seats, &totals);
    shell->last_number = totals.next_number - 1;
    shell->synced_number = shell->last_number;
    oracle_synced(shell->oracle, shell->synced_number);
    shell_step(shell, now, &event, &reply, &has_reply);
    return shell_flush(shell);
}
