/* Values in and out of structs by the table's rows, and whole lines of them. */
#include "license/field.h"

#include <assert.h>

#include "base/parse.h"
#include "base/time.h"
#include "license/hash.h"

#define FIELD_TEXT_MAX                                                                             \
    192 /* the longest printed field: key, = and log= of 20 + 1 + 43 bytes, or a name of 64 */

/* ---- members of the struct */

static const void *field_member(const struct field_row *row, const void *value)
{
    return (const char *)value + row->offset;
}

static uint32_t field_u32(const struct field_row *row, const void *value)
{
    return *(const uint32_t *)field_member(row, value);
}

static const struct text *field_text(const struct field_row *row, const void *value)
{
    return field_member(row, value);
}

static const struct field_extras *line_extras(const struct line_row *row, const void *value)
{
    return (const void *)((const char *)value + row->extras_offset);
}

bool field_is_set(const struct field_row *row, const void *value)
{
    static const struct field_log no_log;

    switch (row->type) {
    case FIELD_VERSION:
        return true;
    case FIELD_IDENTIFIER:
    case FIELD_TOKEN:
    case FIELD_NAME:
        return field_text(row, value)->size > 0;
    case FIELD_NUMBER:
    case FIELD_DATE:
    case FIELD_DURATION:
    case FIELD_WORD:
        return field_u32(row, value) != row->default_value;
    case FIELD_COUNTER:
        return *(const uint64_t *)field_member(row, value) != row->default_value;
    case FIELD_INSTANT:
        return ((const struct unix_time *)field_member(row, value))->s != 0;
    case FIELD_HASH:
        return !hash_is_none(field_member(row, value));
    case FIELD_LOG:
        return memcmp(field_member(row, value), &no_log, sizeof(no_log)) != 0;
    case FIELD_IDENTIFIERS:
    case FIELD_TOKENS:
        return ((const struct field_list *)field_member(row, value))->count > 0;
    }
    return false;
}

/* ---- reading a value */

/* The word number `index` of a list of words with one blank between them. */
static bool field_word_at(const char *words, uint32_t index, struct text *ret_word)
{
    struct text rest = text_of(words);

    while (text_split(&rest, ' ', ret_word)) {
        if (index-- == 0)
            return true;
    }
    return false;
}

static bool field_word_find(const char *words, struct text word, uint32_t *ret_index)
{
    struct text rest = text_of(words), candidate;

    for (uint32_t index = 0; text_split(&rest, ' ', &candidate); index++) {
        if (text_equal(candidate, word)) {
            *ret_index = index;
            return true;
        }
    }
    return false;
}

static bool field_is_token(struct text text)
{
    if (text.size == 0 || text.size > NAME_MAX_BYTES)
        return false;
    for (size_t index = 0; index < text.size; index++) {
        char byte = text.data[index];
        bool is_letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        bool is_digit = byte >= '0' && byte <= '9';

        if (!is_letter && !is_digit && memchr("._:+-", byte, 5) == NULL)
            return false;
    }
    return true;
}

static enum status field_parse_text(const struct field_row *row, struct text text,
                                    struct text *ret_value, struct error *error)
{
    bool is_name = row->type == FIELD_NAME;
    bool is_identifier = row->type == FIELD_IDENTIFIER || row->type == FIELD_IDENTIFIERS;

    if (is_identifier ? !text_is_identifier(text)
        : is_name     ? !text_is_name(text)
                      : !field_is_token(text))
        return error_set(error, LICET_INVALID, "\"%.*s\" is not %s", TEXT_ARGS(text_head(text, 80)),
                         is_identifier ? "a letter and up to 63 letters, digits and _"
                         : is_name     ? "a name of at most 64 bytes"
                                       : "up to 64 letters, digits and . _ : + -");
    *ret_value = text;
    return LICET_OK;
}

static enum status field_parse_date(const struct field_row *row, struct text text,
                                    uint32_t *ret_days, struct error *error)
{
    struct date date;
    enum status status;

    if (row->words != NULL && text_is(text, row->words)) {
        *ret_days = FIELD_DATE_NEVER;
        return LICET_OK;
    }
    status = date_parse(text, &date, error);
    if (status == LICET_OK)
        *ret_days = (uint32_t)date.days;
    return status;
}

