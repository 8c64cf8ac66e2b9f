/*
 * Logical lines in and out of wrapped text (R2.3): words with one blank between them; a line is
 * wrapped greedily before the word that would pass column 76, the backslash counted; continuation
 * lines are indented by 4; a word too long for that stands alone.
 */
#ifndef LICET_LICENSE_LINE_H
#define LICET_LICENSE_LINE_H

#include "base/limits.h"
#include "base/status.h"
#include "base/text.h"

struct line_words {
    uint32_t number; /* of its first physical line, from 1 */
    struct text raw; /* its bytes, wrapped as they are, without the last newline */
    struct text words[LICENSE_FIELDS_MAX];
    uint32_t count; /* at least 1 */
};

struct line_reader {
    struct text rest;
    uint32_t number; /* of the next physical line */
};

/* The next line of the text; all physical lines end with a newline. `rest.size` is 0 at the end.
 * Only canonical wrapping and clean bytes pass; the error names the physical line and the likely
 * cause. */
enum status line_next(struct line_reader *reader, struct line_words *ret_line, struct error *error);

/* Writes words as one wrapped line, or compares them with one. */
struct line_writer {
    struct buf *buf;      /* NULL: compare */
    struct text expected; /* what is left of it */
    bool is_different;
    size_t column;
    struct text pending; /* written when it is known whether another word follows */
};

struct line_writer line_writer_into(struct buf *buf);
/* The word must stay in place until the next call but one. */
void line_writer_add(struct line_writer *writer, struct text word);
void line_writer_end(struct line_writer *writer); /* with the newline */

#endif
