/*
 * What this client has seen of license servers: the highest generation and the highest epoch that
 * it verified, per server key (R7.5). A server that falls behind them was restored or cloned. And
 * the highest number of a vendor's revocation list (R9.3), in a row that is no key's.
 *
 * Kept in memory, and where there is a path also in a small file of fixed-size rows, shared by all
 * products of a user. A file that cannot be read or written is not a failure: a product on a
 * read-only disk still runs, with what its memory knows.
 */
#ifndef LICET_CLIENT_WITNESS_H
#define LICET_CLIENT_WITNESS_H

#include "base/status.h"
#include "base/text.h"
#include "license/hash.h"

/* Servers that one handle meets: the one it talks to, and those that a new key made of it. */
#define WITNESS_SEEN_MAX 16
/* Rows of the file: the license servers that one user's products ever met. 16 KiB. */
#define WITNESS_ROWS_MAX 96

struct witness_mark {
    struct hash server_key; /* or that of "revocations": `generation` is the number of a list */
    char vendor[NAME_MAX_BYTES + 1];
    uint64_t generation;
    uint64_t epoch;
};

struct witness {
    const char *path; /* NULL: memory only. The caller's, for the witness's life */
    uint32_t count;
    uint32_t oldest; /* the mark to be overwritten when all places are taken */
    struct witness_mark seen[WITNESS_SEEN_MAX];
};

void witness_init(struct witness *witness, const char *path);

/* LICET_OLD_GENERATION where `mark` is behind what was seen in generation or epoch; nothing changes
 * then. Else it is remembered. Only ever call it with what has been verified. */
enum status witness_see(struct witness *witness, const struct witness_mark *mark,
                        struct error *error);

/* The highest number of a revocation list of this vendor that was ever seen, `number` among them;
 * 0: none. */
uint64_t witness_see_list(struct witness *witness, struct text vendor, uint32_t number);

#endif
