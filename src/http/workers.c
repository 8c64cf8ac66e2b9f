/* A ring of exchanges under one lock, and the threads that empty it. */
#include "http/workers.h"

#include <pthread.h>

struct place {
    struct http_exchange *exchange;
};

struct http_workers {
    void (*run)(struct http_exchange *exchange);
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    bool is_stopping;
    struct place *queue; /* a ring */
    uint32_t queue_max, queue_first, queue_count;
    uint32_t threads_count;
    pthread_t threads[];
};

/* The next exchange; NULL: nothing waits, and nothing will. */
static struct http_exchange *workers_take(struct http_workers *workers)
{
    struct http_exchange *exchange = NULL;

    pthread_mutex_lock(&workers->lock);
    while (workers->queue_count == 0 && !workers->is_stopping)
        pthread_cond_wait(&workers->has_work, &workers->lock);
    if (workers->queue_count > 0) {
        exchange = workers->queue[workers->queue_first].exchange;
        workers->queue_first = (workers->queue_first + 1) % workers->queue_max;
        workers->queue_count--;
    }
    pthread_mutex_unlock(&workers->lock);
    return exchange;
}

static void *workers_thread(void *context)
{
    struct http_workers *workers = context;
    struct http_exchange *exchange;

    while ((exchange = workers_take(workers)) != NULL)
        workers->run(exchange);
    return NULL;
}

enum status http_workers_create(uint32_t threads_count, uint32_t queue_max,
                                void (*run)(struct http_exchange *exchange),
                                struct http_workers **ret_workers, struct error *error)
{
    struct http_workers *workers =
        calloc(1, sizeof(*workers) + threads_count * sizeof(workers->threads[0]));
    struct place *queue = calloc(queue_max, sizeof(*queue));

    if (workers == NULL || queue == NULL) {
        free(workers);
        free(queue);
        return error_set(error, LICET_NO_MEMORY, "no memory is left for %u workers", threads_count);
    }
    workers->run = run;
    workers->queue = queue;
    workers->queue_max = queue_max;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->has_work, NULL);
    while (workers->threads_count < threads_count &&
           pthread_create(&workers->threads[workers->threads_count], NULL, workers_thread,
                          workers) == 0)
        workers->threads_count++;
    if (workers->threads_count < threads_count) {
        http_workers_destroy(workers);
        return error_set(error, LICET_SYSTEM, "the system gives no threads for %u workers",
                         threads_count);
    }
    *ret_workers = workers;
    return LICET_OK;
}

void http_workers_stop(struct http_workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->is_stopping = true;
    pthread_cond_broadcast(&workers->has_work);
    pthread_mutex_unlock(&workers->lock);
    while (workers->threads_count > 0)
        pthread_join(workers->threads[--workers->threads_count], NULL);
}

void http_workers_destroy(struct http_workers *workers)
{
    if (workers == NULL)
        return;
    http_workers_stop(workers);
    pthread_cond_destroy(&workers->has_work);
    pthread_mutex_destroy(&workers->lock);
    free(workers->queue);
    free(workers);
}

void http_workers_push(struct http_workers *workers, struct http_exchange *exchange)
{
    const char *sentence = NULL;

    pthread_mutex_lock(&workers->lock);
    if (workers->is_stopping) {
        sentence = "the server is stopping; ask again in a moment";
    } else if (workers->queue_count == workers->queue_max) {
        sentence = "more is asked just now than can be answered; ask again in a moment";
    } else {
        http_defer(exchange);
        workers->queue[(workers->queue_first + workers->queue_count++) % workers->queue_max]
            .exchange = exchange;
        pthread_cond_signal(&workers->has_work);
    }
    pthread_mutex_unlock(&workers->lock);
    if (sentence != NULL)
        http_answer_busy(exchange, sentence);
}
