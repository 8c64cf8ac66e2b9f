/* Open addressing with linear probing, at most half full. */
#include "signer/table.h"

#include <assert.h>
#include <sodium.h>

#define TABLE_SLOTS_FIRST 1024u
/* Three names, their sizes and the kind: 3 x (64 + 2) + 1. */
#define TABLE_NAME_BYTES_MAX 200u

struct table {
    struct slot *slots;
    size_t capacity; /* a power of two */
    size_t count;
    uint8_t secret[crypto_shorthash_siphashx24_KEYBYTES];
};

enum status table_create(struct table **ret_table, struct error *error)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for what was signed");
    randombytes_buf(table->secret, sizeof(table->secret));
    *ret_table = table;
    return LICET_OK;
}

void table_destroy(struct table *table)
{
    if (table == NULL)
        return;
    free(table->slots);
    free(table);
}

static struct slot *table_place(struct slot *slots, size_t capacity, struct slot_key key)
{
    size_t place = key.words[1] & (capacity - 1);

    while (slots[place].key.words[0] != 0 &&
           (slots[place].key.words[0] != key.words[0] || slots[place].key.words[1] != key.words[1]))
        place = (place + 1) & (capacity - 1);
    return &slots[place];
}

enum status table_reserve(struct table *table, size_t count, struct error *error)
{
    size_t capacity = table->capacity > 0 ? table->capacity : TABLE_SLOTS_FIRST;
    struct slot *slots;

    while (capacity / 2 < table->count + count)
        capacity *= 2;
    if (capacity == table->capacity)
        return LICET_OK;
    slots = calloc(capacity, sizeof(*slots));
    if (slots == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for what was signed");
    for (size_t index = 0; index < table->capacity; index++) {
        if (table->slots[index].key.words[0] != 0)
            *table_place(slots, capacity, table->slots[index].key) = table->slots[index];
    }
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    return LICET_OK;
}

struct slot_key table_key(const struct table *table, uint8_t kind, const struct text *texts,
                          size_t count)
{
    char bytes[TABLE_NAME_BYTES_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    struct slot_key key;

    buf_add_byte(&buf, (char)kind);
    for (size_t index = 0; index < count; index++) {
        buf_add_byte(&buf, (char)texts[index].size);
        buf_add_text(&buf, texts[index]);
    }
    assert(!buf.is_full);
    crypto_shorthash_siphashx24((unsigned char *)key.words, (const unsigned char *)bytes, buf.size,
                                table->secret);
    key.words[0] |= 1; /* a free slot has 0 */
    return key;
}

const struct slot *table_find(const struct table *table, struct slot_key key)
{
    const struct slot *slot;

    if (table->capacity == 0)
        return NULL;
    slot = table_place(table->slots, table->capacity, key);
    return slot->key.words[0] == 0 ? NULL : slot;
}

struct slot *table_put(struct table *table, struct slot_key key)
{
    struct slot *slot = table_place(table->slots, table->capacity, key);

    if (slot->key.words[0] == 0) {
        assert(table->count < table->capacity / 2);
        slot->key = key;
        table->count++;
    }
    return slot;
}
