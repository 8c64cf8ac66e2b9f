/* License codes as people type them: every kind of slip is noticed. */
#include "license/code.h"

#include "tap.h"

static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static struct license_code code_of(unsigned seed)
{
    uint8_t random[CODE_RANDOM_BYTES];

    for (unsigned i = 0; i < CODE_RANDOM_BYTES; i++) {
        seed = seed * 1664525u + 1013904223u;
        random[i] = (uint8_t)(seed >> 24);
    }
    return license_code_make(random);
}

static bool code_is_refused(const struct license_code *code)
{
    struct license_code ret = {.text = "untouched"};

    return license_code_parse(text_of(code->text), &ret, NULL) == LICET_INVALID &&
           text_is(text_of(ret.text), "untouched");
}

/* Another letter at `place`, `step` letters on in the alphabet. */
static void code_change(struct license_code *code, size_t place, size_t step)
{
    const char *letter = memchr(letters, code->text[place], 32);

    code->text[place] = letters[((size_t)(letter - letters) + step) % 32];
}

static void test_form(void)
{
    static const uint8_t zeros[CODE_RANDOM_BYTES];
    struct license_code code = license_code_make(zeros);
    uint8_t ones[CODE_RANDOM_BYTES];

    tap_is(code.text, "00000-00000-00000-00000-00000",
           "R6.10 a code is five groups of five letters");
    memset(ones, 0xff, sizeof(ones));
    code = license_code_make(ones);
    ok(text_starts_with(text_of(code.text), "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZ"),
       "R6.10 22 letters carry the 110 random bits");
    for (unsigned bit = 0; bit < 112; bit++) {
        struct license_code other;

        ones[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        other = license_code_make(ones);
        ones[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        if (!ok((memcmp(code.text, other.text, CODE_TEXT_BYTES) != 0) == (bit < 110),
                "R6.10 random bit %u %s", bit, bit < 110 ? "counts" : "is left out"))
            break;
    }
}

static void test_typing(void)
{
    struct license_code code = code_of(7);
    struct license_code ret;
    char typed[128];
    size_t size = 0;

    for (size_t i = 0; i < CODE_TEXT_BYTES; i++) {
        char letter = code.text[i];

        if (letter == '0')
            letter = i % 2 == 0 ? 'o' : 'O';
        else if (letter == '1')
            letter = i % 3 == 0 ? 'i' : 'L';
        else if (letter >= 'A')
            letter = (char)(letter - 'A' + 'a');
        if (letter != '-')
            typed[size++] = letter;
        if (i % 4 == 0)
            typed[size++] = i % 8 == 0 ? ' ' : '\n';
    }
    ok(license_code_parse(text_make(typed, size), &ret, NULL) == LICET_OK,
       "R6.10 case, blanks and missing hyphens do not matter");
    tap_is(ret.text, code.text, "R6.10 what was typed comes back in the canonical form");
}

static void test_slips(void)
{
    unsigned singles = 0, swaps = 0, triples = 0;

    for (unsigned seed = 1; seed <= 40; seed++) {
        for (size_t place = 0; place < CODE_TEXT_BYTES; place++) {
            struct license_code code = code_of(seed);

            if (code.text[place] == '-')
                continue;
            for (size_t step = 1; step < 32; step++) {
                struct license_code slip = code;

                code_change(&slip, place, step);
                singles += code_is_refused(&slip) ? 0 : 1;
                code_change(&slip, (place + 6) % 29 % 6 == 5 ? 0 : (place + 6) % 29,
                            step * 7 % 31 + 1);
                code_change(&slip, 28, step * 3 % 31 + 1);
                triples += code_is_refused(&slip) || place == 28 ? 0 : 1;
            }
            for (size_t other = place + 1; other < CODE_TEXT_BYTES; other++) {
                struct license_code slip = code;

                slip.text[place] = code.text[other];
                slip.text[other] = code.text[place];
                if (code.text[other] != '-' && code.text[other] != code.text[place])
                    swaps += code_is_refused(&slip) ? 0 : 1;
            }
        }
    }
    ok(singles == 0, "R6.10 every wrong letter of 40 codes is noticed (%u were not)", singles);
    ok(swaps == 0, "R6.10 every two letters that changed places are noticed (%u were not)", swaps);
    ok(triples == 0, "R6.10 every three wrong letters tried are noticed (%u were not)", triples);
}

static void test_refusals(void)
{
    struct license_code ret;
    struct error error;

    ok(license_code_parse(TEXT(""), &ret, &error) == LICET_INVALID &&
           strstr(error.text, "has 0") != NULL,
       "R6.10 nothing is no code");
    ok(license_code_parse(TEXT("UUUUU-00000-00000-00000-00000"), &ret, &error) == LICET_INVALID &&
           strstr(error.text, "number 1:") != NULL,
       "R6.10 a letter that no code has is named by its place");
    ok(license_code_parse(TEXT("00000-00000-00000-00000-000000"), &ret, &error) == LICET_INVALID &&
           strstr(error.text, "has 26") != NULL,
       "R6.10 a letter too many is counted");
    ok(license_code_parse(TEXT("00000-00000-00000-00000-00001"), &ret, &error) == LICET_INVALID &&
           strstr(error.text, "mistyped") != NULL,
       "R6.10 a mistyped code is called so");
    ok(license_code_parse((struct text){"00000\0", 6}, &ret, &error) == LICET_INVALID,
       "R6.10 a NUL is no letter");
}

static void test_crockford(void)
{
    char bytes[16];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    crockford_print(UINT64_C(0x1f) << 55 | 10, 12, &buf);
    ok(text_is(buf_text(&buf), "Z0000000000A"), "bits are printed from the highest letter down");
}

int main(void)
{
    test_form();
    test_typing();
    test_slips();
    test_refusals();
    test_crockford();
    return tap_done();
}
