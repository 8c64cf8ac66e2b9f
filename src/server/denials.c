/* The table: rows in a fixed array, found by a keyed hash, in a list by when they were last added
 * to. */
#include "server/denials.h"

#include <sodium.h>

#include "base/wire.h"
#include "journal/journal.h"

#define DENIAL_NOTE_KIND 1u
#define DENIAL_BUCKETS (2u * DENIALS_MAX)

struct place {
    struct denial_row row; /* count 0: nothing is here */
    uint64_t unnoted;      /* of the count */
    int64_t unnoted_first;
    int64_t noted_at_ms; /* 0: never by this process */
    uint64_t touched;    /* rises with every addition to the table */
    uint32_t next;       /* in its bucket, or of the empty ones */
    uint32_t older, newer;
};

struct denials {
    bool has_names;
    uint32_t places_count; /* that were ever in use ... */
    uint32_t empty;        /* ... and of those the first that is not */
    uint32_t oldest, newest;
    uint64_t touches, dropped;
    uint32_t names_left;
    int64_t names_at_ms; /* when names_left last grew */
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    uint32_t buckets[DENIAL_BUCKETS];
    struct place places[DENIALS_MAX + 1]; /* 0 is nobody */
};

_Static_assert(sizeof(struct denial) == 28, "rows are found by their bytes, so there is no gap");
_Static_assert((DENIALS_MAX & (DENIALS_MAX - 1)) == 0, "a cursor has a place in its low bits");

enum status denials_create(bool has_names, struct denials **ret_denials, struct error *error)
{
    struct denials *denials = calloc(1, sizeof(*denials));

    if (denials == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for denials");
    denials->has_names = has_names;
    denials->names_left = DENIAL_NAMES_MAX;
    randombytes_buf(denials->hash_key, sizeof(denials->hash_key));
    *ret_denials = denials;
    return LICET_OK;
}

void denials_destroy(struct denials *denials)
{
    free(denials);
}

bool denials_have_names(const struct denials *denials)
{
    return denials->has_names;
}

bool denials_is_denial(enum status status)
{
    switch ((int)status) {
    case LICET_NO_FEATURE:
    case LICET_NO_SEAT:
    case LICET_EXPIRED:
    case LICET_NOT_STARTED:
    case LICET_MAINTENANCE:
    case LICET_DISABLED:
    case LICET_NO_FILE:
    case LICET_OVER_LIMIT:
        return true;
    default:
        return false;
    }
}

uint64_t denials_dropped(const struct denials *denials)
{
    return denials->dropped;
}

bool denials_take_name(struct denials *denials, struct instant now)
{
    int64_t grown = (now.ms - denials->names_at_ms) / DENIAL_NAME_MS;

    if (denials->names_left + grown >= DENIAL_NAMES_MAX) {
        denials->names_left = DENIAL_NAMES_MAX;
        denials->names_at_ms = now.ms;
    } else {
        denials->names_left += (uint32_t)grown;
        denials->names_at_ms += grown * DENIAL_NAME_MS;
    }
    if (denials->names_left == 0)
        return false;
    denials->names_left--;
    return true;
}

/* ---- places */

static uint32_t *denials_bucket(struct denials *denials, const struct denial *denial)
{
    uint8_t hash[crypto_shorthash_BYTES];
    uint32_t value;

    crypto_shorthash(hash, (const uint8_t *)denial, sizeof(*denial), denials->hash_key);
    memcpy(&value, hash, sizeof(value));
    return &denials->buckets[value % DENIAL_BUCKETS];
}

/* Takes a place out of the list by age. */
static void denials_unlink(struct denials *denials, uint32_t index)
{
    struct place *place = &denials->places[index];

    denials->places[place->older].newer = place->newer;
    denials->places[place->newer].older = place->older;
    if (denials->oldest == index)
        denials->oldest = place->newer;
    if (denials->newest == index)
        denials->newest = place->older;
}

static void denials_link_newest(struct denials *denials, uint32_t index)
{
    struct place *place = &denials->places[index];

    place->older = denials->newest;
    place->newer = 0;
    place->touched = ++denials->touches;
    denials->places[denials->newest].newer = index;
    denials->newest = index;
    if (denials->oldest == 0)
        denials->oldest = index;
}

static void denials_drop_oldest(struct denials *denials)
{
    uint32_t index = denials->oldest;
    struct place *place = &denials->places[index];
    uint32_t *link = denials_bucket(denials, &place->row.denial);

    while (*link != index)
        link = &denials->places[*link].next;
    *link = place->next;
    denials_unlink(denials, index);
    denials->dropped += place->unnoted;
    *place = (struct place){.next = denials->empty};
    denials->empty = index;
}

static uint32_t denials_take_place(struct denials *denials)
{
    uint32_t index;

    if (denials->empty == 0 && denials->places_count < DENIALS_MAX)
        return ++denials->places_count;
    if (denials->empty == 0)
        denials_drop_oldest(denials);
    index = denials->empty;
    denials->empty = denials->places[index].next;
    return index;
}

static struct place *denials_make(struct denials *denials, const struct denial *denial)
{
    uint32_t index = denials_take_place(denials);
    uint32_t *bucket = denials_bucket(denials, denial);
    struct place *place = &denials->places[index];

    place->row.denial = *denial;
    place->next = *bucket;
    *bucket = index;
    return place;
}

/* The place of this denial, new or not, as the newest one. */
static struct place *denials_touch(struct denials *denials, const struct denial *denial)
{
    struct denial key = *denial;
    struct place *place;
    uint32_t index;

