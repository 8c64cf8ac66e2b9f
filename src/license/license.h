/*
 * The license file (R2): what a vendor lets one license server, or one device, serve.
 *
 * license_read() is the only way in: normalise, verify, parse. Nothing of a file is looked at as a
 * grant before its signature chain holds. The printed form of what was parsed is the same bytes
 * again, so nothing can hide in a file. Texts in the struct point into the arena.
 */
#ifndef LICET_LICENSE_LICENSE_H
#define LICET_LICENSE_LICENSE_H

#include "license/document.h"
#include "license/trust.h"

#define LICENSE_FIRST_LINE "# Licet license file. Every line is signed: do not edit."
/* An arena in which every text of `size` bytes can be read: the text twice (normalised; printed
 * again while it is compared), 8 bytes of structs for each of its bytes (32 for an x- field of 4),
 * rows for 4,096 lines. */
#define LICENSE_ARENA_BYTES(size) ((size_t)12 * (size) + 512 * 1024)

struct license_head {
    struct text vendor;
    struct text customer;
    uint32_t generation;
    struct unix_time issued;
    struct text serial;
    struct field_log log; /* size 0 and no root: this file is in no log */
    uint32_t ack;         /* R5.3: last surrender that the issuer knew */
    struct field_extras extras;
};

/* SERVER and DEVICE lines. */
struct license_host {
    struct text name; /* host name, or the device's serial */
    struct text id;
    struct hash key; /* none: the name alone (bind=name) */
    struct text ether;
    struct field_extras extras;
};

enum license_model {
    LICENSE_CONCURRENT,
    LICENSE_USER_DEVICE,
    LICENSE_NAMED_USER,
    LICENSE_DEVICE,
    LICENSE_NODE_LOCKED,
    LICENSE_UNCOUNTED,
};

enum license_bind {
    LICENSE_BIND_KEY,
    LICENSE_BIND_NAME,
    LICENSE_BIND_ETHER,
};

struct license_increment {
    struct text feature;
    struct text sn;
    struct text type;
    uint32_t model; /* enum license_model */
    uint32_t seats;
    uint32_t start;       /* days since 1970; 0: always */
    uint32_t maintenance; /* days since 1970; FIELD_DATE_NEVER: none */
    uint32_t expiry;      /* days since 1970; FIELD_DATE_NEVER: permanent */
    uint32_t bind;        /* enum license_bind */
    uint32_t refresh_by;  /* days since 1970; 0: not asked for */
    struct field_list covers;
    struct field_list parts;
    uint32_t overdraft;
    uint32_t burst_s;
    uint32_t advisory;
    uint32_t grace_s;
    uint32_t grace_seats; /* 0: 2 x seats (R1.4) */
    uint32_t borrow_s;
    uint32_t early_return_hold_s;
    uint32_t linger_s;
    uint32_t dup;
    uint32_t hold_s;
    uint32_t drain_s;
    uint32_t ttl_s;
    struct text loan;
    struct field_extras extras; /* x- fields and unknown ones */
    uint32_t line_number;       /* in the file, from 1 */
};

/* Why a line serves nobody whatever its dates. The numbers are those of seat.h's enum line_state.
 */
enum license_line_state {
    LICENSE_LINE_ENABLED = 0,
    LICENSE_LINE_UNKNOWN_FIELD = 1,
    LICENSE_LINE_NOT_SERVED = 2,
    LICENSE_LINE_NOT_BOUND = 3,
};

struct license {
    struct license_head head;
    struct license_host *servers;
    uint32_t servers_count;      /* 0: `device` is set */
    struct license_host *device; /* NULL: there are servers */
    struct revoked_key *revoked; /* server keys (R9.3) */
    uint32_t revoked_count;
    struct license_increment *increments;
    uint32_t increments_count;
    struct document_lines lines; /* all of them in the order of the file, unknown ones too */

    /* Of a file that was read; empty where a payload was parsed in order to be signed. */
    struct text payload; /* normalised */
    struct text armor;   /* the signature block, normalised */
    struct hash payload_hash;
    struct signer signer;
    bool had_carriage_returns; /* what normalising dropped: worth a warning */
    bool had_trailing_blanks;
};

