/*
 * The client's reader. It walks the whole reply again when more has come: a reply has few items,
 * and texts are skipped by their size, so that a license file that comes in a hundred pieces costs
 * a hundred short walks.
 */
#include "resp/reply.h"

#include <assert.h>

#include "base/parse.h"

struct reply_walk {
    struct reply *reply;
    struct text bytes;
    size_t at;
    struct {
        uint32_t index; /* of the list */
        uint32_t left;  /* items that it still waits for */
    } open[REPLY_DEPTH_MAX];
    uint32_t depth; /* lists that are open */
    struct error *error;
};

static enum reply_result reply_fail(struct reply_walk *walk, enum status status, const char *what)
{
    error_set(walk->error, status, "the answer of the server is not understood: %s", what);
    return REPLY_BROKEN;
}

static enum reply_result reply_need(struct reply_walk *walk, size_t size)
{
    walk->reply->wanted = size;
    return REPLY_NEED_MORE;
}

/* The bytes up to CR LF. */
static enum reply_result reply_line(struct reply_walk *walk, struct text *ret_line)
{
    struct text rest = text_head(text_skip(walk->bytes, walk->at), REPLY_LINE_BYTES_MAX + 2);
    size_t end = text_find(rest, '\r');

    if (end > REPLY_LINE_BYTES_MAX)
        return reply_fail(walk, LICET_TOO_LARGE, "a line is too long");
    if (text_find(text_head(rest, end), '\n') < end)
        return reply_fail(walk, LICET_PROTOCOL, "LF without CR");
    if (end + 2 > rest.size)
        return reply_need(walk, walk->bytes.size + 1);
    if (rest.data[end + 1] != '\n')
        return reply_fail(walk, LICET_PROTOCOL, "CR without LF");
    *ret_line = text_head(rest, end);
    walk->at += end + 2;
    return REPLY_READ;
}

static enum reply_result reply_integer(struct reply_walk *walk, struct text line,
                                       struct reply_item *item)
{
    bool is_negative = text_starts_with(line, "-");
    uint64_t value;

    if (parse_u64(text_skip(line, is_negative ? 1 : 0), is_negative ? 1 : 0,
                  (uint64_t)INT64_MAX + (is_negative ? 1 : 0), &value, NULL) != LICET_OK)
        return reply_fail(walk, LICET_PROTOCOL, "an integer is not a number");
    item->kind = REPLY_INTEGER;
    item->integer = (int64_t)(is_negative ? -value : value);
    return REPLY_READ;
}

static enum reply_result reply_bulk(struct reply_walk *walk, struct text line,
                                    struct reply_item *item)
{
    uint64_t size;

    if (text_is(line, "-1"))
        return REPLY_READ; /* null, as the item is */
    if (parse_u64(line, 0, UINT64_MAX, &size, NULL) != LICET_OK)
        return reply_fail(walk, LICET_PROTOCOL, "a size is not a number");
    if (size > REPLY_BYTES_MAX)
        return reply_fail(walk, LICET_TOO_LARGE, "a text is too long");
    if (walk->bytes.size - walk->at < size + 2)
        return reply_need(walk, walk->at + size + 2);
    if (memcmp(walk->bytes.data + walk->at + size, "\r\n", 2) != 0)
        return reply_fail(walk, LICET_PROTOCOL, "a text is longer than its size");
    item->kind = REPLY_BULK;
    item->text = text_make(walk->bytes.data + walk->at, size);
    walk->at += size + 2;
    return REPLY_READ;
}

static enum reply_result reply_list(struct reply_walk *walk, struct text line, enum reply_kind kind,
                                    struct reply_item *item)
{
    struct reply *reply = walk->reply;
    uint32_t factor = kind == REPLY_MAP ? 2 : 1;
    uint32_t count;

    if (kind == REPLY_ARRAY && text_is(line, "-1"))
        return REPLY_READ; /* null, as the item is */
    if (parse_u32(line, 0, UINT32_MAX / 2, &count, NULL) != LICET_OK)
        return reply_fail(walk, LICET_PROTOCOL, "the size of a list is not a number");
    if (walk->depth == REPLY_DEPTH_MAX)
        return reply_fail(walk, LICET_TOO_LARGE, "lists lie too deep in lists");
    if (count * factor > reply->items_max - reply->items_count)
        return reply_fail(walk, LICET_TOO_LARGE, "it has too many items");
    item->kind = kind;
    item->count = count * factor;
    if (count > 0) {
        walk->open[walk->depth].index = (uint32_t)(item - reply->items);
        walk->open[walk->depth].left = item->count;
        walk->depth++;
    }
    return REPLY_READ;
}

