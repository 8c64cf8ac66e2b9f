/* License files: what is read, what is kept, what is refused and what is said about it. */
#include "files.h"

#include "tap.h"

static struct trust trust;

static enum status reads(struct text file, struct license *license, struct error *error)
{
    struct arena arena = fresh_arena();

    return license_read(file, &trust, &arena, license, error);
}

static enum status read_status(struct text file)
{
    struct license license;

    return reads(file, &license, NULL);
}

/* The message of a refused file holds `part`. */
static void refuses(struct text file, enum status wanted, const char *part, const char *name)
{
    struct license license;
    struct error error = {.status = LICET_OK};
    enum status status = reads(file, &license, &error);

    ok(status == wanted && strstr(error.text, part) != NULL, "%s", name);
    if (status != wanted || strstr(error.text, part) == NULL)
        printf("#   %s: %s\n", status_word(status), error.text);
}

static struct text joined(struct text before, const char *middle, struct text after)
{
    static char places[4][32768];
    static unsigned turn;
    struct buf buf = buf_over(places[turn++ % 4], sizeof(places[0]));

    buf_add_text(&buf, before);
    buf_add_string(&buf, middle);
    buf_add_text(&buf, after);
    assert(!buf.is_full);
    return buf_text(&buf);
}

/* The file with the first `from` replaced. */
static struct text replaced(struct text file, const char *from, const char *to)
{
    const char *at = memmem(file.data, file.size, from, strlen(from));
    size_t start;

    assert(at != NULL);
    start = (size_t)(at - file.data);
    return joined(text_head(file, start), to, text_skip(file, start + strlen(from)));
}

/* A payload with these lines after the plain head, signed. */
static struct text signed_lines(const char *lines)
{
    static const char head[] =
        LICENSE_FIRST_LINE "\nLICENSE 1 vendor=acme customer=C-1 generation=1 \\\n"
                           "    issued=2026-11-24T09:12:33Z serial=A1\n";

    return sign_text(joined(TEXT(head), lines, TEXT("")), "issuing", "issuing", PURPOSE_LICENSE);
}

#define SERVER_LINE "SERVER LONDON-LIC01 id=S-1\n"

static void test_golden(void)
{
    struct certificate certificate = data_certificate("issuing");
    static char printed[8192];
    struct secret_key key;

    data_secret_key("issuing", &key);
    for (size_t index = 0; index < GOLDEN_COUNT; index++) {
        struct buf buf = buf_over(printed, sizeof(printed));
        struct arena arena = fresh_arena();
        struct text file = golden_read(index);
        struct license license;
        struct error error = {.status = LICET_OK};
        bool is_read = reads(file, &license, &error) == LICET_OK;

        ok(is_read, "golden %s is read", golden_names[index]);
        if (!is_read) {
            printf("#   %s\n", error.text);
            continue;
        }
        license_print(&license, &buf);
        ok(!buf.is_full && text_equal(buf_text(&buf), license.payload),
           "R2.6 golden %s is printed as it was read", golden_names[index]);
        buf = buf_over(printed, sizeof(printed));
        ok(license_sign(payload_of(file), &key, &certificate, &arena, &buf, NULL) == LICET_OK &&
               text_equal(buf_text(&buf), file),
           "golden %s, signed again, is the same file", golden_names[index]);
    }
}

