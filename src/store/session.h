/* What a person proves with who she is: sessions, API tokens, one-time tokens, and the count of
 * wrong passwords. A token is known by its hash alone. */
#ifndef LICET_STORE_SESSION_H
#define LICET_STORE_SESSION_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"
#include "store/person.h"

struct db_transaction;

struct session {
    int64_t id;
    int64_t person_id;
    bool is_cookie;
    struct unix_time created, used, ends;
};

enum status store_session_insert(struct db_transaction *transaction, struct text hash,
                                 const struct session *session, int64_t *ret_id,
                                 struct error *error);
/* With the memberships of its person, as store_membership_list() has them. LICET_NOT_FOUND for one
 * that is unknown or has ended. */
enum status store_session_find(struct db_transaction *transaction, struct text hash,
                               struct unix_time now, uint32_t max, struct session *ret_session,
                               struct membership *memberships, uint32_t *ret_count,
                               struct error *error);
enum status store_session_use(struct db_transaction *transaction, int64_t id, struct unix_time now,
                              struct error *error);
enum status store_session_delete(struct db_transaction *transaction, int64_t id,
                                 struct error *error);
/* All of a person but one; 0: that one too. */
enum status store_session_delete_others(struct db_transaction *transaction, int64_t person_id,
                                        int64_t keep_id, struct error *error);

struct api_token {
    int64_t id;
    int64_t person_id;
    struct text name;
    struct text prefix;
    bool can_write;
    struct unix_time created, used, ends; /* used 0: never */
};

enum status store_api_token_insert(struct db_transaction *transaction, struct text hash,
                                   const struct api_token *token, int64_t *ret_id,
                                   struct error *error);
/* LICET_NOT_FOUND for one that is unknown or has ended. */
enum status store_api_token_find(struct db_transaction *transaction, struct text hash,
                                 struct unix_time now, struct arena *arena,
                                 struct api_token *ret_token, struct error *error);
enum status store_api_token_get(struct db_transaction *transaction, int64_t person_id, int64_t id,
                                struct arena *arena, struct api_token *ret_token,
                                struct error *error);
enum status store_api_token_use(struct db_transaction *transaction, int64_t id,
                                struct unix_time now, struct error *error);
/* Those of a person, newest first, at most `max`; also ended ones. */
enum status store_api_token_list(struct db_transaction *transaction, int64_t person_id,
                                 uint32_t max, struct arena *arena, struct api_token *tokens,
                                 uint32_t *ret_count, struct error *error);
/* LICET_NOT_FOUND where the person has no such token. */
enum status store_api_token_delete(struct db_transaction *transaction, int64_t person_id,
                                   int64_t id, struct error *error);
enum status store_api_token_delete_all(struct db_transaction *transaction, int64_t person_id,
                                       struct error *error);

/* The person's, in place of the one before; person 0: to set the portal up. */
enum status store_one_time_insert(struct db_transaction *transaction, struct text hash,
                                  int64_t person_id, struct unix_time ends, struct error *error);
/* Whose it is. LICET_UNAUTHENTICATED for one that is unknown, used or over. `_take` uses it up. */
enum status store_one_time_find(struct db_transaction *transaction, struct text hash,
                                struct unix_time now, int64_t *ret_person_id, struct error *error);
enum status store_one_time_take(struct db_transaction *transaction, struct text hash,
                                struct unix_time now, int64_t *ret_person_id, struct error *error);

/* Wrong passwords in a row, and when the last one came. 0 where there are none. */
enum status store_failures_get(struct db_transaction *transaction, struct text email,
                               uint32_t *ret_failures, struct unix_time *ret_last,
                               struct error *error);
enum status store_failures_add(struct db_transaction *transaction, struct text email,
                               struct unix_time now, struct error *error);
enum status store_failures_clear(struct db_transaction *transaction, struct text email,
                                 struct error *error);

/* Deletes what has ended: sessions, one-time tokens, wrong passwords of a day ago, and idempotency
 * keys of 30 days ago (R6.9). */
enum status store_sweep(struct db_transaction *transaction, struct unix_time now,
                        struct error *error);

#endif
