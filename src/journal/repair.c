/*
 * Repair: the longest valid prefix stays, the rest is put aside.
 *
 * A prefix may begin at the beginning or at any whole snapshot. Each is tried, and the one that
 * reaches furthest is kept. A snapshot whose own groups are damaged still stands for everything up
 * to its head; when nothing reaches further, a new segment goes on right after it.
 *
 * Order: at any moment of a repair a start still refuses, because a file that does not fit the kept
 * part is there until the last step.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "journal/io.h"
#include "journal/snapshot.h"

/* One way to keep something. */
struct prefix {
    bool is_found;
    bool is_clean;     /* a start would have come to the same end without complaint */
    bool is_alone;     /* nothing but the snapshot */
    struct place base; /* base.head.group 0: the beginning */
    struct journal_head end;
    struct opening opening; /* of the segment where it ends */
    size_t offset;          /* of its end there */
};

struct repair {
    int folder_fd;
    int aside_fd;
    struct numbers segments, snapshots;
    bool *is_kept; /* of each snapshot */
    struct prefix best;
};

static bool prefix_is_better(const struct prefix *left, const struct prefix *right)
{
    if (!left->is_found || !right->is_found)
        return left->is_found;
    if (left->end.group != right->end.group)
        return left->end.group > right->end.group;
    return right->is_alone && !left->is_alone;
}

static enum status prefix_follow(struct walk *walk, struct prefix *prefix, struct error *error)
{
    bool has_group = true;
    enum status status = LICET_OK;

    while (status == LICET_OK && has_group)
        status = walk_next(walk, &has_group, error);
    if (status != LICET_OK && status != LICET_DAMAGED)
        return status;
    prefix->is_found = true;
    prefix->is_clean = status == LICET_OK;
    prefix->is_alone = walk->offset == 0;
    prefix->end = walk->head;
    prefix->opening = walk->opening;
    prefix->offset = walk->offset;
    return LICET_OK;
}

/* From a snapshot, or from the beginning where `base` is NULL. */
static enum status prefix_try(int folder_fd, const struct place *base, struct prefix *ret_prefix,
                              struct error *error)
{
    struct walk walk;
    enum status status = base == NULL ? walk_begin(&walk, folder_fd, error)
                                      : walk_begin_after(&walk, folder_fd, base, error);

    *ret_prefix = (struct prefix){0};
    if (status == LICET_OK && base == NULL && walk.head.group != 0)
        status = LICET_NOT_FOUND;
    if (base != NULL)
        ret_prefix->base = *base;
    if (status == LICET_OK)
        status = prefix_follow(&walk, ret_prefix, error);
    walk_finish(&walk);
    if (status != LICET_DAMAGED && status != LICET_NOT_FOUND)
        return status;
    if (base != NULL) {
        ret_prefix->is_found = ret_prefix->is_alone = true;
        ret_prefix->end = base->head;
    }
    return LICET_OK;
}

static enum status repair_choose(struct repair *repair, uint64_t *ret_last, struct error *error)
{
    struct prefix prefix;
    struct place place;
    enum status status;

    for (size_t i = repair->snapshots.count; i > 0; i--) {
        status = snapshot_check(repair->folder_fd, repair->snapshots.items[i - 1], &place, error);
        if (status == LICET_DAMAGED)
            continue;
        if (status == LICET_OK)
            status = prefix_try(repair->folder_fd, &place, &prefix, error);
        if (status != LICET_OK)
            return status;
        repair->is_kept[i - 1] = !prefix.is_alone;
        if (place.head.number > *ret_last)
            *ret_last = place.head.number;
        if (prefix_is_better(&prefix, &repair->best))
            repair->best = prefix;
    }
    status = prefix_try(repair->folder_fd, NULL, &prefix, error);
    if (status == LICET_OK && prefix_is_better(&prefix, &repair->best))
        repair->best = prefix;
    if (status == LICET_OK && !repair->best.is_found)
        status = error_set(error, LICET_DAMAGED,
                           "nothing of this journal can be kept; restore a back-up");
    return status;
}

