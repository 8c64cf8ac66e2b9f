/* Strict numbers and hexadecimal. */
#include "base/parse.h"

enum status parse_u64(struct text text, uint64_t min, uint64_t max, uint64_t *ret_value,
                      struct error *error)
{
    uint64_t value = 0;

    if (text.size == 0 || (text.data[0] == '0' && text.size > 1))
        return error_set(error, LICET_INVALID, "\"%.*s\" is not a number",
                         TEXT_ARGS(text_head(text, 40)));
    for (size_t index = 0; index < text.size; index++) {
        char byte = text.data[index];

        if (byte < '0' || byte > '9')
            return error_set(error, LICET_INVALID, "\"%.*s\" is not a number",
                             TEXT_ARGS(text_head(text, 40)));
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(byte - '0'), &value))
            return error_set(error, LICET_INVALID, "the number is larger than %llu",
                             (unsigned long long)max);
    }
    if (value < min || value > max)
        return error_set(error, LICET_INVALID, "%llu is not between %llu and %llu",
                         (unsigned long long)value, (unsigned long long)min,
                         (unsigned long long)max);
    *ret_value = value;
    return LICET_OK;
}

enum status parse_u32(struct text text, uint32_t min, uint32_t max, uint32_t *ret_value,
                      struct error *error)
{
    uint64_t value;
    enum status status = parse_u64(text, min, max, &value, error);

    if (status == LICET_OK)
        *ret_value = (uint32_t)value;
    return status;
}

/* One more than the value of a digit; 0 for every other byte. A table, because the digits of an id
 * are random: each comparison of a digit would be a branch that no processor foresees. */
static const uint8_t hex_digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

static uint32_t parse_hex_digit(struct text text, size_t index)
{
    return hex_digits[(unsigned char)text.data[index]];
}

static enum status parse_hex_fail(struct text text, struct error *error)
{
    size_t index = 0;

    while (parse_hex_digit(text, index) != 0)
        index++;
    return error_set(error, LICET_INVALID, "byte %zu is not a hexadecimal digit", index + 1);
}

enum status parse_hex(struct text text, uint8_t *bytes, size_t size, struct error *error)
{
    bool is_wrong = false;

    if (text.size != 2 * size)
        return error_set(error, LICET_INVALID, "%zu hexadecimal digits are wanted, not %zu",
                         2 * size, text.size);
    for (size_t index = 0; index < text.size; index++)
        is_wrong |= parse_hex_digit(text, index) == 0;
    if (is_wrong)
        return parse_hex_fail(text, error);
    for (size_t index = 0; index < size; index++)
        bytes[index] = (uint8_t)((parse_hex_digit(text, 2 * index) - 1) << 4 |
                                 (parse_hex_digit(text, 2 * index + 1) - 1));
    return LICET_OK;
}

void print_hex(const uint8_t *bytes, size_t size, struct buf *buf)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t index = 0; index < size; index++) {
        buf_add_byte(buf, digits[bytes[index] >> 4]);
        buf_add_byte(buf, digits[bytes[index] & 15]);
    }
}
