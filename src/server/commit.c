/* The thread that waits for the disk, so that nobody else has to. */
#include "server/commit.h"

#include <assert.h>
#include <unistd.h>

#include "base/log.h"

/* After this long without work the journal is sealed: a last group that is sealed can be told from
 * a torn one. */
#define SEAL_AFTER_NS (500 * 1000000ull)

/* Fail stop. _exit: no destructor may touch what the disk refused. */
_Noreturn static void commit_die(const char *what, enum status status, const struct error *error)
{
    log_error("commit.failed", "what=%s cause=\"%s\"", what, error_text(error, status));
    _exit(status_exit_code(status));
}

static void commit_names(struct commit *commit, name_id last)
{
    struct error error = {0};
    enum status status;

    for (name_id id = names_file_last(commit->names_file) + 1; id <= last; id++) {
        status = names_file_append(commit->names_file, id, names_text(commit->names, id), &error);
        if (status != LICET_OK)
            commit_die("names", status, &error);
    }
    status = names_file_sync(commit->names_file, &error);
    if (status != LICET_OK)
        commit_die("names", status, &error);
}

static bool commit_is_forgotten(void *context, uint32_t id, struct text name)
{
    const name_id *forgotten = context;

    (void)name;
    return id == *forgotten;
}

static void commit_forget(struct commit *commit, struct batch *batch)
{
    struct error error = {0};
    enum status status;

    commit_names(commit, batch->names_last); /* the name may be as new as the batch */
    status = names_file_rewrite(commit->names_file, commit_is_forgotten, &batch->forgotten, &error);
    if (status != LICET_OK)
        commit_die("names", status, &error);
}

static void commit_batch(struct commit *commit, struct batch *batch)
{
    struct error error = {0};
    enum status status;

    if (batch->records_count > 0) {
        commit_names(commit,
                     batch->names_last); /* Order: R10.8, names before the records that use them */
        status = journal_commit(commit->journal, buf_text(&batch->body), batch->first_number,
                                batch->records_count, &error);
        if (status != LICET_OK)
            commit_die("journal", status, &error);
    }
    if (batch->forgotten != 0)
        commit_forget(commit, batch);
    batch_sign(batch, commit->key.bytes);
}

static void commit_prepare(struct commit *commit)
{
    struct error error = {0};
    enum status status = journal_prepare(commit->journal, &error);

    if (status ==
        LICET_DISK_FULL) /* what is ready is still good; the loop refuses growth in time */
        log_warning("journal.room", "cause=\"%s\"", error.text);
    else if (status != LICET_OK)
        commit_die("prepare", status, &error);
}

static void commit_seal(struct commit *commit)
{
    struct error error = {0};
    enum status status = journal_seal(commit->journal, &error);

    if (status != LICET_OK)
        commit_die("seal", status, &error);
}

static void commit_write_notes(struct commit *commit)
{
    struct error error = {0};
    enum status status;

    commit_names(commit, commit->notes_names_last);
    status = journal_note(commit->journal, text_make(commit->notes, commit->notes_size), &error);
    if (status == LICET_DISK_FULL) /* nothing was written, and they are not worth a process */
        log_warning("denials.dropped", "cause=\"%s\"", error.text);
    else if (status != LICET_OK)
        commit_die("notes", status, &error);
    uv_mutex_lock(&commit->mutex);
    commit->has_notes = false;
    uv_mutex_unlock(&commit->mutex);
    uv_async_send(commit->done); /* the stop waits for them */
}

/* The next batch, or NULL when it is time to stop. Seals when nothing comes for a while. */
static struct batch *commit_wait(struct commit *commit)
{
    struct batch *batch;
    bool is_sealed = false;