static uint32_t field_unit_seconds(const struct field_row *row)
{
    return row->unit == 'd' ? 86400 : row->unit == 'h' ? 3600 : 1;
}

static enum status field_parse_duration(const struct field_row *row, struct text text,
                                        uint32_t *ret_seconds, struct error *error)
{
    uint32_t unit = field_unit_seconds(row), count;
    enum status status;

    if (text.size == 0 || text.data[text.size - 1] != row->unit)
        return error_set(error, LICET_INVALID,
                         "\"%.*s\" is not a number and the unit %c, such as 24%c",
                         TEXT_ARGS(text_head(text, 40)), row->unit, row->unit);
    status = parse_u32(text_head(text, text.size - 1), (uint32_t)row->min / unit,
                       (uint32_t)row->max / unit, &count, error);
    if (status == LICET_OK)
        *ret_seconds = count * unit;
    return status;
}

static enum status field_parse_log(struct text text, struct field_log *ret_log, struct error *error)
{
    struct field_log log;
    struct text size;
    enum status status;

    text_split(&text, ':', &size);
    status = parse_u64(size, 0, INT64_MAX, &log.size, error);
    if (status != LICET_OK)
        return status;
    if (text.data == NULL || !hash_digits_parse(text, log.root))
        return error_set(error, LICET_INVALID,
                         "a size, a colon and 43 characters of base64 are wanted");
    *ret_log = log;
    return LICET_OK;
}

/* Into the member; of a list, into its next item, whose place is taken already. */
static enum status field_parse(const struct field_row *row, struct text text, void *value,
                               struct error *error)
{
    void *member = (char *)value + row->offset;
    struct field_list *list = member;

    switch (row->type) {
    case FIELD_VERSION:
        return text_is(text, "1")
                   ? LICET_OK
                   : error_set(error, LICET_UNSUPPORTED,
                               "the format is of version %.*s, which needs a newer licet",
                               TEXT_ARGS(text_head(text, 20)));
    case FIELD_IDENTIFIER:
    case FIELD_TOKEN:
    case FIELD_NAME:
        return field_parse_text(row, text, member, error);
    case FIELD_NUMBER:
        return parse_u32(text, (uint32_t)row->min, (uint32_t)row->max, member, error);
    case FIELD_COUNTER:
        return parse_u64(text, row->min, row->max, member, error);
    case FIELD_DATE:
        return field_parse_date(row, text, member, error);
    case FIELD_INSTANT:
        return unix_time_parse(text, member, error);
    case FIELD_DURATION:
        return field_parse_duration(row, text, member, error);
    case FIELD_WORD:
        return field_word_find(row->words, text, member)
                   ? LICET_OK
                   : error_set(error, LICET_INVALID, "\"%.*s\" is none of: %s",
                               TEXT_ARGS(text_head(text, 40)), row->words);
    case FIELD_HASH:
        return hash_parse(text, member, error);
    case FIELD_LOG:
        return field_parse_log(text, member, error);
    case FIELD_IDENTIFIERS:
    case FIELD_TOKENS:
        return field_parse_text(row, text, &list->items[list->count - 1], error);
    }
    return LICET_UNSUPPORTED;
}

/* ---- reading a line */

/* A line being parsed. */
struct line_parsing {
    enum line_kind kind;
    const struct line_words *line;
    const struct field_row *rows;
    uint32_t rows_count;
    uint32_t next;      /* fields before this row may not come any more */
    uint32_t word;      /* the word being looked at */
    uint32_t item_word; /* the word that was the last item of a list; 0: none */
    uint64_t seen;      /* a bit a row: a required number may be 0 */
    struct arena *arena;
    void *value;
};

static enum status line_fail(const struct line_parsing *parsing, const struct field_row *row,
                             enum status status, const char *why, struct error *error)
{
    return error_set(error, status, "line %u: %s%s: %s", parsing->line->number, row->key,
                     row->is_positional ? "" : "=", why);
}

