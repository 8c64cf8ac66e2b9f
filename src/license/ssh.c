/* OpenSSH's length-prefixed strings and its armored blocks. */
#include "license/ssh.h"

#include <assert.h>
#include <sodium.h>

#include "base/wire.h"

#define SSH_ED25519 "ssh-ed25519"

struct ssh_reader ssh_reader_over(struct text blob)
{
    return (struct ssh_reader){.rest = blob};
}

/* The next `size` bytes, or NULL once broken. */
static const uint8_t *ssh_take(struct ssh_reader *reader, size_t size)
{
    const char *taken = reader->rest.data;

    if (reader->is_broken || reader->rest.size < size) {
        reader->is_broken = true;
        return NULL;
    }
    reader->rest = text_skip(reader->rest, size);
    return (const uint8_t *)taken;
}

uint32_t ssh_read_u32(struct ssh_reader *reader)
{
    const uint8_t *bytes = ssh_take(reader, 4);

    return bytes == NULL ? 0 : wire_get_u32(bytes);
}

uint64_t ssh_read_u64(struct ssh_reader *reader)
{
    const uint8_t *bytes = ssh_take(reader, 8);

    return bytes == NULL ? 0 : wire_get_u64(bytes);
}

struct text ssh_read_string(struct ssh_reader *reader)
{
    uint32_t size = ssh_read_u32(reader);
    const uint8_t *bytes = ssh_take(reader, size);

    return bytes == NULL ? text_make("", 0) : text_make(bytes, size);
}

void ssh_read_bytes(struct ssh_reader *reader, void *bytes, size_t size)
{
    struct text string = ssh_read_string(reader);

    if (string.size != size)
        reader->is_broken = true;
    else
        memcpy(bytes, string.data, size);
}

void ssh_expect(struct ssh_reader *reader, const char *string)
{
    if (!text_is(ssh_read_string(reader), string))
        reader->is_broken = true;
}

bool ssh_reader_is_done(const struct ssh_reader *reader)
{
    return !reader->is_broken && reader->rest.size == 0;
}

void ssh_add_u32(struct buf *buf, uint32_t value)
{
    uint8_t bytes[4];

    wire_put_u32(bytes, value);
    buf_add(buf, bytes, sizeof(bytes));
}

void ssh_add_u64(struct buf *buf, uint64_t value)
{
    uint8_t bytes[8];

    wire_put_u64(bytes, value);
    buf_add(buf, bytes, sizeof(bytes));
}

void ssh_add_string(struct buf *buf, struct text text)
{
    assert(text.size <= UINT32_MAX);
    ssh_add_u32(buf, (uint32_t)text.size);
    buf_add_text(buf, text);
}

void ssh_add_ed25519(struct buf *buf, const void *bytes, size_t size)
{
    ssh_add_string(buf, TEXT(SSH_ED25519));
    ssh_add_string(buf, text_make(bytes, size));
}

bool ssh_read_ed25519(struct text blob, void *bytes, size_t size)
{
    struct ssh_reader reader = ssh_reader_over(blob);
    struct text string;

    ssh_expect(&reader, SSH_ED25519);
    string = ssh_read_string(&reader);
    if (!ssh_reader_is_done(&reader) || string.size != size)
        return false;
    memcpy(bytes, string.data, size);
    return true;
}

