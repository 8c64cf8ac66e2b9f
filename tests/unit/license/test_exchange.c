/* Requests, receipts, responses (R5): printed, signed, read back; and what is refused. */
#include "license/exchange.h"

#include "files.h"

#include "tap.h"

/* In tables that are there before main() a compound literal is no constant. */
#define ITEM(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static char text_bytes[65536], scratch_memory[1024 * 1024];
static struct arena scratch;

static struct hash hash_of_name(const char *name)
{
    return hash_of(text_of(name));
}

static struct hash key_hash(const char *name)
{
    struct public_key key = data_public_key(name);

    return public_key_hash(&key);
}

/* ---- receipts */

static struct receipt_line receipt_rows[] = {
    {.sn = ITEM("LA-7K2M9-1"), .seats = 280, .overhang = 20, .until = {1795600000}},
    {.sn = ITEM("LA-7K2M9-2"), .seats = 0, .overhang = 5, .grace = 2, .grace_until = {1795700000}},
};

static struct receipt make_receipt(void)
{
    return (struct receipt){
        .head = {.vendor = TEXT("acme"),
                 .server = TEXT("S-7K2M9"),
                 .customer = TEXT("C-4829137"),
                 .key = key_hash("server"),
                 .generation = 9,
                 .payload = hash_of_name("payload"),
                 .epoch = 3,
                 .counter = 77,
                 .head = hash_of_name("head")},
        .lines = receipt_rows,
        .lines_count = 2,
    };
}

static struct text receipt_text(const struct receipt *receipt, enum status *ret_status)
{
    struct buf buf = buf_over(text_bytes, sizeof(text_bytes));
    struct secret_key key;

    scratch = arena_over(scratch_memory, sizeof(scratch_memory));
    data_secret_key("server", &key);
    *ret_status = receipt_sign(receipt, &key, &scratch, &buf, NULL);
    return buf_text(&buf);
}

static enum status receipt_status(struct text text, struct receipt *receipt)
{
    struct arena arena = fresh_arena();

    return receipt_read(text, &arena, receipt, NULL);
}

static void test_receipt(void)
{
    struct receipt receipt = make_receipt(), read;
    struct public_key key = data_public_key("server");
    enum status status;
    struct text text = receipt_text(&receipt, &status);

    ok(status == LICET_OK &&
           text_starts_with(text, "RECEIPT 1 vendor=acme server=S-7K2M9 customer=C-4829137 \\\n"),
       "R5 a receipt is lines in the manner of the license file");
    ok(receipt_status(text, &read) == LICET_OK && read.head.counter == 77 && read.head.epoch == 3 &&
           read.lines_count == 2 && read.lines[0].overhang == 20 &&
           read.lines[0].until.s == 1795600000 && read.lines[1].seats == 0 &&
           read.lines[1].grace == 2 && public_key_equal(&read.key, &key),
       "R5.1 a receipt is read back: held-over counts, ends and grace tickets of every line");
    receipt.head.key = key_hash("server-2");
    receipt_text(&receipt, &status);
    ok(status == LICET_MISMATCH, "R5 key= must be the key that signs");
    receipt = make_receipt();
    receipt.lines_count = 0;
    text = receipt_text(&receipt, &status);
    ok(status == LICET_OK && receipt_status(text, &read) == LICET_OK && read.lines_count == 0,
       "R4.2 the receipt of a retired server has no rows");
    receipt = make_receipt();
    receipt_rows[1].sn = receipt_rows[0].sn;
    receipt_text(&receipt, &status);
    ok(status == LICET_INVALID, "a line twice is refused");
    receipt_rows[1].sn = TEXT("LA-7K2M9-2");
}

static void test_receipt_damage(void)
{
    struct receipt receipt = make_receipt(), read;
    enum status status;
    struct text text = receipt_text(&receipt, &status);
    size_t accepted = 0;

    for (size_t at = 0; at < text.size; at++) {
        text_bytes[at] ^= 1;
        accepted += receipt_status(text, &read) == LICET_OK ? 1 : 0;
        text_bytes[at] ^= 1;
    }
    ok(accepted == 0, "a bit flipped anywhere in a receipt is refused");
    ok(receipt_status(sign_text(payload_of(text), "server", NULL, PURPOSE_REQUEST), &read) ==
           LICET_UNTRUSTED,
       "R9.1 a receipt signed as a request is refused");
    ok(receipt_status(sign_text(payload_of(text), "server-2", NULL, PURPOSE_RECEIPT), &read) ==
           LICET_MISMATCH,
       "R5 a receipt signed by another server's key is refused");
    ok(receipt_status(golden_read(0), &read) == LICET_UNTRUSTED, "a license file is no receipt");
}

