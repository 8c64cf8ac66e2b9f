/* R9.4 case by case: one table, played from the first row to the last on one policy. */
#include "signer/policy.h"

#include <sodium.h>

#include "tap.h"

#define NOW 1795511553
#define DAY 86400

static const struct policy_caps caps = {
    .seats_an_hour = 10000, .seats_a_line = 1000, .files_an_hour = 20, .releases_an_hour = 2};

struct step {
    enum signer_act act;
    const char *server, *serial;
    uint64_t number;
    int64_t issued; /* seconds after NOW */
    int64_t now;    /* of the signer's clock, after NOW */
    uint32_t seats;
    uint8_t content; /* which payload */
    const char *reason;
    bool is_unlimited;
    enum status status;
    enum policy_verdict verdict;
    const char *name;
};

#define FILE_(server_, serial_, generation_) SIGNER_LICENSE, server_, serial_, generation_
#define OK_NEW LICET_OK, POLICY_NEW
#define OK_AGAIN LICET_OK, POLICY_AGAIN
#define REFUSED LICET_SIGNER_POLICY, POLICY_NEW
#define CAPPED LICET_SIGNER_CAP, POLICY_NEW

static const struct step steps[] = {
    {FILE_("S-1", "T1", 1), 0, 0, 100, 1, "", false, OK_NEW,
     "the first file of a server is signed"},
    {FILE_("S-1", "T1", 1), 0, 0, 100, 1, "", false, OK_AGAIN,
     "the same bytes again are signed again"},
    {FILE_("S-1", "T1", 1), 0, 9 * DAY, 100, 1, "", false, OK_AGAIN,
     "the same bytes again, nine days later, too: their intent is old, not new"},
    {FILE_("S-1", "T1", 1), 0, 0, 100, 2, "", false, REFUSED,
     "another content of one serial is refused"},
    {FILE_("S-1", "T2", 1), 0, 0, 100, 2, "", false, REFUSED,
     "another file of one generation is refused"},
    {FILE_("S-2", "T1", 1), 0, 0, 100, 2, "", false, REFUSED,
     "a serial of another server is refused"},
    {FILE_("S-1", "T3", 5), 0, 0, 100, 3, "", false, OK_NEW, "a generation may be left out"},
    {FILE_("S-1", "T4", 4), 0, 0, 100, 4, "", false, REFUSED, "a lower generation is refused"},
    {FILE_("S-1", "T1", 1), 0, 0, 100, 1, "", false, OK_AGAIN,
     "an older file's bytes again are signed again: nothing new leaves"},
    {FILE_("S-1", "T5", 1006), 0, 0, 100, 5, "", false, REFUSED, "a step of 1001 is refused"},
    {FILE_("S-1", "T5", 1005), 0, 0, 100, 5, "", false, OK_NEW, "a step of 1000 is signed"},
    {FILE_("S-9", "T9", 70000), 0, 0, 100, 5, "", false, OK_NEW,
     "a server that this journal never saw may have a history"},

    {FILE_("S-3", "A1", 1), 601, 0, 100, 1, "", false, REFUSED,
     "issued 601 s ahead of the clock is refused"},
    {FILE_("S-3", "A1", 1), 600, 0, 100, 1, "", false, OK_NEW, "issued 600 s ahead is signed"},
    {FILE_("S-3", "A2", 2), 599, 0, 100, 2, "", false, REFUSED,
     "issued before the last file is refused"},
    {FILE_("S-3", "A2", 2), 600, 0, 100, 2, "", false, OK_NEW,
     "issued in the same second is signed"},
    {FILE_("S-4", "A3", 1), -7 * DAY - 1, 0, 100, 3, "", false, REFUSED,
     "issued seven days and a second ago is refused"},
    {FILE_("S-4", "A3", 1), -7 * DAY, 0, 100, 3, "", false, OK_NEW,
     "issued seven days ago is signed"},
    {FILE_("S-4", "A3", 1), -7 * DAY, 0, 100, 9, "a good reason", false, REFUSED,
     "no reason overrides what was signed"},
    {FILE_("S-4", "A4", 1), 0, 0, 100, 9, "a good reason", false, REFUSED,
     "no reason overrides the order of generations"},

    {FILE_("S-5", "C1", 1), 0, 0, 1001, 1, "", false, CAPPED,
     "a line of 1001 seats is over the cap"},
    {FILE_("S-5", "C1", 1), 0, 0, 1000, 1, "", false, OK_NEW, "a line of 1000 seats is signed"},
    {FILE_("S-5", "C2", 2), 0, 0, 1001, 2, "big customer", false, LICET_OK, POLICY_RELEASED,
     "staff releases a cap with a reason"},
    {FILE_("S-5", "C3", 3), 0, 0, 100, 3, "not needed", false, OK_NEW,
     "a reason where no cap is in the way counts as none"},
    {FILE_("S-5", "C4", 4), 0, 0, 0, 4, "", true, CAPPED, "a line without a count is over the cap"},
    {FILE_("S-5", "C4", 4), 0, 0, 0, 4, "sold so", true, LICET_OK, POLICY_RELEASED,
     "and can be released"},
    {FILE_("S-5", "C5", 5), 0, 0, 1001, 5, "once more", false, CAPPED,
     "the third release within an hour is refused"},
    {FILE_("S-5", "C5", 5), 0, 3599, 1001, 5, "once more", false, CAPPED,
     "an hour is sixty minutes of the clock"},
    {FILE_("S-5", "C5", 5), 3600, 3660, 1001, 5, "once more", false, LICET_OK, POLICY_RELEASED,
     "an hour later it passes"},
    {FILE_("S-5", "C6", 6), 3600, 3600 - 30 * DAY, 100, 6, "", false, REFUSED,
     "a clock set back by a month: issued lies ahead"},

    {SIGNER_VOID, "S-6", "V1", 7, -90 * DAY, 3660, 1, 1, "", false, OK_NEW, "a void, of any age"},
    {SIGNER_VOID, "S-6", "V1", 7, -90 * DAY, 3660, 1, 1, "", false, OK_AGAIN, "a void again"},
    {FILE_("S-6", "V1", 7), 3600, 3660, 1, 1, "", false, REFUSED, "what is void is never signed"},
    {FILE_("S-6", "V2", 7), 3600, 3660, 1, 2, "", false, REFUSED,
     "nor another file of its generation"},
    {FILE_("S-6", "V2", 8), 3600, 3660, 1, 2, "", false, OK_NEW, "the next generation is signed"},
    {SIGNER_VOID, "S-6", "V2", 8, 3600, 3660, 1, 2, "", false, REFUSED,
     "what was signed cannot be made void"},
    {SIGNER_VOID, "S-6", "V3", 1009, 3600, 3660, 1, 3, "", false, REFUSED,
     "a void 1001 generations ahead is refused"},
    {SIGNER_VOID, "S-6", "V4", 5, 3600, 3660, 1, 4, "", false, OK_NEW,
     "a generation that was passed over can be made void"},
    {FILE_("S-6", "V5", 8), 3600, 3660, 1, 5, "", false, REFUSED,
     "and that does not lower the last one"},

    {SIGNER_RESPONSE, "S-1", "request-1", 0, 0, 0, 0, 1, "", false, OK_NEW, "a response is signed"},
    {SIGNER_RESPONSE, "S-1", "request-1", 0, 0, 0, 0, 1, "", false, OK_AGAIN,
     "the same response again"},
    {SIGNER_RESPONSE, "S-1", "request-1", 0, 0, 0, 0, 2, "", false, REFUSED,
     "a second response to one request is refused"},
    {SIGNER_RESPONSE, "S-2", "request-1", 0, 0, 0, 0, 2, "", false, OK_NEW,
     "the request of another server is another one"},
    {SIGNER_RESPONSE, "S-1", "request-2", 0, 601, 0, 0, 2, "", false, REFUSED,
     "a response from the future is refused"},

    {SIGNER_CHECKPOINT, "", "", 10, 0, 0, 0, 1, "", false, OK_NEW, "R6.8 a checkpoint is signed"},
    {SIGNER_CHECKPOINT, "", "", 10, 0, 0, 0, 2, "", false, REFUSED,
     "R6.8 another root of one log size is refused"},
    {SIGNER_CHECKPOINT, "", "", 9, 0, 0, 0, 3, "", false, REFUSED, "R6.8 a log does not shrink"},
    {SIGNER_CHECKPOINT, "", "", 11, -1, 0, 0, 3, "", false, REFUSED,
     "R6.8 a checkpoint is not issued before the last one"},
    {SIGNER_CHECKPOINT, "", "", 11, 0, 0, 0, 3, "", false, OK_NEW, "R6.8 the log has grown"},
};

