/*
 * The portal's mail: what a mail says (confirmation.c), how it leaves (transport.c), and the thread
 * that sends what waits in the outbox (mailer.c).
 *
 * A mail is never the only copy of anything: its codes are read in the portal too. It is sent at
 * least once: after a crash between the server's OK and our note of it, once more under the same
 * Message-ID.
 */
#ifndef LICET_PORTAL_MAIL_H
#define LICET_PORTAL_MAIL_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"
#include "store/outbox.h"

struct store;

struct mail_options {
    const char *transport;       /* smtp://HOST:PORT, smtps://HOST:PORT, or file:FOLDER */
    const char *user, *password; /* of the SMTP server; NULL: none is asked for */
    const char *sender;          /* the address in From: */
    const char *site;            /* what links begin with: https://licensing.example.com */
};

/* A whole message: headers, an empty line, text; lines end in CR LF. */
#define MAIL_MESSAGE_BYTES_MAX 65536

/* The one address that a header or an SMTP command may carry: printable ASCII without blanks, one
 * `@`, at most 254 bytes (RFC 5321, 4.5.3.1.3). LICET_INVALID. */
enum status mail_address_check(struct text address, struct error *error);

/* The confirmation of a fulfilled order, with its license codes as they are now. */
enum status mail_confirmation_write(struct db_transaction *transaction,
                                    const struct mail_options *options, const struct mail *mail,
                                    struct arena *arena, struct buf *message, struct error *error);

/* To a folder: as NUMBER.eml, whole or not at all, under the mail's own number. By SMTP: OK is what
 * the server said. LICET_UNREACHABLE, LICET_TIMEOUT; LICET_FORBIDDEN: the server refuses it.
 * *is_stopping: asked now and then, ends the wait. */
enum status mail_send(const struct mail_options *options, const struct mail *mail,
                      struct text message, const bool *is_stopping, struct error *error);

/* Looks at the options, and whether a folder is there to write to, before anything is served. */
enum status mail_options_check(const struct mail_options *options, struct error *error);

/* ---- the thread */

struct mailer;

/* `store` and `options` are borrowed until mailer_stop(), which waits for a mail that is on its
 * way, at most as long as its limits. */
enum status mailer_start(struct store *store, const struct mail_options *options,
                         struct mailer **ret_mailer, struct error *error);
/* Something was put into the outbox. Any thread. */
void mailer_wake(struct mailer *mailer);
void mailer_stop(struct mailer *mailer);

#endif
