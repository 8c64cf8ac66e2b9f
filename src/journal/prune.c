/* What is kept of the past: two snapshots, and old segments by days and size. */
#include <sodium.h>
#include <unistd.h>

#include "journal/io.h"
#include "journal/snapshot.h"

#define SNAPSHOTS_KEPT 2u
#define DAY_SECONDS 86400

/* The oldest of the snapshots to keep; LICET_NOT_FOUND where there are not enough whole ones. */
static enum status prune_find(int folder_fd, const struct numbers *snapshots,
                              struct place *ret_oldest, struct error *error)
{
    uint32_t found = 0;

    for (size_t i = snapshots->count; i > 0; i--) {
        enum status status = snapshot_check(folder_fd, snapshots->items[i - 1], ret_oldest, error);

        if (status == LICET_OK && ++found == SNAPSHOTS_KEPT)
            return LICET_OK;
        if (status != LICET_OK && status != LICET_DAMAGED)
            return status;
    }
    return LICET_NOT_FOUND;
}

static enum status prune_snapshots(int folder_fd, const struct numbers *snapshots,
                                   uint64_t oldest_kept, struct error *error)
{
    enum status status = LICET_OK;

    for (size_t i = 0; status == LICET_OK && i < snapshots->count; i++) {
        if (snapshots->items[i] < oldest_kept)
            status =
                io_unlink(folder_fd, file_name(snapshots->items[i], SNAPSHOT_SUFFIX).text, error);
    }
    return status;
}

/* When the segment's last record was written, at the latest: its successor was opened then. */
static enum status prune_ended(int folder_fd, uint64_t segment, struct image *image,
                               struct opening *ret_successor, struct error *error)
{
    struct group group;
    enum status status = image_load(image, folder_fd, segment + 1, error);

    return status == LICET_OK ? image_opening(image, &group, ret_successor, error) : status;
}

static enum status prune_segments(int folder_fd, const struct numbers *segments, uint64_t needed,
                                  struct journal_keep keep, int64_t now, uint32_t *ret_removed,
                                  struct error *error)
{
    const int64_t keep_from = now - (int64_t)keep.days * DAY_SECONDS;
    struct image image = {0};
    struct opening successor;
    enum status status = LICET_OK;
    uint32_t removed = 0;

    /* Order: oldest first, so that what is left after a crash has no hole. */
    while (removed < segments->count && segments->items[removed] < needed) {
        uint64_t segment = segments->items[removed];

        status = prune_ended(folder_fd, segment, &image, &successor, error);
        if (status != LICET_OK)
            break;
        if (successor.created >= keep_from &&
            (segments->count - removed) * (uint64_t)successor.segment_bytes <= keep.bytes)
            break;
        status = io_unlink(folder_fd, file_name(segment, SEGMENT_SUFFIX).text, error);
        if (status != LICET_OK)
            break;
        removed++;
    }
    image_finish(&image);
    *ret_removed = removed;
    return status;
}

static enum status prune_in(int folder_fd, struct journal_keep keep, int64_t now,
                            uint32_t *ret_removed, struct error *error)
{
    struct numbers snapshots = {NULL, 0}, segments = {NULL, 0};
    struct place oldest;
    enum status status = numbers_list(folder_fd, SNAPSHOT_SUFFIX, &snapshots, error);

    if (status == LICET_OK)
        status = numbers_list(folder_fd, SEGMENT_SUFFIX, &segments, error);
    if (status == LICET_OK)
        status = prune_find(folder_fd, &snapshots, &oldest, error);
    if (status == LICET_OK)
        status = prune_snapshots(folder_fd, &snapshots, oldest.head.group, error);
    if (status == LICET_OK)
        status =
            prune_segments(folder_fd, &segments, oldest.segment, keep, now, ret_removed, error);
    if (status == LICET_OK)
        status = io_sync_folder(folder_fd, error);
    free(snapshots.items);
    free(segments.items);
    return status == LICET_NOT_FOUND ? LICET_OK : status;
}

enum status journal_prune(const char *folder, struct journal_keep keep, int64_t now,
                          uint32_t *ret_segments_removed, struct error *error)
{
    uint32_t removed = 0;
    enum status status;
    int folder_fd;

    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    status = io_open_folder(folder, &folder_fd, error);
    if (status != LICET_OK)
        return status;
    status = prune_in(folder_fd, keep, now, &removed, error);
    close(folder_fd);
    if (ret_segments_removed != NULL)
        *ret_segments_removed = removed;
    return status;
}
