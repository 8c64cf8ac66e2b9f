/*
 * licet.h: hold a seat of a license server, and check every word that it says.
 *
 *     licet_options options;
 *     licet *seats;
 *     licet_lease lease;
 *     licet_error error;
 *
 *     licet_options_init(&options, sizeof(options));
 *     options.roots = "ssh-ed25519 AAAA... acme root";
 *     if (licet_open(&options, &seats, &error) != LICET_OK ||
 *         licet_checkout(seats, "cad_pro", "2026-11-24", 1, &lease, &error) != LICET_OK)
 *         stop(error.text);
 *     while (working) {
 *         work_for(licet_wait_ms(seats));
 *         if (licet_tick(seats, &error) == LICET_LEASE_LOST)
 *             save_and_stop(error.text);
 *     }
 *     licet_checkin(seats, lease, &error);
 *     licet_close(seats);
 *
 * Rules that hold for every function
 *
 *   Order      the handle first, then inputs, then results (named ret_), then the error. A size
 *              stands right after what it measures; a context right after its callbacks.
 *   Pointers   none may be NULL unless it is said. What is passed in is borrowed for the call.
 *              Texts end with a NUL byte unless a size goes with them.
 *   Results    are untouched on failure.
 *   Failures   are LICET_... numbers; LICET_OK is 0. `error`, which may be NULL, gets a sentence
 *              that names the cause and who can fix it. Nothing that a server sends, and no full
 *              memory, ends the process. A bad argument is LICET_INVALID, a NULL where none may be
 *              is LICET_INVALID too.
 *   Threads    one handle, one thread at a time; two handles share nothing. The library has no
 *              thread of its own, no global variable, sets no signal handler, raises no SIGPIPE,
 *              writes to no standard stream and changes no environment variable.
 *   Reads      the environment only for LICET_SERVER and LICET_ROOT, and only where the options
 *              leave them empty; a root key that a product pins cannot be replaced from outside.
 *   Blocks     licet_checkout(), licet_checkin() and licet_why() for timeout_ms at most. The others
 *              never wait for a network. A host *name* is looked up by the system's resolver, which
 *              keeps its own time: give an address where that matters.
 *   Memory     is taken by licet_open(), once. Nothing after it allocates.
 *   Times      _ms are milliseconds of a clock that runs while the machine sleeps; _s are seconds
 *              of UTC since 1970. Dates are "YYYY-MM-DD".
 *   Structs    with a `size` only grow at their end; licet_..._init() sets it and the defaults.
 *
 * The ABI is that of the symbols in LICET_0.1; what is not in this header is not exported.
 */
#ifndef LICET_H
#define LICET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LICET_API __attribute__((visibility("default")))
#else
#define LICET_API
#endif

/* ---- failures ----------------------------------------------------------------------------- */

typedef uint32_t licet_status;

#ifndef LICET_HAS_STATUS
enum {
    LICET_OK = 0,
    LICET_INVALID = 1,
    LICET_NOT_FOUND = 2,
    LICET_FORBIDDEN = 3,
    LICET_UNAUTHENTICATED = 4,
    LICET_OVER_LIMIT = 5,
    LICET_SYSTEM = 6,
    LICET_NO_MEMORY = 7,
    LICET_UNREACHABLE = 8,
    LICET_TIMEOUT = 9,
    LICET_NO_FEATURE = 10,
    LICET_LEASE_ENDED = 11,
    LICET_NO_SEAT = 12,
    LICET_EXPIRED = 13,
    LICET_NOT_STARTED = 14,
    LICET_MAINTENANCE = 15,
    LICET_MISMATCH = 16,
    LICET_DISABLED = 17,
    LICET_NO_FILE = 18,
    LICET_BAD_SIGNATURE = 19,
    LICET_UNTRUSTED = 20,
    LICET_REVOKED = 21,
    LICET_WRONG_SERVER = 22,
    LICET_OLD_GENERATION = 23,
    LICET_CONFLICT = 24,
    LICET_DAMAGED = 25,
    LICET_DISK_FULL = 26,
    LICET_PROTOCOL = 27,
    LICET_UNSUPPORTED = 28,
    LICET_LEASE_LOST = 29,
    LICET_SHRINKS = 30,
    LICET_TOO_LARGE = 31,
    LICET_SIGNER_POLICY = 32,
    LICET_SIGNER_CAP = 33
};
#endif

