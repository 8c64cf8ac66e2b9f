/* Transactions: whole or not at all, also side by side, also when the process is killed. */
#include "unit/db/engines.h"

#include <signal.h>
#include <stdatomic.h>

#define THREADS 32
#define ROUNDS 20

static const struct db_migration schema[] = {
    {.number = 1,
     .name = "accounts",
     .sqlite = "CREATE TABLE account (id INTEGER PRIMARY KEY,"
               " seats BIGINT NOT NULL CHECK (seats >= 0));\n"
               "CREATE TABLE ledger (id INTEGER PRIMARY KEY, key BIGINT NOT NULL, half BIGINT);\n"
               "INSERT INTO account VALUES (1, 0), (2, 100);\n",
     .postgresql = "CREATE TABLE account (id BIGINT PRIMARY KEY,"
                   " seats BIGINT NOT NULL CHECK (seats >= 0));\n"
                   "CREATE TABLE ledger (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                   " key BIGINT NOT NULL, half BIGINT);\n"
                   "INSERT INTO account VALUES (1, 0), (2, 100);\n"},
    {0},
};

static atomic_int commits;

static void count_commits(void *context, const char *sql)
{
    (void)context;
    if (strcmp(sql, "COMMIT") == 0)
        commits++;
}

/* ---- Side by side */

struct worker {
    struct db *db;
    pthread_t thread;
    int64_t taken;
    int64_t refused;
    int64_t broken;
};

static enum status add_one(struct db_transaction *transaction, void *context, struct error *error)
{
    (void)context;
    return db_execute(transaction, "UPDATE account SET seats = seats + 1 WHERE id = 1",
                      DB_NO_ARGUMENTS, NULL, error);
}

/* Fails after it has written, with a sentence of its own. */
static enum status add_and_fail(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    enum status status = add_one(transaction, context, error);

    return status == LICET_OK ? error_set(error, LICET_FORBIDDEN, "not on a Tuesday") : status;
}

static enum status take_seven(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    int64_t changes = 0;
    enum status status;

    (void)context;
    status = db_execute(transaction,
                        "UPDATE account SET seats = seats - $1 WHERE id = 2 AND seats >= $1",
                        DB_ARGUMENTS(db_int(7)), &changes, error);
    if (status != LICET_OK || changes == 1)
        return status;
    return error_set(error, LICET_NO_SEAT, "no seat is left");
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    struct error error;

    for (int round = 0; round < ROUNDS; round++) {
        if (db_transact(worker->db, add_one, NULL, NULL) != LICET_OK)
            worker->broken++;
        error = (struct error){0};
        if (db_transact(worker->db, add_and_fail, NULL, &error) != LICET_FORBIDDEN ||
            strcmp(error.text, "not on a Tuesday") != 0)
            worker->broken++;
        switch ((int)db_transact(worker->db, take_seven, NULL, &error)) {
        case LICET_OK:
            worker->taken++;
            break;
        case LICET_NO_SEAT:
            worker->refused++;
            break;
        default:
            worker->broken++;
        }
    }
    return NULL;
}

static struct worker workers_run(struct db *db)
{
    static struct worker workers[THREADS];
    struct worker total = {0};

    for (int index = 0; index < THREADS; index++) {
        workers[index] = (struct worker){.db = db};
        if (pthread_create(&workers[index].thread, NULL, worker_run, &workers[index]) != 0)
            abort();
    }
    for (int index = 0; index < THREADS; index++) {
        pthread_join(workers[index].thread, NULL);
        total.taken += workers[index].taken;
        total.refused += workers[index].refused;
        total.broken += workers[index].broken;
    }
    return total;
}

static void test_side_by_side(struct engine *engine)
{
    struct db *db =
        open_with(engine, (struct db_options){.migrations = schema, .trace = count_commits});
    struct worker total;

    commits = 0;
    total = workers_run(db);
    engine_ok(engine, total.broken == 0,
              "32 threads: each hears of its own failure, in its own words");
    engine_ok(engine, number_of(db, "SELECT seats FROM account WHERE id = 1") == THREADS * ROUNDS,
              "32 threads: each success counts once, each failure not at all");
    engine_ok(engine,
              total.taken == 14 && number_of(db, "SELECT seats FROM account WHERE id = 2") == 2,
              "32 threads: a guard in the statement gives away no seat twice");
    printf("# %s: %d commits for %d transactions\n", engine->name, (int)commits,
           3 * THREADS * ROUNDS);
    engine_ok(engine, commits < 3 * THREADS * ROUNDS / 4, "threads that wait share a commit");
    db_close(db);
}

/* ---- Snapshots */

static enum status write_here(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    return add_one(transaction, context, error);
}

