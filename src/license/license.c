/* License files: reading, parsing, printing, signing. What a line means on a server is
 * line_state.c. */
#include "license/license.h"

#include <stddef.h>

/* The order of lines in a file, and how many there may be (R2.1). */
enum {
    SECTION_LICENSE,
    SECTION_SERVER,
    SECTION_DEVICE,
    SECTION_REVOKED,
    SECTION_INCREMENT,
    SECTIONS
};

static void license_sections(struct document_section sections[SECTIONS])
{
    const struct document_section all[SECTIONS] = {
        {LINE_LICENSE, 1, 1, 0, NULL},
        {LINE_SERVER, 0, LICENSE_SERVERS_MAX, 0, NULL},
        {LINE_DEVICE, 0, 1, 0, NULL},
        {LINE_REVOKED, 0, REVOKED_KEYS_MAX, 0, NULL},
        {LINE_INCREMENT, 0, LICENSE_LINES_MAX, 0, NULL},
    };

    memcpy(sections, all, sizeof(all));
}

static void license_take(const struct document_section sections[SECTIONS], struct license *license)
{
    const struct document_section *device = &sections[SECTION_DEVICE];

    memcpy(&license->head, sections[SECTION_LICENSE].items, sizeof(license->head));
    license->servers = sections[SECTION_SERVER].items;
    license->servers_count = sections[SECTION_SERVER].count;
    license->device = device->count == 0 ? NULL : device->items;
    license->revoked = sections[SECTION_REVOKED].items;
    license->revoked_count = sections[SECTION_REVOKED].count;
    license->increments = sections[SECTION_INCREMENT].items;
    license->increments_count = sections[SECTION_INCREMENT].count;
}

/* ---- what one line cannot show */

static enum status license_check_hosts(const struct license *license, struct error *error)
{
    const struct license_host *servers = license->servers;

    if ((license->servers_count == 0) == (license->device == NULL))
        return error_set(error, LICET_INVALID,
                         license->device == NULL
                             ? "the file has neither a SERVER nor a DEVICE line"
                             : "the file has a DEVICE line beside SERVER lines");
    for (uint32_t index = 1; index < license->servers_count; index++) {
        if (!text_equal(servers[index].id, servers[0].id))
            return error_set(
                error, LICET_INVALID,
                "SERVER lines with the ids %.*s and %.*s: all of a file are one server",
                TEXT_ARGS(servers[0].id), TEXT_ARGS(servers[index].id));
        for (uint32_t other = 0; other < index; other++) {
            if (hash_equal(&servers[index].key, &servers[other].key))
                return error_set(error, LICET_INVALID,
                                 "the SERVER lines %.*s and %.*s have the same key, or none",
                                 TEXT_ARGS(servers[other].name), TEXT_ARGS(servers[index].name));
        }
    }
    return LICET_OK;
}

static enum status license_check_increment(const struct license_increment *increment,
                                           struct error *error)
{
    uint32_t number = increment->line_number;
    bool is_uncounted = increment->model == LICENSE_UNCOUNTED;

    if (is_uncounted != (increment->seats == 0))
        return error_set(error, LICET_INVALID, "line %u: seats=: %s", number,
                         is_uncounted ? "an uncounted feature has none" : "missing");
    if (increment->grace_seats != 0 && increment->grace_seats == 2 * increment->seats)
        return error_set(error, LICET_INVALID,
                         "line %u: grace-seats=: twice the seats is the default, which is never "
                         "printed",
                         number);
    if (increment->start != 0 && increment->start > increment->expiry)
        return error_set(error, LICET_INVALID, "line %u: expiry= lies before start=", number);
    for (uint32_t index = 0; index < increment->covers.count; index++) {
        if (text_equal(increment->covers.items[index], increment->feature))
            return error_set(error, LICET_INVALID, "line %u: covers=: names its own feature",
                             number);
    }
    return LICET_OK;
}

static enum status license_check(struct license *license, struct arena *arena, struct error *error)
{
    enum status status = license_check_hosts(license, error);

    for (uint32_t index = 0; status == LICET_OK && index < license->increments_count; index++)
        status = license_check_increment(&license->increments[index], error);
    if (status == LICET_OK)
        status = document_check_unique(&license->lines, LINE_INCREMENT,
                                       offsetof(struct license_increment, sn), arena, error);
    return status;
}

/* ---- parsing and printing */

static enum status license_skip_first_line(struct text payload, struct text *ret_rest,
                                           struct error *error)
{
    struct text line = text_head(payload, text_find(payload, '\n'));

    if (!text_is(line, LICENSE_FIRST_LINE))
        return error_set(error, LICET_INVALID,
                         "line 1 is not \"" LICENSE_FIRST_LINE
                         "\": this is no license file, or something was put before it");
    *ret_rest = text_skip(payload, line.size + 1);
    return LICET_OK;
}

enum status license_parse(struct text payload, struct arena *arena, struct license *ret_license,
                          struct error *error)
{
    struct document_section sections[SECTIONS];
    struct license license = {.had_carriage_returns = false};
    struct text rest;
    enum status status = license_skip_first_line(payload, &rest, error);

    if (status != LICET_OK)
        return status;
    license_sections(sections);
    status = document_parse(rest, 2, sections, SECTIONS, true, arena, &license.lines, error);
    if (status != LICET_OK)
        return status;
    license_take(sections, &license);
    for (uint32_t index = 0; index < license.lines.count; index++) {
        const struct document_line *line = &license.lines.items[index];

        if (line->kind == LINE_INCREMENT)
            ((struct license_increment *)line->value)->line_number = line->number;
    }
    status = license_check(&license, arena, error);
    if (status == LICET_OK)
        *ret_license = license;
    return status;
}