static void test_values(void)
{
    const struct license_increment *line;
    struct license license;

    ok(reads(golden_read(6), &license, NULL) == LICET_OK, "every field is parsed");
    line = &license.increments[0];
    ok(license.head.generation == 2147483647 && license.head.ack == 1 &&
           text_is(license.head.customer, "C-4829137") && license.head.issued.s == 1795511553,
       "R2.2 the head's values");
    ok(text_is(line->feature, "suite") && text_is(line->sn, "LA-7K2M9-1") &&
           text_is(line->type, "retail") && line->model == LICENSE_NAMED_USER &&
           line->seats == 25 && line->bind == LICENSE_BIND_ETHER && text_is(line->loan, "M-1"),
       "R2.2 names, words and counts of an INCREMENT line");
    ok(line->covers.count == 1 && text_is(line->covers.items[0], "suite_std") &&
           line->parts.count == 2 && text_is(line->parts.items[1], "write"),
       "R2.2 lists are one item a key");
    ok(line->overdraft == 5 && line->burst_s == 15 * 86400 && line->advisory == 1 &&
           line->grace_s == 720 * 3600 && line->grace_seats == 10 && line->borrow_s == 168 * 3600 &&
           line->early_return_hold_s == 4 * 3600 && line->linger_s == 600 && line->dup == 4 &&
           line->hold_s == 30 * 86400 && line->drain_s == 48 * 3600 && line->ttl_s == 120,
       "R2.2 durations are in the table's units");
    ok(reads(golden_read(0), &license, NULL) == LICET_OK, "a plain line is parsed");
    line = &license.increments[0];
    ok(line->ttl_s == 300 && line->drain_s == 86400 && line->hold_s == 90 * 86400 &&
           line->model == LICENSE_CONCURRENT && line->bind == LICENSE_BIND_KEY &&
           license_increment_grace_seats(line) == 600,
       "R1.4 the defaults: ttl 300 s, drain 24 h, hold 90 d, grace-seats twice the seats");
    ok(license.signer.serial == 42 && text_is(license.signer.id, "acme-2026-10-01"),
       "the signer is told");
}

static void test_normalising(void)
{
    struct text file = golden_read(4);
    static char bytes[16384];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct license license, plain;
    struct arena arena = fresh_arena();

    for (size_t index = 0; index < file.size; index++) {
        if (file.data[index] == '\n')
            buf_add_string(&buf, index % 2 == 0 ? "\r" : " \t\r");
        buf_add_byte(&buf, file.data[index]);
    }
    buf_add_string(&buf, "\r\n\n  \r\n");
    ok(license_read(file, &trust, &arena, &plain, NULL) == LICET_OK &&
           license_read(buf_text(&buf), &trust, &arena, &license, NULL) == LICET_OK &&
           hash_equal(&license.payload_hash, &plain.payload_hash),
       "R2.6 carriage returns, trailing blanks and empty lines at the end change nothing");
    ok(license.had_carriage_returns && license.had_trailing_blanks && !plain.had_carriage_returns &&
           !plain.had_trailing_blanks,
       "R2.6 what was dropped is told");
    ok(read_status(text_head(file, file.size - 1)) == LICET_OK,
       "a last newline that an editor left out is put back");
    refuses(replaced(file, "INCREMENT cad_pro sn", "INCREMENT  cad_pro sn"), LICET_BAD_SIGNATURE,
            "line 7: two blanks", "a blank inside a line is not dropped, and the line is named");
}

