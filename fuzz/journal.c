/*
 * The group reader on a hostile file. The first byte chooses: 0, the bytes are the file as it is;
 * 1, every group's chain fields and hashes are first made right, so that what lies behind the
 * hashes is reached; with 2 added, the file is one that grows (the names file).
 */
#include <assert.h>
#include <sodium.h>

#include "base/wire.h"
#include "journal/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_BYTES_MAX (256u * 1024)

/* Leaves kind, size and count as they are, and makes the rest follow from what is before. */
static void group_forge(char *bytes, size_t size, struct journal_head *head)
{
    uint8_t header[GROUP_HEADER_BYTES];
    struct group_form form = {GROUP_RECORDS, 0, {bytes + GROUP_HEADER_BYTES, 0}};
    uint32_t body_size = wire_get_u32((const uint8_t *)bytes + 8);
    const uint8_t *at = (const uint8_t *)bytes;

    form.kind = (enum group_kind)(at[6] << 8 | at[7]);
    form.count = wire_get_u32(at + 12);
    form.body.size = body_size < size - GROUP_HEADER_BYTES ? body_size : size - GROUP_HEADER_BYTES;
    *head = group_print(header, form, head);
    memcpy(bytes, header, sizeof(header));
}

static void file_forge(char *bytes, size_t size)
{
    struct journal_head head = {0};
    size_t offset = 0;

    while (size - offset >= GROUP_HEADER_BYTES) {
        group_forge(bytes + offset, size - offset, &head);
        offset += GROUP_HEADER_BYTES + wire_get_u32((const uint8_t *)bytes + offset + 8);
    }
}

/* Every record lies in its body, and there are as many as the header says: none of notes. */
static void group_visit(const struct group *group)
{
    struct text rest = group->body, record;
    uint32_t count = 0;

    if (group->kind != GROUP_RECORDS && group->kind != GROUP_STATE && group->kind != GROUP_NAMES &&
        group->kind != GROUP_NOTES)
        return;
    while (group_next_record(&rest, &record)) {
        assert(record.data >= group->body.data &&
               record.data + record.size <= group->body.data + group->body.size);
        count++;
    }
    assert(rest.size == 0);
    assert(group->kind == GROUP_NOTES ? group->count == 0 && count > 0 : count == group->count);
}

static void file_read_groups(struct text bytes, bool is_growing)
{
    struct group_place place = {.bytes = bytes, .is_growing = is_growing};
    struct journal_head head = {0};
    struct group group;

    while (group_read(&place, &head, &group) == GROUP_WHOLE) {
        struct journal_head before = group_before(&group);

        assert(group.index == head.group + 1 && group.first_number == head.number + 1);
        assert(memcmp(&before, &head, sizeof(head)) == 0);
        group_visit(&group);
        head = group_head(&group);
        place.offset += GROUP_HEADER_BYTES + group.body.size;
        assert(place.offset <= bytes.size);
    }
    group_read_first(bytes, 0, &group);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes;

    if (size < 1 || size > FILE_BYTES_MAX || sodium_init() < 0)
        return 0;
    bytes = malloc(size);
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data + 1, size - 1);
    if (data[0] & 1)
        file_forge(bytes, size - 1);
    file_read_groups(text_make(bytes, size - 1), (data[0] & 2) != 0);
    free(bytes);
    return 0;
}
