/*
 * A vendor's portal (licet-portal(8)) over HTTP, for the acts of cli/portal/acts.def. Its address is
 * LICET_PORTAL's, or the one that licet login has kept with the token; https, or http on this
 * machine. The token is LICET_TOKEN's where LICET_PORTAL is set, too; else that of the file
 * $XDG_CONFIG_HOME/licet/portal, which only goes to the portal that gave it.
 */
#ifndef LICET_CLI_PORTAL_PORTAL_H
#define LICET_CLI_PORTAL_PORTAL_H

#include "cli/call.h"
#include "cli/kept.h"

#define PORTAL_ADDRESS_BYTES_MAX 300u

struct portal {
    char address[PORTAL_ADDRESS_BYTES_MAX + 1]; /* https://host[:port] */
    char token[CALL_TOKEN_BYTES_MAX + 1];       /* "": none */
    bool is_loopback;
    char key[CALL_KEY_BYTES_MAX + 1]; /* of what this command changes; "": none, and once */
    bool is_repeated;                 /* a call had to be sent again */
    json_t *who;                      /* GET /api/session, once asked; NULL */
};

/* Reads an address, and refuses one on which a token could be listened to (R11). LICET_INVALID,
 * LICET_FORBIDDEN. */
enum status portal_set_address(struct portal *portal, const char *address, struct error *error);

/* `address` NULL: that of the environment or the kept one. `key` NULL: a new one. Without a token
 * where `needs_token` is false. LICET_UNAUTHENTICATED, LICET_INVALID, LICET_FORBIDDEN. */
enum status portal_open(struct portal *portal, const char *address, bool needs_token,
                        const char *key, struct error *error);
void portal_close(struct portal *portal);

/* One call; as call_send(). What is no GET has the command's key, and is sent again under it where
 * its answer is lost, a few times, which is told on standard error. */
enum status portal_call(struct portal *portal, const char *method, const char *path,
                        struct text body, struct call_answer *ret_answer, struct error *error);
/* The same with an answer in JSON, yours to json_decref(); an empty answer is an empty object.
 * `body` is borrowed, and may be NULL. */
enum status portal_ask(struct portal *portal, const char *method, const char *path,
                       const json_t *body, json_t **ret_json, struct error *error);

/* The rows of all pages of a list, as an array of yours. `path` may have a query; `cursor` is the
 * word by which the next page is asked for. Limit: PORTAL_PAGES_MAX pages. */
#define PORTAL_PAGES_MAX 1000
enum status portal_list(struct portal *portal, const char *path, const char *cursor,
                        json_t **ret_rows, struct error *error);

/* Who is signed in, borrowed from the portal. */
enum status portal_who(struct portal *portal, const json_t **ret_who, struct error *error);

/* Keeps address and token for later commands. ret_path is where. */
enum status portal_keep(const struct portal *portal, const char *token,
                        char ret_path[KEPT_PATH_MAX], struct error *error);
enum status portal_forget(struct error *error);

#endif
