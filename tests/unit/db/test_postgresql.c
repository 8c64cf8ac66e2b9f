/* What only PostgreSQL has: a server that goes away, deadlocks, names, turns, a pool with a bound. */
#include "unit/db/engines.h"

#include <signal.h>
#include <stdatomic.h>

static const struct db_migration schema[] = {
    {.number = 1,
     .name = "accounts",
     .postgresql = "CREATE TABLE account (id BIGINT PRIMARY KEY, seats BIGINT NOT NULL);\n"
                   "INSERT INTO account VALUES (1, 0), (2, 0);\n"
                   "CREATE TABLE ledger (key BIGINT NOT NULL, half BIGINT NOT NULL,"
                   " PRIMARY KEY (key, half));\n",
     .sqlite = ""},
    {0},
};

/* ---- A server that is killed */

/* The server's process, 0 while it is away. */
static int server_process(void)
{
    FILE *file = fopen(getenv("LICET_TEST_POSTGRESQL_PID"), "r");
    int process = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%d", &process) != 1)
        process = 0;
    fclose(file);
    return process;
}

/* Returns when it is gone, and with it every connection. */
static void server_kill(void)
{
    int process = server_process();

    if (process <= 1 || kill(process, SIGQUIT) != 0)
        return; /* it is away already */
    while (kill(process, 0) == 0 && server_process() == process)
        usleep(1000);
}

static void server_wait(const struct engine *engine)
{
    while (PQping(engine->url) != PQPING_OK)
        usleep(20000);
}

static enum status halves_read(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    int64_t *key = context;

    return db_row(transaction, "SELECT count(*) FROM ledger WHERE key = $1",
                  DB_ARGUMENTS(db_int(*key)), DB_COLUMNS(db_ret_int(key)), error);
}

#define WRITERS 6
#define KEYS 400

struct writer {
    struct db *db;
    pthread_t thread;
    int64_t first_key;
    enum status answers[KEYS];
};

static atomic_int keys_written;

static void *writer_run(void *argument)
{
    struct writer *writer = argument;

    for (int index = 0; index < KEYS; index++) {
        int64_t key = writer->first_key + index;

        writer->answers[index] = db_transact(writer->db, write_halves, &key, NULL);
        keys_written++;
    }
    return NULL;
}

struct tally {
    int done, unknown, refused, wrong;
};

static void tally_add(struct tally *tally, struct db *db, enum status answer, int64_t key)
{
    int64_t halves = key;

    if (db_read(db, halves_read, &halves, NULL) != LICET_OK)
        halves = -1;
    tally->done += answer == LICET_OK;
    tally->unknown += answer == LICET_TIMEOUT;
    tally->refused += answer == LICET_UNREACHABLE;
    if (answer == LICET_OK)
        tally->wrong += halves != 2;
    else if (answer == LICET_TIMEOUT)
        tally->wrong += halves != 0 && halves != 2;
    else
        tally->wrong += halves != 0 || answer != LICET_UNREACHABLE;
}

static void test_killed(struct engine *engine)
{
    static struct writer writers[WRITERS];
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    struct tally tally = {0};

    keys_written = 0;
    for (int index = 0; index < WRITERS; index++) {
        writers[index] = (struct writer){.db = db, .first_key = index * KEYS};
        if (pthread_create(&writers[index].thread, NULL, writer_run, &writers[index]) != 0)
            abort();
    }
    for (int quarter = 1; quarter <= 3; quarter++) {
        while (keys_written < quarter * WRITERS * KEYS / 4)
            usleep(1000);
        server_kill();
        server_wait(engine);
    }
    for (int index = 0; index < WRITERS; index++)
        pthread_join(writers[index].thread, NULL);
    server_wait(engine);
    for (int index = 0; index < WRITERS * KEYS; index++)
        tally_add(&tally, db, writers[index / KEYS].answers[index % KEYS], index);
    printf("# done %d, unknown %d, refused %d\n", tally.done, tally.unknown, tally.refused);
    ok(tally.wrong == 0, "INV-14 a server killed three times: what was acknowledged is there, what "
                         "was refused is not, and nothing is there by half");
    ok(tally.done > WRITERS * KEYS / 2, "and after each time the same pool goes on");
    db_close(db);
}

static atomic_bool kills_at_commit;

static void kill_at_commit(void *context, const char *sql)
{
    if (strcmp(sql, "COMMIT") == 0 && atomic_exchange(&kills_at_commit, false)) {
        server_kill();
        server_wait(context);
    }
}

