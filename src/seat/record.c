/*
 * Each kind has one function that walks its fields, for both directions: a field that is written is
 * read at the same place, because it is the same line of code.
 */
#include "seat/record.h"

#include <assert.h>

#include "base/wire.h"

struct codec {
    uint8_t *out;      /* NULL: reading */
    const uint8_t *in; /* NULL: writing */
    size_t size;       /* done so far */
    size_t capacity;
    bool is_damaged;
};

/* Where the next `size` bytes stand, or nowhere. */
static bool codec_has(struct codec *codec, size_t size)
{
    assert((codec->out == NULL) != (codec->in == NULL)); /* it writes, or it reads */
    if (codec->is_damaged || codec->capacity - codec->size < size) {
        codec->is_damaged = true;
        return false;
    }
    return true;
}

static void codec_bytes(struct codec *codec, uint8_t *bytes, size_t size)
{
    if (!codec_has(codec, size))
        return;
    if (codec->out != NULL)
        memcpy(codec->out + codec->size, bytes, size);
    else
        memcpy(bytes, codec->in + codec->size, size);
    codec->size += size;
}

static void codec_u8(struct codec *codec, uint32_t *value, uint32_t max)
{
    uint8_t byte = (uint8_t)*value;

    codec_bytes(codec, &byte, 1);
    *value = byte;
    codec->is_damaged |= byte > max;
}

static void codec_u32(struct codec *codec, uint32_t *value, uint32_t min, uint32_t max)
{
    if (!codec_has(codec, 4))
        return;
    if (codec->out != NULL)
        wire_put_u32(codec->out + codec->size, *value);
    else
        *value = wire_get_u32(codec->in + codec->size);
    codec->size += 4;
    codec->is_damaged |= *value < min || *value > max;
}

static void codec_u64(struct codec *codec, uint64_t *value)
{
    if (!codec_has(codec, 8))
        return;
    if (codec->out != NULL)
        wire_put_u64(codec->out + codec->size, *value);
    else
        *value = wire_get_u64(codec->in + codec->size);
    codec->size += 8;
}

/* A time in UTC: never before 1970. */
static void codec_time(struct codec *codec, int64_t *value)
{
    uint64_t bits = (uint64_t)*value;

    codec_u64(codec, &bits);
    *value = (int64_t)bits;
    codec->is_damaged |= *value < 0;
}

static void codec_name(struct codec *codec, name_id *id, bool is_needed)
{
    codec_u32(codec, id, is_needed ? 1 : 0, NAMES_MAX);
}

static void codec_install(struct codec *codec, struct seat_installation *install)
{
    codec_name(codec, &install->vendor, true);
    codec_u32(codec, &install->generation, 0, UINT32_MAX);
    codec_bytes(codec, install->payload_hash, sizeof(install->payload_hash));
    codec_time(codec, &install->installed_at);
    codec_u32(codec, &install->lines_count, 0, SEAT_ROWS_MAX);
}

static void codec_line(struct codec *codec, struct seat_line *line)
{
    uint32_t state = (uint32_t)line->state;

    codec_name(codec, &line->sn, true);
    codec_name(codec, &line->feature, true);
    codec_u32(codec, &line->seats, 0, SEATS_MAX);
    codec_u32(codec, &line->overdraft, 0, SEATS_MAX);
    codec_u32(codec, &line->held_over, 0, UINT32_MAX);
    codec_u32(codec, &line->maintenance, 0, UINT32_MAX);
    codec_time(codec, &line->start);
    codec_time(codec, &line->expiry);
    codec_time(codec, &line->refresh_by);
    codec_u32(codec, &line->ttl_s, 0, LEASE_TTL_SECONDS_MAX);
    codec_u32(codec, &line->drain_s, 0, DURATION_SECONDS_MAX);
    codec_time(codec, &line->drain_end);
    codec_u8(codec, &state, LINE_FORMER);
    codec_u8(codec, &line->covers_count, LINE_COVERS_MAX);
    line->state = (enum line_state)state;
    for (uint32_t i = 0; i < line->covers_count && !codec->is_damaged; i++)
        codec_name(codec, &line->covers[i], true);
}

