/*
 * The journal: an append-only, hash-chained log of opaque records in one folder (docs/journal.md).
 * What a record means is its writer's business; here it is bytes with a number, counted from 1
 * without a gap.
 *
 * A commit is one group: written by one call, made durable by one fdatasync, and only then is the
 * next one written. So after a power cut everything is whole but, perhaps, the last group: that one
 * may be cut at start, and nothing else ever is. docs/journal.md has the bytes and the reasons.
 *
 * Threads. One thread, the commit thread, calls commit, seal and prepare. Any thread may call room,
 * head, snapshot_* and prune. Reading functions take the folder and no journal: they run in any
 * thread, also while commits go on. Nothing here starts a thread.
 *
 * Fail stop (INV-24). When commit or seal returns LICET_SYSTEM or LICET_DISK_FULL, or prepare
 * returns LICET_SYSTEM, the journal is dead: what the disk holds is unknown, a second fdatasync may
 * lie, and every later call that writes refuses. THE CALLER ENDS THE PROCESS without answering
 * anybody who waits; the next start reads from the disk what is true.
 */
#ifndef LICET_JOURNAL_JOURNAL_H
#define LICET_JOURNAL_JOURNAL_H

#include "base/status.h"
#include "base/text.h"

/* Limit: one group's body. The largest is an INSTALL of LICENSE_LINES_MAX lines: 4,098 records of
 * 256 + 4 bytes are 1.02 MiB; a signer's record of a whole 1 MiB license file fits as well. */
#define JOURNAL_GROUP_BYTES_MAX (1280u * 1024)
/* Limit: one segment. Zero-writing the next one takes some 10-40 ms of the commit thread, once per
 * 8 MiB of records; six of the largest groups fit. */
#define JOURNAL_SEGMENT_BYTES (8u * 1024 * 1024)
/* Limit: what is kept for records that do not grow the state: 3 MiB are 49,000 check-ins. Right
 * after a change of segment at least 8 - 1.25 MiB are free, which is this and two open batches and
 * 1 MiB more. */
#define JOURNAL_RESERVE_BYTES (3u * 1024 * 1024)

/* Where the chain stands (R5.2). All zero: nothing yet. */
struct journal_head {
    uint64_t number;  /* of the last record */
    uint64_t group;   /* of the last group, seals counted; from 1 */
    uint8_t hash[32]; /* BLAKE2b-256 of that group, and through it of everything before */
};

/* Notes are records without a number: they are chained, kept and pruned with the records beside
 * which they were written, and nothing that is counted depends on them. */
#define JOURNAL_NOTE 0u

/* One record, borrowed for the call. Records of a snapshot come first: each with the number of the
 * last record that the snapshot stands for, and is_snapshot set. A note comes with the number
 * JOURNAL_NOTE. A status other than LICET_OK stops the reading and is returned. */
typedef enum status journal_record_fn(void *context, uint64_t number, bool is_snapshot,
                                      struct text record, struct error *error);

struct journal;

/* What journal_open() found: for the log. */
struct journal_opening {
    uint64_t snapshot_number;   /* of the snapshot that was used; 0: none */
    uint32_t snapshots_damaged; /* newer ones that could not be used */
    uint64_t records_replayed;  /* after the snapshot */
    uint32_t bytes_cut;         /* of a torn last group */
    bool was_sealed;            /* the last stop was orderly */
};

/* ---- life */

/* Makes an empty journal in `folder`, which exists and holds none yet (else LICET_CONFLICT), and
 * leaves it closed. Durable when it returns, so a temporary folder may then be renamed (R7.1).
 * segment_bytes 0: JOURNAL_SEGMENT_BYTES; else at least JOURNAL_SEGMENT_BYTES_MIN (tests). */
#define JOURNAL_SEGMENT_BYTES_MIN 1024u
enum status journal_create(const char *folder, uint32_t segment_bytes, struct error *error);

/* Locks the folder (LICET_CONFLICT while another process, or this one, has it), checks and replays
 * newest usable snapshot and later groups, cuts a torn last group, and stands at the end. The
 * journal stays usable when the folder is renamed.
 *
 * LICET_NOT_FOUND: no journal there. LICET_DAMAGED: anything but a torn last group; the sentence
 * names the place and `licetd repair`. `ret_opening` may be NULL. */
enum status journal_open(const char *folder, journal_record_fn *record, void *context,
                         struct journal **ret_journal, struct journal_opening *ret_opening,
                         struct error *error);

/* Frees the lock and the memory. Does not seal: call journal_seal() first at an orderly stop. NULL
 * is fine. */
void journal_destroy(struct journal *journal);

/* ---- writing: the commit thread */

/* Adds one record to a body. A body is nothing but these, one after the other: size (u32,
 * big-endian), bytes. */
#define JOURNAL_RECORD_OVERHEAD 4u
void journal_body_add(struct buf *body, struct text record);

/* Writes one group and waits until it is durable. `first_number` is the head's number + 1. When it
 * returns LICET_OK, every record of the body may be acknowledged. LICET_INVALID: the body or the
 * numbers are wrong; LICET_TOO_LARGE: the body is larger than a group; in both cases nothing was
 * written. Else: end the process (see the top). */