#define LICET_TEXT_SIZE 512 /* a sentence with its NUL */
#define LICET_NAME_SIZE 65  /* a name of 64 bytes with its NUL */
#define LICET_DATE_SIZE 11  /* YYYY-MM-DD with its NUL */

typedef struct licet_error {
    licet_status status;
    char text[LICET_TEXT_SIZE]; /* one sentence without full stop */
} licet_error;

/* The list's own text of a status, for any value. Static. */
LICET_API const char *licet_status_text(licet_status status);

/* "0.1.0". Static. */
LICET_API const char *licet_version(void);

/* ---- opening ------------------------------------------------------------------------------ */

typedef struct licet licet;   /* one license server and what is held there */
typedef uint32_t licet_lease; /* a lease of one handle; 0 is none; a stale one is LICET_NOT_FOUND */

/*
 * How bytes travel, for a product that wants its own way (a tunnel, TLS, a test). Each call does
 * what it can within timeout_ms; 0 means: do not wait. None may raise a signal or end the process.
 */
typedef struct licet_transport {
    size_t size;
    void *context; /* handed to each call */

    /* LICET_OK: connected. LICET_TIMEOUT: not yet, call again. Else: this attempt failed.
     * `server` is the text of the options. Only called when nothing is connected. */
    licet_status (*connect)(void *context, const char *server, uint32_t timeout_ms,
                            licet_error *error);
    /* > 0: so many bytes. 0: nothing within timeout_ms. < 0: the connection has ended. */
    int64_t (*read)(void *context, void *data, size_t data_size, uint32_t timeout_ms);
    int64_t (*write)(void *context, const void *data, size_t data_size, uint32_t timeout_ms);
    void (*close)(void *context); /* also of a connection that is still being made */
    int32_t (*fd)(void *context); /* for licet_fd(); NULL where there is none */
} licet_transport;

typedef struct licet_options {
    size_t size;
    const char *server; /* host:port, host, [ipv6]:port. NULL or "": LICET_SERVER. Port 7380 */
    /* The vendor's root keys: OpenSSH public key lines, at most 4 ("current" and "next").
     * NULL or "": the file that LICET_ROOT names. Security: a product pins its own. */
    const char *roots;
    const char *revocations; /* the newest revocation list known at release, or NULL */
    const char *vendor;      /* NULL or "": whichever vendor the root has certified */
    /* A small file of this user that remembers the highest generation and epoch seen of each
     * server, and the highest revocation list that servers handed on, so that older ones are
     * refused after a restart too. NULL: this handle's memory. */
    const char *state_path;
    const char *user;                 /* NULL: of the process, from the operating system */
    const char *host;                 /* NULL: the machine's name */
    const char *device;               /* NULL: derived from the machine's id; "": none */
    uint32_t timeout_ms;              /* 10 to 60,000; 5,000 by default */
    uint32_t leases_max;              /* held at once, 1 to 64; 8 by default */
    const licet_transport *transport; /* copied; NULL: TCP */
    /* A license file for this device (its DEVICE line names `device`), for an appliance or a
     * node-locked product: seats are those of the file, counted in each handle, and no license
     * server is asked. NULL: a license server. */
    const char *device_file;
    size_t device_file_size;
    const char
        *device_key; /* the device's public key in OpenSSH's form, where the file names one */
} licet_options;

/* `size` is sizeof(licet_options): a newer library then knows an older program. */
LICET_API void licet_options_init(licet_options *options, size_t size);

