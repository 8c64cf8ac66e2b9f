/*
 * The replies about one lease (R10.3), written by the server and read by liblicet: one place, so
 * that the two cannot drift apart. Their bytes are shown in docs/protocol.md.
 */
#ifndef LICET_RESP_LEASE_H
#define LICET_RESP_LEASE_H

#include "base/status.h"
#include "base/text.h"
#include "resp/reply.h"
#include "resp/writer.h"

/* CHECKOUT and RENEW: [GRANTED, handle, ttl-ms, generation, flags, proof or null]. */
struct granted_reply {
    uint64_t handle;     /* what people see of the lease; the id is never shown (R8.1) */
    uint32_t ttl_ms;     /* counts from the moment the client sent its request (R8.5) */
    uint32_t generation; /* of the license file that serves it */
    uint32_t flags;      /* as in the leaf (R8.2) */
    struct text proof;   /* size 0: none was asked for */
};

/* WHY: [verdict, code, sentence, seats, in use, overhang, seconds to the next free seat, rule]. */
struct why_reply {
    enum status status;   /* LICET_OK: it would be granted */
    struct text sentence; /* why, and what would help */
    uint64_t seats, in_use, overhang;
    int64_t next_free_s; /* -1: nobody knows */
    struct text rule; /* what refused, by its name in the license or options file; size 0: none */
};

/* A handle is a number that people read; beyond INT64_MAX it does not fit RESP. */
void granted_reply_write(const struct granted_reply *granted, enum resp_protocol protocol,
                         struct buf *buf);
void ended_reply_write(uint64_t handle, struct buf *buf); /* CHECKIN: [ENDED, handle] */
void why_reply_write(const struct why_reply *why, enum resp_protocol protocol, struct buf *buf);

/* LICET_PROTOCOL where the reply is no such one; for an error reply its own status and sentence.
 * Items that a later server adds at the end are passed over. Texts are borrowed from the reply. */
enum status granted_reply_read(const struct reply *reply, struct granted_reply *ret_granted,
                               struct error *error);
enum status ended_reply_read(const struct reply *reply, uint64_t *ret_handle, struct error *error);
enum status why_reply_read(const struct reply *reply, struct why_reply *ret_why,
                           struct error *error);

#endif