static void codec_grant(struct codec *codec, struct seat_record *record)
{
    codec_u64(codec, &record->grant.handle);
    codec_bytes(codec, record->grant.id.bytes, sizeof(record->grant.id.bytes));
    codec_name(codec, &record->grant.vendor, true);
    codec_name(codec, &record->grant.feature, true);
    codec_name(codec, &record->grant.user, false);
    codec_name(codec, &record->grant.host, false);
    codec_name(codec, &record->grant.device, false);
    codec_name(codec, &record->grant.source, false);
    codec_u32(codec, &record->grant.count, 1, LEASE_COUNT_MAX);
    codec_u32(codec, &record->grant.release, 0, DATE_MAX_DAYS);
    codec_time(codec, &record->grant.end);
    codec_u32(codec, &record->grant.ttl_s, 0, LEASE_TTL_SECONDS_MAX);
    codec_u8(codec, &record->grant.flags, 15);
}

static void codec_ended(struct codec *codec, struct seat_record *record)
{
    codec_u64(codec, &record->ended.handle);
    codec_bytes(codec, record->ended.id.bytes, sizeof(record->ended.id.bytes));
    codec_name(codec, &record->ended.source, false);
    codec_u8(codec, &record->ended.forgets, SEAT_FORGETS_MAX);
}

static void codec_ending(struct codec *codec, struct seat_record *record)
{
    codec_u64(codec, &record->ending.handle);
    codec_bytes(codec, record->ending.id.bytes, sizeof(record->ending.id.bytes));
    codec_time(codec, &record->ending.end);
}

static void codec_request(struct codec *codec, struct seat_record *record)
{
    codec_u64(codec, &record->request.counter);
    codec_bytes(codec, record->request.response_hash, sizeof(record->request.response_hash));
}

static void codec_record(struct codec *codec, struct seat_record *record)
{
    uint32_t kind = (uint32_t)record->kind;

    codec_u8(codec, &kind, SEAT_RECORD_END);
    codec_time(codec, &record->at);
    if (codec->is_damaged)
        return;
    record->kind = (enum seat_record_kind)kind;
    switch (record->kind) {
    case SEAT_RECORD_OPEN:
        codec_bytes(codec, record->open.server_key, sizeof(record->open.server_key));
        return;
    case SEAT_RECORD_EPOCH:
        codec_u64(codec, &record->epoch.epoch);
        return;
    case SEAT_RECORD_INSTALL:
        codec_install(codec, &record->install);
        return;
    case SEAT_RECORD_LINE:
        codec_line(codec, &record->line);
        return;
    case SEAT_RECORD_INSTALL_END:
        return;
    case SEAT_RECORD_GRANT:
        codec_grant(codec, record);
        return;
    case SEAT_RECORD_CHECKIN:
    case SEAT_RECORD_EXPIRE:
    case SEAT_RECORD_END:
        codec_ended(codec, record);
        return;
    case SEAT_RECORD_ENDING:
        codec_ending(codec, record);
        return;
    case SEAT_RECORD_REQUEST:
        codec_request(codec, record);
        return;
    default:
        codec->is_damaged = true;
    }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the walk writes through it */
size_t record_encode(const struct seat_record *record, uint8_t bytes[SEAT_RECORD_BYTES_MAX])
{
    struct codec codec = {.out = bytes, .capacity = SEAT_RECORD_BYTES_MAX};
    struct seat_record copy =
        *record; /* the walk is the reader's as well, so it may not be const */

    codec_record(&codec, &copy);
    assert(!codec.is_damaged);
    return codec.size;
}

enum status record_decode(const uint8_t *bytes, size_t size, struct seat_record *ret_record,
                          size_t *ret_size, struct error *error)
{
    struct codec codec = {.in = bytes, .capacity = size};
    struct seat_record record = {0};

    codec_record(&codec, &record);
    if (codec.is_damaged)
        return error_set(error, LICET_DAMAGED, "a record of the journal cannot be read: kind %u",
                         size == 0 ? 0 : bytes[0]);
    *ret_record = record;
    *ret_size = codec.size;
    return LICET_OK;
}
