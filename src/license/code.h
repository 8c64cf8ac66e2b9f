/*
 * What people read, type and say on the telephone, in Crockford's 32 letters: no I, L, O, U, and
 * case does not count.
 *
 * A license code (R6.10) is 25 letters in 5 groups: 22 carry 110 random bits, 3 check them. The
 * check letters are those of a Reed-Solomon code over the 32 letters, so any three wrong letters,
 * and any two that changed places, are noticed.
 */
#ifndef LICET_LICENSE_CODE_H
#define LICET_LICENSE_CODE_H

#include "base/status.h"
#include "base/text.h"

#define CODE_RANDOM_BYTES 14 /* 112 bits: the last two are not used */
#define CODE_LETTERS 25
#define CODE_TEXT_BYTES 29 /* with four hyphens */

struct license_code {
    char text[CODE_TEXT_BYTES + 1]; /* ABCDE-FGHJK-... and a NUL */
};

struct license_code license_code_make(const uint8_t random[CODE_RANDOM_BYTES]);

/* As a person types it: any case, blanks and hyphens anywhere, O for 0, I and L for 1. The error
 * says what is wrong: a letter that no code has, a missing one, or a mistyped one. LICET_INVALID. */
enum status license_code_parse(struct text text, struct license_code *ret_code,
                               struct error *error);

/* The lowest 5 x `count` bits as `count` letters; count <= 12. */
void crockford_print(uint64_t bits, unsigned count, struct buf *buf);

#endif
