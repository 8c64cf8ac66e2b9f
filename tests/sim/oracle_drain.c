/* Who is not renewed when a drain ends (R4.5). */
#include "sim/oracle_state.h"

static int fact_compare_age(const void *left, const void *right)
{
    const struct fact *const *a = left, *const *b = right;

    return (*a)->granted_number < (*b)->granted_number ? -1 : 1;
}

/* With equal counts the fewest newest are what remains after seating the oldest first. */
static bool drain_would_stay(struct oracle *oracle, const struct version *version,
                             const struct fact *const *family, uint32_t count,
                             const struct fact *fact, int64_t utc)
{
    bool stays = true;

    seating_lines(oracle, version, utc, true);
    for (uint32_t index = 0; index < count; index++) {
        stays = seating_add(&oracle->seating, family[index]->feature, family[index]->release,
                            family[index]->count) == family[index]->count;
        if (family[index] == fact)
            break;
    }
    return stays;
}

/* Do the holders in `members` whose bit is not set in `leaving` all fit? */
static bool drain_fits_without(struct oracle *oracle, const struct version *version,
                               const struct fact *const *members, uint32_t count, uint32_t leaving,
                               int64_t utc)
{
    seating_lines(oracle, version, utc, true);
    for (uint32_t index = 0; index < count; index++)
        if ((leaving >> index & 1) == 0 &&
            seating_add(&oracle->seating, members[index]->feature, members[index]->release,
                        members[index]->count) < members[index]->count)
            return false;
    return true;
}

static uint32_t drain_fewest(struct oracle *oracle, const struct version *version,
                             const struct fact *const *members, uint32_t count, int64_t utc)
{
    uint32_t fewest = count;

    for (uint32_t leaving = 0; leaving < 1u << count; leaving++)
        if ((uint32_t)__builtin_popcount(leaving) < fewest &&
            drain_fits_without(oracle, version, members, count, leaving, utc))
            fewest = (uint32_t)__builtin_popcount(leaving);
    return fewest;
}

#define DRAIN_MEMBERS_MAX 10 /* for the brute force over all subsets */

struct drain {
    const struct fact *members[LIVE_MAX];
    uint32_t count, marked_now;
    bool is_equal, is_clean;
};

/* Who of a family was there, unmarked, before this step's marks. */
static void drain_collect(struct oracle *oracle, struct drain *drain, name_id vendor,
                          uint64_t family, uint64_t first_number)
{
    *drain = (struct drain){.is_equal = true, .is_clean = true};
    for (uint32_t index = 0; index < oracle->live_count; index++) {
        const struct fact *fact = oracle->live[index];
        uint64_t marked = 0;

        if (!family_has(oracle, family, fact, vendor))
            continue;
        for (uint32_t ending = 0; ending < fact->endings_count; ending++)
            if (fact->endings[ending].end == 0)
                marked = fact->endings[ending].number;
        if (fact_end(fact) != 0 || (marked != 0 && marked < first_number)) {
            drain->is_clean = false;
            continue;
        }
        if (marked >= first_number && marked != 0)
            drain->marked_now++;
        drain->members[drain->count++] = fact;
        drain->is_equal = drain->is_equal && fact->count == drain->members[0]->count;
    }
    qsort(drain->members, drain->count, sizeof(drain->members[0]), fact_compare_age);
}

static void check_drain_newest(struct oracle *oracle, const struct version *version,
                               const struct drain *drain, int64_t utc)
{
    if (drain->count == 0 || drain->members[0]->count != 1)
        return; /* with larger counts the fewest are a knapsack: only their number is checked */
    for (uint32_t index = 0; index < drain->count; index++)
        if (fact_is_marked(drain->members[index]) == drain_would_stay(oracle, version,
                                                                      drain->members, drain->count,
                                                                      drain->members[index], utc)) {
            oracle_blame(oracle, "R4.5 drain marked others than the newest (lease %llu)",
                         (unsigned long long)drain->members[index]->granted_number);
            return;
        }
}

static void check_drain_family(struct oracle *oracle, const struct oracle_act *act, name_id vendor,
                               uint64_t family, int64_t drain_end)
{
    const struct version *version = version_of(oracle, vendor);
    int64_t utc = act->now.utc.s;
    struct drain drain;

    drain_collect(oracle, &drain, vendor, family, act->first_number);
    if (drain.marked_now > 0)
        oracle->counts.drains++;
    if (drain.marked_now > 0 && utc < drain_end && !oracle->has_leapt)
        oracle_blame(oracle, "R4.5 drain marked leases %lld s before its end",
                     (long long)(drain_end - utc));
    if (family_dates_passed(oracle, version, family) || !drain.is_clean || oracle->has_leapt)
        return;
    if (utc > drain_last(version) && !act->wants_tick &&
        overhang_of(oracle, version, vendor, family, utc, HOLDERS_UNMARKED) > 0)
        oracle_blame(oracle,
                     "R4.5 after the end of drain the leases of feature %u that go on do not fit",
                     drain.count == 0 ? 0 : drain.members[0]->feature);
    if (drain.marked_now == 0)
        return;
    if (drain.count <= DRAIN_MEMBERS_MAX &&
        drain_fewest(oracle, version, drain.members, drain.count, utc) != drain.marked_now &&
        drain.is_equal)
        oracle_blame(oracle, "R4.5 drain marked %u leases, fewer would do", drain.marked_now);
    if (drain.is_equal)
        check_drain_newest(oracle, version, &drain, utc);
}

void check_drain(struct oracle *oracle, const struct oracle_act *act)
{
    for (uint32_t vendor = 0; vendor < oracle->vendors_count; vendor++) {
        const struct version *version = oracle->versions[vendor];
        uint64_t seen = 0;

        for (uint32_t index = 0; version != NULL && index < version->lines_count; index++) {
            uint64_t family = family_of(oracle, version, version->lines[index].line.feature);

            if ((family & ~seen) == 0)
                continue;
            seen |= family;
            check_drain_family(oracle, act, oracle->vendors[vendor], family,
                               version->lines[index].drain_end);
        }
    }
}
