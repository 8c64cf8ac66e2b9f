/* licet-portal: a store, an HTTP server with its workers, and the acts between them. */
#ifndef LICET_PORTAL_PORTAL_H
#define LICET_PORTAL_PORTAL_H

#include "portal/options.h"
#include "portal/route.h"

struct portal;
struct store;
struct issuing;
struct mailer;

/* What --check looks at beyond the words of the options. LICET_INVALID. */
enum status portal_check(const struct portal_options *options, struct error *error);

/* Opens the database, gives up rights (R10.1), and serves. */
enum status portal_create(const struct portal_options *options, struct portal **ret_portal,
                          struct error *error);
/* Answers what was asked, then closes. NULL is fine. */
void portal_destroy(struct portal *portal);

/* Makes the database, and prints the one-time token of POST /api/setup in place of the one before.
 * LICET_CONFLICT where there are people already. */
enum status portal_init(const struct portal_options *options, FILE *file, struct error *error);

/* licet-portal audit: a line for each finding, then one of what was looked at. LICET_DAMAGED where
 * there are findings. */
enum status portal_audit_print(const struct portal_options *options, FILE *file,
                               struct error *error);

struct store *portal_store(const struct portal *portal);
/* The vendor whose files are made here; empty where none are. */
struct text portal_vendor(const struct portal *portal);
/* NULL where no files are made (what was allocated waits), or no mail is sent. */
struct issuing *portal_issuing(const struct portal *portal);
struct mailer *portal_mailer(const struct portal *portal);
/* Security: whoever waits for the issuing thread holds a worker. At most half of the workers are held
 * so where somebody comes who has not signed in, and three of four where he has; the others go on
 * serving. portal_wait_end() where it was true. */
bool portal_wait_begin(struct portal *portal, bool is_signed_in);
void portal_wait_end(struct portal *portal);
/* Once an hour: takes away what has ended. */
void portal_sweep(struct portal *portal, struct unix_time now);
/* The row of the list that a route of HTTP was made from. */
const struct route *portal_route(const struct portal *portal, const struct http_route *http_route);

#endif