/* ---- requests */

static struct request_act request_acts[] = {
    {.number = 1, .kind = ACT_ACTIVATE, .code = ITEM("7K2M9-AAAAA-BBBBB-CCCCC-DDDDD"), .seats = 5},
    {.number = 2, .kind = ACT_SURRENDER, .sn = ITEM("LA-7K2M9-1"), .seats = 20, .surrender = 3},
    {.number = 3, .kind = ACT_RENAME, .name = ITEM("paris-lic01")},
    {.number = 4, .kind = ACT_RENEW, .sn = ITEM("LA-7K2M9-1")},
    {.number = 5, .kind = ACT_REKEY, .key = {{9}}},
    {.number = 6, .kind = ACT_ENROL},
};

static struct text serves[] = {ITEM("covers"), ITEM("overdraft")};

static struct server_request make_request(void)
{
    return (struct server_request){
        .head = {.vendor = TEXT("acme"),
                 .name = TEXT("LONDON-LIC01"),
                 .key = key_hash("server"),
                 .licetd = TEXT("0.1.0"),
                 .counter = 78,
                 .response = hash_of_name("response"),
                 .server = TEXT("S-7K2M9"),
                 .customer = TEXT("C-4829137"),
                 .generation = 9,
                 .payload = hash_of_name("payload"),
                 .epoch = 3,
                 .head = hash_of_name("head"),
                 .serves = {serves, 2}},
        .acts = request_acts,
        .acts_count = 6,
        .lines = receipt_rows,
        .lines_count = 2,
    };
}

static struct text request_text(const struct server_request *request, enum status *ret_status)
{
    struct buf buf = buf_over(text_bytes, sizeof(text_bytes));
    struct secret_key key;

    scratch = arena_over(scratch_memory, sizeof(scratch_memory));
    data_secret_key("server", &key);
    *ret_status = request_sign(request, &key, &scratch, &buf, NULL);
    return buf_text(&buf);
}

static enum status request_status(const struct server_request *request)
{
    enum status status;

    request_text(request, &status);
    return status;
}

static void test_request(void)
{
    struct server_request request = make_request(), read;
    struct arena arena = fresh_arena();
    enum status status;
    struct text text = request_text(&request, &status);

    ok(status == LICET_OK, "R5 a request is printed and signed by the server's key");
    ok(request_read(text, &arena, &read, NULL) == LICET_OK && read.acts_count == 6 &&
           read.acts[1].surrender == 3 && read.acts[2].kind == ACT_RENAME &&
           read.lines_count == 2 && read.head.serves.count == 2 &&
           text_is(read.head.serves.items[1], "overdraft") &&
           hash_equal(&read.head.response, &request.head.response),
       "R5 a request is read back: acts, the receipt, the fields that are served (R2.5)");
    ok(memmem(text.data, text.size, "alice", 5) == NULL, "R5 it names no user");
    request = make_request();
    request.head.server = request.head.customer = TEXT("");
    request.head.generation = 0;
    request.head.payload = request.head.head = request.head.response = (struct hash){{0}};
    request.head.epoch = 0;
    request.lines_count = 0;
    request.acts_count = 0;
    ok(request_status(&request) == LICET_OK, "R3.3 the first request has no file to tell of");
    request.lines_count = 2;
    ok(request_status(&request) == LICET_INVALID, "rows without a file are refused");
    request = make_request();
    request.head.epoch = 0;
    ok(request_status(&request) == LICET_INVALID, "half a receipt is refused");
}

