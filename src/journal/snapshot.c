/*
 * Snapshots: a chain of groups of its own in one file, named after the group of the journal that it
 * stands for. Written beside, synced, renamed: so a file with the right name was whole once, and
 * any flaw in it is damage.
 */
#include "journal/snapshot.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <unistd.h>

#include "base/wire.h"
#include "journal/io.h"

#define SNAPSHOT_BODY_BYTES 76u
#define BLOCK_BYTES_MAX (GROUP_HEADER_BYTES + JOURNAL_GROUP_BYTES_MAX)

static void place_print(const uint8_t journal[16], const struct place *place,
                        uint8_t at[SNAPSHOT_BODY_BYTES])
{
    memcpy(at, journal, 16);
    wire_put_u64(at + 16, place->head.number);
    wire_put_u64(at + 24, place->head.group);
    memcpy(at + 32, place->head.hash, 32);
    wire_put_u64(at + 64, place->segment);
    wire_put_u32(at + 72, place->offset);
}

static bool place_parse(const struct group *group, struct place *ret_place)
{
    const uint8_t *at = (const uint8_t *)group->body.data;

    if (group->kind != GROUP_SNAPSHOT || group->body.size != SNAPSHOT_BODY_BYTES)
        return false;
    ret_place->head.number = wire_get_u64(at + 16);
    ret_place->head.group = wire_get_u64(at + 24);
    memcpy(ret_place->head.hash, at + 32, 32);
    ret_place->segment = wire_get_u64(at + 64);
    ret_place->offset = wire_get_u32(at + 72);
    return true;
}

/* ---- reading */

struct reader {
    int fd;
    struct file_name name;
    char *data; /* BLOCK_BYTES_MAX */
    off_t offset;
    struct journal_head head;
    struct group group;
};

static enum status reader_open(struct reader *reader, int folder_fd, uint64_t number,
                               struct error *error)
{
    enum status status;

    *reader = (struct reader){.fd = -1, .name = file_name(number, SNAPSHOT_SUFFIX)};
    reader->data = malloc(BLOCK_BYTES_MAX);
    if (reader->data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to read a snapshot");
    status = io_open(folder_fd, reader->name.text, O_RDONLY, &reader->fd, error);
    return status;
}

static void reader_close(struct reader *reader)
{
    free(reader->data);
    if (reader->fd >= 0)
        close(reader->fd);
}

static enum status reader_damaged(const struct reader *reader, struct error *error)
{
    return error_set(error, LICET_DAMAGED, "the journal's %s is damaged at byte %lld",
                     reader->name.text, (long long)reader->offset);
}

/* Reads the next group into memory, its hash unseen. */
static enum status reader_load(struct reader *reader, struct text *ret_bytes, struct error *error)
{
    struct text bytes = {reader->data, 0};
    enum status status;
    uint32_t size;

    status = io_read(reader->fd, reader->name.text, reader->data, GROUP_HEADER_BYTES,
                     reader->offset, &bytes.size, error);
    if (status != LICET_OK)
        return status;
    if (!group_read_header(bytes, 0, &reader->group, &size) || size > JOURNAL_GROUP_BYTES_MAX)
        return reader_damaged(reader, error);
    status = io_read(reader->fd, reader->name.text, reader->data + GROUP_HEADER_BYTES, size,
                     reader->offset + GROUP_HEADER_BYTES, &bytes.size, error);
    bytes.size += GROUP_HEADER_BYTES;
    *ret_bytes = bytes;
    reader->group.body = text_skip(bytes, GROUP_HEADER_BYTES);
    return status;
}

static enum status reader_next(struct reader *reader, bool is_checked, struct error *error)
{
    struct text bytes = {NULL, 0};
    struct group_place place = {0};
    enum status status = reader_load(reader, &bytes, error);

    if (status != LICET_OK)
        return status;
    place.bytes = bytes;
    if (is_checked) {
        enum group_verdict verdict = group_read(&place, &reader->head, &reader->group);

        if (verdict == GROUP_NEWER)
            return error_set(error, LICET_UNSUPPORTED,
                             "the journal was written by a newer licetd; start that one");
        if (verdict != GROUP_WHOLE)
            return reader_damaged(reader, error);
    }
    reader->head = group_head(&reader->group);
    reader->offset += (off_t)bytes.size;
    return LICET_OK;
}

static enum status reader_check(struct reader *reader, struct place *ret_place, struct error *error)
{
    uint64_t size;
    enum status status = io_size(reader->fd, reader->name.text, &size, error);

