/* Order, times, names that are used once, caps. */
#include "signer/policy.h"

#include <sodium.h>

#include "signer/hour.h"
#include "signer/table.h"

#define POLICY_VOID_TAG 0u
/* A record touches its name and its server. */
#define POLICY_SLOTS_A_RECORD 2

struct policy {
    struct policy_caps caps;
    struct table *table;
    struct hour hour;
};

enum status policy_create(const struct policy_caps *caps, struct policy **ret_policy,
                          struct error *error)
{
    struct policy *policy = calloc(1, sizeof(*policy));
    enum status status;

    if (policy == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the policy");
    policy->caps = *caps;
    status = table_create(&policy->table, error);
    if (status != LICET_OK) {
        policy_destroy(policy);
        return status;
    }
    *ret_policy = policy;
    return LICET_OK;
}

void policy_destroy(struct policy *policy)
{
    if (policy == NULL)
        return;
    table_destroy(policy->table);
    free(policy);
}

/* ---- names of slots */

/* What is used once. A void uses up the serial of the file that it is about. */
static struct slot_key policy_name_key(const struct policy *policy,
                                       const struct signer_record *record)
{
    uint8_t kind = (uint8_t)(record->act == SIGNER_VOID ? SIGNER_LICENSE : record->act);
    struct text size = text_make(&record->number, sizeof(record->number));

    if (record->act == SIGNER_CHECKPOINT)
        return table_key(policy->table, kind, (struct text[]){record->vendor, size}, 2);
    if (record->act == SIGNER_RESPONSE)
        return table_key(policy->table, kind,
                         (struct text[]){record->vendor, record->server, record->name}, 3);
    return table_key(policy->table, kind, (struct text[]){record->vendor, record->name}, 2);
}

/* The server; of a checkpoint the vendor's log, whose server is the empty text. */
static struct slot_key policy_server_key(const struct policy *policy, struct text vendor,
                                         struct text server)
{
    return table_key(policy->table, 0, (struct text[]){vendor, server}, 2);
}

/* What was signed under a name, in 63 bits that nobody outside can compute. */
static uint64_t policy_tag(const struct policy *policy, const struct signer_record *record)
{
    struct text parts[] = {text_make(record->payload.bytes, HASH_BYTES),
                           text_make(record->certificate.bytes, HASH_BYTES)};
    struct slot_key key = table_key(policy->table, UINT8_MAX, parts, 2);

    return key.words[0]; /* never POLICY_VOID_TAG: its lowest bit is set */
}

/* ---- judging */

static enum status policy_judge_name(const struct policy *policy, const struct slot *name,
                                     const struct signer_record *record, struct error *error)
{
    bool is_void = record->act == SIGNER_VOID;

    if (name->tag == POLICY_VOID_TAG)
        return is_void ? LICET_OK
                       : error_set(error, LICET_SIGNER_POLICY,
                                   "generation %llu of %.*s is void: issue the next one",
                                   (unsigned long long)record->number, TEXT_ARGS(record->server));
    if (is_void)
        return error_set(error, LICET_SIGNER_POLICY,
                         "generation %llu of %.*s was signed and cannot be made void",
                         (unsigned long long)record->number, TEXT_ARGS(record->server));
    if (name->tag == policy_tag(policy, record))
        return LICET_OK;
    return error_set(error, LICET_SIGNER_POLICY,
                     "something else was signed under the same serial, request or log size: this "
                     "must be looked into, by staff, before it is issued under a new one");
}

static enum status policy_judge_generation(const struct slot *server,
                                           const struct signer_record *record, struct error *error)
{
    uint32_t last = server == NULL ? 0 : server->generation;

    if (last > 0 && record->number > (uint64_t)last + GENERATION_STEP_MAX)
        return error_set(error, LICET_SIGNER_POLICY,
                         "generation %llu of %.*s is more than %u above %u, its last one",
                         (unsigned long long)record->number, TEXT_ARGS(record->server),
                         GENERATION_STEP_MAX, last);
    /* One that was passed over can be made void as well: it is on record then. */
    if (record->number <= last && record->act != SIGNER_VOID)
        return error_set(
            error, LICET_SIGNER_POLICY,
            "generation %llu of %.*s is not above %u, its last one: issue the next one",
            (unsigned long long)record->number, TEXT_ARGS(record->server), last);
    return LICET_OK;
}

static enum status policy_judge_time(const struct slot *server, const struct signer_record *record,
                                     struct unix_time now, struct error *error)
{
    if (record->issued.s > now.s + SIGNER_AHEAD_SECONDS)
        return error_set(error, LICET_SIGNER_POLICY,
                         "issued= lies more than %d minutes ahead of the signer's clock: set the "
                         "clocks of portal and signer",
                         SIGNER_AHEAD_SECONDS / 60);
    if (record->issued.s < now.s - SIGNER_AGE_SECONDS)
        return error_set(error, LICET_SIGNER_POLICY,
                         "issued= is more than %d days old: make it void and issue it again",
                         SIGNER_AGE_SECONDS / 86400);
    if (record->issued.s < 0 || record->issued.s > UINT32_MAX ||
        (record->act != SIGNER_RESPONSE && server != NULL && record->issued.s < server->issued))
        return error_set(error, LICET_SIGNER_POLICY,
                         "issued= lies before that of the last one of %.*s",
                         TEXT_ARGS(record->server.size > 0 ? record->server : record->vendor));
    return LICET_OK;
}

static enum status policy_judge_log(const struct slot *log, const struct signer_record *record,
                                    struct error *error)
{
    if (log == NULL || record->number >= log->tag)
        return LICET_OK;
    return error_set(error, LICET_SIGNER_POLICY,
                     "the log of %.*s had %llu leaves already, and it only grows",
                     TEXT_ARGS(record->vendor), (unsigned long long)log->tag);
}

/* The order of one server's files, of one vendor's checkpoints. What is to be made void may be of
 * any age. */
static enum status policy_judge_order(const struct slot *server, const struct signer_record *record,
                                      struct unix_time now, struct error *error)
{
    enum status status = LICET_OK;

