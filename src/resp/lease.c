/* Replies about one lease, both ways. */
#include "resp/lease.h"

#include <assert.h>

static void lease_write_number(uint64_t value, struct buf *buf)
{
    assert(value <= INT64_MAX);
    resp_write_integer(buf, (int64_t)value);
}

static void lease_write_optional(struct text text, enum resp_protocol protocol, struct buf *buf)
{
    if (text.size == 0)
        resp_write_null(buf, protocol);
    else
        resp_write_bulk(buf, text);
}

void granted_reply_write(const struct granted_reply *granted, enum resp_protocol protocol,
                         struct buf *buf)
{
    resp_write_array(buf, 6);
    resp_write_simple(buf, "GRANTED");
    lease_write_number(granted->handle, buf);
    resp_write_integer(buf, granted->ttl_ms);
    resp_write_integer(buf, granted->generation);
    resp_write_integer(buf, granted->flags);
    lease_write_optional(granted->proof, protocol, buf);
}

void ended_reply_write(uint64_t handle, struct buf *buf)
{
    resp_write_array(buf, 2);
    resp_write_simple(buf, "ENDED");
    lease_write_number(handle, buf);
}

void why_reply_write(const struct why_reply *why, enum resp_protocol protocol, struct buf *buf)
{
    resp_write_array(buf, 8);
    resp_write_simple(buf, why->status == LICET_OK ? "GRANT" : "REFUSE");
    resp_write_simple(buf, status_word(why->status));
    resp_write_bulk(buf, why->sentence);
    lease_write_number(why->seats, buf);
    lease_write_number(why->in_use, buf);
    lease_write_number(why->overhang, buf);
    if (why->next_free_s < 0)
        resp_write_null(buf, protocol);
    else
        resp_write_integer(buf, why->next_free_s);
    lease_write_optional(why->rule, protocol, buf);
}

/* The items of the reply in turn; what is not there, or of another kind, leaves a mark. */
struct lease_items {
    const struct reply *reply;
    uint32_t index;
    bool is_wrong;
};

static const struct reply_item *lease_next(struct lease_items *items)
{
    static const struct reply_item none = {.kind = REPLY_NULL};
    const struct reply_item *item =
        reply_child(items->reply, &items->reply->items[0], items->index++);

    if (item == NULL)
        items->is_wrong = true;
    return item == NULL ? &none : item;
}

static uint64_t lease_next_number(struct lease_items *items, uint64_t max)
{
    const struct reply_item *item = lease_next(items);

    if (item->kind != REPLY_INTEGER || item->integer < 0 || (uint64_t)item->integer > max)
        items->is_wrong = true;
    return (uint64_t)item->integer;
}

/* -1 for null. */
static int64_t lease_next_seconds(struct lease_items *items)
{
    const struct reply_item *item =
        reply_child(items->reply, &items->reply->items[0], items->index);

    if (item != NULL && item->kind == REPLY_NULL) {
        items->index++;
        return -1;
    }
    return (int64_t)lease_next_number(items, INT64_MAX);
}

static struct text lease_next_text(struct lease_items *items, bool may_be_null)
{
    const struct reply_item *item = lease_next(items);

    if (item->kind == REPLY_BULK || item->kind == REPLY_SIMPLE)
        return item->text;
    if (!may_be_null || item->kind != REPLY_NULL)
        items->is_wrong = true;
    return TEXT("");
}

static enum status lease_begin(const struct reply *reply, struct lease_items *ret_items,
                               struct error *error)
{
    const struct reply_item *first = &reply->items[0];

    *ret_items = (struct lease_items){.reply = reply};
    if (first->kind == REPLY_ERROR) {
        struct text sentence;
        enum status status = reply_error_status(first, &sentence);

        return error_set(error, status, "%.*s", TEXT_ARGS(text_head(sentence, ERROR_TEXT_MAX - 1)));
    }
    ret_items->is_wrong = first->kind != REPLY_ARRAY;
    return LICET_OK;
}

static enum status lease_wrong(struct error *error)
{
    return error_set(error, LICET_PROTOCOL, "the answer of the server is not one to this question");
}

enum status granted_reply_read(const struct reply *reply, struct granted_reply *ret_granted,
                               struct error *error)
{
    struct granted_reply granted;
    struct lease_items items;
    enum status status = lease_begin(reply, &items, error);

    if (status != LICET_OK)
        return status;
    if (items.is_wrong || !text_is(lease_next_text(&items, false), "GRANTED"))
        return lease_wrong(error);
    granted.handle = lease_next_number(&items, INT64_MAX);
    granted.ttl_ms = (uint32_t)lease_next_number(&items, UINT32_MAX);
    granted.generation = (uint32_t)lease_next_number(&items, UINT32_MAX);
    granted.flags = (uint32_t)lease_next_number(&items, UINT32_MAX);
    granted.proof = lease_next_text(&items, true);
    if (items.is_wrong)
        return lease_wrong(error);
    *ret_granted = granted;
    return LICET_OK;
}

enum status ended_reply_read(const struct reply *reply, uint64_t *ret_handle, struct error *error)
{
    struct lease_items items;
    uint64_t handle;
    enum status status = lease_begin(reply, &items, error);

    if (status != LICET_OK)
        return status;
    if (items.is_wrong || !text_is(lease_next_text(&items, false), "ENDED"))
        return lease_wrong(error);
    handle = lease_next_number(&items, INT64_MAX);
    if (items.is_wrong)
        return lease_wrong(error);
    *ret_handle = handle;
    return LICET_OK;
}

/* The code as reply_error_status() reads it, but OK is one. */
static enum status why_status(struct text word)
{
    struct reply_item item = {.kind = REPLY_ERROR, .text = word};
    struct text sentence;

    return text_is(word, status_word(LICET_OK)) ? LICET_OK : reply_error_status(&item, &sentence);
}

enum status why_reply_read(const struct reply *reply, struct why_reply *ret_why,
                           struct error *error)
{
    struct why_reply why;
    struct lease_items items;
    struct text verdict;
    enum status status = lease_begin(reply, &items, error);

    if (status != LICET_OK)
        return status;
    if (items.is_wrong)
        return lease_wrong(error);
    verdict = lease_next_text(&items, false);
    why.status = why_status(lease_next_text(&items, false));
    why.sentence = lease_next_text(&items, false);
    why.seats = lease_next_number(&items, INT64_MAX);
    why.in_use = lease_next_number(&items, INT64_MAX);
    why.overhang = lease_next_number(&items, INT64_MAX);
    why.next_free_s = lease_next_seconds(&items);
    why.rule = lease_next_text(&items, true);
    if (items.is_wrong || !text_is(verdict, why.status == LICET_OK ? "GRANT" : "REFUSE"))
        return lease_wrong(error);
    *ret_why = why;
    return LICET_OK;
}
