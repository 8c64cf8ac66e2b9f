/* The client's reader: replies of a server, and of what only looks like one. */
#include "resp/reply.h"

#include "tap.h"

#define ITEMS_MAX 16

static struct reply_item items[ITEMS_MAX];
static struct reply reply;
static struct error error;

static enum reply_result read_whole(struct text bytes)
{
    char *copy = malloc(bytes.size + 1); /* of its exact size for the sanitizer */
    enum reply_result result;

    if (copy == NULL)
        abort();
    memcpy(copy + 1, bytes.data, bytes.size);
    reply = reply_over(items, ITEMS_MAX);
    result = reply_read(&reply, text_make(copy + 1, bytes.size), &error);
    for (uint32_t index = 0; result == REPLY_READ && index < reply.items_count; index++) {
        if (items[index].text.data != NULL)
            items[index].text.data = bytes.data + (items[index].text.data - copy - 1);
    }
    free(copy);
    return result;
}

static enum reply_result read_slowly(struct text bytes)
{
    enum reply_result result = REPLY_NEED_MORE;

    reply = reply_over(items, ITEMS_MAX);
    for (size_t size = 0; size <= bytes.size && result == REPLY_NEED_MORE; size++)
        result = reply_read(&reply, text_head(bytes, size), &error);
    return result;
}

static bool reads(struct text bytes, enum reply_result expected)
{
    return read_slowly(bytes) == expected && read_whole(bytes) == expected;
}

static bool refuses(const char *bytes)
{
    return reads(text_of(bytes), REPLY_BROKEN) && error.text[0] != '\0';
}

static void test_kinds(void)
{
    ok(reads(TEXT("+PONG\r\n"), REPLY_READ) && items[0].kind == REPLY_SIMPLE &&
           text_is(items[0].text, "PONG") && reply.size == 7,
       "a simple string");
    ok(reads(TEXT(":-9223372036854775808\r\n"), REPLY_READ) && items[0].integer == INT64_MIN &&
           reads(TEXT(":9223372036854775807\r\n"), REPLY_READ) && items[0].integer == INT64_MAX &&
           reads(TEXT(":0\r\n"), REPLY_READ) && items[0].integer == 0,
       "integers over the whole range");
    ok(reads(TEXT("$4\r\na\r\nb\r\n"), REPLY_READ) && items[0].kind == REPLY_BULK &&
           text_is(items[0].text, "a\r\nb"),
       "a text of any bytes");
    ok(reads(TEXT("$-1\r\n"), REPLY_READ) && items[0].kind == REPLY_NULL &&
           reads(TEXT("*-1\r\n"), REPLY_READ) && items[0].kind == REPLY_NULL &&
           reads(TEXT("_\r\n"), REPLY_READ) && items[0].kind == REPLY_NULL,
       "the three nulls");
    ok(reads(TEXT("*0\r\n"), REPLY_READ) && items[0].kind == REPLY_ARRAY && items[0].count == 0 &&
           reply_child(&reply, &items[0], 0) == NULL,
       "an empty array has no child");
    ok(reads(TEXT("%1\r\n+a\r\n:1\r\n"), REPLY_READ) && items[0].kind == REPLY_MAP &&
           items[0].count == 2 && reply_child(&reply, &items[0], 1)->integer == 1,
       "a map is keys and values in turn");
    ok(reads(TEXT(":1\r\n:2\r\n"), REPLY_READ) && reply.size == 4, "only one reply is taken");
}

static void test_tree(void)
{
    struct text bytes = TEXT("*4\r\n$7\r\nGRANTED\r\n*2\r\n:1\r\n*1\r\n:2\r\n$-1\r\n:3\r\n");
    const struct reply_item *child;

    ok(reads(bytes, REPLY_READ) && reply.items_count == 8 && reply.size == bytes.size,
       "arrays in arrays");
    child = reply_child(&reply, &items[0], 1);
    ok(child->kind == REPLY_ARRAY && child->count == 2 &&
           reply_child(&reply, reply_child(&reply, child, 1), 0)->integer == 2,
       "children of children");
    ok(reply_child(&reply, &items[0], 2)->kind == REPLY_NULL &&
           reply_child(&reply, &items[0], 3)->integer == 3 &&
           reply_child(&reply, &items[0], 4) == NULL,
       "children after them, and none after the last");
}

