/* The frame of the portal's tables: opened, used and opened again on each engine. */
#include "unit/db/engines.h"

#include "store/store.h"

static const char count_sql[] = "SELECT count(*) FROM schema_version";

static enum status versions_count(struct db_transaction *transaction, void *context,
                                  struct error *error)
{
    int64_t *count = context;

    return db_row(transaction, count_sql, DB_NO_ARGUMENTS, DB_COLUMNS(db_ret_int(count)), error);
}

/* Writes, and then decides against it. */
static enum status write_and_refuse(struct db_transaction *transaction, void *context,
                                    struct error *error)
{
    enum status status = db_execute(transaction,
                                    "INSERT INTO schema_version (number, name, checksum, applied)"
                                    " VALUES (9999, 'x', 'x', 0)",
                                    DB_NO_ARGUMENTS, NULL, error);

    (void)context;
    return status == LICET_OK ? error_set(error, LICET_FORBIDDEN, "not you") : status;
}

static void test_store(struct engine *engine)
{
    struct error error = {0};
    struct store *store = NULL;
    int64_t before = -1;
    int64_t after = -2;

    engine_ok(engine, store_open(engine->url, &store, &error) == LICET_OK, "the store opens");
    engine_ok(engine, store_read(store, versions_count, &before, NULL) == LICET_OK && before >= 0,
              "and has the tables of its schema");
    engine_ok(engine,
              store_transact(store, write_and_refuse, NULL, &error) == LICET_FORBIDDEN &&
                  strcmp(error.text, "not you") == 0,
              "a transaction that refuses says so in its own words");
    store_close(store);
    engine_ok(engine, store_open(engine->url, &store, NULL) == LICET_OK, "it opens again");
    engine_ok(engine,
              store_transact(store, versions_count, &after, NULL) == LICET_OK && before == after,
              "as it was left");
    store_close(store);
}

/* ---- Two texts of one schema */

/* Of every column: its table, its name, its type and whether it must have a value. */
static const char sqlite_columns_sql[] =
    "SELECT t.name || '.' || c.name || CASE c.type WHEN 'INTEGER' THEN ' number' WHEN 'BIGINT'"
    " THEN ' number' WHEN 'BLOB' THEN ' bytes' ELSE ' text' END"
    " || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN ' always' ELSE '' END AS line"
    " FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
    " ORDER BY t.name || '.' || c.name";
static const char postgresql_columns_sql[] =
    "SELECT table_name || '.' || column_name || CASE data_type WHEN 'bigint' THEN ' number'"
    " WHEN 'bytea' THEN ' bytes' ELSE ' text' END"
    " || CASE is_nullable WHEN 'NO' THEN ' always' ELSE '' END AS line"
    " FROM information_schema.columns WHERE table_schema = 'public'"
    " ORDER BY (table_name || '.' || column_name) COLLATE \"C\"";

#define COLUMNS_MAX 512

struct columns {
    const char *sql;
    struct arena arena;
    struct text lines[COLUMNS_MAX];
    size_t count;
};

static enum status columns_read(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    struct columns *columns = context;
    struct db_rows rows;

    columns->count = 0;
    db_rows_open(&rows, transaction, columns->sql, DB_NO_ARGUMENTS, error);
    while (columns->count < COLUMNS_MAX &&
           db_rows_next(&rows,
                        DB_COLUMNS(db_ret_text(&columns->lines[columns->count], &columns->arena))))
        columns->count++;
    return db_rows_close(&rows);
}

static struct columns columns_of[2];
static int columns_index;

static void collect_columns(struct engine *engine)
{
    static char places[2][65536];
    struct columns *columns = &columns_of[columns_index];
    struct store *store = NULL;

    columns->sql = columns_index == 0 ? sqlite_columns_sql : postgresql_columns_sql;
    columns->arena = arena_over(places[columns_index++], sizeof(places[0]));
    if (store_open(engine->url, &store, NULL) != LICET_OK)
        return;
    engine_ok(engine, store_read(store, columns_read, columns, NULL) == LICET_OK,
              "the schema can be read");
    store_close(store);
}

static void test_schemas(void)
{
    size_t differing = 0;

    on_engines(collect_columns);
    for (size_t index = 0; index < columns_of[0].count; index++) {
        if (text_equal(columns_of[0].lines[index], columns_of[1].lines[index]))
            continue;
        printf("# SQLite %.*s, PostgreSQL %.*s\n", TEXT_ARGS(columns_of[0].lines[index]),
               TEXT_ARGS(columns_of[1].lines[index]));
        differing++;
    }
    ok(columns_of[0].count > 4 && columns_of[0].count == columns_of[1].count && differing == 0,
       "both engines have the same tables and columns");
}

int main(void)
{
    struct store *store = NULL;

    on_engines(test_store);
    test_schemas();
    ok(store_open("file.db", &store, NULL) == LICET_INVALID && store == NULL,
       "a name without an engine is refused");
    store_close(NULL);
    return tap_done();
}
