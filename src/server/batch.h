/*
 * One commit in the making: the records of a loop turn, the leaves of its proofs, and the replies
 * that wait for both (docs/ARCHITECTURE.md). There are two: one open, in the loop's thread, and one
 * being made durable, in the commit thread.
 */
#ifndef LICET_SERVER_BATCH_H
#define LICET_SERVER_BATCH_H

#include "journal/journal.h"
#include "resp/checkout.h"
#include "resp/lease.h"
#include "resp/writer.h"
#include "seat/leaf.h"
#include "seat/merkle.h"
#include "seat/seat.h"

struct connection;

/* Limit: 32,768 replies of a commit are 1,000 clients pipelining 32 each; a reader beyond it waits
 * for the disk. */
#define BATCH_REPLIES_MAX 32768u
/* Replies that are ready but stand behind one that is not: PINGs, denials, a LEASES page. */
#define BATCH_BYTES_MAX (4u * 1024 * 1024)
#define BATCH_NO_LEAF UINT32_MAX

enum pending_kind {
    PENDING_BYTES, /* a reply that only keeps its place in its connection's order */
    PENDING_GRANT, /* CHECKOUT, RENEW */
    PENDING_ENDED, /* CHECKIN */
    PENDING_CALL,  /* not a connection's: a function to call when the batch is durable */
};

/* A reply that leaves when its batch is durable. */
struct pending {
    enum pending_kind kind;
    enum resp_protocol protocol;
    struct connection *connection;
    union {
        struct {
            uint32_t offset, size; /* in batch->bytes */
        } bytes;
        struct {
            struct granted_reply reply; /* its proof is added when the batch is signed */
            uint32_t leaf;              /* its index, or BATCH_NO_LEAF */
            enum proof_form proof;
        } grant;
        struct {
            void (*run)(void *context);
            void *context;
        } call;
    };
};

struct batch {
    struct buf body; /* records, in the journal's form */
    uint64_t first_number;
    uint32_t records_count;
    name_id names_last; /* R10.8: every name up to this id is on disk before the records */
    name_id forgotten;  /* R10.8: the names file loses this name with the batch; 0: none */
    struct pending *pendings;
    uint32_t pendings_count;
    struct buf bytes;
    struct lease_leaf *leaves;
    uint32_t leaves_count;
    struct merkle merkle;
    bool is_releasing; /* its replies are leaving: nothing more goes in */
    struct lease_root
        root; /* of all leaves; its tree size and hash are set when the batch is closed */
    uint8_t signature[64];
};

enum status batch_init(struct batch *batch, struct error *error);
void batch_finish(struct batch *batch);
void batch_clear(struct batch *batch);
bool batch_is_empty(const struct batch *batch);

/* Room for `records_bytes` of records, one leaf and two replies of which one may have up to
 * `reply_bytes`. */
bool batch_has_room(const struct batch *batch, size_t records_bytes, size_t reply_bytes);
/* R8.2: a batch has one root; a leaf under another file, epoch or vendor must wait for the next. */
bool batch_takes_root(const struct batch *batch, const struct lease_root *root);

void batch_add_record(struct batch *batch, uint64_t number, const struct seat_record *record);
void batch_add_pending(struct batch *batch, const struct pending *pending);
void batch_add_bytes(struct batch *batch, struct connection *connection, struct text text);
/* Returns the leaf's index. The caller has asked batch_takes_root(). */
uint32_t batch_add_leaf(struct batch *batch, const struct lease_root *root,
                        const struct lease_leaf *leaf);

/* In the commit thread: builds the tree and signs its root. Does nothing without leaves. */
void batch_sign(struct batch *batch, const uint8_t secret_key[64]);
/* The proof of one leaf of a signed batch. */
void batch_proof(const struct batch *batch, uint32_t leaf, struct buf *buf);

#endif