static void test_unknown(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema,
                                                          .trace = kill_at_commit,
                                                          .trace_context = engine});
    struct error error = {0};
    int64_t key = 1;

    kills_at_commit = true;
    ok(db_transact(db, write_halves, &key, &error) == LICET_TIMEOUT &&
           strstr(error.text, "ask again with the same key") != NULL,
       "a connection that breaks at the COMMIT is a TIMEOUT: nobody knows");
    ok(db_transact(db, write_halves, &key, NULL) == LICET_OK, "the question can be asked again");
    db_close(db);
}

/* ---- Deadlocks */

/* Somebody who takes no turn: an administrator with psql. Waits so long that the portal is the one
 * who notices. */
static PGconn *administrator_hold_two(const struct engine *engine)
{
    PGconn *connection = PQconnectdb(engine->url);

    PQclear(PQexec(connection, "SET deadlock_timeout = '60s'; BEGIN;"
                               " UPDATE account SET seats = seats + 1 WHERE id = 2"));
    if (PQtransactionStatus(connection) != PQTRANS_INTRANS)
        abort();
    return connection;
}

struct crossing {
    PGconn *administrator;
    int runs;
};

/* Takes row 1, has the administrator wait for it, and takes row 2. */
static enum status cross(struct db_transaction *transaction, void *context, struct error *error)
{
    static const char sql[] = "UPDATE account SET seats = seats + 1 WHERE id = $1";
    struct crossing *crossing = context;
    enum status status = db_execute(transaction, sql, DB_ARGUMENTS(db_int(1)), NULL, error);

    if (status == LICET_OK && crossing->runs++ == 0)
        PQsendQuery(crossing->administrator,
                    "UPDATE account SET seats = seats + 1 WHERE id = 1; COMMIT");
    return status == LICET_OK ? db_execute(transaction, sql, DB_ARGUMENTS(db_int(2)), NULL, error)
                              : status;
}

static bool administrator_ends(PGconn *connection)
{
    bool is_well = true;
    PGresult *result;

    while ((result = PQgetResult(connection)) != NULL) {
        is_well = is_well && PQresultStatus(result) == PGRES_COMMAND_OK;
        PQclear(result);
    }
    PQfinish(connection);
    return is_well;
}

static void test_deadlock(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    struct crossing crossing = {.administrator = administrator_hold_two(engine)};

    ok(db_transact(db, cross, &crossing, NULL) == LICET_OK && crossing.runs == 2,
       "of two that wait for each other, ours runs again");
    ok(administrator_ends(crossing.administrator) &&
           number_of(db, "SELECT min(seats) * 10 + max(seats) FROM account") == 22,
       "and each has its effect once");
    db_close(db);
}

/* ---- Names of statements */

static enum status forget_names(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    (void)context;
    return db_execute(transaction, "DEALLOCATE ALL", DB_NO_ARGUMENTS, NULL, error);
}

/* What a pooler does that gives the next transaction another connection. */
static void test_names(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    int64_t key = 1, again = 2;

    ok(db_transact(db, write_halves, &key, NULL) == LICET_OK &&
           db_transact(db, forget_names, NULL, NULL) == LICET_OK &&
           db_transact(db, write_halves, &again, NULL) == LICET_OK,
       "a connection that does not know the statements any more is told them again");
    ok(number_of(db, "SELECT count(*) FROM ledger") == 4, "and each act has its effect once");
    ok(db_transact(db, forget_names, NULL, NULL) == LICET_OK &&
           number_of(db, "SELECT count(*) FROM ledger") == 4,
       "from then on nothing is named");
    db_close(db);
}

/* ---- Turns */

struct turn {
    struct db *db;
    pthread_t thread;
    enum status status;
};

/* Two rows, in an order of its own. */
static enum status take_both(struct db_transaction *transaction, void *context, struct error *error)
{
    static const char sql[] = "UPDATE account SET seats = seats + 1 WHERE id = $1";
    int64_t *first = context;
    enum status status = db_execute(transaction, sql, DB_ARGUMENTS(db_int(*first)), NULL, error);

    return status == LICET_OK
               ? db_execute(transaction, sql, DB_ARGUMENTS(db_int(3 - *first)), NULL, error)
               : status;
}

static void *turn_run(void *argument)
{
    struct turn *turn = argument;

    for (int round = 0; round < 100 && turn->status == LICET_OK; round++) {
        int64_t first = 1 + round % 2;

        turn->status = db_transact(turn->db, take_both, &first, NULL);
    }
    return NULL;
}

static atomic_int rollbacks;

static void count_rollbacks(void *context, const char *sql)
{
    (void)context;
    rollbacks += strncmp(sql, "ROLLBACK", strlen("ROLLBACK")) == 0;
}

