/* The server's reader: what is a command, what is not yet one, and what never will be (R10.2). */
#include "resp/reader.h"

#include "tap.h"

#define CAP RESP_STRANGER_ARGUMENT_BYTES_MAX

static struct error error;
static struct resp_command command;

/* Reads from a copy of exactly that size, so that a sanitizer sees a look beyond its end. */
static enum resp_result read_once(struct resp_reader *reader, struct text bytes,
                                  const struct resp_limits *limits)
{
    char *copy = malloc(bytes.size + 1);
    enum resp_result result;

    if (copy == NULL)
        abort();
    memcpy(copy + 1, bytes.data, bytes.size);
    error.text[0] = '\0';
    result = resp_read(reader, text_make(copy + 1, bytes.size), limits, &command, &error);
    if (result == RESP_COMMAND) {
        for (uint32_t index = 0; index < command.arguments_count; index++)
            command.arguments[index].data = bytes.data + (command.arguments[index].data - copy - 1);
    }
    free(copy);
    return result;
}

static enum resp_result read_whole(struct text bytes, const struct resp_limits *limits)
{
    struct resp_reader reader = {0};

    return read_once(&reader, bytes, limits);
}

/* One byte more at each call; the result of the first call that wants no more. */
static enum resp_result read_slowly(struct text bytes, const struct resp_limits *limits)
{
    struct resp_reader reader = {0};
    enum resp_result result = RESP_NEED_MORE;

    for (size_t size = 0; size <= bytes.size && result == RESP_NEED_MORE; size++)
        result = read_once(&reader, text_head(bytes, size), limits);
    return result;
}

static bool reads(struct text bytes, enum resp_result expected)
{
    struct resp_limits limits = RESP_LIMITS_STRANGER;

    return read_whole(bytes, &limits) == expected && read_slowly(bytes, &limits) == expected;
}

static void test_commands(void)
{
    struct text one = TEXT("*1\r\n$4\r\nPING\r\n");
    struct text three = TEXT("*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n\r\n*1\r\n");
    struct resp_reader reader = {0};
    struct resp_limits limits = RESP_LIMITS_STRANGER;
    struct text two = TEXT("*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n");

    ok(reads(one, RESP_COMMAND) && command.arguments_count == 1 && command.size == one.size &&
           text_is(command.arguments[0], "PING"),
       "a command of one argument");
    ok(command.arguments[0].data == one.data + 8, "its text is borrowed, not copied");
    ok(reads(three, RESP_COMMAND) && command.arguments_count == 3 &&
           command.arguments[1].size == 0 && text_is(command.arguments[2], "\r\n*1"),
       "an argument may be empty, or hold what looks like RESP");
    ok(read_once(&reader, two, &limits) == RESP_COMMAND && text_is(command.arguments[0], "a") &&
           command.size == two.size / 2,
       "of two commands the first is read");
    ok(read_once(&reader, text_skip(two, command.size), &limits) == RESP_COMMAND &&
           text_is(command.arguments[0], "b"),
       "then the second");
    ok(read_once(&reader, TEXT(""), &limits) == RESP_NEED_MORE, "and nothing is no command");
    for (size_t size = 0; size < three.size; size++) {
        if (read_whole(text_head(three, size), &limits) != RESP_NEED_MORE)
            ok(false, "the first %zu bytes are not enough", size);
    }
}

/* A command that comes in two pieces, cut everywhere. */
static void test_pieces(void)
{
    struct text bytes = TEXT("*3\r\n$5\r\nRENEW\r\n$2\r\nid\r\n$10\r\n0123456789\r\n");
    struct resp_limits limits = RESP_LIMITS_STRANGER;
    bool same = true;

    for (size_t cut = 1; cut < bytes.size; cut++) {
        struct resp_reader reader = {0};

        same = same && read_once(&reader, text_head(bytes, cut), &limits) == RESP_NEED_MORE &&
               read_once(&reader, bytes, &limits) == RESP_COMMAND && command.arguments_count == 3 &&
               command.size == bytes.size && text_is(command.arguments[0], "RENEW") &&
               text_is(command.arguments[1], "id") && text_is(command.arguments[2], "0123456789");
    }
    ok(same, "a command in two pieces is read the same, wherever it is cut");
}

