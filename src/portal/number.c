#include "portal/number.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#include "license/code.h"

#define DIGITS_COUNT 7 /* the last one checks */
#define LETTERS_COUNT 5

/*
 * Damm's check digit: in this table (c * x) * y is (c * y) * x only where x is y, so that no
 * wrong digit and no swap of neighbours leads to the same end. Digits that fit end in 0.
 */
static unsigned digits_check(const char *digits, unsigned count)
{
    static const char rows[10][11] = {
        "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
        "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
    };
    unsigned at = 0;

    for (unsigned i = 0; i < count; i++)
        at = (unsigned)(rows[at][digits[i] - '0'] - '0');
    return at;
}

struct number number_draw_digits(char letter)
{
    struct number number;
    char *last = &number.text[2 + DIGITS_COUNT - 1];

    snprintf(number.text, sizeof(number.text), "%c-%06u0", letter,
             randombytes_uniform(900000) + 100000);
    *last = (char)('0' + digits_check(&number.text[2], DIGITS_COUNT - 1));
    return number;
}

struct number number_draw_letters(char letter)
{
    struct number number = {{letter, '-'}};
    struct buf buf = buf_over(&number.text[2], LETTERS_COUNT);

    crockford_print(randombytes_random(), LETTERS_COUNT, &buf);
    return number;
}

bool number_is_letters(struct text text, char letter, struct number *ret_number)
{
    struct number number = {{letter, '-'}};

    if (text.size != 2 + LETTERS_COUNT || toupper((unsigned char)text.data[0]) != letter ||
        text.data[1] != '-')
        return false;
    for (unsigned i = 2; i < 2 + LETTERS_COUNT; i++) {
        int byte = toupper((unsigned char)text.data[i]);

        if (!isalnum(byte) || strchr("ILOU", byte) != NULL) /* none of Crockford's letters */
            return false;
        number.text[i] = (char)byte;
    }
    *ret_number = number;
    return true;
}

struct serial serial_draw(void)
{
    struct serial serial = {{'L', '-'}};
    struct buf buf = buf_over(&serial.text[2], 10);
    uint64_t bits = (uint64_t)randombytes_random() << 32 | randombytes_random();

    crockford_print(bits, 10, &buf);
    return serial;
}

static bool is_filling(char byte)
{
    return byte == ' ' || byte == '-';
}

enum status number_parse_digits(struct text text, char letter, struct number *ret_number,
                                struct error *error)
{
    struct number number = {{letter, '-'}};
    unsigned count = 0;
    bool is_good = true;

    while (text.size > 0 && is_filling(text.data[0]))
        text = text_skip(text, 1);
    if (text.size > 0 && toupper((unsigned char)text.data[0]) == letter)
        text = text_skip(text, 1);
    for (size_t i = 0; i < text.size && is_good; i++) {
        if (is_filling(text.data[i]))
            continue;
        is_good = count < DIGITS_COUNT && text.data[i] >= '0' && text.data[i] <= '9';
        if (is_good)
            number.text[2 + count++] = text.data[i];
    }
    if (!is_good || count != DIGITS_COUNT)
        return error_set(error, LICET_INVALID,
                         "a number of this kind is %c- and seven digits, as "
                         "in %c-4829138",
                         letter, letter);
    if (digits_check(&number.text[2], DIGITS_COUNT) != 0)
        return error_set(error, LICET_INVALID,
                         "%s has a wrong digit: compare it with the paper that it comes from",
                         number.text);
    *ret_number = number;
    return LICET_OK;
}
