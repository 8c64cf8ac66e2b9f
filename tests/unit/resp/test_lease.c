/* Replies about one lease: their bytes (as docs/protocol.md shows them), and back (R10.3). */
#include "resp/lease.h"

#include "tap.h"

static char place[1024];
static struct buf buf;
static struct reply_item items[16];
static struct reply reply;
static struct error error;

static const struct granted_reply granted = {4711, 300000, 4, 1, {"proof", 5}};
static const struct why_reply refused = {LICET_NO_SEAT, {"all 2 seats are in use", 22}, 2, 2, 0, 36,
                                         {"", 0}};

static struct buf *fresh(void)
{
    buf = buf_over(place, sizeof(place) - 1);
    return &buf;
}

static void is(const char *expected, const char *name)
{
    place[buf.size] = '\0';
    tap_is(place, expected, name);
}

static const struct reply *read_back(struct text bytes)
{
    reply = reply_over(items, 16);
    if (reply_read(&reply, bytes, &error) != REPLY_READ)
        abort();
    return &reply;
}

static void test_bytes(void)
{
    struct granted_reply plain = granted;
    struct why_reply why = refused;

    granted_reply_write(&granted, RESP_2, fresh());
    is("*6\r\n+GRANTED\r\n:4711\r\n:300000\r\n:4\r\n:1\r\n$5\r\nproof\r\n",
       "R10.3 GRANTED with a proof");
    plain.proof.size = 0;
    granted_reply_write(&plain, RESP_2, fresh());
    is("*6\r\n+GRANTED\r\n:4711\r\n:300000\r\n:4\r\n:1\r\n$-1\r\n", "R10.3 and with none");
    granted_reply_write(&plain, RESP_3, fresh());
    is("*6\r\n+GRANTED\r\n:4711\r\n:300000\r\n:4\r\n:1\r\n_\r\n", "R10.3 which is _ in RESP3");
    ended_reply_write(4711, fresh());
    is("*2\r\n+ENDED\r\n:4711\r\n", "R10.3 ENDED");
    why_reply_write(&refused, RESP_2, fresh());
    is("*8\r\n+REFUSE\r\n+NOSEAT\r\n$22\r\nall 2 seats are in use\r\n:2\r\n:2\r\n:0\r\n:36\r\n"
       "$-1\r\n",
       "R10.3 WHY of a refusal");
    why.status = LICET_OK;
    why.next_free_s = -1;
    why.rule = TEXT("MAX");
    why_reply_write(&why, RESP_3, fresh());
    is("*8\r\n+GRANT\r\n+OK\r\n$22\r\nall 2 seats are in use\r\n:2\r\n:2\r\n:0\r\n_\r\n"
       "$3\r\nMAX\r\n",
       "R10.3 WHY of what would be granted");
}

static void test_read_back(void)
{
    struct granted_reply ret_granted;
    struct why_reply ret_why;
    uint64_t handle = 0;

    granted_reply_write(&granted, RESP_3, fresh());
    ok(granted_reply_read(read_back(buf_text(&buf)), &ret_granted, &error) == LICET_OK &&
           ret_granted.handle == 4711 && ret_granted.ttl_ms == 300000 &&
           ret_granted.generation == 4 && ret_granted.flags == 1 &&
           text_is(ret_granted.proof, "proof"),
       "a grant is read as it was written");
    ended_reply_write(INT64_MAX, fresh());
    ok(ended_reply_read(read_back(buf_text(&buf)), &handle, &error) == LICET_OK &&
           handle == INT64_MAX,
       "so is an end");
    why_reply_write(&refused, RESP_2, fresh());
    ok(why_reply_read(read_back(buf_text(&buf)), &ret_why, &error) == LICET_OK &&
           ret_why.status == LICET_NO_SEAT && text_equal(ret_why.sentence, refused.sentence) &&
           ret_why.seats == 2 && ret_why.in_use == 2 && ret_why.overhang == 0 &&
           ret_why.next_free_s == 36 && ret_why.rule.size == 0,
       "so is a WHY");
}

static enum status read_granted(const char *bytes)
{
    struct granted_reply ret;

    return granted_reply_read(read_back(text_of(bytes)), &ret, &error);
}

static void test_other(void)
{
    static const char *const wrong[] = {
        "+GRANTED\r\n",
        ":1\r\n",
        "*0\r\n",
        "$-1\r\n",
        "*1\r\n+GRANTED\r\n",
        "*5\r\n+GRANTED\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
        "*6\r\n+ENDED\r\n:1\r\n:1\r\n:1\r\n:1\r\n$-1\r\n",
        "*6\r\n+GRANTED\r\n:-1\r\n:1\r\n:1\r\n:1\r\n$-1\r\n",
        "*6\r\n+GRANTED\r\n:1\r\n:4294967296\r\n:1\r\n:1\r\n$-1\r\n",
        "*6\r\n+GRANTED\r\n:1\r\n:1\r\n$1\r\n1\r\n:1\r\n$-1\r\n",
        "*6\r\n+GRANTED\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n",
        "*6\r\n+GRANTED\r\n*1\r\n:1\r\n:1\r\n:1\r\n:1\r\n$-1\r\n",
    };

    for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++)
        ok(read_granted(wrong[index]) == LICET_PROTOCOL, "what is no grant is refused (%zu)",
           index + 1);
    ok(read_granted("*7\r\n+GRANTED\r\n:1\r\n:1\r\n:1\r\n:1\r\n$-1\r\n:9\r\n") == LICET_OK,
       "an item that a later server adds is passed over");
    ok(read_granted("-NOSEAT all 2 seats are in use\r\n") == LICET_NO_SEAT &&
           strcmp(error.text, "all 2 seats are in use") == 0,
       "an error is its status and sentence");
    ok(read_granted("-OK\r\n") != LICET_OK, "and never a grant");
}

int main(void)
{
    test_bytes();
    test_read_back();
    test_other();
    return tap_done();
}
