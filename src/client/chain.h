/*
 * The chain of trust of one license server: root keys, revocation list, license file, server key.
 * Two places for files, so that a new one is verified whole before it replaces the one in use.
 */
#ifndef LICET_CLIENT_CHAIN_H
#define LICET_CLIENT_CHAIN_H

#include "client/witness.h"
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

/* What a license server shows; revocations may be empty. */
struct chain_shown {
    struct text file, server_key, revocations;
};

/*
 * Verifies the list, then the license file, and that `server_key` (an OpenSSH public key line) is
 * the key of one of its SERVER lines. Of the lists the highest number counts (R9.3), and `witness`
 * remembers what servers handed on: LICET_OLD_GENERATION where the one in use is behind that. On
 * failure the file in use stays, unless it is itself one that the lists forbid.
 */
enum status chain_see(struct chain *chain, struct witness *witness, const struct chain_shown *shown,
                      struct error *error);

/* Verifies a file for a device, and takes it in use: license_check_device() (R2.7). */
enum status chain_see_device(struct chain *chain, struct text file, struct text serial,
                             const struct public_key *key, struct unix_time now,
                             struct error *error);

#endif