enum status license_arrange(struct license *license, struct arena *arena, struct error *error)
{
    struct document_section sections[SECTIONS];
    enum status status;

    license_sections(sections);
    sections[SECTION_LICENSE].items = &license->head;
    sections[SECTION_LICENSE].count = 1;
    sections[SECTION_SERVER].items = license->servers;
    sections[SECTION_SERVER].count = license->servers_count;
    sections[SECTION_DEVICE].items = license->device;
    sections[SECTION_DEVICE].count = license->device == NULL ? 0 : 1;
    sections[SECTION_REVOKED].items = license->revoked;
    sections[SECTION_REVOKED].count = license->revoked_count;
    sections[SECTION_INCREMENT].items = license->increments;
    sections[SECTION_INCREMENT].count = license->increments_count;
    status = document_arrange(sections, SECTIONS, arena, &license->lines, error);
    if (status == LICET_OK)
        status = license_check(license, arena, error);
    return status;
}

void license_print(const struct license *license, struct buf *buf)
{
    buf_add_string(buf, LICENSE_FIRST_LINE "\n");
    document_print(&license->lines, buf);
}

/* ---- reading */

/* Looks, after a bad signature, for the line that something on the way has changed. */
static enum status license_diagnose(struct text payload, struct arena *arena, struct error *error)
{
    size_t mark = arena->size;
    struct license unused;
    struct error cause;
    enum status status;

    if (error == NULL)
        return LICET_BAD_SIGNATURE;
    status = license_parse(payload, arena, &unused, &cause);
    arena->size = mark;
    if (status == LICET_OK || status == LICET_NO_MEMORY)
        return LICET_BAD_SIGNATURE; /* the sentence stands as sshsig_verify() wrote it */
    return error_set(error, LICET_BAD_SIGNATURE,
                     "the signature does not fit the text. The likely cause: %s", cause.text);
}

/* R9: an issuing key vouches for maintenance dates to at most 10 years past its own end. */
static enum status license_judge_maintenance(const struct license *license, struct unix_time end,
                                             struct error *error)
{
    for (uint32_t index = 0; index < license->increments_count; index++) {
        const struct license_increment *increment = &license->increments[index];
        struct date date = {(int32_t)increment->maintenance};

        if (increment->maintenance != FIELD_DATE_NEVER && !trust_vouches_for(end, date))
            return error_set(error, LICET_UNTRUSTED,
                             "line %u: maintenance= is more than %d years after the end of the "
                             "signer's certificate, which cannot vouch for it",
                             increment->line_number, TRUST_MAINTENANCE_YEARS);
    }
    return LICET_OK;
}

static enum status license_judge(const struct license *license, const struct trust *trust,
                                 const struct sshsig *sshsig, const struct signer *signer,
                                 struct error *error)
{
    enum status status =
        trust_judge(trust, sshsig, license->head.vendor, license->head.issued, error);

    if (status == LICET_OK)
        status = license_judge_maintenance(license, signer->before, error);
    return status;
}

enum status license_read(struct text file, const struct trust *trust, struct arena *arena,
                         struct license *ret_license, struct error *error)
{
    struct document document;
    struct license license;
    struct signer signer;
    struct sshsig sshsig;
    enum status status;

    status = document_open(file, LICENSE_FILE_BYTES_MAX, arena, &document, error);
    if (status == LICET_OK)
        status = document_expect_end(&document, error);
    if (status == LICET_OK)
        status = trust_verify(trust, PURPOSE_LICENSE, document.payload, document.armor, arena,
                              &signer, &sshsig, error);
    if (status == LICET_BAD_SIGNATURE)
        return license_diagnose(document.payload, arena, error);
    if (status == LICET_OK)
        status = license_parse(document.payload, arena, &license, error);
    if (status == LICET_OK)
        status = license_judge(&license, trust, &sshsig, &signer, error);
    if (status != LICET_OK)
        return status;
    license.payload = document.payload;
    license.armor = document.armor;
    license.payload_hash = hash_of(document.payload);
    license.signer = signer;
    license.had_carriage_returns = document.had_carriage_returns;
    license.had_trailing_blanks = document.had_trailing_blanks;
    *ret_license = license;
    return LICET_OK;
}

/* ---- signing */

enum status license_lint(struct text payload, const struct certificate *certificate,
                         struct arena *arena, struct license *ret_license, struct error *error)
{
    struct license license;
    enum status status;

    if (payload.size > LICENSE_FILE_BYTES_MAX - SSHSIG_ARMOR_MAX)
        return error_set(error, LICET_TOO_LARGE,
                         "with its signature block the file would be larger than %d bytes",
                         LICENSE_FILE_BYTES_MAX);
    status = license_parse(payload, arena, &license, error);
    if (status == LICET_OK)
        status =
            trust_judge_certificate(certificate, license.head.vendor, license.head.issued, error);
    if (status == LICET_OK)
        status = license_judge_maintenance(&license, certificate->before, error);
    if (status == LICET_OK)
        *ret_license = license;
    return status;
}

enum status license_sign(struct text payload, const struct secret_key *key,
                         const struct certificate *certificate, struct arena *arena,
                         struct buf *buf, struct error *error)
{
    struct trust trust = {.roots = {certificate->root}, .roots_count = 1};
    size_t start = buf->size;
    struct license license;
    enum status status = license_lint(payload, certificate, arena, &license, error);

    if (status != LICET_OK)
        return status;
    buf_add_text(buf, payload);
    status = sshsig_sign(key, certificate, PURPOSE_LICENSE, payload, buf, error);
    if (status != LICET_OK)
        return status;
    /* What leaves is what a reader accepts: the certificate itself is judged by reading it. */
    return license_read(text_skip(buf_text(buf), start), &trust, arena, &license, error);
}
