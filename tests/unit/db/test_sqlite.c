/* What only SQLite has: its file, its settings, a full disk. */
#include "unit/db/engines.h"

#include <signal.h>
#include <sys/resource.h>

static const struct db_migration schema[] = {
    {.number = 1,
     .name = "notes",
     .sqlite = "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n",
     .postgresql = ""},
    {0},
};

static enum status settings_are_safe(struct db_transaction *transaction, void *context,
                                     struct error *error)
{
    int64_t synchronous = 0;
    int64_t foreign_keys = 0;
    enum status status = db_row(transaction, "PRAGMA synchronous", DB_NO_ARGUMENTS,
                                DB_COLUMNS(db_ret_int(&synchronous)), error);

    (void)context;
    if (status == LICET_OK)
        status = db_row(transaction, "PRAGMA foreign_keys", DB_NO_ARGUMENTS,
                        DB_COLUMNS(db_ret_int(&foreign_keys)), error);
    return synchronous == 2 && foreign_keys == 1 ? LICET_OK : LICET_DAMAGED;
}

static void test_file(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    struct stat file;
    struct stat log = {0};
    char path[80];

    snprintf(path, sizeof(path), "%s-wal", engine->path);
    ok(stat(engine->path, &file) == 0 && (file.st_mode & 0777) == 0600 && stat(path, &log) == 0 &&
           (log.st_mode & 0777) == 0600,
       "the file and its log belong to their user alone");
    ok(db_transact(db, settings_are_safe, NULL, NULL) == LICET_OK,
       "a commit is synced, and foreign keys hold");
    db_close(db);
    ok(stat(path, &log) != 0, "closing leaves one file");
}

/* ---- A full disk */

struct writing {
    struct db *db;
    pthread_t thread;
    int kept;
    int refused;
    int disturbed;
    int others;
};

static enum status note_write(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    static char text[2000];

    (void)context;
    memset(text, 'x', sizeof(text));
    return db_execute(transaction, "INSERT INTO note (text) VALUES ($1)",
                      DB_ARGUMENTS(db_text(text_make(text, sizeof(text)))), NULL, error);
}

static enum status nothing_written(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    (void)transaction;
    (void)context;
    (void)error;
    return LICET_OK;
}

static void *writing_run(void *argument)
{
    struct writing *writing = argument;

    for (int round = 0; round < 40; round++) {
        enum status status = db_transact(writing->db, note_write, NULL, NULL);

        writing->kept += status == LICET_OK;
        writing->refused += status == LICET_DISK_FULL;
        writing->others += status != LICET_OK && status != LICET_DISK_FULL;
        status = db_transact(writing->db, nothing_written, NULL, NULL);
        writing->disturbed += status == LICET_DISK_FULL; /* shared a commit that failed */
        writing->others += status != LICET_OK && status != LICET_DISK_FULL;
    }
    return NULL;
}

static struct writing write_until_full(struct db *db)
{
    struct writing writings[8];
    struct writing total = {0};

    for (int index = 0; index < 8; index++) {
        writings[index] = (struct writing){.db = db};
        if (pthread_create(&writings[index].thread, NULL, writing_run, &writings[index]) != 0)
            abort();
    }
    for (int index = 0; index < 8; index++) {
        pthread_join(writings[index].thread, NULL);
        total.kept += writings[index].kept;
        total.refused += writings[index].refused;
        total.disturbed += writings[index].disturbed;
        total.others += writings[index].others;
    }
    return total;
}

/* A limit of pages: the INSERT fails, and takes SQLite's whole transaction with it. */
static void test_full_file(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    struct simple limit = {"PRAGMA max_page_count = 50", 0};
    struct writing total;

    ok(db_transact(db, simple_row, &limit, NULL) == LICET_OK && limit.value == 50,
       "a file of 50 pages");
    total = write_until_full(db);
    ok(total.kept > 20 && total.refused > 100 && total.disturbed == 0 && total.others == 0,
       "full file: whoever needs room is refused as DISK_FULL, whoever needs none is served");
    ok(number_of(db, "SELECT count(*) FROM note") == total.kept,
       "full file: what was acknowledged is there, and nothing else");
    limit = (struct simple){"PRAGMA max_page_count = 100000", 0};
    ok(db_transact(db, simple_row, &limit, NULL) == LICET_OK &&
           db_transact(db, note_write, NULL, NULL) == LICET_OK,
       "with room again it goes on");
    db_close(db);
}

/* A limit of file sizes: the log's write fails inside COMMIT. */
static void test_full_disk(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    struct rlimit before;
    struct rlimit small;
    struct writing total;

    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 300000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    total = write_until_full(db);
    setrlimit(RLIMIT_FSIZE, &before);
    ok(total.kept > 20 && total.refused > 20 && total.others == 0,
       "full disk: a commit that finds no room is refused as DISK_FULL");
    ok(number_of(db, "SELECT count(*) FROM note") == total.kept,
       "full disk: what was acknowledged is there, and nothing else");
    ok(db_transact(db, note_write, NULL, NULL) == LICET_OK, "with room again it goes on");
    db_close(db);
    db = open_with(engine, (struct db_options){.migrations = schema});
    ok(number_of(db, "SELECT count(*) FROM note") == total.kept + 1,
       "and so does what was written, after a new start");
    db_close(db);
}

static void test_refused_places(void)
{
    struct error error = {0};
    struct db *db = NULL;

    ok(db_open("sqlite:/nowhere/at/all", NULL, &db, &error) == LICET_SYSTEM && db == NULL &&
           strstr(error.text, "/nowhere/at/all") != NULL,
       "a folder that is not there is named");
}

int main(void)
{
    on_sqlite(test_file);
    on_sqlite(test_full_file);
    on_sqlite(test_full_disk);
    test_refused_places();
    return tap_done();
}