    if (status == LICET_OK)
        status = reader_next(reader, true, error);
    if (status == LICET_OK && !place_parse(&reader->group, ret_place))
        status = reader_damaged(reader, error);
    while (status == LICET_OK && reader->group.kind != GROUP_SNAPSHOT_END) {
        status = reader_next(reader, true, error);
        if (status == LICET_OK && reader->group.kind != GROUP_STATE &&
            reader->group.kind != GROUP_NOTES && reader->group.kind != GROUP_SNAPSHOT_END)
            status = reader_damaged(reader, error);
    }
    if (status == LICET_OK && (uint64_t)reader->offset != size)
        status = reader_damaged(reader, error);
    return status;
}

enum status snapshot_check(int folder_fd, uint64_t number, struct place *ret_place,
                           struct error *error)
{
    struct place place = {0};
    struct reader reader;
    enum status status = reader_open(&reader, folder_fd, number, error);

    if (status == LICET_OK)
        status = reader_check(&reader, &place, error);
    if (status == LICET_OK && place.head.group != number)
        status = error_set(error, LICET_DAMAGED, "the journal's %s has another one's name",
                           reader.name.text);
    reader_close(&reader);
    if (status == LICET_OK)
        *ret_place = place;
    return status;
}

enum status snapshot_replay(int folder_fd, uint64_t number, journal_record_fn *record,
                            void *context, struct error *error)
{
    struct place place = {0};
    struct reader reader;
    enum status status = reader_open(&reader, folder_fd, number, error);

    if (status == LICET_OK)
        status = reader_next(&reader, false, error);
    if (status == LICET_OK && !place_parse(&reader.group, &place))
        status = reader_damaged(&reader, error);
    while (status == LICET_OK && reader.group.kind != GROUP_SNAPSHOT_END) {
        status = reader_next(&reader, false, error);
        if (status == LICET_OK)
            status =
                group_replay(&reader.group, 0, true, place.head.number, record, context, error);
    }
    reader_close(&reader);
    return status;
}

/* ---- where a fold begins */

static enum status base_at_beginning(int folder_fd, struct walk *walk, uint32_t damaged,
                                     struct error *error)
{
    enum status status = walk_begin(walk, folder_fd, error);

    if (status != LICET_OK || walk->head.group == 0)
        return status;
    return error_set(error, LICET_DAMAGED,
                     "the journal begins after record %" PRIu64 " and has no usable snapshot "
                     "for what was before (%u damaged); restore a back-up",
                     walk->head.number, damaged);
}

enum status base_find(int folder_fd, uint64_t group_max, struct walk *walk, struct base *ret_base,
                      struct error *error)
{
    struct base base = {0};
    struct numbers snapshots;
    struct place place;
    enum status status = numbers_list(folder_fd, SNAPSHOT_SUFFIX, &snapshots, error);

    *walk = (struct walk){0};
    if (status != LICET_OK)
        return status;
    for (size_t i = snapshots.count; i > 0 && base.snapshot == 0; i--) {
        if (snapshots.items[i - 1] > group_max)
            continue;
        status = snapshot_check(folder_fd, snapshots.items[i - 1], &place, error);
        if (status == LICET_DAMAGED)
            base.damaged++;
        else if (status != LICET_OK)
            break;
        else
            base.snapshot = snapshots.items[i - 1];
    }
    free(snapshots.items);
    if (status != LICET_OK && status != LICET_DAMAGED)
        return status;
    if (base.snapshot != 0) {
        base.number = place.head.number;
        status = walk_begin_after(walk, folder_fd, &place, error);
        if (status == LICET_NOT_FOUND)
            status = error_set(error, LICET_DAMAGED,
                               "the journal has a snapshot but not the records after it; stop here "
                               "and run `licetd repair`, or restore a back-up");
    } else {
        status = base_at_beginning(folder_fd, walk, base.damaged, error);
    }
    if (status == LICET_OK)
        *ret_base = base;
    return status;
}

/* ---- writing */

struct journal_snapshot {
    int folder_fd;
    int fd;
    struct file_name name;
    off_t offset;
    struct journal_head head; /* of the file's own chain */
    struct buf block;
    enum group_kind block_kind; /* GROUP_STATE or GROUP_NOTES */
    uint32_t block_count;
    char data[JOURNAL_GROUP_BYTES_MAX];
};

static enum status snapshot_put(struct journal_snapshot *snapshot, struct group_form form,
                                struct error *error)
{
    uint8_t header[GROUP_HEADER_BYTES];
    struct journal_head head = group_print(header, form, &snapshot->head);
    enum status status = io_write(snapshot->fd, SNAPSHOT_NAME, text_make(header, sizeof(header)),
                                  form.body, snapshot->offset, error);