enum status journal_commit(struct journal *journal, struct text body, uint64_t first_number,
                           uint32_t count, struct error *error);

/* Writes a group of notes (`body` is of journal_body_add()) and waits until it is durable.
 * LICET_DISK_FULL where they do not fit beside the reserve: nothing was written, and the journal
 * lives. Else errors as journal_commit(). */
enum status journal_note(struct journal *journal, struct text body, struct error *error);

/* Call it after each commit, once its replies are on their way, and at start before listening:
 * makes the next segment where none is ready, else returns at once. Takes some 10-40 ms when it has
 * to write. LICET_DISK_FULL is no death: what is ready stays usable, journal_room() tells how long;
 * try again in a second or so. LICET_SYSTEM: end the process. */
enum status journal_prepare(struct journal *journal, struct error *error);

/* Seals the last group, at idle and at stop: from now on its damage can be told from a torn write.
 * Does nothing where it is sealed. Durable when it returns; errors as journal_commit(). */
enum status journal_seal(struct journal *journal, struct error *error);

/* ---- room: any thread */

enum journal_class {
    JOURNAL_GROWTH,  /* grants, installations, notes: leave the reserve alone */
    JOURNAL_RESERVE, /* check-ins, expiries, ends: may use it */
};

/* Whether `bytes` surely fit into space that is already written with zeros, so that committing them
 * cannot run into a full disk. Count everything that journal_commit() has not returned for (the
 * group in flight, the open batch, what the next step may add), each record with
 * JOURNAL_RECORD_OVERHEAD; group headers are allowed for. False for good when the journal is dead.
 */
bool journal_room(const struct journal *journal, size_t bytes, enum journal_class class);

/* The last durable group. */
struct journal_head journal_head(struct journal *journal);

/* ---- reading: any thread or process, no lock, while commits go on */

/* Every record from `first_number` on, up to the group `until` (a value of journal_head()). NULL:
 * up to the last whole group, of a journal that nobody is writing: a group in the middle of its
 * write may look like damage. Checks what it reads: LICET_DAMAGED. LICET_NOT_FOUND: records that
 * old are no longer kept. */
enum status journal_read(const char *folder, uint64_t first_number,
                         const struct journal_head *until, journal_record_fn *record, void *context,
                         struct error *error);

/* The second fold: the newest usable snapshot not beyond `until`, then every record up to it. What
 * it builds may go to journal_snapshot_begin() with the same `until`. */
enum status journal_fold(const char *folder, const struct journal_head *until,
                         journal_record_fn *record, void *context, struct error *error);

/* Reads everything, also what journal_open() passes over because a snapshot stands for it; of a
 * journal that nobody is writing.
 * LICET_DAMAGED names the first damage. */
enum status journal_check(const char *folder, struct error *error);

/* ---- snapshots: any thread, one at a time. A failure here is no death: the journal goes on
 * without. */

struct journal_snapshot;

/* Begins a file that stands for everything up to `head`, a group of this journal that is durable.
 */
enum status journal_snapshot_begin(const char *folder, const struct journal_head *head,
                                   struct journal_snapshot **ret_snapshot, struct error *error);
enum status journal_snapshot_add(struct journal_snapshot *snapshot, struct text record,
                                 struct error *error);
/* Notes that shall be read when the groups they came in are not read any more. */
enum status journal_snapshot_add_note(struct journal_snapshot *snapshot, struct text note,
                                      struct error *error);
/* Syncs and renames it into place. Frees it, whatever happens. */
enum status journal_snapshot_commit(struct journal_snapshot *snapshot, struct error *error);
void journal_snapshot_abandon(struct journal_snapshot *snapshot); /* NULL is fine */

/* Old segments are kept while they are younger than `days` and all of them together smaller than
 * `bytes`. */
struct journal_keep {
    uint32_t days;
    uint64_t bytes;
};

/* Removes snapshots but the two newest whole ones, and old segments that neither of the two needs:
 * with one snapshot damaged the journal still opens. With fewer than two nothing is removed. `now`:
 * UTC seconds. */
enum status journal_prune(const char *folder, struct journal_keep keep, int64_t now,
                          uint32_t *ret_segments_removed, struct error *error);

/* ---- repair */

struct journal_repair_report {
    bool was_damaged;
    uint64_t kept_number;   /* the last record that is kept */
    uint64_t dropped_first; /* the first record that is not; 0: none is known to be lost */
    uint64_t dropped_last;  /* the highest number that was seen anywhere behind the damage */
    char aside[64];         /* the folder, inside, with the files as they were */
};

/* Keeps the longest valid prefix and moves everything else aside, as evidence. Only with the words
 * of an administrator: acknowledged records may be lost, so the caller begins a new epoch.
 * LICET_CONFLICT: in use. LICET_DAMAGED: nothing can be kept; nothing was changed. */
enum status journal_repair(const char *folder, struct journal_repair_report *ret_report,
                           struct error *error);

#endif
