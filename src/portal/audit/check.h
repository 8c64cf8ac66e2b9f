/* What the checks share. Private to this folder. */
#ifndef LICET_PORTAL_AUDIT_CHECK_H
#define LICET_PORTAL_AUDIT_CHECK_H

#include "license/exchange.h"
#include "license/issue_log.h"
#include "portal/audit/audit.h"
#include "store/audit.h"
#include "store/issue.h"
#include "store/server.h"

/* Limit: accounts of one entitlement or one server. A customer of 20,000 license servers. */
#define AUDIT_ACCOUNTS_MAX 65536u

struct audit {
    struct db_transaction *transaction;
    const struct audit_options *options;
    struct audit_summary *summary;
    char *rows;        /* AUDIT_ROWS_BYTES: rows of what is being looked at */
    char *text;        /* AUDIT_TEXT_BYTES: a text while it is read */
    uint64_t numbered; /* generations that have their bytes */
};

/* Two texts of 1 MiB, their lines and the accounts of one server. */
#define AUDIT_ROWS_BYTES                                                                           \
    ((size_t)8 * 1024 * 1024 + AUDIT_ACCOUNTS_MAX * (sizeof(struct audit_account) + 64))
#define AUDIT_TEXT_BYTES LICENSE_ARENA_BYTES(RESPONSE_BYTES_MAX)

/* Who can do something about a finding. */
#define AUDIT_DATABASE                                                                             \
    "something other than the portal changed the database, and its administrator compares it "     \
    "with "                                                                                        \
    "a back-up"
#define AUDIT_SITE                                                                                 \
    "the vendor's staff compare both sides with the administrator of that license server"
#define AUDIT_ROOTS                                                                                \
    "root= or vendor= of this audit may be wrong, or a former root key is missing among root=; "   \
    "who keeps the vendor's root keys can say"

/* `rule` is the invariant or rule that does not hold, `who` one of the above. */
void audit_found(struct audit *audit, const char *rule, const char *who, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Who can do something about a text that could not be read: `status` says why. */
const char *audit_who(enum status status);

struct arena audit_rows(const struct audit *audit);
struct arena audit_text(const struct audit *audit);

/* Calls `check` for each row of a table. */
enum status audit_each(struct audit *audit, enum audit_table table, uint64_t *count,
                       enum status (*check)(struct audit *audit, int64_t id, struct error *error),
                       struct error *error);

/* Whether the bytes hash to what is stored of them. */
bool audit_hash_is(struct text bytes, struct text stored);
bool audit_hash_equals(const struct hash *hash, struct text stored);
/* Whether it is the fingerprint of the server's key. */
bool audit_key_is(const struct server *server, const struct hash *key);

/* ---- the checks, a file each */

/* R6.1, INV-1 */
enum status sums_check(struct audit *audit, struct error *error);
enum status orders_check(struct audit *audit, struct error *error);
/* INV-9, and with each server its charges. */
enum status generations_check(struct audit *audit, struct error *error);
/* INV-2 to INV-4, R2.6 */
enum status files_check(struct audit *audit, struct error *error);
/* The log so far, leaf by leaf. */
struct log_check {
    struct audit *audit;
    struct issue_log log;
    bool is_broken; /* from its first wrong leaf on nothing fits: told once */
};
/* `head`: what log= of the file says; NULL: it could not be read. */
void log_add(struct log_check *check, const struct issue *issue, const struct server *server,
             const struct field_log *head);
enum status log_end(struct log_check *check, struct error *error);
enum status receipts_check(struct audit *audit, struct error *error);
enum status exchanges_check(struct audit *audit, struct error *error);

/* R6.2 of one server, generation by generation in ascending order. */
struct charge_row {
    int64_t entitlement_id;
    uint32_t generation, newest; /* the last that has a line of it, and that line's count */
    uint32_t receipt, issued;
};

struct charges {
    struct audit *audit;
    const struct server *server;
    struct charge_row *rows; /* ascending by entitlement */
    uint32_t count;
    uint32_t receipt_generation;
    uint32_t newest; /* generation that is not voided */
};

enum status charges_begin(struct charges *charges, struct audit *audit, const struct server *server,
                          struct arena *arena, struct error *error);
enum status charges_add(struct charges *charges, const struct issue *issue,
                        const struct arena *arena, struct error *error);
enum status charges_check(struct charges *charges, struct arena *arena, struct error *error);

#endif
