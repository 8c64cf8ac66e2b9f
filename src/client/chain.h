/*
 * The chain of trust of one license server: root keys, revocation list, license file, server key.
 * Two places for files, so that a new one is verified whole before it replaces the one in use.
 */
#ifndef LICET_CLIENT_CHAIN_H
#define LICET_CLIENT_CHAIN_H

#include "license/license.h"

#define CHAIN_REVOCATIONS_ARENA_BYTES LICENSE_ARENA_BYTES(REVOCATIONS_BYTES_MAX)

/* Bytes of address space for chain_init(). Only what files really use is ever touched. */
#define CHAIN_FILE_ARENA_BYTES LICENSE_ARENA_BYTES(LICENSE_FILE_BYTES_MAX)
#define CHAIN_MEMORY_BYTES (2 * (CHAIN_FILE_ARENA_BYTES + CHAIN_REVOCATIONS_ARENA_BYTES))

struct chain_file {
    struct arena arena;
    struct license license;
    struct public_key server_key;
};

struct chain_revocations {
    struct arena arena;
    struct revocations list;
};

struct chain {
    struct trust trust; /* trust.revocations points to the list in use */
    struct chain_revocations revocations[2];
    uint32_t revocations_next; /* the place that is free */
    struct chain_file files[2];
    uint32_t file_next;
    const struct chain_file *file; /* the verified one in use, or NULL */
};

/* One or several OpenSSH public key lines; blank lines and # comments are skipped. LICET_INVALID,
 * LICET_UNSUPPORTED. */
enum status chain_roots_parse(struct text roots, struct trust *trust, struct error *error);

/* `memory` is CHAIN_MEMORY_BYTES for the chain's life; trust holds roots and vendor, both borrowed
 * for as long. `revocations` may be empty. */
enum status chain_init(struct chain *chain, void *memory, const struct trust *trust,
                       struct text revocations, struct error *error);

/* A newer list replaces the one in use; the same or an older one changes nothing (R9.3). */
enum status chain_see_revocations(struct chain *chain, struct text revocations,
                                  struct error *error);

/* Verifies a license file and that `server_key` (an OpenSSH public key line) is the key of one of
 * its SERVER lines. On failure the file in use stays. */
enum status chain_see_file(struct chain *chain, struct text file, struct text server_key,
                           struct error *error);

#endif
