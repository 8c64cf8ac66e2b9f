/* Checkpoints of the vendor's issue log (R6.8): what the log held at a time, signed by the issuing
 * key, so that it can be shown to have only grown since. */
#ifndef LICET_LICENSE_CHECKPOINT_H
#define LICET_LICENSE_CHECKPOINT_H

#include "license/document.h"
#include "license/trust.h"

struct checkpoint {
    struct text vendor;
    struct field_log log;
    struct unix_time issued;
    struct field_extras extras;
};

/* The payload of a checkpoint; buf.is_full where it does not fit. */
void checkpoint_print(const struct checkpoint *checkpoint, struct buf *buf);

/* Normalise, verify, parse. */
enum status checkpoint_read(struct text text, const struct trust *trust, struct arena *arena,
                            struct checkpoint *ret_checkpoint, struct error *error);

/* What checkpoint_read() would refuse of this payload, before it is signed. */
enum status checkpoint_lint(struct text payload, const struct certificate *certificate,
                            struct arena *arena, struct checkpoint *ret_checkpoint,
                            struct error *error);

#endif
