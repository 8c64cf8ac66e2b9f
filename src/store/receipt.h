/* Receipts of license servers (R5.1): what a server says it may still be running. */
#ifndef LICET_STORE_RECEIPT_H
#define LICET_STORE_RECEIPT_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

struct stored_receipt {
    int64_t id;
    int64_t server_id;
    uint32_t generation;
    uint64_t epoch;
    uint64_t counter;
    struct text hash; /* of its payload: the same text twice is one receipt */
    struct text text; /* as it came: evidence */
    struct unix_time received;
};

struct stored_receipt_line {
    int64_t entitlement_id;
    uint32_t seats;
    uint32_t overhang;
    struct unix_time until; /* latest signed end of what is held over; 0: none */
};

enum status store_receipt_insert(struct db_transaction *transaction,
                                 const struct stored_receipt *receipt,
                                 const struct stored_receipt_line *lines, uint32_t lines_count,
                                 int64_t *ret_id, struct error *error);
enum status store_receipt_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct stored_receipt *ret_receipt, struct error *error);

/* A line of it with the sn of its entitlement. */
struct receipt_row {
    struct stored_receipt_line line;
    struct text sn;
};

/* By entitlement. LICET_OVER_LIMIT where there are more than `max`. */
enum status store_receipt_lines(struct db_transaction *transaction, int64_t id, uint32_t max,
                                struct arena *arena, struct receipt_row *lines, uint32_t *ret_count,
                                struct error *error);

#endif
