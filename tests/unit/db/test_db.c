/* Transactions, typed statements and migrations on a real SQLite file, killed where it hurts. */
#include "db/db.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char folder[] = "/tmp/licet-db-XXXXXX";
static struct error error;

static const struct db_migration migrations[] = {
    {1, "people",
     "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT UNIQUE, picture BLOB,"
     " age INTEGER CHECK (age < 200)) STRICT;"
     "CREATE TABLE pet (person_id INTEGER NOT NULL REFERENCES person) STRICT;",
     NULL},
    {2, "counts",
     "CREATE TABLE tally (id INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;"
     "INSERT INTO tally VALUES (1, 0);"
     "INSERT INTO person (name) VALUES ('first');",
     NULL},
    {.number = 0},
};

struct tracing {
    unsigned commits, statements, die_at;
};

static void trace_run(void *context, const char *sql)
{
    struct tracing *tracing = context;

    tracing->commits += strcmp(sql, "COMMIT") == 0;
    if (++tracing->statements == tracing->die_at)
        raise(SIGKILL);
}

static struct db *open_as(const char *name, const struct db_migration *steps,
                          struct tracing *tracing, enum status *ret_status)
{
    struct db_options options = {
        .migrations = steps,
        .trace = tracing == NULL ? NULL : trace_run,
        .trace_context = tracing,
    };
    char url[128];
    struct db *db = NULL;

    snprintf(url, sizeof(url), "sqlite:%s/%s", folder, name);
    *ret_status = db_open(url, &options, &db, &error);
    return db;
}

/* ---- statements */

static enum status types_run(struct db_transaction *transaction, void *context, struct error *ret)
{
    char place[4096];
    struct arena arena = arena_over(place, sizeof(place));
    struct text name, picture, missing;
    int64_t id, found, changes, age;
    enum status status;

    (void)context;
    /* $2 stands before $1: values go by number and not by place. */
    status = db_row(transaction, "INSERT INTO person (picture, name) VALUES ($2, $1) RETURNING id",
                    DB_ARGUMENTS(db_text(TEXT("Zo\xc3\xab")), db_bytes((struct text){"\0\xff", 2})),
                    DB_COLUMNS(db_ret_int(&id)), ret);
    ok(status == LICET_OK && id > 0, "RETURNING gives the id that the database made");
    status = db_row(transaction, "SELECT name, picture, age, age FROM person WHERE id = $1",
                    DB_ARGUMENTS(db_int(id)),
                    DB_COLUMNS(db_ret_text(&name, &arena), db_ret_bytes(&picture, &arena),
                               db_ret_int_or_null(&age), db_ret_int_or_null(&found)),
                    ret);
    ok(status == LICET_OK && text_is(name, "Zo\xc3\xab") && picture.size == 2 &&
           picture.data[1] == '\xff' && age == 0,
       "text, bytes and NULL come back as they went in");
    status = db_row(transaction, "SELECT name FROM person WHERE id = $1", DB_ARGUMENTS(db_int(-1)),
                    DB_COLUMNS(db_ret_text(&missing, &arena)), ret);
    ok(status == LICET_NOT_FOUND, "no row is NOT_FOUND, and the transaction goes on");
    status = db_execute(transaction, "UPDATE person SET age = $2 WHERE id = $1",
                        DB_ARGUMENTS(db_int(id), db_int(41)), &changes, ret);
    ok(status == LICET_OK && changes == 1, "the number of changed rows is told");
    return LICET_OK;
}

static enum status refuse_text_run(struct db_transaction *transaction, void *context,
                                   struct error *ret)
{
    const struct text *name = context;

    return db_execute(transaction, "INSERT INTO person (name) VALUES ($1)",
                      DB_ARGUMENTS(db_text(*name)), NULL, ret);
}

struct breaking {
    const char *sql;
    enum db_constraint found;
};

static enum status constraint_run(struct db_transaction *transaction, void *context,
                                  struct error *ret)
{
    struct breaking *breaking = context;

    (void)db_execute(transaction, "INSERT INTO person (name) VALUES ('half')", DB_NO_ARGUMENTS,
                     NULL, ret);
    (void)db_execute(transaction, breaking->sql, DB_NO_ARGUMENTS, NULL, ret);
    breaking->found = db_constraint_failed(transaction);
    return LICET_OK; /* it must not count */
}

