#include "cli/portal/show.h"

#include "base/text.h"

#define SHOW_COLUMNS_MAX 16
#define SHOW_TEXT_BYTES 1024 /* the longest text of an answer but license files is a problem's */

/* ---- one value ---------------------------------------------------------------------------- */

static const json_t *show_member(const json_t *object, struct text path)
{
    struct text name;

    while (object != NULL && text_split(&path, '.', &name)) {
        char key[64];

        snprintf(key, sizeof(key), "%.*s", TEXT_ARGS(name));
        object = json_object_get(object, key);
    }
    return object;
}

static const char *show_value(const json_t *value, char place[SHOW_TEXT_BYTES])
{
    if (json_is_string(value))
        snprintf(place, SHOW_TEXT_BYTES, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(place, SHOW_TEXT_BYTES, "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(place, SHOW_TEXT_BYTES, "%s", json_is_true(value) ? "yes" : "no");
    else
        snprintf(place, SHOW_TEXT_BYTES, "-");
    text_make_printable(place, strlen(place));
    return place;
}

/* Characters, not bytes. */
static int show_width(const char *text)
{
    int width = 0;

    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void show_padded(const char *text, int width)
{
    int missing = width - show_width(text);

    printf("%s%*s", text, missing > 0 ? missing : 0, "");
}

/* ---- a table ------------------------------------------------------------------------------ */

struct columns {
    struct text paths[SHOW_COLUMNS_MAX];
    char heads[SHOW_COLUMNS_MAX][32];
    int widths[SHOW_COLUMNS_MAX];
    size_t count;
};

/* SEATS AVAILABLE of seats.available. */
static void columns_add(struct columns *columns, struct text path)
{
    struct text last = path;
    char *head;
    size_t size;

    if (columns->count == SHOW_COLUMNS_MAX)
        return;
    head = columns->heads[columns->count];
    if (text_find(path, '.') < path.size)
        last = text_skip(path, text_find(path, '.') + 1);
    size = text_head(last, sizeof(columns->heads[0]) - 1).size;
    for (size_t index = 0; index < size; index++) {
        char byte = last.data[index];

        head[index] = byte == '_' ? ' ' : byte >= 'a' && byte <= 'z' ? (char)(byte - 32) : byte;
    }
    head[size] = '\0';
    text_make_printable(head, size);
    columns->paths[columns->count++] = path;
}

static void columns_of_row(struct columns *columns, json_t *row)
{
    for (void *member = json_object_iter(row); member != NULL;
         member = json_object_iter_next(row, member))
        if (!json_is_object(json_object_iter_value(member)) &&
            !json_is_array(json_object_iter_value(member)))
            columns_add(columns, text_of(json_object_iter_key(member)));
}

static void columns_measure(struct columns *columns, const json_t *rows)
{
    char place[SHOW_TEXT_BYTES];

    for (size_t column = 0; column < columns->count; column++) {
        columns->widths[column] = show_width(columns->heads[column]);
        for (size_t index = 0; index < json_array_size(rows); index++) {
            int width = show_width(show_value(
                show_member(json_array_get(rows, index), columns->paths[column]), place));

            if (width > columns->widths[column])
                columns->widths[column] = width;
        }
    }
}

static void columns_print(const struct columns *columns, const json_t *row, int indent)
{
    char place[SHOW_TEXT_BYTES];

    printf("%*s", indent, "");
    for (size_t column = 0; column < columns->count; column++) {
        const char *text = row == NULL
                               ? columns->heads[column]
                               : show_value(show_member(row, columns->paths[column]), place);
        bool is_last = column + 1 == columns->count;

        show_padded(text, is_last ? 0 : columns->widths[column]);
        printf("%s", is_last ? "\n" : "  ");
    }
}

void show_table(const char *columns, const json_t *rows, int indent)
{
    struct columns table = {.count = 0};
    struct text rest = text_of(columns), path;

    if (json_array_size(rows) == 0) {
        printf("%*snone\n", indent, "");
        return;
    }
    while (columns != NULL && text_split(&rest, ' ', &path))
        columns_add(&table, path);
    if (columns == NULL)
        columns_of_row(&table, json_array_get(rows, 0));
    columns_measure(&table, rows);
    columns_print(&table, NULL, indent);
    for (size_t index = 0; index < json_array_size(rows); index++)
        columns_print(&table, json_array_get(rows, index), indent);
}

/* ---- the rest ----------------------------------------------------------------------------- */

static void show_place(struct text path, const json_t *answer)
{
    char place[SHOW_TEXT_BYTES];
    struct text words = text_skip(path, text_find(path, '?') + 1);
    const json_t *value = show_member(answer, text_head(path, text_find(path, '?')));

    if (words.size == 0)
        printf("%s", show_value(value, place));
    else if (value != NULL && !json_is_null(value))
        printf("%.*s%s", TEXT_ARGS(words), show_value(value, place));
}

void show_sentence(const char *sentence, const json_t *answer)
{
    struct text rest = text_of(sentence), part;

    while (text_split(&rest, '{', &part)) {
        size_t end;

        printf("%.*s", TEXT_ARGS(part));
        if (rest.data == NULL)
            break;
        end = text_find(rest, '}');
        show_place(text_head(rest, end), answer);
        rest = text_skip(rest, end + 1);
    }
    putchar('\n');
}

static void show_label(const char *name, int indent, const char *after)
{
    char label[64];

    snprintf(label, sizeof(label), "%s:", name);
    for (char *byte = label; *byte != '\0'; byte++)
        *byte = *byte == '_' ? ' ' : *byte;
    text_make_printable(label, strlen(label));
    printf("%*s%-16s%s", indent, "", label, after);
}

/* A text of lines, as a response is: whoever wants it takes --json or -o. */
static bool show_is_long(const json_t *value)
{
    return json_is_string(value) && strchr(json_string_value(value), '\n') != NULL;
}

/* A value, or a list as a table; false: an object that is none. */
static bool show_simple(const char *name, const json_t *value, int indent)
{
    const json_t *rows = json_is_array(value) ? value : json_object_get(value, "items");
    char place[SHOW_TEXT_BYTES];

    if (json_is_object(value) && rows == NULL)
        return false;
    show_label(name, indent, rows != NULL ? "\n" : " ");
    if (rows != NULL)
        show_table(NULL, rows, indent + 2);
    else
        puts(show_is_long(value) ? "(a text; --json prints it)" : show_value(value, place));
    if (json_is_integer(json_object_get(value, "next")))
        printf("%*smore of them: --after %s\n", indent + 2, "",
               show_value(json_object_get(value, "next"), place));
    return true;
}

/* Answers have objects in objects, and none in those. */
static void show_inner(const char *name, json_t *object)
{
    show_label(name, 0, "\n");
    for (void *member = json_object_iter(object); member != NULL;
         member = json_object_iter_next(object, member))
        if (!show_simple(json_object_iter_key(member), json_object_iter_value(member), 2))
            show_label(json_object_iter_key(member), 2, " (--json prints it)\n");
}

void show_whole(json_t *answer)
{
    for (void *member = json_object_iter(answer); member != NULL;
         member = json_object_iter_next(answer, member))
        if (!show_simple(json_object_iter_key(member), json_object_iter_value(member), 0))
            show_inner(json_object_iter_key(member), json_object_iter_value(member));
}

void show_json(const json_t *answer)
{
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
}
