/*
 * Interned names: users, hosts, devices, features, vendors, sources, serial numbers. A name is held
 * once, under a number that records and leases carry; the number and the text are for ever one.
 *
 * PURE, like the seat core: the caller gives the memory. Ids start at 1; 0 is "none".
 */
#ifndef LICET_SEAT_NAMES_H
#define LICET_SEAT_NAMES_H

#include "base/status.h"
#include "base/text.h"
#include "seat/seat.h"

#define NAME_HASH_SIZE 16

struct names;

/* Bytes of address space that names_create() wants for `names_max` names (0: NAMES_MAX). Only what
 * is used is touched. */
size_t names_memory(uint32_t names_max);

/* `memory` is zeroed, aligned to a page, and stays the caller's. `key` is copied: random bytes keep
 * a client from choosing names that meet in one chain; no answer depends on it. */
struct names *names_create(void *memory, uint32_t names_max, const uint8_t key[16]);

/* The id of `text`, given now if it is new. The caller makes a new name durable before a record
 * that uses it (R10.8). LICET_INVALID: not a name (R1.1); LICET_OVER_LIMIT: the table is full. */
enum status names_intern(struct names *names, struct text text, name_id *ret_id, bool *ret_is_new,
                         struct error *error);

/* The id of `text`, or 0. */
name_id names_find(const struct names *names, struct text text);

/* Puts back a name that was given `id` earlier; ids may come in any order. The same pair again is
 * fine. The empty text is a forgotten name. LICET_DAMAGED: the id has another text, the text has another id, or neither can be. */
enum status names_load(struct names *names, name_id id, struct text text, struct error *error);

/* R10.8: forgetting a name, in two steps. A hidden name is found no more, so that who comes with the
 * same text gets another id, while names_text() still answers whoever makes it durable. A wiped one
 * is gone from the memory; its id stays taken. */
void names_hide(struct names *names, name_id id);
void names_wipe(struct names *names, name_id id);

/* Borrowed for the life of the table; empty for 0 and for an id that has no name. */
struct text names_text(const struct names *names, name_id id);

/* BLAKE2b-128 of the text, as leaves carry it (R8.2); of 0 it is the hash of the empty text. For an
 * id without a name, the same. */
const uint8_t *names_hash(const struct names *names, name_id id);

/* The highest id given or loaded so far. */
name_id names_last(const struct names *names);

#endif
