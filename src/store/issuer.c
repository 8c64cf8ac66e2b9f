#include "store/issuer.h"

#include "db/db.h"

enum status store_issuer_take(struct db_transaction *transaction, int64_t *ret_fence,
                              struct error *error)
{
    return db_row(transaction, "UPDATE issuer SET fence = fence + 1 WHERE id = 1 RETURNING fence",
                  DB_NO_ARGUMENTS, DB_COLUMNS(db_ret_int(ret_fence)), error);
}

enum status store_issuer_lock(struct db_transaction *transaction, int64_t fence,
                              struct arena *arena, int64_t *ret_log_size,
                              struct text *ret_log_frontier, struct error *error)
{
    static const char lock_sql[] =
        "SELECT fence, log_size, log_frontier FROM issuer WHERE id = 1 FOR NO KEY UPDATE";
    int64_t stored;
    enum status status = db_row(transaction, lock_sql, DB_NO_ARGUMENTS,
                                DB_COLUMNS(db_ret_int(&stored), db_ret_int(ret_log_size),
                                           db_ret_bytes(ret_log_frontier, arena)),
                                error);

    if (status == LICET_OK && stored != fence)
        return error_set(error, LICET_CONFLICT, "another portal issues the files of this vendor");
    return status;
}

enum status store_issuer_set_log(struct db_transaction *transaction, int64_t log_size,
                                 struct text log_frontier, struct error *error)
{
    return db_execute(transaction,
                      "UPDATE issuer SET log_size = $1, log_frontier = $2 WHERE id = 1",
                      DB_ARGUMENTS(db_int(log_size), db_bytes(log_frontier)), NULL, error);
}
