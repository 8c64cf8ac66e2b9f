/* License servers as the vendor knows them (R3): who they belong to, their name and key, and the
 * highest generation made for them. */
#ifndef LICET_STORE_SERVER_H
#define LICET_STORE_SERVER_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

struct server {
    int64_t id;
    struct text number; /* S-7K2M9: id= in its files */
    int64_t customer_id;
    struct text name;       /* host name as it was first given */
    struct text short_name; /* by which names are found */
    struct text public_key; /* one line as OpenSSH prints it; data NULL: only the name is known */
    uint32_t generation;    /* the highest known of it (R4.6); 0: none */
    int64_t receipt_id;     /* of its last receipt; 0: none */
    struct unix_time created;
};

/* *ret_id is 0 where the number is taken: draw another. LICET_CONFLICT where the key is taken. */
enum status store_server_insert(struct db_transaction *transaction, const struct server *server,
                                int64_t *ret_id, struct error *error);

/* LICET_NOT_FOUND. `_lock` keeps the row until the transaction ends (R6.8: after entitlements). */
enum status store_server_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct server *ret_server, struct error *error);
enum status store_server_lock(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct server *ret_server, struct error *error);
enum status store_server_find_number(struct db_transaction *transaction, struct text number,
                                     struct arena *arena, struct server *ret_server,
                                     struct error *error);
enum status store_server_find_key(struct db_transaction *transaction, struct text public_key,
                                  struct arena *arena, struct server *ret_server,
                                  struct error *error);
/* Of the customer's servers with the short name (R1.2: lower case, `-` for `_`, the part before the
 * first dot), those that are meant by `name`. LICET_OVER_LIMIT where these are more than `max`. */
enum status store_server_list_short(struct db_transaction *transaction, int64_t customer_id,
                                    struct text short_name, struct text name,
                                    bool (*is_meant)(const struct server *server, struct text name),
                                    uint32_t max, struct arena *arena, struct server *servers,
                                    uint32_t *ret_count, struct error *error);

/* The customer's, newest first, below `before` (0: from the newest). */
enum status store_server_list(struct db_transaction *transaction, int64_t customer_id,
                              int64_t before, uint32_t max, struct arena *arena,
                              struct server *servers, uint32_t *ret_count, struct error *error);

/* R3.1: its name changes. */
enum status store_server_set_name(struct db_transaction *transaction, int64_t id, struct text name,
                                  struct text short_name, struct error *error);
/* A reserved name gets its key (R3.2). */
enum status store_server_set_key(struct db_transaction *transaction, int64_t id,
                                 struct text public_key, struct error *error);
/* R2.5: what its latest request says that it serves, with blanks between. */
enum status store_server_set_serves(struct db_transaction *transaction, int64_t id,
                                    struct text serves, struct error *error);
enum status store_server_set_generation(struct db_transaction *transaction, int64_t id,
                                        uint32_t generation, struct error *error);
enum status store_server_set_receipt(struct db_transaction *transaction, int64_t id,
                                     int64_t receipt_id, struct error *error);

#endif
