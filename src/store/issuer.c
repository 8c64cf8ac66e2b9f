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

enum status store_checkpoint_insert(struct db_transaction *transaction,
                                    const struct checkpoint *checkpoint, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO checkpoint (log_size, root, issued, text) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (log_size) DO NOTHING";

    return db_execute(transaction, insert_sql,
                      DB_ARGUMENTS(db_int(checkpoint->log_size), db_text(checkpoint->root),
                                   db_int(checkpoint->issued.s), db_bytes(checkpoint->text)),
                      NULL, error);
}

enum status store_checkpoint_newest(struct db_transaction *transaction, struct arena *arena,
                                    struct checkpoint *ret_checkpoint, struct error *error)
{
    static const char newest_sql[] =
        "SELECT log_size, root, issued, text FROM checkpoint ORDER BY log_size DESC LIMIT 1";
    struct checkpoint checkpoint;
    enum status status =
        db_row(transaction, newest_sql, DB_NO_ARGUMENTS,
               DB_COLUMNS(db_ret_int(&checkpoint.log_size), db_ret_text(&checkpoint.root, arena),
                          db_ret_int(&checkpoint.issued.s), db_ret_bytes(&checkpoint.text, arena)),
               error);

    if (status == LICET_OK)
        *ret_checkpoint = checkpoint;
    return status;
}
