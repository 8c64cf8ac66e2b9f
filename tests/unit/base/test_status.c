/* The one list of failures. */
#include "base/status.h"

#include "tap.h"

static const int numbers[] = {
#define STATUS(number, name, word, http, code, text) number,
#include "base/status.def"
#undef STATUS
};

static bool is_increasing(void)
{
    for (size_t index = 1; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
        if (numbers[index] != numbers[index - 1] + 1)
            return false;
    }
    return true;
}

int main(void)
{
    struct error error = {0};
    char long_text[2 * ERROR_TEXT_MAX];

    ok(is_increasing(), "numbers go up by one: none is used twice or taken out");
    ok(LICET_NO_SEAT == 12 && strcmp(status_word(LICET_NO_SEAT), "NOSEAT") == 0,
       "a row is what the wire says");
    ok(status_http(LICET_NO_SEAT) == 409 && status_exit_code(LICET_NO_SEAT) == 12,
       "and what HTTP and shells see");
    ok(strcmp(status_word((enum status)999), "SYSTEM") == 0, "an unknown number is a system error");
    ok(status_of_word("NOSEAT", 6) == LICET_NO_SEAT && status_of_word("NOSEATS", 7) == LICET_SYSTEM,
       "a word finds its row, another word none");
    ok(error_set(&error, LICET_INVALID, "line %d", 7) == LICET_INVALID,
       "the finder returns what it set");
    tap_is(error_text(&error, LICET_INVALID), "line 7", "its sentence is shown");
    tap_is(error_text(&error, LICET_NOT_FOUND), status_text(LICET_NOT_FOUND),
           "but not for another failure");
    tap_is(error_text(NULL, LICET_NO_SEAT), status_text(LICET_NO_SEAT),
           "without a sentence the list speaks");
    ok(error_set(NULL, LICET_INVALID, "nobody listens") == LICET_INVALID, "error may be NULL");
    error_set(&error, LICET_INVALID, "\x1b[2J\xc2\x9b\xff j\xc3\xb6rg \xe2\x82");
    tap_is(error.text, "?[2J??? j\xc3\xb6rg ??",
           "what a peer sent is quoted without control characters and broken UTF-8");
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    error_set(&error, LICET_INVALID, "%s", long_text);
    ok(strlen(error.text) == ERROR_TEXT_MAX - 1, "a sentence that is too long is cut");
    return tap_done();
}
