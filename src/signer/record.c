/* The bytes of the signer's records. */
#include "signer/record.h"

#include "base/wire.h"

#define RECORD_FIXED_BYTES (1u + 2 * HASH_BYTES + 4 * 8)

static void record_add_number(struct buf *buf, uint64_t value)
{
    uint8_t bytes[8];

    wire_put_u64(bytes, value);
    buf_add(buf, bytes, sizeof(bytes));
}

static void record_add_text(struct buf *buf, struct text text)
{
    uint8_t size[2];

    wire_put_u16(size, (uint16_t)text.size);
    buf_add(buf, size, sizeof(size));
    buf_add_text(buf, text);
}

void record_print(const struct signer_record *record, struct buf *buf)
{
    buf_add_byte(buf, (char)record->act);
    buf_add(buf, record->certificate.bytes, HASH_BYTES);
    buf_add(buf, record->payload.bytes, HASH_BYTES);
    record_add_number(buf, (uint64_t)record->time.s);
    record_add_number(buf, (uint64_t)record->issued.s);
    record_add_number(buf, record->number);
    record_add_number(buf, record->seats);
    record_add_text(buf, record->vendor);
    record_add_text(buf, record->server);
    record_add_text(buf, record->name);
    record_add_text(buf, record->reason);
}

static bool record_take_text(struct text *rest, size_t max, struct text *ret_text)
{
    size_t size;

    if (rest->size < 2)
        return false;
    size = wire_get_u16((const uint8_t *)rest->data);
    if (size > max || size > rest->size - 2)
        return false;
    *ret_text = text_make(rest->data + 2, size);
    *rest = text_skip(*rest, 2 + size);
    return true;
}

enum status record_parse(struct text bytes, struct signer_record *ret_record, struct error *error)
{
    const uint8_t *at = (const uint8_t *)bytes.data;
    struct signer_record record = {.number = 0};
    struct text rest = text_skip(bytes, RECORD_FIXED_BYTES);

    if (bytes.size < RECORD_FIXED_BYTES || at[0] < SIGNER_OPEN || at[0] > SIGNER_VOID)
        return error_set(error, LICET_DAMAGED, "a record of the journal is of no known kind");
    record.act = (enum signer_act)at[0];
    memcpy(record.certificate.bytes, at + 1, HASH_BYTES);
    memcpy(record.payload.bytes, at + 1 + HASH_BYTES, HASH_BYTES);
    at += 1 + 2 * HASH_BYTES;
    record.time.s = (int64_t)wire_get_u64(at);
    record.issued.s = (int64_t)wire_get_u64(at + 8);
    record.number = wire_get_u64(at + 16);
    record.seats = wire_get_u64(at + 24);
    if (!record_take_text(&rest, NAME_MAX_BYTES, &record.vendor) ||
        !record_take_text(&rest, NAME_MAX_BYTES, &record.server) ||
        !record_take_text(&rest, NAME_MAX_BYTES, &record.name) ||
        !record_take_text(&rest, SIGNER_REASON_BYTES_MAX, &record.reason) || rest.size > 0)
        return error_set(error, LICET_DAMAGED, "a record of the journal is not well formed");
    *ret_record = record;
    return LICET_OK;
}
