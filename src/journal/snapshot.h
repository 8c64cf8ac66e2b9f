/* Reading snapshot files; writing them is in journal.h. */
#ifndef LICET_JOURNAL_SNAPSHOT_H
#define LICET_JOURNAL_SNAPSHOT_H

#include "journal/walk.h"

/* Reads the file whole and checks every byte. LICET_DAMAGED: it cannot be used. */
enum status snapshot_check(int folder_fd, uint64_t number, struct place *ret_place,
                           struct error *error);

/* Calls back the records of a snapshot that was checked. */
enum status snapshot_replay(int folder_fd, uint64_t number, journal_record_fn *record,
                            void *context, struct error *error);

/* Where a fold begins: the newest usable snapshot that is not beyond the group `group_max`, or the
 * beginning. */
struct base {
    uint64_t snapshot; /* its file's number; 0: the beginning */
    uint64_t number;   /* of the last record it stands for */
    uint32_t damaged;  /* newer ones passed over */
};
enum status base_find(int folder_fd, uint64_t group_max, struct walk *walk, struct base *ret_base,
                      struct error *error);

#endif
