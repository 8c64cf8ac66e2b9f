/*
 * The state folder.
 *
 *     STATE/server/            key, key.pub, the journal and its names: born together, in a
 *                              folder that is renamed once
 *     STATE/licenses/HEX.lic   installed license files, named by their payload hash
 *     STATE/revocations/VENDOR installed lists of revoked issuing keys
 *     STATE/responses/VENDOR   the hash of the last response that was accepted
 *     STATE/administrators     administrators.c
 */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/parse.h"
#include "seat/names.h"
#include "server/administrators.h"
#include "server/server.h"

#define STATE_PATH_MAX                                                                             \
    (CONFIG_PATH_MAX + 128) /* the longest name inside is licenses/ and 64 digits */

/* Ends a sentence; its argument is the folder. */
#define STATE_WITHOUT_BACKUP                                                                       \
    "Without a backup move %s away: the next start makes a new key, and the vendor has to sign a " \
    "file that names it"

struct state_path {
    char text[STATE_PATH_MAX];
};

static struct state_path state_join(const char *folder, const char *name)
{
    struct state_path path;
    int length = snprintf(path.text, sizeof(path.text), "%s/%s", folder, name);

    assert(length > 0 && (size_t)length < sizeof(path.text)); /* options_read() limits the folder */
    return path;
}

static enum status state_make_folder(const char *path, struct error *error)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return error_set(error, LICET_SYSTEM, "cannot make the folder %s: %s", path,
                         strerror(errno));
    return LICET_OK;
}

/* ---- the key and the journal (R7.1) ---- */

static enum status state_write_key(const struct server *server, const char *folder,
                                   struct error *error)
{
    char secret[SECRET_KEY_FILE_MAX], line[256];
    struct buf secret_buf = buf_over(secret, sizeof(secret)),
               line_buf = buf_over(line, sizeof(line));
    uint8_t seed[KEY_SEED_BYTES];
    struct secret_key key;
    struct public_key public_key;
    enum status status;

    randombytes_buf(seed, sizeof(seed));
    secret_key_init(&key, seed);
    public_key = secret_key_public(&key);
    secret_key_print(&key, randombytes_random(), text_of(server->options.name), &secret_buf);
    public_key_print(&public_key, text_of(server->options.name), &line_buf);
    buf_add_byte(&line_buf, '\n');
    secret_key_finish(&key);
    sodium_memzero(seed, sizeof(seed));
    status = file_create(state_join(folder, "key").text, buf_text(&secret_buf), 0400, error);
    sodium_memzero(secret, sizeof(secret));
    if (status != LICET_OK)
        return status;
    return file_create(state_join(folder, "key.pub").text, buf_text(&line_buf), 0444, error);
}

/* What a crash in the middle of the first start left behind. Nothing of it was ever in use. */
static void state_remove_unborn(const char *folder)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry;

    if (entries == NULL)
        return;
    while ((entry = readdir(entries)) != NULL)
        unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    rmdir(folder);
}

static enum status state_sync_folder(const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return is_synced ? LICET_OK
                     : error_set(error, LICET_SYSTEM, "cannot sync %s: %s", path, strerror(errno));
}

static enum status state_bear(struct server *server, const char *folder, struct error *error)
{
    struct state_path unborn = state_join(server->options.state, "server.unborn");
    enum status status;

    state_remove_unborn(unborn.text);
    status = state_make_folder(unborn.text, error);
    if (status == LICET_OK)
        status = state_write_key(server, unborn.text, error);
    if (status == LICET_OK)
        status = journal_create(unborn.text, 0, error);
    if (status != LICET_OK)
        return status;
    if (rename(unborn.text, folder) != 0)
        return error_set(error, LICET_SYSTEM, "cannot rename %s: %s", unborn.text, strerror(errno));
    log_info("state.created", "folder=\"%s\"", folder);
    return state_sync_folder(server->options.state, error);
}

