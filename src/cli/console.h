/*
 * licetd over HTTP, for the commands of people: login, status, install, request, receipt. The
 * server is the one that products use (LICET_SERVER); the token is LICET_TOKEN's, or that of the
 * file $XDG_CONFIG_HOME/licet/token, which nobody else may be able to read.
 */
#ifndef LICET_CLI_CONSOLE_H
#define LICET_CLI_CONSOLE_H

#include "cli/call.h"
#include "cli/kept.h"

/* One call. `body` with data NULL is a GET, else a POST. `needs_token`: LICET_UNAUTHENTICATED where
 * there is none. As call_send(). */
enum status console_call(const char *path, struct text body, bool needs_token,
                         struct call_answer *ret_answer, struct error *error);

/* As call_load(). */
enum status console_load(const struct call_answer *answer, json_t **ret_json, struct error *error);
/* A text of it for a terminal, with nothing in it that could steer one; `otherwise` where it is no
 * text. Borrowed from the JSON. */
const char *console_text(json_t *text, const char *otherwise);
const char *console_string(const json_t *object, const char *key, const char *otherwise);
long long console_number(const json_t *object, const char *key); /* 0 where it is none */

/* The token of later commands. It goes to this machine alone: console_check_loopback().
 * LICET_UNAUTHENTICATED where there is none. */
enum status console_token(char ret_token[CALL_TOKEN_BYTES_MAX + 1], struct error *error);
/* Keeps a token where later commands find it. ret_path is that place.
 * LICET_INVALID where the environment names none, LICET_PROTOCOL for bytes that no token has. */
enum status console_keep_token(const char *token, char ret_path[KEPT_PATH_MAX],
                               struct error *error);

/* R10.5: a secret goes to a server on this machine alone, for nothing encrypts it on the way.
 * LICET_FORBIDDEN, LICET_INVALID. */
enum status console_check_loopback(struct error *error);
/* localhost, ::1 or 127.0.0.0/8. */
bool console_is_loopback(const char *host);

#endif
