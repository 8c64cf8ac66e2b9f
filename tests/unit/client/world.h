/*
 * A vendor, and a license server that can misbehave, in one process: what liblicet meets through
 * its transport callbacks. Good answers are made by the code that licetd uses (license, seat,
 * resp); only the ways to go wrong are made up here. Its clock moves when it is read or waited for,
 * so a test of an hour takes no time.
 */
#ifndef LICET_TESTS_CLIENT_WORLD_H
#define LICET_TESTS_CLIENT_WORLD_H

#include "client/client.h"
#include "resp/checkout.h"
#include "resp/reader.h"

#define WORLD_BYTES_MAX ((size_t)256 * 1024)
#define WORLD_TTL_S 60u

struct world_keys {
    struct secret_key root, issuing, server;
    struct certificate certificate;
    char root_line[256]; /* what a product pins */
};

struct world {
    struct world_keys keys;
    char *arena_memory;
    struct arena arena; /* of the vendor's side */

    /* What the server serves. */
    char file[16384];
    size_t file_size;
    struct hash payload_hash;
    uint32_t generation;
    uint64_t epoch;
    uint32_t ttl_s;
    int64_t utc;
    enum status denial;      /* CHECKOUT and RENEW are refused with it; LICET_OK: granted */
    struct text revocations; /* a third item of CHAIN where there is one */

    /* How it misbehaves. */
    void (*tamper)(struct world *world, struct lease_root *root, struct lease_leaf *leaf);
    void (*tamper_proof)(struct world *world, struct lease_proof *proof);
    int64_t flip_at; /* this byte of each connection is changed; -1: none */
    uint8_t flip_with;
    int64_t cut_at;      /* the first connection ends before this byte; -1: never */
    size_t chunk;        /* bytes a read gives at most */
    bool is_silent;      /* reads, never answers */
    int64_t delay_until; /* no answer arrives before */
    bool is_down;        /* refuses connections */
    bool is_black_hole;  /* never finishes a connection */
    bool has_no_proof;   /* grants without one */
    bool replays;        /* answers CHECKOUT and RENEW with the first grant again */

    /* What happened. */
    uint32_t connects, chains, checkouts, renews, checkins, whys;
    uint8_t last_id[16];
    int64_t sent;                 /* bytes on this connection */
    struct lease_leaf leaves[16]; /* of the leases that the server knows */
    uint32_t leaves_count;
    char first_grant[4096];
    size_t first_grant_size;

    /* The wire. */
    struct resp_reader reader;
    char in[8192];
    size_t in_size;
    char out[WORLD_BYTES_MAX];
    size_t out_size, out_at;
    bool is_connected;

    int64_t now_ms;
};

/* A world whose server serves generation 4 with cad_pro (10 seats, covers cad_std) and sim (2). */
struct world *world_create(void);
void world_destroy(struct world *world);

/* The same keys from other seeds: another vendor, another issuing key, another server. */
void world_keys_make(struct world_keys *keys, struct arena *arena, uint8_t root_seed,
                     uint8_t issuing_seed, uint8_t server_seed, const char *vendor,
                     const char *after, const char *before);
/* Signs a file with `keys`, for the server's key in them, and serves it. One logical line a line.
 */
void world_serve(struct world *world, const struct world_keys *keys, const char *vendor,
                 uint32_t generation, const char *lines);

/* The same with the SERVER or DEVICE line as a text: into world->file, whoever reads it. */
void world_sign(struct world *world, const struct world_keys *keys, const char *vendor,
                uint32_t generation, const char *host, const char *lines);

/* The root's list of this vendor and number, with the issuing key in it or empty; ends with a NUL byte. */
void world_sign_list(struct world *world, const char *vendor, uint32_t number, bool is_revoked,
                     char *place, size_t place_size);

#define WORLD_LINES                                                                                \
    "INCREMENT cad_pro sn=A-1 seats=10 maintenance=2027-11-24 expiry=permanent covers=cad_std"     \
    " ttl=60s\n"                                                                                   \
    "INCREMENT sim sn=A-2 seats=2 maintenance=2026-01-01 expiry=permanent ttl=60s"

/* Options of a product of this vendor that speaks to this world, and a handle with the world's
 * clock. */
licet_transport world_transport(struct world *world);
licet_options world_options(struct world *world, licet_transport *transport);
licet *world_open(struct world *world, const char *state_path);
/* A handle gets the world's clock. */
void world_adopt(struct world *world, licet *client);
/* Of a lease; its state is 0 where there is none. */
licet_lease_info world_info(const licet *client, licet_lease lease);

#endif