static enum status count_run(struct db_transaction *transaction, void *context, struct error *ret)
{
    return db_row(transaction, "SELECT COUNT(*) FROM person", DB_NO_ARGUMENTS,
                  DB_COLUMNS(db_ret_int(context)), ret);
}

static void test_statements(struct db *db)
{
    struct text bad[] = {{"a\0b", 3}, {"\xc3", 1}};
    struct breaking breaking[] = {
        {"INSERT INTO person (name) VALUES ('first')", DB_CONSTRAINT_NONE},
        {"INSERT INTO person (name, age) VALUES ('old', 200)", DB_CONSTRAINT_NONE},
        {"INSERT INTO pet (person_id) VALUES (77777)", DB_CONSTRAINT_NONE},
        {"INSERT INTO pet (person_id) VALUES (NULL)", DB_CONSTRAINT_NONE},
    };
    int64_t before = 0, after = 0;

    ok(db_transact(db, types_run, NULL, &error) == LICET_OK, "a transaction commits");
    for (size_t i = 0; i < 2; i++)
        ok(db_transact(db, refuse_text_run, &bad[i], &error) == LICET_INVALID,
           "text with %s is refused before the database sees it",
           i == 0 ? "a NUL" : "half a letter");
    db_read(db, count_run, &before, &error);
    for (size_t i = 0; i < 4; i++)
        ok(db_transact(db, constraint_run, &breaking[i], &error) == LICET_CONFLICT &&
               breaking[i].found == (enum db_constraint)(DB_CONSTRAINT_UNIQUE + i),
           "a broken constraint of kind %zu is a CONFLICT, whatever the function says", i);
    db_read(db, count_run, &after, &error);
    ok(before == after, "INV-8 a failed transaction leaves nothing of its earlier statements");
    ok(db_read(db, refuse_text_run, &(struct text){"x", 1}, &error) != LICET_OK,
       "a snapshot cannot be written to");
}

/* ---- shared commits */

struct adding {
    struct db *db;
    bool fails;
};

static enum status add_run(struct db_transaction *transaction, void *context, struct error *ret)
{
    const struct adding *adding = context;
    enum status status =
        db_execute(transaction, "UPDATE tally SET count = count + 1", DB_NO_ARGUMENTS, NULL, ret);

    if (status == LICET_OK && adding->fails)
        return error_set(ret, LICET_FORBIDDEN, "not today");
    return status;
}

static void *add_many(void *context)
{
    struct adding adding = {.db = context};
    uintptr_t wrong = 0;

    for (unsigned i = 0; i < 100; i++) {
        struct error mine;
        enum status status;

        adding.fails = i % 4 == 3;
        status = db_transact(adding.db, add_run, &adding, &mine);
        if (adding.fails ? status != LICET_FORBIDDEN || strcmp(mine.text, "not today") != 0
                         : status != LICET_OK)
            wrong++;
    }
    return (void *)wrong;
}

static enum status tally_run(struct db_transaction *transaction, void *context, struct error *ret)
{
    return db_row(transaction, "SELECT count FROM tally", DB_NO_ARGUMENTS,
                  DB_COLUMNS(db_ret_int(context)), ret);
}

static void test_sharing(struct db *db, struct tracing *tracing)
{
    unsigned commits = tracing->commits;
    pthread_t threads[32];
    uintptr_t wrong = 0;
    int64_t count = 0;

    for (int i = 0; i < 32; i++)
        pthread_create(&threads[i], NULL, add_many, db);
    for (int i = 0; i < 32; i++) {
        void *result;

        pthread_join(threads[i], &result);
        wrong += (uintptr_t)result;
    }
    commits = tracing->commits - commits;
    db_read(db, tally_run, &count, &error);
    ok(wrong == 0, "each of 32 threads gets its own answer, and its own sentence");
    ok(count == 32 * 75, "what was refused left no effect, what was granted did: %lld",
       (long long)count);
    ok(commits < 3200 / 2, "3,200 transactions share %u commits", commits);
}

/* ---- a full disk */

