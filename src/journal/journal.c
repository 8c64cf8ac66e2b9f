/* A journal that is open for writing: creation, start, commits, room. */
#include "journal/journal.h"

#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wire.h"
#include "journal/io.h"
#include "journal/snapshot.h"

struct journal {
    int folder_fd;
    int lock_fd;
    int segment_fd;
    int prepared_fd; /* the next segment, all zeros; -1: none is ready */
    uint32_t offset; /* in the segment, where the next group goes */
    struct opening opening;
    bool is_sealed;
    atomic_bool is_dead;
    atomic_uint capacity; /* bytes of groups that surely fit, in one run */
    pthread_mutex_t head_lock;
    struct journal_head head;
};

/* Allowed for in journal_room(): headers of the groups in flight, in the open batch, and of seals.
 */
#define ROOM_OVERHEAD (16u * GROUP_HEADER_BYTES)

void journal_body_add(struct buf *body, struct text record)
{
    uint8_t size[JOURNAL_RECORD_OVERHEAD];

    wire_put_u32(size, (uint32_t)record.size);
    buf_add(body, size, sizeof(size));
    buf_add_text(body, record);
}

/* ---- segments */

static struct file_name journal_segment_name(const struct journal *journal)
{
    return file_name(journal->opening.segment, SEGMENT_SUFFIX);
}

static struct file_name journal_prepared_name(const struct journal *journal)
{
    return file_name(journal->opening.segment + 1, SEGMENT_SUFFIX);
}

static enum status create_in(int folder_fd, uint32_t segment_bytes, struct error *error)
{
    const struct journal_head nothing = {0};
    struct opening opening = {
        .segment = 1, .created = clock_unix().s, .segment_bytes = segment_bytes};
    struct numbers segments;
    enum status status = numbers_list(folder_fd, SEGMENT_SUFFIX, &segments, error);

    if (status != LICET_OK)
        return status;
    free(segments.items);
    if (segments.count > 0)
        return error_set(error, LICET_CONFLICT, "this folder has a journal already");
    randombytes_buf(opening.journal, sizeof(opening.journal));
    return segment_make(folder_fd, &opening, &nothing, error);
}

enum status journal_create(const char *folder, uint32_t segment_bytes, struct error *error)
{
    enum status status;
    int folder_fd;

    if (segment_bytes == 0)
        segment_bytes = JOURNAL_SEGMENT_BYTES;
    if (segment_bytes < JOURNAL_SEGMENT_BYTES_MIN || segment_bytes > SEGMENT_BYTES_LIMIT)
        return error_set(error, LICET_INVALID, "a segment has %u to %u bytes",
                         JOURNAL_SEGMENT_BYTES_MIN, SEGMENT_BYTES_LIMIT);
    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    status = io_open_folder(folder, &folder_fd, error);
    if (status != LICET_OK)
        return status;
    status = create_in(folder_fd, segment_bytes, error);
    close(folder_fd);
    return status;
}

/* ---- room */

static void journal_count_room(struct journal *journal)
{
    uint32_t here = journal->opening.segment_bytes - journal->offset;
    uint32_t next =
        journal->prepared_fd < 0 ? 0 : journal->opening.segment_bytes - OPENING_GROUP_BYTES;

    /* Where all fits into the next segment, it fits whatever still goes into this one. */
    atomic_store(&journal->capacity, here > next ? here : next);
}

static uint32_t journal_reserve(const struct journal *journal)
{
    uint32_t part = journal->opening.segment_bytes / 8 * 3; /* of small segments, in tests */

    return part < JOURNAL_RESERVE_BYTES ? part : JOURNAL_RESERVE_BYTES;
}

bool journal_room(const struct journal *journal, size_t bytes, enum journal_class class)
{
    size_t reserve = class == JOURNAL_RESERVE ? 0 : journal_reserve(journal);
    size_t capacity = atomic_load(&journal->capacity);

    return capacity >= ROOM_OVERHEAD + reserve && bytes <= capacity - ROOM_OVERHEAD - reserve;
}

struct journal_head journal_head(struct journal *journal)
{
    struct journal_head head;