/* Normalise, verify, parse (R2.6). The error names the line, what is wrong and the likely cause;
 * for a bad signature it looks for the line that mail or an editor changed. LICET_INVALID,
 * LICET_BAD_SIGNATURE, LICET_UNTRUSTED, LICET_REVOKED, LICET_TOO_LARGE, LICET_NO_MEMORY (the
 * arena). */
enum status license_read(struct text file, const struct trust *trust, struct arena *arena,
                         struct license *ret_license, struct error *error);

/* Parses a payload strictly, for whoever signs or compares it. It says nothing of who granted it.
 */
enum status license_parse(struct text payload, struct arena *arena, struct license *ret_license,
                          struct error *error);
/* For a program that filled a struct of its own: puts its lines in order and checks them as
 * license_parse() does. */
enum status license_arrange(struct license *license, struct arena *arena, struct error *error);
/* The payload from `lines`: first line to last line, each with its newline. buf.is_full where it
 * does not fit. */
void license_print(const struct license *license, struct buf *buf);

/* What license_read() would refuse of the file that is made of this payload, before it is signed:
 * the payload must parse strictly, the certificate must be valid at its `issued`, name its vendor
 * and vouch for its maintenance dates. That the root signed the certificate is not asked. */
enum status license_lint(struct text payload, const struct certificate *certificate,
                         struct arena *arena, struct license *ret_license, struct error *error);

/* The whole file, linted. buf: payload.size + SSHSIG_ARMOR_MAX. */
enum status license_sign(struct text payload, const struct secret_key *key,
                         const struct certificate *certificate, struct arena *arena,
                         struct buf *buf, struct error *error);

/* ---- what a line means here */

/* Forward rule (R2.5) and binding (R2.4). `is_bound`: license_is_bound() of this server. */
enum license_line_state license_increment_state(const struct license *license,
                                                const struct license_increment *increment,
                                                const struct public_key *server_key);
/* "needs a newer licetd: unknown field size" and the like; empty for an enabled line. */
void license_increment_why(const struct license *license, const struct license_increment *increment,
                           const struct public_key *server_key, struct buf *buf);
/* Fields that permit and are not served yet: "grace borrow"; empty where there are none. */
void license_increment_not_served(const struct license_increment *increment, struct buf *buf);
/* Of all lines, the fields that a licetd does not serve whose request said that it serves these: both
 * with blanks between. buf: LICENSE_KEYS_BYTES_MAX. */
void license_not_served_by(const struct license *license, struct text serves, struct buf *buf);

/* R1.3: UTC seconds, widened so that no time zone loses a day; 0: no such date. */
int64_t license_increment_start(const struct license_increment *increment); /* first second */
int64_t
license_increment_expiry(const struct license_increment *increment); /* first second after it */
int64_t
license_increment_refresh_by(const struct license_increment *increment); /* first second after it */
/* One of its two ends has come (R1.3). */
bool license_increment_has_ended(const struct license_increment *increment, struct unix_time now);
uint32_t license_increment_grace_seats(const struct license_increment *increment);

/* ---- whom it is for */

/* The SERVER line that names this key, or NULL. */
const struct license_host *license_find_server(const struct license *license,
                                               const struct public_key *key);
/* R2.4, R3.2: this key may serve the file; else LICET_WRONG_SERVER (a sentence with both names and
 * both keys) or LICET_REVOKED (a REVOKED line at `now`). */
enum status license_check_server(const struct license *license, const struct public_key *key,
                                 struct text host_name, struct unix_time now, struct error *error);
/* R2.7: the file is for the device of this serial, and where it names a key, of this key (NULL: it
 * has none). LICET_WRONG_SERVER, LICET_REVOKED (a REVOKED line at `now`). */
enum status license_check_device(const struct license *license, struct text serial,
                                 const struct public_key *key, struct unix_time now,
                                 struct error *error);
/* R1.2: without case, short against full, `_` and `-` alike. */
bool host_name_equal(struct text left, struct text right);

#endif
