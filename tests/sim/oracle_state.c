/* What the oracle knows, in plain lists, and how it counts. */
#include "sim/oracle_state.h"

#include <assert.h>
#include <stdarg.h>

void oracle_blame(struct oracle *oracle, const char *format, ...)
{
    va_list arguments;

    if (oracle->violation[0] != '\0')
        return; /* the first one explains the others */
    va_start(arguments, format);
    vsnprintf(oracle->violation, sizeof(oracle->violation), format, arguments);
    va_end(arguments);
}

const char *oracle_violation(const struct oracle *oracle)
{
    return oracle->violation[0] == '\0' ? NULL : oracle->violation;
}

struct oracle_counts oracle_counts(const struct oracle *oracle)
{
    return oracle->counts;
}

struct oracle *oracle_create(uint32_t leases_of_source_max)
{
    struct oracle *oracle = calloc(1, sizeof(*oracle));

    if (oracle != NULL)
        oracle->leases_of_source_max = leases_of_source_max;
    return oracle;
}

void oracle_ignore_shown(struct oracle *oracle)
{
    oracle->is_shown_ignored = true;
}

void oracle_destroy(struct oracle *oracle)
{
    if (oracle == NULL)
        return;
    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        while (oracle->buckets[bucket] != NULL) {
            struct fact *fact = oracle->buckets[bucket];

            oracle->buckets[bucket] = fact->next;
            free(fact);
        }
    for (uint32_t vendor = 0; vendor < oracle->vendors_count; vendor++)
        while (oracle->versions[vendor] != NULL) {
            struct version *version = oracle->versions[vendor];

            oracle->versions[vendor] = version->older;
            free(version);
        }
    free(oracle);
}

static uint32_t fact_bucket(struct lease_id id)
{
    return ((uint32_t)id.bytes[0] << 8 | id.bytes[1]) % BUCKETS_COUNT;
}

struct fact *fact_find(struct oracle *oracle, struct lease_id id)
{
    struct fact *fact = oracle->buckets[fact_bucket(id)];

    while (fact != NULL && memcmp(&fact->id, &id, sizeof(id)) != 0)
        fact = fact->next;
    return fact;
}

struct fact *fact_find_handle(const struct oracle *oracle, uint64_t handle)
{
    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        for (struct fact *fact = oracle->buckets[bucket]; fact != NULL; fact = fact->next)
            if (fact->granted_number == handle)
                return fact;
    return NULL;
}

struct fact *fact_make(struct oracle *oracle, struct lease_id id)
{
    struct fact **bucket = &oracle->buckets[fact_bucket(id)];
    struct fact *fact = calloc(1, sizeof(*fact));

    assert(fact != NULL);
    fact->id = id;
    fact->next = *bucket;
    *bucket = fact;
    return fact;
}

void fact_forget(struct oracle *oracle, struct fact *fact)
{
    struct fact **place = &oracle->buckets[fact_bucket(fact->id)];

    while (*place != fact)
        place = &(*place)->next;
    *place = fact->next;
    free(fact);
}

void live_add(struct oracle *oracle, struct fact *fact)
{
    assert(oracle->live_count < LIVE_MAX);
    oracle->live[oracle->live_count++] = fact;
}

void live_remove(struct oracle *oracle, const struct fact *fact)
{
    for (uint32_t index = 0; index < oracle->live_count; index++)
        if (oracle->live[index] == fact) {
            oracle->live[index] = oracle->live[--oracle->live_count];
            return;
        }
}

int64_t fact_end(const struct fact *fact)
{
    int64_t end = fact->grant_end;

    for (uint32_t index = 0; index < fact->endings_count; index++)
        if (fact->endings[index].end != 0)
            end = fact->endings[index].end;
    return end == INT64_MAX ? 0 : end; /* INT64_MAX: an earlier cut is lifted */
}

bool fact_is_marked(const struct fact *fact)
{
    for (uint32_t index = 0; index < fact->endings_count; index++)
        if (fact->endings[index].end == 0)
            return true;
    return false;
}

uint64_t fact_number(const struct fact *fact)
{
    if (fact->ended_number != 0)
        return fact->ended_number;
    if (fact->endings_count > 0)
        return fact->endings[fact->endings_count - 1].number;
    return fact->granted_number;
}

bool fact_is_ended(const struct fact *fact, int64_t now_ms)
{
    return fact != NULL && fact->ended_number != 0 && now_ms - fact->ended_ms < WINDOW_MS;
}

