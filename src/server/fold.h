/* Records of the journal, folded into a seat core: at start, and in a second core when a snapshot
 * is made. */
#ifndef LICET_SERVER_FOLD_H
#define LICET_SERVER_FOLD_H

#include "journal/journal.h"
#include "seat/seat.h"
#include "server/denials.h"

struct fold {
    struct seats *seats;
    void *memory;
    size_t memory_size;
    const uint8_t *server_key; /* whose journal it must be */
    /* A snapshot's last record is the one with a number (seat.h), so each waits until the next is
     * seen. */
    struct seat_record held;
    uint64_t held_number;
    bool has_held;
    struct denials *denials; /* borrowed, takes the notes; NULL: nobody does */
};

/* Makes an empty core. Its address space is unreserved: only what is used is there. */
enum status fold_init(struct fold *fold, const struct seats_options *options,
                      const uint8_t server_key[32], struct error *error);
void fold_finish(struct fold *fold); /* the core is gone */

/* A journal_record_fn; `context` is the fold. */
enum status fold_record(void *context, uint64_t number, bool is_snapshot, struct text text,
                        struct error *error);
/* After the last record. */
enum status fold_end(struct fold *fold, struct error *error);

#endif
