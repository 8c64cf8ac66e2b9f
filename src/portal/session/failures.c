#include "portal/session/failures.h"

#include "store/session.h"
#include "store/store.h"

/* Five wrong ones are a person's; then each doubles the wait, up to a quarter of an hour. */
#define FAILURES_FREE 5u
#define WAIT_SECONDS_MAX 900

struct failures {
    struct text subject;
    struct unix_time now, last;
    uint32_t count;
};

static enum status failures_read(struct db_transaction *transaction, void *context,
                                 struct error *error)
{
    struct failures *failures = context;

    return store_failures_get(transaction, failures->subject, &failures->count, &failures->last,
                              error);
}

static enum status failures_add(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    const struct failures *failures = context;

    return store_failures_add(transaction, failures->subject, failures->now, error);
}

/* Seconds until the next try is looked at. */
static uint32_t failures_wait(const struct failures *failures)
{
    uint32_t excess = failures->count < FAILURES_FREE ? 0 : failures->count - FAILURES_FREE;
    int64_t wait = excess >= 10 ? WAIT_SECONDS_MAX : (int64_t)1 << excess;
    int64_t left =
        failures->last.s + (wait > WAIT_SECONDS_MAX ? WAIT_SECONDS_MAX : wait) - failures->now.s;

    return failures->count < FAILURES_FREE || left <= 0 ? 0 : (uint32_t)left;
}

enum status failures_check(struct request *request, struct reply *reply, struct text subject,
                           const char *what, struct error *error)
{
    struct failures failures = {.subject = subject, .now = request_time(request)};
    enum status status = store_read(request_store(request), failures_read, &failures, error);
    uint32_t wait;

    if (status != LICET_OK)
        return status;
    wait = failures_wait(&failures);
    if (wait == 0)
        return LICET_OK;
    reply_retry_after(reply, wait);
    return error_set(error, LICET_OVER_LIMIT, "too many wrong %s in a row; try again in %u s", what,
                     wait);
}

enum status failures_count(struct request *request, struct text subject, enum status status,
                           struct error *error)
{
    struct failures failures = {.subject = subject, .now = request_time(request)};
    struct error fault = {0};
    enum status noted = store_transact(request_store(request), failures_add, &failures, &fault);

    if (noted == LICET_OK)
        return status;
    *error = fault;
    return noted;
}
