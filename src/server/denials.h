/*
 * Who was refused seats, how often, first and last (R8.8): one row for each (who, what, why), so
 * that a product that asks again each second is one row with a count. The rows are the fold of
 * notes in the journal; a row that has grown gives a further note with what came since.
 *
 * Limit: DENIALS_MAX rows, DENIAL_NOTES_A_FLUSH notes every DENIAL_FLUSH_MS, one note a row in
 * DENIAL_NOTE_MS. A refusal is in memory at once; a kill may take what no note tells of yet.
 *
 * A note: kind 1 (1 byte), status 4, vendor 4, feature 4, user 4, host 4, device 4, source 4,
 * count 8, first 8, last 8; big-endian, names as ids (R10.8), times in UTC.
 */
#ifndef LICET_SERVER_DENIALS_H
#define LICET_SERVER_DENIALS_H

#include "base/status.h"
#include "base/text.h"
#include "seat/seat.h"

#define DENIAL_NOTE_BYTES 53u

struct denials;

struct denial {
    enum status status;
    name_id vendor, feature, user, host, device, source; /* 0: not said, or not named here */
};

struct denial_row {
    struct denial denial;
    uint64_t count;
    int64_t first, last; /* UTC */
};

/* With `has_names` false the rows say how often and why, and not who (R10.8, denials=counts): what
 * is added and what is folded loses user, host, device and source. */
enum status denials_create(bool has_names, struct denials **ret_denials, struct error *error);
void denials_destroy(struct denials *denials); /* NULL is fine */
bool denials_have_names(const struct denials *denials);

/* Whether a request for seats that was told this was refused seats: NOSEAT and its like. What a
 * client got wrong itself is none. */
bool denials_is_denial(enum status status);

void denials_add(struct denials *denials, const struct denial *denial, int64_t utc);

/* Security: a name costs memory for ever. Whether a refusal may leave one more behind, which this
 * takes from what refusals may. */
bool denials_take_name(struct denials *denials, struct instant now);

/* A note of the journal. One that this version does not know is passed over. */
void denials_fold(struct denials *denials, struct text note);

/* Forgets rows that nobody added to for DENIAL_DAYS. */
void denials_expire(struct denials *denials, int64_t utc);

/* The rows, oldest last refusal first: a row that is added to meanwhile is met again behind.
 * *cursor starts at 0. */
bool denials_next(const struct denials *denials, uint64_t *cursor, struct denial_row *ret_row);

/* The note of a whole row, for a snapshot. */
void denial_note_encode(const struct denial_row *row, uint8_t bytes[DENIAL_NOTE_BYTES]);

/* Takes what is to be noted now, in the journal's form (journal_body_add()); nothing: `body` stays
 * empty. `is_last`: whatever has no note yet, else what is due. */
void denials_take_notes(struct denials *denials, struct instant now, bool is_last,
                        struct buf *body);

/* Refusals that no note will tell of: their row made room for another before it had one. */
uint64_t denials_dropped(const struct denials *denials);

#endif