static void test_damage(void)
{
    struct text file = golden_read(4), other = golden_read(0);
    struct text block = text_skip(file, payload_of(file).size);
    struct text other_block = text_skip(other, payload_of(other).size);

    refuses(replaced(file, "seats=300", "seats=301"), LICET_BAD_SIGNATURE,
            "changed after it was signed", "a changed count is refused");
    refuses(replaced(file, " \\\n    expiry=permanent\n", "\n expiry=permanent\n"),
            LICET_BAD_SIGNATURE, "line 8: begins with a blank",
            "a line wrapped by a mailer is named");
    refuses(replaced(file, " \\\n    expiry=permanent\n", " expiry=\npermanent\n"),
            LICET_BAD_SIGNATURE, "line 8", "a line broken in its last field is named");
    refuses(replaced(file, "INCREMENT cad_std", "> INCREMENT cad_std"), LICET_BAD_SIGNATURE,
            "line 9: \">\" begins no line", "a quoted line is named");
    refuses(replaced(file, "seats=20", "seats=twenty"), LICET_BAD_SIGNATURE,
            "line 9: seats=: \"twenty\" is not a number", "a bad value is named");
    refuses(text_head(file, payload_of(file).size), LICET_INVALID, "signature block is missing",
            "a stripped file is refused");
    refuses(text_head(file, file.size - 100), LICET_INVALID, "end of the text was cut",
            "a cut file is refused");
    refuses(joined(file, "", block), LICET_INVALID, "added after the signature",
            "a doubled block is refused");
    refuses(joined(file, "", file), LICET_INVALID, "added after the signature",
            "a doubled file is refused");
    refuses(joined(payload_of(file), "", other_block), LICET_BAD_SIGNATURE,
            "belongs to another text", "a block of another file is refused");
    refuses(joined(payload_of(file), "INCREMENT a sn=b seats=1\n", block), LICET_BAD_SIGNATURE,
            "line 13: maintenance=: missing", "an added line is refused");
    refuses(joined(TEXT(""), "\xef\xbb\xbf", file), LICET_INVALID, "byte order mark",
            "a byte order mark is named");
    refuses(text_make("\xff\xfe#\0 \0", 6), LICET_INVALID, "UTF-16", "UTF-16 is named");
    refuses(TEXT("hello\n"), LICET_INVALID, "signature block is missing",
            "another text is refused");
    refuses(text_make("", 0), LICET_INVALID, "the file is empty", "nothing is refused");
    refuses(TEXT("%PDF-1.4\n"), LICET_INVALID, "a PDF", "a PDF is named");
    refuses(TEXT("PK\x03\x04"), LICET_INVALID, "ZIP", "an archive is named");
    refuses(TEXT("<!DOCTYPE html>\n"), LICET_INVALID, "sign in first", "a web page is named");
}

/* Every pair of golden files cut at every line: the front of one, the end of the other. */
static void test_splices(void)
{
    size_t accepted = 0, tried = 0;

    for (size_t first = 0; first < GOLDEN_COUNT; first++) {
        struct text front = golden_read(first), back = golden_read((first + 3) % GOLDEN_COUNT);

        for (size_t cut = 0; cut < front.size; cut++) {
            if (front.data[cut] != '\n')
                continue;
            for (size_t end = 0; end < back.size; end++) {
                struct text file;

                if (back.data[end] != '\n')
                    continue;
                file = joined(text_head(front, cut + 1), "", text_skip(back, end + 1));
                if (text_equal(file, front) || text_equal(file, back))
                    continue;
                tried++;
                accepted += read_status(file) == LICET_OK ? 1 : 0;
            }
        }
    }
    ok(accepted == 0 && tried > 4000, "any splice of two signed files is refused (%zu)", tried);
}

static void test_forward(void)
{
    struct license license;
    const struct public_key *no_key = NULL;
    char bytes[256];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    ok(reads(golden_read(4), &license, NULL) == LICET_OK && license.lines.unknown_count == 1 &&
           license.increments_count == 3,
       "R2.5 an unknown line type is kept");
    ok(license_increment_state(&license, &license.increments[0], no_key) == LICENSE_LINE_ENABLED,
       "R2.5 the lines beside it go on");
    ok(license_increment_state(&license, &license.increments[1], no_key) ==
               LICENSE_LINE_UNKNOWN_FIELD &&
           license.increments[1].seats == 20 && license.increments[1].ttl_s == 600 &&
           license.increments[1].extras.count == 3 &&
           license.increments[1].extras.unknown_count == 1,
       "R2.5 an unknown field disables its line, x- fields do not");
    license_increment_why(&license, &license.increments[1], no_key, &buf);
    ok(text_is(buf_text(&buf), "needs a newer licetd, which knows colour=blue"),
       "R2.5 the line says which field");
    ok(license_increment_state(&license, &license.increments[2], no_key) ==
           LICENSE_LINE_UNKNOWN_FIELD,
       "R2.5 a word of a later version disables its line alone");
    refuses(signed_lines("SERVER LONDON-LIC01 id=S-1 zone=emea\n"), LICET_UNSUPPORTED,
            "line 4: zone= is not known",
            "R2.5 on a SERVER line an unknown field refuses the file");
    ok(read_status(signed_lines("SERVER LONDON-LIC01 id=S-1 x-rack=7\n")) == LICET_OK,
       "R2.5 an x- field on a SERVER line is ignored");
    refuses(signed_lines(SERVER_LINE "REVOKED key=SHA256:"
                                     "SqbRk06FCcXAvhwVFZhLR4dh58hjb/lY86x8Ke4OaVE \\\n"
                                     "    from=2026-11-01T00:00:00Z why=lost\n"),
            LICET_UNSUPPORTED, "why= is not known",
            "R2.5 on a REVOKED line an unknown field refuses the file");
    refuses(signed_lines("DEVICE a id=S-1 zone=emea\n"), LICET_UNSUPPORTED, "zone= is not known",
            "R2.5 on a DEVICE line an unknown field refuses the file");
    refuses(sign_text(TEXT(LICENSE_FIRST_LINE
                           "\nLICENSE 1 vendor=acme customer=C-1 generation=1 \\\n"
                           "    issued=2026-11-24T09:12:33Z serial=A1 zone=emea\n" SERVER_LINE),
                      "issuing", "issuing", PURPOSE_LICENSE),
            LICET_UNSUPPORTED, "line 2: zone= is not known",
            "R2.5 on the LICENSE line an unknown field refuses the file");
    refuses(sign_text(TEXT(LICENSE_FIRST_LINE "\nLICENSE 2 vendor=acme\n"), "issuing", "issuing",
                      PURPOSE_LICENSE),
            LICET_UNSUPPORTED, "version 2", "a later version of the format is named");
    ok(reads(signed_lines(SERVER_LINE "USE_SERVER2\n"), &license, NULL) == LICET_OK &&
           license.lines.unknown_count == 1,
       "R2.5 so is one that is a word alone");
}

