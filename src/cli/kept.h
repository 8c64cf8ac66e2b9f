/*
 * What licet keeps for its user between two commands: tokens, in files of $XDG_CONFIG_HOME/licet
 * (by default ~/.config/licet) that nobody else can read.
 */
#ifndef LICET_CLI_KEPT_H
#define LICET_CLI_KEPT_H

#include "base/status.h"
#include "base/text.h"

#define KEPT_PATH_MAX 4096
#define KEPT_BYTES_MAX 1024 /* an address and a token */

/* Where the file `name` lies; false where the environment names no place. */
bool kept_path(const char *name, char ret_path[KEPT_PATH_MAX]);

/* LICET_NOT_FOUND where there is none, LICET_FORBIDDEN where others can read it. The text is yours
 * to file_free(). */
enum status kept_read(const char *name, struct text *ret_text, struct error *error);

/* Writes it (0600). ret_path is where. LICET_INVALID where the environment names no place. */
enum status kept_write(const char *name, struct text text, char ret_path[KEPT_PATH_MAX],
                       struct error *error);

/* Takes it away; none is fine, too. */
enum status kept_remove(const char *name, struct error *error);

#endif
