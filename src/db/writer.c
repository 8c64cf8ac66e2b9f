#include "db/writer.h"

#include <assert.h>
#include <sodium.h>

#include "db/engine.h"

/* A transaction that waits; it lies on its caller's stack. */
struct db_call {
    const struct db_work *work;
    enum status status;
    struct error error;
    uint32_t attempts; /* that failed by no fault of its own */
    bool runs_again;
    bool is_out; /* has its answer, and what it did is on disk or undone */
    bool is_done;
    pthread_cond_t done;
    struct db_call *next;
};

void db_pause(uint32_t attempt)
{
    uint32_t ms = 1 + randombytes_uniform(DB_PAUSE_MS << (attempt - 1));

    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000},
              NULL);
}

/* ---- The writing thread */

/* Takes all that wait. The mutex is held. */
static struct db_call *writer_take(struct db_writer *writer)
{
    struct db_call *first = writer->first;

    writer->first = NULL;
    writer->last = &writer->first;
    return first;
}

/* The next one; behind the last, those that came meanwhile. Limit: each caller waits for its
 * answer, so there are never more than callers. */
static struct db_call *writer_next(struct db_writer *writer, struct db_call *call)
{
    if (call->next == NULL) {
        pthread_mutex_lock(&writer->mutex);
        call->next = writer_take(writer);
        pthread_mutex_unlock(&writer->mutex);
    }
    return call->next;
}

/* Also those that were refused: their refusals may rest on what is undone. */
static void calls_fail(struct db_call *call, enum status status, const struct error *error)
{
    for (; call != NULL; call = call->next) {
        call->status = error_set(&call->error, status, "%s", error->text);
        call->is_out = true;
    }
}

/* What is committed is what each of them was told, but for those that run again. */
static void calls_settle(struct db_call *call)
{
    for (; call != NULL; call = call->next)
        call->is_out = call->is_out || !call->runs_again;
}

static void call_judge(struct db_call *call, bool is_repeatable)
{
    call->attempts += is_repeatable ? 1 : 0;
    call->runs_again = is_repeatable && call->attempts < DB_ATTEMPTS_MAX;
}

/* False: the shared transaction is gone, with all that was done in it. */
static bool call_run(struct db_call *call, const struct db_transaction *shared)
{
    const struct db_engine *engine = shared->db->engine;
    struct db_transaction transaction = *shared;
    bool is_standing = true;

    call->error = (struct error){0};
    call->status = db_transaction_run(&transaction, call->work, &call->error);
    if (call->status == LICET_OK)
        call->status = engine->keep(&transaction, &call->error);
    if (call->status != LICET_OK)
        is_standing = engine->undo(&transaction) == LICET_OK;
    call_judge(call, transaction.is_repeatable);
    return is_standing;
}

/* Those that are not out behind it run again: one of them broke the transaction (a full disk does,
 * and so does a lost connection), or failed by no fault of its own. */
static void writer_try(struct db_writer *writer, struct db_call *first)
{
    const struct db_engine *engine = writer->db->engine;
    struct db_transaction shared = {.db = writer->db};
    struct error error = {0};
    bool is_standing = true;
    enum status status = engine->begin(&shared, &error);

    for (struct db_call *call = first; status == LICET_OK && is_standing && call != NULL;) {
        is_standing = call_run(call, &shared);
        call->is_out = !is_standing && !call->runs_again;
        call = is_standing ? writer_next(writer, call) : NULL;
    }
    if (status == LICET_OK && is_standing)
        status = engine->commit(&shared, &error);
    engine->end(&shared);
    if (status != LICET_OK)
        calls_fail(first, status, &error);
    else if (is_standing)
        calls_settle(first);
}

/* Wakes those that are out, and returns the others. A call is gone as soon as its caller sees that it
 * is done. */
static struct db_call *writer_release(struct db_writer *writer, struct db_call *call)
{
    struct db_call *left = NULL, **last = &left;

    pthread_mutex_lock(&writer->mutex);
    while (call != NULL) {
        struct db_call *next = call->next;

        if (call->is_out) {
            call->is_done = true;
            pthread_cond_signal(&call->done);
        } else {
            call->next = NULL;
            *last = call;
            last = &call->next;
        }
        call = next;
    }
    pthread_mutex_unlock(&writer->mutex);
    return left;
}

/* Two processes that met once do not meet again at once. */
static void writer_pause(const struct db_call *call)
{
    uint32_t attempts = 0;

    for (; call != NULL; call = call->next)
        attempts = call->attempts > attempts ? call->attempts : attempts;
    if (attempts > 0)
        db_pause(attempts);
}

static void writer_serve(struct db_writer *writer, struct db_call *taken)
{
    while (taken != NULL) {
        writer_try(writer, taken);
        taken = writer_release(writer, taken);
        writer_pause(taken);
    }
}

static void *writer_loop(void *argument)
{
    struct db_writer *writer = argument;
    struct db_call *taken;

    pthread_mutex_lock(&writer->mutex);
    for (;;) {
        while (writer->first == NULL && !writer->is_stopping)
            pthread_cond_wait(&writer->wake, &writer->mutex);
        if (writer->first == NULL)
            break;
        taken = writer_take(writer);
        pthread_mutex_unlock(&writer->mutex);
        writer_serve(writer, taken);
        pthread_mutex_lock(&writer->mutex);
    }
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

/* ---- The callers' side */

enum status db_writer_run(struct db *db, const struct db_work *work, struct error *error)
{
    struct db_writer *writer = &db->writer;
    struct db_call call = {.work = work, .done = PTHREAD_COND_INITIALIZER};

    assert(!pthread_equal(pthread_self(), writer->thread)); /* a transaction inside another */
    pthread_mutex_lock(&writer->mutex);
    *writer->last = &call;
    writer->last = &call.next;
    pthread_cond_signal(&writer->wake);
    while (!call.is_done)
        pthread_cond_wait(&call.done, &writer->mutex);
    pthread_mutex_unlock(&writer->mutex);
    pthread_cond_destroy(&call.done);
    if (call.status == LICET_OK)
        return LICET_OK;
    return error_set(error, call.status, "%s", error_text(&call.error, call.status));
}

enum status db_writer_start(struct db *db, struct error *error)
{
    struct db_writer *writer = &db->writer;

    *writer = (struct db_writer){.db = db, .last = &writer->first};
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->wake, NULL);
    if (sodium_init() < 0 || pthread_create(&writer->thread, NULL, writer_loop, writer) != 0)
        return error_set(error, LICET_SYSTEM, "the writing thread cannot be started");
    writer->is_started = true;
    return LICET_OK;
}

void db_writer_stop(struct db_writer *writer)
{
    if (!writer->is_started)
        return;
    pthread_mutex_lock(&writer->mutex);
    writer->is_stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
}
