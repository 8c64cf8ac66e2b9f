/* The table of lines and fields. Add a field here, and parser, printer and man page have it. */
#include "license/field.h"

#include <stddef.h>

#include "license/checkpoint.h"
#include "license/exchange.h"

#define LINE(line_kind, line_word, type)                                                           \
    .kind = (line_kind), .word = (line_word), .size = sizeof(struct type),                         \
    .extras_offset = offsetof(struct type, extras)

static const struct line_row line_rows[LINE_KINDS_COUNT] = {
    {.kind = LINE_UNKNOWN, .word = ""},
    {LINE(LINE_LICENSE, "LICENSE", license_head), .meaning = "What the file is: once, first"},
    {LINE(LINE_SERVER, "SERVER", license_host),
     .meaning = "A license server that may serve the file: one to three"},
    {LINE(LINE_DEVICE, "DEVICE", license_host),
     .meaning = "In place of SERVER: the device that the file is for, which has no licetd"},
    {LINE(LINE_REVOKED, "REVOKED", revoked_key),
     .meaning = "A key that is trusted no longer: a server's in a license file, an issuing key's "
                "in a revocation list"},
    {LINE(LINE_INCREMENT, "INCREMENT", license_increment), .keeps_unknown = true,
     .meaning = "Seats of one feature"},
    {LINE(LINE_REQUEST, "REQUEST", request_head),
     .meaning = "Who asks, and what is installed there: once, first"},
    {LINE(LINE_ACT, "ACT", request_act), .meaning = "What the site wants"},
    {LINE(LINE_RECEIPT, "RECEIPT", receipt_head), .meaning = "What is installed: once, first"},
    {LINE(LINE_SEATS, "LINE", receipt_line),
     .meaning = "One installed line, or a vanished one that still has overhang"},
    {LINE(LINE_RESPONSE, "RESPONSE", response_head),
     .meaning = "Which request is answered: once, first"},
    {LINE(LINE_RESULT, "RESULT", response_result), .meaning = "What became of one act"},
    {LINE(LINE_REVOCATIONS, "REVOCATIONS", revocations_head), .meaning = "The list: once, first"},
    {LINE(LINE_CHECKPOINT, "CHECKPOINT", checkpoint),
     .meaning = "Where the vendor's issue log stood: the only line of its text"},
};

#define HOURS(count) ((count)*3600u)
#define DAYS(count) ((count)*86400u)
#define GENERATION_MAX 2147483647u /* a signed 32-bit number of every database */

#define FIELD(line_kind, field_key, field_type)                                                    \
    .line = (line_kind), .key = (field_key), .type = (field_type)
#define AT(type, member) .offset = offsetof(struct type, member)
#define POSITIONAL .is_positional = true, .is_required = true
#define REQUIRED .is_required = true
#define RANGE(from, to) .min = (from), .max = (to)
#define SERVED .is_served = true
#define RESTRICTS .effect = FIELD_RESTRICTS
#define PERMITS .effect = FIELD_PERMITS