static void test_turns(struct engine *engine)
{
    const struct db_options options = {.migrations = schema, .trace = count_rollbacks};
    struct db *portals[2] = {open_with(engine, options), open_with(engine, options)};
    struct turn turns[8] = {{0}};
    int failures = 0;

    rollbacks = 0;
    for (int index = 0; index < 8; index++) {
        turns[index].db = portals[index % 2];
        if (pthread_create(&turns[index].thread, NULL, turn_run, &turns[index]) != 0)
            abort();
    }
    for (int index = 0; index < 8; index++) {
        pthread_join(turns[index].thread, NULL);
        failures += turns[index].status != LICET_OK;
    }
    ok(failures == 0 && rollbacks == 0 &&
           number_of(portals[0], "SELECT min(seats) + max(seats) FROM account") == 1600,
       "two portals that take the same rows in any order take turns and never undo");
    db_close(portals[0]);
    db_close(portals[1]);
}

/* ---- Attempts */

static enum status collide(struct db_transaction *transaction, void *context, struct error *error)
{
    int *runs = context;

    ++*runs;
    return db_execute(transaction,
                      "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$",
                      DB_NO_ARGUMENTS, NULL, error);
}

static void test_attempts(struct engine *engine)
{
    struct db *db = open_with(engine, (struct db_options){.migrations = schema});
    int runs = 0;

    ok(db_transact(db, collide, &runs, NULL) == LICET_OVER_LIMIT && runs == (int)DB_ATTEMPTS_MAX,
       "one that always collides is given up after so many attempts");
    db_close(db);
}

/* ---- The pool */

static enum status count_connections(struct db_transaction *transaction, void *context,
                                     struct error *error)
{
    int64_t *count = context;

    return db_row(transaction,
                  "SELECT count(*) FROM pg_stat_activity, pg_sleep(0.01)"
                  " WHERE application_name = 'licet' AND datname = current_database()",
                  DB_NO_ARGUMENTS, DB_COLUMNS(db_ret_int(count)), error);
}

struct counting {
    struct db *db;
    pthread_t thread;
    int64_t most;
    enum status status;
};

static void *count_run(void *argument)
{
    struct counting *counting = argument;

    for (int round = 0; round < 5 && counting->status == LICET_OK; round++) {
        int64_t count = 0;

        counting->status = db_read(counting->db, count_connections, &count, NULL);
        if (count > counting->most)
            counting->most = count;
    }
    return NULL;
}

static void test_bound(struct engine *engine)
{
    struct db *db =
        open_with(engine, (struct db_options){.migrations = schema, .connections_max = 3});
    struct counting countings[16];
    int64_t most = 0;
    int failures = 0;

    for (int index = 0; index < 16; index++) {
        countings[index] = (struct counting){.db = db};
        if (pthread_create(&countings[index].thread, NULL, count_run, &countings[index]) != 0)
            abort();
    }
    for (int index = 0; index < 16; index++) {
        pthread_join(countings[index].thread, NULL);
        failures += countings[index].status != LICET_OK;
        most = countings[index].most > most ? countings[index].most : most;
    }
    ok(failures == 0 && most == 3, "sixteen threads share three connections");
    db_close(db);
}

/* ---- Servers that are refused */

static void test_refused(struct engine *engine)
{
    char url[160];
    struct error error = {0};
    struct db *db = NULL;

    snprintf(url, sizeof(url), "%s&options=-c%%20synchronous_commit%%3Doff", engine->url);
    ok(db_open(url, NULL, &db, &error) == LICET_UNSUPPORTED &&
           strstr(error.text, "synchronous_commit") != NULL,
       "a server that confirms before it has written is refused");
    ok(db_open("postgresql://licet:secret@/x?host=/nowhere", NULL, &db, &error) ==
               LICET_UNREACHABLE &&
           strstr(error.text, "secret") == NULL,
       "a server that is not there is UNREACHABLE, and no password is told");
    ok(db_open("postgresql://licet:secret@[/x", NULL, &db, &error) == LICET_INVALID &&
           strstr(error.text, "secret") == NULL && db == NULL,
       "a URL with a fault is not repeated");
}

static void test_encoding(struct engine *engine)
{
    char url[96];
    struct error error = {0};
    struct db *db = NULL;

    postgresql_administrate(
        engine->url, "CREATE DATABASE old TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
    snprintf(url, sizeof(url), "postgresql://licet@/old%s", strchr(engine->url, '?'));
    ok(db_open(url, NULL, &db, &error) == LICET_UNSUPPORTED && db == NULL,
       "a database in another encoding is refused");
}

int main(void)
{
    on_postgresql(test_killed);
    on_postgresql(test_unknown);
    on_postgresql(test_deadlock);
    on_postgresql(test_names);
    on_postgresql(test_turns);
    on_postgresql(test_attempts);
    on_postgresql(test_bound);
    on_postgresql(test_refused);
    on_postgresql(test_encoding);
    return tap_done();
}