static enum status state_read_key(struct server *server, const char *folder, struct error *error)
{
    struct state_path path = state_join(folder, "key");
    struct text file;
    enum status status = file_read(path.text, SECRET_KEY_FILE_MAX, &file, error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_DAMAGED,
                         "%s is missing, while its journal is there: restore both from one "
                         "backup. " STATE_WITHOUT_BACKUP,
                         path.text, folder);
    if (status != LICET_OK)
        return status;
    status = secret_key_parse(file, &server->commit.key, error);
    file_free(file);
    if (status != LICET_OK)
        return status;
    server->key = secret_key_public(&server->commit.key);
    server->key_hash = public_key_hash(&server->key);
    return LICET_OK;
}

/* ---- what the journal says ---- */

static enum status state_name(void *context, uint32_t id, struct text name, struct error *error)
{
    struct server *server = context;

    return names_load(server->names, id, name, error);
}

static enum status state_make_core(struct server *server, struct error *error)
{
    struct seats_options options = {.leases_of_source_max = server->options.leases_of_source_max,
                                    .names_max = NAMES_MAX};
    uint8_t names_key[16];
    enum status status;

    randombytes_buf(options.hash_key, sizeof(options.hash_key));
    randombytes_buf(names_key, sizeof(names_key));
    status = fold_init(&server->fold, &options, server->key.bytes, error);
    if (status != LICET_OK)
        return status;
    server->seats = server->fold.seats;
    status = denials_create(!server->options.has_nameless_denials, &server->denials, error);
    if (status != LICET_OK)
        return status;
    server->fold.denials = server->denials;
    server->snapshots.has_denial_names = !server->options.has_nameless_denials;
    server->snapshots.options = options;
    server->snapshots.records_between = server->options.snapshot_records;
    memcpy(server->snapshots.server_key, server->key.bytes, sizeof(server->key.bytes));
    server->names_memory_size = names_memory(NAMES_MAX);
    server->names_memory = mmap(NULL, server->names_memory_size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (server->names_memory == MAP_FAILED) {
        server->names_memory = NULL;
        return error_set(error, LICET_NO_MEMORY, "no address space is left for the names");
    }
    server->names = names_create(server->names_memory, NAMES_MAX, names_key);
    return LICET_OK;
}

static void state_log_opening(const struct journal_opening *opening)
{
    log_info("journal.opened", "records=%llu snapshot=%llu sealed=%s cut_bytes=%u",
             (unsigned long long)opening->records_replayed,
             (unsigned long long)opening->snapshot_number, opening->was_sealed ? "yes" : "no",
             opening->bytes_cut);
    if (opening->snapshots_damaged > 0)
        log_warning("journal.snapshot", "damaged=%u", opening->snapshots_damaged);
}

static enum status state_open_journal(struct server *server, const char *folder,
                                      struct error *error)
{
    struct journal_opening opening;
    enum status status;

    status = journal_open(folder, fold_record, &server->fold, &server->journal, &opening, error);
    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_DAMAGED,
                         "the journal in %s is missing, while the key is there: restore both from "
                         "one backup. " STATE_WITHOUT_BACKUP,
                         folder, folder);
    if (status == LICET_OK)
        status = fold_end(&server->fold, error);
    if (status != LICET_OK)
        return status;
    state_log_opening(&opening);
    snprintf(server->snapshots.folder, sizeof(server->snapshots.folder), "%s", folder);
    server->snapshots.last_number = opening.snapshot_number;
    status = names_file_open(folder, state_name, server, &server->names_file, error);
    server->durable_number = journal_head(server->journal).number;
    return status;
}

enum status state_open(struct server *server, struct error *error)
{
    struct state_path folder = state_join(server->options.state, "server");
    struct stat stat_now;
    enum status status = state_make_folder(server->options.state, error);

