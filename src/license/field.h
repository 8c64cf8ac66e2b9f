/*
 * The one table of line types and fields (R2.2, R5): license files, requests, receipts, responses,
 * revocation lists. Parser, printer, man page and what a request says it serves all come from it.
 *
 * A line is a word, positional fields, then key=value fields in the table's order, one blank
 * between them. It is parsed into a struct by the rows' offsets, starting from the defaults; a
 * value that equals its default is not printed.
 */
#ifndef LICET_LICENSE_FIELD_H
#define LICET_LICENSE_FIELD_H

#include "base/arena.h"
#include "base/limits.h"
#include "license/line.h"

enum line_kind {
    LINE_UNKNOWN,
    LINE_LICENSE,
    LINE_SERVER,
    LINE_DEVICE,
    LINE_REVOKED,
    LINE_INCREMENT,
    LINE_REQUEST,
    LINE_ACT,
    LINE_RECEIPT,
    LINE_SEATS, /* the word is LINE */
    LINE_RESPONSE,
    LINE_RESULT,
    LINE_REVOCATIONS,
    LINE_CHECKPOINT,
};
#define LINE_KINDS_COUNT 14

/* How a value is written, and the member it is kept in. Absent is 0, the empty text, the zero hash,
 * the empty list. */
enum field_type {
    FIELD_VERSION,    /* nothing is kept: exactly 1 */
    FIELD_IDENTIFIER, /* struct text: [A-Za-z][A-Za-z0-9_]* up to 64 (R1.1) */
    FIELD_TOKEN,      /* struct text: letters, digits and . _ : + - up to 64 */
    FIELD_NAME,     /* struct text: UTF-8 without blanks and control characters, up to 64 (R1.1) */
    FIELD_NUMBER,   /* uint32_t between min and max */
    FIELD_COUNTER,  /* uint64_t from min */
    FIELD_DATE,     /* uint32_t days since 1970; FIELD_DATE_NEVER for the row's one word ("none") */
    FIELD_INSTANT,  /* struct unix_time: 2026-11-24T09:12:33Z */
    FIELD_DURATION, /* uint32_t seconds; written as a number and the row's unit */
    FIELD_WORD,     /* uint32_t: index in the row's words */
    FIELD_HASH,     /* struct hash */
    FIELD_LOG,      /* struct field_log: size:root */
    FIELD_IDENTIFIERS, /* struct field_list: one item a key, the key repeated */
    FIELD_TOKENS,      /* the same of tokens */
};

#define FIELD_DATE_NEVER UINT32_MAX

/* What a field of an INCREMENT line does where it is not served (R2.5). */
enum field_effect {
    FIELD_STATES,    /* says what is so: it neither restricts nor permits beyond seats and dates */
    FIELD_RESTRICTS, /* not served: the line is disabled */
    FIELD_PERMITS,   /* not served: ignored, and shown so */
};

struct field_row {
    const char *key;
    const char *words;      /* "concurrent user-device ..."; of a date, its word for never */
    const char *meaning;    /* for the man page: a sentence without full stop */
    size_t offset;          /* of its member */
    uint64_t min, max;      /* of numbers; of durations in seconds; of lists the most items */
    uint64_t default_value; /* as stored; 0: absent, or the first of `words` */
    enum line_kind line;
    enum field_type type;
    enum field_effect effect;
    char unit;          /* of a duration: s, h, d */
    bool is_positional; /* written without its key, before the others */
    bool is_required;
    bool is_served;
};

struct field_list {
    struct text *items;
    uint32_t count;
};

/* R2.2: the vendor's issue log before this file's leaf. */
struct field_log {
    uint64_t size;
    uint8_t root[32];
};

/* A field kept byte for byte: an x- field, or one that this version does not know. */
struct field_extra {
    uint32_t before;  /* printed before this row (an index among the rows of its line) */
    bool is_unknown;  /* not x-: disables the line (R2.5) */
    struct text text; /* key=value */
};

struct field_extras {
    struct field_extra *items;
    uint32_t count;
    uint32_t unknown_count;
};

/* ---- the table */

struct line_row {
    const char *word;
    const char *meaning;
    size_t size; /* of its struct */
    size_t extras_offset;
    enum line_kind kind;
    bool keeps_unknown; /* INCREMENT: an unknown field disables the line; elsewhere it refuses the
                           text */
};

const struct line_row *line_row_of(enum line_kind kind);
enum line_kind line_kind_of(struct text word); /* LINE_UNKNOWN */
/* The rows of one line in order. */
const struct field_row *field_rows_of(enum line_kind kind, uint32_t *ret_count);
const struct field_row *field_row_find(enum line_kind kind,
                                       struct text key); /* NULL: no such field */

/* ---- one line */

/* Defaults into a struct of this line, before a program fills it. */
void line_init(enum line_kind kind, void *value);

/* The struct's texts point into the line; lists and extras into the arena. The error names line,
 * field and what is wrong. */
enum status line_parse(enum line_kind kind, const struct line_words *line, struct arena *arena,
                       void *value, struct error *error);

/* Prints one wrapped line (R2.3) with its newline. */
void line_print(enum line_kind kind, const void *value, struct buf *buf);

/* The struct holds something other than the row's default. */
bool field_is_set(const struct field_row *row, const void *value);
/* The value alone, as in the file. */
void field_print(const struct field_row *row, const void *value, struct buf *buf);

#endif
