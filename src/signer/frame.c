/* The bytes of questions and answers. */
#include "signer/frame.h"

#include "base/wire.h"

enum status frame_size(const uint8_t bytes[FRAME_SIZE_BYTES], uint32_t max, uint32_t *ret_size,
                       struct error *error)
{
    uint32_t size = wire_get_u32(bytes);

    if (size > max)
        return error_set(error, LICET_PROTOCOL, "a frame of %u bytes; at most %u are taken", size,
                         max);
    *ret_size = size;
    return LICET_OK;
}

static void frame_add_u32(struct buf *buf, uint32_t value)
{
    uint8_t bytes[4];

    wire_put_u32(bytes, value);
    buf_add(buf, bytes, sizeof(bytes));
}

static void frame_add_u16(struct buf *buf, size_t value)
{
    uint8_t bytes[2];

    wire_put_u16(bytes, (uint16_t)value);
    buf_add(buf, bytes, sizeof(bytes));
}

/* ---- questions */

size_t frame_item_size(const struct signer_item *item)
{
    return FRAME_ITEM_BYTES + item->reason.size + item->payload.size;
}

void frame_print(const struct signer_item *items, uint32_t count, struct buf *buf)
{
    size_t size = 0;

    for (uint32_t index = 0; index < count; index++)
        size += frame_item_size(&items[index]);
    frame_add_u32(buf, (uint32_t)size);
    for (uint32_t index = 0; index < count; index++) {
        buf_add_byte(buf, (char)items[index].act);
        buf_add(buf, items[index].certificate.bytes, HASH_BYTES);
        frame_add_u16(buf, items[index].reason.size);
        frame_add_u32(buf, (uint32_t)items[index].payload.size);
        buf_add_text(buf, items[index].reason);
        buf_add_text(buf, items[index].payload);
    }
}

static bool frame_take_item(struct text *rest, struct signer_item *item)
{
    const uint8_t *at = (const uint8_t *)rest->data;
    size_t reason_size, payload_size;

    if (rest->size < FRAME_ITEM_BYTES)
        return false;
    item->act = (enum signer_act)at[0];
    memcpy(item->certificate.bytes, at + 1, HASH_BYTES);
    reason_size = wire_get_u16(at + 1 + HASH_BYTES);
    payload_size = wire_get_u32(at + 1 + HASH_BYTES + 2);
    *rest = text_skip(*rest, FRAME_ITEM_BYTES);
    if (reason_size > rest->size || payload_size > rest->size - reason_size)
        return false;
    item->reason = text_head(*rest, reason_size);
    item->payload = text_make(rest->data + reason_size, payload_size);
    *rest = text_skip(*rest, reason_size + payload_size);
    return true;
}

enum status frame_parse(struct text bytes, struct signer_item items[SIGNER_ITEMS_MAX],
                        uint32_t *ret_count, struct error *error)
{
    uint32_t count = 0;

    while (bytes.size > 0) {
        if (count == SIGNER_ITEMS_MAX)
            return error_set(error, LICET_PROTOCOL, "more than %u items in a frame",
                             SIGNER_ITEMS_MAX);
        if (!frame_take_item(&bytes, &items[count]))
            return error_set(error, LICET_PROTOCOL, "item %u of a frame does not fit into it",
                             count + 1);
        count++;
    }
    *ret_count = count;
    return LICET_OK;
}

/* ---- answers */

void frame_answers_open(struct buf *buf)
{
    frame_add_u32(buf, 0);
}

void frame_answer_print(const struct signer_answer *answer, struct buf *buf)
{
    frame_add_u16(buf, (size_t)answer->status);
    frame_add_u32(buf, (uint32_t)answer->text.size);
    buf_add_text(buf, answer->text);
}

void frame_answers_close(struct buf *buf)
{
    if (!buf->is_full)
        wire_put_u32((uint8_t *)buf->data, (uint32_t)(buf->size - FRAME_SIZE_BYTES));
}

static bool frame_take_answer(struct text *rest, struct signer_answer *answer)
{
    const uint8_t *at = (const uint8_t *)rest->data;
    size_t size;

    if (rest->size < FRAME_ANSWER_BYTES)
        return false;
    answer->status = (enum status)wire_get_u16(at);
    size = wire_get_u32(at + 2);
    *rest = text_skip(*rest, FRAME_ANSWER_BYTES);
    if (size > rest->size || (unsigned)answer->status >= STATUSES_COUNT)
        return false;
    answer->text = text_head(*rest, size);
    *rest = text_skip(*rest, size);
    return true;
}

enum status frame_answers_parse(struct text bytes, uint32_t count, struct signer_answer *answers,
                                struct error *error)
{
    for (uint32_t index = 0; index < count; index++) {
        if (!frame_take_answer(&bytes, &answers[index]))
            return error_set(error, LICET_PROTOCOL, "answer %u of the signer is not well formed",
                             index + 1);
    }
    if (bytes.size > 0)
        return error_set(error, LICET_PROTOCOL, "the signer answered more than it was asked");
    return LICET_OK;
}