    if (status == LICET_OK)
        status = state_make_folder(state_join(server->options.state, "licenses").text, error);
    if (status == LICET_OK)
        status = state_make_folder(state_join(server->options.state, "revocations").text, error);
    if (status == LICET_OK)
        status = state_make_folder(state_join(server->options.state, "responses").text, error);
    if (status == LICET_OK && stat(folder.text, &stat_now) != 0)
        status = state_bear(server, folder.text, error);
    if (status == LICET_OK)
        status = state_read_key(server, folder.text, error);
    if (status == LICET_OK)
        status = state_make_core(server, error);
    if (status == LICET_OK)
        status = state_open_journal(server, folder.text, error);
    if (status == LICET_OK)
        status = administrators_open(server->options.state, &server->administrators, error);
    return status;
}

void state_close(struct server *server)
{
    administrators_close(server->administrators);
    names_file_destroy(server->names_file);
    journal_destroy(server->journal);
    fold_finish(&server->fold);
    denials_destroy(server->denials);
    if (server->names_memory != NULL)
        munmap(server->names_memory, server->names_memory_size);
}

uint32_t state_count_damaged_names(const struct server *server)
{
    uint32_t count = 0;

    for (;;) {
        char name[64];

        snprintf(name, sizeof(name), "server/names.damaged-%u", count + 1);
        if (access(state_join(server->options.state, name).text, F_OK) != 0)
            return count;
        count++;
    }
}

/* ---- license files ---- */

static struct state_path state_license_path(const struct server *server,
                                            const struct hash *payload_hash)
{
    char name[sizeof("licenses/.lic") + 2 * HASH_BYTES];
    struct buf buf = buf_over(name, sizeof(name) - 1);

    buf_add_string(&buf, "licenses/");
    print_hex(payload_hash->bytes, sizeof(payload_hash->bytes), &buf);
    buf_add_string(&buf, ".lic");
    name[buf.size] = '\0';
    return state_join(server->options.state, name);
}

enum status state_store_license(struct server *server, const struct hash *payload_hash,
                                struct text file, struct error *error)
{
    return file_replace(state_license_path(server, payload_hash).text, file, 0600, error);
}

enum status state_load_license(struct server *server, const struct hash *payload_hash,
                               struct text *ret_file, struct error *error)
{
    struct state_path path = state_license_path(server, payload_hash);
    enum status status = file_read(path.text, LICENSE_FILE_BYTES_MAX, ret_file, error);

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_DAMAGED,
                         "%s, the installed license file, is missing: put the vendor's file there, "
                         "under this name",
                         path.text);
    return status;
}

void state_forget_license(struct server *server, const struct hash *payload_hash)
{
    unlink(state_license_path(server, payload_hash)
               .text); /* a file that stays is only a file too many */
}

/* ---- revocation lists ---- */

static struct state_path state_vendor_path(const struct server *server, const char *folder,
                                           const struct vendor *vendor)
{
    char name[sizeof("revocations/") + NAME_MAX_BYTES];

    snprintf(name, sizeof(name), "%s/%s", folder, vendor->options->name);
    return state_join(server->options.state, name);
}

enum status state_store_revocations(struct server *server, const struct vendor *vendor,
                                    struct text list, struct error *error)
{
    return file_replace(state_vendor_path(server, "revocations", vendor).text, list, 0600, error);
}

enum status state_load_revocations(struct server *server, const struct vendor *vendor,
                                   struct text *ret_list, struct error *error)
{
    return file_read(state_vendor_path(server, "revocations", vendor).text, REVOCATIONS_BYTES_MAX,
                     ret_list, error);
}

enum status state_store_response(struct server *server, const struct vendor *vendor,
                                 struct text hash, struct error *error)
{
    return file_replace(state_vendor_path(server, "responses", vendor).text, hash, 0600, error);
}

enum status state_load_response(struct server *server, const struct vendor *vendor,
                                struct text *ret_hash, struct error *error)
{
    return file_read(state_vendor_path(server, "responses", vendor).text, HASH_TEXT_BYTES, ret_hash,
                     error);
}
