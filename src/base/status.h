/*
 * The one list of failures (status.def) and the one way to report them.
 *
 * A function that can fail returns enum status (LICET_OK is 0) and takes `struct error *error`
 * last, which may be NULL. The finder of a failure writes the sentence; the edge (RESP, HTTP, CLI,
 * log) shows it once; nobody between does either. Results are untouched on failure.
 */
#ifndef LICET_BASE_STATUS_H
#define LICET_BASE_STATUS_H

#include <stdarg.h>

#include "base/limits.h"

/* licet.h carries the same constants for products; where this header came first it leaves them out.
 */
#define LICET_HAS_STATUS 1

enum status {
#define STATUS(number, name, word, http, code, text) LICET_##name = (number),
#include "base/status.def"
#undef STATUS
};

/* For tables with a place for every status: the numbers are 0, 1, 2 and so on. */
enum status_place {
#define STATUS(number, name, word, http, code, text) STATUS_PLACE_##name,
#include "base/status.def"
#undef STATUS
    STATUSES_COUNT
};

struct error {
    enum status status;
    char text[ERROR_TEXT_MAX]; /* a whole sentence without full stop; always NUL-terminated */
};

/* Writes the sentence (cut at ERROR_TEXT_MAX) and returns `status`, so that a finder can end with
 * `return`. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __clang_analyzer__
/* The analyzer reads one file at a time: without this it believes that a failure may return OK. */
static inline enum status error_set_returns(enum status written, enum status status)
{
    (void)written;
    return status;
}
#define error_set(error, status, ...)                                                              \
    error_set_returns((error_set)(error, status, __VA_ARGS__), status)
#endif

/* The sentence of `error`, or the list's own text where the finder wrote none. Borrowed from
 * `error` or static. */
const char *error_text(const struct error *error, enum status status);

/* The columns of the list. Every function accepts any value; unknown ones are shown as SYSTEM. */
const char *status_word(enum status status);
const char *status_text(enum status status);
int status_http(enum status status);
/* The other way round; SYSTEM for a word that is not of the list. */
enum status status_of_word(const char *word, size_t size);
int status_exit_code(enum status status);

#endif