/* "*" or "$" with every number that has broken a reader somewhere. */
static void test_lengths(void)
{
    static const struct {
        const char *number;
        enum resp_result count, size; /* as a count of arguments, as the size of one */
    } rows[] = {
        {"-1", RESP_BROKEN, RESP_BROKEN},
        {"-0", RESP_BROKEN, RESP_BROKEN},
        {"0", RESP_BROKEN, RESP_NEED_MORE},
        {"1", RESP_NEED_MORE, RESP_NEED_MORE},
        {"19", RESP_NEED_MORE, RESP_NEED_MORE},
        {"20", RESP_NEED_MORE, RESP_NEED_MORE},
        {"21", RESP_BROKEN, RESP_NEED_MORE},
        {"1023", RESP_BROKEN, RESP_NEED_MORE},
        {"1024", RESP_BROKEN, RESP_NEED_MORE},
        {"1025", RESP_BROKEN, RESP_BROKEN},
        {"536870912", RESP_BROKEN, RESP_BROKEN},
        {"2147483647", RESP_BROKEN, RESP_BROKEN},
        {"2147483648", RESP_BROKEN, RESP_BROKEN},
        {"4294967295", RESP_BROKEN, RESP_BROKEN},
        {"4294967296", RESP_BROKEN, RESP_BROKEN},
        {"4294967297", RESP_BROKEN, RESP_BROKEN},
        {"9223372036854775807", RESP_BROKEN, RESP_BROKEN},
        {"9223372036854775808", RESP_BROKEN, RESP_BROKEN},
        {"18446744073709551615", RESP_BROKEN, RESP_BROKEN},
        {"18446744073709551617", RESP_BROKEN, RESP_BROKEN},
        {"", RESP_BROKEN, RESP_BROKEN},
        {"01", RESP_BROKEN, RESP_BROKEN},
        {"00", RESP_BROKEN, RESP_BROKEN},
        {"+1", RESP_BROKEN, RESP_BROKEN},
        {" 1", RESP_BROKEN, RESP_BROKEN},
        {"1 ", RESP_BROKEN, RESP_BROKEN},
        {"0x1", RESP_BROKEN, RESP_BROKEN},
        {"1e1", RESP_BROKEN, RESP_BROKEN},
        {"a", RESP_BROKEN, RESP_BROKEN},
        {"\xd9\xa1", RESP_BROKEN, RESP_BROKEN}, /* a digit, in Arabic */
    };
    char place[128];

    for (size_t index = 0; index < sizeof(rows) / sizeof(rows[0]); index++) {
        struct buf buf = buf_over(place, sizeof(place));

        buf_printf(&buf, "*%s\r\n", rows[index].number);
        ok(reads(buf_text(&buf), rows[index].count), "R10.2 *%s is %s", rows[index].number,
           rows[index].count == RESP_BROKEN ? "refused" : "taken");
        for (uint32_t before = 0; before < 3; before++) {
            buf = buf_over(place, sizeof(place));
            buf_printf(&buf, "*3\r\n");
            for (uint32_t argument = 0; argument < before; argument++)
                buf_printf(&buf, "$1\r\na\r\n");
            buf_printf(&buf, "$%s\r\n", rows[index].number);
            ok(reads(buf_text(&buf), rows[index].size), "$%s at argument %u is %s",
               rows[index].number, before + 1,
               rows[index].size == RESP_BROKEN ? "refused" : "taken");
        }
    }
}

static void add_command(struct buf *buf, uint32_t count, uint32_t size)
{
    buf_printf(buf, "*%u\r\n", count);
    for (uint32_t argument = 0; argument < count; argument++) {
        buf_printf(buf, "$%u\r\n", size);
        for (uint32_t byte = 0; byte < size; byte++)
            buf_add_byte(buf, 'x');
        buf_printf(buf, "\r\n");
    }
}

static void test_limits(void)
{
    static char place[2 * RESP_COMMAND_BYTES_MAX];
    struct buf buf = buf_over(place, sizeof(place));
    struct resp_limits known = RESP_LIMITS_KNOWN;
    struct resp_limits tight = {3, 10, 40};

    add_command(&buf, RESP_STRANGER_ARGUMENTS_MAX, CAP);
    ok(reads(buf_text(&buf), RESP_COMMAND) && command.arguments_count == 20 &&
           command.arguments[19].size == CAP && command.size == RESP_STRANGER_COMMAND_BYTES_MAX,
       "R10.2 20 arguments of 1 KiB are a command");
    for (uint32_t size = CAP - 1; size <= CAP + 1; size++) {
        buf = buf_over(place, sizeof(place));
        add_command(&buf, 1, size);
        ok(reads(buf_text(&buf), size <= CAP ? RESP_COMMAND : RESP_BROKEN),
           "R10.2 an argument of %u bytes is %s", size, size <= CAP ? "taken" : "refused");
    }
    ok(error.status == LICET_TOO_LARGE && strstr(error.text, "1024") != NULL,
       "the sentence says how much is accepted");
    buf = buf_over(place, sizeof(place));
    add_command(&buf, 4, RESP_ARGUMENT_BYTES_MAX);
    ok(read_whole(buf_text(&buf), &known) == RESP_BROKEN && error.status == LICET_TOO_LARGE,
       "arguments within their limit that pass the command's limit together are refused");
    buf = buf_over(place, sizeof(place));
    add_command(&buf, 2, 10);
    ok(read_whole(buf_text(&buf), &tight) == RESP_COMMAND, "38 bytes fit 40");
    buf = buf_over(place, sizeof(place));
    add_command(&buf, 3, 7);
    ok(read_slowly(buf_text(&buf), &tight) == RESP_BROKEN, "43 do not");
}

