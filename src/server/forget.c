/*
 * Forgetting a name (R10.8). Journal, snapshots and notes have ids alone, so a name is in the memory
 * and in the names file. licetd(8) says where else it may stand.
 */
#include "base/log.h"
#include "seat/names.h"
#include "server/server.h"

static bool forget_line_has(const struct seat_line *line, name_id id)
{
    for (uint32_t index = 0; index < line->covers_count; index++) {
        if (line->covers[index] == id)
            return true;
    }
    return line->sn == id || line->feature == id;
}

enum forget_holder {
    FORGET_NOBODY,
    FORGET_FILE,
    FORGET_LEASE,
};

/* An ended lease's source is no holder: it only counts how many that address may have. */
static enum forget_holder forget_record_has(const struct seat_record *record, name_id id)
{
    switch ((int)record->kind) {
    case SEAT_RECORD_INSTALL:
        return record->install.vendor == id ? FORGET_FILE : FORGET_NOBODY;
    case SEAT_RECORD_LINE:
        return forget_line_has(&record->line, id) ? FORGET_FILE : FORGET_NOBODY;
    case SEAT_RECORD_GRANT:
        if (record->grant.vendor == id || record->grant.feature == id)
            return FORGET_FILE;
        return record->grant.user == id || record->grant.host == id || record->grant.device == id ||
                       record->grant.source == id
                   ? FORGET_LEASE
                   : FORGET_NOBODY;
    default:
        return FORGET_NOBODY;
    }
}

/* The state as the records that fold to it: whatever has a name is there.
 * Limit: 0.1 to 0.2 s for a million leases, in the loop; a person asks for it once in a long while.
 */
static enum forget_holder forget_find_holder(struct server *server, name_id id)
{
    enum forget_holder holder =
        server_vendor_by_id(server, id) != NULL ? FORGET_FILE : FORGET_NOBODY;
    struct seat_record record;
    uint64_t cursor = 0;

    while (holder == FORGET_NOBODY && seats_snapshot_next(server->seats, &cursor, &record))
        holder = forget_record_has(&record, id);
    return holder;
}

enum status server_find_forgettable(struct server *server, struct text name, name_id *ret_id,
                                    struct error *error)
{
    name_id id = names_find(server->names, name);

    if (id == 0)
        return error_set(error, LICET_NOT_FOUND,
                         "nobody and nothing here has this name; LEASES and DENIALS show names as "
                         "they are written");
    switch (forget_find_holder(server, id)) {
    case FORGET_FILE:
        return error_set(error, LICET_CONFLICT,
                         "a license file or the configuration has this name, and it stays there");
    case FORGET_LEASE:
        return error_set(error, LICET_CONFLICT,
                         "a running lease has this name; end it first, or wait for its end");
    case FORGET_NOBODY:
        break;
    }
    *ret_id = id;
    return LICET_OK;
}

enum status server_forget(struct server *server, name_id id, const char *by, struct error *error)
{
    if (server->open->forgotten != 0 || !batch_has_room(server->open, 0, 0))
        return error_set(error, LICET_OVER_LIMIT,
                         "another name is being forgotten; try again in a second");
    /* Order: found no more before the file is written, so that no record of a later batch can use
     * the id; wiped only after it, for the commit thread reads the text of a name that is new. */
    names_hide(server->names, id);
    server->forgets++;
    server->open->forgotten = id;
    server->open->names_last = names_last(server->names);
    log_info("name.forgotten", "id=%u by=\"%s\"", id, by);
    return LICET_OK;
}

void server_forgotten(struct server *server, name_id id)
{
    names_wipe(server->names, id);
}
