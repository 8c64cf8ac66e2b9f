/*
 * What the signer remembers of everything that it ever signed: slots of 32 bytes under a keyed hash
 * of their name. The key is random and new at each start, so whoever chooses names can neither make
 * them collide nor find another payload for a tag.
 */
#ifndef LICET_SIGNER_TABLE_H
#define LICET_SIGNER_TABLE_H

#include "base/status.h"
#include "base/text.h"

struct slot_key {
    uint64_t words[2];
};

struct slot {
    struct slot_key key; /* all zero: free */
    uint64_t tag;        /* of a name: what was signed under it; of a log: its last size */
    uint32_t generation; /* of a server: the last */
    uint32_t issued;     /* of a server's last file or a log's last checkpoint. Limit: to 2106 */
};

struct table;

enum status table_create(struct table **ret_table, struct error *error);
void table_destroy(struct table *table); /* NULL is fine */

/* Room for `count` more slots; LICET_NO_MEMORY. */
enum status table_reserve(struct table *table, size_t count, struct error *error);

/* The keyed hash of `kind` and the texts; never all zero. */
struct slot_key table_key(const struct table *table, uint8_t kind, const struct text *texts,
                          size_t count);
/* The slot, or NULL. Borrowed until the next reserve. */
const struct slot *table_find(const struct table *table, struct slot_key key);
/* The slot, made where there is none: table_reserve() made room. */
struct slot *table_put(struct table *table, struct slot_key key);

#endif