/* Parses and checks one value of a known field. */
static enum status line_parse_value(const struct line_parsing *parsing, const struct field_row *row,
                                    struct text text, struct error *error)
{
    struct error inner;
    enum status status = field_parse(row, text, parsing->value, &inner);

    if (status != LICET_OK)
        return line_fail(parsing, row, status, inner.text, error);
    if (!row->is_required && !field_is_set(row, parsing->value))
        return line_fail(parsing, row, LICET_INVALID, "this is the default, which is never printed",
                         error);
    return LICET_OK;
}

static enum status line_parse_positional(struct line_parsing *parsing, struct error *error)
{
    while (parsing->next < parsing->rows_count && parsing->rows[parsing->next].is_positional) {
        const struct field_row *row = &parsing->rows[parsing->next];
        enum status status;

        if (parsing->word == parsing->line->count)
            return line_fail(parsing, row, LICET_INVALID, "missing: the line was cut", error);
        status = line_parse_value(parsing, row, parsing->line->words[parsing->word], error);
        if (status != LICET_OK)
            return status;
        parsing->word++;
        parsing->next++;
    }
    return LICET_OK;
}

/* x-: for whoever put it there. Others disable the line or refuse the text (R2.5). */
static enum status line_keep_extra(struct line_parsing *parsing, struct text key, struct text word,
                                   struct error *error)
{
    const struct line_row *row = line_row_of(parsing->kind);
    struct field_extras *extras = (void *)((char *)parsing->value + row->extras_offset);
    bool is_unknown = !text_starts_with(key, "x-");

    if (is_unknown && !row->keeps_unknown)
        return error_set(error, LICET_UNSUPPORTED,
                         "line %u: %.*s= is not known on a line of this kind: the text needs a "
                         "newer version of licet",
                         parsing->line->number, TEXT_ARGS(text_head(key, 40)));
    if (extras->items == NULL) /* as many as the line can still have */
        extras->items = arena_take(parsing->arena, parsing->line->count - parsing->word,
                                   sizeof(*extras->items));
    if (extras->items == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for line %u",
                         parsing->line->number);
    extras->items[extras->count++] = (struct field_extra){parsing->next, is_unknown, word};
    extras->unknown_count += is_unknown ? 1 : 0;
    return LICET_OK;
}

/* Room for as many items as words with this key follow. */
static enum status line_grow_list(const struct line_parsing *parsing, const struct field_row *row,
                                  struct error *error)
{
    struct field_list *list = (void *)((char *)parsing->value + row->offset);
    size_t key_size = strlen(row->key);
    uint32_t count = 0;

    if (list->items == NULL) {
        for (uint32_t index = parsing->word; index < parsing->line->count; index++) {
            struct text word = parsing->line->words[index];

            if (word.size <= key_size || word.data[key_size] != '=' ||
                !text_is(text_head(word, key_size), row->key))
                break;
            count++;
        }
        if (count > row->max)
            return line_fail(parsing, row, LICET_TOO_LARGE, "too many items", error);
        list->items = arena_take(parsing->arena, count, sizeof(*list->items));
    }
    if (list->items == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for line %u",
                         parsing->line->number);
    list->count++;
    return LICET_OK;
}

static enum status line_check_item_is_new(const struct line_parsing *parsing,
                                          const struct field_row *row, struct error *error)
{
    const struct field_list *list = field_member(row, parsing->value);

    for (uint32_t index = 0; index + 1 < list->count; index++) {
        if (text_equal(list->items[index], list->items[list->count - 1]))
            return line_fail(parsing, row, LICET_INVALID, "the same item twice", error);
    }
    return LICET_OK;
}

static enum status line_parse_known(struct line_parsing *parsing, const struct field_row *row,
                                    struct text text, struct error *error)
{
    bool is_list = row->type == FIELD_IDENTIFIERS || row->type == FIELD_TOKENS;
    uint32_t index = (uint32_t)(row - parsing->rows), unused;
    /* Security: only directly behind the item before it, since a list has room for one such run. */
    bool is_again =
        is_list && index + 1 == parsing->next && parsing->item_word + 1 == parsing->word;
    enum status status = LICET_OK;