bool base64_decode(struct text text, uint8_t *bytes, size_t capacity, size_t *ret_size)
{
    const char *end = NULL;

    /* Without `end` libsodium refuses what it did not use up; it also refuses spare bits that are
     * not zero, so a text that decodes is the only one for its bytes. */
    return sodium_base642bin(bytes, capacity, text.data, text.size, NULL, ret_size, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == text.data + text.size;
}

void base64_encode(struct text bytes, bool is_padded, struct buf *buf)
{
    int variant =
        is_padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    char encoded[65]; /* 48 bytes are 64 characters; libsodium writes a NUL behind them */

    while (bytes.size > 0) {
        struct text part = text_head(bytes, 48);

        sodium_bin2base64(encoded, sizeof(encoded), (const unsigned char *)part.data, part.size,
                          variant);
        buf_add_string(buf, encoded);
        bytes = text_skip(bytes, part.size);
    }
}

/* Cuts the border line `border` off the front of `rest`. */
static bool armor_border(struct text *rest, const char *border)
{
    struct text line = text_head(*rest, text_find(*rest, '\n'));

    if (!text_is(line, border) || line.size == rest->size)
        return false;
    *rest = text_skip(*rest, line.size + 1);
    return true;
}

/* Four characters give three bytes, and 70 is no multiple of four: bytes are decoded over line
 * ends, which libsodium does when told to ignore newlines. Their places are checked by encoding
 * again. */
static bool armor_decode_lines(struct text lines, uint8_t *bytes, size_t capacity, size_t *ret_size)
{
    const char *end = NULL;

    return sodium_base642bin(bytes, capacity, lines.data, lines.size, "\n", ret_size, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           end == lines.data + lines.size;
}

/* 210 bytes are 280 characters, which fill four lines: armor is written and compared by that step.
 */
#define ARMOR_STEP 210
#define ARMOR_STEP_TEXT (4 * (ARMOR_COLUMNS + 1))

/* Takes the next step off `bytes` and writes its lines. */
static void armor_step(struct text *bytes, struct buf *lines)
{
    char flat_bytes[4 * ARMOR_COLUMNS];
    struct buf flat = buf_over(flat_bytes, sizeof(flat_bytes));
    struct text part = text_head(*bytes, ARMOR_STEP);

    base64_encode(part, true, &flat);
    for (struct text rest = buf_text(&flat); rest.size > 0; rest = text_skip(rest, ARMOR_COLUMNS)) {
        buf_add_text(lines, text_head(rest, ARMOR_COLUMNS));
        buf_add_byte(lines, '\n');
    }
    *bytes = text_skip(*bytes, part.size);
}

/* Whether `lines` is the base64 of `bytes` in lines of 70. */
static bool armor_is_canonical(struct text lines, struct text bytes)
{
    while (bytes.size > 0) {
        char wanted_bytes[ARMOR_STEP_TEXT];
        struct buf wanted = buf_over(wanted_bytes, sizeof(wanted_bytes));

        armor_step(&bytes, &wanted);
        if (!text_equal(text_head(lines, wanted.size), buf_text(&wanted)))
            return false;
        lines = text_skip(lines, wanted.size);
    }
    return lines.size == 0;
}

enum status armor_decode(struct text armor, const char *begin, const char *end, const char *what,
                         uint8_t *bytes, size_t capacity, size_t *ret_size, struct error *error)
{
    struct text rest = armor, lines;
    size_t size;

    if (!armor_border(&rest, begin))
        return error_set(error, LICET_INVALID, "the %s does not begin with the line %s", what,
                         begin);
    lines = text_head(rest, text_find(rest, '-'));
    rest = text_skip(rest, lines.size);
    if (!armor_border(&rest, end))
        return error_set(error, LICET_INVALID,
                         "the %s does not end with the line %s: it was cut or changed on its way",
                         what, end);
    if (rest.size > 0)
        return error_set(error, LICET_INVALID, "text was added after the %s", what);
    if (!armor_decode_lines(lines, bytes, capacity, &size))
        return error_set(error, LICET_INVALID,
                         "the %s is not base64 of at most %zu bytes: a character was lost or "
                         "changed on its way",
                         what, capacity);
    if (!armor_is_canonical(lines, text_make(bytes, size)))
        return error_set(error, LICET_INVALID,
                         "the %s is not in lines of %d characters: it was wrapped again on its way",
                         what, ARMOR_COLUMNS);
    *ret_size = size;
    return LICET_OK;
}

void armor_encode(struct text bytes, const char *begin, const char *end, struct buf *buf)
{
    buf_add_string(buf, begin);
    buf_add_byte(buf, '\n');
    while (bytes.size > 0)
        armor_step(&bytes, buf);
    buf_add_string(buf, end);
    buf_add_byte(buf, '\n');
}
