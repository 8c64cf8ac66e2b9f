/*
 * The schema's numbered steps. Table schema_version has a row for each that was applied, with the
 * hash of its text: a step that was edited later would leave two databases that differ without
 * anybody knowing.
 */
#include <sodium.h>

#include "base/clock.h"
#include "base/parse.h"
#include "db/engine.h"

#define CHECKSUM_BYTES 32

struct migrating {
    struct db *db;
    const struct db_migration *next; /* the first that is not applied; number 0: none is left */
};

static const char table_sql[] = "CREATE TABLE IF NOT EXISTS schema_version ("
                                "number BIGINT PRIMARY KEY, name TEXT NOT NULL,"
                                " checksum TEXT NOT NULL, applied BIGINT NOT NULL)";
static const char applied_sql[] = "SELECT number, checksum FROM schema_version ORDER BY number";
static const char insert_sql[] = "INSERT INTO schema_version (number, name, checksum, applied)"
                                 " VALUES ($1, $2, $3, $4)";

static struct text migration_checksum(const struct db *db, const struct db_migration *migration,
                                      char digits[2 * CHECKSUM_BYTES])
{
    const char *text = db->engine->migration_text(migration);
    struct buf buf = buf_over(digits, 2 * CHECKSUM_BYTES);
    uint8_t hash[CHECKSUM_BYTES];

    crypto_generichash(hash, sizeof(hash), (const uint8_t *)text, strlen(text), NULL, 0);
    print_hex(hash, sizeof(hash), &buf);
    return buf_text(&buf);
}

/* What is applied must be the beginning of what we know. */
static enum status migration_compare(const struct db *db, const struct db_migration *known,
                                     int64_t number, struct text checksum, struct error *error)
{
    char digits[2 * CHECKSUM_BYTES];

    if (known->number == 0)
        return error_set(
            error, LICET_UNSUPPORTED,
            "the database has step %lld of the schema, which is newer than this program: install "
            "the program's newer version",
            (long long)number);
    if (known->number != number)
        return error_set(error, LICET_DAMAGED,
                         "the database has step %lld of the schema where this program has %lld",
                         (long long)number, (long long)known->number);
    if (!text_equal(migration_checksum(db, known, digits), checksum))
        return error_set(error, LICET_DAMAGED,
                         "step %lld of the schema (%s) is not the one that this database got: "
                         "install the program that made it, or a newer one",
                         (long long)number, known->name);
    return LICET_OK;
}

static enum status migrating_find_next(struct migrating *migrating,
                                       struct db_transaction *transaction, struct error *error)
{
    char place[4 * CHECKSUM_BYTES];
    enum status status = LICET_OK;
    struct db_rows rows;
    int64_t number;
    struct text checksum;
    struct arena arena = arena_over(place, sizeof(place));
    enum status end;

    db_rows_open(&rows, transaction, applied_sql, DB_NO_ARGUMENTS, error);
    while (status == LICET_OK &&
           db_rows_next(&rows, DB_COLUMNS(db_ret_int(&number), db_ret_text(&checksum, &arena)))) {
        status = migration_compare(migrating->db, migrating->next, number, checksum, error);
        migrating->next++;
        arena = arena_over(place, sizeof(place));
    }
    end = db_rows_close(&rows);
    return status == LICET_OK ? end : status;
}

static enum status migrating_apply(struct migrating *migrating, struct db_transaction *transaction,
                                   struct error *error)
{
    const struct db_migration *migration = migrating->next;
    char digits[2 * CHECKSUM_BYTES];
    enum status status = migrating->db->engine->script(
        transaction, migrating->db->engine->migration_text(migration), error);

    if (status != LICET_OK)
        return status;
    return db_execute(transaction, insert_sql,
                      DB_ARGUMENTS(db_int(migration->number), db_text(text_of(migration->name)),
                                   db_text(migration_checksum(migrating->db, migration, digits)),
                                   db_int(clock_unix().s)),
                      NULL, error);
}

/* One step in one transaction. Writers take turns; whoever waited reads again what is there. */
static enum status migrating_step(struct db_transaction *transaction, void *context,
                                  struct error *error)
{
    struct migrating *migrating = context;
    enum status status;

    migrating->next = migrating->db->options.migrations;
    status = db_execute(transaction, table_sql, DB_NO_ARGUMENTS, NULL, error);
    if (status == LICET_OK)
        status = migrating_find_next(migrating, transaction, error);
    if (status != LICET_OK || migrating->next->number == 0)
        return status;
    return migrating_apply(migrating, transaction, error);
}

static enum status migrating_look(struct db_transaction *transaction, void *context,
                                  struct error *error)
{
    struct migrating *migrating = context;
    enum status status;

    migrating->next = migrating->db->options.migrations;
    status = migrating_find_next(migrating, transaction, error);
    if (status != LICET_OK || migrating->next->number == 0)
        return status;
    return error_set(error, LICET_UNSUPPORTED,
                     "the database lacks step %lld of the schema: start the program's own daemon "
                     "first, which brings it to this version",
                     (long long)migrating->next->number);
}

enum status db_migrate(struct db *db, struct error *error)
{
    struct migrating migrating = {.db = db};
    enum status status;

    if (db->options.migrations == NULL)
        return LICET_OK;
    if (db->options.must_exist)
        return db_read(db, migrating_look, &migrating, error);
    do
        status = db_transact(db, migrating_step, &migrating, error);
    while (status == LICET_OK && migrating.next->number != 0);
    return status;
}
