/*
 * One HTTP call by libcurl, with every limit set: what the commands that speak to a license server
 * (cli/console.h) and those that speak to a portal (cli/portal/portal.h) have in common.
 */
#ifndef LICET_CLI_CALL_H
#define LICET_CLI_CALL_H

#include <jansson.h>

#include "base/status.h"
#include "base/text.h"

/* STATUS_FEATURES_MAX features of licetd are at most 9 MB of JSON. */
#define CALL_ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define CALL_TOKEN_BYTES_MAX 256
#define CALL_KEY_BYTES_MAX 64 /* of an Idempotency-Key */

struct call {
    const char *peer;   /* "license server": who it is, for sentences */
    const char *method; /* NULL: GET without a body, POST with one */
    const char *url;
    const char *token;       /* NULL: none */
    const char *key;         /* NULL: none */
    struct text body;        /* data NULL: none */
    bool may_use_a_proxy;    /* that of the environment */
    const char *authorities; /* file of those that may vouch for it; NULL: the machine's */
    bool must_be_encrypted;  /* https, else http */
};

struct call_answer {
    long http; /* status number; the answer of a refusal is turned into an error and not shown */
    char *data;
    size_t size;
};

/* A refusal of the peer is its status with its sentence. The answer is yours: call_finish().
 * LICET_UNREACHABLE, LICET_TIMEOUT; `ret_is_lost`, which may be NULL, then says whether the call may
 * have arrived, so that nobody knows what came of it. */
enum status call_send(const struct call *call, struct call_answer *ret_answer, bool *ret_is_lost,
                      struct error *error);
/* Wipes it too: it may have had a token. */
void call_finish(struct call_answer *answer);

/* An answer as a JSON object, yours to json_decref(). LICET_PROTOCOL where it is none. */
enum status call_load(const struct call_answer *answer, const char *peer, json_t **ret_json,
                      struct error *error);

/* A token goes into a header line: nothing that could end the line. */
bool call_is_token(const char *token);

#endif
