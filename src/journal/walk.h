/*
 * Reading the chain of groups through the segments of a folder. The walk is where a torn end is
 * told from damage: the rules of group.h within a segment, and across two of them the order in
 * which files come to be (a segment is made when the one before it is in use).
 */
#ifndef LICET_JOURNAL_WALK_H
#define LICET_JOURNAL_WALK_H

#include "journal/folder.h"

/* A group's place: its segment and offset there. */
struct place {
    struct journal_head head;
    uint64_t segment;
    uint32_t offset;
};

struct walk {
    int folder_fd; /* borrowed */
    struct numbers segments;
    struct opening opening; /* of the segment being read */
    struct image here, next;
    struct journal_head head; /* of the last group that was read */
    struct group group;       /* that group */
    size_t group_offset;      /* where it stands */
    size_t offset;            /* where the next one may stand */
    /* Set when walk_next() has come to the end of the journal. */
    bool is_prepared; /* a segment is ready after this one; all zeros, once a torn opening is cut */
    size_t torn_size; /* bytes of a torn group, here or in the segment that is ready */
};

/* Begins before the first group that is kept. LICET_NOT_FOUND: no segment. */
enum status walk_begin(struct walk *walk, int folder_fd, struct error *error);

/* Begins right after the group at `place`, which must stand there. LICET_NOT_FOUND: the groups
 * after it are no longer kept. LICET_DAMAGED: the journal does not have that group. */
enum status walk_begin_after(struct walk *walk, int folder_fd, const struct place *place,
                             struct error *error);

/* Reads the next group into walk->group, or comes to the end. On LICET_DAMAGED, head, opening,
 * and offset are where the whole part ends. */
enum status walk_next(struct walk *walk, bool *ret_has_group, struct error *error);

void walk_finish(struct walk *walk);

/* Calls back the records of walk->group from `first_number` on. */
enum status group_replay(const struct group *group, uint64_t first_number, bool is_snapshot,
                         uint64_t snapshot_number, journal_record_fn *record, void *context,
                         struct error *error);

#endif