    uv_mutex_lock(&commit->mutex);
    while (commit->work == NULL && !commit->is_stopping) {
        if (commit->wants_prepare) {
            commit->wants_prepare = false;
            uv_mutex_unlock(&commit->mutex);
            commit_prepare(commit);
            uv_mutex_lock(&commit->mutex);
        } else if (commit->has_notes) {
            uv_mutex_unlock(&commit->mutex);
            commit_write_notes(commit);
            is_sealed = false;
            uv_mutex_lock(&commit->mutex);
        } else if (is_sealed) {
            uv_cond_wait(&commit->wake, &commit->mutex);
        } else if (uv_cond_timedwait(&commit->wake, &commit->mutex, SEAL_AFTER_NS) != 0) {
            uv_mutex_unlock(&commit->mutex);
            commit_seal(commit);
            is_sealed = true;
            uv_mutex_lock(&commit->mutex);
        }
    }
    batch = commit->work;
    uv_mutex_unlock(&commit->mutex);
    return batch;
}

static void commit_run(void *argument)
{
    struct commit *commit = argument;
    struct batch *batch;

    while ((batch = commit_wait(commit)) != NULL) {
        commit_batch(commit, batch);
        uv_mutex_lock(&commit->mutex);
        commit->work = NULL;
        commit->finished = batch;
        uv_mutex_unlock(&commit->mutex);
        uv_async_send(commit->done);
        commit_prepare(commit);
        if (commit_has_notes(commit)) /* batches may follow each other without a pause */
            commit_write_notes(commit);
    }
    commit_seal(commit);
}

enum status commit_start(struct commit *commit, struct error *error)
{
    enum status status = journal_prepare(commit->journal, error);

    if (status != LICET_OK && status != LICET_DISK_FULL)
        return status;
    if (uv_mutex_init(&commit->mutex) != 0 || uv_cond_init(&commit->wake) != 0 ||
        uv_thread_create(&commit->thread, commit_run, commit) != 0)
        return error_set(error, LICET_SYSTEM, "the commit thread cannot be started");
    return LICET_OK;
}

void commit_stop(struct commit *commit)
{
    uv_mutex_lock(&commit->mutex);
    commit->is_stopping = true;
    uv_cond_signal(&commit->wake);
    uv_mutex_unlock(&commit->mutex);
    uv_thread_join(&commit->thread);
    uv_cond_destroy(&commit->wake);
    uv_mutex_destroy(&commit->mutex);
    secret_key_finish(&commit->key);
}

bool commit_note(struct commit *commit, struct text notes, name_id names_last)
{
    bool is_free;

    assert(notes.size <= sizeof(commit->notes));
    uv_mutex_lock(&commit->mutex);
    is_free = !commit->has_notes;
    if (is_free) {
        memcpy(commit->notes, notes.data, notes.size);
        commit->notes_size = notes.size;
        commit->notes_names_last = names_last;
        commit->has_notes = true;
        uv_cond_signal(&commit->wake);
    }
    uv_mutex_unlock(&commit->mutex);
    return is_free;
}

bool commit_has_notes(struct commit *commit)
{
    bool has_notes;

    uv_mutex_lock(&commit->mutex);
    has_notes = commit->has_notes;
    uv_mutex_unlock(&commit->mutex);
    return has_notes;
}

void commit_look_for_room(struct commit *commit)
{
    uv_mutex_lock(&commit->mutex);
    commit->wants_prepare = true;
    uv_cond_signal(&commit->wake);
    uv_mutex_unlock(&commit->mutex);
}

bool commit_is_idle(struct commit *commit)
{
    bool is_idle;

    uv_mutex_lock(&commit->mutex);
    is_idle = commit->work == NULL && commit->finished == NULL;
    uv_mutex_unlock(&commit->mutex);
    return is_idle;
}

void commit_begin(struct commit *commit, struct batch *batch)
{
    uv_mutex_lock(&commit->mutex);
    assert(commit->work == NULL && commit->finished == NULL);
    commit->work = batch;
    uv_cond_signal(&commit->wake);
    uv_mutex_unlock(&commit->mutex);
}

struct batch *commit_take(struct commit *commit)
{
    struct batch *batch;

    uv_mutex_lock(&commit->mutex);
    batch = commit->finished;
    commit->finished = NULL;
    uv_mutex_unlock(&commit->mutex);
    return batch;
}
