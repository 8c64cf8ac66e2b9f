/* A store is a database with the portal's schema. */
#include "store/store.h"

#include "store/schema.h"

static struct db *store_db(struct store *store)
{
    return (struct db *)store;
}

static enum status store_open_with(const char *url, const struct db_options *options,
                                   struct store **ret_store, struct error *error)
{
    struct db *db;
    enum status status = db_open(url, options, &db, error);

    if (status == LICET_OK)
        *ret_store = (struct store *)db;
    return status;
}

enum status store_open(const char *url, struct store **ret_store, struct error *error)
{
    struct db_options options = {.migrations = store_migrations};

    return store_open_with(url, &options, ret_store, error);
}

enum status store_open_existing(const char *url, struct store **ret_store, struct error *error)
{
    struct db_options options = {.migrations = store_migrations, .must_exist = true};

    return store_open_with(url, &options, ret_store, error);
}

void store_close(struct store *store)
{
    db_close(store_db(store));
}

static enum status store_ask(struct db_transaction *transaction, void *context, struct error *error)
{
    return db_row(transaction, "SELECT max(number) FROM schema_version", DB_NO_ARGUMENTS,
                  DB_COLUMNS(db_ret_int(context)), error);
}

enum status store_check(struct store *store, struct error *error)
{
    int64_t version;

    return store_read(store, store_ask, &version, error);
}

enum status store_transact(struct store *store,
                           enum status (*run)(struct db_transaction *transaction, void *context,
                                              struct error *error),
                           void *context, struct error *error)
{
    return db_transact(store_db(store), run, context, error);
}

enum status store_read(struct store *store,
                       enum status (*run)(struct db_transaction *transaction, void *context,
                                          struct error *error),
                       void *context, struct error *error)
{
    return db_read(store_db(store), run, context, error);
}