static void test_shape(void)
{
    static const char *const wrong[][3] = {
        {"", "neither a SERVER nor a DEVICE", "R2.1 a file without SERVER and DEVICE"},
        {SERVER_LINE "DEVICE a id=S-1\n", "beside SERVER", "R2.1 SERVER and DEVICE together"},
        {"SERVER a id=S-1\nSERVER b id=S-1\n", "the same key, or none",
         "R3.1 two SERVER lines without keys"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent\n" SERVER_LINE,
         "may not stand here", "R2.1 lines in another order"},
        {SERVER_LINE SERVER_LINE SERVER_LINE SERVER_LINE, "at most 3", "R2.1 four SERVER lines"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent\n"
                     "INCREMENT c sn=b seats=1 maintenance=none expiry=permanent\n",
         "line 6: has the serial number of line 5", "R2.2 sn twice in a file"},
        {SERVER_LINE "# a comment\n", "line 5: \"#\" begins no line", "R2.1 a second comment"},
        {SERVER_LINE "\nINCREMENT a sn=b seats=1 maintenance=none expiry=permanent\n",
         "line 5: an empty line", "an empty line inside"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent ttl=300s\n",
         "line 5: ttl=: this is the default", "R2.2 a printed default"},
        {SERVER_LINE
         "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent model=concurrent\n",
         "line 5: model=: given twice, or not in the fixed order", "R2.2 another order of fields"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 seats=1 maintenance=none expiry=permanent\n",
         "given twice", "R2.2 a field twice"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent grace-seats=2\n",
         "twice the seats is the default", "R1.4 grace-seats at its default"},
        {SERVER_LINE "INCREMENT a sn=b maintenance=none expiry=permanent\n", "seats=: missing",
         "a counted line without seats"},
        {SERVER_LINE "INCREMENT a sn=b model=uncounted seats=5 maintenance=none expiry=permanent\n",
         "an uncounted feature has none", "an uncounted line with seats"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent covers=a\n",
         "names its own feature", "a line that covers itself"},
        {SERVER_LINE
         "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent covers=c covers=c\n",
         "the same item twice", "a feature covered twice"},
        {SERVER_LINE
         "INCREMENT a sn=b seats=1 start=2027-01-02 maintenance=none expiry=2027-01-01\n",
         "expiry= lies before start=", "an end before the start"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 \\\n    maintenance=none expiry=permanent\n",
         "line 5: not wrapped at column 76", "R2.3 a line wrapped early"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent overdraft=10 "
                     "ttl=200s\n",
         "line 5: not wrapped at column 76", "R2.3 a line that is too long"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent overdraft=10 \\\n"
                     "  ttl=200s\n",
         "line 6: continues the line before", "R2.3 an indent of two"},
        {SERVER_LINE
         "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent covers=c x-a=1 \\\n"
         "    covers=d\n",
         "line 5: covers=: given twice", "an x- field inside a list"},
        {SERVER_LINE "INCREMENT a-b sn=b seats=1 maintenance=none expiry=permanent\n",
         "line 5: feature: \"a-b\" is not a letter", "R1.1 a dash in a feature's name"},
        {SERVER_LINE "increment a sn=b seats=1 maintenance=none expiry=permanent\n",
         "begins no line", "a line word in lower case"},
        {SERVER_LINE "INCREMENT a sn=\"b\" seats=1 maintenance=none expiry=permanent\n",
         "values are not quoted", "R2.2 a quoted value"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent x-a=\x01\n",
         "value 1", "a control byte"},
        {SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none expiry=permanent x-a=\xff\n",
         "not valid UTF-8", "a byte of another encoding"},
    };

    for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++) {
        char name[128];

        snprintf(name, sizeof(name), "%s is refused", wrong[index][2]);
        refuses(signed_lines(wrong[index][0]), LICET_INVALID, wrong[index][1], name);
    }
    ok(read_status(signed_lines(SERVER_LINE "INCREMENT a sn=b seats=1 maintenance=none "
                                            "expiry=permanent x-n=J\xc3\xbcrgen\n")) == LICET_OK,
       "UTF-8 in an x- field is kept");
}

