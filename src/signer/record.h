/*
 * What the signer's journal holds (docs/journal.md has the bytes): the first record names the issuing
 * key, every other one says what is about to be signed, or will never be.
 */
#ifndef LICET_SIGNER_RECORD_H
#define LICET_SIGNER_RECORD_H

#include "base/time.h"
#include "license/hash.h"

/* What may be asked of the signer. The numbers are bytes on disks and sockets: never reused. */
enum signer_act {
    SIGNER_OPEN = 1,        /* journal only: the first record */
    SIGNER_LICENSE = 2,     /* payload of a license file */
    SIGNER_RESPONSE = 3,    /* payload of a response */
    SIGNER_CHECKPOINT = 4,  /* payload of a checkpoint */
    SIGNER_VOID = 5,        /* payload of a license file that shall never be signed */
    SIGNER_CERTIFICATE = 6, /* a question: the certificate to name in intents */
    SIGNER_LAST = 7,        /* a question: the last generation of "VENDOR SERVER" */
};

struct signer_record {
    enum signer_act act;
    struct hash certificate;
    struct hash payload;   /* of SIGNER_OPEN: the issuing key's fingerprint */
    struct unix_time time; /* the signer's clock */
    struct unix_time issued;
    uint64_t number; /* generation; of a checkpoint the log's size */
    uint64_t seats;  /* of all lines, overdraft too */
    struct text vendor;
    struct text server; /* empty in a checkpoint */
    struct text name;   /* what is used once: serial, or the 32 bytes of a request's hash */
    struct text reason; /* why staff released a cap; mostly empty */
};

/* `buf` has SIGNER_RECORD_BYTES_MAX free. */
void record_print(const struct signer_record *record, struct buf *buf);
/* The texts point into `bytes`. LICET_DAMAGED. */
enum status record_parse(struct text bytes, struct signer_record *ret_record, struct error *error);

#endif