static const char both_sql[] = "SELECT seats FROM account WHERE id = 1";

static enum status read_twice(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    int64_t first = -1;
    int64_t second = -2;
    enum status status =
        db_row(transaction, both_sql, DB_NO_ARGUMENTS, DB_COLUMNS(db_ret_int(&first)), error);

    if (status == LICET_OK)
        status = db_transact(context, add_one, NULL, error); /* allowed: this is no db_transact() */
    if (status == LICET_OK)
        status =
            db_row(transaction, both_sql, DB_NO_ARGUMENTS, DB_COLUMNS(db_ret_int(&second)), error);
    if (status != LICET_OK)
        return status;
    return first == second ? LICET_OK : LICET_DAMAGED;
}

static void test_snapshot(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    int64_t before = number_of(db, both_sql);

    engine_ok(engine, db_read(db, read_twice, db, NULL) == LICET_OK,
              "a reader sees one moment, while others write");
    engine_ok(engine, number_of(db, both_sql) == before + 1, "the next one sees what they wrote");
    engine_ok(engine, db_read(db, write_here, NULL, NULL) == LICET_SYSTEM, "a reader cannot write");
    engine_ok(engine, number_of(db, both_sql) == before + 1, "and nothing was written");
    db_close(db);
}

/* ---- Killed */

struct victim {
    struct db *db;
    int fd; /* the parent reads here what was acknowledged */
    int64_t first_key;
};

static void *victim_run(void *argument)
{
    struct victim *victim = argument;

    for (int64_t key = victim->first_key;; key++) {
        if (db_transact(victim->db, write_halves, &key, NULL) == LICET_OK &&
            write(victim->fd, &key, sizeof(key)) != (ssize_t)sizeof(key))
            return NULL;
    }
}

_Noreturn static void child_run(const struct engine *engine, int fd, int64_t round)
{
    static struct victim victims[4];
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    pthread_t thread;

    for (int index = 0; index < 4; index++) {
        victims[index] = (struct victim){db, fd, (round * 4 + index) * 1000000};
        if (pthread_create(&thread, NULL, victim_run, &victims[index]) != 0)
            abort();
    }
    for (;;)
        pause();
}

static enum status has_both(struct db_transaction *transaction, void *context, struct error *error)
{
    int64_t *key = context;
    int64_t sum;
    enum status status =
        db_row(transaction, "SELECT sum(half) FROM ledger WHERE key = $1",
               DB_ARGUMENTS(db_int(*key)), DB_COLUMNS(db_ret_int_or_null(&sum)), error);

    if (status != LICET_OK)
        return status;
    return sum == 3 ? LICET_OK : LICET_DAMAGED;
}

/* Kills a writing child after `count` acknowledgements; how many of those are missing afterwards. */
static int kill_after(const struct engine *engine, int64_t round, int count)
{
    static int64_t keys[256];
    int fds[2];
    int missing = 0;
    int acknowledged = 0;
    struct db *db;
    pid_t child;

    fflush(stdout);
    if (pipe(fds) != 0 || (child = fork()) < 0)
        abort();
    if (child == 0) {
        close(fds[0]);
        child_run(engine, fds[1], round);
    }
    close(fds[1]);
    while (acknowledged < 256 &&
           read(fds[0], &keys[acknowledged], sizeof(keys[0])) == (ssize_t)sizeof(keys[0])) {
        if (++acknowledged == count)
            kill(child, SIGKILL);
    }
    close(fds[0]);
    waitpid(child, NULL, 0);
    db = open_with(engine, (struct db_options){.migrations = schema});
    for (int index = 0; index < acknowledged; index++)
        missing += db_read(db, has_both, &keys[index], NULL) != LICET_OK;
    db_close(db);
    return missing + (acknowledged < count ? 1000 : 0);
}

static void test_killed(struct engine *engine)
{
    static const int counts[] = {1, 2, 5, 17, 60};
    int missing = 0;
    struct db *db;

    for (size_t index = 0; index < sizeof(counts) / sizeof(counts[0]); index++)
        missing += kill_after(engine, (int64_t)index, counts[index]);
    engine_ok(engine, missing == 0, "INV-14 what was acknowledged before a SIGKILL is there");
    db = open_with(engine, (struct db_options){.migrations = schema});
    engine_ok(engine,
              number_of(db, "SELECT count(*) FROM (SELECT key FROM ledger GROUP BY key"
                            " HAVING sum(half) <> 3) AS halves") == 0,
              "nothing is there by half");
    db_close(db);
}

int main(void)
{
    on_engines(test_side_by_side);
    on_engines(test_snapshot);
    on_engines(test_killed);
    return tap_done();
}