    if (index < parsing->next && !is_again)
        return line_fail(parsing, row, LICET_INVALID,
                         "given twice, or not in the fixed order of fields", error);
    parsing->next = index; /* where an unknown word is kept */
    parsing->seen |= UINT64_C(1) << (index & 63);
    /* A word of a later version: as an unknown field, it disables the line alone (R2.5). */
    if (row->type == FIELD_WORD && line_row_of(parsing->kind)->keeps_unknown &&
        !field_word_find(row->words, text, &unused)) {
        status = line_keep_extra(parsing, TEXT(""), parsing->line->words[parsing->word], error);
        parsing->next = index + 1;
        return status;
    }
    if (is_list) {
        parsing->item_word = parsing->word;
        status = line_grow_list(parsing, row, error);
    }
    if (status == LICET_OK)
        status = line_parse_value(parsing, row, text, error);
    if (status == LICET_OK && is_list)
        status = line_check_item_is_new(parsing, row, error);
    parsing->next = index + 1;
    return status;
}

/* Keys are lower case: a word with another is no field, but a piece of something. */
static bool line_is_key(struct text key)
{
    if (key.size == 0 || key.size > NAME_MAX_BYTES || key.data[0] < 'a' || key.data[0] > 'z')
        return false;
    for (size_t index = 1; index < key.size; index++) {
        char byte = key.data[index];

        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-')
            return false;
    }
    return true;
}

/* As field_row_find(), on the rows at hand: fields come in order, so the search begins where the
 * last one was. */
static const struct field_row *line_find_row(const struct line_parsing *parsing, struct text key)
{
    uint32_t start = parsing->next == 0 ? 0 : parsing->next - 1;

    for (uint32_t step = 0; step < parsing->rows_count; step++) {
        const struct field_row *row = &parsing->rows[(start + step) % parsing->rows_count];

        if (!row->is_positional && row->key[0] == key.data[0] && text_is(key, row->key))
            return row;
    }
    return NULL;
}

static enum status line_parse_field(struct line_parsing *parsing, struct error *error)
{
    struct text word = parsing->line->words[parsing->word], text = word, key;
    const struct field_row *row;

    text_split(&text, '=', &key);
    if (text.data == NULL || text.size == 0 || !line_is_key(key))
        return error_set(error, LICET_INVALID,
                         "line %u: \"%.*s\" is not key=value: a blank was put in, or a part was "
                         "lost on its way",
                         parsing->line->number, TEXT_ARGS(text_head(word, 60)));
    row = line_find_row(parsing, key);
    return row == NULL ? line_keep_extra(parsing, key, word, error)
                       : line_parse_known(parsing, row, text, error);
}

static enum status line_check_required(const struct line_parsing *parsing, struct error *error)
{
    for (uint32_t index = 0; index < parsing->rows_count; index++) {
        const struct field_row *row = &parsing->rows[index];

        if (row->is_required && !row->is_positional && (parsing->seen >> index & 1) == 0)
            return line_fail(parsing, row, LICET_INVALID, "missing", error);
    }
    return LICET_OK;
}

void line_init(enum line_kind kind, void *value)
{
    uint32_t count;
    const struct field_row *rows = field_rows_of(kind, &count);

    memset(value, 0, line_row_of(kind)->size);
    for (uint32_t index = 0; index < count; index++) {
        uint32_t *member = (void *)((char *)value + rows[index].offset);

        if (rows[index].default_value != 0)
            *member = (uint32_t)rows[index].default_value;
    }
}

enum status line_parse(enum line_kind kind, const struct line_words *line, struct arena *arena,
                       void *value, struct error *error)
{
    struct line_parsing parsing = {
        .kind = kind, .line = line, .word = 1, .arena = arena, .value = value};
    enum status status;

    parsing.rows = field_rows_of(kind, &parsing.rows_count);
    assert(parsing.rows_count <= 64);
    line_init(kind, value);
    status = line_parse_positional(&parsing, error);
    for (; status == LICET_OK && parsing.word < line->count; parsing.word++)
        status = line_parse_field(&parsing, error);
    if (status == LICET_OK)
        status = line_check_required(&parsing, error);
    return status;
}

/* ---- printing */