    if (status != LICET_OK)
        return status;
    snapshot->head = head;
    snapshot->offset += (off_t)(sizeof(header) + form.body.size);
    return LICET_OK;
}

static enum status snapshot_flush(struct journal_snapshot *snapshot, struct error *error)
{
    bool is_numbered = snapshot->block_kind == GROUP_STATE;
    struct group_form form = {snapshot->block_kind, is_numbered ? snapshot->block_count : 0,
                              buf_text(&snapshot->block)};
    enum status status = LICET_OK;

    if (snapshot->block_count > 0)
        status = snapshot_put(snapshot, form, error);
    snapshot->block.size = 0;
    snapshot->block_count = 0;
    return status;
}

/* Walks through the segment that holds the group. */
static enum status place_find_from(struct walk *walk, const struct journal_head *head,
                                   struct place *ret_place, struct error *error)
{
    bool has_group = true;
    enum status status;

    do {
        status = walk_next(walk, &has_group, error);
    } while (status == LICET_OK && has_group && walk->head.group < head->group);
    if (status != LICET_OK)
        return status;
    if (!has_group || walk->head.group != head->group ||
        memcmp(walk->head.hash, head->hash, 32) != 0 || walk->head.number != head->number)
        return error_set(error, LICET_INVALID, "the journal has no group %" PRIu64 " like that",
                         head->group);
    *ret_place = (struct place){*head, walk->here.segment, (uint32_t)walk->group_offset};
    return LICET_OK;
}

/* Loads the last segment that begins at or before the group, and stands before its opening. */
static enum status place_load(struct walk *walk, uint64_t group_index, struct error *error)
{
    struct numbers *segments = &walk->segments;
    struct group group;

    for (size_t i = segments->count; i > 0; i--) {
        enum status status =
            image_load(&walk->here, walk->folder_fd, segments->items[i - 1], error);

        if (status != LICET_OK)
            return status;
        status = image_opening(&walk->here, &group, &walk->opening, error);
        if (status == LICET_DAMAGED)
            continue; /* ready for later, or just being opened */
        if (status != LICET_OK)
            return status;
        if (group.index <= group_index) {
            walk->head = group_before(&group);
            return LICET_OK;
        }
    }
    return error_set(error, LICET_NOT_FOUND, "the group %" PRIu64 " is no longer kept",
                     group_index);
}

static enum status place_find(int folder_fd, const struct journal_head *head,
                              struct place *ret_place, uint8_t ret_journal[16], struct error *error)
{
    struct walk walk = {.folder_fd = folder_fd};
    enum status status = numbers_list(folder_fd, SEGMENT_SUFFIX, &walk.segments, error);

