/*
 * The Test Anything Protocol in a few lines: ok() and is_*() print one line a test, tap_done()
 * prints the plan and gives main() its exit code. A test's name is a sentence that says what holds;
 * where it holds a rule of docs/rules.md, it starts with the rule's number: "R4.1 an older
 * generation is refused".
 */
#ifndef LICET_TESTS_TAP_H
#define LICET_TESTS_TAP_H

#include <stdbool.h>

static int tap_count, tap_failures;

#define ok(condition, ...) tap_line((condition), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused)) static bool
tap_line(bool passed, const char *file, int line, const char *format, ...)
{
    __builtin_va_list arguments;

    printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
    __builtin_va_start(arguments, format);
    vprintf(format, arguments);
    __builtin_va_end(arguments);
    printf("\n");
    if (!passed) {
        tap_failures++;
        printf("#   failed at %s:%d\n", file, line);
        fflush(stdout);
    }
    return passed;
}

/* Shows both texts where they differ. */
__attribute__((unused)) static bool tap_is(const char *actual, const char *expected,
                                           const char *name)
{
    bool passed = strcmp(actual, expected) == 0;

    ok(passed, "%s", name);
    if (!passed)
        printf("#   got      %s\n#   expected %s\n", actual, expected);
    return passed;
}

__attribute__((unused)) static int tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failures == 0 ? 0 : 1;
}

#endif
