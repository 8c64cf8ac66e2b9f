/* People, and which organisations they belong to in what role. */
#ifndef LICET_STORE_PERSON_H
#define LICET_STORE_PERSON_H

#include "base/arena.h"
#include "base/status.h"
#include "base/time.h"
#include "store/organization.h"

struct person {
    int64_t id;
    struct text email; /* lower case */
    struct text name;
    struct text password_hash; /* data NULL: invited, and has not come yet */
    struct unix_time created;
};

/* LICET_CONFLICT where somebody has the address. */
enum status store_person_insert(struct db_transaction *transaction, const struct person *person,
                                int64_t *ret_id, struct error *error);
enum status store_person_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct person *ret_person, struct error *error);
enum status store_person_find_email(struct db_transaction *transaction, struct text email,
                                    struct arena *arena, struct person *ret_person,
                                    struct error *error);
enum status store_person_set_password(struct db_transaction *transaction, int64_t id,
                                      struct text password_hash, struct error *error);
/* How many there are. */
enum status store_person_count(struct db_transaction *transaction, int64_t *ret_count,
                               struct error *error);

enum member_role {
    MEMBER_STAFF,
    MEMBER_PARTNER,
    MEMBER_ADMINISTRATOR,
    MEMBER_VIEWER,
};
#define MEMBER_ROLES_COUNT 4

const char *member_role_name(enum member_role role);

/* Nothing happens where it is so already. */
enum status store_membership_insert(struct db_transaction *transaction, int64_t person_id,
                                    int64_t organization_id, enum member_role role,
                                    struct unix_time now, struct error *error);
/* All roles of a person at an organisation. LICET_NOT_FOUND where there are none. */
enum status store_membership_delete(struct db_transaction *transaction, int64_t person_id,
                                    int64_t organization_id, struct error *error);

struct membership {
    int64_t organization_id;
    enum member_role role;
};

/* LICET_OVER_LIMIT where there are more than `max`. */
enum status store_membership_list(struct db_transaction *transaction, int64_t person_id,
                                  uint32_t max, struct membership *memberships, uint32_t *ret_count,
                                  struct error *error);

struct member {
    struct person person; /* without its password_hash */
    bool has_password;
    enum member_role role;
};

/* The people of an organisation, by ascending id above `after`, a row for each role. */
enum status store_member_list(struct db_transaction *transaction, int64_t organization_id,
                              int64_t after, uint32_t max, struct arena *arena,
                              struct member *members, uint32_t *ret_count, struct error *error);

#endif
