/* Opening SQLite so that what is acknowledged is on disk. */
#include "db/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"

#define OPEN_PAUSE_MS 10

static enum status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
        return LICET_CONFLICT;
    case SQLITE_FULL:
        return LICET_DISK_FULL;
    case SQLITE_IOERR:
        /* ENOSPC is SQLITE_FULL; a write that fails otherwise met a quota or a limit. */
        return code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE ? LICET_DISK_FULL
                                                                          : LICET_SYSTEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return LICET_OVER_LIMIT;
    case SQLITE_NOMEM:
        return LICET_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return LICET_DAMAGED;
    default:
        return LICET_SYSTEM;
    }
}

enum status sqlite_fail(sqlite3 *handle, struct error *error)
{
    return error_set(error, status_of(sqlite3_extended_errcode(handle)), "the database refused: %s",
                     sqlite3_errmsg(handle));
}

/* The first value that a PRAGMA answers must be `expected`; a setting that SQLite does not take is
 * silently left as it was. */
static enum status pragma_set(sqlite3 *handle, const char *sql, const char *expected,
                              struct error *error)
{
    sqlite3_stmt *stmt = NULL;
    enum status status = LICET_OK;
    int code = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_fail(handle, error);
    else if (expected != NULL &&
             (code != SQLITE_ROW ||
              strcmp((const char *)sqlite3_column_text(stmt, 0), expected) != 0))
        status = error_set(error, LICET_SYSTEM, "SQLite does not take \"%s\"", sql);
    sqlite3_finalize(stmt);
    return status;
}

struct pragma {
    const char *sql;
    const char *expected;
};

static enum status pragmas_set(sqlite3 *handle, const struct pragma *pragmas, struct error *error)
{
    enum status status = LICET_OK;

    for (; status == LICET_OK && pragmas->sql != NULL; pragmas++)
        status = pragma_set(handle, pragmas->sql, pragmas->expected, error);
    return status;
}

/* The first who opens a new file makes it WAL, for which SQLite locks out the others without letting
 * them wait. So they wait here: as long as for a writer. */
static enum status pragmas_set_patiently(sqlite3 *handle, const struct pragma *pragmas,
                                         struct error *error)
{
    struct instant end = instant_add_ms(clock_instant(), DB_BUSY_MS);
    enum status status = pragmas_set(handle, pragmas, error);

    while (status == LICET_OVER_LIMIT && clock_instant().ms < end.ms) {
        nanosleep(&(struct timespec){.tv_nsec = OPEN_PAUSE_MS * 1000000L}, NULL);
        status = pragmas_set(handle, pragmas, error);
    }
    return status;
}

/* FULL: the log is synced in every commit. Only the writer checkpoints: Debian's 3.40 can damage a
 * file that two connections checkpoint at once. */
static const struct pragma writer_pragmas[] = {
    {"PRAGMA journal_mode = WAL", "wal"},
    {"PRAGMA synchronous = FULL", NULL},
    {"PRAGMA synchronous", "2"},
    {"PRAGMA foreign_keys = ON", NULL},
    {"PRAGMA foreign_keys", "1"},
    /* A statement that may be undone halfway, and a long sort, would open files in a temporary
     * folder, which the sandbox of the program does not reach. */
    {"PRAGMA temp_store = MEMORY", NULL},
    {"PRAGMA temp_store", "2"},
    {"PRAGMA trusted_schema = OFF", NULL},
    {NULL, NULL},
};

static const struct pragma reader_pragmas[] = {
    {"PRAGMA query_only = ON", NULL},      {"PRAGMA wal_autocheckpoint = 0", "0"},
    {"PRAGMA temp_store = MEMORY", NULL},  {"PRAGMA temp_store", "2"},
    {"PRAGMA trusted_schema = OFF", NULL}, {NULL, NULL},
};

/* SQLite makes files that everybody may read, and its log and index files after the file's mode. */
static enum status file_make(const char *path, struct error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EEXIST)
        return error_set(error, LICET_SYSTEM, "the database %s cannot be made: %s", path,
                         strerror(errno));
    if (fd >= 0)
        close(fd);
    return LICET_OK;
}

static enum status handle_open(struct sqlite_connection *connection, const char *path,
                               bool is_writer, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3 *handle;

    if (sqlite3_open_v2(path, &connection->handle, flags, NULL) != SQLITE_OK)
        return error_set(error, LICET_SYSTEM, "the database %s cannot be opened: %s", path,
                         sqlite3_errmsg(connection->handle));
    handle = connection->handle;
    sqlite3_busy_timeout(handle, DB_BUSY_MS);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_writer ? 0 : 1, NULL);
    return pragmas_set_patiently(handle, is_writer ? writer_pragmas : reader_pragmas, error);
}

enum status sqlite_open(struct db *db, const char *path, bool is_writer,
                        struct sqlite_connection **ret_connection, struct error *error)
{
    struct sqlite_connection *connection;
    bool is_made = is_writer && !db->options.must_exist;
    enum status status = is_made ? file_make(path, error) : LICET_OK;

    if (status != LICET_OK)
        return status;
    connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to open the database");
    connection->db = db;
    status = handle_open(connection, path, is_writer, error);
    if (status == LICET_OK)
        *ret_connection = connection;
    else
        sqlite_close(connection);
    return status;
}

void sqlite_close(void *closed)
{
    struct sqlite_connection *connection = closed;

    sqlite_statements_drop(connection);
    sqlite3_close(connection->handle);
    free(connection);
}
