/*
 * The commit thread: takes one closed batch, makes it durable (names, then records, then the
 * signature of its proofs), and tells the loop. While it works the loop fills the next batch, so a
 * commit carries all requests that arrived during the one before it (group commit).
 *
 * Fail stop: an error of the disk ends the process at once. Nobody has been answered, and what the
 * disk holds is read again at the next start.
 */
#ifndef LICET_SERVER_COMMIT_H
#define LICET_SERVER_COMMIT_H

#include <uv.h>

#include "journal/names_file.h"
#include "license/key.h"
#include "seat/names.h"
#include "server/batch.h"
#include "server/denials.h"

/* All rows at once, at the stop. */
#define NOTES_BYTES_MAX (DENIALS_MAX * (DENIAL_NOTE_BYTES + JOURNAL_RECORD_OVERHEAD))

struct commit {
    struct journal *journal;
    struct names_file *names_file;
    const struct names
        *names; /* entries never change, so this thread may read those it was told of */
    struct secret_key key;
    uv_thread_t thread;
    uv_mutex_t mutex;
    uv_cond_t wake;
    uv_async_t *done;                /* of the loop: a batch is durable */
    struct batch *work;              /* under the mutex; NULL: idle */
    struct batch *finished;          /* under the mutex; until commit_take() */
    bool is_stopping, wants_prepare; /* under the mutex */
    bool has_notes;                  /* under the mutex; set, what follows is the thread's */
    name_id notes_names_last;
    size_t notes_size;
    char notes[NOTES_BYTES_MAX];
};

enum status commit_start(struct commit *commit, struct error *error);
/* After the last batch was taken: seals the journal and ends the thread. */
void commit_stop(struct commit *commit);

bool commit_is_idle(struct commit *commit);
/* Order: only when idle. The batch is the thread's until commit_take() gives it back. */
void commit_begin(struct commit *commit, struct batch *batch);
struct batch *commit_take(struct commit *commit); /* NULL: none is finished */
/* Notes (R8.8) are written when no batch waits for the disk, and nobody waits for them. False while
 * those of the last call are not written. `names_last`: as of a batch. */
bool commit_note(struct commit *commit, struct text notes, name_id names_last);
bool commit_has_notes(struct commit *commit);
/* Looks for room again, where no commit comes that would: after a full disk was cleared. */
void commit_look_for_room(struct commit *commit);

#endif