void facts_end_again(struct oracle *oracle, int64_t now_ms)
{
    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        for (struct fact *fact = oracle->buckets[bucket]; fact != NULL; fact = fact->next)
            if (fact_is_ended(fact, now_ms))
                fact->ended_ms = now_ms;
}

void facts_prune(struct oracle *oracle, int64_t now_ms)
{
    for (uint32_t bucket = 0; bucket < BUCKETS_COUNT; bucket++)
        for (struct fact *fact = oracle->buckets[bucket], *next; fact != NULL; fact = next) {
            next = fact->next;
            if (fact->ended_number != 0 && fact->ended_number <= oracle->synced &&
                now_ms - fact->ended_ms > 2 * WINDOW_MS)
                fact_forget(oracle, fact);
        }
}

struct version *version_of(const struct oracle *oracle, name_id vendor)
{
    for (uint32_t index = 0; index < oracle->vendors_count; index++)
        if (oracle->vendors[index] == vendor)
            return oracle->versions[index];
    return NULL;
}

void version_push(struct oracle *oracle, name_id vendor, struct version *version)
{
    uint32_t index = 0;

    while (index < oracle->vendors_count && oracle->vendors[index] != vendor)
        index++;
    if (index == oracle->vendors_count) {
        assert(index < ORACLE_VENDORS_MAX);
        oracle->vendors[oracle->vendors_count++] = vendor;
    }
    version->older = oracle->versions[index];
    oracle->versions[index] = version;
}

void versions_prune(struct oracle *oracle)
{
    for (uint32_t index = 0; index < oracle->vendors_count; index++) {
        struct version *version = oracle->versions[index];

        while (version != NULL && version->number > oracle->synced)
            version = version->older;
        while (version != NULL && version->older != NULL) {
            struct version *oldest = version->older;

            version->older = oldest->older;
            free(oldest);
        }
    }
}

static uint64_t feature_bit(struct oracle *oracle, name_id feature)
{
    uint32_t index = 0;

    while (index < oracle->features_count && oracle->features[index] != feature)
        index++;
    if (index == oracle->features_count) {
        assert(index < ORACLE_FEATURES_MAX);
        oracle->features[oracle->features_count++] = feature;
    }
    return 1ull << index;
}

uint64_t line_bits(struct oracle *oracle, const struct seat_line *line)
{
    uint64_t bits = feature_bit(oracle, line->feature);

    for (uint32_t index = 0; index < line->covers_count; index++)
        bits |= feature_bit(oracle, line->covers[index]);
    return bits;
}

/* Grows `family` by one set of lines until no line reaches out of it. True if it grew. */
static bool family_grow(struct oracle *oracle, const struct version *version, uint64_t *family)
{
    uint64_t before = *family;

    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
        uint64_t bits;

        if (version->lines[index].is_vanished || version->lines[index].line.state != LINE_ENABLED)
            continue; /* what serves nobody joins no features */
        bits = line_bits(oracle, &version->lines[index].line);
        if ((bits & *family) != 0)
            *family |= bits;
    }
    return *family != before;
}

uint64_t family_of(struct oracle *oracle, const struct version *version, name_id feature)
{
    uint64_t family = feature_bit(oracle, feature);

    while (family_grow(oracle, version, &family))
        ;
    return family;
}

/* The features of all families that `version` made of those in `family`. */
uint64_t families_before(struct oracle *oracle, const struct version *version, uint64_t family)
{
    while (family_grow(oracle, version, &family))
        ;
    return family;
}

bool family_has(struct oracle *oracle, uint64_t family, const struct fact *fact, name_id vendor)
{
    return fact->vendor == vendor && (feature_bit(oracle, fact->feature) & family) != 0;
}

void seating_lines(struct oracle *oracle, const struct version *version, int64_t utc,
                   bool with_overdraft)
{
    seating_clear(&oracle->seating);
    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++)
        if (!version->lines[index].is_vanished &&
            seating_line_serves(&version->lines[index].line, utc))
            seating_add_line(&oracle->seating, &version->lines[index].line, with_overdraft);
}

static bool holder_counts(const struct fact *fact, enum holders holders, int64_t end)
{
    if (holders == HOLDERS_UNMARKED)
        return !fact_is_marked(fact);
    if (holders == HOLDERS_AFTER)
        return fact_end(fact) == 0 || fact_end(fact) > end;
    return true;
}

