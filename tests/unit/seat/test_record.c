/* The record codec: what is written is read, and nothing else is. */
#include "seat/record.h"
#include "tap.h"

/* Fills every byte, so that a field that is left out or swapped shows. */
static struct seat_record record_full(enum seat_record_kind kind)
{
    struct seat_record record = {0};

    record.kind = kind;
    record.at = 0x0102030405060708;
    return record;
}

static struct seat_record record_grant(void)
{
    struct seat_record record = record_full(SEAT_RECORD_GRANT);

    record.grant.handle = 0x1112131415161718;
    memset(record.grant.id.bytes, 0xab, 16);
    record.grant.vendor = 1;
    record.grant.feature = 2;
    record.grant.user = 3;
    record.grant.host = 4;
    record.grant.device = 5;
    record.grant.source = 6;
    record.grant.count = 7;
    record.grant.release = 20000;
    record.grant.end = 4102444800;
    record.grant.ttl_s = 300;
    record.grant.flags = SEAT_FLAG_OVERDRAFT;
    return record;
}

static struct seat_record record_line(void)
{
    struct seat_record record = record_full(SEAT_RECORD_LINE);
    struct seat_line *line = &record.line;

    line->sn = 1;
    line->feature = 2;
    line->seats = SEATS_MAX;
    line->overdraft = 4;
    line->held_over = 5;
    line->maintenance = DATE_NONE;
    line->start = 6;
    line->expiry = 5000000000;
    line->refresh_by = 8;
    line->ttl_s = 9;
    line->drain_s = 10;
    line->drain_end = 11;
    line->state = LINE_FORMER;
    line->covers_count = LINE_COVERS_MAX;
    for (uint32_t i = 0; i < LINE_COVERS_MAX; i++)
        line->covers[i] = i + 1;
    return record;
}

static struct seat_record record_sample(enum seat_record_kind kind)
{
    struct seat_record record = record_full(kind);

    if (kind == SEAT_RECORD_GRANT)
        return record_grant();
    if (kind == SEAT_RECORD_LINE)
        return record_line();
    if (kind == SEAT_RECORD_OPEN)
        memset(record.open.server_key, 0x5a, 32);
    if (kind == SEAT_RECORD_EPOCH)
        record.epoch.epoch = 12;
    if (kind == SEAT_RECORD_INSTALL) {
        record.install.vendor = 1;
        record.install.generation = 2;
        record.install.lines_count = 3;
        record.install.installed_at = 4;
        memset(record.install.payload_hash, 0x77, 32);
    }
    if (seat_record_is_ended(kind)) {
        record.ended.handle = 9;
        record.ended.source = 8;
        record.ended.forgets = 1;
        memset(record.ended.id.bytes, 7, 16);
    }
    if (kind == SEAT_RECORD_ENDING) {
        record.ending.handle = 9;
        record.ending.end = INT64_MAX;
        memset(record.ending.id.bytes, 7, 16);
    }
    if (kind == SEAT_RECORD_REQUEST) {
        record.request.counter = 3;
        memset(record.request.response_hash, 0x31, 32);
    }
    return record;
}

static void test_round(enum seat_record_kind kind, size_t expected_size)
{
    uint8_t bytes[SEAT_RECORD_BYTES_MAX], again[SEAT_RECORD_BYTES_MAX];
    struct seat_record record = record_sample(kind), back;
    size_t size = record_encode(&record, bytes), used = 0;
    unsigned short_reads = 0;

    ok(size == expected_size, "R8.8 kind %d is %zu bytes (%zu)", kind, expected_size, size);
    ok(record_decode(bytes, size, &back, &used, NULL) == LICET_OK && used == size &&
           memcmp(&back, &record, sizeof(back)) == 0,
       "R8.8 kind %d reads back as it was", kind);
    ok(record_encode(&back, again) == size && memcmp(again, bytes, size) == 0,
       "R8.8 kind %d writes the same bytes again", kind);
    for (size_t cut = 0; cut < size; cut++)
        short_reads += record_decode(bytes, cut, &back, &used, NULL) == LICET_OK;
    ok(short_reads == 0, "kind %d with any byte missing at its end is refused", kind);
}

/* Any bytes: refused, or read so that they are written alike. Runs over every change of one byte.
 */
static void test_hostile(enum seat_record_kind kind)
{
    uint8_t bytes[SEAT_RECORD_BYTES_MAX], again[SEAT_RECORD_BYTES_MAX];
    struct seat_record record = record_sample(kind), back;
    size_t size = record_encode(&record, bytes), used = 0;
    unsigned wrong = 0;

    for (size_t at = 0; at < size; at++) {
        uint8_t kept = bytes[at];

        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            if (record_decode(bytes, size, &back, &used, NULL) == LICET_OK)
                wrong += record_encode(&back, again) != used || memcmp(again, bytes, used) != 0;
        }
        bytes[at] = kept;
    }
    ok(wrong == 0, "kind %d with any one byte changed is refused or is another whole record", kind);
}

int main(void)
{
    static const size_t sizes[] = {0, 41, 17, 61, 75 + 128, 9, 78, 38, 38, 41, 49, 38};

    for (int kind = SEAT_RECORD_OPEN; kind <= SEAT_RECORD_END; kind++) {
        test_round((enum seat_record_kind)kind, sizes[kind]);
        test_hostile((enum seat_record_kind)kind);
    }
    return tap_done();
}