/* The highest record number in any header of a segment that is whole in itself. */
static uint64_t image_last_number(const struct image *image)
{
    struct text rest = image_text(image);
    struct group group;
    const char *found;
    uint64_t last = 0;
    uint32_t size;

    while ((found = memmem(rest.data, rest.size, "LGRP", 4)) != NULL) {
        rest = text_skip(rest, (size_t)(found - rest.data));
        if (group_read_header(rest, 0, &group, &size) && group_head(&group).number > last)
            last = group_head(&group).number;
        rest = text_skip(rest, 1);
    }
    return last;
}

static enum status repair_look(struct repair *repair, uint64_t *ret_last, struct error *error)
{
    struct image image = {0};
    enum status status = LICET_OK;

    for (size_t i = 0; i < repair->segments.count; i++) {
        uint64_t last;

        status = image_load(&image, repair->folder_fd, repair->segments.items[i], error);
        if (status == LICET_DAMAGED) /* too large to be looked into */
            status = LICET_OK;
        if (status != LICET_OK)
            break;
        last = image_last_number(&image);
        if (last > *ret_last)
            *ret_last = last;
    }
    image_finish(&image);
    return status;
}

static enum status repair_make_aside(struct repair *repair, char *name, size_t size,
                                     struct error *error)
{
    for (unsigned i = 1; i < 1000; i++) {
        snprintf(name, size, "damaged-%u", i);
        if (mkdirat(repair->folder_fd, name, 0700) == 0)
            return io_open(repair->folder_fd, name, O_RDONLY | O_DIRECTORY, &repair->aside_fd,
                           error);
        if (errno != EEXIST)
            break;
    }
    return error_set(error, LICET_SYSTEM, "cannot make a folder for what is put aside: %s",
                     strerror(errno));
}

static enum status repair_move(const struct repair *repair, const char *name, struct error *error)
{
    if (renameat(repair->folder_fd, name, repair->aside_fd, name) != 0)
        return error_set(error, LICET_SYSTEM, "cannot put the journal's %s aside: %s", name,
                         strerror(errno));
    return LICET_OK;
}

/* Puts a copy of the last segment aside and cuts it at the end of the prefix. */
static enum status repair_cut(const struct repair *repair, struct error *error)
{
    struct file_name name = file_name(repair->best.opening.segment, SEGMENT_SUFFIX);
    struct image image = {0};
    enum status status = image_load(&image, repair->folder_fd, repair->best.opening.segment, error);

    if (status == LICET_OK &&
        linkat(repair->folder_fd, name.text, repair->aside_fd, name.text, 0) != 0)
        status = error_set(error, LICET_SYSTEM, "cannot put the journal's %s aside: %s", name.text,
                           strerror(errno));
    if (status == LICET_OK)
        status =
            prepare_write(repair->folder_fd, text_head(image_text(&image), repair->best.offset),
                          repair->best.opening.segment_bytes, error);
    if (status == LICET_OK)
        status = io_rename(repair->folder_fd, PREPARE_NAME, name.text, error);
    image_finish(&image);
    return status;
}

static enum status repair_move_segments(const struct repair *repair, uint64_t after,
                                        struct error *error)
{
    enum status status = LICET_OK;

    for (size_t i = 0; status == LICET_OK && i < repair->segments.count; i++) {
        if (repair->segments.items[i] > after)
            status = repair_move(repair, file_name(repair->segments.items[i], SEGMENT_SUFFIX).text,
                                 error);
    }
    return status;
}

static enum status repair_move_snapshots(const struct repair *repair, struct error *error)
{
    enum status status = LICET_OK;

    for (size_t i = 0; status == LICET_OK && i < repair->snapshots.count; i++) {
        if (!repair->is_kept[i])
            status = repair_move(
                repair, file_name(repair->snapshots.items[i], SNAPSHOT_SUFFIX).text, error);
    }
    return status;
}

/* A segment that goes on right after the snapshot. Its number is above all that were there. */
static enum status repair_go_on(const struct repair *repair, struct error *error)
{
    struct opening opening = {.segment = repair->best.base.segment + 1,
                              .created = clock_unix().s,
                              .segment_bytes = JOURNAL_SEGMENT_BYTES};

