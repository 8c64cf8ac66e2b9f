/*
 * License texts out of hostile bytes, without the signature that keeps them away in the field.
 * Beyond "no crash": what is parsed prints back to the same bytes, parsing that again gives the
 * same, and no arena is overrun.
 */
#include <assert.h>

#include "license/exchange.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_SIZE_MAX (64 * 1024)

static char memory[LICENSE_ARENA_BYTES(FUZZ_SIZE_MAX)];
static char printed[FUZZ_SIZE_MAX + 64];

/* What the tools do with a license that was read. */
static void fuzz_look(const struct license *license)
{
    static const struct public_key key = {{1}};
    char bytes[1024];

    for (uint32_t index = 0; index < license->increments_count; index++) {
        const struct license_increment *increment = &license->increments[index];
        struct buf buf = buf_over(bytes, sizeof(bytes));

        license_increment_why(license, increment, &key, &buf);
        license_increment_not_served(increment, &buf);
        assert(license_increment_expiry(increment) >= 0 && increment->seats <= SEATS_MAX);
    }
}

static void fuzz_license(struct text input)
{
    struct arena arena = arena_over(memory, sizeof(memory));
    struct buf buf = buf_over(printed, sizeof(printed));
    struct license license;
    struct error error;
    enum status status = license_parse(input, &arena, &license, &error);

    assert(status != LICET_NO_MEMORY); /* LICENSE_ARENA_BYTES is enough for every text */
    if (status != LICET_OK)
        return;
    license_print(&license, &buf);
    assert(!buf.is_full && text_equal(buf_text(&buf), input));
    fuzz_look(&license);
}

/* The other texts have no first line of their own: their sections are parsed as they stand. */
static void fuzz_exchange(struct text input)
{
    static const enum line_kind heads[] = {LINE_REQUEST, LINE_RECEIPT, LINE_RESPONSE,
                                           LINE_REVOCATIONS, LINE_CHECKPOINT};
    static const enum line_kind rows[] = {LINE_ACT, LINE_SEATS, LINE_RESULT, LINE_REVOKED,
                                          LINE_UNKNOWN};

    for (size_t index = 0; index < sizeof(heads) / sizeof(heads[0]); index++) {
        struct document_section sections[] = {{heads[index], 1, 1, 0, NULL},
                                              {rows[index], 0, LICENSE_LINES_MAX, 0, NULL}};
        struct arena arena = arena_over(memory, sizeof(memory));
        struct buf buf = buf_over(printed, sizeof(printed));
        struct document_lines lines;

        if (document_parse(input, 1, sections, 2, false, &arena, &lines, NULL) != LICET_OK)
            continue;
        document_print(&lines, &buf);
        assert(!buf.is_full && text_equal(buf_text(&buf), input));
    }
}

/* Normalising twice is normalising once. */
static void fuzz_normalise(struct text input)
{
    struct arena arena = arena_over(memory, sizeof(memory));
    struct document document, again;

    if (document_normalise(input, FUZZ_SIZE_MAX, &arena, &document, NULL) != LICET_OK)
        return;
    assert(document_normalise(document.payload, FUZZ_SIZE_MAX + 1, &arena, &again, NULL) ==
           LICET_OK);
    assert(text_equal(document.payload, again.payload));
    fuzz_license(document.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = text_make(data, size);

    if (size > FUZZ_SIZE_MAX)
        return 0;
    fuzz_license(input);
    fuzz_exchange(input);
    fuzz_normalise(input);
    return 0;
}