static void test_full(void)
{
    struct rlimit old, limit;
    enum status status;
    struct db *db = open_as("full.db", migrations, NULL, &status);
    char *big = calloc(1, 400000);
    struct text name;
    int64_t before = 0, after = 0;

    memset(big, 'x', 400000);
    name = text_make(big, 400000);
    db_read(db, count_run, &before, &error);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){200000, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    status = db_transact(db, refuse_text_run, &name, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    /* A file at its limit is EFBIG, which SQLite calls an I/O error; ENOSPC is LICET_DISK_FULL. */
    ok(status == LICET_DISK_FULL || status == LICET_SYSTEM,
       "a disk that takes no more is told (%d: %s)", status, error.text);
    db_read(db, count_run, &after, &error);
    ok(before == after, "and leaves nothing half done");
    name.size = 10;
    ok(db_transact(db, refuse_text_run, &name, &error) == LICET_OK,
       "with room again it goes on by itself");
    db_close(db);
    free(big);
}

/* ---- migrations */

/* False where the child lived: the statement that should have killed it never came. */
static bool migrate_killed(const char *name, unsigned at)
{
    int result = 0;
    pid_t child = fork();

    if (child == 0) {
        struct tracing tracing = {.die_at = at};
        enum status status;

        open_as(name, migrations, &tracing, &status);
        _exit(0);
    }
    waitpid(child, &result, 0);
    return WIFSIGNALED(result);
}

static void test_migration_killed(void)
{
    unsigned at = 1, wrong = 0;

    for (bool is_killed = true; is_killed; at++) {
        char name[32];
        int64_t people = 0;
        enum status status;
        struct db *db;

        snprintf(name, sizeof(name), "killed-%u.db", at);
        is_killed = migrate_killed(name, at);
        db = open_as(name, migrations, NULL, &status);
        if (db == NULL || db_read(db, count_run, &people, &error) != LICET_OK || people != 1)
            wrong++;
        db_close(db);
    }
    ok(at > 10 && wrong == 0,
       "killed before each of %u statements of the migrations, the schema is whole afterwards",
       at - 2);
}

static void test_migration_versions(void)
{
    struct db_migration edited[3] = {migrations[0], migrations[1], {.number = 0}};
    struct db_migration older[2] = {migrations[0], {.number = 0}};
    struct db_migration bad[4] = {
        migrations[0],
        migrations[1],
        {3, "bad", "CREATE TABLE good (id INTEGER); CREATE TABLE person (id INTEGER);", NULL},
        {.number = 0}};
    enum status status;

    db_close(open_as("versions.db", migrations, NULL, &status));
    ok(status == LICET_OK, "a new database gets the whole schema");
    open_as("versions.db", older, NULL, &status);
    ok(status == LICET_UNSUPPORTED && strstr(error.text, "newer") != NULL,
       "a schema newer than the program refuses to start, and says so");
    edited[1].sqlite = "SELECT 1;";
    open_as("versions.db", edited, NULL, &status);
    ok(status == LICET_DAMAGED && strstr(error.text, "counts") != NULL,
       "a step that was edited after it was applied is refused by its name");
    open_as("versions.db", bad, NULL, &status);
    ok(status != LICET_OK, "a step that fails stops the start");
    db_close(open_as("versions.db", migrations, NULL, &status));
    ok(status == LICET_OK, "and leaves nothing of itself");
}

int main(void)
{
    struct tracing tracing = {0};
    char command[64];
    enum status status;
    struct db *db;

    if (mkdtemp(folder) == NULL)
        return 1;
    test_migration_killed(); /* before any thread: it forks */
    test_migration_versions();
    db = open_as("first.db", migrations, &tracing, &status);
    if (ok(db != NULL, "the database opens")) {
        test_statements(db);
        test_sharing(db, &tracing);
    }
    db_close(db);
    test_full();
    ok(open_as("no/such/folder.db", migrations, NULL, &status) == NULL,
       "a folder that is not there is told: %s", error.text);
    ok(db_open("mysql://x:secret@y", NULL, &db, &error) == LICET_INVALID &&
           strstr(error.text, "secret") == NULL,
       "an unknown kind of URL is refused and not repeated");
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) == 0 ? tap_done() : 1;
}
