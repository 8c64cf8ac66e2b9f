/* Whole files: reading one with a ceiling, replacing one so that a crash leaves the old or the new,
 * never a mix. */
#ifndef LICET_BASE_FILE_H
#define LICET_BASE_FILE_H

#include <sys/types.h>

#include "base/status.h"
#include "base/text.h"

/* Reads a regular file of at most `max` bytes. "-" is standard input. The text is yours
 * to give to file_free(); a NUL byte follows it. */
enum status file_read(const char *path, size_t max, struct text *ret_text, struct error *error);

/* Wipes and frees what file_read() gave: it may have been a key. */
void file_free(struct text text);

/* Writes beside `path`, syncs, renames over it and syncs the folder. LICET_DISK_FULL where there is
 * no room. */
enum status file_replace(const char *path, struct text text, mode_t mode, struct error *error);

/* The same, but refuses (LICET_CONFLICT) where `path` exists. */
enum status file_create(const char *path, struct text text, mode_t mode, struct error *error);

#endif
