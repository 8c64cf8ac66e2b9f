/* Replies as bytes, in both versions of the protocol. */
#include "resp/writer.h"

#include "tap.h"

static char place[512];
static struct buf buf;

static struct buf *fresh(void)
{
    buf = buf_over(place, sizeof(place));
    return &buf;
}

static void is(const char *expected, const char *name)
{
    place[buf.size] = '\0';
    tap_is(place, expected, name);
}

static void test_null_and_map(void)
{
    resp_write_null(fresh(), RESP_2);
    resp_write_null_array(&buf, RESP_2);
    is("$-1\r\n*-1\r\n", "RESP2 has two nulls");
    resp_write_null(fresh(), RESP_3);
    resp_write_null_array(&buf, RESP_3);
    is("_\r\n_\r\n", "RESP3 has one");
    resp_write_map(fresh(), RESP_2, 2);
    is("*4\r\n", "a map in RESP2 is an array of twice its pairs");
    resp_write_map(fresh(), RESP_3, 2);
    is("%2\r\n", "in RESP3 it is a map");
}

static void test_errors(void)
{
    struct error error;

    resp_write_error(fresh(), "NOSEAT", TEXT("no\r\n+OK\tof\x7f x"));
    is("-NOSEAT no  +OK of  x\r\n", "a sentence cannot begin a reply of its own");
    resp_write_status(fresh(), LICET_NO_SEAT, NULL);
    is("-NOSEAT every seat of this feature is in use\r\n", "without a sentence the list's own");
    error_set(&error, LICET_NO_SEAT, "2 seats, all in use");
    resp_write_status(fresh(), LICET_NO_SEAT, &error);
    is("-NOSEAT 2 seats, all in use\r\n", "with one, the finder's");
}

static void test_plain(void)
{
    static const struct text arguments[] = {{"PING", 4}, {"", 0}};

    resp_write_simple(fresh(), "OK");
    is("+OK\r\n", "a simple string");
    resp_write_integer(fresh(), 0);
    resp_write_integer(&buf, -1);
    resp_write_integer(&buf, INT64_MAX);
    resp_write_integer(&buf, INT64_MIN);
    is(":0\r\n:-1\r\n:9223372036854775807\r\n:-9223372036854775808\r\n",
       "integers over the whole range");
    resp_write_bulk(fresh(), TEXT(""));
    resp_write_bulk(&buf, TEXT("a\r\nb"));
    is("$0\r\n\r\n$4\r\na\r\nb\r\n", "texts of any bytes");
    resp_write_array(fresh(), UINT32_MAX);
    is("*4294967295\r\n", "the header of an array");
    resp_write_command(fresh(), arguments, 2);
    is("*2\r\n$4\r\nPING\r\n$0\r\n\r\n", "a client's command");
}

static void test_full(void)
{
    struct buf small = buf_over(place, 8);

    resp_write_simple(&small, "OK");
    resp_write_bulk(&small, TEXT("a"));
    ok(small.is_full && small.size <= 8, "what does not fit sets is_full and writes nothing over");
}

int main(void)
{
    test_plain();
    test_errors();
    test_null_and_map();
    test_full();
    return tap_done();
}
