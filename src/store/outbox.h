/*
 * Mail that is to be sent: committed with what it tells of, sent by the portal's mail thread, kept
 * with how that went. A row holds what the mail is about and not its text: license codes are read
 * when it is sent, and a mail sent again tells what is true then.
 *
 *   waiting ──▶ sent          waiting ──▶ waiting (later) ──▶ failed, after the last attempt
 */
#ifndef LICET_STORE_OUTBOX_H
#define LICET_STORE_OUTBOX_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"

struct db_transaction;

enum mail_kind {
    MAIL_ORDER_CONFIRMATION,
};

enum mail_state {
    MAIL_WAITING,
    MAIL_SENT,
    MAIL_FAILED,
};

const char *mail_state_name(enum mail_state state);

struct mail {
    int64_t id;
    enum mail_kind kind;
    struct text recipient;
    int64_t order_id;
    enum mail_state state;
    uint32_t attempts;
    struct unix_time due;     /* while it waits: not before */
    struct text problem;      /* of the last attempt; data NULL: none */
    struct unix_time created; /* ... and due at once */
    struct unix_time sent;    /* 0: not yet */
};

enum status store_outbox_insert(struct db_transaction *transaction, const struct mail *mail,
                                int64_t *ret_id, struct error *error);
/* The mails about an order, newest first. */
enum status store_outbox_list_order(struct db_transaction *transaction, int64_t order_id,
                                    uint32_t max, struct arena *arena, struct mail *mails,
                                    uint32_t *ret_count, struct error *error);
/* The oldest `max` that wait and are due. */
enum status store_outbox_list_due(struct db_transaction *transaction, struct unix_time now,
                                  uint32_t max, struct arena *arena, struct mail *mails,
                                  uint32_t *ret_count, struct error *error);

/* Moves the due time of one that is due at `now` to `until`: who gets *ret_is_claimed sends it. */
enum status store_outbox_claim(struct db_transaction *transaction, int64_t id, struct unix_time now,
                               struct unix_time until, bool *ret_is_claimed, struct error *error);
enum status store_outbox_set_sent(struct db_transaction *transaction, int64_t id,
                                  struct unix_time now, struct error *error);
/* An attempt failed: another one at `due`, or none where it is 0. */
enum status store_outbox_set_problem(struct db_transaction *transaction, int64_t id,
                                     struct text problem, struct unix_time due,
                                     struct error *error);

#endif
