#include "store/idempotency.h"

#include "db/db.h"

#define HASH_BYTES_MAX 64

static enum status idempotency_read(struct db_transaction *transaction,
                                    const struct idempotency *idempotency, int64_t *ret_resource_id,
                                    struct error *error)
{
    static const char find_sql[] = "SELECT hash, resource_id FROM idempotency"
                                   " WHERE person_id = $1 AND act = $2 AND key = $3";
    char place[HASH_BYTES_MAX + 16];
    struct arena arena = arena_over(place, sizeof(place));
    struct text hash;
    int64_t resource_id;
    enum status status =
        db_row(transaction, find_sql,
               DB_ARGUMENTS(db_int(idempotency->person_id), db_text(idempotency->act),
                            db_text(idempotency->key)),
               DB_COLUMNS(db_ret_bytes(&hash, &arena), db_ret_int_or_null(&resource_id)), error);

    if (status != LICET_OK)
        return status;
    if (!text_equal(hash, idempotency->hash))
        return error_set(error, LICET_CONFLICT,
                         "this Idempotency-Key was used for another call; take a new one");
    *ret_resource_id = resource_id;
    return LICET_OK;
}

enum status store_idempotency_take(struct db_transaction *transaction,
                                   const struct idempotency *idempotency, struct unix_time now,
                                   bool *ret_is_new, int64_t *ret_resource_id, struct error *error)
{
    static const char take_sql[] =
        "INSERT INTO idempotency (person_id, act, key, hash, created) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (person_id, act, key) DO NOTHING";
    int64_t changes;
    enum status status = db_execute(
        transaction, take_sql,
        DB_ARGUMENTS(db_int(idempotency->person_id), db_text(idempotency->act),
                     db_text(idempotency->key), db_bytes(idempotency->hash), db_int(now.s)),
        &changes, error);

    if (status != LICET_OK)
        return status;
    *ret_is_new = changes == 1;
    return *ret_is_new ? LICET_OK
                       : idempotency_read(transaction, idempotency, ret_resource_id, error);
}

enum status store_idempotency_set(struct db_transaction *transaction,
                                  const struct idempotency *idempotency, int64_t resource_id,
                                  struct error *error)
{
    static const char set_sql[] = "UPDATE idempotency SET resource_id = $4"
                                  " WHERE person_id = $1 AND act = $2 AND key = $3";

    return db_execute_later(transaction, set_sql,
                            DB_ARGUMENTS(db_int(idempotency->person_id), db_text(idempotency->act),
                                         db_text(idempotency->key), db_int_or_null(resource_id)),
                            error);
}