static enum reply_result reply_typed(struct reply_walk *walk, char lead, struct text line,
                                     struct reply_item *item)
{
    switch (lead) {
    case '+':
    case '-':
        item->kind = lead == '+' ? REPLY_SIMPLE : REPLY_ERROR;
        item->text = line;
        return REPLY_READ;
    case ':':
        return reply_integer(walk, line, item);
    case '$':
        return reply_bulk(walk, line, item);
    case '*':
        return reply_list(walk, line, REPLY_ARRAY, item);
    case '%':
        return reply_list(walk, line, REPLY_MAP, item);
    case '_':
    default:
        return line.size == 0 ? REPLY_READ : reply_fail(walk, LICET_PROTOCOL, "null has a value");
    }
}

/* One item; of a list only its header. */
static enum reply_result reply_item(struct reply_walk *walk)
{
    struct reply *reply = walk->reply;
    struct reply_item *item = &reply->items[reply->items_count];
    enum reply_result result;
    struct text line;
    char lead;

    if (reply->items_count == reply->items_max)
        return reply_fail(walk, LICET_TOO_LARGE, "it has too many items");
    if (walk->at == walk->bytes.size)
        return reply_need(walk, walk->at + 1);
    lead = walk->bytes.data[walk->at];
    if (text_find(TEXT("+-:$*%_"), lead) == 7) /* an HTTP answer is told by its first byte */
        return reply_fail(walk, LICET_PROTOCOL, "it does not begin like a RESP reply");
    walk->at++;
    result = reply_line(walk, &line);
    if (result != REPLY_READ)
        return result;
    *item = (struct reply_item){.kind = REPLY_NULL, .next = ++reply->items_count};
    return reply_typed(walk, lead, line, item);
}

/* An item is complete, and with it perhaps the lists that it ends. */
static void reply_complete(struct reply_walk *walk)
{
    while (walk->depth > 0 && --walk->open[walk->depth - 1].left == 0) {
        walk->depth--;
        walk->reply->items[walk->open[walk->depth].index].next = walk->reply->items_count;
    }
}

static enum reply_result reply_items(struct reply_walk *walk)
{
    do {
        uint32_t depth = walk->depth;
        enum reply_result result = reply_item(walk);

        if (result != REPLY_READ)
            return result;
        if (walk->at > REPLY_BYTES_MAX)
            return reply_fail(walk, LICET_TOO_LARGE, "it is too long");
        if (walk->depth == depth)
            reply_complete(walk);
    } while (walk->depth > 0);
    return REPLY_READ;
}

struct reply reply_over(struct reply_item *items, uint32_t items_max)
{
    assert(items_max > 0);
    return (struct reply){.items = items, .items_max = items_max};
}

enum reply_result reply_read(struct reply *reply, struct text bytes, struct error *error)
{
    struct reply_walk walk = {.reply = reply, .bytes = bytes, .error = error};
    enum reply_result result;

    if (bytes.size < reply->wanted)
        return REPLY_NEED_MORE;
    reply->items_count = 0;
    result = reply_items(&walk);
    if (result == REPLY_NEED_MORE && reply->wanted > REPLY_BYTES_MAX)
        return reply_fail(&walk, LICET_TOO_LARGE, "it is too long");
    if (result == REPLY_READ) {
        reply->size = walk.at;
        reply->wanted = 0;
    }
    return result;
}

const struct reply_item *reply_child(const struct reply *reply, const struct reply_item *parent,
                                     uint32_t index)
{
    const struct reply_item *item = parent + 1;

    if (index >= parent->count)
        return NULL;
    for (uint32_t passed = 0; passed < index; passed++)
        item = &reply->items[item->next];
    return item;
}

enum status reply_error_status(const struct reply_item *item, struct text *ret_sentence)
{
    static const enum status all[] = {
#define STATUS(number, name, word, http, code, text) LICET_##name,
#include "base/status.def"
#undef STATUS
    };
    size_t end = text_find(item->text, ' ');
    struct text word = text_head(item->text, end);

    *ret_sentence = text_skip(item->text, end + 1);
    for (size_t index = 0; index < sizeof(all) / sizeof(all[0]); index++) {
        if (all[index] != LICET_OK && text_is(word, status_word(all[index])))
            return all[index];
    }
    return LICET_SYSTEM;
}
