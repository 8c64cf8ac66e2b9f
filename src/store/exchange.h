/*
 * Exchanges with license servers (R5): a request, what became of its acts, and the one response.
 *
 *   waiting ──its generation is settled──▶ written ──signed──▶ answered
 *      ▲                                     │
 *      └──refused, and brought once more─────┘
 */
#ifndef LICET_STORE_EXCHANGE_H
#define LICET_STORE_EXCHANGE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

enum exchange_state {
    EXCHANGE_WAITING,
    EXCHANGE_WRITTEN, /* its bytes are final */
    EXCHANGE_ANSWERED,
};

struct exchange {
    int64_t id;
    int64_t server_id;
    struct text request_hash;  /* SHA256:... of the request's payload */
    struct text last_response; /* R5.2: the one that the server has taken in; data NULL: none yet */
    uint64_t counter;
    int64_t person_id; /* who brought it; 0: it authenticated itself */
    int64_t issue_id;  /* the generation that it asked for; 0: none */
    enum exchange_state state;
    struct unix_time received;
    int64_t file_issue_id;   /* whose file stands behind the response; 0: none */
    struct text certificate; /* hash of the one that it is signed with; data NULL: not yet */
    struct text problem;     /* data NULL: none */
    bool is_confirmed;       /* R5.2: a later request has named its response */
};

struct exchange_result {
    uint32_t number;    /* of the act */
    struct text status; /* "ok", or a word of the list of failures in lower case */
    struct text sn;
    uint32_t seats;
};

/* Waiting, and without results yet: its place is taken, so that the same request that comes in
 * parallel waits for this transaction and finds *ret_id, with *ret_is_new false. */
enum status store_exchange_take(struct db_transaction *transaction, const struct exchange *exchange,
                                struct text request, bool *ret_is_new, int64_t *ret_id,
                                struct error *error);
/* In the same transaction: what came of it. */
enum status store_exchange_set_results(struct db_transaction *transaction, int64_t id,
                                       int64_t issue_id, const struct exchange_result *results,
                                       uint32_t results_count, struct error *error);
enum status store_exchange_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                               struct exchange *ret_exchange, struct error *error);
enum status store_exchange_find(struct db_transaction *transaction, struct text request_hash,
                                struct arena *arena, struct exchange *ret_exchange,
                                struct error *error);
/* The highest counter taken from a server, but for one request; 0: none. */
enum status store_exchange_last_counter(struct db_transaction *transaction, int64_t server_id,
                                        int64_t except_id, uint64_t *ret_counter,
                                        struct error *error);
/* By number. LICET_OVER_LIMIT where there are more than `max`. */
enum status store_exchange_results(struct db_transaction *transaction, int64_t id, uint32_t max,
                                   struct arena *arena, struct exchange_result *results,
                                   uint32_t *ret_count, struct error *error);

/* The oldest `max` that can go on: waiting ones whose generation is released or voided, or that
 * asked for none; written ones without a problem. */
enum status store_exchange_list_open(struct db_transaction *transaction, enum exchange_state state,
                                     uint32_t max, struct arena *arena, struct exchange *exchanges,
                                     uint32_t *ret_count, struct error *error);

/* These three are LICET_CONFLICT where the state is another. waiting -> written, with
 * `file_issue_id` and `certificate` of the struct. */
enum status store_exchange_write(struct db_transaction *transaction,
                                 const struct exchange *exchange, struct text payload,
                                 struct text payload_hash, struct error *error);
/* written -> answered */
enum status store_exchange_answer(struct db_transaction *transaction, int64_t id,
                                  struct text response, struct error *error);
enum status store_exchange_refuse(struct db_transaction *transaction, int64_t id,
                                  struct text problem, struct error *error);

/* written -> waiting, where it has a problem; nothing where it has none. */
enum status store_exchange_again(struct db_transaction *transaction, int64_t id,
                                 struct error *error);

enum status store_exchange_payload(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct text *ret_payload,
                                   struct error *error);
/* Payload and block, without the file. LICET_NOT_FOUND while it is not answered. */
enum status store_exchange_response(struct db_transaction *transaction, int64_t id,
                                    struct arena *arena, struct text *ret_response,
                                    struct error *error);

#endif
