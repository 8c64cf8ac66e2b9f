/* Wrapping and unwrapping, and what mail programs and editors do to it. */
#include "license/line.h"

#define LINE_INDENT "    "
#define LINE_BREAK " \\\n" LINE_INDENT
#define LINE_MORE " \\" /* at the end of a physical line that goes on */

static void line_writer_emit(struct line_writer *writer, struct text text)
{
    if (writer->buf != NULL) {
        buf_add_text(writer->buf, text);
        return;
    }
    if (!text_equal(text_head(writer->expected, text.size), text))
        writer->is_different = true;
    if (!writer->is_different)
        writer->expected = text_skip(writer->expected, text.size);
}

struct line_writer line_writer_into(struct buf *buf)
{
    return (struct line_writer){.buf = buf};
}

static void line_writer_flush(struct line_writer *writer, bool is_last)
{
    struct text word = writer->pending;
    size_t room = word.size + (is_last ? 0 : sizeof(LINE_MORE) - 1);

    if (word.data == NULL)
        return;
    if (writer->column > 0 && writer->column + 1 + room > LICENSE_COLUMN_MAX) {
        line_writer_emit(writer, TEXT(LINE_BREAK));
        writer->column = sizeof(LINE_INDENT) - 1;
    } else if (writer->column > 0) {
        line_writer_emit(writer, TEXT(" "));
        writer->column++;
    }
    line_writer_emit(writer, word);
    writer->column += word.size;
}

void line_writer_add(struct line_writer *writer, struct text word)
{
    line_writer_flush(writer, false);
    writer->pending = word;
}

void line_writer_end(struct line_writer *writer)
{
    line_writer_flush(writer, true);
    line_writer_emit(writer, TEXT("\n"));
    writer->pending = (struct text){NULL, 0};
    writer->column = 0;
}

/* Takes one physical line with its newline off the text. */
static struct text line_take(struct line_reader *reader)
{
    struct text line = text_head(reader->rest, text_find(reader->rest, '\n'));

    reader->rest = text_skip(reader->rest, line.size + 1);
    reader->number++;
    return line;
}

static bool line_goes_on(struct text line)
{
    return line.size >= 2 && line.data[line.size - 2] == ' ' && line.data[line.size - 1] == '\\';
}

static enum status line_check_bytes(struct text line, uint32_t number, struct error *error)
{
    struct text body = line_goes_on(line) ? text_head(line, line.size - 2) : line;

    for (size_t index = 0; index < body.size; index++) {
        unsigned char byte = (unsigned char)body.data[index];

        if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\')
            return error_set(error, LICET_INVALID,
                             "line %u: byte %zu (value %u) does not belong in a license text: %s",
                             number, index + 1, byte,
                             byte == '\t'   ? "a tab was put in by an editor"
                             : byte == '"'  ? "values are not quoted"
                             : byte == '\\' ? "a backslash stands only at the end of a line, "
                                              "after a blank"
                                            : "the file was damaged");
    }
    if (!text_is_utf8(body))
        return error_set(error, LICET_INVALID,
                         "line %u: not valid UTF-8: the file was converted to another encoding",
                         number);
    return LICET_OK;
}

/* Puts the words of one physical line behind those of the lines before. */
static enum status line_add_words(struct text part, uint32_t number, struct line_words *line,
                                  struct error *error)
{
    struct text word;

    if (part.size == 0)
        return error_set(error, LICET_INVALID, "line %u: nothing stands before the backslash",
                         number);
    while (text_split(&part, ' ', &word)) {
        if (word.size == 0)
            return error_set(error, LICET_INVALID,
                             "line %u: two blanks beside each other; the file was edited or "
                             "wrapped by a mailer",
                             number);
        if (line->count == LICENSE_FIELDS_MAX)
            return error_set(error, LICET_TOO_LARGE, "line %u: more than %d fields", line->number,
                             LICENSE_FIELDS_MAX);
        line->words[line->count++] = word;
    }
    return LICET_OK;
}

/* Wrapping the words again must give the same bytes. */
static enum status line_check_wrapping(const struct line_words *line, struct text with_newline,
                                       struct error *error)
{
    struct line_writer writer = {.expected = with_newline};
    uint32_t number = line->number;
    struct text same;

    for (uint32_t index = 0; index < line->count; index++)
        line_writer_add(&writer, line->words[index]);
    line_writer_end(&writer);
    if (!writer.is_different)
        return LICET_OK;
    same = text_head(with_newline, with_newline.size - writer.expected.size);
    for (size_t index = 0; index < same.size; index++)
        number += same.data[index] == '\n' ? 1 : 0;
    return error_set(error, LICET_INVALID,
                     "line %u: not wrapped at column %d as it was issued: it looks wrapped by a "
                     "mailer or an editor",
                     number, LICENSE_COLUMN_MAX);
}

static enum status line_check_start(struct text part, uint32_t number, struct error *error)
{
    if (part.size == 0)
        return error_set(error, LICET_INVALID, "line %u: an empty line was put in", number);
    if (part.data[0] == ' ')
        return error_set(error, LICET_INVALID,
                         "line %u: begins with a blank, but the line before does not end with a "
                         "backslash: it looks wrapped by a mailer or was indented",
                         number);
    return LICET_OK;
}

static enum status line_check_continuation(const struct line_reader *reader, struct text part,
                                           struct error *error)
{
    size_t indent = sizeof(LINE_INDENT) - 1;

    if (!text_starts_with(part, LINE_INDENT) || part.size == indent || part.data[indent] == ' ')
        return error_set(error, LICET_INVALID,
                         "line %u: continues the line before and must be indented by %zu blanks: "
                         "the line looks wrapped or indented by a mailer or an editor",
                         reader->number - 1, indent);
    return LICET_OK;
}

/* What follows must begin a line, or this one was broken: better said now than as a field that is
 * missing here. */
static enum status line_check_next(const struct line_reader *reader, struct error *error)
{
    struct text next = text_head(reader->rest, text_find(reader->rest, '\n'));

    if (next.size == 0 || (next.data[0] >= 'A' && next.data[0] <= 'Z'))
        return LICET_OK;
    if (next.data[0] == ' ')
        return line_check_start(next, reader->number, error);
    return error_set(error, LICET_INVALID,
                     "line %u: \"%.*s\" begins no line: it looks wrapped by a mailer, or text was "
                     "put in",
                     reader->number,
                     TEXT_ARGS(text_head(next, text_find(text_head(next, 40), ' '))));
}

enum status line_next(struct line_reader *reader, struct line_words *ret_line, struct error *error)
{
    const char *start = reader->rest.data;
    enum status status;
    struct text part;
    bool goes_on;

    ret_line->number = reader->number;
    ret_line->count = 0;
    part = line_take(reader);
    status = line_check_start(part, ret_line->number, error);
    for (;;) {
        if (status == LICET_OK)
            status = line_check_bytes(part, reader->number - 1, error);
        if (status != LICET_OK)
            return status;
        goes_on = line_goes_on(part);
        status = line_add_words(goes_on ? text_head(part, part.size - 2) : part, reader->number - 1,
                                ret_line, error);
        if (status != LICET_OK || !goes_on)
            break;
        part = line_take(reader);
        status = line_check_continuation(reader, part, error);
        part = text_skip(part, sizeof(LINE_INDENT) - 1);
    }
    if (status == LICET_OK)
        status = line_check_next(reader, error);
    if (status != LICET_OK)
        return status;
    ret_line->raw = text_make(start, (size_t)(part.data + part.size - start));
    return line_check_wrapping(ret_line, text_make(start, ret_line->raw.size + 1), error);
}
