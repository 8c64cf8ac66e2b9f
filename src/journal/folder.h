/* The files of a journal's folder: numbered names, listing, the image of a segment in memory. */
#ifndef LICET_JOURNAL_FOLDER_H
#define LICET_JOURNAL_FOLDER_H

#include "journal/group.h"

#define SEGMENT_SUFFIX ".segment"
#define SNAPSHOT_SUFFIX ".snapshot"
#define PREPARE_NAME "prepare.tmp" /* a segment, or a snapshot, that is not yet whole */
#define SNAPSHOT_NAME "snapshot.tmp"
#define LOCK_NAME "lock"

#define NAMES_NAME "names"
#define NAMES_TEMPORARY "names.tmp"

#define FILE_NAME_BYTES 40u
struct file_name {
    char text[FILE_NAME_BYTES];
};
struct file_name file_name(uint64_t number, const char *suffix);

/* The numbers of all files with a suffix, ascending. `items` is yours to free. */
struct numbers {
    uint64_t *items;
    size_t count;
};
enum status numbers_list(int folder_fd, const char *suffix, struct numbers *ret_numbers,
                         struct error *error);

/* LICET_CONFLICT while somebody has the folder. The lock is the descriptor's. */
enum status folder_lock(int folder_fd, int *ret_lock_fd, struct error *error);

/* What the first group of a segment says. */
struct opening {
    uint8_t journal[16]; /* random, the same in all files of a journal */
    uint64_t segment;
    int64_t created; /* UTC seconds */
    uint32_t segment_bytes;
};
#define OPENING_BYTES 36u
void opening_print(const struct opening *opening, char bytes[OPENING_BYTES]);
#define OPENING_GROUP_BYTES (GROUP_HEADER_BYTES + OPENING_BYTES)
bool opening_parse(const struct group *group, struct opening *ret_opening);

/* Limit: a segment file is read into memory whole. */
#define SEGMENT_BYTES_LIMIT (64u * 1024 * 1024)

/* A segment file in memory. Zeroed: empty. */
struct image {
    uint64_t segment;
    char *data;
    size_t size;
    size_t capacity;
};
enum status image_load(struct image *image, int folder_fd, uint64_t segment, struct error *error);
void image_finish(struct image *image);
struct text image_text(const struct image *image);

/* The first group of a segment, checked in itself, and what it says; LICET_DAMAGED. */
enum status image_opening(const struct image *image, struct group *ret_group,
                          struct opening *ret_opening, struct error *error);

/* Makes PREPARE_NAME: `first` and zeros, `size` bytes in all, synced and closed. Removes it again
 * when that fails. */
enum status prepare_write(int folder_fd, struct text first, uint32_t size, struct error *error);

/* Makes the segment that `opening` names, with its first group, durable and in place. */
enum status segment_make(int folder_fd, const struct opening *opening,
                         const struct journal_head *before, struct error *error);

#endif
