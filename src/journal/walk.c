/* The chain of groups through segments. */
#include "journal/walk.h"

#include <inttypes.h>

static enum status walk_damaged(const struct walk *walk, uint64_t segment, size_t offset,
                                const char *what, struct error *error)
{
    return error_set(error, LICET_DAMAGED,
                     "the journal's %s %s at byte %zu, after record %" PRIu64
                     "; stop here and run `licetd repair`, or restore a back-up",
                     file_name(segment, SEGMENT_SUFFIX).text, what, offset, walk->head.number);
}

static enum status walk_newer(struct error *error)
{
    return error_set(error, LICET_UNSUPPORTED,
                     "the journal was written by a newer licetd; start that one");
}

static bool walk_has_segment(const struct walk *walk, uint64_t number)
{
    size_t low = 0, high = walk->segments.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (walk->segments.items[middle] == number)
            return true;
        if (walk->segments.items[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static uint64_t walk_first_segment(const struct walk *walk)
{
    return walk->segments.items[0];
}

static uint64_t walk_last_segment(const struct walk *walk)
{
    return walk->segments.items[walk->segments.count - 1];
}

static enum status walk_list(struct walk *walk, int folder_fd, struct error *error)
{
    enum status status;

    *walk = (struct walk){.folder_fd = folder_fd};
    status = numbers_list(folder_fd, SEGMENT_SUFFIX, &walk->segments, error);
    if (status == LICET_OK && walk->segments.count == 0)
        return error_set(error, LICET_NOT_FOUND, "there is no journal in this folder");
    return status;
}

enum status walk_begin(struct walk *walk, int folder_fd, struct error *error)
{
    static const uint8_t zeros[32];
    struct group group;
    enum status status = walk_list(walk, folder_fd, error);

    if (status == LICET_OK)
        status = image_load(&walk->here, folder_fd, walk_first_segment(walk), error);
    if (status == LICET_OK)
        status = image_opening(&walk->here, &group, &walk->opening, error);
    if (status != LICET_OK)
        return status;
    if ((walk->here.segment == 1) != (group.index == 1) ||
        (group.index == 1 &&
         (group.first_number != 1 || memcmp(group.previous, zeros, sizeof(zeros)) != 0)))
        return walk_damaged(walk, walk->here.segment, 0, "is not the first of its journal", error);
    walk->head = group_before(&group);
    return LICET_OK;
}

static bool head_is_equal(const struct journal_head *left, const struct journal_head *right)
{
    return left->number == right->number && left->group == right->group &&
           memcmp(left->hash, right->hash, sizeof(left->hash)) == 0;
}

/* The place's segment is gone; the first one that is kept may follow right after it. */
static enum status walk_begin_at_first(struct walk *walk, const struct place *place,
                                       struct error *error)
{
    struct journal_head before;
    struct group group;
    enum status status = image_load(&walk->here, walk->folder_fd, walk_first_segment(walk), error);

    if (status == LICET_OK)
        status = image_opening(&walk->here, &group, &walk->opening, error);
    if (status != LICET_OK)
        return status;
    before = group_before(&group);
    if (before.group > place->head.group)
        return error_set(error, LICET_NOT_FOUND, "records that old are no longer kept");
    if (!head_is_equal(&before, &place->head))
        return walk_damaged(walk, walk->here.segment, 0, "does not follow its snapshot", error);
    walk->head = before;
    return LICET_OK;
}

enum status walk_begin_after(struct walk *walk, int folder_fd, const struct place *place,
                             struct error *error)
{
    struct journal_head head = {0};
    struct group opener;
    enum status status = walk_list(walk, folder_fd, error);

    if (status != LICET_OK)
        return status;
    walk->head = place->head; /* for the sentences */
    if (place->segment < walk_first_segment(walk))
        return walk_begin_at_first(walk, place, error);
    if (!walk_has_segment(walk, place->segment))
        return walk_damaged(walk, place->segment, 0, "is missing", error);
    status = image_load(&walk->here, folder_fd, place->segment, error);
    if (status == LICET_OK)
        status = image_opening(&walk->here, &opener, &walk->opening, error);
    if (status != LICET_OK)
        return status;
    if (group_read_first(image_text(&walk->here), place->offset, &walk->group))
        head = group_head(&walk->group);
    if (!head_is_equal(&head, &place->head))
        return walk_damaged(walk, place->segment, place->offset,
                            "does not have the group that a snapshot names", error);
    walk->group_offset = place->offset;
    walk->offset = place->offset + GROUP_HEADER_BYTES + walk->group.body.size;
    return LICET_OK;
}

static bool walk_is_in_place(const struct walk *walk, const struct group *group)
{
    struct opening opening;

    if (walk->offset > 0)
        return group->kind == GROUP_RECORDS || group->kind == GROUP_SEAL ||
               group->kind == GROUP_NOTES;
    return opening_parse(group, &opening) && opening.segment == walk->here.segment &&
           opening.segment_bytes == walk->opening.segment_bytes &&
           memcmp(opening.journal, walk->opening.journal, 16) == 0;
}

static enum status walk_take(struct walk *walk, const struct group *group, bool *ret_has_group,
                             struct error *error)
{
    if (!walk_is_in_place(walk, group))
        return walk_damaged(walk, walk->here.segment, walk->offset, "has a group out of place",
                            error);
    if (walk->offset == 0)
        opening_parse(group, &walk->opening);
    walk->group = *group;
    walk->group_offset = walk->offset;
    walk->offset += GROUP_HEADER_BYTES + group->body.size;
    walk->head = group_head(group);
    *ret_has_group = true;
    return LICET_OK;
}

static enum status walk_end(struct walk *walk, const struct image *torn, size_t offset,
                            bool *ret_has_group)
{
    size_t size = torn == NULL ? 0 : torn->size - offset;

    while (size > 0 && torn->data[offset + size - 1] == 0)
        size--;
    walk->torn_size = size;
    *ret_has_group = false;
    return LICET_OK;
}

static void walk_enter_next(struct walk *walk)
{
    struct image left = walk->here;

    walk->here = walk->next;
    walk->next = left;
    walk->offset = 0;
}

/* This segment has no further whole group: `verdict` is GROUP_EMPTY or GROUP_TORN. Looks into the
 * next segment, where there is one, to tell whether that may be so. */
static enum status walk_leave(struct walk *walk, enum group_verdict verdict, bool *ret_has_group,
                              struct error *error)
{
    const uint64_t number = walk->here.segment;
    const struct image *torn = verdict == GROUP_TORN ? &walk->here : NULL;
    struct group_place place = {0};
    struct group group;
    enum status status;

    if (walk->here.size != walk->opening.segment_bytes)
        return walk_damaged(walk, number, walk->offset, "has the wrong length, seen", error);
    if (number == walk_last_segment(walk))
        return walk_end(walk, torn, walk->offset, ret_has_group);
    if (!walk_has_segment(walk, number + 1))
        return walk_damaged(walk, number + 1, 0, "is missing", error);
    status = image_load(&walk->next, walk->folder_fd, number + 1, error);
    if (status != LICET_OK)
        return status;
    if (walk->next.size == walk->opening.segment_bytes && bytes_are_zero(image_text(&walk->next)) &&
        number + 1 == walk_last_segment(walk)) {
        walk->is_prepared = true;
        return walk_end(walk, torn, walk->offset, ret_has_group);
    }
    if (torn != NULL)
        return walk_damaged(walk, number, walk->offset, "is damaged", error);
    place.bytes = image_text(&walk->next);
    switch (group_read(&place, &walk->head, &group)) {
    case GROUP_WHOLE:
        walk_enter_next(walk);
        return walk_take(walk, &group, ret_has_group, error);
    case GROUP_NEWER:
        return walk_newer(error);
    case GROUP_TORN:
        /* An opening is written alone: whatever stands behind it was written after its sync. */
        if (number + 1 == walk_last_segment(walk) &&
            walk->next.size == walk->opening.segment_bytes &&
            bytes_are_zero(text_skip(place.bytes, OPENING_GROUP_BYTES))) {
            walk->is_prepared = true; /* once the torn group is cut */
            return walk_end(walk, &walk->next, 0, ret_has_group);
        }
        break;
    case GROUP_EMPTY:
    case GROUP_DAMAGED:
        break;
    }
    return walk_damaged(walk, number + 1, 0, "is damaged", error);
}

enum status walk_next(struct walk *walk, bool *ret_has_group, struct error *error)
{
    struct group_place place = {.bytes = image_text(&walk->here), .offset = walk->offset};
    struct group group;
    enum group_verdict verdict = group_read(&place, &walk->head, &group);

    switch (verdict) {
    case GROUP_WHOLE:
        return walk_take(walk, &group, ret_has_group, error);
    case GROUP_NEWER:
        return walk_newer(error);
    case GROUP_EMPTY:
    case GROUP_TORN:
        return walk_leave(walk, verdict, ret_has_group, error);
    case GROUP_DAMAGED:
        break;
    }
    return walk_damaged(walk, walk->here.segment, walk->offset, "is damaged", error);
}

void walk_finish(struct walk *walk)
{
    free(walk->segments.items);
    image_finish(&walk->here);
    image_finish(&walk->next);
    *walk = (struct walk){0};
}

static enum status group_replay_notes(const struct group *group, bool is_snapshot,
                                      journal_record_fn *record, void *context, struct error *error)
{
    struct text rest = group->body, note;

    while (group_next_record(&rest, &note)) {
        enum status status = record(context, JOURNAL_NOTE, is_snapshot, note, error);

        if (status != LICET_OK)
            return status;
    }
    return LICET_OK;
}

enum status group_replay(const struct group *group, uint64_t first_number, bool is_snapshot,
                         uint64_t snapshot_number, journal_record_fn *record, void *context,
                         struct error *error)
{
    struct text rest = group->body, bytes;
    uint64_t number = group->first_number;

    if (group->kind == GROUP_NOTES && number >= first_number)
        return group_replay_notes(group, is_snapshot, record, context, error);
    if (group->kind != GROUP_RECORDS && group->kind != GROUP_STATE)
        return LICET_OK;
    for (; group_next_record(&rest, &bytes); number++) {
        enum status status;

        if (number < first_number)
            continue;
        status = record(context, is_snapshot ? snapshot_number : number, is_snapshot, bytes, error);
        if (status != LICET_OK)
            return status;
    }
    return LICET_OK;
}
