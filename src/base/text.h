/*
 * struct text: bytes to read, borrowed from somebody, never needing a NUL. struct buf: bytes being
 * built into a place of fixed size. A full buf sets `is_full` and takes nothing more, so a writer
 * checks once, at the end.
 */
#ifndef LICET_BASE_TEXT_H
#define LICET_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    const char *data;
    size_t size;
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
/* For printf's "%.*s". */
#define TEXT_ARGS(text) (int)(text).size, (text).data

struct text text_of(const char *string); /* a NUL-terminated string; NULL is the empty text */
struct text text_make(const void *data, size_t size);
bool text_equal(struct text left, struct text right);
bool text_equal_nocase(struct text left, struct text right); /* ASCII letters only (R1.2) */
bool text_is(struct text text, const char *string);
bool text_is_nocase(struct text text, const char *string);
bool text_starts_with(struct text text, const char *prefix);
/* Where `byte` first stands, or text.size. */
size_t text_find(struct text text, char byte);
struct text text_skip(struct text text,
                      size_t count); /* without its first `count` bytes; count is capped */
struct text text_head(struct text text,
                      size_t count); /* its first `count` bytes; count is capped */

/* Takes the part before `separator` off the front of `rest`; false when `rest` was already at its
 * end (data NULL). "a,b" gives "a", "b"; "a," gives "a", "". */
bool text_split(struct text *rest, char separator, struct text *ret_part);

/* R1.1: [A-Za-z][A-Za-z0-9_]*, at most NAME_MAX_BYTES. */
bool text_is_identifier(struct text text);
/* R1.1: 1 to NAME_MAX_BYTES bytes of valid UTF-8 without blanks and control characters. */
bool text_is_name(struct text text);
bool text_is_utf8(struct text text);
/* Puts `?` in the place of every byte of `bytes` that is not UTF-8, and of every control character:
 * what a peer sent may be quoted to a terminal or a log. */
void text_make_printable(char *bytes, size_t size);

struct buf {
    char *data;
    size_t size;
    size_t capacity;
    bool is_full; /* something did not fit: what is there is cut and must not be used */
};

struct buf buf_over(void *data, size_t capacity);
void buf_add(struct buf *buf, const void *data, size_t size);
void buf_add_text(struct buf *buf, struct text text);
void buf_add_string(struct buf *buf, const char *string);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_u64(struct buf *buf, uint64_t value); /* in decimal digits */
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct text buf_text(const struct buf *buf);

#endif