    if (repair->segments.count > 0 &&
        repair->segments.items[repair->segments.count - 1] >= opening.segment)
        opening.segment = repair->segments.items[repair->segments.count - 1] + 1;
    randombytes_buf(opening.journal, sizeof(opening.journal));
    return segment_make(repair->folder_fd, &opening, &repair->best.end, error);
}

static enum status repair_act(const struct repair *repair, struct error *error)
{
    const struct prefix *best = &repair->best;
    enum status status = LICET_OK;

    if (best->is_alone) {
        status = repair_move_segments(repair, 0, error);
        if (status == LICET_OK)
            status = repair_go_on(repair, error);
    } else if (!best->is_clean) {
        status = repair_cut(repair, error);
        if (status == LICET_OK)
            status = repair_move_segments(repair, best->opening.segment, error);
    }
    if (status == LICET_OK)
        status = repair_move_snapshots(repair, error);
    if (status == LICET_OK)
        status = io_sync_folder(repair->aside_fd, error);
    if (status == LICET_OK)
        status = io_sync_folder(repair->folder_fd, error);
    return status;
}

/* Snapshots that a start could use after the repair. */
static bool repair_sort_snapshots(struct repair *repair)
{
    const struct prefix *best = &repair->best;
    bool is_all = true;

    for (size_t i = 0; i < repair->snapshots.count; i++) {
        uint64_t number = repair->snapshots.items[i];

        if (best->is_alone)
            repair->is_kept[i] = number == best->base.head.group;
        else if (number > best->end.group)
            repair->is_kept[i] = false;
        is_all = is_all && repair->is_kept[i];
    }
    return is_all;
}

static enum status repair_run(struct repair *repair, struct journal_repair_report *report,
                              struct error *error)
{
    uint64_t last = 0;
    enum status status = numbers_list(repair->folder_fd, SEGMENT_SUFFIX, &repair->segments, error);

    if (status == LICET_OK)
        status = numbers_list(repair->folder_fd, SNAPSHOT_SUFFIX, &repair->snapshots, error);
    if (status != LICET_OK)
        return status;
    if (repair->segments.count + repair->snapshots.count == 0)
        return error_set(error, LICET_NOT_FOUND, "there is no journal in this folder");
    repair->is_kept = calloc(repair->snapshots.count + 1, sizeof(*repair->is_kept));
    if (repair->is_kept == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to repair the journal");
    status = repair_choose(repair, &last, error);
    if (status == LICET_OK)
        status = repair_look(repair, &last, error);
    if (status != LICET_OK)
        return status;
    report->kept_number = repair->best.end.number;
    if (repair_sort_snapshots(repair) && repair->best.is_clean && !repair->best.is_alone)
        return LICET_OK;
    report->was_damaged = true;
    if (last > report->kept_number) {
        report->dropped_first = report->kept_number + 1;
        report->dropped_last = last;
    }
    status = repair_make_aside(repair, report->aside, sizeof(report->aside), error);
    return status == LICET_OK ? repair_act(repair, error) : status;
}

static enum status repair_locked(int folder_fd, struct journal_repair_report *report,
                                 struct error *error)
{
    struct repair repair = {.folder_fd = folder_fd, .aside_fd = -1};
    enum status status;

    status = repair_run(&repair, report, error);
    if (repair.aside_fd >= 0)
        close(repair.aside_fd);
    free(repair.segments.items);
    free(repair.snapshots.items);
    free(repair.is_kept);
    return status;
}

enum status journal_repair(const char *folder, struct journal_repair_report *ret_report,
                           struct error *error)
{
    struct journal_repair_report report = {0};
    int folder_fd, lock_fd;
    enum status status;

    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    status = io_open_folder(folder, &folder_fd, error);
    if (status != LICET_OK)
        return status;
    status = folder_lock(folder_fd, &lock_fd, error);
    if (status == LICET_OK) {
        status = repair_locked(folder_fd, &report, error);
        close(lock_fd);
    }
    close(folder_fd);
    if (status == LICET_OK)
        *ret_report = report;
    return status;
}
