/*
 * What all signed texts have in common: normalising, the split into payload and signature block,
 * lines in a fixed order of kinds, and the printed form that must be the read one.
 */
#ifndef LICET_LICENSE_DOCUMENT_H
#define LICET_LICENSE_DOCUMENT_H

#include "license/field.h"

struct document {
    struct text payload; /* normalised; ends with a newline */
    struct text armor;   /* the first signature block */
    struct text rest;    /* what follows it */
    bool had_carriage_returns;
    bool had_trailing_blanks;
};

/* R2.6: drops carriage returns and blanks before a newline, empty lines at the end, and adds a last
 * newline that an editor left out; then cuts at the signature block. All of it is a copy in the
 * arena. LICET_TOO_LARGE beyond `max` bytes. */
enum status document_open(struct text text, size_t max, struct arena *arena,
                          struct document *ret_document, struct error *error);
/* LICET_INVALID where something follows the block. */
enum status document_expect_end(const struct document *document, struct error *error);

/* The normalised text alone, without looking for a block. */
enum status document_normalise(struct text text, size_t max, struct arena *arena,
                               struct document *ret_document, struct error *error);

struct document_line {
    enum line_kind kind; /* LINE_UNKNOWN: `text` is all we know */
    uint32_t number;     /* of its first physical line, from 1 */
    void *value;         /* a struct as line_row_of(kind) says */
    struct text text;    /* as it was read, wrapped, without the last newline */
};

struct document_lines {
    struct document_line *items;
    uint32_t count;
    uint32_t unknown_count;
};

/* The lines of one kind, in the order in which kinds stand in the text. */
struct document_section {
    enum line_kind kind;
    uint32_t min, max;
    uint32_t count;
    void *items; /* an array of the kind's struct */
};

/* Parses lines into arrays in the arena. Unknown line types are kept where `keeps_unknown`, else
 * the text is refused. `first_number` is the number of the payload's first line in the file. */
enum status document_parse(struct text payload, uint32_t first_number,
                           struct document_section *sections, uint32_t sections_count,
                           bool keeps_unknown, struct arena *arena,
                           struct document_lines *ret_lines, struct error *error);

/* No two lines of this kind have the same text in the member at `offset`, a struct text. */
enum status document_check_unique(const struct document_lines *lines, enum line_kind kind,
                                  size_t offset, struct arena *arena, struct error *error);

/* The lines of sections that a program filled. */
enum status document_arrange(const struct document_section *sections, uint32_t sections_count,
                             struct arena *arena, struct document_lines *ret_lines,
                             struct error *error);
void document_print(const struct document_lines *lines, struct buf *buf);

#endif
