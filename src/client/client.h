/*
 * Inside liblicet: what one handle is made of. Everything lies in one mapping that licet_open()
 * takes and licet_close() gives back; nothing allocates in between.
 *
 *   api.c      what licet.h promises: checks arguments, waits, gives sentences
 *   lease.c    one lease: when it asks, what it takes as an answer, when it is lost
 *   session.c  one connection: commands out, replies in, each to whom it belongs
 *   device.c   in place of both where a file for this device has the seats
 *
 * A lease asks; the session carries. Time comes in as an argument everywhere below api.c.
 */
#ifndef LICET_CLIENT_CLIENT_H
#define LICET_CLIENT_CLIENT_H

#include "base/time.h"
#include "client/chain.h"
#include "client/grant.h"
#include "client/identity.h"
#include "client/tcp.h"
#include "client/witness.h"
#include "licet.h"
#include "resp/reply.h"

#define CLIENT_LEASES_MAX 64
#define CLIENT_LEASES_DEFAULT 8
#define CLIENT_TIMEOUT_MS_DEFAULT 5000
#define CLIENT_TIMEOUT_MS_MIN 10
#define CLIENT_TIMEOUT_MS_MAX 60000

/* A CHECKOUT: 20 arguments of up to 64 bytes with their headers, and its first line. */
#define CLIENT_COMMAND_BYTES_MAX 2048
/* The largest reply is CHAIN: a license file, a key line, a revocation list. */
#define CLIENT_REPLY_BYTES_MAX (LICENSE_FILE_BYTES_MAX + REVOCATIONS_BYTES_MAX + 4096)
#define CLIENT_REPLY_ITEMS_MAX 32
/* On the wire at once: a request and a CHECKIN of each lease, CHAIN, WHY. */
#define CLIENT_ASKED_MAX (2 * CLIENT_LEASES_MAX + 2)
/* How often one request is made again because the license file changed under it. */
#define CLIENT_CHAIN_TRIES_MAX 3

/* ---- leases ------------------------------------------------------------------------------- */

/*
 *             checkout            grant                 end passed, ENDED
 *   FREE ---------------> ASKING -------> HELD -------------------------> LOST
 *    ^                      | refused: FREE   | checkin                     | checkin
 *    |                      | gave up         v                             |
 *    |                      +------------> LEAVING                          |
 *    +---------- told, or its end passed ------+----------------------------+
 */
enum lease_phase {
    LEASE_FREE,
    LEASE_ASKING,
    LEASE_HELD,
    LEASE_LEAVING, /* the product has let go; the server is still to be told */
    LEASE_LOST,
};

/* [GRANTED, handle, ttl-ms, generation, flags, proof] (R10.3), copied out of the reply. */
struct lease_grant {
    uint64_t number;
    uint32_t ttl_ms, generation, flags;
    size_t proof_size;
    uint8_t proof[PROOF_BYTES_MAX];
};

struct lease {
    uint32_t serial; /* tells this tenant of the place from earlier ones */
    enum lease_phase phase;
    bool is_asked;        /* a CHECKOUT or RENEW is on the wire */
    bool is_told;         /* a CHECKIN is on the wire */
    bool was_sent;        /* some CHECKOUT of this id may have reached the server */
    bool must_reclaim;    /* the connection is another one: ask with CHECKOUT, not RENEW */
    bool waits_for_chain; /* `waiting` is about a license file that we do not have yet */
    uint32_t chain_tries;
    uint32_t grants;
    struct grant_request request; /* its texts lie in the names below */
    struct instant ask_at;        /* when it wants to ask next */
    struct instant asked_at;      /* R8.5: a lease counts from sending */
    struct instant end;           /* of HELD, LEAVING */
    struct grant_terms terms;     /* under which it was last served */
    struct instant drain_end;     /* 0: the newest file still serves it (R4.5) */
    uint64_t number;
    uint32_t generation, ttl_ms, flags;
    int64_t end_s, granted_s;
    char feature[LICET_NAME_SIZE];
    struct error failure; /* of the last refusal; of a lost lease, why */
    size_t proof_size;
    uint8_t proof[PROOF_BYTES_MAX]; /* the last that was verified */
    uint8_t proof_nonce[16];        /* and what it answered */
    struct lease_grant waiting;     /* a reply that waits for its license file */
};

/* ---- the connection ----------------------------------------------------------------------- */

enum link_state {
    LINK_DOWN,
    LINK_CONNECTING,
    LINK_UP,
};

enum asked_kind {
    ASKED_CHAIN,
    ASKED_CHECKOUT, /* also a re-claim */
    ASKED_RENEW,
    ASKED_CHECKIN,
    ASKED_WHY,
};

