/*
 * text_is_utf8 and text_is_name beside a second decoder, written from the table of well-formed byte
 * sequences in the Unicode standard (3-7) and sharing no idea with the first; then the list of
 * naughty strings.
 */
#include <jansson.h>

#include "base/limits.h"
#include "base/text.h"
#include "tap.h"

struct form {
    unsigned char low[4], high[4];
    size_t size;
};

/* Table 3-7, row by row. */
static const struct form forms[] = {
    {{0x00}, {0x7f}, 1},
    {{0xc2, 0x80}, {0xdf, 0xbf}, 2},
    {{0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}, 3},
    {{0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}, 3},
    {{0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}, 3},
    {{0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}, 3},
    {{0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}, 4},
    {{0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}, 4},
    {{0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}, 4},
};
#define FORM_COUNT (sizeof(forms) / sizeof(forms[0]))

/* Both sides of every border in the table. */
static const unsigned char edges[] = {0x00, 0x1f, 0x20, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                      0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
                                      0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
#define EDGE_COUNT sizeof(edges)

static bool form_fits(const struct form *form, const unsigned char *bytes, size_t size)
{
    if (size < form->size)
        return false;
    for (size_t index = 0; index < form->size; index++) {
        if (bytes[index] < form->low[index] || bytes[index] > form->high[index])
            return false;
    }
    return true;
}

static bool second_is_utf8(const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        size_t row = 0;

        while (row < FORM_COUNT && !form_fits(&forms[row], bytes, size))
            row++;
        if (row == FORM_COUNT)
            return false;
        bytes += forms[row].size;
        size -= forms[row].size;
    }
    return true;
}

static bool both_agree(const unsigned char *bytes, size_t size)
{
    struct text text = text_make(bytes, size);
    bool is_utf8 = text_is_utf8(text);

    return is_utf8 == second_is_utf8(bytes, size) && (is_utf8 || !text_is_name(text));
}

/* Every text of up to `size` bytes at the borders. */
static bool agree_on_edges(size_t size)
{
    unsigned char bytes[4];
    size_t total = 1;

    for (size_t index = 0; index < size; index++)
        total *= EDGE_COUNT;
    for (size_t number = 0; number < total; number++) {
        size_t rest = number;

        for (size_t index = 0; index < size; index++, rest /= EDGE_COUNT)
            bytes[index] = edges[rest % EDGE_COUNT];
        if (!both_agree(bytes, size)) {
            printf("# differs at %02x %02x %02x %02x, %zu bytes\n", bytes[0], bytes[1], bytes[2],
                   bytes[3], size);
            return false;
        }
    }
    return true;
}

static bool agree_on_two_bytes(void)
{
    for (unsigned number = 0; number < 0x10000; number++) {
        unsigned char bytes[2] = {(unsigned char)(number >> 8), (unsigned char)number};

        if (!both_agree(bytes, 2))
            return false;
    }
    return true;
}

static bool has_blank_or_control(const char *string, size_t size)
{
    for (size_t index = 0; index < size; index++) {
        unsigned char byte = (unsigned char)string[index];

        if (byte <= ' ' || byte == 0x7f)
            return true;
    }
    return false;
}

/* A naughty string whole, and cut after every byte. */
static bool survives(const char *string, size_t size)
{
    for (size_t cut = 0; cut <= size; cut++) {
        if (!both_agree((const unsigned char *)string, cut))
            return false;
        if (text_is_name(text_make(string, cut)) &&
            (cut == 0 || cut > NAME_MAX_BYTES || has_blank_or_control(string, cut)))
            return false;
    }
    return text_is_utf8(text_make(string, size));
}

static void naughty_strings(const char *path)
{
    json_t *list = json_load_file(path, JSON_ALLOW_NUL, NULL);
    size_t failures = 0;

    ok(json_array_size(list) > 500, "the list of naughty strings is read");
    for (size_t index = 0; index < json_array_size(list); index++) {
        const json_t *item = json_array_get(list, index);

        if (!survives(json_string_value(item), json_string_length(item))) {
            printf("# string %zu\n", index);
            failures++;
        }
    }
    ok(failures == 0, "R1.1 each, whole or cut, is judged like by the second decoder");
    json_decref(list);
}

int main(int argc, char **argv)
{
    ok(agree_on_two_bytes(), "two decoders agree on every pair of bytes");
    ok(agree_on_edges(1) && agree_on_edges(3), "and on three bytes at the borders");
    ok(agree_on_edges(4), "and on four");
    ok(argc == 2, "the list of naughty strings is named");
    naughty_strings(argv[argc - 1]);
    return tap_done();
}