static struct intent intent_of(const struct step *step)
{
    return (struct intent){
        .record = {.act = step->act,
                   .payload = {{step->content}},
                   .time = {NOW + step->now},
                   .issued = {NOW + step->issued},
                   .number = step->number,
                   .seats = step->seats,
                   .vendor = TEXT("acme"),
                   .server = text_of(step->server),
                   .name = text_of(step->serial),
                   .reason = text_of(step->reason)},
        .line_seats_max = step->seats,
        .is_unlimited = step->is_unlimited,
    };
}

/* One step as the signer does it, with the record through its bytes. */
static enum status play(struct policy *policy, struct policy *folded, const struct step *step,
                        enum policy_verdict *ret_verdict)
{
    char bytes[SIGNER_RECORD_BYTES_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct intent intent = intent_of(step);
    struct signer_record record;
    enum status status = policy_judge(policy, &intent, intent.record.time, ret_verdict, NULL);

    if (status != LICET_OK || *ret_verdict == POLICY_AGAIN)
        return status;
    if (*ret_verdict == POLICY_NEW)
        intent.record.reason = TEXT("");
    record_print(&intent.record, &buf);
    if (record_parse(buf_text(&buf), &record, NULL) != LICET_OK ||
        policy_apply(policy, &record, NULL) != LICET_OK ||
        policy_apply(folded, &record, NULL) != LICET_OK)
        return LICET_SYSTEM;
    return LICET_OK;
}

static void test_steps(void)
{
    struct policy *policy, *folded;
    size_t differ = 0;

    if (policy_create(&caps, &policy, NULL) != LICET_OK ||
        policy_create(&caps, &folded, NULL) != LICET_OK)
        exit(1);
    for (size_t index = 0; index < sizeof(steps) / sizeof(steps[0]); index++) {
        enum policy_verdict verdict = POLICY_NEW, again = POLICY_NEW;
        struct intent intent = intent_of(&steps[index]);
        enum status other = policy_judge(folded, &intent, intent.record.time, &again, NULL);
        enum status status = play(policy, folded, &steps[index], &verdict);

        ok(status == steps[index].status && verdict == steps[index].verdict, "%s%s",
           strncmp(steps[index].name, "R6.8", 4) == 0 ? "" : "R9.4 ", steps[index].name);
        differ += other != status || again != verdict ? 1 : 0;
    }
    ok(differ == 0, "R9.4 a policy that was folded from the records alone answers the same");
    ok(policy_last(policy, TEXT("acme"), TEXT("S-6")) == 8 &&
           policy_last(policy, TEXT("acme"), TEXT("S-7")) == 0 &&
           policy_last(policy, TEXT("other"), TEXT("S-6")) == 0,
       "R4.6 the signer knows the last generation of a server");
    policy_destroy(policy);
    policy_destroy(folded);
}

/* Files of a server for each, `seats` each, until one is refused. */
static uint32_t files_until_refused(struct policy *policy, uint32_t seats, int64_t now,
                                    enum status *ret_status)
{
    static unsigned serial;
    char server[24];
    uint32_t count = 0;

