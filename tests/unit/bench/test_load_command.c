/* What the load generator sends: a wrong size in a header would make both servers hang up. */
#include "load_command.h"

#include "base/text.h"
#include "tap.h"

static const struct load_values values = {
    .id = {0x0123456789abcdef, 0xfedcba9876543210},
    .nonce = {1, 2},
    .feature = 42,
    .vendor = 7,
    .who = 99,
};

static void check_written(const char *words, const char *expected, const char *name)
{
    struct load_command command;
    char written[LOAD_COMMAND_BYTES_MAX + 1];

    load_command_make(&command, words);
    load_command_write(&command, &values, written);
    written[command.size] = '\0';
    tap_is(written, expected, name);
}

int main(void)
{
    struct load_values larger = values;
    struct load_command command;
    char first[LOAD_COMMAND_BYTES_MAX], second[LOAD_COMMAND_BYTES_MAX];

    check_written("PING", "*1\r\n$4\r\nPING\r\n", "words without holes are sent as they are");
    check_written("CHECKIN {i}",
                  "*2\r\n$7\r\nCHECKIN\r\n$32\r\n0123456789abcdeffedcba9876543210\r\n",
                  "an id has 32 digits");
    check_written("CHECKOUT f{f} {i} USER u{w} VENDOR v{v} NONCE {n}",
                  "*9\r\n$8\r\nCHECKOUT\r\n$6\r\nf00042\r\n"
                  "$32\r\n0123456789abcdeffedcba9876543210\r\n$4\r\nUSER\r\n$6\r\nu00099\r\n"
                  "$6\r\nVENDOR\r\n$3\r\nv07\r\n$5\r\nNONCE\r\n"
                  "$32\r\n00000000000000010000000000000002\r\n",
                  "the size of an argument is that of the filled hole, not of its name");
    check_written("X u{w}@h{w}", "*2\r\n$1\r\nX\r\n$13\r\nu00099@h00099\r\n",
                  "an argument may have several holes");
    load_command_make(&command, "GET f{f}");
    load_command_write(&command, &values, first);
    larger.feature = 12345;
    load_command_write(&command, &larger, second);
    ok(memcmp(first, second, command.size) != 0 && memchr(second, '4', command.size) != NULL,
       "a command that was made once is filled anew each time");
    return tap_done();
}
