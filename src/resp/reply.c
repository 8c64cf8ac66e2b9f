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

static enum reply_result reply_item_read(struct reply_walk *walk, uint32_t depth);

static enum reply_result reply_children(struct reply_walk *walk, struct text line, uint32_t depth,
                                        enum reply_kind kind, uint32_t index)
{
    struct reply *reply = walk->reply;
    uint32_t factor = kind == REPLY_MAP ? 2 : 1;
    uint32_t count;

    if (kind == REPLY_ARRAY && text_is(line, "-1"))
        return REPLY_READ; /* null, as the item is */
    if (parse_u32(line, 0, UINT32_MAX / 2, &count, NULL) != LICET_OK)
        return reply_fail(walk, LICET_PROTOCOL, "the size of a list is not a number");
    if (depth == REPLY_DEPTH_MAX)
        return reply_fail(walk, LICET_TOO_LARGE, "lists lie too deep in lists");
    if (count * factor > reply->items_max - reply->items_count)
        return reply_fail(walk, LICET_TOO_LARGE, "it has too many items");
    reply->items[index].kind = kind;
    reply->items[index].count = count * factor;
    for (uint32_t child = 0; child < count * factor; child++) {
        enum reply_result result = reply_item_read(walk, depth + 1);

        if (result != REPLY_READ)
            return result;
    }
    return REPLY_READ;
}

static enum reply_result reply_typed(struct reply_walk *walk, char lead, struct text line,
                                     uint32_t depth, uint32_t index)
{
    struct reply_item *item = &walk->reply->items[index];

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
        return reply_children(walk, line, depth, REPLY_ARRAY, index);
    case '%':
        return reply_children(walk, line, depth, REPLY_MAP, index);
    case '_':
        return line.size == 0 ? REPLY_READ : reply_fail(walk, LICET_PROTOCOL, "null has a value");
    default:
        return reply_fail(walk, LICET_PROTOCOL, "it does not begin like a RESP reply");
    }
}

/* Recursion is bounded by REPLY_DEPTH_MAX. */
static enum reply_result reply_item_read(struct reply_walk *walk, uint32_t depth)
{
    struct reply *reply = walk->reply;
    uint32_t index = reply->items_count;
    enum reply_result result;
    struct text line;
    char lead;

    if (index == reply->items_max)
        return reply_fail(walk, LICET_TOO_LARGE, "it has too many items");
    if (walk->at == walk->bytes.size)
        return reply_need(walk, walk->at + 1);
    lead = walk->bytes.data[walk->at];
    if (memchr("+-:$*%_", lead, 7) == NULL) /* before its line: an HTTP answer has long ones */
        return reply_typed(walk, lead, (struct text){0}, depth, index);
    walk->at++;
    result = reply_line(walk, &line);
    if (result != REPLY_READ)
        return result;
    reply->items[index] = (struct reply_item){.kind = REPLY_NULL};
    reply->items_count++;
    result = reply_typed(walk, lead, line, depth, index);
    reply->items[index].next = reply->items_count;
    if (result == REPLY_READ && walk->at > REPLY_BYTES_MAX)
        return reply_fail(walk, LICET_TOO_LARGE, "it is too long");
    return result;
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
    result = reply_item_read(&walk, 0);
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
