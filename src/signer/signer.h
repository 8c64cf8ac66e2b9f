/*
 * The signer without its socket: judges a turn's items, makes their records durable at once, then
 * signs (R9.4). One thread.
 */
#ifndef LICET_SIGNER_SIGNER_H
#define LICET_SIGNER_SIGNER_H

#include "signer/frame.h"
#include "signer/options.h"

struct signer_state;

/* What became of one item: first judged, then answered. */
struct signer_decision {
    enum status status;
    const struct certificate *certificate; /* to sign with; NULL: nothing is signed */
    char sentence[ERROR_TEXT_MAX];         /* why it is refused */
};

/* Reads the key, opens and folds the journal. LICET_NOT_FOUND, LICET_MISMATCH, LICET_DAMAGED: the
 * journal is lost, of another key, damaged, and the key has to be retired; the sentences say so. */
enum status signer_open(const struct signer_options *options, struct signer_state **ret_signer,
                        struct error *error);
/* Seals the journal. NULL is fine. */
void signer_close(struct signer_state *signer);

/* Judges an item. What it allows becomes true at once for the items after it, so the process must
 * end where signer_commit() fails. */
void signer_take(struct signer_state *signer, const struct signer_item *item, struct unix_time now,
                 struct signer_decision *ret_decision);

/* Everything that was taken, under one fsync. A failure is the end of the process, without an
 * answer to anybody. */
enum status signer_commit(struct signer_state *signer, struct error *error);

/* Order: after signer_commit(). Signs, and adds the item's answer. */
void signer_answer(const struct signer_state *signer, const struct signer_item *item,
                   const struct signer_decision *decision, struct unix_time now, struct buf *buf);

/* After the answers have left, and at start: makes room for what comes. LICET_DISK_FULL is no
 * death: try again later. */
enum status signer_prepare(struct signer_state *signer, struct error *error);

/* At idle. Errors as signer_commit(). */
enum status signer_seal(struct signer_state *signer, struct error *error);

/* ---- acts of the command line */

/* Makes the journal, with its first record. LICET_CONFLICT where there is one. */
enum status signer_init(const struct signer_options *options, struct error *error);
/* Prints the records of a journal that no signer is writing, a line each. */
enum status signer_show(const struct signer_options *options, struct error *error);

/* ---- serve.c: the socket, until SIGTERM */
enum status signer_serve(struct signer_state *signer, const struct signer_options *options,
                         struct error *error);

/* The journal's folder. */
#define SIGNER_PATH_MAX (CONFIG_PATH_MAX + 32)
void signer_journal_path(const struct signer_options *options, char path[SIGNER_PATH_MAX]);

#endif
