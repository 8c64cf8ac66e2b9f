/*
 * From a license file to seats: reading it with the root of its vendor, judging it against what is
 * installed (R4.1), comparing line by line (R4.2), and giving the lines to the core.
 */
#include <assert.h>

#include "base/file.h"
#include "base/log.h"
#include "seat/names.h"
#include "server/server.h"

/* R4.1: a jump of the number beyond this is a mistake or an attack that would lock the server for
 * ever. */
#define GENERATION_STEP_MAX 1000u

/* ---- reading ---- */

static enum status installation_read(struct installation *installation, struct text file,
                                     struct error *error)
{
    size_t arena_size = LICENSE_ARENA_BYTES(file.size);
    struct arena arena;

    installation->file_memory = malloc(file.size + 1);
    installation->arena_memory = malloc(arena_size);
    if (installation->file_memory == NULL || installation->arena_memory == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to read a license file");
    memcpy(installation->file_memory, file.data, file.size);
    installation->file = text_make(installation->file_memory, file.size);
    arena = arena_over(installation->arena_memory, arena_size);
    return license_read(installation->file, &installation->vendor->trust, &arena,
                        &installation->license, error);
}

/* ---- judging (R4.1) ---- */

static enum status installation_check_generation(struct installation *installation,
                                                 struct error *error)
{
    const struct vendor *vendor = installation->vendor;
    uint32_t old = vendor->file.data == NULL ? 0 : vendor->license.head.generation;
    uint32_t new = installation->license.head.generation;

    installation->installed_generation = old;
    if (old != 0 && new == old) {
        installation->is_installed_already =
            hash_equal(&vendor->license.payload_hash, &installation->license.payload_hash);
        if (installation->is_installed_already)
            return LICET_OK;
        log_error("license.conflict", "vendor=%s generation=%u cause=\"two files of one number\"",
                  vendor->options->name, new);
        return error_set(error, LICET_CONFLICT,
                         "generation %u is installed with other content; two files of one number: "
                         "ask the vendor",
                         new);
    }
    if (new < old)
        return error_set(error, LICET_OLD_GENERATION,
                         "generation %u is older than the installed %u, which contains every "
                         "change made before it",
                         new, old);
    if (old != 0 && new - old > GENERATION_STEP_MAX)
        return error_set(error, LICET_INVALID,
                         "generation %u is more than %u ahead of the installed %u; ask the vendor "
                         "for the next one",
                         new, GENERATION_STEP_MAX, old);
    return LICET_OK;
}

/* R9.3: what is installed stays, whatever its key has become since; nothing new comes by a revoked
 * key. */
static enum status installation_check_issuer(const struct installation *installation,
                                             struct error *error)
{
    const struct license *license = &installation->license;