static void test_broken(void)
{
    struct resp_reader reader = {0};
    struct resp_limits limits = RESP_LIMITS_STRANGER;
    struct text good = TEXT("*1\r\n$4\r\nPING\r\n");
    static const struct {
        const char *bytes, *name;
    } rows[] = {
        {"*1\n$4\r\nPING\r\n", "LF alone after the count"},
        {"*1\r$4\r\nPING\r\n", "CR alone after the count"},
        {"*1\r\n$4\nPING\r\n", "LF alone after a size"},
        {"*1\rx$4\r\nPING\r\n", "CR and another byte after the count"},
        {"*1\r\n$4\rxPING\r\n", "CR and another byte after a size"},
        {"*1\r\n$4\r\nPINGS\r\n", "an argument longer than its size"},
        {"*1\r\n$5\r\nPING\r\n*", "an argument shorter than its size"},
        {"*1\r\n$4\r\nPING\n\n", "LF twice after an argument"},
        {"*1\r\n$4\r\nPING\r\r", "CR twice after an argument"},
        {"*1\r\n*1\r\n$4\r\nPING\r\n", "an array in an array"},
        {"*1\r\n:4\r\n", "an integer for an argument"},
        {"*1\r\n+PING\r\n", "a line for an argument"},
        {"$4\r\nPING\r\n", "a text without an array"},
        {"\r\n", "an empty line"},
        {"PING\r\n", "an inline command"},
        {" *1\r\n", "a blank before the command"},
        {"*", NULL},
    };

    for (size_t index = 0; rows[index].name != NULL; index++)
        ok(reads(text_of(rows[index].bytes), RESP_BROKEN) && error.text[0] != '\0', "%s is refused",
           rows[index].name);
    ok(reads(text_make("\0*1\r\n", 5), RESP_BROKEN) &&
           reads(text_make("*\0001\r\n", 5), RESP_BROKEN),
       "so is a NUL, in front or inside");
    ok(read_once(&reader, TEXT("*1\r\n$x"), &limits) == RESP_BROKEN &&
           read_once(&reader, good, &limits) == RESP_BROKEN,
       "R10.2 after an error not even a good command is read");
}

/* What other programs say first. */
static void test_openings(void)
{
    static const char *const openings[] = {
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:7380\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\n*1\r\n$4\r\nPING\r\n",
        "HEAD / HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "CONNECT licet:7380 HTTP/1.1\r\n\r\n",
        "*1 /x HTTP/1.1\r\nHost: a\r\n\r\n*1\r\n$4\r\nPING\r\n",
        "* / HTTP/1.1\r\n\r\n",
        "*1\r /x HTTP/1.1\r\n",
        "EHLO mail.example\r\n",
        "HELO a\r\nMAIL FROM:<a@b>\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "USER anonymous\r\n",
        "INVITE sip:a@b SIP/2.0\r\n",
        "SET x 1\r\n",
        "\n\n\n",
        "\x16\x03\x01\x02",                 /* TLS */
        "\x80\x2e\x01\x03",                 /* SSL 2 */
        "\x03\x00\x00\x13\x0e\xe0",         /* RDP */
        "\xff\xfb\x1f\xff\xfb",             /* telnet */
        "\xef\xbb\xbf*1\r\n$4\r\nPING\r\n", /* a byte order mark */
        "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n",
    };

    for (size_t index = 0; index < sizeof(openings) / sizeof(openings[0]); index++)
        ok(reads(text_of(openings[index]), RESP_BROKEN) && error.status == LICET_PROTOCOL,
           "R10.2 opening %zu of another protocol never becomes a command", index + 1);
}

int main(void)
{
    test_commands();
    test_pieces();
    test_lengths();
    test_limits();
    test_broken();
    test_openings();
    return tap_done();
}
