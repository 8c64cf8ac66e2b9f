/* From a refusal to the table of denials, and from there to the journal (R8.8). */
#include "seat/names.h"
#include "server/server.h"

/* A name that nobody has heard of gets its id here, as far as denials may leave names behind. Where
 * they may not, or it is none, the row says nothing in its place. */
static void note_name(struct server *server, struct text text, name_id *id)
{
    bool is_new;

    if (*id != 0 || text.size == 0)
        return;
    *id = names_find(server->names, text);
    if (*id == 0 && denials_take_name(server->denials, server->now.instant))
        names_intern(server->names, text, id, &is_new, NULL);
}

void server_note_refusal(struct server *server, struct refusal *refusal)
{
    struct denial *denial = &refusal->denial;

    note_name(server, refusal->feature, &denial->feature);
    if (denials_have_names(server->denials)) {
        note_name(server, refusal->user, &denial->user);
        note_name(server, refusal->host, &denial->host);
        note_name(server, refusal->device, &denial->device);
        note_name(server, refusal->source, &denial->source);
    }
    denials_add(server->denials, denial, server->now.utc.s);
}

void server_write_notes(struct server *server, bool is_last)
{
    char place[NOTES_BYTES_MAX];
    struct buf notes = buf_over(place, sizeof(place));

    server->noted_at = server->now.instant;
    denials_expire(server->denials, server->now.utc.s);
    if (commit_has_notes(&server->commit) ||
        !server_has_room(server, JOURNAL_GROWTH, sizeof(place)))
        return;
    denials_take_notes(server->denials, server->now.instant, is_last, &notes);
    if (notes.size > 0)
        commit_note(&server->commit, buf_text(&notes), names_last(server->names));
}