static void field_print_item(const struct field_row *row, const void *value, uint32_t item,
                             struct buf *buf)
{
    const void *member = field_member(row, value);
    struct text word = {"", 0};

    switch (row->type) {
    case FIELD_VERSION:
        buf_add_byte(buf, '1');
        return;
    case FIELD_IDENTIFIER:
    case FIELD_TOKEN:
    case FIELD_NAME:
        buf_add_text(buf, *field_text(row, value));
        return;
    case FIELD_NUMBER:
        buf_add_u64(buf, field_u32(row, value));
        return;
    case FIELD_COUNTER:
        buf_add_u64(buf, *(const uint64_t *)member);
        return;
    case FIELD_DATE:
        if (field_u32(row, value) == FIELD_DATE_NEVER)
            buf_add_string(buf, row->words);
        else
            date_print((struct date){(int32_t)field_u32(row, value)}, buf);
        return;
    case FIELD_INSTANT:
        unix_time_print(*(const struct unix_time *)member, buf);
        return;
    case FIELD_DURATION:
        buf_add_u64(buf, field_u32(row, value) / field_unit_seconds(row));
        buf_add_byte(buf, row->unit);
        return;
    case FIELD_WORD:
        field_word_at(row->words, field_u32(row, value), &word);
        buf_add_text(buf, word);
        return;
    case FIELD_HASH:
        hash_print(member, buf);
        return;
    case FIELD_LOG:
        buf_add_u64(buf, ((const struct field_log *)member)->size);
        buf_add_byte(buf, ':');
        hash_digits_print(((const struct field_log *)member)->root, buf);
        return;
    case FIELD_IDENTIFIERS:
    case FIELD_TOKENS:
        buf_add_text(buf, ((const struct field_list *)member)->items[item]);
        return;
    }
}

void field_print(const struct field_row *row, const void *value, struct buf *buf)
{
    const struct field_list *list = field_member(row, value);
    bool is_list = row->type == FIELD_IDENTIFIERS || row->type == FIELD_TOKENS;
    uint32_t count = is_list ? list->count : 1;

    for (uint32_t item = 0; item < count; item++) {
        if (item > 0)
            buf_add_byte(buf, ' ');
        field_print_item(row, value, item, buf);
    }
}

/* The writer holds one word back, so words are built in two places by turns. */
struct line_printing {
    struct line_writer writer;
    char words[2][FIELD_TEXT_MAX];
    uint32_t turn;
};

static void line_print_item(struct line_printing *printing, const struct field_row *row,
                            const void *value, uint32_t item)
{
    struct buf word = buf_over(printing->words[printing->turn], FIELD_TEXT_MAX);

    printing->turn = 1 - printing->turn;
    if (!row->is_positional) {
        buf_add_string(&word, row->key);
        buf_add_byte(&word, '=');
    }
    field_print_item(row, value, item, &word);
    printing->writer.buf->is_full |= word.is_full;
    line_writer_add(&printing->writer, buf_text(&word));
}

static void line_print_field(struct line_printing *printing, const struct field_row *row,
                             const void *value)
{
    const struct field_list *list = field_member(row, value);
    bool is_list = row->type == FIELD_IDENTIFIERS || row->type == FIELD_TOKENS;
    uint32_t count = is_list ? list->count : 1;

    for (uint32_t item = 0; item < count; item++)
        line_print_item(printing, row, value, item);
}

void line_print(enum line_kind kind, const void *value, struct buf *buf)
{
    const struct line_row *line = line_row_of(kind);
    const struct field_extras *extras = line_extras(line, value);
    struct line_printing printing = {.writer = line_writer_into(buf), .turn = 0};
    uint32_t count, extra = 0;
    const struct field_row *rows = field_rows_of(kind, &count);

    line_writer_add(&printing.writer, text_of(line->word));
    for (uint32_t index = 0; index <= count; index++) {
        for (; extra < extras->count && extras->items[extra].before == index; extra++)
            line_writer_add(&printing.writer, extras->items[extra].text);
        if (index < count && (rows[index].is_required || field_is_set(&rows[index], value)))
            line_print_field(&printing, &rows[index], value);
    }
    line_writer_end(&printing.writer);
}