/* Checks the options and takes the memory; it does not connect. A license file for this device is
 * verified here: LICET_UNTRUSTED, LICET_BAD_SIGNATURE, LICET_REVOKED, LICET_WRONG_SERVER (for another
 * device), LICET_OLD_GENERATION. On success the handle is yours: licet_close(). */
LICET_API licet_status licet_open(const licet_options *options, licet **ret_licet,
                                  licet_error *error);

/* Forgets everything without a word to the server: leases that were not checked in end by time.
 * NULL is fine. */
LICET_API void licet_close(licet *handle);

/* ---- holding a seat ----------------------------------------------------------------------- */

/*
 * Takes `count` seats (1 to 1,000,000,000) of a feature for a product released on `release` ("" or
 * NULL: any). LICET_OK says that the chain from a root key to this lease has been verified.
 *
 * Refusals of the server are their own numbers (LICET_NO_SEAT, LICET_MAINTENANCE, ...) with its
 * sentence. LICET_UNREACHABLE, LICET_TIMEOUT: nobody answered; the seat is given back if the server
 * took it. LICET_PROTOCOL, LICET_BAD_SIGNATURE, LICET_UNTRUSTED, LICET_REVOKED, LICET_WRONG_SERVER,
 * LICET_MISMATCH: an answer that is not what a licensed server would say.
 * LICET_OLD_GENERATION: this server went back behind what was seen before.
 * LICET_OVER_LIMIT: leases_max leases exist already.
 */
LICET_API licet_status licet_checkout(licet *handle, const char *feature, const char *release,
                                      uint32_t count, licet_lease *ret_lease, licet_error *error);

/* Gives the seats back and forgets the lease, also a lost one. When the server does not answer
 * (LICET_UNREACHABLE, LICET_TIMEOUT) licet_tick() goes on telling it until the lease's end. */
LICET_API licet_status licet_checkin(licet *handle, licet_lease lease, licet_error *error);

/* Milliseconds until licet_tick() wants to be called: 0 is now, UINT32_MAX never. */
LICET_API uint32_t licet_wait_ms(const licet *handle);

/*
 * Renews, reconnects and reads what has come, without waiting. LICET_LEASE_LOST: a lease has been
 * lost (the sentence says which and why); it is returned until that lease is checked in.
 * LICET_OK: all are held, even where the server cannot be reached just now; licet_lease_get()
 * tells. Calling it late or too often does no harm.
 */
LICET_API licet_status licet_tick(licet *handle, licet_error *error);

/* For a poll() loop: the socket, or -1 where there is none just now. ret_wants_write, which may be
 * NULL, becomes 1 where the loop should wait for room to write as well, else 0. Ask again after
 * each licet_tick(). */
LICET_API int32_t licet_fd(const licet *handle, int32_t *ret_wants_write);

enum {
    LICET_STATE_HELD = 1,         /* signed, verified, not at its end */
    LICET_STATE_RECONNECTING = 2, /* still held, but the server is silent: it ends in left_ms */
    LICET_STATE_LOST = 3          /* the seat must not be used any more */
};

enum {
    LICET_FLAG_OVERDRAFT = 1,
    LICET_FLAG_BORROW = 2,
    LICET_FLAG_BURST = 4,
    LICET_FLAG_GRACE = 8
};

typedef struct licet_lease_info {
    size_t size;
    int32_t state;   /* LICET_STATE_... */
    uint32_t flags;  /* LICET_FLAG_... */
    uint64_t number; /* what the server's lists call this lease */
    int64_t
        left_ms;   /* until it ends if no renewal succeeds; 0 where it is lost; INT64_MAX: never */
    int64_t end_s; /* a signed end that no renewal passes, or 0 */
    int64_t granted_s; /* the server's time of the newest signature */
    uint32_t ttl_ms;
    uint32_t count;
    uint32_t renewals;   /* signatures after the first */
    licet_status reason; /* of a lost lease */
    uint64_t generation;
    uint8_t id[16];    /* Security: whoever knows it can end the lease; do not show it */
    uint8_t nonce[16]; /* of the newest signature */
    char feature[LICET_NAME_SIZE];
    char release[LICET_DATE_SIZE];
    char vendor[LICET_NAME_SIZE];
    char user[LICET_NAME_SIZE];
    char host[LICET_NAME_SIZE];
    char device[LICET_NAME_SIZE];
    char text[LICET_TEXT_SIZE]; /* why it is lost, or what stops its renewal just now */
} licet_lease_info;

