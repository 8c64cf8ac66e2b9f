/*
 * The one consumer of the issuing queue (R6.8), a thread: whatever act made a generation, this makes
 * its license file.
 *
 *   commit of an act      intent      (the handler's transaction, with its ledger rows)
 *   first transaction     numbered    place in the issue log, final bytes, linted
 *   licet-signer          journalled and signed; the same bytes get the same signature again
 *   verified              the chain from a root to the file holds, as at the customer
 *   second transaction    released    and only now can anybody download it
 *
 * After a crash at any point the next start takes up what it finds, in order, with the same bytes.
 * What the signer's policy refuses waits, with the reason, for staff: store_issue_decide().
 */
#ifndef LICET_PORTAL_ISSUING_H
#define LICET_PORTAL_ISSUING_H

#include "license/trust.h"
#include "signer/client.h"
#include "store/store.h"

struct issuing_options {
    struct text vendor;
    /* What a file is verified by before it is released: the vendor, and its roots. */
    const struct trust *trust;
    struct signer_client_options signer;
    uint32_t
        take_back_ms; /* whoever was replaced issues again when something has waited for so long */
};

struct issuing;

/* Takes the fence: an issuer that ran before can write nothing more. Everything is borrowed until
 * issuing_stop(). That no signer answers yet is no failure: it is logged, and tried again. */
enum status issuing_start(struct store *store, const struct issuing_options *options,
                          struct issuing **ret_issuing, struct error *error);
/* An intent was committed, or staff decided. Any thread. False: another portal issues now, and to wait
 * here is in vain. */
bool issuing_wake(struct issuing *issuing);
/* Whoever waits for a file asks for this number, looks at its row, and waits until the number is
 * another one (something was released, refused or voided) or `timeout_ms` have passed; then it looks
 * again. Any thread. */
uint64_t issuing_settled(struct issuing *issuing);
void issuing_wait(struct issuing *issuing, uint64_t settled, uint32_t timeout_ms);
/* After the turn that is under way. NULL is fine. */
void issuing_stop(struct issuing *issuing);

#endif