uint64_t seating_holders(struct oracle *oracle, name_id vendor, uint64_t family,
                         enum holders holders, int64_t end, const struct fact *except)
{
    uint64_t unseated = 0;

    for (uint32_t index = 0; index < oracle->live_count; index++) {
        const struct fact *fact = oracle->live[index];

        if (fact == except || !family_has(oracle, family, fact, vendor) ||
            !holder_counts(fact, holders, end))
            continue;
        unseated +=
            fact->count - seating_add(&oracle->seating, fact->feature, fact->release, fact->count);
    }
    return unseated;
}

uint64_t overhang_of(struct oracle *oracle, const struct version *version, name_id vendor,
                     uint64_t family, int64_t utc, enum holders holders)
{
    seating_lines(oracle, version, utc, true);
    return seating_holders(oracle, vendor, family, holders, 0, NULL);
}

bool request_fits(struct oracle *oracle, name_id vendor, name_id feature, uint32_t release,
                  uint32_t count, int64_t utc, const struct fact *self, bool with_overdraft)
{
    const struct version *version = version_of(oracle, vendor);
    uint64_t family = family_of(oracle, version, feature);

    seating_lines(oracle, version, utc, with_overdraft);
    seating_holders(oracle, vendor, family, HOLDERS_ALL, 0, self);
    return seating_add(&oracle->seating, feature, release, count) == count;
}

/* Will this holder still be there after `end`, by what it was last promised? `slack_ms` widens or
 * narrows that: a promise is counted in milliseconds, an end in seconds of another clock. */
static bool holder_lasts(const struct fact *fact, struct seat_now now, int64_t end,
                         int64_t slack_ms)
{
    return fact->promised_ms + slack_ms - now.instant.ms > (end - now.utc.s) * 1000;
}

bool end_is_of_family(struct oracle *oracle, const struct version *version, uint64_t family,
                      int64_t end)
{
    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++)
        if (!version->lines[index].is_vanished &&
            seating_line_end(&version->lines[index].line) == end &&
            (line_bits(oracle, &version->lines[index].line) & family) != 0)
            return true;
    return false;
}

bool end_fits(struct oracle *oracle, struct seat_now now, const struct fact *self, int64_t end,
              int64_t slack_ms, bool all_must_fit)
{
    const struct version *version = version_of(oracle, self->vendor);
    uint64_t family = family_of(oracle, version, self->feature);
    bool fits = true;

    seating_lines(oracle, version, end, true);
    for (uint32_t index = 0; index < oracle->live_count; index++) {
        const struct fact *fact = oracle->live[index];

        if (fact != self && family_has(oracle, family, fact, self->vendor) &&
            holder_lasts(fact, now, end, slack_ms))
            fits = seating_add(&oracle->seating, fact->feature, fact->release, fact->count) ==
                       fact->count &&
                   fits;
    }
    return seating_add(&oracle->seating, self->feature, self->release, self->count) ==
               self->count &&
           (fits || !all_must_fit);
}

uint32_t request_ttl(const struct oracle *oracle, name_id vendor, name_id feature, uint32_t release,
                     int64_t utc)
{
    const struct version *version = version_of(oracle, vendor);
    uint32_t ttl = 0;

    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
        const struct line_fact *line = &version->lines[index];

        if (!line->is_vanished && seating_line_serves(&line->line, utc) &&
            seating_line_fits(&line->line, feature, release) &&
            (ttl == 0 || line->line.ttl_s < ttl))
            ttl = line->line.ttl_s;
    }
    return ttl;
}

bool family_dates_passed(struct oracle *oracle, const struct version *version, uint64_t family)
{
    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
        const struct seat_line *line = &version->lines[index].line;
        int64_t end = seating_line_end(line);

        if ((line_bits(oracle, line) & family) == 0)
            continue;
        if (line->start > 0 || (end != 0 && end <= oracle->utc_max))
            return true;
    }
    return false;
}

int64_t drain_last(const struct version *version)
{
    int64_t last = 0;

    for (uint32_t index = 0; version != NULL && index < version->lines_count; index++)
        if (version->lines[index].drain_last > last)
            last = version->lines[index].drain_last;
    return last;
}

uint32_t source_leases(const struct oracle *oracle, name_id source)
{
    uint32_t count = 0;

    for (uint32_t index = 0; index < oracle->live_count; index++)
        if (oracle->live[index]->source == source)
            count++;
    return count;
}
