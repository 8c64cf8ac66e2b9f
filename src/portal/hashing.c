/* A door with two places, and a short queue before it. */
#include "portal/hashing.h"

#include <pthread.h>

#define RUNNING_MAX 2
/* Limit: the last of eight waits 0.6 s, and half of 16 workers are left for others. */
#define WAITING_MAX 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_place = PTHREAD_COND_INITIALIZER;
static int running, waiting;

static enum status hashing_enter(struct error *error)
{
    enum status status = LICET_OK;

    pthread_mutex_lock(&lock);
    if (running == RUNNING_MAX && waiting == WAITING_MAX) {
        status = error_set(error, LICET_OVER_LIMIT,
                           "too many people are signing in just now; try again in a second");
    } else {
        waiting++;
        while (running == RUNNING_MAX)
            pthread_cond_wait(&has_place, &lock);
        waiting--;
        running++;
    }
    pthread_mutex_unlock(&lock);
    return status;
}

static void hashing_leave(void)
{
    pthread_mutex_lock(&lock);
    running--;
    pthread_cond_signal(&has_place);
    pthread_mutex_unlock(&lock);
}

enum status hashing_make(struct text password, char ret_hash[PASSWORD_HASH_BYTES],
                         struct error *error)
{
    enum status status = hashing_enter(error);

    if (status != LICET_OK)
        return status;
    status = password_hash(password, ret_hash, error);
    hashing_leave();
    return status;
}

enum status hashing_check(const char *hash, struct text password, bool *ret_is_right,
                          struct error *error)
{
    enum status status = hashing_enter(error);

    if (status != LICET_OK)
        return status;
    *ret_is_right = password_is_right(hash, password);
    hashing_leave();
    return LICET_OK;
}