static void test_acts(void)
{
    struct server_request request = make_request();

#define ACT_REFUSED(act, name)                                                                     \
    request.acts = &(struct request_act)act;                                                       \
    request.acts_count = 1;                                                                        \
    ok(request_status(&request) == LICET_INVALID, "%s is refused", name)
#define ACT(...) {.number = 1, __VA_ARGS__}

    ACT_REFUSED(ACT(.kind = ACT_ACTIVATE), "activate without a code");
    ACT_REFUSED(ACT(.kind = ACT_RENEW), "renew without a line");
    ACT_REFUSED(ACT(.kind = ACT_RENEW, .sn = TEXT("a"), .seats = 5), "renew with seats");
    ACT_REFUSED(ACT(.kind = ACT_SURRENDER, .sn = TEXT("a"), .seats = 5),
                "R5.3 a surrender without its number");
    ACT_REFUSED(ACT(.kind = ACT_SURRENDER, .sn = TEXT("a"), .surrender = 5),
                "R5.3 a surrender without seats");
    ACT_REFUSED(ACT(.kind = ACT_RENAME), "rename without a name");
    ACT_REFUSED(ACT(.kind = ACT_REKEY), "R7.2 rekey without the old key");
    ACT_REFUSED(ACT(.kind = ACT_ENROL, .code = TEXT("x")), "enrol with a code");
    request.acts[0] = (struct request_act){.number = 2, .kind = ACT_ENROL};
    ok(request_status(&request) == LICET_INVALID, "acts that do not count from 1 are refused");
}

/* ---- responses */

static struct response_result results[] = {
    {.number = 1, .status = ITEM("ok"), .sn = ITEM("LA-7K2M9-3"), .seats = 5},
    {.number = 2, .status = ITEM("forbidden")},
};

static struct text response_text(struct response *response, struct text file,
                                 enum status *ret_status)
{
    static char bytes[65536];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct certificate certificate = data_certificate("issuing");
    struct secret_key key;

    scratch = arena_over(scratch_memory, sizeof(scratch_memory));
    *response = (struct response){.head = {.vendor = TEXT("acme"),
                                           .server = TEXT("S-7K2M9"),
                                           .request = hash_of_name("request"),
                                           .issued = {1795511553}},
                                  .results = results,
                                  .results_count = 2,
                                  .file = file};
    if (file.size > 0)
        response->head.file = hash_of(payload_of(file));
    data_secret_key("issuing", &key);
    *ret_status = response_sign(response, &key, &certificate, &scratch, &buf, NULL);
    return buf_text(&buf);
}

static enum status response_status(struct text text, struct response *response)
{
    struct trust trust = data_trust();
    struct arena arena = fresh_arena();

    return response_read(text, &trust, &arena, response, NULL);
}

static void test_response(void)
{
    struct trust trust = data_trust();
    struct text file = golden_read(1), other = golden_read(2);
    struct response response, read;
    struct license license;
    enum status status;
    struct text text = response_text(&response, file, &status);
    static char changed[65536];
    struct buf buf = buf_over(changed, sizeof(changed));
    struct arena arena;

    ok(status == LICET_OK,
       "R5 a response is signed by the issuing key, with a license file behind");
    ok(response_status(text, &read) == LICET_OK && read.results_count == 2 &&
           text_is(read.results[1].status, "forbidden") && text_equal(read.file, file),
       "R5 it is read back, and hands out the file");
    arena = arena_over(scratch_memory, sizeof(scratch_memory));
    ok(license_read(read.file, &trust, &arena, &license, NULL) == LICET_OK,
       "the file has its own block, and reads by itself");
    buf_add_text(&buf, text_head(text, text.size - file.size));
    ok(response_status(buf_text(&buf), &read) == LICET_INVALID,
       "a response that lost its file is refused");
    buf_add_text(&buf, other);
    ok(response_status(buf_text(&buf), &read) == LICET_MISMATCH,
       "a response with another file behind is refused");
    text = response_text(&response, text_make("", 0), &status);
    ok(status == LICET_OK && response_status(text, &read) == LICET_OK && read.file.size == 0,
       "a response may come without a file");
    buf = buf_over(changed, sizeof(changed));
    buf_add_text(&buf, text);
    buf_add_byte(&buf, '\n');
    buf_add_text(&buf, file);
    ok(response_status(buf_text(&buf), &read) == LICET_INVALID,
       "a file behind a response that names none is refused");
    ok(response_status(sign_text(payload_of(text), "server", NULL, PURPOSE_REQUEST), &read) ==
           LICET_UNTRUSTED,
       "R9.1 a response signed by a server is refused");
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    data_folder = argv[1];
    test_receipt();
    test_receipt_damage();
    test_request();
    test_acts();
    test_response();
    return tap_done();
}