    if (status == LICET_OK)
        status = place_load(&walk, head->group, error);
    if (status == LICET_OK)
        status = place_find_from(&walk, head, ret_place, error);
    memcpy(ret_journal, walk.opening.journal, 16);
    walk_finish(&walk);
    return status;
}

static enum status snapshot_open(struct journal_snapshot *snapshot, const char *folder,
                                 const struct journal_head *head, struct error *error)
{
    uint8_t body[SNAPSHOT_BODY_BYTES] = {0}, journal[16] = {0};
    struct group_form form = {GROUP_SNAPSHOT, 0, text_make(body, sizeof(body))};
    struct place place = {0};
    enum status status = io_open_folder(folder, &snapshot->folder_fd, error);

    if (status == LICET_OK)
        status = place_find(snapshot->folder_fd, head, &place, journal, error);
    if (status == LICET_OK)
        status = io_open(snapshot->folder_fd, SNAPSHOT_NAME, O_RDWR | O_CREAT | O_TRUNC,
                         &snapshot->fd, error);
    if (status != LICET_OK)
        return status;
    place_print(journal, &place, body);
    return snapshot_put(snapshot, form, error);
}

enum status journal_snapshot_begin(const char *folder, const struct journal_head *head,
                                   struct journal_snapshot **ret_snapshot, struct error *error)
{
    struct journal_snapshot *snapshot;
    enum status status;

    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    snapshot = malloc(sizeof(*snapshot));
    if (snapshot == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a snapshot");
    snapshot->folder_fd = -1;
    snapshot->fd = -1;
    snapshot->name = file_name(head->group, SNAPSHOT_SUFFIX);
    snapshot->offset = 0;
    snapshot->head = (struct journal_head){0};
    snapshot->block = buf_over(snapshot->data, sizeof(snapshot->data));
    snapshot->block_kind = GROUP_STATE;
    snapshot->block_count = 0;
    status = snapshot_open(snapshot, folder, head, error);
    if (status != LICET_OK) {
        journal_snapshot_abandon(snapshot);
        return status;
    }
    *ret_snapshot = snapshot;
    return LICET_OK;
}

static enum status snapshot_add(struct journal_snapshot *snapshot, enum group_kind kind,
                                struct text record, struct error *error)
{
    if (record.size > JOURNAL_GROUP_BYTES_MAX - JOURNAL_RECORD_OVERHEAD)
        return error_set(error, LICET_TOO_LARGE, "a record of a snapshot is larger than a group");
    if (snapshot->block_kind != kind ||
        snapshot->block.size + JOURNAL_RECORD_OVERHEAD + record.size > JOURNAL_GROUP_BYTES_MAX) {
        enum status status = snapshot_flush(snapshot, error);

        if (status != LICET_OK)
            return status;
    }
    snapshot->block_kind = kind;
    journal_body_add(&snapshot->block, record);
    snapshot->block_count++;
    return LICET_OK;
}

enum status journal_snapshot_add(struct journal_snapshot *snapshot, struct text record,
                                 struct error *error)
{
    return snapshot_add(snapshot, GROUP_STATE, record, error);
}

enum status journal_snapshot_add_note(struct journal_snapshot *snapshot, struct text note,
                                      struct error *error)
{
    return snapshot_add(snapshot, GROUP_NOTES, note, error);
}

static void snapshot_free(struct journal_snapshot *snapshot)
{
    if (snapshot->folder_fd >= 0)
        close(snapshot->folder_fd);
    free(snapshot);
}

enum status journal_snapshot_commit(struct journal_snapshot *snapshot, struct error *error)
{
    struct group_form end = {GROUP_SNAPSHOT_END, 0, {NULL, 0}};
    enum status status = snapshot_flush(snapshot, error), closed;

    if (status == LICET_OK)
        status = snapshot_put(snapshot, end, error);
    if (status == LICET_OK)
        status = io_sync(snapshot->fd, SNAPSHOT_NAME, error);
    closed = io_close(snapshot->fd, SNAPSHOT_NAME, status == LICET_OK ? error : NULL);
    snapshot->fd = -1;
    if (status == LICET_OK)
        status = closed;
    if (status == LICET_OK)
        status = io_rename(snapshot->folder_fd, SNAPSHOT_NAME, snapshot->name.text, error);
    if (status != LICET_OK) {
        journal_snapshot_abandon(snapshot);
        return status;
    }
    snapshot_free(snapshot);
    return LICET_OK;
}

void journal_snapshot_abandon(struct journal_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    if (snapshot->fd >= 0)
        io_close(snapshot->fd, SNAPSHOT_NAME, NULL);
    if (snapshot->folder_fd >= 0)
        io_unlink(snapshot->folder_fd, SNAPSHOT_NAME, NULL);
    snapshot_free(snapshot);
}
