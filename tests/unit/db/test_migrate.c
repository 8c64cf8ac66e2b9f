/* The schema's steps: each whole, killed wherever; no surprise of another version is let in. */
#include "unit/db/engines.h"

#include <signal.h>
#include <stdatomic.h>

static const struct db_migration schema[] = {
    {.number = 1,
     .name = "people",
     .sqlite = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
               "CREATE UNIQUE INDEX person_name ON person (name);\n"
               "INSERT INTO person (name) VALUES ('semi;colon -- no comment');\n"
               "-- the end;\n",
     .postgresql =
         "CREATE TABLE person (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT NOT"
         " NULL);\n"
         "CREATE UNIQUE INDEX person_name ON person (name);\n"
         "INSERT INTO person (name) VALUES ('semi;colon -- no comment');\n"
         "-- the end;\n"},
    {.number = 2,
     .name = "states",
     .sqlite = "ALTER TABLE person ADD COLUMN state TEXT NOT NULL DEFAULT 'new';\n"
               "UPDATE person SET state = 'old';\n",
     .postgresql = "ALTER TABLE person ADD COLUMN state TEXT NOT NULL DEFAULT 'new';\n"
                   "UPDATE person SET state = 'old';\n"},
    {.number = 5,
     .name = "guard",
     .sqlite = "CREATE TRIGGER person_kept BEFORE DELETE ON person BEGIN"
               " SELECT RAISE(ABORT, 'kept'); END;\n",
     .postgresql = "CREATE FUNCTION person_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                   " RAISE check_violation; END $$;\n"
                   "CREATE TRIGGER person_kept BEFORE DELETE ON person FOR EACH ROW"
                   " EXECUTE FUNCTION person_kept();\n"},
    {0},
};

static bool schema_is_whole(struct db *db)
{
    return number_of(db, "SELECT count(*) FROM person WHERE state = 'old'"
                         " AND name = 'semi;colon -- no comment'") == 1 &&
           number_of(db, "SELECT count(*) FROM schema_version") == 3 &&
           execute(db, "INSERT INTO person (name) VALUES ('semi;colon -- no comment')") ==
               LICET_CONFLICT &&
           execute(db, "DELETE FROM person") == LICET_CONFLICT;
}

/* ---- Killed at every statement */

static atomic_int statements_left;

static void kill_at_last(void *context, const char *sql)
{
    (void)context;
    (void)sql;
    if (statements_left-- == 0)
        raise(SIGKILL);
}

/* False when the schema was whole before its turn to die came. */
static bool killed_at(const struct engine *engine, int statement)
{
    int state = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        statements_left = statement;
        open_with(engine, (struct db_options){.migrations = schema, .trace = kill_at_last});
        _exit(0);
    }
    waitpid(child, &state, 0);
    return WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL;
}

static int deaths;
static int damages;

static void die_once(struct engine *engine)
{
    struct db *db;

    if (!killed_at(engine, deaths)) {
        deaths = -deaths;
        return;
    }
    deaths++;
    db = open_with(engine, (struct db_options){.migrations = schema});
    damages += schema_is_whole(db) ? 0 : 1;
    db_close(db);
}

static void test_killed(void (*on_engine)(void (*test)(struct engine *engine)), const char *name)
{
    deaths = 0;
    damages = 0;
    while (deaths >= 0)
        on_engine(die_once);
    printf("# %s: died at %d statements\n", name, -deaths);
    ok(-deaths >= 20, "%s: every statement of three migrations was a place to die", name);
    ok(damages == 0, "%s: killed at any of them, the next start completes the schema", name);
}

/* ---- Other versions */

static enum status open_other(const struct engine *engine, const struct db_migration *steps,
                              struct error *error)
{
    struct db_options options = {.migrations = steps};
    struct db *db = NULL;
    enum status status = db_open(engine->url, &options, &db, error);

    db_close(db);
    return status;
}

static void test_versions(struct engine *engine)
{
    struct db_migration older[] = {schema[0], schema[1], {0}};
    struct db_migration edited[] = {schema[0], schema[1], schema[2], {0}};
    struct db_migration filled[] = {schema[0], schema[1], schema[1], schema[2], {0}};
    struct db_migration failing[] = {
        schema[0],
        schema[1],
        schema[2],
        {.number = 6,
         .name = "failing",
         .sqlite = "CREATE TABLE half (id BIGINT); SELECT * FROM nowhere;\n",
         .postgresql = "CREATE TABLE half (id BIGINT);\nSELECT * FROM nowhere;\n"},
        {0}};
    struct error error = {0};
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});

    engine_ok(engine, schema_is_whole(db), "three steps make the schema");
    db_close(db);
    engine_ok(engine, open_other(engine, schema, NULL) == LICET_OK, "and are not taken again");
    engine_ok(engine,
              open_other(engine, older, &error) == LICET_UNSUPPORTED &&
                  strstr(error.text, "newer than this program") != NULL,
              "a schema that is newer than the program is refused");
    edited[1].sqlite = edited[1].postgresql = "UPDATE person SET state = 'older';\n";
    engine_ok(engine,
              open_other(engine, edited, &error) == LICET_DAMAGED &&
                  strstr(error.text, "states") != NULL,
              "a step that was edited after it was taken is refused by name");
    filled[2].number = 3;
    engine_ok(engine, open_other(engine, filled, NULL) == LICET_DAMAGED,
              "so is a step between two that were taken");
    engine_ok(engine, open_other(engine, failing, NULL) == LICET_SYSTEM, "a step that fails");
    db = open_with(engine, (struct db_options){.migrations = schema});
    engine_ok(engine, schema_is_whole(db) && execute(db, "DROP TABLE half") == LICET_SYSTEM,
              "leaves nothing behind");
    db_close(db);
}

/* ---- Two at once */

static void wait_a_little(void *context, const char *sql)
{
    (void)context;
    if (strncmp(sql, "UPDATE person", 13) == 0)
        usleep(200000); /* makes the overlap likely; the result does not hang on it */
}

static void test_two(struct engine *engine)
{
    enum {
        PROCESSES = 4
    };
    pid_t children[PROCESSES];
    int failures = 0;
    struct db *db;

    fflush(stdout);
    for (int index = 0; index < PROCESSES; index++) {
        children[index] = fork();
        if (children[index] == 0) {
            db = open_with(engine,
                           (struct db_options){.migrations = schema, .trace = wait_a_little});
            _exit(schema_is_whole(db) ? 0 : 1);
        }
    }
    for (int index = 0; index < PROCESSES; index++) {
        int state = -1;

        waitpid(children[index], &state, 0);
        failures += state != 0;
    }
    engine_ok(engine, failures == 0,
              "of processes that open at once one migrates, the others wait");
    db = open_with(engine, (struct db_options){.migrations = schema});
    engine_ok(engine, schema_is_whole(db), "and the schema is whole");
    db_close(db);
}

int main(void)
{
    test_killed(on_sqlite, "SQLite");
    test_killed(on_postgresql, "PostgreSQL");
    on_engines(test_versions);
    on_engines(test_two);
    return tap_done();
}
