/*
 * The client's reader on any bytes. Byte by byte or whole, they are the same reply; a reply is a
 * well-formed tree, its texts lie inside the bytes, and no reader of a lease's answer is misled.
 */
#include <assert.h>

#include "resp/lease.h"

#define ITEMS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks the item and what is in it; the index after it. */
static uint32_t check_item(const struct reply *reply, uint32_t index, struct text bytes)
{
    const struct reply_item *item = &reply->items[index];
    uint32_t next = index + 1;

    assert(index < reply->items_count);
    if (item->kind != REPLY_ARRAY && item->kind != REPLY_MAP)
        assert(item->count == 0);
    if (item->kind == REPLY_SIMPLE || item->kind == REPLY_ERROR || item->kind == REPLY_BULK)
        assert(item->text.data >= bytes.data &&
               item->text.data + item->text.size + 2 <= bytes.data + reply->size);
    for (uint32_t child = 0; child < item->count; child++) {
        assert(reply_child(reply, item, child) == &reply->items[next]);
        next = check_item(reply, next, bytes);
    }
    assert(reply_child(reply, item, item->count) == NULL && item->next == next);
    return next;
}

static void check_answers(const struct reply *reply)
{
    char place[4096];
    struct buf buf = buf_over(place, sizeof(place));
    struct granted_reply granted;
    struct why_reply why;
    struct error error;
    uint64_t handle;

    if (granted_reply_read(reply, &granted, &error) == LICET_OK)
        granted_reply_write(&granted, RESP_2, &buf);
    if (ended_reply_read(reply, &handle, &error) == LICET_OK)
        ended_reply_write(handle, &buf);
    if (why_reply_read(reply, &why, &error) == LICET_OK)
        why_reply_write(&why, RESP_3, &buf);
    if (reply->items[0].kind == REPLY_ERROR)
        assert(granted_reply_read(reply, &granted, &error) != LICET_OK);
}

static enum reply_result read_slowly(struct reply *reply, struct text bytes)
{
    enum reply_result result = REPLY_NEED_MORE;
    struct error error;

    for (size_t size = 0; size <= bytes.size && result == REPLY_NEED_MORE; size++)
        result = reply_read(reply, text_head(bytes, size), &error);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reply_item items[ITEMS_MAX], slow_items[ITEMS_MAX];
    struct reply reply = reply_over(items, ITEMS_MAX);
    struct reply slow = reply_over(slow_items, ITEMS_MAX);
    struct text bytes = text_make(data, size);
    struct error error;
    enum reply_result result = reply_read(&reply, bytes, &error);

    assert(read_slowly(&slow, bytes) == result);
    if (result == REPLY_NEED_MORE)
        assert(reply.wanted > size);
    if (result != REPLY_READ)
        return 0;
    assert(slow.size == reply.size && slow.items_count == reply.items_count);
    assert(reply.size <= size && check_item(&reply, 0, bytes) == reply.items_count);
    check_answers(&reply);
    return 0;
}
