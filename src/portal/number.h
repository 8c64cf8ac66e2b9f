/*
 * Numbers that people read to each other: C-4829138 (a customer), R-4829137 (an agreement), with a
 * last digit that checks the six before it, so that one wrong digit or two that changed places are
 * noticed before anything is looked up; O-7K2M9 (an order), S-7K2M9 (a license server), five of
 * Crockford's letters. None tells how many there are.
 */
#ifndef LICET_PORTAL_NUMBER_H
#define LICET_PORTAL_NUMBER_H

#include "base/status.h"
#include "base/text.h"

#define NUMBER_TEXT_BYTES 9

struct number {
    char text[NUMBER_TEXT_BYTES + 1]; /* and a NUL */
};

/* How often a number is drawn before an insert gives up: at half of all numbers taken, which is
 * never reached, eight fail once in 256. */
#define NUMBER_DRAWS_MAX 8

/* L- and ten letters, 50 bits: drawn once, for a million files collide once in two thousand times. */
struct serial {
    char text[13];
};
struct serial serial_draw(void);

struct number number_draw_digits(char letter);
struct number number_draw_letters(char letter);

/* As a person types it: any case, with or without the letter, blanks and hyphens anywhere. The
 * error says what a right one looks like. LICET_INVALID. */
enum status number_parse_digits(struct text text, char letter, struct number *ret_number,
                                struct error *error);

/* What such a number with letters looks like, in any case: *ret_number is it as it is stored. */
bool number_is_letters(struct text text, char letter, struct number *ret_number);

#endif