static void test_errors(void)
{
    struct text sentence;

    ok(reads(TEXT("-NOSEAT 2 seats, all in use\r\n"), REPLY_READ) && items[0].kind == REPLY_ERROR &&
           reply_error_status(&items[0], &sentence) == LICET_NO_SEAT &&
           text_is(sentence, "2 seats, all in use"),
       "an error gives its status and sentence");
    ok(reads(TEXT("-ERR unknown command\r\n"), REPLY_READ) &&
           reply_error_status(&items[0], &sentence) == LICET_SYSTEM &&
           text_is(sentence, "unknown command"),
       "a word of somebody else is LICET_SYSTEM");
    ok(reads(TEXT("-OK\r\n"), REPLY_READ) &&
           reply_error_status(&items[0], &sentence) == LICET_SYSTEM && sentence.size == 0,
       "no error is ever LICET_OK");
}

static void test_refused(void)
{
    static const char *const rows[] = {
        "HTTP/1.1 200 OK\r\n\r\n",
        "\r\n",
        "x",
        ":\r\n",
        ":1a\r\n",
        ":-\r\n",
        ":-0\r\n",
        ":01\r\n",
        ":9223372036854775808\r\n",
        ":-9223372036854775809\r\n",
        ":1\n",
        ":1\rx",
        "$\r\n",
        "$-2\r\n",
        "$01\r\n",
        "$2147483648\r\n",
        "$9223372036854775808\r\n",
        "$18446744073709551615\r\n",
        "$18446744073709551616\r\n",
        "$2097141\r\n",
        "$1\r\nab\r\n",
        "$1\r\na\n\n",
        "*-2\r\n",
        "*16\r\n",
        "*2147483647\r\n",
        "*2147483648\r\n",
        "*4294967296\r\n",
        "*9223372036854775808\r\n",
        "%8\r\n",
        "%2147483648\r\n",
        "%-1\r\n",
        "_x\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        "*1\r\n?\r\n",
        "#t\r\n",
        "(1\r\n",
        "*2\r\n*15\r\n",
    };

    for (size_t index = 0; index < sizeof(rows) / sizeof(rows[0]); index++)
        ok(refuses(rows[index]), "what is no reply is refused (%zu)", index + 1);
    ok(reads(TEXT("*15\r\n"), REPLY_NEED_MORE) && reads(TEXT("$2097140\r\n"), REPLY_NEED_MORE) &&
           reads(TEXT("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"), REPLY_READ),
       "the largest that fits the limits is not");
}

static void test_large(void)
{
    static char place[3 * 1024 * 1024];
    struct buf buf = buf_over(place, sizeof(place));

    buf_add_byte(&buf, '-');
    while (buf.size < REPLY_LINE_BYTES_MAX + 1)
        buf_add_byte(&buf, 'x');
    buf_add_string(&buf, "\r\n");
    ok(reads(buf_text(&buf), REPLY_READ) && items[0].text.size == REPLY_LINE_BYTES_MAX,
       "a line of the largest size");
    buf.size -= 2;
    buf_add_string(&buf, "x\r\n");
    ok(reads(buf_text(&buf), REPLY_BROKEN), "one byte more is refused");
    buf.size = 0;
    memset(place, 'x', sizeof(place));
    buf_add_string(&buf, "*2\r\n$1200000\r\n");
    buf.size += 1200000;
    buf_add_string(&buf, "\r\n$1200000\r\n");
    reply = reply_over(items, ITEMS_MAX);
    ok(reply_read(&reply, text_head(buf_text(&buf), 100), &error) == REPLY_NEED_MORE &&
           reply.wanted == 4 + 10 + 1200002,
       "a reply that is not complete says how much it wants");
    ok(reply_read(&reply, buf_text(&buf), &error) == REPLY_BROKEN &&
           error.status == LICET_TOO_LARGE,
       "texts that are too long together are refused before they are there");
}

int main(void)
{
    test_kinds();
    test_tree();
    test_errors();
    test_refused();
    test_large();
    return tap_done();
}
