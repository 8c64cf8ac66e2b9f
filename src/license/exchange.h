/*
 * Texts that travel between a license server and its vendor (R5): requests, receipts, responses.
 * The manner of the license file: lines of fields, one signature block, printed form equal to the
 * read one.
 */
#ifndef LICET_LICENSE_EXCHANGE_H
#define LICET_LICENSE_EXCHANGE_H

#include "license/license.h"

/* REQUEST. Everything from `server` on is empty before the first file. */
struct request_head {
    struct text vendor;
    struct text name;   /* host name of the server */
    struct hash key;    /* the server key's fingerprint; the text is signed by it */
    struct text licetd; /* version */
    uint64_t counter;
    struct hash response; /* of the last response accepted; none: no response yet (R5.2) */
    struct text server;   /* id= of the installed file */
    struct text customer;
    uint32_t generation;
    struct hash payload; /* of the installed file */
    uint64_t epoch;
    struct hash head;         /* the journal's chain head */
    struct field_list serves; /* fields that this licetd serves (R2.5) */
    struct field_extras extras;
};

enum act_kind {
    ACT_ENROL,
    ACT_ACTIVATE,
    ACT_RENEW,
    ACT_SURRENDER,
    ACT_RENAME,
    ACT_REKEY,
};

struct request_act {
    uint32_t number;    /* from 1, in order */
    uint32_t kind;      /* enum act_kind */
    struct text code;   /* activate: the license code */
    struct text sn;     /* renew, surrender */
    uint32_t seats;     /* activate, surrender */
    uint32_t surrender; /* surrender: its number, as ack= counts them (R5.3) */
    struct text name;   /* rename: the new name */
    struct hash key;    /* rekey: the old key */
    struct field_extras extras;
};

/* LINE: one per installed line, and per vanished one while it has overhang (R5.1). */
struct receipt_line {
    struct text sn;
    uint32_t seats;
    uint32_t overhang;
    struct unix_time until; /* latest signed end; 0: none outstanding */
    uint32_t grace;         /* outstanding tickets */
    struct unix_time grace_until;
    struct field_extras extras;
};

struct server_request {
    struct request_head head;
    struct request_act *acts;
    uint32_t acts_count;
    struct receipt_line *lines;
    uint32_t lines_count;
    struct public_key key;    /* of the signer, whose fingerprint is head.key */
    struct hash payload_hash; /* of this text */
};

struct receipt_head {
    struct text vendor;
    struct text server;
    struct text customer;
    struct hash key;
    uint32_t generation;
    struct hash payload;
    uint64_t epoch;
    uint64_t counter;
    struct hash head;
    struct field_extras extras;
};

struct receipt {
    struct receipt_head head;
    struct receipt_line *lines;
    uint32_t lines_count;
    struct public_key key;
    struct hash payload_hash;
};

struct response_head {
    struct text vendor;
    struct text server;
    struct hash request; /* payload hash of the request it answers */
    struct unix_time issued;
    struct hash file; /* payload hash of the license file that follows; none: no file follows */
    struct field_extras extras;
};

struct response_result {
    uint32_t number;    /* of the act */
    struct text status; /* a word of status.def in lower case; "ok" */
    struct text sn;
    uint32_t seats;
    struct field_extras extras;
};

struct response {
    struct response_head head;
    struct response_result *results;
    uint32_t results_count;
    struct text file; /* the license file with its own block; empty where none follows. Read it with
                         license_read(). */
    struct hash payload_hash;
    struct signer signer;
};

/* Normalise, verify by the key in the block, parse, and hold that key against key=. Whether that
 * key is known, and whose it is, the caller decides by its fingerprint (R3.3). */
enum status request_read(struct text text, struct arena *arena, struct server_request *ret_request,
                         struct error *error);
enum status receipt_read(struct text text, struct arena *arena, struct receipt *ret_receipt,
                         struct error *error);
/* Verify by the issuing key and its certificate; `file` is handed out unread. */
enum status response_read(struct text text, const struct trust *trust, struct arena *arena,
                          struct response *ret_response, struct error *error);

/* What response_read() would refuse of this payload, before it is signed; there is no file yet. */
enum status response_lint(struct text payload, const struct certificate *certificate,
                          struct arena *arena, struct response *ret_response, struct error *error);

/* Prints, checks that it reads back, signs. head.key must be the key's own fingerprint. */
enum status request_sign(const struct server_request *request, const struct secret_key *key,
                         struct arena *arena, struct buf *buf, struct error *error);
enum status receipt_sign(const struct receipt *receipt, const struct secret_key *key,
                         struct arena *arena, struct buf *buf, struct error *error);
/* The payload alone, in order and checked, for whoever has it signed elsewhere. */
enum status response_print(const struct response *response, struct arena *arena, struct buf *buf,
                           struct error *error);
enum status response_sign(const struct response *response, const struct secret_key *key,
                          const struct certificate *certificate, struct arena *arena,
                          struct buf *buf, struct error *error);

#endif