static void test_limits(void)
{
    static char lines[200 * 1024], memory[8 * 1024 * 1024];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct buf buf = buf_over(lines, sizeof(lines));
    struct license license;

    buf_add_string(&buf,
                   LICENSE_FIRST_LINE "\nLICENSE 1 vendor=acme customer=C-1 generation=1 \\\n"
                                      "    issued=2026-11-24T09:12:33Z serial=A1\n" SERVER_LINE);
    for (unsigned index = 0; index < 2000; index++)
        buf_printf(&buf, "INCREMENT f sn=%u seats=1000000000 maintenance=none expiry=permanent\n",
                   index);
    ok(!buf.is_full && license_parse(buf_text(&buf), &arena, &license, NULL) == LICET_OK &&
           license.increments_count == 2000,
       "2,000 lines of a billion seats are parsed");
    arena.size = 0;
    arena.capacity = 100 * 1024;
    ok(license_parse(buf_text(&buf), &arena, &license, NULL) == LICET_NO_MEMORY,
       "an arena that is too small is said");
    for (size_t capacity = 0, refused = 0; capacity <= 16384; capacity += 16) {
        struct text file = golden_read(4);

        arena = arena_over(memory, capacity);
        if (license_read(file, &trust, &arena, &license, NULL) == LICET_NO_MEMORY)
            refused++;
        else if (license_read(file, &trust, &(struct arena){memory, 0, capacity}, &license, NULL) !=
                 LICET_OK)
            refused = 1000000;
        if (capacity == 16384)
            ok(refused > 100 && refused < 1000,
               "every size of arena is read or refused (%zu refused)", refused);
    }
    ok(read_status(signed_lines(SERVER_LINE
                                "INCREMENT a sn=b seats=1000000001 maintenance=none \\\n"
                                "    expiry=permanent\n")) == LICET_INVALID &&
           read_status(signed_lines(SERVER_LINE
                                    "INCREMENT a sn=b seats=4294967296 maintenance=none "
                                    "\\\n    expiry=permanent\n")) == LICET_INVALID,
       "counts beyond a billion, and those that wrap, are refused");
}

int main(int argc, char **argv)
{
    assert(argc == 2);
    data_folder = argv[1];
    trust = data_trust();
    test_golden();
    test_values();
    test_normalising();
    test_damage();
    test_splices();
    test_forward();
    test_shape();
    test_limits();
    return tap_done();
}