    for (;; count++) {
        enum policy_verdict verdict;
        struct step step = {FILE_(server, server, 1), now, now, seats, 1, "", false, OK_NEW, ""};

        snprintf(server, sizeof(server), "N-%u", serial++);
        *ret_status = play(policy, policy, &step, &verdict);
        if (*ret_status != LICET_OK)
            return count;
    }
}

static struct policy *policy_with(struct policy_caps caps_now)
{
    struct policy *policy;

    if (policy_create(&caps_now, &policy, NULL) != LICET_OK)
        exit(1);
    return policy;
}

static void test_hour(void)
{
    struct policy *policy = policy_with(
        (struct policy_caps){.seats_an_hour = 20000, .seats_a_line = 1000, .files_an_hour = 20});
    enum status status;

    /* play() applies each record twice here, so half as many pass. */
    ok(files_until_refused(policy, 1, 0, &status) == 10 && status == LICET_SIGNER_CAP,
       "R9.4 files an hour are capped");
    ok(files_until_refused(policy, 1, 3599, &status) == 0, "R9.4 within the hour none follows");
    ok(files_until_refused(policy, 1, -3 * DAY, &status) == 0,
       "R9.4 a clock that is set back brings none");
    ok(files_until_refused(policy, 1, -3 * DAY + 3660, &status) == 10,
       "R9.4 and nobody waits longer than an hour because of it");
    policy_destroy(policy);
    policy = policy_with(
        (struct policy_caps){.seats_an_hour = 4999, .seats_a_line = 1000, .files_an_hour = 20});
    ok(files_until_refused(policy, 1000, 0, &status) == 2 && status == LICET_SIGNER_CAP,
       "R9.4 seats an hour are capped");
    policy_destroy(policy);
}

static void test_records(void)
{
    char bytes[SIGNER_RECORD_BYTES_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct intent intent = intent_of(&steps[0]);
    struct signer_record record;
    size_t accepted = 0;

    record_print(&intent.record, &buf);
    for (size_t size = 0; size < buf.size; size++)
        accepted += record_parse(text_make(bytes, size), &record, NULL) == LICET_OK ? 1 : 0;
    ok(accepted == 0 && !buf.is_full, "a record that was cut anywhere is refused");
    bytes[0] = SIGNER_CERTIFICATE;
    ok(record_parse(buf_text(&buf), &record, NULL) == LICET_DAMAGED, "so is one of another kind");
}

static void test_many(void)
{
    struct policy *policy = policy_with((struct policy_caps){
        .seats_an_hour = UINT64_MAX, .seats_a_line = 1000, .files_an_hour = 200000});
    enum policy_verdict verdict;
    struct step step = {FILE_("N-1", "N-1", 1), 0, 0, 1, 1, "", false, OK_NEW, ""};
    enum status status;

    ok(files_until_refused(policy, 1, 0, &status) == 100000, "100,000 servers have a place");
    step.server = step.serial = "N-50000";
    ok(play(policy, policy, &step, &verdict) == LICET_OK && verdict == POLICY_AGAIN,
       "and each is found again");
    policy_destroy(policy);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    test_steps();
    test_hour();
    test_records();
    test_many();
    return tap_done();
}