    pthread_mutex_lock(&journal->head_lock);
    head = journal->head;
    pthread_mutex_unlock(&journal->head_lock);
    return head;
}

static void journal_set_head(struct journal *journal, const struct journal_head *head)
{
    pthread_mutex_lock(&journal->head_lock);
    journal->head = *head;
    pthread_mutex_unlock(&journal->head_lock);
}

/* ---- fail stop */

static enum status journal_die(struct journal *journal, enum status status)
{
    atomic_store(&journal->is_dead, true);
    atomic_store(&journal->capacity, 0);
    return status;
}

static enum status journal_alive(const struct journal *journal, struct error *error)
{
    if (!atomic_load(&journal->is_dead))
        return LICET_OK;
    return error_set(error, LICET_SYSTEM,
                     "the journal could not be written earlier; this process must end");
}

/* ---- writing */

/* Whether a group says nothing but that the one before is whole. */
static bool group_kind_seals(uint32_t kind)
{
    return kind != GROUP_RECORDS && kind != GROUP_NOTES;
}

/* Writes one group where it fits and waits until it is durable. */
static enum status journal_put(struct journal *journal, struct group_form form, struct error *error)
{
    struct file_name name = journal_segment_name(journal);
    uint8_t header[GROUP_HEADER_BYTES];
    struct journal_head head = group_print(header, form, &journal->head);
    enum status status = io_write(journal->segment_fd, name.text, text_make(header, sizeof(header)),
                                  form.body, (off_t)journal->offset, error);

    if (status == LICET_OK)
        status = io_sync(journal->segment_fd, name.text, error);
    if (status != LICET_OK)
        return status;
    journal->offset += (uint32_t)(sizeof(header) + form.body.size);
    journal->is_sealed = group_kind_seals(form.kind);
    journal_set_head(journal, &head);
    journal_count_room(journal);
    return LICET_OK;
}

/* Goes on in the prepared segment; its opening seals the last group of this one. */
static enum status journal_roll(struct journal *journal, struct error *error)
{
    struct file_name name = journal_segment_name(journal);
    char body[OPENING_BYTES];
    enum status status = journal_prepare(journal, error);

    if (status == LICET_OK)
        status = io_close(journal->segment_fd, name.text, error);
    if (status != LICET_OK)
        return status;
    journal->segment_fd = journal->prepared_fd;
    journal->prepared_fd = -1;
    journal->opening.segment++;
    journal->opening.created = clock_unix().s;
    journal->offset = 0;
    opening_print(&journal->opening, body);
    return journal_put(journal, (struct group_form){GROUP_SEGMENT, 0, {body, sizeof(body)}}, error);
}

/* A seal has room behind every group. */
static bool journal_fits_here(const struct journal *journal, size_t body_size)
{
    return journal->opening.segment_bytes - journal->offset >= 2 * GROUP_HEADER_BYTES + body_size;
}

static enum status journal_check_size(const struct journal *journal, struct text body,
                                      struct error *error)
{
    uint32_t segment_max =
        journal->opening.segment_bytes - OPENING_GROUP_BYTES - 2 * GROUP_HEADER_BYTES;

    if (body.size <= JOURNAL_GROUP_BYTES_MAX && body.size <= segment_max)
        return LICET_OK;
    return error_set(error, LICET_TOO_LARGE,
                     "a group of %zu bytes is larger than the journal takes", body.size);
}

static enum status journal_check_body(const struct journal *journal, struct text body,
                                      uint64_t first_number, uint32_t count, struct error *error)
{
    enum status status = journal_check_size(journal, body, error);

    if (status != LICET_OK)
        return status;
    if (count == 0 || !group_is_well_formed(body, count))
        return error_set(error, LICET_INVALID, "the group's body is not %u records", count);
    if (first_number != journal->head.number + 1)
        return error_set(
            error, LICET_INVALID, "record %llu cannot follow record %llu in the journal",
            (unsigned long long)first_number, (unsigned long long)journal->head.number);
    return LICET_OK;
}

/* The next group, here or in the next segment. What fails now is fatal. */
static enum status journal_append(struct journal *journal, struct group_form form,
                                  struct error *error)
{
    enum status status = LICET_OK;

