/* From a payload to what the policy judges. Nothing that could not be signed gets through. */
#ifndef LICET_SIGNER_INTENT_H
#define LICET_SIGNER_INTENT_H

#include "base/arena.h"
#include "license/certificate.h"
#include "signer/record.h"

struct intent {
    struct signer_record
        record; /* but for time, certificate and reason; its texts point into the payload */
    uint64_t line_seats_max; /* of its largest line, overdraft too */
    bool is_unlimited;       /* a line without a count: uncounted, advisory, burst */
};

/* Lints the payload for this certificate. Beyond that, a line or field that this version does not
 * know is refused (LICET_UNSUPPORTED): its seats could not be counted. A payload to be voided needs
 * to parse only; its certificate may be NULL. */
enum status intent_read(enum signer_act act, struct text payload,
                        const struct certificate *certificate, struct arena *arena,
                        struct intent *ret_intent, struct error *error);

#endif
