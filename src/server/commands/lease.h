/* What CHECKOUT, RENEW, CHECKIN and WHY have in common: names become ids, a reply waits for its
 * record. */
#ifndef LICET_SERVER_COMMANDS_LEASE_H
#define LICET_SERVER_COMMANDS_LEASE_H

#include "server/connection.h"

/* The event's fields from the arguments. Names that nobody has heard of are interned only where
 * `is_interning`; else they stay 0 and *ret_is_unknown says so. */
enum status lease_event(struct command_call *call, const struct checkout_args *args,
                        bool is_interning, struct seat_event *event, bool *ret_is_unknown,
                        struct error *error);

/* Steps the core and queues the reply (R10.3). Sets call->is_stalled where the batch cannot take
 * the proof. */
enum status lease_act(struct command_call *call, const struct seat_event *event,
                      const struct checkout_args *args, enum leaf_kind kind, struct error *error);

/* Answers at once where everything the reply depends on is durable and no earlier reply waits; else
 * when the open batch is (docs/ARCHITECTURE.md). `root` is that of a proof, if one is asked for. */
void lease_answer(struct command_call *call, const struct checkout_args *args,
                  const struct lease_root *root, enum leaf_kind kind);

/* Counts a refusal, and notes who was refused seats (R8.8). */
void lease_note(struct command_call *call, const struct seat_event *event,
                const struct checkout_args *args, enum status status);

/* The core's refusal as status and sentence; counted and noted. */
enum status lease_refuse(struct command_call *call, const struct seat_event *event,
                         const struct checkout_args *args, const struct seat_reply *reply,
                         struct error *error);

#endif
