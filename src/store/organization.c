#include "store/organization.h"

#include "db/db.h"

static const char *const kind_names[] = {
    [ORGANIZATION_VENDOR] = "vendor",
    [ORGANIZATION_CUSTOMER] = "customer",
    [ORGANIZATION_PARTNER] = "partner",
};

const char *organization_kind_name(enum organization_kind kind)
{
    return kind_names[kind];
}

/* The CHECK lets no other word in. */
static enum organization_kind organization_kind_of(struct text word)
{
    if (text_is(word, kind_names[ORGANIZATION_VENDOR]))
        return ORGANIZATION_VENDOR;
    return text_is(word, kind_names[ORGANIZATION_CUSTOMER]) ? ORGANIZATION_CUSTOMER
                                                            : ORGANIZATION_PARTNER;
}

enum status store_organization_insert(struct db_transaction *transaction,
                                      const struct organization *organization, int64_t *ret_id,
                                      struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO organization (kind, name, number) VALUES ($1, $2, $3)"
        " ON CONFLICT (number) DO NOTHING RETURNING id";
    int64_t id = 0;
    enum status status =
        db_row(transaction, insert_sql,
               DB_ARGUMENTS(db_text(text_of(kind_names[organization->kind])),
                            db_text(organization->name), db_text(organization->number)),
               DB_COLUMNS(db_ret_int(&id)), error);

    if (status != LICET_OK && status != LICET_NOT_FOUND)
        return status;
    *ret_id = id;
    return LICET_OK;
}

static enum status organization_row(struct db_transaction *transaction, const char *sql,
                                    struct db_arguments arguments, struct arena *arena,
                                    struct organization *ret_organization, struct error *error)
{
    struct organization organization;
    struct text kind;
    enum status status = db_row(transaction, sql, arguments,
                                DB_COLUMNS(db_ret_int(&organization.id), db_ret_text(&kind, arena),
                                           db_ret_text(&organization.name, arena),
                                           db_ret_text(&organization.number, arena)),
                                error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such organisation");
    if (status != LICET_OK)
        return status;
    organization.kind = organization_kind_of(kind);
    *ret_organization = organization;
    return LICET_OK;
}

enum status store_organization_get(struct db_transaction *transaction, int64_t id,
                                   struct arena *arena, struct organization *ret_organization,
                                   struct error *error)
{
    return organization_row(transaction,
                            "SELECT id, kind, name, number FROM organization WHERE id = $1",
                            DB_ARGUMENTS(db_int(id)), arena, ret_organization, error);
}

enum status store_organization_lock(struct db_transaction *transaction, int64_t id,
                                    struct error *error)
{
    int64_t locked;

    return db_row(transaction, "SELECT id FROM organization WHERE id = $1 FOR NO KEY UPDATE",
                  DB_ARGUMENTS(db_int(id)), DB_COLUMNS(db_ret_int(&locked)), error);
}

enum status store_organization_find_number(struct db_transaction *transaction, struct text number,
                                           struct arena *arena,
                                           struct organization *ret_organization,
                                           struct error *error)
{
    return organization_row(transaction,
                            "SELECT id, kind, name, number FROM organization WHERE number = $1",
                            DB_ARGUMENTS(db_text(number)), arena, ret_organization, error);
}

enum status store_organization_list(struct db_transaction *transaction, int64_t person_id,
                                    int64_t after, uint32_t max, struct arena *arena,
                                    struct organization *organizations, uint32_t *ret_count,
                                    struct error *error)
{
    static const char all_sql[] = "SELECT id, kind, name, number FROM organization WHERE id > $1"
                                  " ORDER BY id LIMIT $2";
    static const char own_sql[] =
        "SELECT id, kind, name, number FROM organization WHERE id > $1 AND id IN"
        " (SELECT organization_id FROM membership WHERE person_id = $3) ORDER BY id LIMIT $2";
    struct db_rows rows;
    uint32_t count = 0;
    struct organization organization;
    struct text kind;
    enum status status;

    if (person_id == 0)
        db_rows_open(&rows, transaction, all_sql, DB_ARGUMENTS(db_int(after), db_int(max)), error);
    else
        db_rows_open(&rows, transaction, own_sql,
                     DB_ARGUMENTS(db_int(after), db_int(max), db_int(person_id)), error);
    while (db_rows_next(&rows, DB_COLUMNS(db_ret_int(&organization.id), db_ret_text(&kind, arena),
                                          db_ret_text(&organization.name, arena),
                                          db_ret_text(&organization.number, arena)))) {
        organization.kind = organization_kind_of(kind);
        organizations[count++] = organization;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}
