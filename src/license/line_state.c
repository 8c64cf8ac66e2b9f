/* What an INCREMENT line means here: forward rule (R2.5), binding (R2.4), dates (R1.3), hosts
 * (R1.2). */
#include <assert.h>

#include "base/time.h"
#include "license/license.h"

/* ---- fields that are not served */

/* Adds the keys of fields that are set, not served, and have this effect. */
static void increment_add_keys(const struct license_increment *increment, enum field_effect effect,
                               struct buf *buf)
{
    uint32_t count;
    const struct field_row *rows = field_rows_of(LINE_INCREMENT, &count);
    size_t start = buf->size;

    for (uint32_t index = 0; index < count; index++) {
        const struct field_row *row = &rows[index];

        if (row->is_served || row->effect != effect || !field_is_set(row, increment))
            continue;
        if (buf->size > start)
            buf_add_byte(buf, ' ');
        buf_add_string(buf, row->key);
    }
}

static bool increment_restricts(const struct license_increment *increment)
{
    char keys[256];
    struct buf buf = buf_over(keys, sizeof(keys));

    increment_add_keys(increment, FIELD_RESTRICTS, &buf);
    return buf.size > 0;
}

void license_increment_not_served(const struct license_increment *increment, struct buf *buf)
{
    increment_add_keys(increment, FIELD_PERMITS, buf);
}

static bool is_said(const struct license *license, const struct field_row *row)
{
    for (uint32_t index = 0; index < license->increments_count; index++) {
        if (field_is_set(row, &license->increments[index]))
            return true;
    }
    return false;
}

static bool is_word_of(const char *word, struct text words)
{
    struct text one;

    while (text_split(&words, ' ', &one)) {
        if (text_is(one, word))
            return true;
    }
    return false;
}

void license_not_served_by(const struct license *license, struct text serves, struct buf *buf)
{
    uint32_t count;
    const struct field_row *rows = field_rows_of(LINE_INCREMENT, &count);
    size_t start = buf->size;

    for (uint32_t index = 0; index < count; index++) {
        const struct field_row *row = &rows[index];

        if (row->is_positional || is_word_of(row->key, serves) || !is_said(license, row))
            continue;
        if (buf->size > start)
            buf_add_byte(buf, ' ');
        buf_add_string(buf, row->key);
    }
}

enum license_line_state license_increment_state(const struct license *license,
                                                const struct license_increment *increment,
                                                const struct public_key *server_key)
{
    if (increment->extras.unknown_count > 0)
        return LICENSE_LINE_UNKNOWN_FIELD;
    if (increment_restricts(increment))
        return LICENSE_LINE_NOT_SERVED;
    if (server_key != NULL && license_find_server(license, server_key) == NULL)
        return LICENSE_LINE_NOT_BOUND;
    return LICENSE_LINE_ENABLED;
}

static void increment_add_unknown(const struct license_increment *increment, struct buf *buf)
{
    for (uint32_t index = 0; index < increment->extras.count; index++) {
        const struct field_extra *extra = &increment->extras.items[index];

        if (!extra->is_unknown)
            continue;
        buf_add_byte(buf, ' ');
        buf_add_text(buf, text_head(extra->text, 40));
    }
}

void license_increment_why(const struct license *license, const struct license_increment *increment,
                           const struct public_key *server_key, struct buf *buf)
{
    switch (license_increment_state(license, increment, server_key)) {
    case LICENSE_LINE_ENABLED:
        return;
    case LICENSE_LINE_UNKNOWN_FIELD:
        buf_add_string(buf, "needs a newer licetd, which knows");
        increment_add_unknown(increment, buf);
        return;
    case LICENSE_LINE_NOT_SERVED:
        buf_add_string(buf, "needs a later licetd, which serves ");
        increment_add_keys(increment, FIELD_RESTRICTS, buf);
        return;
    case LICENSE_LINE_NOT_BOUND:
        buf_add_string(buf, "is bound to the key of another license server");
        return;
    }
}

/* ---- dates */

static int64_t increment_end(uint32_t days)
{
    if (days == 0 || days == FIELD_DATE_NEVER)
        return 0;
    return date_end_everywhere((struct date){(int32_t)days}).s;
}

int64_t license_increment_start(const struct license_increment *increment)
{
    return increment->start == 0 ? 0
                                 : date_begin_anywhere((struct date){(int32_t)increment->start}).s;
}

int64_t license_increment_expiry(const struct license_increment *increment)
{
    return increment_end(increment->expiry);
}

int64_t license_increment_refresh_by(const struct license_increment *increment)
{
    return increment_end(increment->refresh_by);
}

uint32_t license_increment_grace_seats(const struct license_increment *increment)
{
    return increment->grace_seats != 0 ? increment->grace_seats : 2 * increment->seats;
}

/* ---- whom the file is for */

