/* One turn of the issuing thread, without the thread. Private to this folder and its tests. */
#ifndef LICET_PORTAL_ISSUING_TURN_H
#define LICET_PORTAL_ISSUING_TURN_H

#include "license/license.h"
#include "portal/issuing/issuing.h"
#include "portal/issuing/number.h"

/* How long a certificate is named before the signer is asked for its newest again. */
#define TURN_CERTIFICATE_MS 60000

/* Ids of what has waited longest, by its state; 0: nothing does. */
struct turn_oldest {
    int64_t intent, numbered;
    int64_t waiting, written; /* exchanges */
};

struct turn {
    struct store *store;
    const struct issuing_options *options;
    struct signer_client *client;
    int64_t fence;
    bool is_replaced; /* another issuer took the fence: this one watches it */
    struct turn_oldest oldest;
    struct instant stuck_since; /* since when something of it has waited */
    /* that new intents name; blob.data NULL: not asked for yet */
    struct certificate certificate;
    struct instant certificate_until;
    char certificate_memory[CERTIFICATE_BLOB_MAX * 4];
    char *memory; /* TURN_BYTES */
};

/* Payloads of a frame and their rows; a text that is verified; what one payload takes. */
#define TURN_LIST_BYTES ((size_t)SIGNER_FRAME_BYTES_MAX + SIGNER_ITEMS_MAX * 1024)
#define TURN_TEXT_BYTES ((size_t)RESPONSE_BYTES_MAX)
#define TURN_WORK_BYTES                                                                            \
    (NUMBERING_BYTES > LICENSE_ARENA_BYTES(TURN_TEXT_BYTES)                                        \
         ? NUMBERING_BYTES                                                                         \
         : LICENSE_ARENA_BYTES(TURN_TEXT_BYTES))
#define TURN_BYTES (TURN_LIST_BYTES + TURN_TEXT_BYTES + TURN_WORK_BYTES)
char *turn_text_memory(const struct turn *turn);
char *turn_work_memory(const struct turn *turn);

enum status turn_open(struct turn *turn, struct store *store, const struct issuing_options *options,
                      struct error *error);
void turn_finish(struct turn *turn);

/* In every transaction that writes: we are still the one who issues. LICET_CONFLICT, and
 * `is_replaced`: not so. */
enum status turn_hold(struct turn *turn, struct db_transaction *transaction, struct error *error);

/* Asks the signer for its certificate where ours is old: before anything is written that names it. */
enum status turn_refresh_certificate(struct turn *turn, struct error *error);

/* Responses whose generation is settled get their final bytes (response.c). */
enum status turn_write_responses(struct turn *turn, uint32_t *ret_done, struct error *error);

/*
 * Voids what staff want voided, numbers what waits, signs what is numbered, answers requests whose
 * generation is settled; *ret_done counts. To be
 * called again while it counts. A failure is worth another try later; where `is_replaced`, it is
 * turn_take_back() that is to be called from now on.
 */
enum status turn_run(struct turn *turn, uint32_t *ret_done, struct error *error);

/* take_back.c: where what waits is left alone for `take_back_ms`, we issue again, and are not
 * `is_replaced` any more. */
enum status turn_take_back(struct turn *turn, struct error *error);
enum status turn_take_fence(struct turn *turn, struct error *error);

#endif
