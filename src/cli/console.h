/*
 * licetd over HTTP, for the commands of people: login, status, install, request, receipt. The
 * server is the one that products use (LICET_SERVER); the token is LICET_TOKEN's, or that of the
 * file $XDG_CONFIG_HOME/licet/token, which nobody else may be able to read.
 */
#ifndef LICET_CLI_CONSOLE_H
#define LICET_CLI_CONSOLE_H

#include <jansson.h>

#include "base/status.h"
#include "base/text.h"

/* STATUS_FEATURES_MAX features of licetd are at most 9 MB of JSON. */
#define CONSOLE_ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define CONSOLE_TOKEN_BYTES_MAX 256
#define CONSOLE_PATH_MAX 4096

struct console_answer {
    long http; /* status number; the answer of a refusal is turned into an error and not shown */
    char *data;
    size_t size;
};

/* One call. `body` with data NULL is a GET, else a POST. `needs_token`: LICET_UNAUTHENTICATED where
 * there is none. A refusal of the server is its status with its sentence. The answer is yours:
 * console_answer_finish(). LICET_UNREACHABLE, LICET_TIMEOUT. */
enum status console_call(const char *path, struct text body, bool needs_token,
                         struct console_answer *ret_answer, struct error *error);
/* Wipes it too: it may have had a token. */
void console_answer_finish(struct console_answer *answer);

/* An answer as a JSON object, yours to json_decref(). LICET_PROTOCOL where it is none. */
enum status console_load(const struct console_answer *answer, json_t **ret_json,
                         struct error *error);
/* A text of it for a terminal, with nothing in it that could steer one; `otherwise` where it is no
 * text. Borrowed from the JSON. */
const char *console_text(json_t *text, const char *otherwise);
const char *console_string(const json_t *object, const char *key, const char *otherwise);
long long console_number(const json_t *object, const char *key); /* 0 where it is none */

/* The token of later commands. It goes to this machine alone: console_check_loopback().
 * LICET_UNAUTHENTICATED where there is none. */
enum status console_token(char ret_token[CONSOLE_TOKEN_BYTES_MAX + 1], struct error *error);
/* Keeps a token (0600) where later commands find it. ret_path is that place.
 * LICET_INVALID where the environment names none, LICET_PROTOCOL for bytes that no token has. */
enum status console_keep_token(const char *token, char ret_path[CONSOLE_PATH_MAX],
                               struct error *error);

/* R10.5: a secret goes to a server on this machine alone, for nothing encrypts it on the way.
 * LICET_FORBIDDEN, LICET_INVALID. */
enum status console_check_loopback(struct error *error);

#endif
