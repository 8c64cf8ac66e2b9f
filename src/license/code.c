/* License codes: letters are elements of the field with 32 elements, x^5 + x^2 + 1. */
#include "license/code.h"

#include <assert.h>

#define CODE_DATA_LETTERS 22
#define CODE_CHECK_LETTERS 3
#define CODE_GROUP_LETTERS 5

static const char crockford_letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Without a table: nothing here is in a hurry. */
static uint8_t code_multiply(uint8_t left, uint8_t right)
{
    unsigned product = 0;

    for (unsigned bit = 0; bit < 5; bit++)
        product ^= ((unsigned)right >> bit & 1u) != 0 ? (unsigned)left << bit : 0u;
    for (unsigned bit = 9; bit > 4; bit--)
        product ^= (product >> bit & 1u) != 0 ? 0x25u << (bit - 5) : 0u;
    return (uint8_t)product;
}

/* The remainder of data times x^3 by (x - 2)(x - 4)(x - 8), which is x^3 + 14x^2 + 29x + 10: what
 * stands behind the data so that the whole divides evenly. */
static void code_check(const uint8_t data[CODE_DATA_LETTERS], uint8_t check[CODE_CHECK_LETTERS])
{
    static const uint8_t generator[CODE_CHECK_LETTERS] = {14, 29, 10};

    memset(check, 0, CODE_CHECK_LETTERS);
    for (unsigned i = 0; i < CODE_DATA_LETTERS; i++) {
        uint8_t lead = data[i] ^ check[0];

        check[0] = check[1] ^ code_multiply(lead, generator[0]);
        check[1] = check[2] ^ code_multiply(lead, generator[1]);
        check[2] = code_multiply(lead, generator[2]);
    }
}

static struct license_code code_print(const uint8_t letters[CODE_LETTERS])
{
    struct license_code code = {.text = ""};
    char *place = code.text;

    for (unsigned i = 0; i < CODE_LETTERS; i++) {
        if (i > 0 && i % CODE_GROUP_LETTERS == 0)
            *place++ = '-';
        *place++ = crockford_letters[letters[i]];
    }
    return code;
}

struct license_code license_code_make(const uint8_t random[CODE_RANDOM_BYTES])
{
    uint8_t letters[CODE_LETTERS];

    for (unsigned i = 0; i < CODE_DATA_LETTERS; i++) {
        unsigned bit = i * 5;
        unsigned pair = (unsigned)random[bit / 8] << 8 |
                        (bit / 8 + 1 < CODE_RANDOM_BYTES ? random[bit / 8 + 1] : 0u);

        letters[i] = (uint8_t)(pair >> (11 - bit % 8) & 31);
    }
    code_check(letters, letters + CODE_DATA_LETTERS);
    return code_print(letters);
}

/* 0 to 31, or -1. */
static int crockford_value(char letter)
{
    char upper = letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
    const char *place;

    if (upper == 'O')
        upper = '0';
    if (upper == 'I' || upper == 'L')
        upper = '1';
    place = memchr(crockford_letters, upper, sizeof(crockford_letters) - 1);
    return place == NULL ? -1 : (int)(place - crockford_letters);
}

static bool code_is_filler(char letter)
{
    return letter == '-' || letter == ' ' || letter == '\t' || letter == '\r' || letter == '\n';
}

static enum status code_read_letters(struct text text, uint8_t letters[CODE_LETTERS],
                                     struct error *error)
{
    unsigned count = 0;

    for (size_t i = 0; i < text.size; i++) {
        int value = crockford_value(text.data[i]);

        if (code_is_filler(text.data[i]))
            continue;
        if (value < 0)
            return error_set(error, LICET_INVALID,
                             "a license code has no such character as its number %u: it has "
                             "digits and letters without I, L, O and U",
                             count + 1);
        if (count < CODE_LETTERS)
            letters[count] = (uint8_t)value;
        count++;
    }
    if (count != CODE_LETTERS)
        return error_set(error, LICET_INVALID,
                         "a license code has 25 letters in 5 groups; this one has %u", count);
    return LICET_OK;
}

enum status license_code_parse(struct text text, struct license_code *ret_code, struct error *error)
{
    uint8_t letters[CODE_LETTERS];
    uint8_t check[CODE_CHECK_LETTERS];
    enum status status = code_read_letters(text, letters, error);

    if (status != LICET_OK)
        return status;
    code_check(letters, check);
    if (memcmp(check, letters + CODE_DATA_LETTERS, CODE_CHECK_LETTERS) != 0)
        return error_set(error, LICET_INVALID,
                         "this license code is mistyped: its last three letters do not fit the "
                         "others; compare it with the order confirmation");
    *ret_code = code_print(letters);
    return LICET_OK;
}

void crockford_print(uint64_t bits, unsigned count, struct buf *buf)
{
    assert(count <= 12);
    while (count-- > 0)
        buf_add_byte(buf, crockford_letters[bits >> (5 * count) & 31]);
}
