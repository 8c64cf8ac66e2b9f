/* Arguments of CHECKOUT, RENEW, CHECKIN and WHY at the door (R1.1, R8.1). */
#include "resp/checkout.h"

#include "base/limits.h"
#include "tap.h"

#define ID "0123456789abcdef0123456789ABCDEF"

static struct checkout_args args;
static struct error error;

typedef enum status parser(const struct text *, uint32_t, struct checkout_args *, struct error *);

/* Words of `line`, each an argument. */
static enum status parse(parser *run, const char *line)
{
    struct text words[32];
    struct text rest = text_of(line);
    uint32_t count = 0;

    if (rest.size == 0)
        rest.data = NULL;
    while (count < 32 && text_split(&rest, ' ', &words[count]))
        count++;
    memset(&args, 0x55, sizeof(args));
    error.text[0] = '\0';
    return run(words, count, &args, &error);
}

static bool refuses(const char *line, const char *word)
{
    struct checkout_args before;

    memset(&before, 0x55, sizeof(before));
    return parse(checkout_args_parse, line) == LICET_INVALID && strstr(error.text, word) != NULL &&
           memcmp(&args, &before, sizeof(args)) == 0;
}

static void test_accepted(void)
{
    ok(parse(checkout_args_parse, "cad_pro " ID) == LICET_OK && text_is(args.feature, "cad_pro") &&
           args.id[0] == 0x01 && args.id[15] == 0xef && args.count == 1 && args.release == 0 &&
           args.user.size == 0 && args.vendor.size == 0 && args.proof == PROOF_NONE,
       "feature and id are enough");
    ok(parse(checkout_args_parse,
             "cad_pro " ID " COUNT 1000000000 RELEASE 2026-11-24 USER a\xc3\xa9 HOST h_1.example"
             " DEVICE d VENDOR acme NONCE " ID " PROOF raw") == LICET_OK &&
           args.count == LEASE_COUNT_MAX && args.release == 20781 &&
           text_is(args.user, "a\xc3\xa9") && text_is(args.host, "h_1.example") &&
           text_is(args.device, "d") && text_is(args.vendor, "acme") && args.nonce[15] == 0xef &&
           args.proof == PROOF_RAW,
       "every option");
    ok(parse(checkout_args_parse, "f " ID " pRoOf TEXT user USER nonce " ID) == LICET_OK &&
           args.proof == PROOF_TEXT && text_is(args.user, "USER"),
       "options come in any case and order, and a value may look like one");
    ok(parse(renew_args_parse, ID) == LICET_OK && args.id[0] == 1 && args.count == 1 &&
           parse(renew_args_parse, ID " NONCE " ID " PROOF text") == LICET_OK &&
           args.proof == PROOF_TEXT,
       "RENEW takes an id and a proof");
    ok(parse(checkin_args_parse, ID) == LICET_OK && args.id[0] == 1, "CHECKIN takes an id");
    ok(parse(why_args_parse, "f COUNT 2 USER u") == LICET_OK && args.count == 2, "WHY takes no id");
}

static void test_refused(void)
{
    char long_name[200] = "f " ID " USER ";

    ok(refuses("", "feature") && refuses("f", "lease id"), "what is missing is named");
    ok(refuses("1f " ID, "1f") && refuses("f-g " ID, "f-g") && refuses(" " ID, "feature"),
       "R1.1 a feature that is no name is refused and quoted");
    ok(refuses("f 123", "lease id") && refuses("f " ID "0", "lease id") &&
           refuses("f g123456789abcdef0123456789abcdef", "lease id"),
       "R8.1 an id is 32 hexadecimal digits");
    ok(strstr(error.text, "g1234") == NULL, "R8.1 and is never quoted");
    ok(refuses("f " ID " COUNT 0", "COUNT") && refuses("f " ID " COUNT 1000000001", "COUNT") &&
           refuses("f " ID " COUNT -1", "COUNT") && refuses("f " ID " COUNT 4294967297", "COUNT") &&
           refuses("f " ID " COUNT 01", "COUNT") && refuses("f " ID " COUNT ", "COUNT"),
       "a count is 1 to 1000000000");
    ok(refuses("f " ID " RELEASE 2026-02-30", "RELEASE") &&
           refuses("f " ID " RELEASE 24.11.2026", "RELEASE"),
       "a release is a date");
    ok(refuses("f " ID " USER ", "USER") && refuses("f " ID " HOST a\tb", "HOST") &&
           refuses("f " ID " DEVICE \xff", "DEVICE") && refuses("f " ID " VENDOR a-b", "VENDOR"),
       "R1.1 names without blanks, control characters and broken UTF-8");
    memset(long_name + strlen(long_name), 'x', NAME_MAX_BYTES);
    ok(parse(checkout_args_parse, long_name) == LICET_OK, "R1.1 64 bytes are a name");
    long_name[strlen(long_name)] = 'x';
    ok(refuses(long_name, "USER"), "R1.1 65 are not");
    ok(refuses("f " ID " NONCE " ID, "PROOF") && refuses("f " ID " PROOF raw", "NONCE") &&
           refuses("f " ID " NONCE 00 PROOF raw", "NONCE") &&
           refuses("f " ID " NONCE " ID " PROOF hex", "hex"),
       "R8.4 nonce and proof belong together");
    ok(refuses("f " ID " USER a user b", "USER is given twice"), "an option is given once");
    ok(refuses("f " ID " USER", "no value") && refuses("f " ID " COLOUR red", "COLOUR"),
       "an option without value, and no option at all");
    ok(refuses("f " ID "  red", "\"\" is no option"), "an empty word is no option");
    ok(parse(renew_args_parse, ID " COUNT 2") == LICET_INVALID &&
           parse(checkin_args_parse, ID " PROOF raw") == LICET_INVALID &&
           parse(why_args_parse, "f NONCE " ID " PROOF raw") == LICET_INVALID &&
           parse(renew_args_parse, "") == LICET_INVALID,
       "each command takes only its own");
}

int main(void)
{
    test_accepted();
    test_refused();
    return tap_done();
}
