/* The thread around turn.c. */
#include "portal/issuing/issuing.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "portal/issuing/turn.h"

/* What nobody woke us for: another portal's intent. */
#define ISSUING_LOOK_MS 1000
/* After a failure: the signer starts in less. */
#define ISSUING_PAUSE_MS 500

struct issuing {
    struct turn turn;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t woken;   /* to the thread */
    pthread_cond_t settled; /* to those who wait for a file */
    uint64_t settled_count;
    bool is_woken, is_stopping, is_replaced;
};

static struct timespec time_after(uint32_t ms)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += ms / 1000;
    time.tv_nsec += (long)(ms % 1000) * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

/* False when it is to stop. */
static bool issuing_pause(struct issuing *issuing, uint32_t ms, bool is_for_wake)
{
    struct timespec until = time_after(ms);
    bool goes_on;

    pthread_mutex_lock(&issuing->mutex);
    while (!issuing->is_stopping && !(is_for_wake && issuing->is_woken) &&
           pthread_cond_timedwait(&issuing->woken, &issuing->mutex, &until) == 0)
        ;
    issuing->is_woken = false;
    goes_on = !issuing->is_stopping;
    pthread_mutex_unlock(&issuing->mutex);
    return goes_on;
}

static void issuing_tell(struct issuing *issuing, bool is_replaced)
{
    pthread_mutex_lock(&issuing->mutex);
    issuing->settled_count++;
    issuing->is_replaced = is_replaced;
    pthread_cond_broadcast(&issuing->settled);
    pthread_mutex_unlock(&issuing->mutex);
}

/* A turn, or a look at whoever issues in our place. */
static enum status issuing_turn(struct issuing *issuing, uint32_t *ret_done, struct error *error)
{
    struct turn *turn = &issuing->turn;
    bool was_replaced = turn->is_replaced;
    enum status status =
        was_replaced ? turn_take_back(turn, error) : turn_run(turn, ret_done, error);

    if (*ret_done > 0 || turn->is_replaced != was_replaced)
        issuing_tell(issuing, turn->is_replaced);
    if (turn->is_replaced == was_replaced)
        return status;
    if (was_replaced)
        log_warning("issuing.taken_back", "waited_s=%u", turn->options->take_back_ms / 1000);
    else
        log_warning("issuing.replaced", "\"%s\"", error_text(error, status));
    return LICET_OK;
}

static void *issuing_run(void *context)
{
    struct issuing *issuing = context;
    bool goes_on = true;
    enum status last = LICET_OK;

    while (goes_on) {
        struct error error = {0};
        uint32_t done = 0;
        enum status status = issuing_turn(issuing, &done, &error);

        if (status != LICET_OK && status != last) /* once, not twice a second */
            log_warning("issuing.waits", "\"%s\"", error_text(&error, status));
        if (status == LICET_OK && last != LICET_OK)
            log_info("issuing.goes_on", "after=%s", status_word(last));
        last = status;
        if (status != LICET_OK)
            goes_on = issuing_pause(issuing, ISSUING_PAUSE_MS, false);
        else if (done == 0)
            goes_on = issuing_pause(issuing, ISSUING_LOOK_MS, true);
        else
            goes_on = issuing_pause(issuing, 0, true);
    }
    return NULL;
}

enum status issuing_start(struct store *store, const struct issuing_options *options,
                          struct issuing **ret_issuing, struct error *error)
{
    struct issuing *issuing = calloc(1, sizeof(*issuing));
    pthread_condattr_t monotonic;
    enum status status;

    if (issuing == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for issuing");
    status = turn_open(&issuing->turn, store, options, error);
    if (status != LICET_OK) {
        free(issuing);
        return status;
    }
    pthread_mutex_init(&issuing->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&issuing->woken, &monotonic);
    pthread_cond_init(&issuing->settled, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&issuing->thread, NULL, issuing_run, issuing) != 0) {
        turn_finish(&issuing->turn);
        free(issuing);
        return error_set(error, LICET_NO_MEMORY, "the issuing thread cannot be started");
    }
    *ret_issuing = issuing;
    return LICET_OK;
}

bool issuing_wake(struct issuing *issuing)
{
    bool is_replaced;

    pthread_mutex_lock(&issuing->mutex);
    issuing->is_woken = true;
    is_replaced = issuing->is_replaced;
    pthread_cond_signal(&issuing->woken);
    pthread_mutex_unlock(&issuing->mutex);
    return !is_replaced;
}

uint64_t issuing_settled(struct issuing *issuing)
{
    uint64_t count;

    pthread_mutex_lock(&issuing->mutex);
    count = issuing->settled_count;
    pthread_mutex_unlock(&issuing->mutex);
    return count;
}

void issuing_wait(struct issuing *issuing, uint64_t settled, uint32_t timeout_ms)
{
    struct timespec until = time_after(timeout_ms);

    pthread_mutex_lock(&issuing->mutex);
    while (issuing->settled_count == settled && !issuing->is_stopping &&
           pthread_cond_timedwait(&issuing->settled, &issuing->mutex, &until) == 0)
        ;
    pthread_mutex_unlock(&issuing->mutex);
}

void issuing_stop(struct issuing *issuing)
{
    if (issuing == NULL)
        return;
    pthread_mutex_lock(&issuing->mutex);
    issuing->is_stopping = true;
    pthread_cond_signal(&issuing->woken);
    pthread_cond_broadcast(&issuing->settled);
    pthread_mutex_unlock(&issuing->mutex);
    pthread_join(issuing->thread, NULL);
    pthread_cond_destroy(&issuing->settled);
    pthread_cond_destroy(&issuing->woken);
    pthread_mutex_destroy(&issuing->mutex);
    turn_finish(&issuing->turn);
    free(issuing);
}
