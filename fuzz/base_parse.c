/*
 * Numbers, dates and names out of hostile text. Beyond "no crash": what is accepted must print back
 * to the same bytes, since a value with two spellings has two signatures.
 */
#include <assert.h>

#include "base/parse.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_number(struct text input)
{
    char place[32];
    struct buf buf = buf_over(place, sizeof(place));
    uint64_t value;
    uint32_t small;

    if (parse_u64(input, 0, UINT64_MAX, &value, NULL) == LICET_OK) {
        buf_add_u64(&buf, value);
        assert(text_equal(buf_text(&buf), input));
    }
    if (parse_u32(input, 5, 77, &small, NULL) == LICET_OK)
        assert(small >= 5 && small <= 77);
}

static void fuzz_time(struct text input)
{
    char place[32];
    struct buf buf = buf_over(place, sizeof(place));
    struct date date;
    struct unix_time time;

    if (date_parse(input, &date, NULL) == LICET_OK) {
        date_print(date, &buf);
        assert(text_equal(buf_text(&buf), input));
    }
    if (unix_time_parse(input, &time, NULL) == LICET_OK) {
        unix_time_print(time, &buf);
        assert(text_equal(buf_text(&buf), input));
    }
}

static void fuzz_hex(struct text input)
{
    uint8_t bytes[20];
    char place[2 * sizeof(bytes)];
    struct buf buf = buf_over(place, sizeof(place));

    if (input.size <= 2 * sizeof(bytes) &&
        parse_hex(input, bytes, input.size / 2, NULL) == LICET_OK) {
        print_hex(bytes, input.size / 2, &buf);
        assert(text_equal_nocase(buf_text(&buf), input));
    }
}

static void fuzz_name(struct text input)
{
    if (text_is_name(input))
        assert(text_is_utf8(input) && text_find(input, ' ') == input.size &&
               input.size <= NAME_MAX_BYTES);
    if (text_is_identifier(input))
        assert(text_is_name(input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = text_make(data, size);

    fuzz_number(input);
    fuzz_time(input);
    fuzz_hex(input);
    fuzz_name(input);
    return 0;
}