    if (!denials->has_names)
        key.user = key.host = key.device = key.source = 0;
    for (index = *denials_bucket(denials, &key); index != 0; index = denials->places[index].next) {
        if (memcmp(&denials->places[index].row.denial, &key, sizeof(key)) == 0)
            break;
    }
    if (index != 0) {
        denials_unlink(denials, index);
        place = &denials->places[index];
    } else {
        place = denials_make(denials, &key);
    }
    denials_link_newest(denials, (uint32_t)(place - denials->places));
    return place;
}

static void denials_count(struct denial_row *row, uint64_t count, int64_t first, int64_t last)
{
    if (row->count == 0 || first < row->first)
        row->first = first;
    if (last > row->last)
        row->last = last;
    if (__builtin_add_overflow(row->count, count, &row->count))
        row->count = UINT64_MAX;
}

void denials_add(struct denials *denials, const struct denial *denial, int64_t utc)
{
    struct place *place = denials_touch(denials, denial);

    denials_count(&place->row, 1, utc, utc);
    if (place->unnoted++ == 0)
        place->unnoted_first = utc;
}

void denials_expire(struct denials *denials, int64_t utc)
{
    int64_t keep_from = utc - (int64_t)DENIAL_DAYS * SECONDS_A_DAY;

    while (denials->oldest != 0 && denials->places[denials->oldest].row.last < keep_from)
        denials_drop_oldest(denials);
}

/* ---- reading */

/* The first row that was touched after the one at the cursor: its successor, where it stands. */
static uint32_t denials_after(const struct denials *denials, uint64_t cursor)
{
    uint32_t index = (uint32_t)(cursor % DENIALS_MAX) + 1;
    uint64_t touched = cursor / DENIALS_MAX;

    if (cursor != 0 && denials->places[index].touched == touched)
        return denials->places[index].newer;
    index = denials->oldest;
    while (index != 0 && denials->places[index].touched <= touched)
        index = denials->places[index].newer;
    return index;
}

bool denials_next(const struct denials *denials, uint64_t *cursor, struct denial_row *ret_row)
{
    uint32_t index = denials_after(denials, *cursor);

    if (index == 0)
        return false;
    *ret_row = denials->places[index].row;
    *cursor = denials->places[index].touched * DENIALS_MAX + index - 1;
    return true;
}

/* ---- notes */

void denial_note_encode(const struct denial_row *row, uint8_t bytes[DENIAL_NOTE_BYTES])
{
    const struct denial *denial = &row->denial;
    const name_id names[] = {denial->vendor, denial->feature, denial->user,
                             denial->host,   denial->device,  denial->source};

    bytes[0] = DENIAL_NOTE_KIND;
    wire_put_u32(bytes + 1, (uint32_t)denial->status);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        wire_put_u32(bytes + 5 + 4 * i, names[i]);
    wire_put_u64(bytes + 29, row->count);
    wire_put_u64(bytes + 37, (uint64_t)row->first);
    wire_put_u64(bytes + 45, (uint64_t)row->last);
}

static bool denial_note_decode(struct text note, struct denial_row *row)
{
    const uint8_t *bytes = (const uint8_t *)note.data;
    struct denial *denial = &row->denial;
    name_id *const names[] = {&denial->vendor, &denial->feature, &denial->user,
                              &denial->host,   &denial->device,  &denial->source};

    if (note.size != DENIAL_NOTE_BYTES || bytes[0] != DENIAL_NOTE_KIND)
        return false;
    denial->status = (enum status)wire_get_u32(bytes + 1);
    if (!denials_is_denial(denial->status))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        *names[i] = wire_get_u32(bytes + 5 + 4 * i);
        if (*names[i] > NAMES_MAX)
            return false;
    }
    row->count = wire_get_u64(bytes + 29);
    row->first = (int64_t)wire_get_u64(bytes + 37);
    row->last = (int64_t)wire_get_u64(bytes + 45);
    return row->count > 0 && row->first >= 0 && row->first <= row->last;
}

void denials_fold(struct denials *denials, struct text note)
{
    struct denial_row row = {.count = 0};

    if (denial_note_decode(note, &row))
        denials_count(&denials_touch(denials, &row.denial)->row, row.count, row.first, row.last);
}

static bool place_is_due(const struct place *place, struct instant now, bool is_last)
{
    return place->unnoted > 0 &&
           (is_last || place->noted_at_ms == 0 || now.ms - place->noted_at_ms >= DENIAL_NOTE_MS);
}

static void place_note(struct place *place, struct instant now, struct buf *body)
{
    struct denial_row since = {place->row.denial, place->unnoted, place->unnoted_first,
                               place->row.last};
    uint8_t bytes[DENIAL_NOTE_BYTES];

    denial_note_encode(&since, bytes);
    journal_body_add(body, text_make(bytes, sizeof(bytes)));
    place->unnoted = 0;
    place->noted_at_ms = now.ms;
}

void denials_take_notes(struct denials *denials, struct instant now, bool is_last, struct buf *body)
{
    uint32_t left = is_last ? DENIALS_MAX : DENIAL_NOTES_A_FLUSH;

    for (uint32_t index = denials->oldest; index != 0 && left > 0;
         index = denials->places[index].newer) {
        struct place *place = &denials->places[index];

        if (!place_is_due(place, now, is_last))
            continue;
        place_note(place, now, body);
        left--;
    }
}
