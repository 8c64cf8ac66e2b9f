/*
 * Groups in memory: printing, reading, and the judgement of what stands where the next group should
 * be. That judgement is the heart of the start after a power cut; it must never call a group torn
 * that somebody was told is durable.
 *
 * What is known: group N+1 is written only when N is synced, into bytes that were zero. So a torn
 * group is the only thing behind the last whole one: beyond its end there is no byte but zero, and
 * inside there is no header of a later group. Anything else proves that N+1 was once whole.
 */
#include "journal/group.h"

#include <sodium.h>

#include "base/wire.h"

static const uint8_t group_magic[4] = {'L', 'G', 'R', 'P'};

enum {
    AT_MAGIC = 0,
    AT_FORMAT = 4,
    AT_KIND = 6,
    AT_SIZE = 8,
    AT_COUNT = 12,
    AT_FIRST_NUMBER = 16,
    AT_INDEX = 24,
    AT_PREVIOUS = 32,
    AT_HASH = 64,  /* BLAKE2b-256 over all before it, then the body */
    AT_CHECK = 96, /* BLAKE2b-128 over all before it: a header can be believed without its body */
};
#define CHECK_BYTES 16u

static void put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static const uint8_t *bytes_at(struct text bytes, size_t offset)
{
    return (const uint8_t *)bytes.data + offset;
}

static void group_hash(const uint8_t *header, struct text body, uint8_t hash[32])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, 32);
    crypto_generichash_update(&state, header, AT_HASH);
    crypto_generichash_update(&state, (const uint8_t *)body.data, body.size);
    crypto_generichash_final(&state, hash, 32);
}

static void group_check(const uint8_t *header, uint8_t check[CHECK_BYTES])
{
    crypto_generichash(check, CHECK_BYTES, header, AT_CHECK, NULL, 0);
}

struct journal_head group_print(uint8_t header[GROUP_HEADER_BYTES], struct group_form form,
                                const struct journal_head *before)
{
    struct journal_head head = {.number = before->number + form.count, .group = before->group + 1};

    memcpy(header + AT_MAGIC, group_magic, sizeof(group_magic));
    put_u16(header + AT_FORMAT, GROUP_FORMAT);
    put_u16(header + AT_KIND, form.kind);
    wire_put_u32(header + AT_SIZE, (uint32_t)form.body.size);
    wire_put_u32(header + AT_COUNT, form.count);
    wire_put_u64(header + AT_FIRST_NUMBER, before->number + 1);
    wire_put_u64(header + AT_INDEX, head.group);
    memcpy(header + AT_PREVIOUS, before->hash, 32);
    group_hash(header, form.body, header + AT_HASH);
    group_check(header, header + AT_CHECK);
    memcpy(head.hash, header + AT_HASH, 32);
    return head;
}

struct journal_head group_head(const struct group *group)
{
    struct journal_head head = {.number = group->first_number + group->count - 1,
                                .group = group->index};

    memcpy(head.hash, group->hash, 32);
    return head;
}

struct journal_head group_before(const struct group *group)
{
    struct journal_head head = {.number = group->first_number - 1, .group = group->index - 1};

    memcpy(head.hash, group->previous, 32);
    return head;
}

bool group_read_header(struct text bytes, size_t offset, struct group *ret_group,
                       uint32_t *ret_size)
{
    uint8_t check[CHECK_BYTES];
    const uint8_t *at;

    if (offset > bytes.size || bytes.size - offset < GROUP_HEADER_BYTES)
        return false;
    at = bytes_at(bytes, offset);
    if (memcmp(at, group_magic, sizeof(group_magic)) != 0)
        return false;
    group_check(at, check);
    if (memcmp(check, at + AT_CHECK, CHECK_BYTES) != 0)
        return false;
    *ret_group = (struct group){
        .format = get_u16(at + AT_FORMAT),
        .kind = get_u16(at + AT_KIND),
        .count = wire_get_u32(at + AT_COUNT),
        .first_number = wire_get_u64(at + AT_FIRST_NUMBER),
        .index = wire_get_u64(at + AT_INDEX),
    };
    memcpy(ret_group->previous, at + AT_PREVIOUS, 32);
    memcpy(ret_group->hash, at + AT_HASH, 32);
    *ret_size = wire_get_u32(at + AT_SIZE);
    return true;
}

bool group_next_record(struct text *rest, struct text *ret_record)
{
    uint32_t size;

    if (rest->size < JOURNAL_RECORD_OVERHEAD)
        return false;
    size = wire_get_u32(bytes_at(*rest, 0));
    if (size > rest->size - JOURNAL_RECORD_OVERHEAD)
        return false;
    *ret_record = (struct text){rest->data + JOURNAL_RECORD_OVERHEAD, size};
    *rest = text_skip(*rest, JOURNAL_RECORD_OVERHEAD + size);
    return true;
}

