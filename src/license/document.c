/* Normalising, splitting, parsing and printing of signed texts. */
#include "license/document.h"

#include "license/sshsig.h"

/* ---- normalising */

static bool document_is_dropped(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* One line without what mail and editors put at its end. */
static struct text document_trim(struct text line, struct document *document)
{
    while (line.size > 0 && document_is_dropped(line.data[line.size - 1])) {
        if (line.data[line.size - 1] == '\r')
            document->had_carriage_returns = true;
        else
            document->had_trailing_blanks = true;
        line.size--;
    }
    return line;
}

/* What people take for the text: by its first bytes. */
static const struct {
    const char *begins, *what;
} document_strangers[] = {
    {"%PDF", "a PDF"},
    {"PK\x03\x04", "a ZIP archive, or a document of an office program"},
    {"\xd0\xcf\x11\xe0", "a document of an office program"},
    {"{\\rtf", "a document of an office program"},
    {"<!DOCTYPE", "a web page: the download went wrong, or one has to sign in first"},
    {"<html", "a web page: the download went wrong, or one has to sign in first"},
};

static enum status document_check_encoding(struct text text, struct error *error)
{
    if (text.size == 0)
        return error_set(error, LICET_INVALID,
                         "the file is empty: the download was cut, or the disk was full");
    for (size_t i = 0; i < sizeof(document_strangers) / sizeof(document_strangers[0]); i++) {
        if (text_starts_with(text, document_strangers[i].begins))
            return error_set(error, LICET_INVALID,
                             "this is %s; the text itself is wanted, as it was sent",
                             document_strangers[i].what);
    }
    if (text_starts_with(text, "\xef\xbb\xbf"))
        return error_set(error, LICET_INVALID,
                         "line 1: an editor put a byte order mark before the first line: save the "
                         "file as UTF-8 without it, or take the original file");
    if (text_find(text, '\0') < text.size)
        return error_set(error, LICET_INVALID,
                         "the file has zero bytes: it was saved as UTF-16, or is not a text");
    return LICET_OK;
}

enum status document_normalise(struct text text, size_t max, struct arena *arena,
                               struct document *ret_document, struct error *error)
{
    struct document document = {.rest = {"", 0}};
    char *bytes = text.size > max ? NULL : arena_take(arena, text.size + 1, 1);
    struct buf buf = buf_over(bytes, text.size + 1);
    enum status status = document_check_encoding(text, error);
    struct text line;

    if (text.size > max)
        return error_set(error, LICET_TOO_LARGE, "the text is larger than %zu bytes", max);
    if (bytes == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for the text");
    if (status != LICET_OK)
        return status;
    while (text.size > 0) {
        size_t end = text_find(text, '\n');

        line = text_head(text, end);
        if (end < text.size)
            line = document_trim(line, &document);
        buf_add_text(&buf, line);
        /* Blanks at the very end, without a newline, are nothing that mail leaves: they stay. */
        if (end < text.size || !document_is_dropped(line.data[line.size - 1]))
            buf_add_byte(&buf, '\n');
        text = text_skip(text, end + 1);
    }
    while (buf.size >= 2 && bytes[buf.size - 1] == '\n' && bytes[buf.size - 2] == '\n')
        buf.size--;
    document.payload = buf_text(&buf);
    *ret_document = document;
    return LICET_OK;
}

/* Where `border` stands as a line of its own, or text.size. */
static size_t document_find_line(struct text text, const char *border)
{
    size_t start = 0;

    while (start < text.size) {
        struct text rest = text_skip(text, start);
        size_t end = text_find(rest, '\n');

        if (text_is(text_head(rest, end), border))
            return start;
        start += end + 1;
    }
    return text.size;
}

enum status document_open(struct text text, size_t max, struct arena *arena,
                          struct document *ret_document, struct error *error)
{
    struct document document;
    enum status status = document_normalise(text, max, arena, &document, error);
    size_t begin, end;

    if (status != LICET_OK)
        return status;
    begin = document_find_line(document.payload, SSHSIG_BEGIN);
    if (begin == document.payload.size)
        return error_set(error, LICET_INVALID,
                         "the signature block is missing: the end of the text was cut, or it was "
                         "never signed");
    document.armor = text_skip(document.payload, begin);
    document.payload = text_head(document.payload, begin);
    end = document_find_line(document.armor, SSHSIG_END);
    if (end == document.armor.size)
        return error_set(error, LICET_INVALID,
                         "the signature block has no last line \"" SSHSIG_END
                         "\": the end of the text was cut");
    document.rest = text_skip(document.armor, end + sizeof(SSHSIG_END));
    document.armor = text_head(document.armor, end + sizeof(SSHSIG_END));
    *ret_document = document;
    return LICET_OK;
}

enum status document_expect_end(const struct document *document, struct error *error)
{
    struct text rest = document->rest;

    while (rest.size > 0 && rest.data[0] == '\n')
        rest = text_skip(rest, 1);
    if (document->rest.size > 0)
        return error_set(error, LICET_INVALID, "text was added after the signature: \"%.*s\"",
                         TEXT_ARGS(text_head(rest, text_find(text_head(rest, 40), '\n'))));
    return LICET_OK;
}

/* ---- parsing */

/* Counts lines that begin with `word`; of lines that begin with anything but a blank where it is
 * NULL. */
static uint32_t document_count_lines(struct text payload, const char *word)
{
    uint32_t count = 0;

    while (payload.size > 0) {
        size_t end = text_find(payload, '\n');
        struct text line = text_head(payload, end);

        if (word == NULL ? line.size > 0 && line.data[0] != ' '
                         : text_is(text_head(line, text_find(line, ' ')), word))
            count++;
        payload = text_skip(payload, end + 1);
    }
    return count;
}

static enum status document_take_arrays(struct text payload, struct document_section *sections,
                                        uint32_t sections_count, struct arena *arena,
                                        struct document_lines *lines, struct error *error)
{
    uint32_t total = document_count_lines(payload, NULL);

    if (total > LICENSE_LINES_MAX)
        return error_set(error, LICET_TOO_LARGE, "the text has more than %d lines",
                         LICENSE_LINES_MAX);
    *lines = (struct document_lines){arena_take(arena, total, sizeof(*lines->items)), 0, 0};
    if (lines->items == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for %u lines", total);
    for (uint32_t index = 0; index < sections_count; index++) {
        const struct line_row *row = line_row_of(sections[index].kind);
        uint32_t count = document_count_lines(payload, row->word);

        if (count > sections[index].max)
            return error_set(error, LICET_INVALID,
                             "the text has %u lines %s; at most %u may stand there", count,
                             row->word, sections[index].max);
        if (count < sections[index].min)
            return error_set(error, LICET_INVALID,
                             "the text has no line %s: its beginning was cut, or it is something "
                             "else",
                             row->word);
        sections[index].count = 0;
        sections[index].items = arena_take(arena, count, row->size);
        if (sections[index].items == NULL)
            return error_set(error, LICET_NO_MEMORY, "no room is left for %u lines", count);
    }
    return LICET_OK;
}

/* A line word begins with a capital and has capitals, digits, `_` and `-`. Anything else is the
 * rest of a line that was broken. */
static bool document_is_line_word(struct text word)
{
    for (size_t index = 0; index < word.size; index++) {
        char byte = word.data[index];

        if (!(byte >= 'A' && byte <= 'Z') &&
            (index == 0 || (!(byte >= '0' && byte <= '9') && byte != '_' && byte != '-')))
            return false;
    }
    return word.size > 0;
}

static enum status document_check_unknown(const struct line_words *line, bool keeps_unknown,
                                          struct error *error)
{
    struct text word = line->words[0];

    if (!document_is_line_word(word))
        return error_set(
            error, LICET_INVALID,
            "line %u: \"%.*s\" begins no line: it looks wrapped by a mailer, or text was "
            "put in",
            line->number, TEXT_ARGS(text_head(word, 40)));
    if (!keeps_unknown)
        return error_set(error, LICET_UNSUPPORTED,
                         "line %u: %.*s is not known here: the text needs a newer version of licet",
                         line->number, TEXT_ARGS(text_head(word, 40)));
    return LICET_OK;
}

static enum status document_parse_line(const struct line_words *words,
                                       struct document_section *section, struct arena *arena,
                                       struct document_line *line, struct error *error)
{
    size_t size = line_row_of(section->kind)->size;

    line->value = (char *)section->items + section->count * size;
    section->count++;
    return line_parse(section->kind, words, arena, line->value, error);
}

/* Any section from `current` on; the order of kinds is fixed. */
static enum status document_place(const struct line_words *words, enum line_kind kind,
                                  const struct document_section *sections, uint32_t sections_count,
                                  uint32_t *current, struct error *error)
{
    for (uint32_t index = *current; index < sections_count; index++) {
        if (sections[index].kind == kind) {
            *current = index;
            return LICET_OK;
        }
    }
    return error_set(
        error, LICET_INVALID,
        "line %u: %.*s may not stand here: lines were moved, or belong to another text",
        words->number, TEXT_ARGS(text_head(words->words[0], 40)));
}

/* R2.6: what was parsed, printed again, is the text. Per-line checks leave little to find; this is
 * what makes it certain. */
static enum status document_check_print(struct text payload, uint32_t first_number,
                                        const struct document_lines *lines, struct arena *arena,
                                        struct error *error)
{
    size_t mark = arena->size, same = 0;
    char *bytes = arena_take(arena, payload.size, 1);
    struct buf buf = buf_over(bytes, payload.size);
    uint32_t number = first_number;

    if (bytes == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left to print the text again");
    document_print(lines, &buf);
    arena->size = mark;
    if (!buf.is_full && text_equal(buf_text(&buf), payload))
        return LICET_OK;
    for (; same < buf.size && bytes[same] == payload.data[same]; same++)
        number += bytes[same] == '\n' ? 1 : 0;
    return error_set(error, LICET_INVALID,
                     "line %u: not in the one form in which it is issued: the line was edited",
                     number);
}

enum status document_parse(struct text payload, uint32_t first_number,
                           struct document_section *sections, uint32_t sections_count,
                           bool keeps_unknown, struct arena *arena,
                           struct document_lines *ret_lines, struct error *error)
{
    struct line_reader reader = {payload, first_number};
    struct document_lines lines;
    uint32_t current = 0;
    struct line_words words;
    enum status status;

    if (payload.size == 0 || payload.data[payload.size - 1] != '\n')
        return error_set(error, LICET_INVALID,
                         "the text does not end with a whole line: its end was cut");
    status = document_take_arrays(payload, sections, sections_count, arena, &lines, error);
    while (status == LICET_OK && reader.rest.size > 0) {
        struct document_line *line = &lines.items[lines.count];

        status = line_next(&reader, &words, error);
        if (status != LICET_OK)
            break;
        *line = (struct document_line){line_kind_of(words.words[0]), words.number, NULL, words.raw};
        lines.count++;
        if (line->kind != LINE_UNKNOWN)
            status = document_place(&words, line->kind, sections, sections_count, &current, error);
        else
            status = document_check_unknown(&words, keeps_unknown, error);
        if (status == LICET_OK && line->kind != LINE_UNKNOWN)
            status = document_parse_line(&words, &sections[current], arena, line, error);
        else
            lines.unknown_count++;
    }
    if (status == LICET_OK)
        status = document_check_print(payload, first_number, &lines, arena, error);
    if (status == LICET_OK)
        *ret_lines = lines;
    return status;
}

static uint32_t document_text_hash(struct text text)
{
    uint32_t hash = 2166136261u; /* FNV-1a: spreads short names well enough */

    for (size_t index = 0; index < text.size; index++)
        hash = (hash ^ (unsigned char)text.data[index]) * 16777619u;
    return hash;
}

/* Puts line `index` into the table, or finds the earlier line with the same text. */
static const struct document_line *document_put(const struct document_lines *lines, size_t offset,
                                                uint32_t *table, size_t places, uint32_t index)
{
    const struct text *text = (const void *)((const char *)lines->items[index].value + offset);
    size_t place = document_text_hash(*text) & (places - 1);

    for (; table[place] != 0; place = (place + 1) & (places - 1)) {
        const struct document_line *other = &lines->items[table[place] - 1];

        if (text_equal(*(const struct text *)(const void *)((const char *)other->value + offset),
                       *text))
            return other;
    }
    table[place] = index + 1;
    return NULL;
}

enum status document_check_unique(const struct document_lines *lines, enum line_kind kind,
                                  size_t offset, struct arena *arena, struct error *error)
{
    size_t mark = arena->size, places = 2;
    const struct document_line *other = NULL;
    uint32_t *table, index;

    while (places < 2 * (size_t)lines->count) /* at most half full: every search ends */
        places *= 2;
    table = arena_take(arena, places, sizeof(*table)); /* index + 1; 0: free */
    if (table == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left to compare the lines");
    for (index = 0; index < lines->count && other == NULL; index++) {
        if (lines->items[index].kind == kind)
            other = document_put(lines, offset, table, places, index);
    }
    arena->size = mark;
    if (other == NULL)
        return LICET_OK;
    return error_set(error, LICET_INVALID, "line %u: has the serial number of line %u",
                     lines->items[index - 1].number, other->number);
}

/* ---- printing */

enum status document_arrange(const struct document_section *sections, uint32_t sections_count,
                             struct arena *arena, struct document_lines *ret_lines,
                             struct error *error)
{
    struct document_lines lines = {0};
    size_t total = 0;

    for (uint32_t index = 0; index < sections_count; index++)
        total += sections[index].count;
    lines.items = arena_take(arena, total, sizeof(*lines.items));
    if (lines.items == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for %zu lines", total);
    for (uint32_t index = 0; index < sections_count; index++) {
        size_t size = line_row_of(sections[index].kind)->size;

        for (uint32_t item = 0; item < sections[index].count; item++)
            lines.items[lines.count++] = (struct document_line){
                .kind = sections[index].kind, .value = (char *)sections[index].items + item * size};
    }
    *ret_lines = lines;
    return LICET_OK;
}

void document_print(const struct document_lines *lines, struct buf *buf)
{
    for (uint32_t index = 0; index < lines->count; index++) {
        const struct document_line *line = &lines->items[index];

        if (line->kind != LINE_UNKNOWN) {
            line_print(line->kind, line->value, buf);
            continue;
        }
        buf_add_text(buf, line->text);
        buf_add_byte(buf, '\n');
    }
}
