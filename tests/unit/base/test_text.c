/* Texts, names and fixed buffers. */
#include "base/text.h"

#include "base/limits.h"
#include "tap.h"

static bool splits_into(const char *string, const char *const *parts, size_t count)
{
    struct text rest = text_of(string), part;
    size_t index = 0;

    while (text_split(&rest, ',', &part)) {
        if (index == count || !text_is(part, parts[index]))
            return false;
        index++;
    }
    return index == count;
}

static void names(void)
{
    char long_name[NAME_MAX_BYTES + 2];

    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    ok(text_is_identifier(TEXT("cad_pro2")),
       "R1.1 letters, digits and underscores make a feature name");
    ok(!text_is_identifier(TEXT("2cad")) && !text_is_identifier(TEXT("_cad")) &&
           !text_is_identifier(TEXT("")),
       "R1.1 which starts with a letter");
    ok(!text_is_identifier(TEXT("cad-pro")) && !text_is_identifier(TEXT("c.d")),
       "R1.1 and has no other signs");
    ok(!text_is_identifier(text_of(long_name)), "R1.1 and at most 64 bytes");
    ok(text_is_identifier(text_of(long_name + 1)), "R1.1 of which 64 are allowed");
    ok(text_is_name(TEXT("j\xc3\xb6rg@host-1.example")), "R1.1 a user name may hold UTF-8");
    ok(!text_is_name(TEXT("a b")) && !text_is_name(TEXT("a\tb")) && !text_is_name(TEXT("a\x7f")),
       "R1.1 but no blanks and control characters");
    ok(!text_is_name(TEXT("a\xc2\xa0")) && !text_is_name(TEXT("a\xe2\x80\x8b")) &&
           !text_is_name(TEXT("\xe2\x80\xae"
                              "a")),
       "R1.1 nor invisible ones");
    ok(!text_is_name(text_of(long_name)) && text_is_name(text_of(long_name + 1)),
       "R1.1 at most 64 bytes");
    ok(!text_is_name(TEXT("\xc0\x80")) && !text_is_name(TEXT("\xed\xa0\x80")) &&
           !text_is_name(TEXT("\xf4\x90\x80\x80")) && !text_is_name(TEXT("\xe2\x82")),
       "overlong forms, surrogates, what lies beyond Unicode and cut sequences are not UTF-8");
}

int main(void)
{
    char place[8];
    struct buf buf = buf_over(place, sizeof(place));

    ok(splits_into("a,b", (const char *[]){"a", "b"}, 2), "a list is split");
    ok(splits_into("a,,", (const char *[]){"a", "", ""}, 3), "empty parts count");
    ok(splits_into("", (const char *[]){""}, 1), "the empty text is one empty part");
    ok(text_equal_nocase(TEXT("London-LIC01"), TEXT("LONDON-lic01")),
       "R1.2 host names compare without case");
    ok(!text_equal_nocase(TEXT("[\xc3\x84"), TEXT("{\xc3\xa4")), "only letters of ASCII fold");
    ok(text_starts_with(TEXT("licet"), "lic") && !text_starts_with(TEXT("li"), "lic"),
       "a prefix is found");
    ok(text_find(TEXT("k=v=w"), '=') == 1 && text_find(TEXT("kv"), '=') == 2,
       "the first separator counts");
    names();
    buf_add_u64(&buf, 1234567);
    ok(text_is(buf_text(&buf), "1234567") && !buf.is_full, "a number is written");
    buf_add_byte(&buf, '8');
    ok(buf.size == 8 && !buf.is_full, "the last byte is used");
    buf_add_byte(&buf, '9');
    ok(buf.size == 8 && buf.is_full, "what does not fit marks the buffer");
    buf = buf_over(place, sizeof(place));
    buf_printf(&buf, "%s", "12345678");
    ok(buf.is_full && buf.size == 0, "printf needs room for its NUL");
    buf_add_byte(&buf, 'x');
    ok(buf.size == 0, "a full buffer takes nothing more");
    ok(text_skip((struct text){NULL, 0}, 3).size == 0 && text_is(text_skip(TEXT("abc"), 2), "c"),
       "skipping stops at the end, also of a text without data");
    return tap_done();
}
