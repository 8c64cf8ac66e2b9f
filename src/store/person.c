#include "store/person.h"

#include "store/rows.h"

static const char *const role_names[MEMBER_ROLES_COUNT] = {
    [MEMBER_STAFF] = "staff",
    [MEMBER_PARTNER] = "partner",
    [MEMBER_ADMINISTRATOR] = "administrator",
    [MEMBER_VIEWER] = "viewer",
};

const char *member_role_name(enum member_role role)
{
    return role_names[role];
}

/* The CHECK lets no other word in. */
static enum member_role member_role_of(struct text word)
{
    int role = 0;

    while (role < MEMBER_VIEWER && !text_is(word, role_names[role]))
        role++;
    return (enum member_role)role;
}

enum status store_person_insert(struct db_transaction *transaction, const struct person *person,
                                int64_t *ret_id, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO person (email, name, password_hash, created) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (email) DO NOTHING RETURNING id";
    enum status status =
        db_row(transaction, insert_sql,
               DB_ARGUMENTS(db_text(person->email), db_text(person->name),
                            db_text_or_null(person->password_hash), db_int(person->created.s)),
               DB_COLUMNS(db_ret_int(ret_id)), error);

    return status == LICET_NOT_FOUND
               ? error_set(error, LICET_CONFLICT, "somebody has this e-mail address already")
               : status;
}

static enum status person_row(struct db_transaction *transaction, const char *sql,
                              struct db_argument argument, struct arena *arena,
                              struct person *ret_person, struct error *error)
{
    struct person person;
    enum status status =
        db_row(transaction, sql, DB_ARGUMENTS(argument),
               DB_COLUMNS(db_ret_int(&person.id), db_ret_text(&person.email, arena),
                          db_ret_text(&person.name, arena),
                          db_ret_text_or_null(&person.password_hash, arena),
                          db_ret_int(&person.created.s)),
               error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such person");
    if (status == LICET_OK)
        *ret_person = person;
    return status;
}

enum status store_person_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct person *ret_person, struct error *error)
{
    return person_row(transaction,
                      "SELECT id, email, name, password_hash, created FROM person WHERE id = $1",
                      db_int(id), arena, ret_person, error);
}

enum status store_person_find_email(struct db_transaction *transaction, struct text email,
                                    struct arena *arena, struct person *ret_person,
                                    struct error *error)
{
    return person_row(transaction,
                      "SELECT id, email, name, password_hash, created FROM person WHERE email = $1",
                      db_text(email), arena, ret_person, error);
}

enum status store_person_set_password(struct db_transaction *transaction, int64_t id,
                                      struct text password_hash, struct error *error)
{
    return db_execute(transaction, "UPDATE person SET password_hash = $2 WHERE id = $1",
                      DB_ARGUMENTS(db_int(id), db_text(password_hash)), NULL, error);
}

enum status store_person_count(struct db_transaction *transaction, int64_t *ret_count,
                               struct error *error)
{
    return db_row(transaction, "SELECT count(*) FROM person", DB_NO_ARGUMENTS,
                  DB_COLUMNS(db_ret_int(ret_count)), error);
}

enum status store_membership_insert(struct db_transaction *transaction, int64_t person_id,
                                    int64_t organization_id, enum member_role role,
                                    struct unix_time now, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO membership (person_id, organization_id, role, created)"
        " VALUES ($1, $2, $3, $4) ON CONFLICT (person_id, organization_id, role) DO NOTHING";

    return db_execute(transaction, insert_sql,
                      DB_ARGUMENTS(db_int(person_id), db_int(organization_id),
                                   db_text(text_of(role_names[role])), db_int(now.s)),
                      NULL, error);
}

enum status store_membership_delete(struct db_transaction *transaction, int64_t person_id,
                                    int64_t organization_id, struct error *error)
{
    static const char delete_sql[] =
        "DELETE FROM membership WHERE person_id = $1 AND organization_id = $2";
    int64_t changes;
    enum status status =
        db_execute(transaction, delete_sql,
                   DB_ARGUMENTS(db_int(person_id), db_int(organization_id)), &changes, error);

    if (status == LICET_OK && changes == 0)
        return error_set(error, LICET_NOT_FOUND, "there is no such person in this organisation");
    return status;
}

void membership_open_of_session(struct db_rows *rows, struct db_transaction *transaction,
                                struct text hash, uint32_t max, struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT organization_id, role FROM membership WHERE person_id = (SELECT"
                 " session.person_id FROM session WHERE session.hash = $1)"
                 " ORDER BY organization_id LIMIT $2",
                 DB_ARGUMENTS(db_bytes(hash), db_int((int64_t)max + 1)), error);
}

enum status membership_rows(struct db_rows *rows, uint32_t max, struct membership *memberships,
                            uint32_t *ret_count, struct error *error)
{
    char place[256]; /* a role's name with its NUL */
    struct text role;
    struct arena arena = arena_over(place, sizeof(place));
    uint32_t count = 0;
    int64_t organization_id;
    enum status status;

    while (count <= max && db_rows_next(rows, DB_COLUMNS(db_ret_int(&organization_id),
                                                         db_ret_text(&role, &arena)))) {
        if (count < max)
            memberships[count] = (struct membership){organization_id, member_role_of(role)};
        count++;
        arena = arena_over(place, sizeof(place));
    }
    status = db_rows_close(rows);
    if (status == LICET_OK && count > max)
        return error_set(error, LICET_OVER_LIMIT, "more than %u memberships of one person", max);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_membership_list(struct db_transaction *transaction, int64_t person_id,
                                  uint32_t max, struct membership *memberships, uint32_t *ret_count,
                                  struct error *error)
{
    static const char list_sql[] = "SELECT organization_id, role FROM membership"
                                   " WHERE person_id = $1 ORDER BY organization_id LIMIT $2";
    struct db_rows rows;

    db_rows_open(&rows, transaction, list_sql,
                 DB_ARGUMENTS(db_int(person_id), db_int((int64_t)max + 1)), error);
    return membership_rows(&rows, max, memberships, ret_count, error);
}

enum status store_member_list(struct db_transaction *transaction, int64_t organization_id,
                              int64_t after, uint32_t max, struct arena *arena,
                              struct member *members, uint32_t *ret_count, struct error *error)
{
    static const char list_sql[] =
        "SELECT p.id, p.email, p.name, p.created,"
        " CASE WHEN p.password_hash IS NULL THEN 0 ELSE 1 END, m.role"
        " FROM membership m JOIN person p ON p.id = m.person_id"
        " WHERE m.organization_id = $1 AND p.id > $2 ORDER BY p.id, m.role LIMIT $3";
    struct db_rows rows;
    struct member member = {.role = MEMBER_VIEWER};
    struct text role;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, list_sql,
                 DB_ARGUMENTS(db_int(organization_id), db_int(after), db_int(max)), error);
    while (db_rows_next(
        &rows,
        DB_COLUMNS(db_ret_int(&member.person.id), db_ret_text(&member.person.email, arena),
                   db_ret_text(&member.person.name, arena), db_ret_int(&member.person.created.s),
                   db_ret_bool(&member.has_password), db_ret_text(&role, arena)))) {
        member.role = member_role_of(role);
        members[count++] = member;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}
