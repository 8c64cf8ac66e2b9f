/* One turn of the issuing thread, without the thread. Private to this folder and its tests. */
#ifndef LICET_PORTAL_ISSUING_TURN_H
#define LICET_PORTAL_ISSUING_TURN_H

#include "license/license.h"
#include "portal/issuing/issuing.h"
#include "portal/issuing/number.h"

/* How long a certificate is named before the signer is asked for its newest again. */
#define TURN_CERTIFICATE_MS 60000

struct turn {
    struct store *store;
    const struct issuing_options *options;
    struct signer_client *client;
    int64_t fence;
    bool is_replaced; /* another issuer took the fence: this one is at its end */
    /* that new intents name; blob.data NULL: not asked for yet */
    struct certificate certificate;
    struct instant certificate_until;
    char certificate_memory[CERTIFICATE_BLOB_MAX * 4];
    char *memory; /* TURN_BYTES */
};

/* Payloads of a frame and their rows; a file that is verified; what numbering takes, at another
 * time. */
#define TURN_LIST_BYTES ((size_t)SIGNER_FRAME_BYTES_MAX + SIGNER_ITEMS_MAX * 1024)
#define TURN_FILE_BYTES ((size_t)LICENSE_FILE_BYTES_MAX + SSHSIG_ARMOR_MAX)
#define TURN_BYTES                                                                                 \
    (TURN_LIST_BYTES + TURN_FILE_BYTES +                                                           \
     (NUMBERING_BYTES > LICENSE_ARENA_BYTES(TURN_FILE_BYTES)                                       \
          ? NUMBERING_BYTES                                                                        \
          : LICENSE_ARENA_BYTES(TURN_FILE_BYTES)))

enum status turn_open(struct turn *turn, struct store *store, const struct issuing_options *options,
                      struct error *error);
void turn_finish(struct turn *turn);

/*
 * Voids what staff want voided, numbers what waits, signs what is numbered; *ret_done counts. To be
 * called again while it counts. A failure is worth another try later, but where `is_replaced`.
 */
enum status turn_run(struct turn *turn, uint32_t *ret_done, struct error *error);

#endif
