/*
 * What an act may ask of its request. Everything is borrowed until the act returns. Failures have
 * their sentence, so that an act returns them as they are.
 */
#ifndef LICET_PORTAL_REQUEST_H
#define LICET_PORTAL_REQUEST_H

#include <jansson.h>

#include "base/arena.h"
#include "base/time.h"
#include "portal/route.h"

struct portal;
struct store;
struct db_transaction;

struct portal *request_portal(const struct request *request);
struct store *request_store(const struct request *request);
struct unix_time
request_time(const struct request *request);           /* when it came; one for the whole act */
const char *request_id(const struct request *request); /* in the log, and in the answer's header */
/* Memory that ends with the request: pages of rows, texts that are built. */
struct arena *request_arena(struct request *request);

/* ---- what was asked ---- */

/* {name} of the path. LICET_NOT_FOUND where it is no number from 1 on: there is no such thing. */
enum status request_path_int(const struct request *request, const char *name, int64_t *ret_value,
                             struct error *error);
enum status request_path_text(const struct request *request, const char *name, size_t size_max,
                              struct text *ret_value, struct error *error);

/* ?name=. Without it *ret_value is untouched: set the default before. */
enum status request_query_int(const struct request *request, const char *name, int64_t min,
                              int64_t max, int64_t *ret_value, struct error *error);
enum status request_query_text(const struct request *request, const char *name, size_t size_max,
                               struct text *ret_value, struct error *error);

/* Members of the JSON object in the body. Required: LICET_INVALID without it. A text is valid UTF-8
 * without control characters. */
enum status request_json_text(const struct request *request, const char *name, size_t size_min,
                              size_t size_max, struct text *ret_value, struct error *error);
enum status request_json_int(const struct request *request, const char *name, int64_t min,
                             int64_t max, int64_t *ret_value, struct error *error);
enum status request_json_bool(const struct request *request, const char *name, bool *ret_value,
                              struct error *error);
enum status request_json_date(const struct request *request, const char *name,
                              struct date *ret_value, struct error *error);
/* Several lines are allowed: a request text, a license file. */
enum status request_json_lines(const struct request *request, const char *name, size_t size_max,
                               struct text *ret_value, struct error *error);
/* One of `words` ("viewer partner"); *ret_index counts from 0. */
enum status request_json_word(const struct request *request, const char *name, const char *words,
                              unsigned int *ret_index, struct error *error);
/* The body, an object, or NULL: for lists of rows. */
const json_t *request_json(const struct request *request);
/* Optional members: `if (request_json_has(request, "note")) ...`. A null counts as absent. */
bool request_json_has(const struct request *request, const char *name);
/* LICET_INVALID where the body has a member that is none of `names` ("number po_number lines"). */
enum status request_json_only(const struct request *request, const char *names,
                              struct error *error);

/* ---- who asks ---- */

int64_t request_person(const struct request *request); /* 0: nobody is signed in */
bool request_is_staff(const struct request *request);
/* His roles at one organisation, of enum role; staff is ROLE_STAFF everywhere. 0: a stranger. */
unsigned int request_roles(const struct request *request, int64_t organization_id);
/* Organisations he belongs to, in which he has one of `roles`: for lists. Staff: NULL and 0, which
 * means all; ask request_is_staff() first. */
const int64_t *request_organizations(struct request *request, unsigned int roles,
                                     size_t *ret_count);

/*
 * Security: the one question of ownership. LICET_OK for staff where `roles` has ROLE_STAFF, and for
 * members of the organisation with one of `roles`. A stranger to the organisation is told
 * LICET_NOT_FOUND in the words "there is no WHAT": an id that he guessed says nothing. A member with
 * another role is told LICET_FORBIDDEN and who may.
 */
enum status request_require(const struct request *request, unsigned int roles,
                            int64_t organization_id, const char *what, struct error *error);

/* For what an API token must not do: tokens and passwords. LICET_FORBIDDEN. */
enum status request_require_session(const struct request *request, struct error *error);

/* ---- acting once (R6.9) ---- */

/*
 * One transaction: `run` runs and its *ret_resource (the id of what it made or changed) is stored
 * with the call's Idempotency-Key. Where the same person has made the same call under this key
 * before, `run` does not run and *ret_resource is what it was then; a repeat that comes in parallel
 * waits for the first one. The key with another body is LICET_CONFLICT. An act that fails leaves no
 * key behind.
 *
 * Order: authorise, then request_act(), then render the answer from *ret_resource, so that a repeat
 * is answered like the first call. Whether the object is in a state for the act is decided inside of
 * `run`. It touches nothing but its context, and may run again.
 *
 * Security: the key's row keeps a plain hash of the body, so an act that is told a password does
 * without.
 */
enum status request_act(struct request *request,
                        enum status (*run)(struct db_transaction *transaction, void *context,
                                           int64_t *ret_resource, struct error *error),
                        void *context, int64_t *ret_resource, struct error *error);
/* Afterwards: an earlier call under the same key did it. */
bool request_is_repeated(const struct request *request);

#endif
