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
    char *head = columns->heads[columns->count];
    size_t size;

    if (columns->count == SHOW_COLUMNS_MAX)
        return;
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

static void columns_of_row(struct columns *columns, const json_t *row)
{
    for (void *member = json_object_iter((json_t *)(uintptr_t)row); member != NULL;
         member = json_object_iter_next((json_t *)(uintptr_t)row, member))
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

void show_table(const char *paths, const json_t *rows, int indent)
{
    struct columns columns = {.count = 0};
    struct text rest = text_of(paths), path;

    if (json_array_size(rows) == 0) {
        printf("%*snone\n", indent, "");
        return;
    }
    while (paths != NULL && text_split(&rest, ' ', &path))
        columns_add(&columns, path);
    if (paths == NULL)
        columns_of_row(&columns, json_array_get(rows, 0));
    columns_measure(&columns, rows);
    columns_print(&columns, NULL, indent);
    for (size_t index = 0; index < json_array_size(rows); index++)
        columns_print(&columns, json_array_get(rows, index), indent);
}

/* ---- the rest ----------------------------------------------------------------------------- */

void show_sentence(const char *sentence, const json_t *answer)
{
    struct text rest = text_of(sentence), part;

    while (text_split(&rest, '{', &part)) {
        char place[SHOW_TEXT_BYTES];
        size_t end;

        printf("%.*s", TEXT_ARGS(part));
        if (rest.data == NULL)
            break;
        end = text_find(rest, '}');
        printf("%s", show_value(show_member(answer, text_head(rest, end)), place));
        rest = text_skip(rest, end + 1);
    }
    putchar('\n');
}

static void show_one(const char *name, const json_t *value, int indent)
{
    const json_t *rows = json_is_array(value) ? value : json_object_get(value, "items");
    char place[SHOW_TEXT_BYTES], label[64];

    snprintf(label, sizeof(label), "%s:", name);
    for (char *byte = label; *byte != '\0'; byte++)
        *byte = *byte == '_' ? ' ' : *byte;
    text_make_printable(label, strlen(label));
    if (!json_is_object(value) && !json_is_array(value)) {
        printf("%*s%-16s %s\n", indent, "", label, show_value(value, place));
        return;
    }
    printf("%*s%s\n", indent, "", label);
    if (rows != NULL)
        show_table(NULL, rows, indent + 2);
    else
        show_whole(value, indent + 2);
    if (json_is_integer(json_object_get(value, "next")))
        printf("%*smore of them after %s: --after %s\n", indent + 2, "",
               show_value(json_object_get(value, "next"), place), place);
}

void show_whole(const json_t *answer, int indent)
{
    json_t *object = (json_t *)(uintptr_t)answer; /* jansson's iterator takes no const */

    for (void *member = json_object_iter(object); member != NULL;
         member = json_object_iter_next(object, member))
        show_one(json_object_iter_key(member), json_object_iter_value(member), indent);
}

void show_json(const json_t *answer)
{
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
}
