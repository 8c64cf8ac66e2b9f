/*
 * Which seats a license server has: allocate, return, cancel a return, retire. All four are one
 * act: a change set of counts that becomes the server's next generation (R4.6) in the transaction
 * that moves the seats (R6.1).
 */
#ifndef LICET_PORTAL_ALLOCATION_ALLOCATION_H
#define LICET_PORTAL_ALLOCATION_ALLOCATION_H

#include "base/limits.h"
#include "store/issue.h"
#include "store/server.h"

struct change_set {
    /* retire, request ...: for the ledger and for people. NULL: "allocate" where a count grows, else
     * "return". */
    const char *act;
    int64_t server_id;
    /* The new count of each entitlement that changes, 0 for none left: ascending by entitlement,
     * each once. */
    const struct issue_line *lines;
    uint32_t lines_count;
    bool adds;   /* the counts are added to those of the newest generation */
    bool always; /* a generation is made also where no count changes: the server's name did */
    /* The generation that the counts were thought out for; 0: whatever it is. */
    uint32_t after;
    struct text serial; /* of the new generation: nobody has used it */
    int64_t person_id;
    struct unix_time now;
};

/*
 * Commits an intent with its ledger rows; the issuer makes the file of it. Locks in the order of
 * R6.8. LICET_NO_SEAT: fewer are available; LICET_NOT_FOUND: the entitlement is no one of the
 * server's customer; LICET_CONFLICT: nothing would change, `after` is past, the entitlement is not
 * activated, on hold, or of a product that is allocated whole, or an earlier generation of this server
 * waits for staff.
 *
 * R3.2: while only the server's name is known, generations that nobody has numbered are voided:
 * nobody can have their file, so that what they held above the new counts is free at once.
 */
enum status allocation_change(struct db_transaction *transaction, const struct change_set *changes,
                              struct arena *arena, int64_t *ret_issue_id, struct error *error);

/*
 * Changes of all that a server has; `lines`, `adds` and `always` of `changes` do not count. LICET_CONFLICT
 * where it has nothing, or nothing is being returned, and as allocation_change().
 */
/* A generation with no lines (R4.2); its receipt frees everything. */
enum status allocation_retire(struct db_transaction *transaction, const struct change_set *changes,
                              struct arena *arena, int64_t *ret_issue_id, struct error *error);
/* R6.3: whatever still waits for its receipt is allocated again. */
enum status allocation_take_back(struct db_transaction *transaction,
                                 const struct change_set *changes, struct arena *arena,
                                 int64_t *ret_issue_id, struct error *error);

/* Staff give up a generation that the signer refused, after the signer has voided its serial: its
 * seats go back to where they were. LICET_CONFLICT where it is released already. */
enum status allocation_cancel(struct db_transaction *transaction, int64_t issue_id,
                              struct text reason, struct unix_time now, struct arena *arena,
                              struct error *error);

/* Arena bytes that one act needs: for each line its place in two lists and in a receipt, and two
 * rows of its entitlement with texts of 64 bytes (some 800 in all); a few other rows. */
#define ALLOCATION_ARENA_BYTES ((size_t)LICENSE_LINES_MAX * 1024 + 65536)

#endif
