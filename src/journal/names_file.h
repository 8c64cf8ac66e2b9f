/*
 * The names file (R10.8): id -> name, for a journal that holds ids only. Append-only, in the
 * journal's folder, in the journal's groups, so that damage is told from a torn end by the same
 * rules. Erasing a name rewrites the file and keeps the id.
 *
 * Order: names_file_sync() comes before the journal_commit() of the first group that uses a new
 * name. Called by the commit thread only; journal_open() comes first, its lock covers this file.
 * Errors of sync and rewrite end the process, as the journal's do.
 */
#ifndef LICET_JOURNAL_NAMES_FILE_H
#define LICET_JOURNAL_NAMES_FILE_H

#include "base/status.h"
#include "base/text.h"

#define NAMES_FILE_TEXT_MAX 255u /* R1.1 says 64; addresses and later kinds have room */

struct names_file;

/* Ids come as 1, 2, 3, ... An erased name is the empty text. */
typedef enum status names_file_fn(void *context, uint32_t id, struct text name,
                                  struct error *error);

/* Opens `folder`/names, making it where it is missing, calls back every name and cuts a torn end.
 * Whether a journal's ids all have names is for the caller to see (names_file_last()).
 * LICET_DAMAGED: anything else; names `licetd repair`. */
enum status names_file_open(const char *folder, names_file_fn *name, void *context,
                            struct names_file **ret_names, struct error *error);
void names_file_destroy(struct names_file *names); /* what was not synced is lost; NULL is fine */

/* Takes one more name into memory. `id` is the last one + 1, `name` 1 to NAMES_FILE_TEXT_MAX bytes
 * (else LICET_INVALID). */
enum status names_file_append(struct names_file *names, uint32_t id, struct text name,
                              struct error *error);

/* Makes every appended name durable; returns at once where nothing is new. */
enum status names_file_sync(struct names_file *names, struct error *error);

/* The highest id that is durable. */
uint32_t names_file_last(const struct names_file *names);

/* Rewrites the file without the names for which `is_erased` answers true. A crash leaves the old
 * file or the new one. */
typedef bool names_file_erase_fn(void *context, uint32_t id, struct text name);
enum status names_file_rewrite(struct names_file *names, names_file_erase_fn *is_erased,
                               void *context, struct error *error);

/* With journal_repair(): keeps the longest valid prefix, puts the damaged file aside as
 * `names.damaged-N`. */
enum status names_file_repair(const char *folder, uint32_t *ret_kept, struct error *error);

#endif