    if (!journal_fits_here(journal, form.body.size))
        status = journal_roll(journal, error);
    if (status == LICET_OK)
        status = journal_put(journal, form, error);
    return status == LICET_OK ? LICET_OK : journal_die(journal, status);
}

enum status journal_commit(struct journal *journal, struct text body, uint64_t first_number,
                           uint32_t count, struct error *error)
{
    enum status status = journal_alive(journal, error);

    if (status == LICET_OK)
        status = journal_check_body(journal, body, first_number, count, error);
    if (status != LICET_OK)
        return status;
    return journal_append(journal, (struct group_form){GROUP_RECORDS, count, body}, error);
}

enum status journal_note(struct journal *journal, struct text body, struct error *error)
{
    enum status status = journal_alive(journal, error);

    if (status == LICET_OK)
        status = journal_check_size(journal, body, error);
    if (status != LICET_OK)
        return status;
    if (!group_has_notes(body))
        return error_set(error, LICET_INVALID, "the group's body is not notes");
    /* Order: before anything is written. The reserve holds two whole groups, so the batch in flight
     * and the open one, which were admitted without a thought of these notes, still fit. */
    if (!journal_room(journal, body.size, JOURNAL_GROWTH))
        return error_set(error, LICET_DISK_FULL, "the journal has no room for notes");
    return journal_append(journal, (struct group_form){GROUP_NOTES, 0, body}, error);
}

enum status journal_seal(struct journal *journal, struct error *error)
{
    enum status status = journal_alive(journal, error);

    if (status != LICET_OK || journal->is_sealed)
        return status;
    status = journal_put(journal, (struct group_form){GROUP_SEAL, 0, {NULL, 0}}, error);
    return status == LICET_OK ? LICET_OK : journal_die(journal, status);
}

static enum status journal_make_next(struct journal *journal, struct error *error)
{
    struct file_name name = journal_prepared_name(journal);
    enum status status = prepare_write(journal->folder_fd, (struct text){NULL, 0},
                                       journal->opening.segment_bytes, error);

    if (status == LICET_OK)
        status = io_rename(journal->folder_fd, PREPARE_NAME, name.text, error);
    if (status == LICET_OK)
        status = io_open(journal->folder_fd, name.text, O_RDWR, &journal->prepared_fd, error);
    return status;
}

enum status journal_prepare(struct journal *journal, struct error *error)
{
    enum status status = journal_alive(journal, error);

    if (status != LICET_OK || journal->prepared_fd >= 0)
        return status;
    status = journal_make_next(journal, error);
    if (status == LICET_OK)
        journal_count_room(journal);
    else if (status != LICET_DISK_FULL)
        journal_die(journal, status);
    return status;
}

/* ---- start */

static enum status journal_replay(struct walk *walk, journal_record_fn *record, void *context,
                                  struct error *error)
{
    const uint64_t first_number = walk->head.number + 1;
    bool has_group = true;

    for (;;) {
        enum status status = walk_next(walk, &has_group, error);

        if (status == LICET_OK && has_group)
            status = group_replay(&walk->group, first_number, false, 0, record, context, error);
        if (status != LICET_OK || !has_group)
            return status;
    }
}

/* After a failed sync the page cache may show what the disk does not have, marked as if it were
 * written: a group, or the zeros of a cut. So before anything relies on them, the last group and
 * the zeros behind it are written again, as far as one torn group can have reached. */
static enum status journal_rewrite_end(const struct journal *journal, const struct walk *walk,
                                       struct error *error)
{
    struct file_name name = journal_segment_name(journal);
    struct text group = text_head(text_skip(image_text(&walk->here), walk->group_offset),
                                  walk->offset - walk->group_offset);
    size_t rest = walk->here.size - walk->offset;
    size_t torn_max = GROUP_HEADER_BYTES + JOURNAL_GROUP_BYTES_MAX;
    enum status status = io_write(journal->segment_fd, name.text, group, (struct text){NULL, 0},
                                  (off_t)walk->group_offset, error);

    if (status == LICET_OK)
        status = io_write_zeros(journal->segment_fd, name.text, (off_t)walk->offset,
                                rest < torn_max ? rest : torn_max, error);
    return status == LICET_OK ? io_sync(journal->segment_fd, name.text, error) : status;
}

