/*
 * Prints the table of lines and fields (src/license/field_table.c) as mdoc, for man/licet-file.5:
 * what stands there between its two marks is this output, and a test holds them together.
 */
#include "base/time.h"
#include "license/field.h"

static const char *type_name(const struct field_row *row)
{
    switch (row->type) {
    case FIELD_VERSION:
        return "1";
    case FIELD_IDENTIFIER:
    case FIELD_IDENTIFIERS:
        return "identifier";
    case FIELD_TOKEN:
    case FIELD_TOKENS:
        return "token";
    case FIELD_NAME:
        return "name";
    case FIELD_NUMBER:
    case FIELD_COUNTER:
        return "number";
    case FIELD_DATE:
        return "date";
    case FIELD_INSTANT:
        return "instant";
    case FIELD_DURATION:
        return row->unit == 'd' ? "days" : row->unit == 'h' ? "hours" : "seconds";
    case FIELD_WORD:
        return "word";
    case FIELD_HASH:
        return "fingerprint";
    case FIELD_LOG:
        return "size:root";
    }
    return "";
}

static unsigned long long unit_seconds(const struct field_row *row)
{
    return row->unit == 'd' ? 86400 : row->unit == 'h' ? 3600 : 1;
}

static void print_values(const struct field_row *row)
{
    unsigned long long unit = unit_seconds(row);

    if (row->type == FIELD_NUMBER || row->type == FIELD_COUNTER)
        printf("\nFrom %llu to %llu.", (unsigned long long)row->min, (unsigned long long)row->max);
    if (row->type == FIELD_DURATION)
        printf("\nFrom %llu%c to %llu%c.", (unsigned long long)row->min / unit, row->unit,
               (unsigned long long)row->max / unit, row->unit);
    if (row->type == FIELD_WORD)
        printf("\nOne of: %s.", row->words);
    if (row->type == FIELD_DATE && row->words != NULL)
        printf("\nOr the word %s.", row->words);
    if (row->type == FIELD_IDENTIFIERS || row->type == FIELD_TOKENS)
        printf("\nRepeated for each item, at most %llu.", (unsigned long long)row->max);
    if (row->type == FIELD_DURATION && row->default_value != 0)
        printf("\nDefault: %llu%c.", (unsigned long long)row->default_value / unit, row->unit);
    if (row->type == FIELD_WORD && !row->is_required)
        printf("\nDefault: the first.");
}

static void print_field(const struct field_row *row)
{
    if (row->is_positional)
        printf(".It Ar %s\n", row->key);
    else
        printf(".It Cm %s Ns = Ns Ar %s%s\n", row->key, type_name(row),
               row->is_required ? "" : " Pq optional");
    printf("%s.", row->meaning);
    print_values(row);
    if (row->effect == FIELD_RESTRICTS)
        printf("\nRestricts; not served yet, so it disables its line.");
    else if (row->effect == FIELD_PERMITS && !row->is_served)
        printf("\nPermits; not served yet, so it is ignored and shown.");
    printf("\n");
}

int main(void)
{
    for (int kind = LINE_UNKNOWN + 1; kind < LINE_KINDS_COUNT; kind++) {
        const struct line_row *line = line_row_of((enum line_kind)kind);
        uint32_t count;
        const struct field_row *rows = field_rows_of((enum line_kind)kind, &count);

        printf(".Ss %s\n%s.\n.Bl -tag -width Ds\n", line->word, line->meaning);
        for (uint32_t index = 0; index < count; index++)
            print_field(&rows[index]);
        printf(".El\n");
    }
    return 0;
}
