/* licet-portal init: the database, and the one-time token by which the first person comes in. */
#include <sodium.h>

#include "base/clock.h"
#include "base/secret.h"
#include "portal/portal.h"
#include "store/person.h"
#include "store/session.h"
#include "store/store.h"

#define SETUP_MINUTES 15

struct init {
    uint8_t hash[TOKEN_HASH_BYTES];
    struct unix_time ends;
};

static enum status init_store(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    const struct init *init = context;
    int64_t count;
    enum status status = store_person_count(transaction, &count, error);

    if (status != LICET_OK)
        return status;
    /* Security: whoever may start programs here is not for that staff of the vendor. */
    if (count > 0)
        return error_set(error, LICET_CONFLICT,
                         "this portal has been set up: a person of its staff invites others");
    return store_one_time_insert(transaction, text_make(init->hash, sizeof(init->hash)), 0,
                                 init->ends, error);
}

enum status portal_init(const struct portal_options *options, FILE *file, struct error *error)
{
    struct init init = {.ends = {clock_unix().s + (int64_t)SETUP_MINUTES * 60}};
    char token[TOKEN_TEXT_BYTES + 1];
    struct store *store;
    enum status status = store_open(options->database, &store, error);

    if (status != LICET_OK)
        return status;
    token_make(token);
    token_hash(text_of(token), init.hash);
    status = store_transact(store, init_store, &init, error);
    store_close(store);
    if (status == LICET_OK)
        fprintf(file, "%s\n", token);
    sodium_memzero(token, sizeof(token));
    return status;
}
