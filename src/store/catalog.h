/* What the vendor sells: products, their editions by rank, and releases with their dates. */
#ifndef LICET_STORE_CATALOG_H
#define LICET_STORE_CATALOG_H

#include "base/arena.h"
#include "base/status.h"

struct db_transaction;

struct product {
    int64_t id;
    struct text name;
    bool is_bound_by_name; /* R3.2: a file by a bare host name at once, without a key */
    bool is_whole_only;    /* an entitlement is allocated whole, to one server */
};

/* An edition is one feature; its policy stands on the lines of license files. */
struct edition {
    int64_t id;
    int64_t product_id;
    struct text feature;
    struct text name;
    uint32_t rank; /* 1 is the lowest; serves the features of all lower ones (covers=) */
    uint32_t overdraft_percent;
    uint32_t ttl_s, drain_s, grace_s, borrow_s;
};

struct release {
    int64_t id;
    int64_t product_id;
    struct text version;
    struct text released; /* its date: what a maintenance date is compared with */
};

/* LICET_CONFLICT where the name (of an edition: feature or rank; of a release: version) is taken.
 * LICET_NOT_FOUND: there is no such product. */
enum status store_product_insert(struct db_transaction *transaction, const struct product *product,
                                 int64_t *ret_id, struct error *error);
enum status store_edition_insert(struct db_transaction *transaction, const struct edition *edition,
                                 int64_t *ret_id, struct error *error);
enum status store_release_insert(struct db_transaction *transaction, const struct release *release,
                                 int64_t *ret_id, struct error *error);

enum status store_product_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct product *ret_product, struct error *error);
enum status store_edition_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                              struct edition *ret_edition, struct error *error);

/* By ascending id, above `after`. */
enum status store_product_list(struct db_transaction *transaction, int64_t after, uint32_t max,
                               struct arena *arena, struct product *products, uint32_t *ret_count,
                               struct error *error);
enum status store_edition_list(struct db_transaction *transaction, int64_t product_id,
                               int64_t after, uint32_t max, struct arena *arena,
                               struct edition *editions, uint32_t *ret_count, struct error *error);
enum status store_release_list(struct db_transaction *transaction, int64_t product_id,
                               int64_t after, uint32_t max, struct arena *arena,
                               struct release *releases, uint32_t *ret_count, struct error *error);

#endif