const struct license_host *license_find_server(const struct license *license,
                                               const struct public_key *key)
{
    struct hash hash = public_key_hash(key);

    for (uint32_t index = 0; index < license->servers_count; index++) {
        if (hash_equal(&license->servers[index].key, &hash))
            return &license->servers[index];
    }
    return NULL;
}

static enum status license_other_server(const struct license *license, const struct hash *hash,
                                        struct text host_name, struct error *error)
{
    const struct license_host *host =
        license->device != NULL ? license->device : &license->servers[0];
    char ours_text[HASH_TEXT_BYTES], theirs_text[HASH_TEXT_BYTES];
    struct buf ours = buf_over(ours_text, sizeof(ours_text));
    struct buf theirs = buf_over(theirs_text, sizeof(theirs_text));
    bool is_same_name;

    assert(host != NULL); /* every license has one of them */
    is_same_name = host_name_equal(host->name, host_name);
    hash_print(hash, &ours);
    if (hash_is_none(&host->key))
        buf_add_string(&theirs, "no key");
    else
        hash_print(&host->key, &theirs);
    return error_set(error, LICET_WRONG_SERVER,
                     "the file is for %s%.*s with %.*s; this is %.*s with %.*s: %s",
                     license->device != NULL ? "the device " : "", TEXT_ARGS(host->name),
                     TEXT_ARGS(buf_text(&theirs)), TEXT_ARGS(text_head(host_name, NAME_MAX_BYTES)),
                     TEXT_ARGS(buf_text(&ours)),
                     is_same_name ? "the server's key is new, so ask the vendor for a rekey, "
                                    "a file that names this key"
                                  : "install it there, or have the seats moved here");
}

static bool license_revokes(const struct license *license, const struct hash *key,
                            struct unix_time now)
{
    for (uint32_t index = 0; index < license->revoked_count; index++) {
        if (hash_equal(&license->revoked[index].key, key) &&
            now.s >= license->revoked[index].from.s)
            return true;
    }
    return false;
}

enum status license_check_server(const struct license *license, const struct public_key *key,
                                 struct text host_name, struct unix_time now, struct error *error)
{
    struct hash hash = public_key_hash(key);

    if (license_revokes(license, &hash, now))
        return error_set(error, LICET_REVOKED,
                         "the vendor has revoked the key of this license server: ask the "
                         "vendor, who has declared the server returned or rekeyed");
    return license_find_server(license, key) != NULL
               ? LICET_OK
               : license_other_server(license, &hash, host_name, error);
}

enum status license_check_device(const struct license *license, struct text serial,
                                 const struct public_key *key, struct unix_time now,
                                 struct error *error)
{
    const struct license_host *device = license->device;
    struct hash hash = {{0}};

    if (device == NULL)
        return error_set(error, LICET_WRONG_SERVER,
                         "the file is for the license server %.*s, not for a device: install it "
                         "there",
                         TEXT_ARGS(license->servers[0].name));
    if (!text_equal(device->name, serial))
        return error_set(error, LICET_WRONG_SERVER,
                         "the file is for the device %.*s; this is %.*s: ask the vendor for a file "
                         "for this device",
                         TEXT_ARGS(device->name),
                         TEXT_ARGS(serial.size == 0 ? TEXT("a device without a name")
                                                    : text_head(serial, NAME_MAX_BYTES)));
    if (hash_is_none(&device->key))
        return LICET_OK;
    if (key != NULL)
        hash = public_key_hash(key);
    if (!hash_equal(&device->key, &hash))
        return error_set(error, LICET_WRONG_SERVER,
                         "the file names another key for the device %.*s than this device has: ask "
                         "the vendor for a file that names this one",
                         TEXT_ARGS(device->name));
    if (license_revokes(license, &hash, now))
        return error_set(error, LICET_REVOKED,
                         "the vendor has revoked the key of the device %.*s: ask the vendor",
                         TEXT_ARGS(device->name));
    return LICET_OK;
}

static struct text host_label(struct text name)
{
    return text_head(name, text_find(name, '.'));
}

static bool host_text_equal(struct text left, struct text right)
{
    for (size_t index = 0; left.size == right.size && index < left.size; index++) {
        char pair[2] = {left.data[index], right.data[index]};

        for (size_t side = 0; side < 2; side++)
            pair[side] = pair[side] == '_' ? '-' : pair[side];
        if (!text_equal_nocase(text_make(&pair[0], 1), text_make(&pair[1], 1)))
            return false;
    }
    return left.size == right.size;
}

bool host_name_equal(struct text left, struct text right)
{
    struct text left_label = host_label(left), right_label = host_label(right);

    if (left_label.size == left.size || right_label.size == right.size)
        return host_text_equal(left_label, right_label); /* one of them is short */
    return host_text_equal(left, right);
}

bool license_increment_has_ended(const struct license_increment *increment, struct unix_time now)
{
    int64_t expiry = license_increment_expiry(increment);
    int64_t refresh_by = license_increment_refresh_by(increment);

    return (expiry != 0 && now.s >= expiry) || (refresh_by != 0 && now.s >= refresh_by);
}
