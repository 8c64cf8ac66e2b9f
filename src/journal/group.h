/*
 * The group: the one shape of everything this folder writes. Segments, snapshots and the names file
 * are chains of groups. Works on memory only: no file, no clock (docs/journal.md has the bytes).
 */
#ifndef LICET_JOURNAL_GROUP_H
#define LICET_JOURNAL_GROUP_H

#include "journal/journal.h"

#define GROUP_HEADER_BYTES 112u
#define GROUP_FORMAT 1u

/* Numbers are bytes on disks: never reused. */
enum group_kind {
    GROUP_RECORDS = 1,      /* a commit */
    GROUP_SEAL = 2,         /* nothing but a successor of the group before */
    GROUP_SEGMENT = 3,      /* opens a segment; seals as well */
    GROUP_SNAPSHOT = 4,     /* opens a snapshot */
    GROUP_STATE = 5,        /* records of a snapshot */
    GROUP_SNAPSHOT_END = 6, /* ends a snapshot */
    GROUP_NAMES = 7,        /* names, numbered by their ids */
    GROUP_NOTES = 8,        /* records without a number */
};

struct group {
    uint16_t format;
    uint16_t kind;
    uint32_t count;
    uint64_t first_number; /* of its records; without records, the number of the next one */
    uint64_t index;        /* its place in the chain, from 1 */
    uint8_t previous[32];
    uint8_t hash[32];
    struct text body; /* borrowed from the bytes it was read from */
};

/* What a group to be written holds. */
struct group_form {
    enum group_kind kind;
    uint32_t count;
    struct text body;
};

/* Writes the header of the group after `before`; returns the head that it makes. */
struct journal_head group_print(uint8_t header[GROUP_HEADER_BYTES], struct group_form form,
                                const struct journal_head *before);

/* The head that a group makes, and the one that it follows. */
struct journal_head group_head(const struct group *group);
struct journal_head group_before(const struct group *group);

enum group_verdict {
    GROUP_WHOLE,   /* the group after `before` stands here */
    GROUP_EMPTY,   /* nothing but zeros from here on */
    GROUP_TORN,    /* what a power cut leaves of one group that was being written: may be cut */
    GROUP_DAMAGED, /* anything else */
    GROUP_NEWER,   /* whole, but in a format of a later version */
};

/* A place in a file where a group may stand. */
struct group_place {
    struct text bytes; /* the whole file */
    size_t offset;
    bool is_growing; /* the file ends where its groups end, so that a torn group may be cut short */
};

/* Judges the place. `ret_group` is set when the answer is GROUP_WHOLE. */
enum group_verdict group_read(const struct group_place *place, const struct journal_head *before,
                              struct group *ret_group);

/* Reads a group without knowing what is before it: the first one of a file. */
bool group_read_first(struct text bytes, size_t offset, struct group *ret_group);

/* Reads a header that is whole in itself, its body unseen (`body` is not set). */
bool group_read_header(struct text bytes, size_t offset, struct group *ret_group,
                       uint32_t *ret_size);

/* Takes the next record off the front of a body; false at its end or where it is not well formed.
 */
bool group_next_record(struct text *rest, struct text *ret_record);

/* Whether a body is exactly `count` records. */
bool group_is_well_formed(struct text body, uint32_t count);

/* Whether a body is notes: records, at least one, that nobody counted. */
bool group_has_notes(struct text body);

bool bytes_are_zero(struct text bytes);

#endif