/* The same for the prepared segment, where nothing but an opening can have been torn. */
static enum status journal_rewrite_prepared(const struct journal *journal, struct error *error)
{
    struct file_name name = journal_prepared_name(journal);
    enum status status =
        io_write_zeros(journal->prepared_fd, name.text, 0, OPENING_GROUP_BYTES, error);

    return status == LICET_OK ? io_sync(journal->prepared_fd, name.text, error) : status;
}

/* Stands where the walk ended. */
static enum status journal_stand(struct journal *journal, const struct walk *walk,
                                 struct error *error)
{
    enum status status;

    journal->opening = walk->opening;
    journal->head = walk->head;
    journal->offset = (uint32_t)walk->offset;
    journal->is_sealed = group_kind_seals(walk->group.kind);
    status = io_open(journal->folder_fd, journal_segment_name(journal).text, O_RDWR,
                     &journal->segment_fd, error);
    if (status == LICET_OK && walk->is_prepared)
        status = io_open(journal->folder_fd, journal_prepared_name(journal).text, O_RDWR,
                         &journal->prepared_fd, error);
    if (status == LICET_OK && walk->is_prepared)
        status = journal_rewrite_prepared(journal, error);
    if (status == LICET_OK)
        status = journal_rewrite_end(journal, walk, error);
    journal_count_room(journal);
    return status;
}

static enum status journal_load(struct journal *journal, journal_record_fn *record, void *context,
                                struct journal_opening *opening, struct error *error)
{
    struct walk walk;
    struct base base = {0};
    enum status status = base_find(journal->folder_fd, UINT64_MAX, &walk, &base, error);

    if (status == LICET_OK && base.snapshot != 0)
        status = snapshot_replay(journal->folder_fd, base.snapshot, record, context, error);
    if (status == LICET_OK)
        status = journal_replay(&walk, record, context, error);
    if (status == LICET_OK)
        status = journal_stand(journal, &walk, error);
    *opening = (struct journal_opening){
        .snapshot_number = base.number,
        .snapshots_damaged = base.damaged,
        .records_replayed = walk.head.number - base.number,
        .bytes_cut = (uint32_t)walk.torn_size,
        .was_sealed = journal->is_sealed,
    };
    walk_finish(&walk);
    return status;
}

static enum status journal_open_in(struct journal *journal, const char *folder,
                                   journal_record_fn *record, void *context,
                                   struct journal_opening *opening, struct error *error)
{
    enum status status;

    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "libsodium does not start");
    status = io_open_folder(folder, &journal->folder_fd, error);
    if (status == LICET_OK)
        status = folder_lock(journal->folder_fd, &journal->lock_fd, error);
    if (status == LICET_OK)
        status = io_unlink(journal->folder_fd, PREPARE_NAME, error);
    if (status == LICET_OK)
        status = io_unlink(journal->folder_fd, SNAPSHOT_NAME, error);
    if (status == LICET_OK)
        status = journal_load(journal, record, context, opening, error);
    return status;
}

enum status journal_open(const char *folder, journal_record_fn *record, void *context,
                         struct journal **ret_journal, struct journal_opening *ret_opening,
                         struct error *error)
{
    struct journal *journal = calloc(1, sizeof(*journal));
    struct journal_opening opening = {0};
    enum status status;

    if (journal == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the journal");
    journal->folder_fd = journal->lock_fd = journal->segment_fd = journal->prepared_fd = -1;
    pthread_mutex_init(&journal->head_lock, NULL);
    status = journal_open_in(journal, folder, record, context, &opening, error);
    if (status != LICET_OK) {
        journal_destroy(journal);
        return status;
    }
    *ret_journal = journal;
    if (ret_opening != NULL)
        *ret_opening = opening;
    return LICET_OK;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

void journal_destroy(struct journal *journal)
{
    if (journal == NULL)
        return;
    close_if_open(journal->segment_fd); /* every group was synced: closing cannot lose one */
    close_if_open(journal->prepared_fd);
    close_if_open(journal->lock_fd);
    close_if_open(journal->folder_fd);
    pthread_mutex_destroy(&journal->head_lock);
    free(journal);
}