static const struct field_row field_rows[] = {
    {FIELD(LINE_LICENSE, "version", FIELD_VERSION), POSITIONAL, .meaning = "Always 1"},
    {FIELD(LINE_LICENSE, "vendor", FIELD_IDENTIFIER), AT(license_head, vendor), REQUIRED,
     .meaning = "The vendor, as the issuing key's certificate names it"},
    {FIELD(LINE_LICENSE, "customer", FIELD_TOKEN), AT(license_head, customer), REQUIRED,
     .meaning = "The customer's number at the vendor"},
    {FIELD(LINE_LICENSE, "generation", FIELD_NUMBER), AT(license_head, generation), REQUIRED,
     RANGE(1, GENERATION_MAX),
     .meaning = "Each file of a server replaces all with a lower generation"},
    {FIELD(LINE_LICENSE, "issued", FIELD_INSTANT), AT(license_head, issued), REQUIRED,
     .meaning = "The time at which the issuing key must have been valid"},
    {FIELD(LINE_LICENSE, "serial", FIELD_TOKEN), AT(license_head, serial), REQUIRED,
     .meaning = "The file's number at the vendor, used once"},
    {FIELD(LINE_LICENSE, "log", FIELD_LOG), AT(license_head, log),
     .meaning = "Size and root of the vendor's issue log before this file"},
    {FIELD(LINE_LICENSE, "ack", FIELD_NUMBER), AT(license_head, ack), RANGE(1, GENERATION_MAX),
     .meaning = "The last surrender of this server that the vendor knew"},

    {FIELD(LINE_SERVER, "name", FIELD_NAME), AT(license_host, name), POSITIONAL,
     .meaning = "The host name for which seats were reserved"},
    {FIELD(LINE_SERVER, "id", FIELD_TOKEN), AT(license_host, id), REQUIRED,
     .meaning = "The server at the vendor, whatever its name or key; the same in all SERVER lines"},
    {FIELD(LINE_SERVER, "key", FIELD_HASH), AT(license_host, key),
     .meaning = "Fingerprint of the key that may serve the file; left out only for bind=name"},
    {FIELD(LINE_SERVER, "ether", FIELD_TOKEN), AT(license_host, ether),
     .meaning = "An Ethernet address, for bind=ether"},

    {FIELD(LINE_DEVICE, "serial", FIELD_NAME), AT(license_host, name), POSITIONAL,
     .meaning = "The device's serial number or name"},
    {FIELD(LINE_DEVICE, "id", FIELD_TOKEN), AT(license_host, id), REQUIRED,
     .meaning = "The device at the vendor"},
    {FIELD(LINE_DEVICE, "key", FIELD_HASH), AT(license_host, key),
     .meaning = "Fingerprint of the device's key, where it has one"},
    {FIELD(LINE_DEVICE, "ether", FIELD_TOKEN), AT(license_host, ether),
     .meaning = "An Ethernet address, for bind=ether"},

    {FIELD(LINE_REVOKED, "key", FIELD_HASH), AT(revoked_key, key), REQUIRED,
     .meaning = "Fingerprint of the revoked key"},
    {FIELD(LINE_REVOKED, "from", FIELD_INSTANT), AT(revoked_key, from), REQUIRED,
     .meaning = "What it signed at or after this time is refused"},

    {FIELD(LINE_INCREMENT, "feature", FIELD_IDENTIFIER), AT(license_increment, feature), POSITIONAL,
     SERVED, .meaning = "The feature that products ask for"},
    {FIELD(LINE_INCREMENT, "sn", FIELD_TOKEN), AT(license_increment, sn), REQUIRED, SERVED,
     .meaning = "The line's number; used once in a file"},
    {FIELD(LINE_INCREMENT, "type", FIELD_IDENTIFIER), AT(license_increment, type), SERVED,
     .meaning = "How it was sold, for people: retail, trial, evaluation and the like"},
    {FIELD(LINE_INCREMENT, "model", FIELD_WORD), AT(license_increment, model),
     .words = "concurrent user-device named-user device node-locked uncounted", RESTRICTS,
     .meaning = "How holders are counted"},
    {FIELD(LINE_INCREMENT, "seats", FIELD_NUMBER), AT(license_increment, seats),
     RANGE(1, SEATS_MAX), SERVED, .meaning = "How many; left out exactly where model=uncounted"},
    {FIELD(LINE_INCREMENT, "start", FIELD_DATE), AT(license_increment, start), SERVED,
     .meaning = "The first day, from its beginning at UTC+14"},
    {FIELD(LINE_INCREMENT, "maintenance", FIELD_DATE), AT(license_increment, maintenance), REQUIRED,
     .words = "none", SERVED,
     .meaning = "The last day whose releases may be run; none: every release"},
    {FIELD(LINE_INCREMENT, "expiry", FIELD_DATE), AT(license_increment, expiry), REQUIRED,
     .words = "permanent", SERVED,
     .meaning = "The last day on which seats may be used, to its end at UTC-12"},
    {FIELD(LINE_INCREMENT, "bind", FIELD_WORD), AT(license_increment, bind),
     .words = "key name ether", RESTRICTS,
     .meaning = "What must match the server: its key, or only its name or address"},
    {FIELD(LINE_INCREMENT, "refresh-by", FIELD_DATE), AT(license_increment, refresh_by), SERVED,
     .meaning = "The last day, to its end at UTC-12, unless a newer file says otherwise"},
    {FIELD(LINE_INCREMENT, "covers", FIELD_IDENTIFIERS), AT(license_increment, covers),
     RANGE(1, LINE_COVERS_MAX), SERVED,
     .meaning = "Another feature that a seat of this line may serve as well"},
    {FIELD(LINE_INCREMENT, "parts", FIELD_IDENTIFIERS), AT(license_increment, parts),
     RANGE(1, LINE_COVERS_MAX), RESTRICTS,
     .meaning = "A feature of the suite, held together with the others by one seat"},
    {FIELD(LINE_INCREMENT, "overdraft", FIELD_NUMBER), AT(license_increment, overdraft),
     RANGE(1, SEATS_MAX), PERMITS, SERVED,
     .meaning = "Seats beyond the bought ones: granted, counted apart and reported"},
    {FIELD(LINE_INCREMENT, "burst", FIELD_DURATION), AT(license_increment, burst_s), .unit = 'd',
     RANGE(DAYS(1), DURATION_SECONDS_MAX), PERMITS,
     .meaning = "For how long the seats may be exceeded without limit, with an alarm"},
    {FIELD(LINE_INCREMENT, "advisory", FIELD_WORD), AT(license_increment, advisory),
     .words = "no yes", PERMITS, .meaning = "Never refuse, record what exceeds the seats"},
    {FIELD(LINE_INCREMENT, "grace", FIELD_DURATION), AT(license_increment, grace_s), .unit = 'h',
     RANGE(HOURS(1), DURATION_SECONDS_MAX), PERMITS,
     .meaning = "For how long a product goes on without its license server"},
    {FIELD(LINE_INCREMENT, "grace-seats", FIELD_NUMBER), AT(license_increment, grace_seats),
     RANGE(1, 2 * SEATS_MAX), PERMITS,
     .meaning = "The most grace tickets outstanding; left out: twice the seats"},
    {FIELD(LINE_INCREMENT, "borrow", FIELD_DURATION), AT(license_increment, borrow_s), .unit = 'h',
     RANGE(HOURS(1), DURATION_SECONDS_MAX), PERMITS,
     .meaning = "For how long a seat may be taken along without the license server"},
    {FIELD(LINE_INCREMENT, "early-return-hold", FIELD_DURATION),
     AT(license_increment, early_return_hold_s), .unit = 'h', RANGE(HOURS(1), DURATION_SECONDS_MAX),
     PERMITS, .meaning = "How long the seat of a borrow that came back early stays taken"},
    {FIELD(LINE_INCREMENT, "linger", FIELD_DURATION), AT(license_increment, linger_s), .unit = 's',
     RANGE(1, DAYS(7)), PERMITS,
     .meaning = "How long a seat stays with its holder after it was given back"},
    {FIELD(LINE_INCREMENT, "dup", FIELD_WORD), AT(license_increment, dup),
     .words = "none U H D UH UD HD UHD", RESTRICTS,
     .meaning = "Requests with equal user, host or device share one seat"},
    {FIELD(LINE_INCREMENT, "hold", FIELD_DURATION), AT(license_increment, hold_s), .unit = 'd',
     RANGE(DAYS(1), DURATION_SECONDS_MAX), .default_value = DAYS(90), RESTRICTS,
     .meaning = "How long a named holder keeps a seat that is not used"},
    {FIELD(LINE_INCREMENT, "drain", FIELD_DURATION), AT(license_increment, drain_s), .unit = 'h',
     RANGE(0, HOURS(8760)), .default_value = DRAIN_SECONDS, SERVED,
     .meaning = "How long holders may go on when a newer file has fewer seats"},
    {FIELD(LINE_INCREMENT, "ttl", FIELD_DURATION), AT(license_increment, ttl_s), .unit = 's',
     RANGE(LEASE_TTL_SECONDS_MIN, LEASE_TTL_SECONDS_MAX), .default_value = LEASE_TTL_SECONDS,
     SERVED, .meaning = "How long a lease lives without being renewed"},
    {FIELD(LINE_INCREMENT, "loan", FIELD_TOKEN), AT(license_increment, loan), RESTRICTS,
     .meaning = "The move for which these seats are lent until it is complete"},

    {FIELD(LINE_REQUEST, "version", FIELD_VERSION), POSITIONAL, .meaning = "Always 1"},
    {FIELD(LINE_REQUEST, "vendor", FIELD_IDENTIFIER), AT(request_head, vendor), REQUIRED,
     .meaning = "The vendor that is asked"},
    {FIELD(LINE_REQUEST, "name", FIELD_NAME), AT(request_head, name), REQUIRED,
     .meaning = "The server's host name"},
    {FIELD(LINE_REQUEST, "key", FIELD_HASH), AT(request_head, key), REQUIRED,
     .meaning = "Fingerprint of the key that signed the request"},
    {FIELD(LINE_REQUEST, "licetd", FIELD_TOKEN), AT(request_head, licetd), REQUIRED,
     .meaning = "The version of licetd"},
    {FIELD(LINE_REQUEST, "counter", FIELD_COUNTER), AT(request_head, counter), REQUIRED,
     RANGE(1, INT64_MAX), .meaning = "Raised with each request and receipt of this server"},
    {FIELD(LINE_REQUEST, "response", FIELD_HASH), AT(request_head, response),
     .meaning = "Payload hash of the last response accepted"},
    {FIELD(LINE_REQUEST, "server", FIELD_TOKEN), AT(request_head, server),
     .meaning = "The id= of the installed file"},
    {FIELD(LINE_REQUEST, "customer", FIELD_TOKEN), AT(request_head, customer),
     .meaning = "The customer= of the installed file"},
    {FIELD(LINE_REQUEST, "generation", FIELD_NUMBER), AT(request_head, generation),
     RANGE(1, GENERATION_MAX), .meaning = "The installed generation"},
    {FIELD(LINE_REQUEST, "payload", FIELD_HASH), AT(request_head, payload),
     .meaning = "Payload hash of the installed file"},
    {FIELD(LINE_REQUEST, "epoch", FIELD_COUNTER), AT(request_head, epoch), RANGE(1, INT64_MAX),
     .meaning = "The journal's epoch"},
    {FIELD(LINE_REQUEST, "head", FIELD_HASH), AT(request_head, head),
     .meaning = "The journal's chain head, kept as evidence"},
    {FIELD(LINE_REQUEST, "serves", FIELD_TOKENS), AT(request_head, serves),
     RANGE(1, REQUEST_SERVES_MAX), .meaning = "A field of INCREMENT lines that this licetd serves"},

    {FIELD(LINE_ACT, "number", FIELD_NUMBER), AT(request_act, number), POSITIONAL,
     RANGE(1, REQUEST_ACTS_MAX), .meaning = "From 1, in order"},
    {FIELD(LINE_ACT, "act", FIELD_WORD), AT(request_act, kind), POSITIONAL,
     .words = "enrol activate renew surrender rename rekey", .meaning = "What is wanted"},
    {FIELD(LINE_ACT, "code", FIELD_TOKEN), AT(request_act, code),
     .meaning = "activate: the license code"},
    {FIELD(LINE_ACT, "sn", FIELD_TOKEN), AT(request_act, sn),
     .meaning = "renew, surrender: the line"},
    {FIELD(LINE_ACT, "seats", FIELD_NUMBER), AT(request_act, seats), RANGE(1, SEATS_MAX),
     .meaning = "activate, surrender: how many"},
    {FIELD(LINE_ACT, "surrender", FIELD_NUMBER), AT(request_act, surrender),
     RANGE(1, GENERATION_MAX),
     .meaning = "surrender: its number, which ack= of a later file names"},
    {FIELD(LINE_ACT, "name", FIELD_NAME), AT(request_act, name),
     .meaning = "rename: the new host name"},
    {FIELD(LINE_ACT, "key", FIELD_HASH), AT(request_act, key),
     .meaning = "rekey: fingerprint of the lost key"},

    {FIELD(LINE_RECEIPT, "version", FIELD_VERSION), POSITIONAL, .meaning = "Always 1"},
    {FIELD(LINE_RECEIPT, "vendor", FIELD_IDENTIFIER), AT(receipt_head, vendor), REQUIRED,
     .meaning = "The vendor of the installed file"},
    {FIELD(LINE_RECEIPT, "server", FIELD_TOKEN), AT(receipt_head, server), REQUIRED,
     .meaning = "The id= of the installed file"},
    {FIELD(LINE_RECEIPT, "customer", FIELD_TOKEN), AT(receipt_head, customer), REQUIRED,
     .meaning = "The customer= of the installed file"},
    {FIELD(LINE_RECEIPT, "key", FIELD_HASH), AT(receipt_head, key), REQUIRED,
     .meaning = "Fingerprint of the key that signed the receipt"},
    {FIELD(LINE_RECEIPT, "generation", FIELD_NUMBER), AT(receipt_head, generation), REQUIRED,
     RANGE(1, GENERATION_MAX), .meaning = "The installed generation"},
    {FIELD(LINE_RECEIPT, "payload", FIELD_HASH), AT(receipt_head, payload), REQUIRED,
     .meaning = "Payload hash of the installed file"},
    {FIELD(LINE_RECEIPT, "epoch", FIELD_COUNTER), AT(receipt_head, epoch), REQUIRED,
     RANGE(1, INT64_MAX), .meaning = "The journal's epoch"},
    {FIELD(LINE_RECEIPT, "counter", FIELD_COUNTER), AT(receipt_head, counter), REQUIRED,
     RANGE(1, INT64_MAX), .meaning = "Raised with each request and receipt of this server"},
    {FIELD(LINE_RECEIPT, "head", FIELD_HASH), AT(receipt_head, head), REQUIRED,
     .meaning = "The journal's chain head, kept as evidence"},

    {FIELD(LINE_SEATS, "sn", FIELD_TOKEN), AT(receipt_line, sn), POSITIONAL,
     .meaning = "The line's number in the file"},
    {FIELD(LINE_SEATS, "seats", FIELD_NUMBER), AT(receipt_line, seats), REQUIRED,
     RANGE(0, SEATS_MAX), .meaning = "Seats of the installed line; 0: the line has vanished"},
    {FIELD(LINE_SEATS, "overhang", FIELD_NUMBER), AT(receipt_line, overhang), RANGE(1, SEATS_MAX),
     .meaning = "Seats that the line has lost and that are still in use"},
    {FIELD(LINE_SEATS, "until", FIELD_INSTANT), AT(receipt_line, until),
     .meaning = "The latest signed end of a lease or borrow"},
    {FIELD(LINE_SEATS, "grace", FIELD_NUMBER), AT(receipt_line, grace), RANGE(1, 2 * SEATS_MAX),
     .meaning = "Grace tickets outstanding"},
    {FIELD(LINE_SEATS, "grace-until", FIELD_INSTANT), AT(receipt_line, grace_until),
     .meaning = "The latest end of a grace ticket"},

    {FIELD(LINE_RESPONSE, "version", FIELD_VERSION), POSITIONAL, .meaning = "Always 1"},
    {FIELD(LINE_RESPONSE, "vendor", FIELD_IDENTIFIER), AT(response_head, vendor), REQUIRED,
     .meaning = "The vendor that answers"},
    {FIELD(LINE_RESPONSE, "server", FIELD_TOKEN), AT(response_head, server), REQUIRED,
     .meaning = "The server at the vendor"},
    {FIELD(LINE_RESPONSE, "request", FIELD_HASH), AT(response_head, request), REQUIRED,
     .meaning = "Payload hash of the request that is answered"},
    {FIELD(LINE_RESPONSE, "issued", FIELD_INSTANT), AT(response_head, issued), REQUIRED,
     .meaning = "The time at which the issuing key must have been valid"},
    {FIELD(LINE_RESPONSE, "file", FIELD_HASH), AT(response_head, file),
     .meaning = "Payload hash of the license file that follows"},

    {FIELD(LINE_RESULT, "number", FIELD_NUMBER), AT(response_result, number), POSITIONAL,
     RANGE(1, REQUEST_ACTS_MAX), .meaning = "Of the act"},
    {FIELD(LINE_RESULT, "status", FIELD_TOKEN), AT(response_result, status), POSITIONAL,
     .meaning = "ok, or the word of what stood against it"},
    {FIELD(LINE_RESULT, "sn", FIELD_TOKEN), AT(response_result, sn),
     .meaning = "The line it touched"},
    {FIELD(LINE_RESULT, "seats", FIELD_NUMBER), AT(response_result, seats), RANGE(1, SEATS_MAX),
     .meaning = "How many seats it touched"},

    {FIELD(LINE_REVOCATIONS, "version", FIELD_VERSION), POSITIONAL, .meaning = "Always 1"},
    {FIELD(LINE_REVOCATIONS, "vendor", FIELD_IDENTIFIER), AT(revocations_head, vendor), REQUIRED,
     .meaning = "The vendor whose keys they are"},
    {FIELD(LINE_REVOCATIONS, "number", FIELD_NUMBER), AT(revocations_head, number), REQUIRED,
     RANGE(1, GENERATION_MAX), .meaning = "The list with the highest number counts"},
    {FIELD(LINE_REVOCATIONS, "issued", FIELD_INSTANT), AT(revocations_head, issued), REQUIRED,
     .meaning = "When the list was made"},

    {FIELD(LINE_CHECKPOINT, "version", FIELD_VERSION), POSITIONAL, .meaning = "Always 1"},
    {FIELD(LINE_CHECKPOINT, "vendor", FIELD_IDENTIFIER), AT(checkpoint, vendor), REQUIRED,
     .meaning = "The vendor whose log it is"},
    {FIELD(LINE_CHECKPOINT, "log", FIELD_LOG), AT(checkpoint, log), REQUIRED,
     .meaning = "Size and root of the log"},
    {FIELD(LINE_CHECKPOINT, "issued", FIELD_INSTANT), AT(checkpoint, issued), REQUIRED,
     .meaning = "The time at which the issuing key must have been valid"},
};

#define FIELD_ROWS_COUNT (sizeof(field_rows) / sizeof(field_rows[0]))

const struct line_row *line_row_of(enum line_kind kind)
{
    return &line_rows[kind];
}

enum line_kind line_kind_of(struct text word)
{
    for (size_t index = 1; index < LINE_KINDS_COUNT; index++) {
        if (text_is(word, line_rows[index].word))
            return line_rows[index].kind;
    }
    return LINE_UNKNOWN;
}

const struct field_row *field_rows_of(enum line_kind kind, uint32_t *ret_count)
{
    const struct field_row *first = NULL;

    *ret_count = 0;
    for (size_t index = 0; index < FIELD_ROWS_COUNT; index++) {
        if (field_rows[index].line != kind)
            continue;
        if (first == NULL)
            first = &field_rows[index];
        ++*ret_count;
    }
    return first;
}

const struct field_row *field_row_find(enum line_kind kind, struct text key)
{
    uint32_t count;
    const struct field_row *rows = field_rows_of(kind, &count);

    for (uint32_t index = 0; index < count; index++) {
        if (!rows[index].is_positional && text_is(key, rows[index].key))
            return &rows[index];
    }
    return NULL;
}
