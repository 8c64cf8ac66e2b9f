/*
 * One row per id; texts lie one behind another; the index grows by linear hashing (table.h). The
 * index hashes with a key, so that nobody outside knows which names meet; the BLAKE2b that leaves
 * carry is made once, when a name is new.
 */
#include "seat/names.h"

#include <assert.h>

#include <sodium/crypto_generichash.h>
#include <sodium/crypto_shorthash.h>

#include "seat/table.h"

struct name_row {
    uint8_t hash[NAME_HASH_SIZE];
    uint32_t next;   /* in its bucket */
    uint32_t offset; /* of its text, see names_memory() for why 32 bits do */
    uint32_t index_hash;
    uint32_t size; /* 0: no name has this id */
};

struct names {
    uint8_t key[16];
    uint32_t names_max;
    uint32_t last;
    uint32_t text_size;
    struct table table;
    uint32_t *buckets;
    struct name_row *rows; /* 0 is the empty text */
    char *texts;
};

_Static_assert((uint64_t)NAMES_MAX *NAME_MAX_BYTES < UINT32_MAX, "an offset of a text is 32 bits");
_Static_assert(crypto_shorthash_KEYBYTES == 16, "the key of the index");

static uint32_t names_max_of(uint32_t names_max)
{
    return names_max == 0 || names_max > NAMES_MAX ? NAMES_MAX : names_max;
}

static size_t names_align(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

size_t names_memory(uint32_t names_max)
{
    size_t count = names_max_of(names_max);

    return names_align(sizeof(struct names)) + names_align(table_buckets(count) * 4) +
           names_align((count + 1) * sizeof(struct name_row)) + count * NAME_MAX_BYTES;
}

struct names *names_create(void *memory, uint32_t names_max, const uint8_t key[16])
{
    struct names *names = memory;
    char *at = memory;
    size_t count = names_max_of(names_max);

    memcpy(names->key, key, sizeof(names->key));
    names->names_max = (uint32_t)count;
    at += names_align(sizeof(struct names));
    names->buckets = (uint32_t *)(void *)at;
    at += names_align(table_buckets(count) * 4);
    names->rows = (struct name_row *)(void *)at;
    at += names_align((count + 1) * sizeof(struct name_row));
    names->texts = at;
    table_init(&names->table);
    crypto_generichash(names->rows[0].hash, NAME_HASH_SIZE, NULL, 0, NULL, 0);
    return names;
}

static uint32_t names_index_hash(const struct names *names, struct text text)
{
    uint8_t hash[crypto_shorthash_BYTES];
    uint32_t value;

    crypto_shorthash(hash, (const unsigned char *)text.data, text.size, names->key);
    memcpy(&value, hash, sizeof(value));
    return value;
}

static name_id names_find_hashed(const struct names *names, struct text text, uint32_t hash)
{
    uint32_t id = names->buckets[table_bucket(&names->table, hash)];

    for (; id != 0; id = names->rows[id].next) {
        if (names->rows[id].index_hash == hash && text_equal(names_text(names, id), text))
            return id;
    }
    return 0;
}

name_id names_find(const struct names *names, struct text text)
{
    if (text.size == 0 || text.size > NAME_MAX_BYTES)
        return 0;
    return names_find_hashed(names, text, names_index_hash(names, text));
}

/* A bucket at a time: no call pays for the whole index. */
static void names_split(struct names *names)
{
    uint32_t from, to, id, next;

    if (!table_split(&names->table, names->names_max, &from, &to))
        return;
    id = names->buckets[from];
    names->buckets[from] = 0;
    for (; id != 0; id = next) {
        uint32_t *bucket = &names->buckets[table_bucket(&names->table, names->rows[id].index_hash)];

        next = names->rows[id].next;
        names->rows[id].next = *bucket;
        *bucket = id;
    }
}

static void names_put(struct names *names, name_id id, struct text text, uint32_t hash)
{
    struct name_row *row = &names->rows[id];
    uint32_t *bucket;

    crypto_generichash(row->hash, NAME_HASH_SIZE, (const unsigned char *)text.data, text.size, NULL,
                       0);
    row->offset = names->text_size;
    row->size = (uint32_t)text.size;
    row->index_hash = hash;
    memcpy(names->texts + row->offset, text.data, text.size);
    names->text_size += row->size;
    if (id > names->last)
        __atomic_store_n(&names->last, id, __ATOMIC_RELEASE);
    names->table.count++;
    names_split(names);
    bucket = &names->buckets[table_bucket(&names->table, hash)];
    row->next = *bucket;
    *bucket = id;
}

enum status names_intern(struct names *names, struct text text, name_id *ret_id, bool *ret_is_new,
                         struct error *error)
{
    uint32_t hash;
    name_id id;

    if (!text_is_name(text))
        return error_set(error, LICET_INVALID,
                         "a name is 1 to %d bytes of UTF-8 without blanks and control characters",
                         NAME_MAX_BYTES);
    hash = names_index_hash(names, text);
    id = names_find_hashed(names, text, hash);
    *ret_is_new = id == 0;
    if (id == 0) {
        if (names->last == names->names_max)
            return error_set(error, LICET_OVER_LIMIT,
                             "this license server knows %u names, its maximum; "
                             "its administrator can have unused ones erased",
                             names->names_max);
        id = names->last + 1;
        names_put(names, id, text, hash);
    }
    *ret_id = id;
    return LICET_OK;
}

enum status names_load(struct names *names, name_id id, struct text text, struct error *error)
{
    uint32_t hash;
    name_id known;

    if (id == 0 || id > names->names_max)
        return error_set(error, LICET_DAMAGED, "the file of names has the id %u, beyond %u", id,
                         names->names_max);
    if (text.size == 0 && names->rows[id].size == 0) {
        if (id > names->last)
            names->last = id;
        return LICET_OK;
    }
    if (!text_is_name(text))
        return error_set(error, LICET_DAMAGED, "the file of names has no name under id %u", id);
    hash = names_index_hash(names, text);
    known = names_find_hashed(names, text, hash);
    if (known == id)
        return LICET_OK;
    if (known != 0 || names->rows[id].size != 0)
        return error_set(error, LICET_DAMAGED, "the file of names gives id %u twice", id);
    names_put(names, id, text, hash);
    return LICET_OK;
}

void names_hide(struct names *names, name_id id)
{
    uint32_t hash = names->rows[id].index_hash;
    uint32_t *link = &names->buckets[table_bucket(&names->table, hash)];

    while (*link != 0 && *link != id)
        link = &names->rows[*link].next;
    if (*link == 0)
        return; /* hidden already, or never here */
    *link = names->rows[id].next;
    names->table.count--;
}

void names_wipe(struct names *names, name_id id)
{
    struct name_row *row = &names->rows[id];

    names_hide(names, id);
    memset(names->texts + row->offset, 0, row->size);
    *row = (struct name_row){.size = 0};
}

/* Order: a thread that writes a report asks for names that it was given, while others are added. */
struct text names_text(const struct names *names, name_id id)
{
    if (id > __atomic_load_n(&names->last, __ATOMIC_ACQUIRE))
        id = 0;
    return text_make(names->texts + names->rows[id].offset, names->rows[id].size);
}

const uint8_t *names_hash(const struct names *names, name_id id)
{
    if (id > names->last || names->rows[id].size == 0)
        id = 0;
    return names->rows[id].hash;
}

name_id names_last(const struct names *names)
{
    return names->last;
}
