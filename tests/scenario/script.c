#include "scenario/script.h"

#include "base/parse.h"

#define START_DEFAULT 1795521600 /* 2026-11-24T12:00:00Z */

struct reader {
    struct script *script;
    uint32_t line;
    int64_t now_ms;
    struct script_file *file; /* the block that is open, or NULL */
};

static struct text text_trim(struct text text)
{
    while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = text_skip(text, 1);
    while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t' ||
                             text.data[text.size - 1] == '\r'))
        text.size--;
    return text;
}

/* Takes the first word off the front of `rest`. */
static struct text text_word(struct text *rest)
{
    struct text line = text_trim(*rest), word = line;

    word.size = 0;
    while (word.size < line.size && line.data[word.size] != ' ' && line.data[word.size] != '\t')
        word.size++;
    *rest = text_trim(text_skip(line, word.size));
    return word;
}

uint32_t script_words(struct text text, struct text words[SCRIPT_WORDS_MAX])
{
    uint32_t count = 0;

    while (count < SCRIPT_WORDS_MAX) {
        struct text word = text_word(&text);

        if (word.size == 0)
            break;
        words[count++] = word;
    }
    return count;
}

enum status script_duration(struct text text, int64_t *ret_ms, struct error *error)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    size_t digits = 0;
    uint32_t number;

    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    if (parse_u32(text_head(text, digits), 0, UINT32_MAX, &number, error) != LICET_OK)
        return LICET_INVALID;
    for (size_t index = 0; index < sizeof(units) / sizeof(units[0]); index++)
        if (text_is(text_skip(text, digits), units[index].unit)) {
            *ret_ms = number * units[index].ms;
            return LICET_OK;
        }
    return error_set(error, LICET_INVALID, "\"%.*s\" is not a time such as 60s", TEXT_ARGS(text));
}

/* A comment begins with # at the start of a word. */
static struct text line_without_comment(struct text line)
{
    for (size_t index = 0; index < line.size; index++)
        if (line.data[index] == '#' && (index == 0 || line.data[index - 1] == ' '))
            return text_head(line, index);
    return line;
}

static enum status reader_file(struct reader *reader, struct text rest, struct error *error)
{
    struct script *script = reader->script;

    if (script->files_count == SCRIPT_FILES_MAX)
        return error_set(error, LICET_INVALID, "line %u: too many files", reader->line);
    reader->file = &script->files[script->files_count++];
    return parse_u32(rest, 1, UINT32_MAX, &reader->file->generation, error);
}

static enum status reader_file_line(struct reader *reader, struct text line, struct error *error)
{
    struct script_file *file = reader->file;

    if (text_is(line, "end")) {
        reader->file = NULL;
        return LICET_OK;
    }
    if (!text_starts_with(line, "INCREMENT "))
        return error_set(error, LICET_INVALID, "line %u: a file has INCREMENT lines only",
                         reader->line);
    if (file->lines_count == SCRIPT_FILE_LINES_MAX)
        return error_set(error, LICET_INVALID, "line %u: too many lines in a file", reader->line);
    file->lines[file->lines_count++] = line;
    return LICET_OK;
}

static enum status reader_header(struct reader *reader, struct text word, struct text rest,
                                 struct error *error)
{
    if (text_is(word, "show"))
        reader->script->show = rest;
    else if (text_is(word, "requires"))
    reader->script->requires = rest;
    else if (text_is(word, "start")) return unix_time_parse(rest, &reader->script->start, error);
    else if (text_is(word, "file")) return reader_file(reader, rest, error);
    else return error_set(error, LICET_INVALID, "line %u: what is \"%.*s\"?", reader->line,
                          TEXT_ARGS(word));
    return LICET_OK;
}

static enum status reader_step(struct reader *reader, struct text time, struct text rest,
                               struct error *error)
{
    struct script_step *step = &reader->script->steps[reader->script->steps_count];
    struct text mark;

    if (reader->script->steps_count == SCRIPT_STEPS_MAX)
        return error_set(error, LICET_INVALID, "line %u: too many steps", reader->line);
    *step = (struct script_step){.line = reader->line};
    if (script_duration(text_skip(time, 1), &step->at_ms, error) != LICET_OK)
        return LICET_INVALID;
    if (step->at_ms < reader->now_ms)
        return error_set(error, LICET_INVALID, "line %u: time goes back", reader->line);
    reader->now_ms = step->at_ms;
    reader->script->steps_count++;
    step->who = text_word(&rest);
    if (text_is(step->who, "restart")) {
        step->kind = STEP_RESTART;
        return LICET_OK;
    }
    if (text_is(step->who, "utc")) {
        step->kind = STEP_UTC;
        return unix_time_parse(rest, &step->utc, error);
    }
    mark = text_word(&rest);
    step->kind = text_is(mark, ">") ? STEP_COMMAND : STEP_ANSWER;
    step->text = rest;
    if (rest.size == 0 || (!text_is(mark, ">") && !text_is(mark, "<")))
        return error_set(error, LICET_INVALID,
                         "line %u: neither \"who > command\" nor "
                         "\"who < answer\"",
                         reader->line);
    return LICET_OK;
}

static enum status reader_line(struct reader *reader, struct text line, struct error *error)
{
    struct text rest = text_trim(line_without_comment(line)), word;

    if (rest.size == 0)
        return LICET_OK;
    if (reader->file != NULL)
        return reader_file_line(reader, rest, error);
    word = text_word(&rest);
    if (word.data[0] == '@')
        return reader_step(reader, word, rest, error);
    return reader_header(reader, word, rest, error);
}

enum status script_read(struct text text, struct script *ret_script, struct error *error)
{
    struct reader reader = {.script = ret_script};
    struct text line;
    enum status status = LICET_OK;

    *ret_script = (struct script){.start = {START_DEFAULT}};
    while (status == LICET_OK && text_split(&text, '\n', &line)) {
        reader.line++;
        status = reader_line(&reader, line, error);
    }
    if (status != LICET_OK)
        return status;
    if (reader.file != NULL)
        return error_set(error, LICET_INVALID, "a file has no \"end\"");
    if (ret_script->show.size == 0 || ret_script->steps_count == 0)
        return error_set(error, LICET_INVALID, "nothing is shown");
    return LICET_OK;
}