    if (installation->is_installed_already)
        return LICET_OK;
    return revocations_check(&installation->vendor->revocations.list, &license->signer.key_hash,
                             license->head.issued, error);
}

/* ---- comparing (R4.2) ---- */

struct line_place {
    const struct license_increment *line;
};

static int increment_order(const void *left, const void *right)
{
    struct text a = ((const struct line_place *)left)->line->sn;
    struct text b = ((const struct line_place *)right)->line->sn;
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* A file's lines in the order of their sn, which is unique in it (R2.2). */
static void increments_sort(const struct license *license, struct line_place *ret)
{
    for (uint32_t index = 0; index < license->increments_count; index++)
        ret[index].line = &license->increments[index];
    qsort(ret, license->increments_count, sizeof(*ret), increment_order);
}

/* The line with the sn of `wanted`; NULL: there is none. */
static const struct license_increment *increment_find(const struct line_place *sorted,
                                                      uint32_t count,
                                                      const struct license_increment *wanted)
{
    struct line_place key = {wanted};
    const struct line_place *found = bsearch(&key, sorted, count, sizeof(key), increment_order);

    return found == NULL ? NULL : found->line;
}

/* An end that is earlier, or one where there was none (0). */
static bool is_earlier_end(int64_t new, int64_t old)
{
    return new != 0 && (old == 0 || new < old);
}

static bool increment_covers(const struct license_increment *increment, struct text feature)
{
    if (text_equal(increment->feature, feature))
        return true;
    for (uint32_t index = 0; index < increment->covers.count; index++) {
        if (text_equal(increment->covers.items[index], feature))
            return true;
    }
    return false;
}

static bool increment_loses_cover(const struct license_increment *old,
                                  const struct license_increment *new)
{
    if (!increment_covers(new, old->feature))
        return true;
    for (uint32_t index = 0; index < old->covers.count; index++) {
        if (!increment_covers(new, old->covers.items[index]))
            return true;
    }
    return false;
}

/* Anything that a holder of a seat of the old line could miss. */
static bool increment_shrinks(const struct installation *installation,
                              const struct license_increment *old,
                              const struct license_increment *new, const struct public_key *key)
{
    const struct license *old_license = &installation->vendor->license;

    if (new == NULL)
        return true;
    return new->seats < old->seats || new->overdraft < old->overdraft ||
           new->maintenance < old->maintenance ||
           is_earlier_end(license_increment_expiry(new), license_increment_expiry(old)) ||
           is_earlier_end(license_increment_refresh_by(new), license_increment_refresh_by(old)) ||
           license_increment_start(new) > license_increment_start(old) ||
           increment_loses_cover(old, new) ||
           (license_increment_state(&installation->license, new, key) != LICENSE_LINE_ENABLED &&
            license_increment_state(old_license, old, key) == LICENSE_LINE_ENABLED);
}

/* That the line serves now. */
static uint32_t increment_seats(const struct license *license, const struct license_increment *line,
                                const struct server *server)
{
    if (line == NULL ||
        license_increment_state(license, line, &server->key) != LICENSE_LINE_ENABLED ||
        license_increment_start(line) > server->now.utc.s ||
        license_increment_has_ended(line, server->now.utc))
        return 0;
    return line->seats;
}

static void installation_add_change(struct installation *installation,
                                    const struct license_increment *old,
                                    const struct license_increment *new,
                                    const struct server *server)
{
    struct installation_change *change = &installation->changes[installation->changes_count++];
    const struct license_increment *shown = new == NULL ? old : new;

    assert(shown != NULL);
    *change = (struct installation_change){
        .sn = shown->sn,
        .feature = shown->feature,
        .old_line = old,
        .new_line = new,
        .old_seats = increment_seats(&installation->vendor->license, old, server),
        .new_seats = increment_seats(&installation->license, new, server),
        .is_shrinking = old != NULL &&increment_shrinks(installation, old, new, &server->key),
    };
    installation->shrinks = installation->shrinks || change->is_shrinking;
}

/* Every line of the old file, then those that only the new one has. */
static void installation_add_changes(struct installation *installation, const struct license *old,
                                     struct line_place *sorted, const struct server *server)
{
    const struct license *new = &installation->license;

    increments_sort(new, sorted);
    for (uint32_t index = 0; index < old->increments_count; index++)
        installation_add_change(
            installation, &old->increments[index],
            increment_find(sorted, new->increments_count, &old->increments[index]), server);
    increments_sort(old, sorted);
    for (uint32_t index = 0; index < new->increments_count; index++) {
        if (increment_find(sorted, old->increments_count, &new->increments[index]) == NULL)
            installation_add_change(installation, NULL, &new->increments[index], server);
    }
}

static enum status installation_compare(struct installation *installation,
                                        const struct server *server, struct error *error)
{
    static const struct license nothing;
    const struct vendor *vendor = installation->vendor;
    const struct license *old = vendor->file.data == NULL ? &nothing : &vendor->license;
    const struct license *new = &installation->license;
    size_t lines = (size_t)old->increments_count + new->increments_count + 1;
    struct line_place *sorted = calloc(lines, sizeof(*sorted));

    installation->changes = calloc(lines, sizeof(*installation->changes));
    if (installation->changes == NULL || sorted == NULL) {
        free(sorted);
        return error_set(error, LICET_NO_MEMORY, "no memory is left to compare license files");
    }
    installation->is_other_customer =
        vendor->file.data != NULL && !text_equal(old->head.customer, new->head.customer);
    installation->shrinks = installation->is_other_customer;
    installation_add_changes(installation, old, sorted, server);
    free(sorted);
    return LICET_OK;
}

static enum status installation_judge(struct server *server, struct text file,
                                      struct installation *installation, struct error *error)
{
    enum status status = server_vendor_of_text(server, file, "LICENSE 1 ", "license file",
                                               &installation->vendor, error);
    if (status == LICET_OK)
        status = installation_read(installation, file, error);
    if (status == LICET_OK)
        status = license_check_server(&installation->license, &server->key,
                                      text_of(server->options.name), server->now.utc, error);
    if (status == LICET_OK)
        status = installation_check_generation(installation, error);
    if (status == LICET_OK)
        status = installation_check_issuer(installation, error);
    if (status == LICET_OK)
        status = installation_compare(installation, server, error);
    return status;
}

enum status installation_prepare(struct server *server, struct text text,
                                 struct installation *ret_installation, struct error *error)
{
    struct response response;
    enum status status;
    void *memory;

    memset(ret_installation, 0, sizeof(*ret_installation));
    if (!text_starts_with(text, "RESPONSE "))
        return installation_judge(server, text, ret_installation, error);
    status = response_open(server, text, &memory, &response, error);
    if (status == LICET_OK)
        status = installation_judge(server, response.file, ret_installation, error);
    if (status == LICET_OK)
        status = response_check_file(&response, &ret_installation->license, &server->key, error);
    if (status == LICET_OK)
        ret_installation->response_hash = response.payload_hash;
    free(memory);
    return status;
}

void installation_finish(struct installation *installation)
{
    free(installation->changes);
    free(installation->arena_memory);
    free(installation->file_memory);
    memset(installation, 0, sizeof(*installation));
}

/* ---- into the core ---- */

static enum status line_intern(struct server *server, struct text name, name_id *ret_id,
                               struct error *error)
{
    bool is_new;

    return names_intern(server->names, name, ret_id, &is_new, error);
}

static enum status line_convert(struct server *server, const struct license *license,
                                const struct license_increment *increment, struct seat_line *line,
                                struct error *error)
{
    enum status status;

    *line = (struct seat_line){
        .seats = increment->seats,
        .overdraft = increment->overdraft,
        .maintenance =
            increment->maintenance == FIELD_DATE_NEVER ? DATE_NONE : increment->maintenance,
        .start = license_increment_start(increment),
        .expiry = license_increment_expiry(increment),
        .refresh_by = license_increment_refresh_by(increment),
        .ttl_s = increment->ttl_s,
        .drain_s = increment->drain_s,
        .state = (enum line_state)license_increment_state(license, increment, &server->key),
        .covers_count = increment->covers.count,
    };
    if (increment->covers.count > LINE_COVERS_MAX)
        return error_set(error, LICET_TOO_LARGE, "line %u covers more than %d features",
                         increment->line_number, LINE_COVERS_MAX);
    status = line_intern(server, increment->sn, &line->sn, error);
    if (status == LICET_OK)
        status = line_intern(server, increment->feature, &line->feature, error);
    for (uint32_t index = 0; status == LICET_OK && index < line->covers_count; index++)
        status = line_intern(server, increment->covers.items[index], &line->covers[index], error);
    return status;
}

/* Records of an installation: its lines, the former ones that are kept, leases that are due. */
static size_t installation_bytes(const struct server *server,
                                 const struct installation *installation)
{
    struct seat_line row;
    uint64_t cursor = 0;
    size_t rows = (size_t)installation->license.increments_count + 2;

    while (seats_next_line(server->seats, installation->vendor->name, &cursor, &row))
        rows++;
    return rows * (SEAT_RECORD_BYTES_MAX + JOURNAL_RECORD_OVERHEAD) + SEAT_STEP_BYTES;
}

/* The file as the core takes it. `lines` has room for them; the event borrows both. */
static enum status installation_event(struct server *server,
                                      const struct installation *installation,
                                      struct seat_installation *facts, struct seat_line *lines,
                                      struct seat_event *ret_event, struct error *error)
{
    const struct license *license = &installation->license;
    enum status status = LICET_OK;

    for (uint32_t index = 0; status == LICET_OK && index < license->increments_count; index++)
        status = line_convert(server, license, &license->increments[index], &lines[index], error);
    if (status != LICET_OK)
        return status;
    *facts = (struct seat_installation){
        .vendor = installation->vendor->name,
        .generation = license->head.generation,
        .installed_at = server->now.utc.s,
        .lines_count = license->increments_count,
    };
    memcpy(facts->payload_hash, license->payload_hash.bytes, sizeof(facts->payload_hash));
    *ret_event = (struct seat_event){
        .kind = SEAT_INSTALL, .vendor = facts->vendor, .installation = facts, .lines = lines};
    return LICET_OK;
}

static enum status installation_check_core(enum status status, struct error *error)
{
    return status == LICET_OK
               ? LICET_OK
               : error_set(error, status, "the lines of this file cannot be served: %s",
                           status_text(status));
}

enum status installation_rehearse(struct server *server, const struct installation *installation,
                                  const struct seat_drain_watcher *watcher, struct error *error)
{
    struct seat_line *lines =
        calloc((size_t)installation->license.increments_count + 1, sizeof(*lines));
    struct seat_installation facts;
    struct seat_event event;
    enum status status;

    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to look at a file");
    status = installation_event(server, installation, &facts, lines, &event, error);
    if (status == LICET_OK)
        status = installation_check_core(seat_rehearse(server->seats, server->now, &event, watcher),
                                         error);
    free(lines);
    server->effects.next_timer = server->now.instant; /* a tick, as seat_rehearse() asks for */
    server_mind_timer(server);
    return status;
}

static enum status installation_step(struct server *server, struct installation *installation,
                                     struct seat_line *lines, struct error *error)
{
    const struct license *license = &installation->license;
    size_t bytes = installation_bytes(server, installation);
    struct seat_installation facts;
    struct seat_event event;
    enum status status = installation_event(server, installation, &facts, lines, &event, error);

    if (status != LICET_OK)
        return status;
    if (!batch_has_room(server->open, bytes, 0))
        return error_set(
            error, LICET_OVER_LIMIT,
            "this server is too busy for so large a file just now; try again in a second");
    if (!server_has_room(server, JOURNAL_GROWTH, bytes))
        return error_set(error, LICET_DISK_FULL,
                         "the license server's disk has no room for another installation");
    status = state_store_license(server, &license->payload_hash, installation->file,
                                 error); /* before its record */
    if (status != LICET_OK)
        return status;
    server_step(server, &event);
    return installation_check_core(server->reply.status, error);
}

static void vendor_take(struct vendor *vendor, struct installation *installation)
{
    free(vendor->arena_memory);
    free(vendor->file_memory);
    vendor->arena_memory = installation->arena_memory;
    vendor->file_memory = installation->file_memory;
    vendor->license = installation->license;
    vendor->file = installation->file;
    installation->arena_memory = installation->file_memory = NULL;
}

enum status installation_commit(struct server *server, struct installation *installation,
                                const char *by, struct hash *ret_replaced, struct error *error)
{
    struct vendor *vendor = installation->vendor;
    struct hash old_hash = vendor->license.payload_hash;
    bool had_file = vendor->file.data != NULL;
    struct seat_line *lines =
        calloc((size_t)installation->license.increments_count + 1, sizeof(*lines));
    enum status status;

    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to install a file");
    status = installation_step(server, installation, lines, error);
    free(lines);
    if (status != LICET_OK)
        return status;
    log_info("license.installed", "vendor=%s generation=%u previous=%u lines=%u by=\"%s\"",
             vendor->options->name, installation->license.head.generation,
             installation->installed_generation, installation->license.increments_count, by);
    vendor_take(vendor, installation);
    vendor->installed_number = server->open->first_number + server->open->records_count - 1;
    *ret_replaced = had_file ? old_hash : (struct hash){{0}};
    return LICET_OK;
}

/* ---- at start ---- */

enum status installation_restore(struct server *server, struct vendor *vendor, struct error *error)
{
    const struct seat_installation *facts = seats_installation(server->seats, vendor->name);
    struct installation installation = {.vendor = vendor};
    struct error found = {.status = LICET_OK};
    struct hash payload_hash;
    struct text file;
    enum status status;

    if (facts == NULL)
        return LICET_OK;
    memcpy(payload_hash.bytes, facts->payload_hash, sizeof(payload_hash.bytes));
    status = state_load_license(server, &payload_hash, &file, error);
    if (status != LICET_OK)
        return status;
    status = installation_read(&installation, file, &found);
    file_free(file);
    if (status != LICET_OK)
        error_set(error, status, "the installed license file of %s is not accepted: %s",
                  vendor->options->name, error_text(&found, status));
    if (status == LICET_OK && !hash_equal(&installation.license.payload_hash, &payload_hash))
        status = error_set(error, LICET_DAMAGED,
                           "the stored license file of %s is not the one that was installed",
                           vendor->options->name);
    if (status == LICET_OK)
        vendor_take(vendor, &installation);
    installation_finish(&installation);
    return status;
}