bool group_is_well_formed(struct text body, uint32_t count)
{
    struct text record;

    while (count > 0 && group_next_record(&body, &record))
        count--;
    return count == 0 && body.size == 0;
}

bool group_has_notes(struct text body)
{
    struct text note;
    bool is_any = false;

    while (group_next_record(&body, &note))
        is_any = true;
    return is_any && body.size == 0;
}

/* Whether kind, count and body fit each other. */
static bool group_is_plausible(const struct group *group)
{
    uint64_t next;

    if (group->first_number == 0 || group->index == 0 ||
        __builtin_add_overflow(group->first_number, group->count, &next))
        return false;
    switch (group->kind) {
    case GROUP_RECORDS:
    case GROUP_STATE:
    case GROUP_NAMES:
        return group->count > 0 && group_is_well_formed(group->body, group->count);
    case GROUP_NOTES: /* its notes have no numbers, so it counts none */
        return group->count == 0 && group_has_notes(group->body);
    case GROUP_SEAL:
    case GROUP_SNAPSHOT_END:
        return group->count == 0 && group->body.size == 0;
    case GROUP_SEGMENT:
    case GROUP_SNAPSHOT:
        return group->count == 0;
    default:
        return false;
    }
}

bool bytes_are_zero(struct text bytes)
{
    /* A text whose first byte is zero, and that equals itself one byte on, is zero throughout. */
    return bytes.size == 0 ||
           (bytes.data[0] == 0 && memcmp(bytes.data, bytes.data + 1, bytes.size - 1) == 0);
}

/* Whether the header of the group `index` or of a later one stands anywhere in these bytes. */
static bool group_has_successor(struct text bytes, uint64_t index)
{
    const char *found;
    struct group group;
    uint32_t size;

    while ((found = memmem(bytes.data, bytes.size, group_magic, sizeof(group_magic))) != NULL) {
        bytes = text_skip(bytes, (size_t)(found - bytes.data));
        if (group_read_header(bytes, 0, &group, &size) && group.index >= index)
            return true;
        bytes = text_skip(bytes, 1);
    }
    return false;
}

/* No group stands at the place; `size_max` is how far the one being written can have reached. */
static enum group_verdict group_judge_rest(const struct group_place *place, uint64_t index,
                                           size_t size_max)
{
    struct text rest = text_skip(place->bytes, place->offset);

    if (bytes_are_zero(rest))
        return rest.size == 0 || !place->is_growing ? GROUP_EMPTY : GROUP_TORN;
    if (!bytes_are_zero(text_skip(rest, size_max)))
        return GROUP_DAMAGED;
    return group_has_successor(text_skip(rest, 1), index) ? GROUP_DAMAGED : GROUP_TORN;
}

enum group_verdict group_read(const struct group_place *place, const struct journal_head *before,
                              struct group *ret_group)
{
    const uint64_t index = before->group + 1;
    struct group group;
    uint32_t size;
    uint8_t hash[32];

    if (!group_read_header(place->bytes, place->offset, &group, &size))
        return group_judge_rest(place, index, GROUP_HEADER_BYTES + JOURNAL_GROUP_BYTES_MAX);
    if (group.format != GROUP_FORMAT)
        return GROUP_NEWER;
    if (group.index != index || group.first_number != before->number + 1 ||
        memcmp(group.previous, before->hash, 32) != 0 || size > JOURNAL_GROUP_BYTES_MAX)
        return GROUP_DAMAGED;
    if (size > place->bytes.size - place->offset - GROUP_HEADER_BYTES)
        return place->is_growing ? group_judge_rest(place, index, GROUP_HEADER_BYTES + size)
                                 : GROUP_DAMAGED;
    group.body = text_head(text_skip(place->bytes, place->offset + GROUP_HEADER_BYTES), size);
    group_hash(bytes_at(place->bytes, place->offset), group.body, hash);
    if (memcmp(hash, group.hash, 32) != 0)
        return group_judge_rest(place, index, GROUP_HEADER_BYTES + size);
    if (!group_is_plausible(&group))
        return GROUP_DAMAGED;
    *ret_group = group;
    return GROUP_WHOLE;
}

bool group_read_first(struct text bytes, size_t offset, struct group *ret_group)
{
    struct group_place place = {.bytes = bytes, .offset = offset};
    struct journal_head before;
    struct group group;
    uint32_t size;

    if (!group_read_header(bytes, offset, &group, &size))
        return false;
    before = group_before(&group);
    return group_read(&place, &before, ret_group) == GROUP_WHOLE;
}