/* A command whose reply is awaited; replies come in the order of commands. */
struct asked {
    enum asked_kind kind;
    uint32_t index, serial; /* of the lease; a reply to an earlier tenant is for nobody */
    struct instant at;
};

struct session {
    enum link_state state;
    struct instant deadline;   /* of a connection being made */
    struct instant connect_at; /* LINK_DOWN: not before */
    struct instant failed_at;
    struct instant stepped_at; /* a product that polls is called again SESSION_POLL_MS later */
    uint32_t pause_ms;         /* grows with each failure */
    struct error failure;      /* why it is down */
    bool needs_chain;          /* CHAIN is to be asked */
    bool is_chain_asked;
    struct asked asked[CLIENT_ASKED_MAX];
    uint32_t asked_first, asked_count;
    struct buf out; /* not yet written */
    char *in;       /* CLIENT_REPLY_BYTES_MAX */
    size_t in_size;
    struct reply reply; /* in progress, over CLIENT_REPLY_ITEMS_MAX items */
};

struct client_why {
    uint32_t serial; /* a late answer to an earlier question is for nobody */
    bool is_wanted, is_asked, is_answered;
    char feature[LICET_NAME_SIZE];
    uint32_t count, release;
    enum status status;
    struct error error;
    licet_reason reason;
};

struct licet {
    size_t memory_size; /* of the mapping */
    /* The system's clock and poll(); tests bring their own. */
    struct instant (*clock)(void *context);
    void (*rest)(void *context, uint32_t ms);
    struct unix_time (*calendar)(void *context);
    void *clock_context;
    char *server; /* texts of the options, copied */
    uint32_t timeout_ms;
    struct identity identity;
    char vendor[LICET_NAME_SIZE];
    licet_transport transport;
    struct tcp tcp;
    struct chain chain;
    struct witness witness;
    struct session session;
    struct client_why why;
    uint32_t serial_next;
    uint32_t leases_count;
    struct lease *leases;
    void *device_memory; /* NULL: seats are a license server's; else a file's, device.h */
};

struct instant client_now(const struct licet *client);

/* ---- lease.c ------------------------------------------------------------------------------ */

/* A free place, or one that only waits to tell the server; NULL: all are taken. */
struct lease *lease_take(struct licet *client);
void lease_free(struct lease *lease);

/* Starts to ask for seats; the identity is the handle's. feature and release are checked. */
void lease_begin(struct licet *client, struct lease *lease, struct text feature, uint32_t release,
                 uint32_t count, struct instant now);
/* The product lets go of it: tells the server if that can know of it. */
void lease_let_go(struct lease *lease, struct instant now);

bool lease_wants_to_ask(const struct lease *lease, struct instant now);
bool lease_wants_to_tell(const struct lease *lease);
/* Draws a fresh nonce and writes CHECKOUT or RENEW; returns which. */
enum asked_kind lease_ask(struct licet *client, struct lease *lease, struct instant now,
                          struct buf *out);
void lease_tell(struct lease *lease, struct buf *out);

/* The answer to CHECKOUT or RENEW. LICET_CONFLICT: the license file has changed, ask for CHAIN;
 * another failure: this server must not be spoken to on this connection. A refusal of the server
 * is no failure here: the lease keeps it. */
enum status lease_answer(struct licet *client, struct lease *lease, const struct reply *reply,
                         struct instant now, struct error *error);
/* A new license file is in use: looks at the proof that waited for it. As lease_answer(). */
enum status lease_chain_changed(struct licet *client, struct lease *lease, struct instant now,
                                struct error *error);
/* CHAIN could not be had: what waits for it fails or asks again later. */
void lease_chain_failed(struct lease *lease, struct instant now, enum status status,
                        const struct error *error);
/* The connection has ended: what was on the wire is unanswered. */
void lease_link_down(struct lease *lease, struct instant now);
/* Ends what has passed its end. */
void lease_tick(struct lease *lease, struct instant now, const struct session *session);
/* When it has something to say next, and when its end passes; INT64_MAX: never. */
struct instant lease_speaks_at(const struct lease *lease);
struct instant lease_ends_at(const struct lease *lease);

/* ---- session.c ---------------------------------------------------------------------------- */

/* Connects where somebody has something to say, writes, reads, hands out. Waits at most `wait_ms`
 * for the network. With `is_urgent` a pause after a failed attempt is cut short. */
void session_step(struct licet *client, uint32_t wait_ms, bool is_urgent);
/* When it wants to be stepped next; INT64_MAX: never. */
struct instant session_next(const struct licet *client);
void session_close(struct licet *client);

#endif
