/* The list of failures as a table, and the error sentence. */
#include "base/status.h"

#include "base/text.h"

struct status_row {
    enum status status;
    const char *word;
    const char *text;
    int http;
    int exit_code;
};

static const struct status_row status_rows[] = {
#define STATUS(number, name, word, http, code, text) {LICET_##name, word, text, http, code},
#include "base/status.def"
#undef STATUS
};

static const struct status_row *status_find(enum status status)
{
    for (size_t index = 0; index < sizeof(status_rows) / sizeof(status_rows[0]); index++) {
        if (status_rows[index].status == status)
            return &status_rows[index];
    }
    return &status_rows[LICET_SYSTEM];
}

enum status(error_set)(struct error *error, enum status status, const char *format, ...)
{
    va_list arguments;

    if (error == NULL)
        return status;
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    /* Security: a sentence quotes what others sent, and ends on terminals and in logs. */
    text_make_printable(error->text, strlen(error->text));
    return status;
}

const char *error_text(const struct error *error, enum status status)
{
    if (error != NULL && error->text[0] != '\0' && error->status == status)
        return error->text;
    return status_text(status);
}

const char *status_word(enum status status)
{
    return status_find(status)->word;
}

enum status status_of_word(const char *word, size_t size)
{
    for (size_t index = 0; index < sizeof(status_rows) / sizeof(status_rows[0]); index++) {
        const struct status_row *row = &status_rows[index];

        if (strlen(row->word) == size && memcmp(row->word, word, size) == 0)
            return row->status;
    }
    return LICET_SYSTEM;
}

const char *status_text(enum status status)
{
    return status_find(status)->text;
}

int status_http(enum status status)
{
    return status_find(status)->http;
}

int status_exit_code(enum status status)
{
    return status_find(status)->exit_code;
}
