/* What several tables say of one thing, asked for in one go: PostgreSQL is waited for once (db.h). */
#ifndef LICET_STORE_TOGETHER_H
#define LICET_STORE_TOGETHER_H

#include "store/entitlement.h"
#include "store/issue.h"
#include "store/ledger.h"
#include "store/server.h"

/* A license server before its seats change. */
struct seats_before {
    /* The caller's places, one for each line that is to change. */
    struct entitlement *entitlements;
    struct charged *charged;
    struct server server;
    struct issue newest;      /* its newest generation that is not voided; id 0: there is none */
    struct issue_line *lines; /* of that; the caller's place, for LICENSE_LINES_MAX */
    uint32_t lines_count;
};

/*
 * Locks the entitlements of `changing`, which ascend, then the server (R6.8), and reads what is. Security:
 * an entitlement of another customer than the server's is not locked, and LICET_NOT_FOUND.
 */
enum status store_seats_lock(struct db_transaction *transaction, int64_t server_id,
                             const struct issue_line *changing, uint32_t changing_count,
                             struct arena *arena, struct seats_before *before, struct error *error);

/* A generation with its lines, in a place for LICENSE_LINES_MAX, and its server. LICET_NOT_FOUND. */
enum status store_issue_whole(struct db_transaction *transaction, int64_t issue_id,
                              struct arena *arena, struct issue *ret_issue,
                              struct issue_line *lines, uint32_t *ret_count,
                              struct server *ret_server, struct error *error);

#endif
