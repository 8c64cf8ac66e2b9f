/*
 * Who may see names and change what is installed (R10.6): administrators with a password
 * (Argon2id), and tokens of a role and an end. They lie in one file of the state folder, not in the
 * journal; tokens only as their hash. There is no built-in account: the first start writes a
 * one-time token into a file that only its owner can read, and whoever brings it makes the first
 * administrator.
 */
#ifndef LICET_SERVER_ADMINISTRATORS_H
#define LICET_SERVER_ADMINISTRATORS_H

#include "base/secret.h"
#include "base/time.h"
#include "http/http.h"

struct administrators;

/* Reads `folder`/administrators; without one, writes `folder`/first-token (0600) where there is
 * none yet. */
enum status administrators_open(const char *folder, struct administrators **ret_administrators,
                                struct error *error);
void administrators_close(struct administrators *administrators); /* NULL is fine */
bool administrators_is_empty(const struct administrators *administrators);

/* The role of a token. LICET_UNAUTHENTICATED for one that is unknown or has ended. */
enum status administrators_identify(const struct administrators *administrators, struct text token,
                                    struct unix_time now, enum http_role *ret_role,
                                    struct error *error);

/* Who signed in for a token; "" where it is not known any more. Borrowed until the next add. */
const char *administrators_name(const struct administrators *administrators, struct text token);

/* The same person as a number from 1 on, which stays the same while the server runs; 0: unknown. */
uint32_t administrators_person(const struct administrators *administrators, struct text token);
/* "" for 0. */
const char *administrators_person_name(const struct administrators *administrators,
                                       uint32_t person);

/* The one-time token is right, and unused. Constant time. */
bool administrators_is_first_token(const struct administrators *administrators, struct text token);

/* The hash to hold a password against, or NULL. Borrowed until the next add. */
const char *administrators_password(const struct administrators *administrators, struct text name);

/* Durable when they return. Adding the first administrator uses the one-time token up. */
enum status administrators_add(struct administrators *administrators, struct text name,
                               const char *password_hash, struct error *error);
enum status administrators_add_token(struct administrators *administrators, struct text name,
                                     enum http_role role, struct unix_time end,
                                     struct unix_time now, char ret_token[TOKEN_TEXT_BYTES + 1],
                                     struct error *error);

#endif
