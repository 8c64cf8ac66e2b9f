/*
 * How a portal's issuer asks the signer: one connection, whole frames, a time limit for each. Not for
 * two threads at once.
 *
 * Asking again is always safe: the same item gets the same bytes. So a connection that breaks is made
 * anew, a few times, and the frame is asked again.
 */
#ifndef LICET_SIGNER_CLIENT_H
#define LICET_SIGNER_CLIENT_H

#include "signer/frame.h"

struct signer_client_options {
    const char *socket;
    const char *program; /* started where nobody answers on the socket; NULL: nothing is started */
    const char *config;  /* its configuration, which names the same socket */
    uint32_t timeout_ms; /* for a frame, and for a start */
};

struct signer_client;

/* Connects to nobody yet. The texts of `options` are borrowed until the end. */
enum status signer_client_create(const struct signer_client_options *options,
                                 struct signer_client **ret_client, struct error *error);
/* Stops the signer that it started. NULL is fine. */
void signer_client_destroy(struct signer_client *client);

/* Asks as many of the items, from the first one on, as fit into one frame: *ret_count, at least one.
 * The answers' texts are borrowed until the next call. LICET_UNREACHABLE, LICET_TIMEOUT,
 * LICET_PROTOCOL: what became of the items is not known, ask again; LICET_TOO_LARGE: the first item
 * fits into no frame. */
enum status signer_client_ask(struct signer_client *client, const struct signer_item *items,
                              uint32_t count, struct signer_answer *ret_answers,
                              uint32_t *ret_count, struct error *error);

#endif