LICET_API void licet_lease_info_init(licet_lease_info *info, size_t size);
LICET_API licet_status licet_lease_get(const licet *handle, licet_lease lease,
                                       licet_lease_info *ret_info, licet_error *error);

/* ---- asking ------------------------------------------------------------------------------- */

typedef struct licet_reason {
    size_t size;
    licet_status status; /* LICET_OK: a checkout would be granted now */
    int64_t next_free_s; /* seconds until a seat is free if nobody renews; -1: unknown */
    uint64_t seats;      /* that could serve such a request, overdraft included */
    uint64_t in_use;     /* of them */
    uint64_t overhang;   /* in use beyond what the newest license file grants */
    char rule[LICET_NAME_SIZE];
    char text[LICET_TEXT_SIZE];
} licet_reason;

LICET_API void licet_reason_init(licet_reason *reason, size_t size);

/* What licet_checkout() would be told, without taking a seat. The answer is not signed: it informs,
 * it does not permit. */
LICET_API licet_status licet_why(licet *handle, const char *feature, const char *release,
                                 uint32_t count, licet_reason *ret_reason, licet_error *error);

/* ---- evidence ----------------------------------------------------------------------------- */

#define LICET_PROOF_SIZE_MAX 2048

/* The newest signed proof of a lease (docs/protocol.md), for a log or a later dispute.
 * LICET_TOO_LARGE: proof_size is too small; *ret_size is set all the same. */
LICET_API licet_status licet_lease_proof(const licet *handle, licet_lease lease, uint8_t *proof,
                                         size_t proof_size, size_t *ret_size, licet_error *error);

/* The license file that this server proved to serve, as it was signed. Not NUL-terminated.
 * LICET_TOO_LARGE: text_size is too small; *ret_size is set all the same. */
LICET_API licet_status licet_chain(const licet *handle, char *text, size_t text_size,
                                   size_t *ret_size, licet_error *error);

typedef struct licet_claim {
    size_t size;
    const char *roots; /* as in licet_options */
    const char *revocations;
    const char *vendor;
    const char *file; /* the license file, as it was received */
    size_t file_size;
    const uint8_t *proof; /* NULL: the file alone is verified */
    size_t proof_size;
    const licet_lease_info *lease; /* what the proof is said to prove; with `proof` */
} licet_claim;

typedef struct licet_verdict {
    size_t size;
    uint64_t generation;
    int64_t issued_s;  /* when the vendor signed the file */
    int64_t granted_s; /* when the server signed the lease, or 0 */
    int64_t end_s;     /* the lease's signed end or its ttl's, whichever is first, or 0 */
    uint32_t lines;    /* INCREMENT lines of the file */
    uint32_t flags;    /* of the lease */
    char vendor[LICET_NAME_SIZE];
    char customer[LICET_NAME_SIZE];
    char serial[LICET_NAME_SIZE];
    char server_key[64]; /* SHA256:... of the server that the file names */
} licet_verdict;

LICET_API void licet_claim_init(licet_claim *claim, size_t size);
LICET_API void licet_verdict_init(licet_verdict *verdict, size_t size);

/* Bytes of memory that licet_verify() wants for a file of this size. */
LICET_API size_t licet_verify_memory(size_t file_size);

/* Verifies a license file, and a lease with it, offline: root key, certificate, file, server's key,
 * lease. No handle, no connection, no allocation: `memory` (any alignment) is all it uses. */
LICET_API licet_status licet_verify(const licet_claim *claim, void *memory, size_t memory_size,
                                    licet_verdict *ret_verdict, licet_error *error);

#ifdef __cplusplus
}
#endif

#endif