    if (record->act == SIGNER_CHECKPOINT)
        status = policy_judge_log(server, record, error);
    else if (record->act != SIGNER_RESPONSE)
        status = policy_judge_generation(server, record, error);
    if (status != LICET_OK || record->act == SIGNER_VOID)
        return status;
    return policy_judge_time(server, record, now, error);
}

/* Order: of the reasons, the one that staff needs to know comes first. */
static enum status policy_find_cap(const struct policy *policy, const struct intent *intent,
                                   const struct hour_counts *hour, struct error *error)
{
    const struct policy_caps *caps = &policy->caps;

    if (intent->is_unlimited && !caps->allows_unlimited)
        return error_set(error, LICET_SIGNER_CAP,
                         "a line has no count of seats: staff may release it, with a reason");
    if (intent->line_seats_max > caps->seats_a_line)
        return error_set(
            error, LICET_SIGNER_CAP,
            "a line has %llu seats, the cap is %u: staff may release it, with a reason",
            (unsigned long long)intent->line_seats_max, caps->seats_a_line);
    if (hour->files >= caps->files_an_hour)
        return error_set(
            error, LICET_SIGNER_CAP,
            "%u files were signed in the last hour, which is the cap: staff may release "
            "this one, with a reason",
            hour->files);
    if (hour->seats > caps->seats_an_hour ||
        intent->record.seats > caps->seats_an_hour - hour->seats)
        return error_set(error, LICET_SIGNER_CAP,
                         "with this file the seats of the last hour would pass the cap of %llu: "
                         "staff may release it, with a reason",
                         (unsigned long long)caps->seats_an_hour);
    return LICET_OK;
}

static enum status policy_judge_caps(struct policy *policy, const struct intent *intent,
                                     struct unix_time now, enum policy_verdict *verdict,
                                     struct error *error)
{
    struct hour_counts sum;
    enum status status;

    hour_advance(&policy->hour, now);
    sum = hour_sum(&policy->hour);
    status = policy_find_cap(policy, intent, &sum, error);
    if (status == LICET_OK || intent->record.reason.size == 0)
        return status;
    /* Security: whoever has taken the portal over can write reasons, too. */
    if (sum.releases >= policy->caps.releases_an_hour)
        return error_set(error, LICET_SIGNER_CAP,
                         "caps were released %u times in the last hour, and no more releases are "
                         "allowed: wait",
                         sum.releases);
    *verdict = POLICY_RELEASED;
    return LICET_OK;
}

static enum status policy_judge_new(struct policy *policy, const struct intent *intent,
                                    struct unix_time now, enum policy_verdict *verdict,
                                    struct error *error)
{
    const struct signer_record *record = &intent->record;
    const struct slot *server =
        table_find(policy->table, policy_server_key(policy, record->vendor, record->server));
    enum status status = policy_judge_order(server, record, now, error);

    *verdict = POLICY_NEW;
    if (status == LICET_OK && record->act == SIGNER_LICENSE)
        status = policy_judge_caps(policy, intent, now, verdict, error);
    return status == LICET_OK ? table_reserve(policy->table, POLICY_SLOTS_A_RECORD, error) : status;
}

enum status policy_judge(struct policy *policy, const struct intent *intent, struct unix_time now,
                         enum policy_verdict *ret_verdict, struct error *error)
{
    const struct slot *name = table_find(policy->table, policy_name_key(policy, &intent->record));
    enum policy_verdict verdict = POLICY_AGAIN;
    enum status status = name == NULL ? policy_judge_new(policy, intent, now, &verdict, error)
                                      : policy_judge_name(policy, name, &intent->record, error);

    if (status == LICET_OK)
        *ret_verdict = verdict;
    return status;
}

/* ---- applying */

static void policy_count(struct policy *policy, const struct signer_record *record)
{
    hour_advance(&policy->hour, record->time);
    hour_add(&policy->hour, (struct hour_counts){.seats = record->seats,
                                                 .files = 1,
                                                 .releases = record->reason.size > 0 ? 1 : 0});
}

static void policy_note(struct policy *policy, const struct signer_record *record)
{
    struct slot *server =
        table_put(policy->table, policy_server_key(policy, record->vendor, record->server));

    if (record->act == SIGNER_CHECKPOINT)
        server->tag = record->number;
    else if (record->number > server->generation)
        server->generation = (uint32_t)record->number;
    if (record->act != SIGNER_VOID)
        server->issued = (uint32_t)record->issued.s;
}

enum status policy_apply(struct policy *policy, const struct signer_record *record,
                         struct error *error)
{
    enum status status = table_reserve(policy->table, POLICY_SLOTS_A_RECORD, error);
    struct slot *name;

    if (status != LICET_OK)
        return status;
    name = table_put(policy->table, policy_name_key(policy, record));
    name->tag = record->act == SIGNER_VOID ? POLICY_VOID_TAG : policy_tag(policy, record);
    if (record->act != SIGNER_RESPONSE)
        policy_note(policy, record);
    if (record->act == SIGNER_LICENSE)
        policy_count(policy, record);
    return LICET_OK;
}

uint32_t policy_last(const struct policy *policy, struct text vendor, struct text server)
{
    const struct slot *slot = table_find(policy->table, policy_server_key(policy, vendor, server));

    return slot == NULL ? 0 : slot->generation;
}
