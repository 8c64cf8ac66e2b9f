/* Numbers and hexadecimal out of untrusted text. */
#include "base/parse.h"

#include "tap.h"

static bool parses(const char *string, uint32_t min, uint32_t max, uint32_t expected)
{
    uint32_t value = 0;

    return parse_u32(text_of(string), min, max, &value, NULL) == LICET_OK && value == expected;
}

static bool refuses(const char *string, uint32_t min, uint32_t max)
{
    uint32_t value = 77;

    return parse_u32(text_of(string), min, max, &value, NULL) == LICET_INVALID && value == 77;
}

int main(void)
{
    static const char *const wrong[] = {"",
                                        " 1",
                                        "1 ",
                                        "+1",
                                        "-1",
                                        "01",
                                        "00",
                                        "1e3",
                                        "0x1",
                                        "1\n",
                                        "4294967296",
                                        "18446744073709551616",
                                        "99999999999999999999999"};
    uint8_t bytes[2] = {0, 0};
    uint64_t value;
    char hex[8];
    struct buf buf = buf_over(hex, sizeof(hex));

    ok(parses("0", 0, 9, 0), "zero is a number");
    ok(parses("4294967295", 0, UINT32_MAX, UINT32_MAX), "the largest 32-bit number");
    ok(parses("5", 5, 5, 5), "both ends of a range belong to it");
    ok(refuses("4", 5, 9) && refuses("10", 5, 9), "what lies outside is refused");
    for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++)
        ok(refuses(wrong[index], 0, UINT32_MAX), "\"%s\" is refused",
           index == 9 ? "1 and a newline" : wrong[index]);
    ok(parse_u64(text_make("1\0"
                           "2",
                           3),
                 0, 100, &value, NULL) == LICET_INVALID,
       "a NUL inside is refused");
    ok(parse_u64(TEXT("18446744073709551615"), 0, UINT64_MAX, &value, NULL) == LICET_OK &&
           value == UINT64_MAX,
       "the largest 64-bit number");
    ok(parse_hex(TEXT("aF09"), bytes, 2, NULL) == LICET_OK && bytes[0] == 0xaf && bytes[1] == 9,
       "both cases of digits");
    ok(parse_hex(TEXT("af0"), bytes, 2, NULL) == LICET_INVALID, "an odd digit is refused");
    ok(parse_hex(TEXT("af0g"), bytes, 2, NULL) == LICET_INVALID && bytes[0] == 0xaf,
       "a letter beyond f, too");
    print_hex(bytes, 2, &buf);
    ok(text_is(buf_text(&buf), "af09"), "printed in lower case");
    return tap_done();
}
