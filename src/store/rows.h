/*
 * What the files of src/store share, so that what belongs together is asked for in one go (db.h). Those
 * that return nothing open the rows; `only` and `read` take them, and close.
 */
#ifndef LICET_STORE_ROWS_H
#define LICET_STORE_ROWS_H

#include "db/db.h"
#include "store/entitlement.h"
#include "store/issue.h"
#include "store/ledger.h"
#include "store/person.h"
#include "store/server.h"

/* The entitlement, if it is of the server's customer, until the transaction ends. */
void entitlement_open_lock_of(struct db_rows *rows, struct db_transaction *transaction, int64_t id,
                              int64_t server_id, struct error *error);
enum status entitlement_rows_only(struct db_rows *rows, struct arena *arena,
                                  struct entitlement *ret_entitlement, struct error *error);

/* What its accounts say of one server. */
void charged_open(struct db_rows *rows, struct db_transaction *transaction, int64_t entitlement_id,
                  int64_t server_id, struct error *error);
enum status charged_rows_only(struct db_rows *rows, struct charged *ret_charged);

void server_open_lock(struct db_rows *rows, struct db_transaction *transaction, int64_t id,
                      struct error *error);
void server_open_of_issue(struct db_rows *rows, struct db_transaction *transaction,
                          int64_t issue_id, struct error *error);
enum status server_rows_only(struct db_rows *rows, struct arena *arena, struct server *ret_server,
                             struct error *error);

void issue_open(struct db_rows *rows, struct db_transaction *transaction, int64_t id,
                struct error *error);
void issue_open_newest(struct db_rows *rows, struct db_transaction *transaction, int64_t server_id,
                       struct error *error);
enum status issue_rows_only(struct db_rows *rows, struct arena *arena, struct issue *ret_issue,
                            struct error *error);

/* The lines of a generation, or of a server's newest one, and one more than `max` if there are. */
void issue_open_lines(struct db_rows *rows, struct db_transaction *transaction, int64_t issue_id,
                      uint32_t max, struct error *error);
void issue_open_newest_lines(struct db_rows *rows, struct db_transaction *transaction,
                             int64_t server_id, uint32_t max, struct error *error);
enum status issue_rows_lines(struct db_rows *rows, uint32_t max, struct issue_line *lines,
                             uint32_t *ret_count, struct error *error);

/* Of whoever has the session of this token, and one more than `max` if there are. */
void membership_open_of_session(struct db_rows *rows, struct db_transaction *transaction,
                                struct text hash, uint32_t max, struct error *error);
enum status membership_rows(struct db_rows *rows, uint32_t max, struct membership *memberships,
                            uint32_t *ret_count, struct error *error);

#endif
