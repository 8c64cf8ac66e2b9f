/* Organisations: the vendor, its customers, its partners. */
#ifndef LICET_STORE_ORGANIZATION_H
#define LICET_STORE_ORGANIZATION_H

#include "base/arena.h"
#include "base/status.h"

struct db_transaction;

enum organization_kind {
    ORGANIZATION_VENDOR,
    ORGANIZATION_CUSTOMER,
    ORGANIZATION_PARTNER,
};

const char *organization_kind_name(enum organization_kind kind);

struct organization {
    int64_t id;
    enum organization_kind kind;
    struct text name;
    struct text number; /* C-4829137 */
};

/* *ret_id is 0 where the number is taken: draw another. */
enum status store_organization_insert(struct db_transaction *transaction,
                                      const struct organization *organization, int64_t *ret_id,
                                      struct error *error);
enum status store_organization_get(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct organization *ret_organization,
                                   struct error *error);
/* Keeps the row until the transaction ends: before entitlements and license servers (R6.8). */
enum status store_organization_lock(struct db_transaction *transaction, int64_t id,
                                    struct error *error);
enum status store_organization_find_number(struct db_transaction *transaction, struct text number,
                                           struct arena *arena,
                                           struct organization *ret_organization,
                                           struct error *error);
/* By ascending id, above `after`. With a person: those that she belongs to; 0: all. */
enum status store_organization_list(struct db_transaction *transaction, int64_t person_id,
                                    int64_t after, uint32_t max, struct arena *arena,
                                    struct organization *organizations, uint32_t *ret_count,
                                    struct error *error);

#endif
