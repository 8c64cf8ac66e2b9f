/* Reading texts and building them in fixed buffers. */
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>

#include "base/limits.h"

struct text text_of(const char *string)
{
    return string == NULL ? (struct text){"", 0} : (struct text){string, strlen(string)};
}

struct text text_make(const void *data, size_t size)
{
    return (struct text){data, size};
}

bool text_equal(struct text left, struct text right)
{
    return left.size == right.size &&
           (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

static char text_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool text_equal_nocase(struct text left, struct text right)
{
    if (left.size != right.size)
        return false;
    for (size_t index = 0; index < left.size; index++) {
        if (text_lower(left.data[index]) != text_lower(right.data[index]))
            return false;
    }
    return true;
}

bool text_is(struct text text, const char *string)
{
    return text_equal(text, text_of(string));
}

bool text_is_nocase(struct text text, const char *string)
{
    return text_equal_nocase(text, text_of(string));
}

bool text_starts_with(struct text text, const char *prefix)
{
    struct text wanted = text_of(prefix);

    return text.size >= wanted.size && text_equal(text_head(text, wanted.size), wanted);
}

size_t text_find(struct text text, char byte)
{
    const char *found = text.size == 0 ? NULL : memchr(text.data, byte, text.size);

    return found == NULL ? text.size : (size_t)(found - text.data);
}

struct text text_skip(struct text text, size_t count)
{
    if (count > text.size)
        count = text.size;
    if (count == 0)
        return text; /* an empty text may have no data, to which nothing can be added */
    return (struct text){text.data + count, text.size - count};
}

struct text text_head(struct text text, size_t count)
{
    return (struct text){text.data, count < text.size ? count : text.size};
}

bool text_split(struct text *rest, char separator, struct text *ret_part)
{
    size_t end;

    if (rest->data == NULL)
        return false;
    end = text_find(*rest, separator);
    *ret_part = text_head(*rest, end);
    *rest = end == rest->size ? (struct text){NULL, 0} : text_skip(*rest, end + 1);
    return true;
}

static bool text_is_letter(char byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

bool text_is_identifier(struct text text)
{
    if (text.size == 0 || text.size > NAME_MAX_BYTES || !text_is_letter(text.data[0]))
        return false;
    for (size_t index = 1; index < text.size; index++) {
        char byte = text.data[index];

        if (!text_is_letter(byte) && !(byte >= '0' && byte <= '9') && byte != '_')
            return false;
    }
    return true;
}

/* The size of the UTF-8 sequence at the front of `text` with its code point, or 0 where it is not
 * valid. */
static size_t text_code_point(struct text text, uint32_t *ret_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text.data;
    size_t size = bytes[0] < 0x80    ? 1
                  : bytes[0] >= 0xf0 ? 4
                  : bytes[0] >= 0xe0 ? 3
                  : bytes[0] >= 0xc0 ? 2
                                     : 0;
    uint32_t point;

    if (size == 0 || size > text.size || bytes[0] > 0xf4)
        return 0;
    point = size == 1 ? bytes[0] : bytes[0] & (0x7fu >> size);
    for (size_t index = 1; index < size; index++) {
        if ((bytes[index] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[index] & 0x3f);
    }
    if (point < smallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    *ret_point = point;
    return size;
}

bool text_is_utf8(struct text text)
{
    while (text.size > 0) {
        uint32_t point;
        size_t size = text_code_point(text, &point);

        if (size == 0)
            return false;
        text = text_skip(text, size);
    }
    return true;
}

/* Blanks and invisible characters by which one name could be shown as another. */
static bool text_is_blank_point(uint32_t point)
{
    return point <= 0x20 || (point >= 0x7f && point <= 0xa0) || point == 0xad || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200f) || (point >= 0x2028 && point <= 0x202f) ||
           (point >= 0x205f && point <= 0x206f) || point == 0x3000 || point == 0xfeff ||
           (point >= 0xfff0 && point <= 0xfffb);
}

bool text_is_name(struct text text)
{
    if (text.size == 0 || text.size > NAME_MAX_BYTES)
        return false;
    while (text.size > 0) {
        uint32_t point;
        size_t size = text_code_point(text, &point);

        if (size == 0 || text_is_blank_point(point))
            return false;
        text = text_skip(text, size);
    }
    return true;
}

void text_make_printable(char *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        uint32_t point = 0;
        size_t length = text_code_point((struct text){bytes + at, size - at}, &point);
        bool is_control = point < 0x20 || (point >= 0x7f && point < 0xa0);

        if (length == 0 || is_control)
            bytes[at] = '?';
        if (length == 2 && is_control) /* C1: one `?` a byte */
            bytes[at + 1] = '?';
        at += length == 0 ? 1 : length;
    }
}

struct buf buf_over(void *data, size_t capacity)
{
    return (struct buf){.data = data, .capacity = capacity};
}

void buf_add(struct buf *buf, const void *data, size_t size)
{
    if (buf->is_full || size > buf->capacity - buf->size) {
        buf->is_full = true;
        return;
    }
    if (size > 0)
        memcpy(buf->data + buf->size, data, size);
    buf->size += size;
}

void buf_add_text(struct buf *buf, struct text text)
{
    buf_add(buf, text.data, text.size);
}

void buf_add_string(struct buf *buf, const char *string)
{
    buf_add(buf, string, strlen(string));
}

void buf_add_byte(struct buf *buf, char byte)
{
    buf_add(buf, &byte, 1);
}

void buf_add_u64(struct buf *buf, uint64_t value)
{
    char digits[20]; /* 2^64 has 20 */
    size_t start = sizeof(digits);

    do {
        digits[--start] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(buf, digits + start, sizeof(digits) - start);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    size_t room = buf->capacity - buf->size;
    va_list arguments;
    int size;

    if (buf->is_full)
        return;
    va_start(arguments, format);
    size = vsnprintf(buf->data + buf->size, room, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= room) /* vsnprintf needs one byte more than it leaves */
        buf->is_full = true;
    else
        buf->size += (size_t)size;
}

struct text buf_text(const struct buf *buf)
{
    return (struct text){buf->data, buf->size};
}
