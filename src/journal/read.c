/* Reading a journal beside its writer. Groups up to a head that is durable do not change any more.
 */
#include <inttypes.h>
#include <sodium.h>
#include <unistd.h>

#include "journal/io.h"
#include "journal/snapshot.h"

/* Every further group up to `until`, which must then be the chain's; NULL: to the end. */
static enum status read_on(struct walk *walk, uint64_t first_number,
                           const struct journal_head *until, journal_record_fn *record,
                           void *context, struct error *error)
{
    while (until == NULL || walk->head.group < until->group) {
        bool has_group = false;
        enum status status = walk_next(walk, &has_group, error);

        if (status == LICET_OK && !has_group && until == NULL)
            return LICET_OK;
        if (status == LICET_OK && !has_group)
            return error_set(error, LICET_DAMAGED,
                             "the journal ends before group %" PRIu64 ", which was durable",
                             until->group);
        if (status == LICET_OK && record != NULL)
            status = group_replay(&walk->group, first_number, false, 0, record, context, error);
        if (status != LICET_OK)
            return status;
    }
    if (memcmp(walk->head.hash, until->hash, sizeof(until->hash)) != 0)
        return error_set(error, LICET_DAMAGED, "the journal's group %" PRIu64 " is another one",
                         until->group);
    return LICET_OK;
}

static enum status read_open(const char *folder, int *ret_folder_fd, struct error *error)
{
    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    return io_open_folder(folder, ret_folder_fd, error);
}

/* Skips segments whose records are all older: the chain is checked from the one that matters. */
static enum status read_begin(struct walk *walk, int folder_fd, uint64_t first_number,
                              struct error *error)
{
    enum status status = walk_begin(walk, folder_fd, error);
    size_t low = 0, high = walk->segments.count;
    struct group group;

    if (status != LICET_OK)
        return status;
    if (walk->head.number + 1 > first_number)
        return error_set(error, LICET_NOT_FOUND,
                         "record %" PRIu64 " is no longer kept; the oldest is %" PRIu64,
                         first_number, walk->head.number + 1);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        struct opening opening;

        status = image_load(&walk->next, folder_fd, walk->segments.items[middle], error);
        if (status != LICET_OK)
            return status;
        status = image_opening(&walk->next, &group, &opening, error);
        if (status != LICET_OK && status != LICET_DAMAGED)
            return status;
        if (status == LICET_DAMAGED || group.first_number > first_number)
            high = middle; /* damaged here: ready for later, just being opened, or found again */
        else
            low = middle;
    }
    status = image_load(&walk->here, folder_fd, walk->segments.items[low], error);
    if (status == LICET_OK)
        status = image_opening(&walk->here, &group, &walk->opening, error);
    if (status == LICET_OK)
        walk->head = group_before(&group);
    return status;
}

enum status journal_read(const char *folder, uint64_t first_number,
                         const struct journal_head *until, journal_record_fn *record, void *context,
                         struct error *error)
{
    struct walk walk;
    int folder_fd;
    enum status status = read_open(folder, &folder_fd, error);

    if (status != LICET_OK)
        return status;
    status = read_begin(&walk, folder_fd, first_number, error);
    if (status == LICET_OK && (until == NULL || walk.head.group < until->group))
        status = read_on(&walk, first_number, until, record, context, error);
    walk_finish(&walk);
    close(folder_fd);
    return status;
}

enum status journal_fold(const char *folder, const struct journal_head *until,
                         journal_record_fn *record, void *context, struct error *error)
{
    struct walk walk;
    struct base base;
    int folder_fd;
    enum status status = read_open(folder, &folder_fd, error);

    if (status != LICET_OK)
        return status;
    status = base_find(folder_fd, until->group, &walk, &base, error);
    if (status == LICET_OK && base.snapshot != 0)
        status = snapshot_replay(folder_fd, base.snapshot, record, context, error);
    if (status == LICET_OK)
        status = read_on(&walk, walk.head.number + 1, until, record, context, error);
    walk_finish(&walk);
    close(folder_fd);
    return status;
}

static enum status check_snapshots(int folder_fd, struct error *error)
{
    struct numbers snapshots;
    struct place place;
    enum status status = numbers_list(folder_fd, SNAPSHOT_SUFFIX, &snapshots, error);

    if (status != LICET_OK)
        return status;
    for (size_t i = 0; status == LICET_OK && i < snapshots.count; i++)
        status = snapshot_check(folder_fd, snapshots.items[i], &place, error);
    free(snapshots.items);
    return status;
}

enum status journal_check(const char *folder, struct error *error)
{
    struct walk walk;
    int folder_fd;
    enum status status = read_open(folder, &folder_fd, error);

    if (status != LICET_OK)
        return status;
    status = walk_begin(&walk, folder_fd, error);
    if (status == LICET_OK)
        status = read_on(&walk, 0, NULL, NULL, NULL, error);
    walk_finish(&walk);
    if (status == LICET_OK)
        status = check_snapshots(folder_fd, error);
    close(folder_fd);
    return status;
}
