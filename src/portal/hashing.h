/* Passwords are hashed by workers, but only so many at once: each takes 64 MiB and 0.15 s of a core,
 * and a stranger can ask for it. */
#ifndef LICET_PORTAL_HASHING_H
#define LICET_PORTAL_HASHING_H

#include "base/secret.h"

/* LICET_OVER_LIMIT where too many wait already. Otherwise as the functions of base/secret.h. */
enum status hashing_make(struct text password, char ret_hash[PASSWORD_HASH_BYTES],
                         struct error *error);
enum status hashing_check(const char *hash, struct text password, bool *ret_is_right,
                          struct error *error);

#endif
